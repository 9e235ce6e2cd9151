package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// realFile is the data set itself. It is not part of the project.
const realFile = "../../../shared/data/online-retail/online_retail.csv.gz"

// TestReplayKilled kills a real replay of real data with SIGKILL at random
// points and lets it go on: the totals equal those of an undisturbed run and
// the store is sound. COMMERCE_LONG=1 does that 20 times over the whole file,
// which takes longer than go test allows by itself: give it -timeout=2h.
func TestReplayKilled(t *testing.T) {
	kills, rows := 3, 3000
	if os.Getenv("COMMERCE_LONG") != "" {
		kills, rows = 20, 1<<30
	}
	file := realRows(t, rows)
	whole := filepath.Join(t.TempDir(), "whole")
	started := time.Now()
	out, err := process(t, "replay", "--dir", whole, file).Output()
	if err != nil {
		t.Fatal(err)
	}
	want, took := summaryOf(t, string(out)), time.Since(started)

	seed := uint64(started.UnixNano())
	t.Logf("seed %d, an undisturbed run took %v", seed, took)
	random := rand.New(rand.NewPCG(seed, 0))
	longest := int64(took) * 2 / int64(kills+1) // so that all of them fit into about one run
	for kills > 0 {                             // a run that ends before its kill begins a new store
		dir := filepath.Join(t.TempDir(), "shop")
		for kills > 0 && killed(t, process(t, "replay", "--dir", dir, file), time.Duration(random.Int64N(longest))) {
			kills--
		}
		out, err := process(t, "replay", "--dir", dir, file).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := summaryOf(t, string(out)); !reflect.DeepEqual(got, want) {
			t.Errorf("after the kills the summary is\n%+v\nwant\n%+v", got, want)
		}
		sound(t, dir)
	}
}

// killed runs a process, kills it after a while, and reports whether it was
// still running.
func killed(t *testing.T, c *exec.Cmd, after time.Duration) bool {
	t.Helper()
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		return false
	case <-time.After(after):
	}
	if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	if err := <-ended; err != nil && c.ProcessState.Exited() { // by itself, with an error
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	return !c.ProcessState.Exited()
}

// process is the command in a process of its own.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Env = append(os.Environ(), mainVariable+"=1")
	return c
}

// realRows returns a plain file with the data set's first rows.
func realRows(t *testing.T, rows int) string {
	t.Helper()
	f, err := os.Open(realFile)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the data set Online Retail is not beside this checkout: want it at %s, seen from this package", realFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	in := bufio.NewReader(z)
	for range 1 + rows {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(line)
	}
	return write(t, b.String())
}
