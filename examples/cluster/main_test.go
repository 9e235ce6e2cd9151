package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(nodeVariable) != "" {
		exit(node(os.Args[2], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// TestNodesAreKilled: three processes sell while one after the other is killed
// with SIGKILL and started again. Every order that a shopper was told of is on
// every node, and what they hold is sound.
func TestNodesAreKilled(t *testing.T) {
	f, err := newFleet(t.Context(), t.TempDir(), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer f.killAll()
	if err := f.startAll(); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(f.balancer().handler())
	defer front.Close()
	await(t, "all nodes sell", func() bool { return f.sold(0) > 0 && f.sold(1) > 0 && f.sold(2) > 0 })
	for i := range f.nodes {
		f.kill(i)
		other := (i + 1) % 3
		before := f.sold(other)
		await(t, "the others sell", func() bool { return f.sold(other) > before+10 })
		for range 6 { // each node's turn comes, the dead one's too
			await(t, "the pages are there", func() bool { return shows(front.URL+"/", "Blue mug") })
		}
		f.nodes[i].mu.Lock()
		f.nodes[i].last = report{}
		f.nodes[i].mu.Unlock()
		if err := f.start(i); err != nil {
			t.Fatal(err)
		}
		await(t, "it sells again", func() bool { return f.sold(i) > 0 })
	}
	// All end, and start again to say which orders there are.
	for _, n := range f.nodes {
		n.signal(syscall.SIGTERM)
	}
	confirmed := map[string]bool{}
	for i, n := range f.nodes {
		for _, id := range lines(t, n.settings.Confirmed) {
			confirmed[id] = true
		}
		n.settings.Shoppers, n.settings.List = 0, f.store(i)+".orders"
		if err := f.start(i); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d orders were confirmed", len(confirmed))
	for i, n := range f.nodes {
		await(t, "the node lists its orders", func() bool { _, err := os.Stat(n.settings.List); return err == nil })
		held := map[string]bool{}
		for _, id := range lines(t, n.settings.List) {
			held[id] = true
		}
		for id := range confirmed {
			if !held[id] {
				t.Errorf("%s does not have order %s, which was confirmed", nodeName(i), id)
			}
		}
	}
	var out bytes.Buffer
	if err := f.finish(&out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
}

// shows reports whether a page is there and holds a text.
func shows(url, text string) bool {
	answer, err := http.Get(url)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK && strings.Contains(string(body), text)
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(data))
}

func (f *fleet) sold(i int) int64 { return f.nodes[i].report().Orders }

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("this did not come about: %s", what)
		}
	}
}
