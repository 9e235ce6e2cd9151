package commerce_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
)

// TestBadDirectory: a directory that is not what this program wrote, or not all
// of it, is refused with an error that names what is wrong, and nothing in it
// is changed for the worse: with the damage undone, everything is there.
func TestBadDirectory(t *testing.T) {
	good := filepath.Join(t.TempDir(), "shop")
	other := filepath.Join(t.TempDir(), "shop")
	for _, dir := range []string{good, other} {
		shop := open(t, dir, commerce.WithShards(2))
		stock(t, shop, "mug", 5)
		must(t, shop.Close())
	}
	replaced := func(name string, change func([]byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			data, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, change(data), 0o600))
		}
	}
	text := func(from, to string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(from), []byte(to), 1) }
	}
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		opts   []commerce.Option
		code   fault.Code
		says   string
	}{
		{name: "a newer store", damage: replaced("store.json", text(`"format": 1`, `"format": 99`)), code: fault.Broken, says: "newer version (format 99"},
		{name: "a newer shard", damage: func(t *testing.T, dir string) { tamper(t, dir, 1, `UPDATE meta SET format = 99`) },
			code: fault.Broken, says: "shard-001.db was written by a newer version (format 99"},
		{name: "a damaged identity", damage: replaced("store.json", text("{", "")), code: fault.Broken, says: "store.json is damaged"},
		{name: "half an identity", damage: replaced("store.json", func(b []byte) []byte { return b[:len(b)/2] }), code: fault.Broken, says: "store.json is damaged"},
		{name: "an empty identity", damage: replaced("store.json", func([]byte) []byte { return nil }), code: fault.Broken, says: "store.json is damaged"},
		{name: "no shards", damage: replaced("store.json", text(`"shards": 2`, `"shards": 0`)), code: fault.Broken, says: "0 shards"},
		{name: "too many shards", damage: replaced("store.json", text(`"shards": 2`, `"shards": 100000`)), code: fault.Broken, says: "100000 shards"},
		{name: "other shards than its own", damage: replaced("store.json", text(`"shards": 2`, `"shards": 4`)), code: fault.Broken, says: "shard-00"},
		{name: "no identity", damage: func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "store.json"))) },
			code: fault.Invalid, says: "is not a store and not empty"},
		{name: "another number of shards", opts: []commerce.Option{commerce.WithShards(3)}, code: fault.Invalid, says: "has 2 shards, not 3"},
		{name: "no keys", damage: func(t *testing.T, dir string) { must(t, os.Remove(dir+".keys")) }, code: fault.NotFound, says: ".keys"},
		{name: "another store's keys", damage: func(t *testing.T, dir string) {
			data, err := os.ReadFile(other + ".keys")
			must(t, err)
			must(t, os.WriteFile(dir+".keys", data, 0o600))
		}, code: fault.Broken, says: "bring back its own keys"},
		{name: "damaged keys", damage: func(t *testing.T, dir string) { must(t, os.WriteFile(dir+".keys", []byte("keys"), 0o600)) },
			code: fault.Broken, says: ".keys"},
		{name: "keys for everybody", damage: func(t *testing.T, dir string) { must(t, os.Chmod(dir+".keys", 0o644)) }, code: fault.Denied, says: "chmod 600"},
		{name: "another store's shard", damage: replaced("shard-001.db", func([]byte) []byte {
			data, err := os.ReadFile(filepath.Join(other, "shard-001.db"))
			must(t, err)
			return data
		}), code: fault.Broken, says: "shard-001.db belongs to store sto_"},
		{name: "another shard", damage: replaced("shard-001.db", func([]byte) []byte {
			data, err := os.ReadFile(filepath.Join(good, "shard-000.db"))
			must(t, err)
			return data
		}), code: fault.Broken, says: "is shard 0 of 2, not 1 of 2"},
		{name: "a shard that is none", damage: replaced("shard-001.db", func(b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) }),
			code: fault.Broken, says: "shard-001.db"},
		{name: "a shard that was cut", damage: replaced("shard-001.db", func(b []byte) []byte { return b[:len(b)/2] }), code: fault.Broken, says: "shard-001.db"},
		{name: "a log that is none", damage: replaced("raft.db", func(b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) }),
			code: fault.Broken, says: "raft.db"},
		{name: "another store's log", damage: replaced("raft.db", func([]byte) []byte {
			data, err := os.ReadFile(filepath.Join(other, "raft.db"))
			must(t, err)
			return data
		}), code: fault.Broken, says: "raft.db"},
		{name: "no log", damage: func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "raft.db"))) }, code: fault.Broken, says: "raft.db"},
		{name: "a log behind a shard", damage: func(t *testing.T, dir string) { tamper(t, dir, 0, `UPDATE meta SET applied = applied + 1000`) },
			code: fault.Broken, says: "raft.db"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := image(t, good)
			if c.damage != nil {
				c.damage(t, dir)
			}
			shop, err := commerce.Open(t.Context(), dir, c.opts...)
			if err == nil {
				shop.Close()
				t.Fatal("it was opened")
			}
			if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v (%v), want %v that says %q", err, fault.CodeOf(err), c.code, c.says)
			}
			// With the damaged files brought back, everything is there.
			for name, data := range files(t, good) {
				if name != "lock" {
					must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
				}
			}
			keys, err := os.ReadFile(good + ".keys")
			must(t, err)
			must(t, os.RemoveAll(dir+".keys"))
			must(t, os.WriteFile(dir+".keys", keys, 0o600))
			shop = commercetest.OpenAt(t, dir, commerce.WithShards(2))
			if l := levelOf(t, shop, "mug"); l.OnHand != 5 || l.Available != 5 {
				t.Errorf("afterwards the stock is %+v", l)
			}
		})
	}
}

