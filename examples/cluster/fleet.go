package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/replication/peer"
)

// fleet is the nodes, as the watching process sees them.
type fleet struct {
	ctx   context.Context
	dir   string
	nodes []*process
	note  string
}

// process is one node. It is a child that gets its settings as JSON on standard
// input and says how it does on standard output.
type process struct {
	settings settings

	mu   sync.Mutex
	cmd  *exec.Cmd // nil while it does not run
	done chan struct{}
	last report
}

// newFleet makes certificates and finds free addresses.
func newFleet(ctx context.Context, dir string, n int) (*fleet, error) {
	f := &fleet{ctx: ctx, dir: dir}
	authority, err := peer.NewAuthority(time.Now(), 24*time.Hour)
	if err != nil {
		return nil, err
	}
	ca, _, err := authority.PEM()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), ca, 0o600); err != nil {
		return nil, err
	}
	var addrs []string
	for i := range n {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		pages, err := freeAddr()
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, addr)
		cert, key, err := authority.Issue(nodeName(i), time.Now(), 24*time.Hour)
		if err != nil {
			return nil, err
		}
		s := settings{
			Dir: f.store(i), Listen: addr, Web: pages, Join: append([]string(nil), addrs[:i]...), Shoppers: 4,
			Cert: f.store(i) + ".crt", Key: f.store(i) + ".key", Authorities: filepath.Join(dir, "ca.crt"),
			Confirmed: f.store(i) + ".confirmed",
		}
		err = errors.Join(os.WriteFile(s.Cert, cert, 0o600), os.WriteFile(s.Key, key, 0o600))
		if err != nil {
			return nil, err
		}
		f.nodes = append(f.nodes, &process{settings: s})
	}
	return f, nil
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// balancer sends requests to all nodes.
func (f *fleet) balancer() *balancer {
	b := &balancer{}
	for _, n := range f.nodes {
		b.nodes = append(b.nodes, n.settings.Web)
	}
	return b
}

// startAll starts the first node, gives its keys to the others and starts them.
func (f *fleet) startAll() error {
	if err := f.start(0); err != nil {
		return err
	}
	if err := f.nodes[0].wait(f.ctx); err != nil {
		return err
	}
	keys, err := os.ReadFile(f.store(0) + ".keys")
	if err != nil {
		return err
	}
	for i := 1; i < len(f.nodes); i++ {
		if err := os.WriteFile(f.store(i)+".keys", keys, 0o600); err != nil {
			return err
		}
		if err := f.start(i); err != nil {
			return err
		}
	}
	return nil
}

// start starts a node that does not run.
func (f *fleet) start(i int) error {
	n := f.nodes[i]
	if n.running() {
		return fmt.Errorf("%s is running", nodeName(i))
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	given, err := json.Marshal(n.settings)
	if err != nil {
		return err
	}
	c := exec.CommandContext(f.ctx, self, "node", string(given))
	c.Env = append(os.Environ(), nodeVariable+"=1")
	c.Stderr = os.Stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 20 * time.Second
	if _, err := c.StdinPipe(); err != nil { // its end tells the child that nobody watches any more
		return err
	}
	said, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	n.mu.Lock()
	n.cmd, n.done, n.last = c, make(chan struct{}), report{Orders: n.last.Orders}
	n.mu.Unlock()
	go n.listen(c, said)
	return nil
}

// nodeVariable is set for nodes, for tests whose binary is the program.
const nodeVariable = "COMMERCE_EXAMPLE_NODE"

// listen reads what a node says until it ends.
func (n *process) listen(c *exec.Cmd, said io.Reader) {
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		var r report
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			n.mu.Lock()
			n.last = r
			n.mu.Unlock()
		}
	}
	_ = c.Wait() // killed, or told to end
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cmd = nil
	close(n.done)
}

func (n *process) report() report {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last
}

func (n *process) running() bool { return n.pid() > 0 }

func (n *process) pid() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return 0
	}
	return n.cmd.Process.Pid
}

// wait waits until a node has sold something.
func (n *process) wait(ctx context.Context) error {
	for n.report().Orders == 0 {
		if !n.running() {
			return errors.New("the first node has ended")
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// signal tells a node to end and waits until it has.
func (n *process) signal(s os.Signal) {
	n.mu.Lock()
	c, done := n.cmd, n.done
	n.mu.Unlock()
	if c == nil {
		return
	}
	_ = c.Process.Signal(s) // it may have ended meanwhile
	<-done
}

func (f *fleet) kill(i int) { f.nodes[i].signal(os.Kill) }

func (f *fleet) killAll() {
	for i := range f.nodes {
		f.kill(i)
	}
}

// finish lets all nodes catch up and end, and verifies what they hold.
func (f *fleet) finish(out io.Writer) error {
	for _, n := range f.nodes {
		n.signal(syscall.SIGTERM)
	}
	for i := range f.nodes {
		found, err := commerce.Verify(context.Background(), f.store(i))
		if err != nil {
			return err
		}
		for _, v := range found {
			fmt.Fprintln(out, v)
		}
		fmt.Fprintf(out, "%s: %d violations\n", nodeName(i), len(found))
		if len(found) > 0 {
			err = errors.Join(err, fmt.Errorf("%s is not sound", nodeName(i)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
