package replication

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hashicorp/raft"
)

func TestCopiesAreChecked(t *testing.T) {
	dir := t.TempDir()
	raw, path, back := filepath.Join(dir, "raw"), filepath.Join(dir, "copy"), filepath.Join(dir, "back")
	content := bytes.Repeat([]byte("what a machine holds. "), 1000)
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		t.Fatal(err)
	}
	head := copyHead{
		Store: "s", Group: 3, Index: 90, Term: 4, Applied: 88, ConfigurationIndex: 1,
		Configuration: raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{{ID: "a", Address: "a"}}}),
	}
	if err := writeCopy(path, head, raw, func(int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	got, err := checkCopy(path)
	if err != nil || !reflect.DeepEqual(got, head) {
		t.Fatalf("the head came back as %+v, %v", got, err)
	}
	if err := unpackCopy(path, back); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d other bytes came back, %v", len(got), err)
	}
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(packed); i++ {
		bad := bytes.Clone(packed)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := checkCopy(path); err == nil {
			t.Errorf("a flipped bit in byte %d of %d goes unnoticed", i, len(packed))
		}
	}
	for _, n := range []int{0, 10, len(packed) / 2, len(packed) - 1} {
		if err := os.WriteFile(path, packed[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := checkCopy(path); err == nil {
			t.Errorf("a copy of %d of %d bytes is taken for a whole one", n, len(packed))
		}
	}
}

func FuzzCopyHead(f *testing.F) {
	var b bytes.Buffer
	if err := writeHead(&b, copyHead{Store: "s", Configuration: raft.EncodeConfiguration(raft.Configuration{})}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		head, err := readHead(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := writeHead(&out, head); err != nil {
			t.Fatal(err)
		}
		if again, err := readHead(&out); err == nil && !reflect.DeepEqual(again, head) && len(head.Configuration) > 0 {
			t.Errorf("%+v came back as %+v", head, again)
		}
	})
}

// TestPackingAsksForRoom: what is packed is written only as far as the disk has room for it.
func TestPackingAsksForRoom(t *testing.T) {
	dir := t.TempDir()
	raw, path := filepath.Join(dir, "raw"), filepath.Join(dir, "copy")
	content := make([]byte, 5<<20)
	rand.NewChaCha8([32]byte{}).Read(content) // it does not become smaller
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	left := int64(3 << 20)
	err := writeCopy(path, copyHead{}, raw, func(bytes int64) error {
		if left -= bytes; left < 0 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 3<<20 {
		t.Errorf("it has written %d bytes, %v", info.Size(), err)
	}
}
