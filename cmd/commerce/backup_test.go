package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRestoreIntoAnEmptyCluster: a node that runs is backed up over the
// network; the backup is listed and verified, and becomes the first node of a
// cluster that another one joins.
func TestRestoreIntoAnEmptyCluster(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	succeed(t, "cluster", "certs", at("certs"), "n1", "r1", "r2", "operator")
	first := serve(t, at("n1"), "--as", "n1", "--certs", at("certs"), "--listen", "127.0.0.1:0", "--shards", "2")
	to := strings.TrimSpace(succeed(t, "backup", "key", at("backup.key")).stdout)
	if r := command(t, "backup", "key", at("backup.key")); r.code != exitFailed {
		t.Errorf("a key was written over: %+v", r)
	}
	ask := []string{"--addr", first.addr, "--certs", at("certs")}
	create := append([]string{"backup", "create", at("backups"), "--to", to}, ask...)
	if r := command(t, create...); r.code != exitUsage || !strings.Contains(r.stderr, "--without-keys") {
		t.Errorf("without keys: %+v", r)
	}
	succeed(t, append(create, "--keys", at("n1.keys"))...)
	succeed(t, append(create, "--keys", at("n1.keys"))...)
	list := strings.Split(strings.TrimSpace(succeed(t, "backup", "list", at("backups")).stdout), "\n")
	if len(list) != 3 {
		t.Fatalf("it lists %q", list)
	}
	older, _, _ := strings.Cut(list[2], " ")
	if r := succeed(t, "backup", "verify", at("backups"), older, "--key", at("backup.key")); !strings.Contains(r.stdout, "sound") {
		t.Errorf("it says %q", r.stdout)
	}
	first.end(t, syscall.SIGTERM)

	succeed(t, "backup", "restore", at("backups"), at("r1"), "--key", at("backup.key"), "--as", "r1")
	keys, err := os.ReadFile(at("r1.keys"))
	if err = errors.Join(err, os.WriteFile(at("r2.keys"), keys, 0o600)); err != nil {
		t.Fatal(err)
	}
	r1 := serve(t, at("r1"), "--as", "r1", "--certs", at("certs"), "--listen", "127.0.0.1:0", "--invite-only")
	token := strings.TrimSpace(succeed(t, "cluster", "invite", "r2", "--addr", r1.addr, "--certs", at("certs")).stdout)
	join := []string{"cluster", "join", at("r2"), "--as", "r2", "--certs", at("certs"), "--listen", "127.0.0.1:0", "--to", r1.addr}
	if r := command(t, join...); r.code != exitFailed || !strings.Contains(r.stderr, "by invitation only") {
		t.Errorf("without a token: %+v", r)
	}
	succeed(t, append(join, "--token", token)...)
	r2 := serve(t, at("r2"), "--as", "r2", "--certs", at("certs"), "--listen", "127.0.0.1:0", "--join", r1.addr, "--invite-only")
	until(t, "both nodes are there", func(out string) bool {
		return strings.Count(out, " up ") == 2
	}, "cluster", "status", "--addr", r2.addr, "--certs", at("certs"))

	// The store that was backed up goes on elsewhere; its nodes are strangers.
	again := serve(t, at("n1"), "--as", "n1", "--certs", at("certs"), "--listen", "127.0.0.1:0", "--join", r1.addr)
	if r := succeed(t, "cluster", "status", "--addr", again.addr, "--certs", at("certs")); strings.Contains(r.stdout, "r1") {
		t.Errorf("the old store knows a new node:\n%s", r.stdout)
	}
	again.end(t, syscall.SIGTERM)
	r2.end(t, syscall.SIGTERM)
	r1.end(t, syscall.SIGTERM)
	for _, node := range []string{"n1", "r1", "r2"} {
		succeed(t, "verify", at(node))
	}
}

// TestBackupOfADirectory: with --dir the keys are found beside it.
func TestBackupOfADirectory(t *testing.T) {
	dir := t.TempDir()
	shop := filepath.Join(dir, "shop")
	products := filepath.Join(dir, "products.csv")
	if err := os.WriteFile(products, []byte("slug,sku,name,price,currency,status\nmug,MUG,Mug,9.50,USD,active\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	succeed(t, "import", "--dir", shop, products)
	key := filepath.Join(dir, "backup.key")
	succeed(t, "backup", "key", key)
	succeed(t, "backup", "create", filepath.Join(dir, "backups"), "--key", key, "--dir", shop)
	succeed(t, "backup", "restore", filepath.Join(dir, "backups"), filepath.Join(dir, "again"), "--key", key)
	for _, name := range []string{"shop", "again"} {
		succeed(t, "export", "--dir", filepath.Join(dir, name), filepath.Join(dir, name+".jsonl"))
	}
	one, err1 := os.ReadFile(filepath.Join(dir, "shop.jsonl"))
	two, err2 := os.ReadFile(filepath.Join(dir, "again.jsonl"))
	if err1 != nil || err2 != nil || len(one) == 0 || string(one) != string(two) {
		t.Errorf("the catalogue came back otherwise: %d bytes, and %d, %v, %v", len(one), len(two), err1, err2)
	}
}

func TestBackupUsage(t *testing.T) {
	for _, args := range [][]string{
		{"backup"}, {"backup", "sell"}, {"backup", "key"}, {"backup", "list"}, {"backup", "create"},
		{"backup", "create", t.TempDir()}, {"backup", "create", t.TempDir(), "--to", "nobody"},
		{"backup", "verify"}, {"backup", "verify", t.TempDir()}, {"backup", "restore", t.TempDir()},
		{"backup", "restore", t.TempDir(), "dir"},
	} {
		if r := command(t, args...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
	for _, args := range [][]string{
		{"backup", "--help"}, {"backup", "key", "--help"}, {"backup", "create", "--help"}, {"backup", "list", "--help"},
		{"backup", "verify", "--help"}, {"backup", "restore", "--help"},
	} {
		if r := command(t, args...); r.code != exitOK || !strings.Contains(r.stdout, "Usage: ") {
			t.Errorf("%q: %+v", args, r)
		}
	}
}
