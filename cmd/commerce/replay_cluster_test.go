package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/internal/onlineretail"
)

// TestReplayOverACluster replays real data over three nodes while the two that
// are processes of their own, and that lead two thirds of the shards, are
// killed with SIGKILL in turn. The totals equal those of one node, so no order
// is missing or there twice, and the files of all nodes are sound.
// COMMERCE_LONG=1 replays the whole file and takes longer than go test allows
// by itself.
func TestReplayOverACluster(t *testing.T) {
	rows, each := 400, 2*time.Second
	if os.Getenv("COMMERCE_LONG") != "" {
		rows, each = 1<<30, 5*time.Second
	}
	file := realRows(t, rows)
	want := summaryOf(t, succeed(t, "replay", "--dir", filepath.Join(t.TempDir(), "alone"), file).stdout)
	c := newReplayCluster(t)
	kills := 0
	next := time.NewTicker(each)
	defer next.Stop()
	for kills < 2 { // a short replay is run again, which changes nothing, until nodes were killed in it
		done := make(chan error, 1)
		var out bytes.Buffer
		go func() { done <- c.replay(t, file, &out) }()
		for running := true; running; {
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				running = false
			case <-next.C:
				if c.kill(t, kills%2) {
					kills++
				}
			}
		}
		if got := summaryOf(t, out.String()); !reflect.DeepEqual(got, want) {
			t.Errorf("over three nodes the summary is\n%+v\nwant\n%+v", got, want)
		}
	}
	t.Logf("%d nodes were killed", kills)
	for _, n := range c.nodes {
		n.end(t, os.Interrupt)
	}
	for _, dir := range c.dirs {
		sound(t, dir)
	}
}

// replayCluster is two nodes that are processes, and the directory of a third.
type replayCluster struct {
	certs string
	dirs  []string
	nodes []*served
}

func newReplayCluster(t *testing.T) *replayCluster {
	t.Helper()
	dir := t.TempDir()
	c := &replayCluster{certs: filepath.Join(dir, "certs")}
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

// replay carries the file out on the third node.
func (c *replayCluster) replay(t *testing.T, file string, out *bytes.Buffer) error {
	plan, err := readPlan(file)
	if err != nil {
		return err
	}
	cc := identity{certs: c.certs, name: "n3"}.config()
	cc.Listen, cc.Join = "127.0.0.1:0", []string{c.nodes[0].addr, c.nodes[1].addr}
	r := &replayer{
		plan: plan, outcome: plan.NewOutcome(), progress: newProgress(os.Stderr), partial: map[*onlineretail.PlaceOrder][]int{},
		flags:   replayFlags{dir: c.dirs[2], file: file, concurrency: 8, stock: enough},
		options: []commerce.Option{commerce.WithCluster(cc)},
	}
	problems, err := r.run(t.Context())
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("the books do not agree: %v", problems)
	}
	if err != nil {
		return err
	}
	return printSummary(out, r.outcome, time.Second)
}

// kill kills a node and starts it again, if all nodes are there, so that the
// others have a majority. It reports whether it did.
func (c *replayCluster) kill(t *testing.T, i int) bool {
	t.Helper()
	r := command(t, "cluster", "status", "--certs", c.certs, "--addr", c.nodes[1-i].addr)
	if strings.Count(r.stdout, " up ") < 3 || strings.Count(r.stdout, "  8       8  ") < 3 {
		return false
	}
	c.nodes[i].end(t, os.Kill)
	c.nodes[i] = serve(t, c.dirs[i], "--as", fmt.Sprint("n", i+1), "--certs", c.certs, "--listen", c.nodes[i].addr)
	return true
}