// TestForeignDirectory: a store is not made among somebody else's files, and
// leaves them alone.
func TestForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("words"), 0o600))
	_, err := commerce.Open(t.Context(), dir)
	wantCode(t, err, fault.Invalid)
	if err == nil || !strings.Contains(err.Error(), "thesis.txt") || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	for name, data := range files(t, dir) {
		if name != "lock" && (name != "thesis.txt" || string(data) != "words") {
			t.Errorf("%s is there", name)
		}
	}
	_, err = os.Stat(dir + ".keys")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("keys were made: %v", err)
	}

	file := filepath.Join(dir, "thesis.txt")
	_, err = commerce.Open(t.Context(), file)
	wantCode(t, err, fault.Broken)
	if _, err = commerce.Open(t.Context(), ""); err == nil {
		t.Error("a store without a name was opened")
	}
	_, err = commerce.Verify(t.Context(), filepath.Join(dir, "nothing here"))
	wantCode(t, err, fault.NotFound)
	if _, err := os.Stat(filepath.Join(dir, "nothing here")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("to look at a store made it: %v", err)
	}
}

// TestBadOptions are found before anything is touched.
func TestBadOptions(t *testing.T) {
	for name, o := range map[string]commerce.Option{
		"shards below zero": commerce.WithShards(-1), "too many shards": commerce.WithShards(257),
		"cache below zero": commerce.WithCacheBytes(-1), "no logger": commerce.WithLogger((*slog.Logger)(nil)),
		"half a clock": commerce.WithClock(commerce.Clock{}),
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			_, err := commerce.Open(t.Context(), dir, o)
			wantCode(t, err, fault.Invalid)
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the directory was made: %v", err)
			}
		})
	}
}

