package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/onlineretail"
)

// TestReplayOverACluster replays real data over three processes, of which each
// leads a third of the shards, while these are killed with SIGKILL in turn: also
// the one that replays, which then goes on, and also while the one that was
// killed before it has not caught up yet, but no two at a time. The totals equal
// those of one node, so no order is missing or there twice, and the files of all
// nodes are sound. COMMERCE_LONG=1 replays the whole file, with kills to its end,
// and takes longer than go test allows by itself.
func TestReplayOverACluster(t *testing.T) {
	long := os.Getenv("COMMERCE_LONG") != ""
	rows, each := 400, time.Second
	if long {
		rows, each = 1<<30, 3*time.Second
	}
	file := realRows(t, rows)
	want := summaryOf(t, succeed(t, "replay", "--dir", filepath.Join(t.TempDir(), "alone"), file).stdout)
	c := newReplayCluster(t, file)
	kills := []int{0, 0, 0}
	next := time.NewTicker(each)
	defer next.Stop()
	due, apart := time.Now(), 2*each                                  // when the one that replays is next: it begins at the start, so it gets twice the time
	for last := 0; kills[0] == 0 || kills[1] == 0 || kills[2] == 0; { // a short replay is run again, which changes nothing, until each was killed
		r := c.replay(t)
		for r != nil {
			select {
			case err := <-r.ended:
				if err != nil {
					t.Fatalf("the replay has ended: %v\n%s", err, r.stderr.String())
				}
				if got := summaryOf(t, r.stdout.String()); !reflect.DeepEqual(got, want) {
					t.Errorf("over three nodes the summary is\n%+v\nwant\n%+v", got, want)
				}
				r = nil
			case <-next.C:
				victim := (last + 2) % 3 // the one that replays is the first
				if victim == 2 && time.Now().Before(due) {
					victim = 1
				}
				if !long && kills[0] > 0 && kills[1] > 0 && kills[2] > 0 || !c.spares(t, victim) {
					continue
				}
				last = victim
				kills[victim]++
				if victim == 2 {
					r = r.killed(t, c)
					due, apart = time.Now().Add(apart), 2*apart
				} else {
					c.kill(t, victim)
				}
			}
		}
	}
	t.Logf("the nodes were killed %v times", kills)
	// What was killed last may be behind, in one shard more than in another.
	c.nodes = append(c.nodes, serve(t, c.dirs[2], "--as", "n3", "--certs", c.certs, "--listen", "127.0.0.1:0"))
	c.alike(t)
	for _, n := range c.nodes {
		n.end(t, os.Interrupt)
	}
	for _, dir := range c.dirs {
		sound(t, dir)
	}
}

// alike waits until all nodes have caught up, and compares what they hold.
func (c *replayCluster) alike(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r := command(t, "cluster", "audit", "--certs", c.certs, "--addr", c.nodes[0].addr)
		switch {
		case strings.Count(r.stdout, "n1,n2,n3") == 8:
			return
		case r.code != exitOK && strings.Contains(r.stdout, "SHARD"): // it has compared
			t.Fatalf("not all copies are the same:\n%s%s", r.stdout, r.stderr)
		case time.Now().After(deadline):
			t.Fatalf("the copies could not be compared:\n%s%s", r.stdout, r.stderr)
		}
	}
}

// replayCluster is two nodes that serve, and the directory of a third one.
type replayCluster struct {
	file, certs string
	dirs        []string
	nodes       []*served
	formed      bool // all three have had votes in all shards
}

func newReplayCluster(t *testing.T, file string) *replayCluster {
	t.Helper()
	dir := t.TempDir()
	c := &replayCluster{file: file, certs: filepath.Join(dir, "certs")}
	succeed(t, "cluster", "certs", c.certs, "n1", "n2", "n3", "operator")
	for i := range 3 {
		c.dirs = append(c.dirs, filepath.Join(dir, fmt.Sprint(i+1)))
	}
	c.nodes = append(c.nodes, serve(t, c.dirs[0], "--as", "n1", "--certs", c.certs, "--listen", "127.0.0.1:0"))
	keys, err := os.ReadFile(c.dirs[0] + ".keys")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range c.dirs[1:] {
		if err := os.WriteFile(other+".keys", keys, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.nodes = append(c.nodes, serve(t, c.dirs[1], "--as", "n2", "--certs", c.certs, "--listen", "127.0.0.1:0", "--join", c.nodes[0].addr))
	return c
}

// replaying is the third node, which replays the file.
type replaying struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	ended          chan error
}

// replayingNode makes this test's program a node that replays a file: see
// replayHere.
const replayingNode = "replay"

func (c *replayCluster) replay(t *testing.T) *replaying {
	t.Helper()
	r := &replaying{Cmd: exec.CommandContext(t.Context(), self(t), c.file, c.certs, c.dirs[2], c.nodes[0].addr, c.nodes[1].addr), ended: make(chan error, 1)}
	r.Env = append(os.Environ(), mainVariable+"="+replayingNode)
	r.Stdout, r.Stderr = &r.stdout, &r.stderr
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.Wait() }()
	return r
}

// killed kills the replay and begins it again, unless it has just ended.
func (r *replaying) killed(t *testing.T, c *replayCluster) *replaying {
	t.Helper()
	if err := r.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	err := <-r.ended
	if r.ProcessState.Exited() {
		r.ended <- err
		return r
	}
	return c.replay(t)
}

// replayHere carries a file out as the third node: file, certs, dir and the
// addresses of others are its arguments. Opened while a node has just been
// killed, a store may have to be opened again.
func replayHere(args []string) int {
	plan, err := readPlan(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	cc := identity{certs: args[1], name: "n3"}.config()
	cc.Listen, cc.Join = "127.0.0.1:0", args[3:]
	for tries := 1; ; tries++ {
		r := &replayer{
			plan: plan, outcome: plan.NewOutcome(), progress: newProgress(os.Stderr), partial: map[*onlineretail.PlaceOrder][]int{},
			flags:   replayFlags{dir: args[2], file: args[0], concurrency: 8, stock: enough},
			options: []commerce.Option{commerce.WithCluster(cc)},
		}
		problems, err := r.run(context.Background())
		if err == nil && len(problems) > 0 {
			err = fmt.Errorf("the books do not agree: %v", problems)
		}
		if err == nil {
			err = printSummary(os.Stdout, r.outcome, time.Second)
		}
		if err == nil {
			return exitOK
		}
		fmt.Fprintln(os.Stderr, err)
		if !fault.Retryable(err) || tries == 20 {
			return exitFailed
		}
	}
}

// spares reports whether the others go on without a node: they are there. Before
// all have votes it is not.
func (c *replayCluster) spares(t *testing.T, victim int) bool {
	t.Helper()
	ask := 0
	if victim == 0 {
		ask = 1
	}
	r := command(t, "cluster", "status", "--certs", c.certs, "--addr", c.nodes[ask].addr)
	up := 0
	for line := range strings.Lines(r.stdout) {
		if strings.Contains(line, " up ") && !strings.HasPrefix(strings.TrimSpace(line), fmt.Sprintf("n%d ", victim+1)) {
			up++
		}
	}
	c.formed = c.formed || strings.Count(r.stdout, "  8       8  ") == 3
	return c.formed && up == 2
}

// kill kills a node that serves and starts it again.
func (c *replayCluster) kill(t *testing.T, i int) {
	t.Helper()
	c.nodes[i].end(t, os.Kill)
	c.nodes[i] = serve(t, c.dirs[i], "--as", fmt.Sprint("n", i+1), "--certs", c.certs, "--listen", c.nodes[i].addr)
}
