package peer_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/peer"
)

func authority(t testing.TB) *peer.Authority {
	t.Helper()
	a, err := peer.NewAuthority(time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func book(t testing.TB) *peer.Book {
	t.Helper()
	b, err := peer.OpenBook(filepath.Join(t.TempDir(), "peers.json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func config(t testing.TB, a *peer.Authority, node string) peer.TCPConfig {
	return peer.TCPConfig{
		Node: node, Store: "s", Incarnation: 1, Listen: "127.0.0.1:0", Book: book(t), Credentials: a.Credentials(node),
	}
}

func listen(t testing.TB, c peer.TCPConfig) *peer.TCP {
	t.Helper()
	n, err := peer.ListenTCP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// pairs makes two nodes that know each other, of each kind of network.
var pairs = map[string]func(t testing.TB) (a, b peer.Network){
	"memory": func(t testing.TB) (peer.Network, peer.Network) {
		m := peer.NewMemory(1)
		a, b := m.Node("a"), m.Node("b")
		t.Cleanup(func() { a.Close(); b.Close() })
		return a, b
	},
	"tcp": func(t testing.TB) (peer.Network, peer.Network) {
		ca := authority(t)
		ca1 := config(t, ca, "a")
		b := listen(t, config(t, ca, "b"))
		a := listen(t, ca1)
		if err := ca1.Book.Learn("b", b.Addr()); err != nil {
			t.Fatal(err)
		}
		return a, b
	},
}

func onBoth(t *testing.T, test func(t *testing.T, a, b peer.Network)) {
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			test(t, a, b)
		})
	}
}

func TestRequestsAreAnswered(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b peer.Network) {
		b.Serve(func(_ context.Context, from string, r peer.Request) ([]byte, error) {
			return fmt.Appendf(nil, "%s %d %d %s", from, r.Kind, r.Group, r.Data), nil
		})
		done := make(chan error)
		for i := range 50 {
			go func() {
				got, err := a.Call(t.Context(), "b", peer.Request{Kind: 7, Lane: byte(i % 2), Group: uint32(i), Data: []byte("x")})
				if want := fmt.Sprintf("a 7 %d x", i); err == nil && string(got) != want {
					err = fmt.Errorf("got %q, want %q", got, want)
				}
				done <- err
			}()
		}
		for range 50 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestErrorsKeepTheirCode(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b peer.Network) {
		b.Serve(func(context.Context, string, peer.Request) ([]byte, error) {
			return nil, fault.New(fault.Conflict, "somebody else was faster")
		})
		_, err := a.Call(t.Context(), "b", peer.Request{})
		if fault.CodeOf(err) != fault.Conflict || err.Error() != "somebody else was faster" {
			t.Errorf("got %v", err)
		}
		_, err = a.Call(t.Context(), "c", peer.Request{})
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("an unknown node: %v", err)
		}
		_, err = a.Call(t.Context(), "b", peer.Request{Data: make([]byte, peer.MaxData+1)})
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("too large a request: %v", err)
		}
	})
}

func TestNoAnswerIsUncertain(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b peer.Network) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		b.Serve(func(context.Context, string, peer.Request) ([]byte, error) {
			cancel()
			<-release
			return nil, nil
		})
		_, err := a.Call(ctx, "b", peer.Request{})
		close(release)
		if fault.CodeOf(err) != fault.Uncertain || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestBodies(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b peer.Network) {
		body := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
		b.Serve(func(_ context.Context, _ string, r peer.Request) ([]byte, error) {
			if r.Group == 1 {
				return nil, fault.New(fault.Refused, "no") // without reading
			}
			got, err := io.ReadAll(r.Body)
			if err == nil && !bytes.Equal(got, body) {
				err = fmt.Errorf("%d other bytes came", len(got))
			}
			return r.Data, err
		})
		got, err := a.Call(t.Context(), "b", peer.Request{Data: []byte("head"), Body: bytes.NewReader(body), Size: int64(len(body))})
		if err != nil || string(got) != "head" {
			t.Errorf("got %q, %v", got, err)
		}
		_, err = a.Call(t.Context(), "b", peer.Request{Group: 1, Body: bytes.NewReader(body), Size: int64(len(body))})
		if fault.CodeOf(err) != fault.Refused {
			t.Errorf("refused: %v", err)
		}
	})
}

