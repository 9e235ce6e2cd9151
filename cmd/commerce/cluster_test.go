package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/sqlite"
)

// served is a node in a process of its own.
type served struct {
	*exec.Cmd
	addr string
}

// serve starts a node and waits until it listens.
func serve(t testing.TB, args ...string) *served {
	t.Helper()
	return serveWith(t, self(t), "1", args...)
}

// self is this test's program, which is the command as well: see mainVariable.
func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// serveWith is serve with another program, which finds out from mainVariable
// what it is.
func serveWith(t testing.TB, program, as string, args ...string) *served {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, append([]string{"cluster", "serve"}, args...)...)
	c.Env = append(os.Environ(), mainVariable+"="+as)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Process.Kill(); err == nil {
			c.Wait()
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the node has not started: %v", err)
	}
	words := strings.Fields(line)
	return &served{c, words[len(words)-1]}
}

// end sends a signal and waits for the process.
func (s *served) end(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := s.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	err := s.Wait()
	if e, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || signal != os.Kill || e.Exited()) {
		t.Fatalf("after %v: %v", signal, err)
	}
}

// until runs a command until its output is as wanted.
func until(t *testing.T, what string, done func(stdout string) bool, args ...string) {
	t.Helper()
	var r result
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if r = command(t, args...); r.code == exitOK && done(r.stdout) {
			return
		}
	}
	t.Fatalf("this did not come about: %s\n%s%s", what, r.stdout, r.stderr)
}