// TestSecondOpener: a directory belongs to one Store at a time, in this process
// and in any other.
func TestSecondOpener(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop := commercetest.OpenAt(t, dir)
	stock(t, shop, "mug", 5)
	_, err := commerce.Open(t.Context(), dir)
	locked, ok := errors.AsType[*commerce.LockedError](err)
	if !ok || locked.Dir != dir || !errors.Is(err, fault.Unavailable) {
		t.Errorf("in this process: got %v", err)
	}
	_, err = commerce.Verify(t.Context(), dir)
	wantCode(t, err, fault.Unavailable)
	if said := child(t, nil, dir); said != fault.Unavailable.String()+": "+(&commerce.LockedError{Dir: dir}).Error() {
		t.Errorf("in another process: got %q", said)
	}
	if l := levelOf(t, shop, "mug"); l.OnHand != 5 {
		t.Errorf("the first one has the stock %+v", l)
	}
	must(t, shop.Close())
	if said := child(t, nil, dir); said != "open" {
		t.Errorf("once it is closed: got %q", said)
	}
}

// TestReadOnlyDirectory: a store that cannot be written is not opened, and one
// that cannot be made is not made.
func TestReadOnlyDirectory(t *testing.T) {
	root, err := os.MkdirTemp("", "commerce-read-only-") // others must be able to go there
	must(t, err)
	defer os.RemoveAll(root)
	must(t, os.Chmod(root, 0o755))
	dir := filepath.Join(root, "shop")
	shop := open(t, dir)
	stock(t, shop, "mug", 5)
	must(t, shop.Close())
	for name := range files(t, dir) {
		must(t, os.Chmod(filepath.Join(dir, name), 0o444))
	}
	must(t, os.Chmod(dir, 0o555))
	defer os.Chmod(dir, 0o755)
	must(t, os.Chmod(root, 0o555))
	defer os.Chmod(root, 0o755)

	nobody := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // who may write everywhere
		nobody.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		must(t, os.Chown(dir+".keys", 65534, 65534))
	}
	for d, wrong := range map[string]string{dir: "readonly", filepath.Join(root, "another"): "permission denied"} {
		said := child(t, nobody, d)
		if !strings.HasPrefix(said, fault.Broken.String()+": ") || !strings.Contains(said, d) || !strings.Contains(said, wrong) {
			t.Errorf("got %q, which should name %s and say %s", said, d, wrong)
		}
	}
	must(t, os.Chmod(root, 0o755))
	must(t, os.Chmod(dir, 0o755))
	for name := range files(t, dir) {
		must(t, os.Chmod(filepath.Join(dir, name), 0o600))
	}
	shop = commercetest.OpenAt(t, dir, commerce.WithShards(0))
	if l := levelOf(t, shop, "mug"); l.OnHand != 5 {
		t.Errorf("afterwards the stock is %+v", l)
	}
}

const childEnv = "COMMERCE_TEST_OPEN"

// TestChild opens a store in a process of its own: see child.
func TestChild(t *testing.T) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		return // this process is no child
	}
	shop, err := commerce.Open(t.Context(), dir)
	if err != nil {
		fmt.Printf("<%v: %v>\n", fault.CodeOf(err), err)
		return
	}
	fmt.Printf("<open>\n")
	must(t, shop.Close())
}

// child opens a store in another process and returns what became of it. The
// program is reached through its open file, since other users may not be able
// to go where it is.
func child(t *testing.T, as *syscall.SysProcAttr, dir string) string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	program, err := os.Open(self)
	must(t, err)
	defer program.Close()
	cmd := exec.Command("/proc/self/fd/3", "-test.run=^TestChild$")
	cmd.ExtraFiles = []*os.File{program}
	cmd.Dir = "/"
	cmd.Env = []string{childEnv + "=" + dir, "TMPDIR=/tmp"}
	cmd.SysProcAttr = as
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("the child failed: %v\n%s%s", err, &out, &trouble)
	}
	_, said, _ := strings.Cut(out.String(), "<")
	said, _, ok := strings.Cut(said, ">\n")
	if !ok {
		t.Fatalf("the child said %q %q", &out, &trouble)
	}
	return said
}
