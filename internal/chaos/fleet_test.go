package chaos

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keelshop/commerce/replication/peer"
)

// fleet is the nodes of one store, each a process, and a proxy in front of each.
type fleet struct {
	t      *testing.T
	place  *place
	dir    string
	shards int
	nodes  []*node
	began  time.Time
	shifts int // how often the shelves were filled

	mu     sync.Mutex
	counts map[string]int // of the faults that were injected
}

// node is one process, and what is in front of it.
type node struct {
	i        int
	settings settings
	proxy    io.Writer // what the proxy is told

	mu      sync.Mutex
	run     *exec.Cmd // nil while it does not run
	in      io.WriteCloser
	next    int64
	waiting map[int64]chan reply
	done    chan struct{} // closed when the process has ended
}

func newFleet(t *testing.T, p *place, shards int) *fleet {
	f := &fleet{t: t, place: p, dir: t.TempDir(), shards: shards, counts: map[string]int{}, began: time.Now()}
	authority, err := peer.NewAuthority(time.Now(), 24*time.Hour)
	must(t, err)
	ca, _, err := authority.PEM()
	must(t, err)
	must(t, os.WriteFile(f.path("ca.crt"), ca, 0o600))
	for i := range p.n {
		name := fmt.Sprint("n", i)
		cert, key, err := authority.Issue(name, time.Now(), 24*time.Hour)
		must(t, errors.Join(err, os.WriteFile(f.path(name+".crt"), cert, 0o600), os.WriteFile(f.path(name+".key"), key, 0o600)))
		n := &node{i: i, settings: settings{
			Dir: filepath.Join(p.disk(t, f.path(fmt.Sprint("disk", i))), name), Listen: fmt.Sprintf("%s:%d", p.host(i), 7300+i), Advertise: fmt.Sprintf("%s:%d", p.hubHost(), 7400+i),
			Cert: f.path(name + ".crt"), Key: f.path(name + ".key"), Authorities: f.path("ca.crt"), Shards: shards,
		}}
		if i > 0 {
			n.settings.Join = f.nodes[0].settings.Advertise
		}
		f.nodes = append(f.nodes, n)
		f.startProxy(n)
	}
	t.Cleanup(func() {
		for _, n := range f.nodes {
			n.signal(syscall.SIGKILL)
		}
	})
	for i, n := range f.nodes {
		if i > 0 {
			keys, err := os.ReadFile(f.nodes[0].settings.Dir + ".keys")
			must(t, errors.Join(err, os.WriteFile(n.settings.Dir+".keys", keys, 0o600)))
		}
		must(t, f.start(n))
	}
	f.await("every node has a vote in every shard", f.complete)
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fleet) path(name string) string { return filepath.Join(f.dir, name) }

func (f *fleet) startProxy(n *node) {
	c := f.place.command(-1, "CHAOS_PROXY="+n.settings.Advertise+" "+n.settings.Listen)
	in, err := c.StdinPipe()
	must(f.t, err)
	out, err := c.StdoutPipe()
	must(f.t, err)
	must(f.t, c.Start())
	f.t.Cleanup(func() { in.Close(); _ = c.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		f.t.Fatalf("the proxy does not start: %v", err)
	}
	n.proxy = in
}

// start starts a node and waits until its store is open.
func (f *fleet) start(n *node) error {
	given, err := json.Marshal(n.settings)
	if err != nil {
		return err
	}
	c := f.place.command(n.i, "CHAOS_NODE="+string(given))
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	open, done := make(chan reply, 1), make(chan struct{})
	n.mu.Lock()
	n.run, n.in, n.done, n.waiting = c, in, done, map[int64]chan reply{0: open}
	n.mu.Unlock()
	go n.listen(c, out, done)
	select {
	case <-open:
		return nil
	case <-done:
		return fmt.Errorf("node %d does not open", n.i)
	}
}

// listen hands out answers until the process ends.
func (n *node) listen(c *exec.Cmd, out io.Reader, done chan struct{}) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var r reply
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue
		}
		n.mu.Lock()
		waits := n.waiting[r.ID]
		delete(n.waiting, r.ID)
		n.mu.Unlock()
		if waits != nil {
			waits <- r
		}
	}
	_ = c.Wait() // it was killed, or has failed; whoever waits finds out
	n.mu.Lock()
	defer n.mu.Unlock()
	n.run = nil
	close(done)
}

var errGone = errors.New("the node has ended or does not answer")

// ask sends a request to a node. Its error says that there is no answer.
func (n *node) ask(r request, limit time.Duration) (reply, error) {
	answer := make(chan reply, 1)
	n.mu.Lock()
	if n.run == nil {
		n.mu.Unlock()
		return reply{}, errGone
	}
	n.next++
	r.ID, r.Millis = n.next, limit.Milliseconds()
	n.waiting[r.ID] = answer
	done, in := n.done, n.in
	line, err := json.Marshal(r)
	if err == nil {
		_, err = in.Write(append(line, '\n'))
	}
	n.mu.Unlock()
	if err != nil {
		return reply{}, errGone
	}
	select {
	case got := <-answer:
		return got, nil
	case <-done:
	case <-time.After(limit + 3*time.Second): // it may be stopped
	}
	return reply{}, errGone
}

func (n *node) running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.run != nil
}

// pid is that of the node itself: ip replaces itself by it.
func (n *node) pid() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil {
		return 0
	}
	return n.run.Process.Pid
}

// signal sends a signal; after SIGKILL it waits for the end.
func (n *node) signal(s syscall.Signal) {
	n.mu.Lock()
	c, done := n.run, n.done
	n.mu.Unlock()
	if c == nil {
		return
	}
	_ = c.Process.Signal(s) // it may have ended meanwhile
	if s == syscall.SIGKILL {
		<-done
	}
}

// end lets a node close its store, and waits.
func (n *node) end() {
	n.mu.Lock()
	in, done, runs := n.in, n.done, n.run != nil
	n.mu.Unlock()
	if runs {
		in.Close()
		<-done
	}
}

// complete reports whether every node has a vote in every shard and has caught up.
func (f *fleet) complete() error {
	for _, n := range f.nodes {
		got, err := n.ask(request{Op: "cluster"}, 5*time.Second)
		if err != nil || got.Error != "" {
			return fmt.Errorf("node %d: %w %s", n.i, err, got.Error)
		}
		if want := int64(len(f.nodes) * f.shards); got.N != want {
			return fmt.Errorf("node %d sees %d votes of %d: %v", n.i, got.N, want, got.List)
		}
	}
	return nil
}

// await waits for something that must come about. Its limit only ends a test that hangs.
func (f *fleet) await(what string, holds func() error) {
	f.t.Helper()
	var err error
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = holds(); err == nil {
			return
		}
	}
	f.t.Fatalf("this did not come about: %s: %v", what, err)
}

// note counts a fault and says when it came.
func (f *fleet) note(kind, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[kind]++
	f.t.Logf("%7.2f %s: %s", time.Since(f.began).Seconds(), kind, fmt.Sprintf(format, args...))
}
