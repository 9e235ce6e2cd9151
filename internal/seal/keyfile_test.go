package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// keysIn returns the master key and the first epoch's key of a key file.
func keysIn(t testing.TB, path string) (master, epoch []byte) {
	t.Helper()
	for line := range strings.Lines(string(readFile(t, path))) {
		words := strings.Fields(line)
		key, err := base64.StdEncoding.DecodeString(words[len(words)-1])
		switch {
		case err == nil && words[0] == "master":
			master = key
		case err == nil && words[0] == "epoch" && epoch == nil:
			epoch = key
		}
	}
	if len(master) != 32 || len(epoch) != 32 {
		t.Fatalf("no keys in %s", path)
	}
	return master, epoch
}

func filesBeside(t testing.TB, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestKeyFileIsPrivateAndComesBack(t *testing.T) {
	ring, path := newRing(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("made with mode %v, %v", info.Mode(), err)
	}
	_, wrapped := newKey(t, newSealer(t, store, ring), subject)
	if _, err := ring.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	info, err = os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("rewritten with mode %v, %v", info.Mode(), err)
	}
	if names := filesBeside(t, path); !slices.Equal(names, []string{"shop.keys"}) {
		t.Errorf("left behind: %v", names)
	}

	again, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := again.Epoch(t.Context()); err != nil || e != 2 {
		t.Errorf("opened at epoch %d, %v", e, err)
	}
	if _, err := newSealer(t, store, again).OpenKey(t.Context(), subject, wrapped); err != nil {
		t.Errorf("a key from before does not open: %v", err)
	}
}

