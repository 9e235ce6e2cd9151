package interchange

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// WebOptions says how pictures are fetched. The zero value fetches from public
// addresses only.
type WebOptions struct {
	// Private allows addresses of the own machine and of private networks. A
	// file from somebody else could have them asked in your name.
	Private bool
	// Timeout bounds each picture, redirects included; 0 is a minute.
	Timeout time.Duration
}

// PicturesFromWeb returns an Options.Picture that fetches pictures by their
// http and https addresses, directly and never through a proxy. One is at most
// 20 MB. It is safe for concurrent use.
func PicturesFromWeb(to assets.Store, o WebOptions) func(context.Context, string) (assets.ID, error) {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	if !o.Private {
		dialer.Control = onlyPublic
	}
	client := &http.Client{
		Timeout:   o.Timeout,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 10 * time.Second, ForceAttemptHTTP2: true},
	}
	if client.Timeout == 0 {
		client.Timeout = time.Minute
	}
	return func(ctx context.Context, name string) (assets.ID, error) {
		if !strings.HasPrefix(name, "https://") && !strings.HasPrefix(name, "http://") {
			return "", fault.New(fault.Invalid, "it is no address on the web")
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
		if err != nil {
			return "", err
		}
		answer, err := client.Do(r)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return "", fmt.Errorf("the server answers %s", answer.Status)
		}
		return store(ctx, to, answer.Body)
	}
}

// onlyPublic refuses to connect to an address that is not on the public
// internet. It is asked after names were resolved, and for every redirect.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !public(at.Addr().Unmap()) {
		return fault.New(fault.Refused, "%s is not a public address", at.Addr())
	}
	return nil
}

// reserved are ranges that netip does not know as private: this network, shared
// by carriers, for protocols and tests, reserved, and those that lead to IPv4
// addresses (RFC 6890, 6598, 2544, 6052, 3056, 4380).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

func public(a netip.Addr) bool {
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast() && !a.IsPrivate()
}
