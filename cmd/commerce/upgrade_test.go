package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/keelshop/commerce"
	kernel "github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/rig"
	"github.com/keelshop/commerce/shard"
)

// newerProgram makes this test's program the command as it will be when there is one more logic level, as far as serving
// a store goes.
const newerProgram = "newer"

// newerCode is mainCode of the newer program: "commerce cluster serve …", and "commerce verify DIR".
func newerCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	tables := map[uint32]string{shard.MaxLevel + 1: `CREATE TABLE upgrade_test (n INTEGER PRIMARY KEY) STRICT;`}
	newer := commerce.WithRig(rig.Rig{Modules: []kernel.Module{{Name: "upgrade_test", Schema: tables}}})
	var err error
	if os.Args[1] == "verify" {
		err = verifyWith(ctx, os.Args[2], newer)
	} else {
		err = serveNode(ctx, os.Args[3:], os.Stdout, os.Stderr, newer)
	}
	return exitCode(subcommand{name: "newer"}, err, os.Stderr)
}

// verifyWith verifies the store in a directory as a program with these options.
func verifyWith(ctx context.Context, dir string, opts ...commerce.Option) error {
	found, err := commerce.Verify(ctx, dir, opts...)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%v", found)
	}
	return err
}

// buildNewer builds this program as it will be when there is one more logic level.
func buildNewer(t *testing.T) string {
	t.Helper()
	level, err := filepath.Abs(filepath.Join("..", "..", "shard", "level.go"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(level)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	changed, program, overlay := filepath.Join(dir, "level.go"), filepath.Join(dir, "commerce"), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {level: changed}})
	if err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(string(source), "const MaxLevel = 1\n", "const MaxLevel = 2\n", 1)
	if newer == string(source) {
		t.Fatal("the level is not where it was")
	}
	for path, text := range map[string]string{changed: newer, overlay: string(list)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the newer program: %v\n%s", err, out)
	}
	return program
}

// TestOldAndNewProgramsInOneCluster upgrades three processes as docs/operations.md says: drain, stop, start with the new
// program, wait. The level is refused until the last one is new. Then an old program does not open the store any more.
// The newer program is this one, which is told to know more; with COMMERCE_LONG=1 it is built from changed source.
func TestOldAndNewProgramsInOneCluster(t *testing.T) {
	program := self(t)
	if os.Getenv("COMMERCE_LONG") != "" {
		program = buildNewer(t)
	}
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
	for i := range nodes {
		name, other := fmt.Sprint("n", i+1), nodes[(i+1)%3]
		at := []string{"--certs", certs, "--addr", other.addr}
		do := func(what ...string) []string { return append(append([]string{"cluster"}, what...), at...) }
		until(t, "all nodes are up and have votes", func(out string) bool {
			return strings.Count(out, " up ") == 3 && strings.Count(out, "  2       2  ") == 3
		}, do("status")...)
		succeed(t, do("drain", name)...)
		nodes[i].end(t, syscall.SIGTERM)
		nodes[i] = serveWith(t, program, newerProgram, stores[i], "--as", name, "--certs", certs, "--listen", nodes[i].addr)
		until(t, "it is up and knows more", func(out string) bool {
			return strings.Count(out, " up ") == 3 && strings.Count(out, "1 of 2") == i+1
		}, do("status")...)
		r := command(t, "cluster", "upgrade", "--certs", certs, "--addr", nodes[i].addr)
		switch last := i == len(nodes)-1; {
		case !last && (r.code != exitFailed || !strings.Contains(r.stderr, "upgrade it first")):
			t.Errorf("with %d of 3 new programs: exit code %d, %s%s", i+1, r.code, r.stdout, r.stderr)
		case last && r.stdout != "the store is at level 2\n":
			t.Errorf("with new programs only: exit code %d, %s%s", r.code, r.stdout, r.stderr)
		}
	}
	for _, n := range nodes {
		n.end(t, syscall.SIGTERM)
	}
	if r := command(t, "verify", stores[0]); r.code == exitOK || !strings.Contains(r.stderr, "level 2") {
		t.Errorf("the old program opens it: exit code %d, %s%s", r.code, r.stdout, r.stderr)
	}
	for _, store := range stores {
		c := exec.CommandContext(t.Context(), program, "verify", store)
		c.Env = append(os.Environ(), mainVariable+"="+newerProgram)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v, %s", store, err, out)
		}
	}
}
