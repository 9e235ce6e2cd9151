package durable_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/internal/durable"
)

func TestWriteReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note")
	for _, data := range [][]byte{[]byte("a longer first text"), []byte("short"), {}} {
		if err := durable.Write(path, data); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("got %q, %v; want %q", got, err, data)
		}
	}
	if _, err := os.Stat(path + ".tmp"); !os.IsNotExist(err) {
		t.Errorf("the draft is still there: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAFailedWriteLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note")
	if err := durable.Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path+".tmp", 0o700); err != nil { // the draft cannot be written
		t.Fatal(err)
	}
	if err := durable.Write(path, []byte("new")); err == nil {
		t.Error("no error")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("got %q, %v; want the old text", got, err)
	}
}