func TestKeyFileModes(t *testing.T) {
	_, path := newRing(t)
	for mode := os.FileMode(0); mode <= 0o777; mode++ {
		if mode&0o400 == 0 {
			continue // unreadable to its owner, though not to root
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := seal.OpenKeyFile(path)
		if mode == 0o400 || mode == 0o600 {
			if err != nil {
				t.Errorf("mode %04o: %v", mode, err)
			}
			continue
		}
		wantCode(t, err, fault.Denied)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), fmt.Sprintf("%04o", mode)) {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

func TestKeyFileIsNeverReplacedOrInvented(t *testing.T) {
	_, path := newRing(t)
	before := readFile(t, path)
	_, err := seal.CreateKeyFile(path)
	wantCode(t, err, fault.Conflict)
	if !bytes.Equal(readFile(t, path), before) {
		t.Error("a second creation changed the file")
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err = seal.OpenKeyFile(path)
	wantCode(t, err, fault.NotFound)
	if names := filesBeside(t, path); len(names) != 0 {
		t.Errorf("opening a lost file made %v", names)
	}
	_, err = seal.CreateKeyFile(filepath.Join(path, "nowhere", "shop.keys"))
	wantCode(t, err, fault.Broken)
	_, err = seal.OpenKeyFile(filepath.Dir(path))
	wantCode(t, err, fault.Broken)
}

func TestKeyFileCreationRace(t *testing.T) {
	for range 15 {
		path := filepath.Join(t.TempDir(), "shop.keys")
		rings, errs := make([]*seal.KeyFile, 4), make([]error, 4)
		start := make(chan struct{})
		var group sync.WaitGroup
		for i := range rings {
			group.Go(func() {
				<-start
				rings[i], errs[i] = seal.CreateKeyFile(path)
				for fault.CodeOf(errs[i]) == fault.Unavailable { // another is at it: insist, to meet its last moment
					rings[i], errs[i] = seal.CreateKeyFile(path)
				}
			})
		}
		close(start)
		group.Wait()

		var winner *seal.KeyFile
		for i, err := range errs {
			if err == nil && winner != nil {
				t.Fatal("two creations succeeded")
			}
			if err == nil {
				winner = rings[i]
				continue
			}
			wantCode(t, err, fault.Conflict)
		}
		if winner == nil {
			t.Fatalf("no creation succeeded: %v", errs)
		}
		opened, err := seal.OpenKeyFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if newSealer(t, store, opened).Fingerprint() != newSealer(t, store, winner).Fingerprint() {
			t.Fatal("the file is not the winner's")
		}
		if names := filesBeside(t, path); len(names) != 1 {
			t.Fatalf("left behind: %v", names)
		}
	}
}

// TestWhoIsChangingTheKeysIsNotDisturbed: a draft that somebody has locked stops other changes, and no reads.
func TestWhoIsChangingTheKeysIsNotDisturbed(t *testing.T) {
	ring, path := newRing(t)
	draft := path + ".new"
	writeFile(t, draft, []byte("half a fi"))
	other := flock.New(draft)
	if locked, err := other.TryLock(); err != nil || !locked {
		t.Fatal(locked, err)
	}
	_, err := ring.AddEpoch()
	wantCode(t, err, fault.Unavailable)
	if err == nil || !strings.Contains(err.Error(), draft) {
		t.Errorf("the draft is not named: %v", err)
	}
	if _, err := seal.OpenKeyFile(path); err != nil {
		t.Errorf("open beside a draft: %v", err)
	}
	_, err = seal.CreateKeyFile(path)
	wantCode(t, err, fault.Conflict)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	_, err = seal.CreateKeyFile(path)
	wantCode(t, err, fault.Unavailable)
	if string(readFile(t, draft)) != "half a fi" {
		t.Error("the draft of another was touched")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestADraftOfTheDeadIsWrittenOver: a process that is killed while it writes keys stops nobody after it, and nothing of
// its draft is left.
func TestADraftOfTheDeadIsWrittenOver(t *testing.T) {
	ring, path := newRing(t)
	draft := path + ".new"
	writeFile(t, draft, bytes.Repeat([]byte("half a file "), 1000))
	if err := os.Chmod(draft, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenKeyFile(path); err != nil {
		t.Error(err)
	}
	if names := filesBeside(t, path); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
	if err := os.Symlink(path, draft); err != nil {
		t.Fatal(err)
	}
	_, err := ring.AddEpoch()
	wantCode(t, err, fault.Conflict)
	if _, err := seal.OpenKeyFile(path); err != nil {
		t.Errorf("what a link led to: %v", err)
	}
}

func TestEpochsAreAddedAndDroppedInOrder(t *testing.T) {
	ring, path := newRing(t)
	wantCode(t, ring.DropEpoch(1), fault.Refused)
	for want := seal.Epoch(2); want <= 4; want++ {
		if e, err := ring.AddEpoch(); err != nil || e != want {
			t.Fatalf("got epoch %d, %v, want %d", e, err, want)
		}
	}
	_, first := keysIn(t, path)
	for _, e := range []seal.Epoch{1, 3, 3, 99} {
		if err := ring.DropEpoch(e); err != nil {
			t.Fatalf("drop %d: %v", e, err)
		}
	}
	wantCode(t, ring.DropEpoch(4), fault.Refused)
	if bytes.Contains(readFile(t, path), []byte(base64.StdEncoding.EncodeToString(first))) {
		t.Error("the key of a dropped epoch is still in the file")
	}
	if e, err := ring.AddEpoch(); err != nil || e != 5 {
		t.Errorf("got epoch %d, %v, want 5", e, err)
	}
}

func TestConcurrentChangesLoseNoEpoch(t *testing.T) {
	ring, path := newRing(t)
	s := newSealer(t, store, ring)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 5 {
				if _, err := ring.AddEpoch(); err != nil {
					t.Error(err)
				}
				_, wrapped, err := s.NewKey(t.Context(), subject)
				if err != nil {
					t.Error(err)
				}
				if _, err := s.OpenKey(t.Context(), subject, wrapped); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := bytes.Count(readFile(t, path), []byte("\nepoch ")); n != 21 {
		t.Errorf("the file has %d epochs, want 21", n)
	}
}

func TestARunningRingTakesUpANewerFile(t *testing.T) {
	ring, path := newRing(t)
	elsewhere, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := elsewhere.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	_, wrapped := newKey(t, newSealer(t, store, elsewhere), subject)
	if _, err := newSealer(t, store, ring).OpenKey(t.Context(), subject, wrapped); err != nil {
		t.Errorf("a key of the new epoch does not open: %v", err)
	}
	if e, err := ring.AddEpoch(); err != nil || e != 3 {
		t.Errorf("got epoch %d, %v, want 3", e, err)
	}
}

func TestARunningRingRefusesAnOlderOrForeignFile(t *testing.T) {
	ring, path := newRing(t)
	one := readFile(t, path)
	refuse := func(name string, content []byte) {
		t.Helper()
		good := readFile(t, path)
		writeFile(t, path, content)
		if _, err := ring.AddEpoch(); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: add an epoch: %v", name, err)
		}
		if _, err := ring.Unwrap(t.Context(), 99, nil, nil); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%s: look for a new epoch: %v", name, err)
		}
		if !bytes.Equal(readFile(t, path), content) || len(filesBeside(t, path)) != 1 {
			t.Errorf("%s: files were changed", name)
		}
		writeFile(t, path, good)
	}

	if _, err := ring.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	two := readFile(t, path)
	refuse("older", one)
	if err := ring.DropEpoch(1); err != nil {
		t.Fatal(err)
	}
	refuse("older than the drop", two)
	refuse("much older", one)
	refuse("another second epoch", grown(t, one, 1, 0))
	refuse("foreign", grown(t, nil, 1, 0))
	refuse("foreign and newer", grown(t, nil, 3, 3))
	if e, err := ring.AddEpoch(); err != nil || e != 3 {
		t.Errorf("got epoch %d, %v, want 3", e, err)
	}
}

// grown returns a key file that began as content, or new if that is nil, with epochs added and then dropped.
func grown(t *testing.T, content []byte, add, drop int) []byte {
	t.Helper()
	_, path := newRing(t)
	if content != nil {
		writeFile(t, path, content)
	}
	ring, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range add {
		if _, err := ring.AddEpoch(); err != nil {
			t.Fatal(err)
		}
	}
	for e := range drop {
		if err := ring.DropEpoch(seal.Epoch(e + 1)); err != nil {
			t.Fatal(err)
		}
	}
	return readFile(t, path)
}

func TestALinkedKeyFileIsReadAndNotReplaced(t *testing.T) {
	_, path := newRing(t)
	link := filepath.Join(t.TempDir(), "shop.keys")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	ring, err := seal.OpenKeyFile(link)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ring.AddEpoch()
	wantCode(t, err, fault.Conflict)
	_, err = seal.CreateKeyFile(link)
	wantCode(t, err, fault.Conflict)
}

func TestEveryChangedByteOfAKeyFileIsDetected(t *testing.T) {
	_, path := newRing(t)
	data := readFile(t, path)
	for i := range data {
		for x := 1; x < 256; x++ {
			bad := slices.Clone(data)
			bad[i] ^= byte(x)
			if _, err := seal.RecodeKeyFile(bad); fault.CodeOf(err) != fault.Broken {
				t.Fatalf("byte %d changed from %q to %q: %v", i, data[i], bad[i], err)
			}
		}
		if _, err := seal.RecodeKeyFile(data[:i]); fault.CodeOf(err) != fault.Broken {
			t.Fatalf("cut to %d of %d bytes: %v", i, len(data), err)
		}
	}
	if out, err := seal.RecodeKeyFile(data); err != nil || !bytes.Equal(out, data) {
		t.Errorf("unchanged: %v", err)
	}
}

func TestADamagedKeyFileIsNamed(t *testing.T) {
	_, path := newRing(t)
	data := readFile(t, path)
	master, _ := keysIn(t, path)
	for name, test := range map[string]struct {
		content []byte
		says    string
	}{
		"empty":      {nil, "damaged"},
		"truncated":  {data[:len(data)-30], "damaged"},
		"edited":     {bytes.Replace(data, []byte("Keep a copy"), []byte("Kept a copy"), 1), "damaged"},
		"appended":   {append(slices.Clone(data), '\n'), "damaged"},
		"huge":       {make([]byte, 2<<20), "larger"},
		"the future": {bytes.Replace(data, []byte("keys 1\n"), []byte("keys 2\n"), 1), "upgrade"},
	} {
		t.Run(name, func(t *testing.T) {
			writeFile(t, path, test.content)
			_, err := seal.OpenKeyFile(path)
			wantCode(t, err, fault.Broken)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), base64.StdEncoding.EncodeToString(master)) {
				t.Errorf("the error shows a key: %v", err)
			}
		})
	}
}

// TestAnEditWithANewChecksumIsDetected: the checksum is no secret, so what it covers must be right in itself.
func TestAnEditWithANewChecksumIsDetected(t *testing.T) {
	ring, path := newRing(t)
	if _, err := ring.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(readFile(t, path)), "\n")
	lines = lines[:len(lines)-2] // without the checksum and the rest after the last line end
	const first, note, master, one, two = 0, 1, 3, 4, 5
	if out, err := seal.RecodeKeyFile(withChecksum(lines)); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	for name, edit := range map[string]func([]string) []string{
		"no master":       func(l []string) []string { return slices.Delete(l, master, master+1) },
		"two masters":     func(l []string) []string { return slices.Insert(l, master, l[master]) },
		"no epochs":       func(l []string) []string { return l[:one] },
		"swapped epochs":  func(l []string) []string { l[one], l[two] = l[two], l[one]; return l },
		"repeated epoch":  func(l []string) []string { return append(l, l[two]) },
		"epoch 0":         replace(one, "epoch 1", "epoch 0"),
		"epoch 01":        replace(one, "epoch 1", "epoch 01"),
		"epoch too large": replace(two, "epoch 2", "epoch 4294967296"),
		"short key":       func(l []string) []string { l[one] = "epoch 1 AAAA\n"; return l },
		"line end":        replace(one, "\n", "\r\n"),
		"two spaces":      replace(one, " ", "  "),
		"unknown line":    func(l []string) []string { return append(l, "colour blue\n") },
		"own note":        func(l []string) []string { return append(l, "# mine\n") },
		"no note":         func(l []string) []string { return slices.Delete(l, note, note+1) },
		"version 01":      replace(first, " 1", " 01"),
		"version 0":       replace(first, " 1", " 0"),
		"other magic":     replace(first, "commerce", "Commerce"),
	} {
		if _, err := seal.RecodeKeyFile(withChecksum(edit(slices.Clone(lines)))); fault.CodeOf(err) != fault.Broken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func replace(line int, old, new string) func([]string) []string {
	return func(l []string) []string {
		l[line] = strings.Replace(l[line], old, new, 1)
		return l
	}
}

func withChecksum(lines []string) []byte {
	body := strings.Join(lines, "")
	return fmt.Appendf(nil, "%ssha256 %x\n", body, sha256.Sum256([]byte(body)))
}