func TestAClosedNodeIsNotReached(t *testing.T) {
	onBoth(t, func(t *testing.T, a, b peer.Network) {
		b.Serve(func(context.Context, string, peer.Request) ([]byte, error) { return nil, nil })
		if _, err := a.Call(t.Context(), "b", peer.Request{}); err != nil {
			t.Fatal(err)
		}
		b.Close()
		for {
			_, err := a.Call(t.Context(), "b", peer.Request{})
			if err == nil {
				t.Fatal("a closed node answered")
			}
			if fault.CodeOf(err) == fault.Unavailable { // uncertain while the connection is still breaking
				break
			}
		}
		a.Close()
		if _, err := a.Call(t.Context(), "b", peer.Request{}); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("from a closed node: %v", err)
		}
	})
}

func TestMemoryFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := peer.NewMemory(3)
		a, b := m.Node("a"), m.Node("b")
		var served atomic.Int64
		b.Serve(func(context.Context, string, peer.Request) ([]byte, error) { served.Add(1); return nil, nil })
		call := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := a.Call(ctx, "b", peer.Request{})
			return err
		}
		m.SetFaults(peer.Faults{MinDelay: 100 * time.Millisecond, MaxDelay: 200 * time.Millisecond})
		began := time.Now()
		if err := call(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 200*time.Millisecond || took > 400*time.Millisecond {
			t.Errorf("there and back took %v", took)
		}
		m.SetFaults(peer.Faults{Duplicate: 1, Late: time.Minute})
		served.Store(0)
		if err := call(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if n := served.Load(); n != 2 {
			t.Errorf("a duplicated request was served %d times", n)
		}
		m.SetFaults(peer.Faults{})
		m.Cut("b", "a") // requests arrive, answers do not
		served.Store(0)
		if err := call(); fault.CodeOf(err) != fault.Uncertain || served.Load() != 1 {
			t.Errorf("one way: %v, served %d times", err, served.Load())
		}
		m.Isolate("a")
		if err := call(); fault.CodeOf(err) != fault.Uncertain || served.Load() != 1 {
			t.Errorf("isolated: %v, served %d times", err, served.Load())
		}
		m.Heal()
		m.SetFaults(peer.Faults{Loss: 0.5})
		failed := 0
		for range 200 {
			if call() != nil {
				failed++
			}
		}
		if failed < 120 || failed > 180 { // three of four: either way may be lost
			t.Errorf("of 200 requests %d failed", failed)
		}
		a.Close()
		b.Close()
	})
}

// refused dials b from a as configured and returns why that failed.
func refused(t *testing.T, a, b peer.TCPConfig) error {
	t.Helper()
	host := listen(t, b)
	host.Serve(func(context.Context, string, peer.Request) ([]byte, error) { return nil, nil })
	guest := listen(t, a)
	if err := a.Book.Learn("b", host.Addr()); err != nil {
		t.Fatal(err)
	}
	_, err := guest.Call(t.Context(), "b", peer.Request{})
	return err
}

func TestStrangersAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(t *testing.T, a, b *peer.TCPConfig)
		want   string // in the error; "" means that any will do
	}{
		"another store":     {func(t *testing.T, a, b *peer.TCPConfig) { a.Store = "other" }, "belongs to the store"},
		"another authority": {func(t *testing.T, a, b *peer.TCPConfig) { a.Credentials = authority(t).Credentials("a") }, ""},
		"another node there": {func(t *testing.T, a, b *peer.TCPConfig) {
			b.Node, b.Credentials = "c", authority(t).Credentials("c")
			a.Credentials = authority(t).Credentials("a")
		}, ""},
		"an older copy": {func(t *testing.T, a, b *peer.TCPConfig) {
			if err := b.Book.Meet("a", peer.Entry{Incarnation: 2, Boot: "x"}); err != nil {
				t.Fatal(err)
			}
		}, "older copy"},
		"a second copy": {func(t *testing.T, a, b *peer.TCPConfig) {
			if err := b.Book.Meet("a", peer.Entry{Incarnation: 1, Boot: "x"}); err != nil {
				t.Fatal(err)
			}
		}, "used twice"},
	} {
		t.Run(name, func(t *testing.T) {
			ca := authority(t)
			a, b := config(t, ca, "a"), config(t, ca, "b")
			test.change(t, &a, &b)
			err := refused(t, a, b)
			if fault.CodeOf(err) != fault.Unavailable && fault.CodeOf(err) != fault.Uncertain || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestToolsLeaveNodesAlone: a tool that uses a node's certificate counts starts of its own. The node is let in after it,
// and nobody looks for the node where the tool was.
func TestToolsLeaveNodesAlone(t *testing.T) {
	ca := authority(t)
	host := config(t, ca, "b")
	b := listen(t, host)
	b.Serve(func(context.Context, string, peer.Request) ([]byte, error) { return nil, nil })
	known := host.Book.Addrs()
	for _, incarnation := range []uint64{1 << 60, 1} { // the tool's, which does not listen, and then the node's
		guest := config(t, ca, "a")
		guest.Incarnation = incarnation
		if incarnation > 1 {
			guest.Listen = ""
		}
		a := listen(t, guest)
		if err := guest.Book.Learn("b", b.Addr()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Call(t.Context(), "b", peer.Request{}); err != nil {
			t.Errorf("incarnation %d: %v", incarnation, err)
		}
		if got := host.Book.Addrs(); incarnation > 1 && !maps.Equal(got, known) {
			t.Errorf("the tool is in the book: %v", got)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestACertificateNamesItsNode(t *testing.T) {
	ca := authority(t)
	c := config(t, ca, "a")
	c.Credentials = ca.Credentials("b")
	if _, err := peer.ListenTCP(c); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
	// One that changes its name later is found out by the other side.
	c = config(t, ca, "a")
	first := true
	right, wrong := ca.Credentials("a"), ca.Credentials("x")
	c.Credentials = func() (tls.Certificate, *x509.CertPool, error) {
		if first {
			first = false
			return right()
		}
		return wrong()
	}
	if err := refused(t, c, config(t, ca, "b")); err == nil || !strings.Contains(err.Error(), "certificate of") {
		t.Errorf("got %v", err)
	}
}

// TestCertificatesAreReplaced: both sides change to another authority while they run.
func TestCertificatesAreReplaced(t *testing.T) {
	var now atomic.Pointer[peer.Authority]
	now.Store(authority(t))
	rotating := func(node string) peer.TCPConfig {
		c := config(t, now.Load(), node)
		c.Credentials = func() (tls.Certificate, *x509.CertPool, error) { return now.Load().Credentials(node)() }
		return c
	}
	host, guest := rotating("b"), rotating("a")
	b := listen(t, host)
	b.Serve(func(context.Context, string, peer.Request) ([]byte, error) { return nil, nil })
	a := listen(t, guest)
	if err := guest.Book.Learn("b", b.Addr()); err != nil {
		t.Fatal(err)
	}
	for lane := range byte(3) { // each lane is a connection of its own
		if _, err := a.Call(t.Context(), "b", peer.Request{Lane: lane}); err != nil {
			t.Fatal(err)
		}
		now.Store(authority(t))
	}
}

// TestConnectionsOfThoseNoLongerTrusted end, also those that are open already.
func TestConnectionsOfThoseNoLongerTrusted(t *testing.T) {
	old, next := authority(t), authority(t)
	var trusted atomic.Pointer[peer.Authority]
	trusted.Store(old)
	host := config(t, old, "b")
	host.TrustEvery = time.Millisecond
	host.Credentials = func() (tls.Certificate, *x509.CertPool, error) {
		pair, _, err := old.Credentials("b")()
		if err != nil {
			return pair, nil, err
		}
		_, roots, err := trusted.Load().Credentials("b")()
		return pair, roots, err
	}
	b := listen(t, host)
	b.Serve(func(context.Context, string, peer.Request) ([]byte, error) { return nil, nil })
	guest := config(t, old, "a")
	a := listen(t, guest)
	if err := guest.Book.Learn("b", b.Addr()); err != nil {
		t.Fatal(err)
	}
	lost := make(chan string, 1)
	a.OnLost(func(node string) { lost <- node })
	if _, err := a.Call(t.Context(), "b", peer.Request{}); err != nil {
		t.Fatal(err)
	}
	for range 3 { // it stays open for as long as it is trusted
		if _, err := a.Call(t.Context(), "b", peer.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case node := <-lost:
		t.Errorf("the connection with %s ended for nothing", node)
	default:
	}
	trusted.Store(next)
	if node := <-lost; node != "b" {
		t.Errorf("%s was lost", node)
	}
	if _, err := a.Call(t.Context(), "b", peer.Request{}); err == nil {
		t.Error("it was let in again")
	}
}

// TestFilesAreReplacedOneByOne: while only one of key and certificate is the new one, the pair before counts.
func TestFilesAreReplacedOneByOne(t *testing.T) {
	ca, dir := authority(t), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(file(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	issue := func() (cert, key []byte) {
		t.Helper()
		cert, key, err := ca.Issue("a", time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return cert, key
	}
	roots, _, err := ca.PEM()
	if err != nil {
		t.Fatal(err)
	}
	write("ca.crt", roots)
	cert, key := issue()
	read := peer.Files(file("node.crt"), file("node.key"), file("ca.crt"))
	write("node.key", key)
	if _, _, err := read(); err == nil {
		t.Error("a key without a certificate is none")
	}
	write("node.crt", cert)
	first, _, err := read()
	if err != nil {
		t.Fatal(err)
	}
	cert, key = issue()
	write("node.key", key)
	if got, _, err := read(); err != nil || !bytes.Equal(got.Certificate[0], first.Certificate[0]) {
		t.Errorf("half replaced: %v", err)
	}
	write("node.crt", cert)
	if got, _, err := read(); err != nil || bytes.Equal(got.Certificate[0], first.Certificate[0]) {
		t.Errorf("replaced: %v", err)
	}
}

// TestASilentNodeHoldsNobody: of a node that reads nothing a caller hears when their own time is over, and is told that
// it was not asked if that is so.
func TestASilentNodeHoldsNobody(t *testing.T) {
	ca := authority(t)
	host, guest := config(t, ca, "b"), config(t, ca, "a")
	b, a := listen(t, host), listen(t, guest)
	if err := guest.Book.Learn("b", b.Addr()); err != nil {
		t.Fatal(err)
	}
	block := make(chan struct{})
	defer close(block)
	b.Serve(func(ctx context.Context, _ string, r peer.Request) ([]byte, error) {
		if len(r.Data) == 0 {
			return nil, nil
		}
		select {
		case <-block:
		case <-ctx.Done():
		}
		return nil, nil
	})
	if _, err := a.Call(t.Context(), "b", peer.Request{}); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 128<<10)
	for taken, tries := 0, 0; taken < 1300 && tries < 100_000; tries++ { // it serves 1,024 of a connection at once and reads no further
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, err := a.Call(ctx, "b", peer.Request{Data: data})
		cancel()
		if fault.CodeOf(err) == fault.Unavailable && strings.Contains(err.Error(), "was not asked") {
			return
		}
		switch fault.CodeOf(err) {
		case fault.Uncertain:
			taken++
		case fault.Unavailable: // the time was over before the call came to the connection
		default:
			t.Fatalf("got %v", err)
		}
	}
	t.Error("the other side took everything")
}

// TestNoiseIsNoHarm: whoever connects and says anything but a greeting is dropped, and others are served meanwhile.
func TestNoiseIsNoHarm(t *testing.T) {
	ca := authority(t)
	host, guest := config(t, ca, "b"), config(t, ca, "a")
	b := listen(t, host)
	b.Serve(func(context.Context, string, peer.Request) ([]byte, error) { return nil, nil })
	flood := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for range 300 { // more than all that may wait
		silent, err := flood.DialContext(t.Context(), "tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
	}
	loud, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer loud.Close()
	if _, err := io.WriteString(loud, strings.Repeat("GET / HTTP/1.1\r\n", 1000)); err == nil {
		_, err = io.Copy(io.Discard, loud)
		_ = err // an alert or a reset: the connection ended
	}
	a := listen(t, guest)
	if err := guest.Book.Learn("b", b.Addr()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Call(t.Context(), "b", peer.Request{}); err != nil {
		t.Error(err)
	}
}

// TestAFullDiskKeepsNobodyAway: what is said in greetings cannot be written, and is known all the same.
func TestAFullDiskKeepsNobodyAway(t *testing.T) {
	ca := authority(t)
	host, guest := config(t, ca, "b"), config(t, ca, "a")
	path := filepath.Join(t.TempDir(), "missing", "peers.json") // writes fail as long as there is no such directory
	var err error
	if host.Book, err = peer.OpenBook(path); err != nil {
		t.Fatal(err)
	}
	b, a := listen(t, host), listen(t, guest)
	b.Serve(func(context.Context, string, peer.Request) ([]byte, error) { return nil, nil })
	if err := guest.Book.Learn("b", b.Addr()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Call(t.Context(), "b", peer.Request{}); err != nil {
		t.Error(err)
	}
	if host.Book.Addr("a") != a.Addr() {
		t.Errorf("a is at %q", host.Book.Addr("a"))
	}
	older := peer.Entry{Addr: a.Addr(), Incarnation: 1, Boot: "another"}
	if _, old := errors.AsType[*peer.RolledBackError](host.Book.Meet("a", older)); !old {
		t.Error("an older copy of a may come")
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Discover(t.Context(), a.Addr()); err != nil {
		t.Error(err)
	}
	if again, err := peer.OpenBook(path); err != nil || again.Addr("a") != a.Addr() {
		t.Errorf("written later: %q, %v", again.Addr("a"), err)
	}
}

// TestGoneNodesAreForgotten: hearsay does not bring their addresses back, and what they themselves say is not used.
func TestGoneNodesAreForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peers.json")
	b, err := peer.OpenBook(path)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(err)
	do(b.Meet("a", peer.Entry{Addr: "1", Incarnation: 3, Boot: "x"}))
	do(b.Hear("c", "9"))
	do(b.Forget("a"))
	do(b.Hear("a", "1"))
	do(b.Meet("a", peer.Entry{Addr: "2", Incarnation: 4, Boot: "y"}))
	b, err = peer.OpenBook(path)
	do(err)
	if got := b.Addrs(); len(got) != 1 || b.Addr("a") != "" {
		t.Errorf("forgotten, and known: %v", got)
	}
	if err := b.Meet("a", peer.Entry{Addr: "1", Incarnation: 3, Boot: "x"}); err == nil {
		t.Error("its incarnation was forgotten")
	}
	do(b.Recall("a"))
	if b.Addr("a") != "2" {
		t.Errorf("a member again, it is at %q", b.Addr("a"))
	}
	do(b.Forget("a"))
	do(b.Learn("a", "3"))
	if b.Addr("a") != "2" {
		t.Errorf("joining again, it is at %q", b.Addr("a"))
	}
}

// TestAddressesSpread: whoever greets a node learns of those it knows, and is known by its own address.
func TestAddressesSpread(t *testing.T) {
	ca := authority(t)
	confs := map[string]peer.TCPConfig{}
	nodes := map[string]*peer.TCP{}
	for _, name := range []string{"a", "b", "c"} {
		confs[name] = config(t, ca, name)
		nodes[name] = listen(t, confs[name])
		nodes[name].Serve(func(context.Context, string, peer.Request) ([]byte, error) { return []byte(name), nil })
	}
	for _, name := range []string{"a", "c"} {
		if got, err := nodes[name].Discover(t.Context(), nodes["b"].Addr()); err != nil || got != "b" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if got, err := nodes["c"].Call(t.Context(), "a", peer.Request{}); err != nil || string(got) != "a" {
		t.Errorf("got %q, %v", got, err)
	}
	reopened, err := peer.OpenBook(filepath.Join(t.TempDir(), "none.json"))
	if err != nil || len(reopened.Addrs()) != 0 {
		t.Errorf("an empty book holds %v, %v", reopened.Addrs(), err)
	}
}

func TestIncarnationsRise(t *testing.T) {
	path := filepath.Join(t.TempDir(), "incarnation")
	for want := uint64(1); want < 4; want++ {
		if got, err := peer.NextIncarnation(path); err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
}
