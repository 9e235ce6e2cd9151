package assets_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// hello is the SHA-256 of "hello", from FIPS 180's own test tools.
const hello = assets.ID("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

func TestPutOpenRemove(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "assets")
	d := assets.Dir(dir)
	defer d.Close()
	if _, err := d.Open(t.Context(), hello); !errors.As(err, new(*assets.NotFoundError)) {
		t.Fatalf("from nothing: %v", err)
	}
	if err := d.Remove(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	if len(files(t, dir)) > 0 {
		t.Fatal("looking made files")
	}
	for range 2 {
		id, err := d.Put(t.Context(), strings.NewReader("hello"))
		if err != nil || id != hello {
			t.Fatalf("got %s, %v", id, err)
		}
	}
	if got := files(t, dir); len(got) != 1 || got[0] != "2c/"+string(hello) {
		t.Fatalf("there are %v", got)
	}
	f, err := d.Open(t.Context(), hello)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(1, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); string(text) != "ello" || err != nil || f.Size() != 5 || f.Close() != nil {
		t.Fatalf("got %q, %v", text, err)
	}
	if _, err := d.Open(t.Context(), hello); fault.CodeOf(err) != fault.NotFound {
		t.Fatal(err)
	}
}

func TestNothingIsHalfDone(t *testing.T) {
	dir := t.TempDir()
	d := assets.Dir(dir)
	defer d.Close()
	broken := errors.New("the line broke")
	if _, err := d.Put(t.Context(), io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Put(ctx, strings.NewReader("hello")); fault.CodeOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) > 0 {
		t.Fatalf("left behind: %v", got)
	}
}

func TestDraftsOfACrashGoAway(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "drafts"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "drafts", "half"), []byte("hel"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := assets.Dir(dir)
	defer d.Close()
	if _, err := d.Open(t.Context(), hello); fault.CodeOf(err) != fault.NotFound {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) > 0 {
		t.Fatalf("left behind: %v", got)
	}
}

func TestNoWayOut(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, string(hello)), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "2c")); err != nil {
		t.Fatal(err)
	}
	d := assets.Dir(dir)
	defer d.Close()
	if f, err := d.Open(t.Context(), hello); err == nil {
		f.Close()
		t.Error("a symbolic link leads out")
	}
	if _, err := d.Put(t.Context(), strings.NewReader("hello")); err == nil {
		t.Error("a file was written outside")
	}
	for _, id := range []assets.ID{"", "../x", assets.ID(strings.Repeat("A", 64)), hello[1:]} {
		if _, err := d.Open(t.Context(), id); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", id, err)
		}
		if err := d.Remove(t.Context(), id); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	d := assets.Dir(t.TempDir())
	defer d.Close()
	content := bytes.Repeat([]byte("x"), 100_000)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			id, err := d.Put(t.Context(), bytes.NewReader(content))
			if err != nil {
				t.Error(err)
				return
			}
			f, err := d.Open(t.Context(), id)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, content) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
	wait.Wait()
}
