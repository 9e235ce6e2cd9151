package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are networks whose word about where a request comes from is taken.
// Without any, X-Forwarded-For is not looked at, since anybody can send it.
type Proxies []netip.Prefix

// Client returns the address that a request comes from: that of the
// connection, or, if that is a proxy's, the last one in X-Forwarded-For that
// is not. The zero Addr means that it is not known.
func (p Proxies) Client(r *http.Request) netip.Addr {
	port, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := port.Addr().Unmap()
	if !p.has(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // nothing before a hop that makes no sense can be trusted
		}
		addr = hop.Unmap()
		if !p.has(addr) {
			break
		}
	}
	return addr
}

func (p Proxies) has(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// Network returns what one customer of an Internet provider usually has: an
// IPv4 address, or a /64 of IPv6. It is "" for the zero Addr: nobody knows who
// that is, and a Limiter does not count it, since all who come like this, as
// through a Unix socket, would use up the tries of each other.
func Network(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	if a.Is6() {
		if prefix, err := a.WithZone("").Prefix(64); err == nil {
			return prefix.Addr().String()
		}
	}
	return a.String()
}
