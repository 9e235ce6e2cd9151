package commerce_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/peer"
)

// These tests do what docs/operations.md tells operators to do.

// TestADeadNodeIsReplaced: its directory is lost. It is removed, another one
// joins with another name, and the first does not get in with what it held.
// Then three become one.
func TestADeadNodeIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 100_000)
	f.join(1, 2)
	load := f.shop(1, "mug")
	f.stop(1, true)
	must(t, f.nodes[0].Cluster().Remove(t.Context(), "node_1"))
	f.voters(2)
	f.lend(3)
	f.addrs[1] = f.addrs[0]
	f.open(3)
	f.voters(3)
	before := load.placed.Load()
	eventually(t, "orders are placed", func() bool { return load.placed.Load() >= before+3 })
	load.stop()
	f.check()
	status, err := f.nodes[2].Cluster().Status(t.Context())
	if err != nil || len(status) != 3 || status[1].Node != "node_2" || status[2].Node != "node_3" {
		t.Errorf("the nodes are %+v, %v", status, err)
	}

	for _, i := range []int{0, 2} { // who has seen it leave does not look for it any more
		s := f.nodes[i]
		eventually(t, "its address is forgotten", func() bool { return commerce.Addresses(s)["node_1"] == "" })
	}

	for left, i := range []int{2, 3} { // shrink
		load := f.shop(1, "mug")
		must(t, f.nodes[0].Cluster().Remove(t.Context(), fmt.Sprint("node_", i)))
		load.stop()
		if load.failed.Load() > 0 {
			t.Errorf("%d purchases failed", load.failed.Load())
		}
		f.stop(i, false)
		f.voters(2 - left)
		for range 2 { // what it held does not let it in again
			_, err := commerce.Open(t.Context(), f.path(i), commerce.WithCluster(f.config(i)))
			if e, ok := errors.AsType[*commerce.RemovedError](err); !ok || e.Node != fmt.Sprint("node_", i) || fault.CodeOf(err) != fault.Refused {
				t.Errorf("a node that was removed comes back: %v", err)
			}
		}
	}
	err = f.nodes[0].Cluster().Remove(t.Context(), "node_0")
	if err == nil {
		t.Error("the last node was removed")
	}
	_, err = buy(t.Context(), f.nodes[0], "mug", 1, checkout.Complete{})
	must(t, err)
	f.stop(0, false)
	f.open(0)
	_, err = buy(t.Context(), f.nodes[0], "mug", 1, checkout.Complete{})
	must(t, err)
	f.check()
}

// TestCertificatesAreRotated: the authority is changed while customers buy, in
// the three steps that the documents tell. Then every node can be started
// again, and a certificate of the old authority lets nobody in.
func TestCertificatesAreRotated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, err := peer.NewAuthority(time.Now(), time.Hour)
	must(t, err)
	next, err := peer.NewAuthority(time.Now(), time.Hour)
	must(t, err)
	file := func(i int, name string) string { return filepath.Join(dir, fmt.Sprint(i), name) }
	trust := func(i int, authorities ...*peer.Authority) {
		var all []byte
		for _, a := range authorities {
			cert, _, err := a.PEM()
			must(t, err)
			all = append(all, cert...)
		}
		replaceFile(t, file(i, "ca.crt"), all)
	}
	issue := func(i int, a *peer.Authority) {
		cert, key, err := a.Issue(fmt.Sprint("node_", i), time.Now(), time.Hour)
		must(t, err)
		replaceFile(t, file(i, "node.key"), key)
		replaceFile(t, file(i, "node.crt"), cert)
	}
	for i := range 3 {
		must(t, os.Mkdir(filepath.Join(dir, fmt.Sprint(i)), 0o700))
		trust(i, old)
		issue(i, old)
	}
	f := newTunedFleet(t, 1, func(i int, c *commerce.ClusterConfig) {
		c.Credentials, c.Cert, c.Key, c.Authorities = nil, file(i, "node.crt"), file(i, "node.key"), file(i, "ca.crt")
	})
	stock(t, f.nodes[0], "mug", 100_000)
	f.join(1, 2)
	load := f.shop(1, "mug")
	sells := func() {
		t.Helper()
		before := load.placed.Load()
		eventually(t, "orders are placed", func() bool { return load.placed.Load() >= before+2 })
	}
	for _, step := range []func(int){
		func(i int) { trust(i, old, next) },
		func(i int) { issue(i, next) },
		func(i int) { trust(i, next) },
	} {
		for i := range f.nodes {
			step(i)
		}
		sells()
	}
	load.stop()
	if load.failed.Load() > 0 {
		t.Errorf("%d purchases failed", load.failed.Load())
	}
	for i := range f.nodes { // whose connections are made anew
		f.stop(i, false)
		f.open(i)
		_, err := buy(t.Context(), f.nodes[i], "mug", 1, checkout.Complete{})
		must(t, err)
	}
	f.check()
	for _, a := range []*peer.Authority{old, next} {
		tool, err := commerce.ConnectCluster(t.Context(), f.addrs[0], commerce.ClusterConfig{Credentials: trusting(t, a, next)})
		if err == nil {
			err = errors.Join(err, tool.Close())
		}
		if a == next {
			must(t, err)
		} else {
			wantCode(t, err, fault.Unavailable)
		}
	}
}

// replaceFile puts a file in the place of another at once.
func replaceFile(t *testing.T, path string, data []byte) {
	t.Helper()
	must(t, os.WriteFile(path+".new", data, 0o600))
	must(t, os.Rename(path+".new", path))
}

// trusting is a certificate of one authority, which trusts another.
func trusting(t *testing.T, from, in *peer.Authority) peer.Credentials {
	t.Helper()
	cert, _, err := from.Credentials("operator")()
	must(t, err)
	_, roots, err := in.Credentials("operator")()
	must(t, err)
	return func() (tls.Certificate, *x509.CertPool, error) { return cert, roots, nil }
}