// TestClusterOfProcesses: three processes hold a store; one is killed, comes
// back, is drained and removed. The files of the others are sound.
func TestClusterOfProcesses(t *testing.T) {
	dir := t.TempDir()
	certs := filepath.Join(dir, "certs")
	succeed(t, "cluster", "certs", certs, "n1", "n2", "n3", "operator")
	stores := []string{filepath.Join(dir, "1"), filepath.Join(dir, "2"), filepath.Join(dir, "3")}
	nodes := []*served{serve(t, stores[0], "--as", "n1", "--certs", certs, "--listen", "127.0.0.1:0", "--shards", "2")}
	keys, err := os.ReadFile(stores[0] + ".keys")
	if err != nil {
		t.Fatal(err)
	}
	for i, store := range stores[1:] {
		if err := os.WriteFile(store+".keys", keys, 0o600); err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, serve(t, store, "--as", fmt.Sprint("n", i+2), "--certs", certs, "--listen", "127.0.0.1:0", "--join", nodes[0].addr))
	}
	at := []string{"--certs", certs, "--addr", nodes[1].addr}
	status := append([]string{"cluster", "status"}, at...)
	until(t, "all nodes are up and have votes", func(out string) bool {
		return strings.Count(out, " up ") == 3 && strings.Count(out, "  2       2  ") == 3
	}, status...)

	if r := succeed(t, append([]string{"cluster", "audit"}, at...)...); strings.Count(r.stdout, "n1") != 2 {
		t.Errorf("the audit says:\n%s", r.stdout)
	}
	if r := succeed(t, append([]string{"cluster", "upgrade"}, at...)...); r.stdout != "the store is at level 1\n" {
		t.Errorf("the upgrade says:\n%s", r.stdout)
	}
	nodes[0].end(t, os.Kill)
	if r := command(t, append([]string{"cluster", "upgrade"}, at...)...); r.code != exitFailed || !strings.Contains(r.stderr, "n1 does not answer") {
		t.Errorf("the upgrade of two of three: exit code %d, %s", r.code, r.stderr)
	}
	until(t, "n1 is down", func(out string) bool { return strings.Count(out, " down ") == 1 }, status...)
	again := serve(t, stores[0], "--as", "n1", "--certs", certs, "--listen", nodes[0].addr)
	until(t, "n1 is up again", func(out string) bool { return strings.Count(out, " up ") == 3 }, status...)

	succeed(t, append([]string{"cluster", "drain", "n1"}, at...)...)
	until(t, "n1 is draining", func(out string) bool { return strings.Contains(out, " draining ") }, status...)
	succeed(t, append([]string{"cluster", "resume", "n1"}, at...)...)
	if r := succeed(t, status...); strings.Contains(r.stdout, "warning") {
		t.Errorf("the status of three nodes:\n%s", r.stdout)
	}
	if r := succeed(t, append([]string{"cluster", "remove", "n1"}, at...)...); !strings.Contains(r.stdout, "only n2 and n3 have votes") {
		t.Errorf("removing the third one says:\n%s", r.stdout)
	}
	if r := command(t, append([]string{"cluster", "drain", "n2"}, at...)...); r.code != exitFailed || !strings.Contains(r.stderr, "1 of 2 votes") {
		t.Errorf("draining one of two: exit code %d, %s", r.code, r.stderr)
	}
	until(t, "n1 is removed", func(out string) bool {
		return !strings.Contains(out, "n1 ") && strings.Contains(out, "only n2 and n3 have votes")
	}, status...)
	if r := command(t, append([]string{"cluster", "remove", "n1"}, at...)...); r.code != exitFailed || !strings.Contains(r.stderr, "not part of this cluster") {
		t.Errorf("removing it again: exit code %d, %s", r.code, r.stderr)
	}
	for _, n := range []*served{again, nodes[1], nodes[2]} {
		n.end(t, syscall.SIGTERM)
	}
	for _, store := range stores[1:] {
		succeed(t, "verify", store)
	}
	// Only n3 is left, for ever.
	r := succeed(t, "cluster", "recover", stores[2])
	_, id, _ := strings.Cut(r.stdout, "store ")
	id, _, _ = strings.Cut(id, ",")
	if !strings.Contains(r.stdout, "does not answer") {
		t.Errorf("looking at it says:\n%s", r.stdout)
	}
	if r := command(t, "cluster", "recover", stores[2], "--confirm", "yes"); r.code != exitFailed {
		t.Errorf("it went ahead: %+v", r)
	}
	if r := succeed(t, "cluster", "recover", stores[2], "--confirm", id); !strings.Contains(r.stdout, "serve "+stores[2]) || !strings.Contains(r.stderr, "every invariant holds") {
		t.Errorf("the recovery says:\n%s%s", r.stdout, r.stderr)
	}
	succeed(t, "verify", stores[2])

	// On n2 something is not as it should be: the recovery says so before it is served.
	spoil(t, filepath.Join(stores[1], "shard-000.db"), `UPDATE meta SET next_event = next_event + 3`)
	r = command(t, "cluster", "recover", stores[1], "--confirm", id)
	if r.code != exitFailed || !strings.Contains(r.stderr, "violations") || strings.Contains(r.stdout, "serve ") {
		t.Errorf("recovering what is wrong: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// spoil changes a shard by hand.
func spoil(t *testing.T, path, sql string) {
	t.Helper()
	conn, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Tx().Exec(sql)
	if err == nil {
		_, err = conn.Checkpoint(true)
	}
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestClusterUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"cluster"}, exitUsage, "name what to do"},
		{[]string{"cluster", "grow"}, exitUsage, `"grow"`},
		{[]string{"cluster", "--help"}, exitOK, "remove NODE"},
		{[]string{"cluster", "serve", "d"}, exitUsage, "--as"},
		{[]string{"cluster", "serve", "--help"}, exitOK, "--join ADDRS"},
		{[]string{"cluster", "certs", "d"}, exitUsage, "at least one node"},
		{[]string{"cluster", "certs", "d", "../x"}, exitUsage, "cannot be the name"},
		{[]string{"cluster", "drain"}, exitUsage, "1 operands"},
		{[]string{"cluster", "status", "--certs", "missing"}, exitFailed, "missing"},
		{[]string{"cluster", "invite"}, exitUsage, "one node"},
		{[]string{"cluster", "join", "d"}, exitUsage, "--as"},
		{[]string{"cluster", "join", "d", "--as", "n", "--to", "x"}, exitFailed, "keys are missing"},
		{[]string{"cluster", "audit", "--help"}, exitOK, "Exit code 1"},
		{[]string{"cluster", "upgrade", "--help"}, exitOK, "no way back"},
		{[]string{"cluster", "upgrade", "n1"}, exitUsage, "0 operands"},
		{[]string{"cluster", "recover", "--help"}, exitOK, "--confirm STORE"},
		{[]string{"cluster", "recover"}, exitUsage, "one directory"},
		{[]string{"cluster", "recover", "missing"}, exitFailed, "not a store"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Chdir(t.TempDir())
			r := command(t, test.args...)
			if r.code != test.code || !strings.Contains(r.stdout+r.stderr, test.want) {
				t.Errorf("exit code %d, want %d, with %q:\n%s%s", r.code, test.code, test.want, r.stdout, r.stderr)
			}
		})
	}
}

// TestCertificatesAreRenewed: the authority stays, and so do the names.
func TestCertificatesAreRenewed(t *testing.T) {
	dir := t.TempDir()
	succeed(t, "cluster", "certs", dir, "n1")
	authority, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(filepath.Join(dir, "n1.crt"))
	if err != nil {
		t.Fatal(err)
	}
	succeed(t, "cluster", "certs", dir, "n1", "n2")
	if again, err := os.ReadFile(filepath.Join(dir, "ca.crt")); err != nil || string(again) != string(authority) {
		t.Errorf("there is another authority: %v", err)
	}
	if again, err := os.ReadFile(filepath.Join(dir, "n1.crt")); err != nil || string(again) == string(first) {
		t.Errorf("the certificate is the old one: %v", err)
	}
}
