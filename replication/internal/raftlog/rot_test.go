package raftlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// specimen is a directory with a raft.db in which bits are flipped.
type specimen struct {
	files map[string][]byte
	want  map[uint32][]raftlog.Record
	last  int // size of the last transaction in the -wal, in bytes; what it holds may be lost
	lost  int // records that it holds
}

// newSpecimen makes a file of several groups, one of them truncated. Unless it is closed in order, a WAL of many
// transactions is left behind.
func newSpecimen(t *testing.T, orderly bool) specimen {
	dir := t.TempDir()
	f := open(t, raftlog.Options{Dir: dir})
	s := specimen{files: map[string][]byte{}, want: map[uint32][]raftlog.Record{}}
	for round := range uint64(10) {
		for group := range uint32(3) {
			rs := recs(round*8+1, 8, fmt.Sprint("group ", group))
			appendTo(t, f.Log(group), rs)
			s.want[group] = append(s.want[group], rs...)
		}
	}
	if err := errors.Join(
		f.Log(0).SetMarker(raftlog.Marker{Index: 30, Term: 1, Durable: 30, Configuration: []byte("members")}),
		f.Log(0).TruncateHead(30), f.Log(2).SetValue("vote", []byte("n7")),
	); err != nil {
		t.Fatal(err)
	}
	s.want[0] = s.want[0][30:]
	before := size(t, dir)
	appendTo(t, f.Log(1), recs(81, 3, "group 1"))
	s.want[1] = append(s.want[1], recs(81, 3, "group 1")...)
	s.last, s.lost = size(t, dir)-before, 3
	if orderly {
		closed(t, f)
	}
	for _, name := range []string{"raft.db", "raft.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		s.files[name] = data
	}
	if !orderly {
		closed(t, f)
	}
	return s
}

func size(t *testing.T, dir string) int {
	info, err := os.Stat(filepath.Join(dir, "raft.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

// TestAFlippedBitIsRefusedOrHarmless flips bits everywhere. The file is refused by name, or it holds all it did and
// goes on holding it while it is used.
func TestAFlippedBitIsRefusedOrHarmless(t *testing.T) {
	flips := 120
	if os.Getenv("COMMERCE_LONG") != "" {
		flips = 1000
	}
	vfs := quick(t)
	for _, orderly := range []bool{true, false} {
		s := newSpecimen(t, orderly)
		for name, data := range s.files {
			if len(data) == 0 {
				continue
			}
			r := rand.New(rand.NewPCG(1, uint64(len(data))))
			refused := 0
			for i := range flips {
				at := r.IntN(len(data))
				if i < 100 && i%2 == 0 {
					at = i // the headers
				}
				if s.flip(t, vfs, name, at, 1<<r.IntN(8)) {
					refused++
				}
			}
			t.Logf("closed in order: %v; %s: %d of %d flips refused, the others harmless", orderly, name, refused, flips)
			shadowed := !orderly && name == "raft.db" // the WAL holds nearly every page of it
			if refused < flips/3 && !shadowed {
				t.Errorf("only %d of %d flips were noticed: the check cannot be right", refused, flips)
			}
		}
	}
}

// flip reports whether the file with a flipped bit is refused.
func (s specimen) flip(t *testing.T, vfs, name string, at int, bit byte) bool {
	t.Helper()
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	for n, data := range s.files {
		data = bytes.Clone(data)
		if n == name {
			data[at] ^= bit
		}
		if err := os.WriteFile(filepath.Join(dir, n), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := raftlog.Open(raftlog.Options{Dir: dir, Node: node, VFS: vfs})
	if err != nil {
		if !strings.Contains(err.Error(), filepath.Join(dir, "raft.db")) {
			t.Errorf("byte %d of %s: the error does not name the file: %v", at, name, err)
		}
		return true
	}
	lastTransaction := name == "raft.db-wal" && at >= len(s.files[name])-s.last
	where := fmt.Sprintf("bit %#x of byte %d of %s (%d)", bit, at, name, len(s.files[name]))
	want := map[uint32][]raftlog.Record{0: s.want[0], 1: s.want[1], 2: s.want[2]}
	if lastTransaction && f.Log(1).Last() != want[1][len(want[1])-1].Index {
		want[1] = want[1][:len(want[1])-s.lost] // taken for a torn tail, as it must be
	}
	s.intact(t, f, want, where)
	for group, w := range want {
		more := recs(w[len(w)-1].Index+1, 120, "more")
		appendTo(t, f.Log(group), more)
		want[group] = append(w[:len(w):len(w)], more...)
	}
	closed(t, f)
	f, err = raftlog.Open(raftlog.Options{Dir: dir, Node: node, VFS: vfs})
	if err != nil {
		t.Fatalf("%s: after it has been used: %v", where, err)
	}
	s.intact(t, f, want, where)
	closed(t, f)
	return false
}

func (s specimen) intact(t *testing.T, f *raftlog.File, want map[uint32][]raftlog.Record, where string) {
	t.Helper()
	for group, w := range want {
		if first, last := w[0].Index, w[len(w)-1].Index; f.Log(group).First() != first || f.Log(group).Last() != last {
			t.Fatalf("%s: group %d holds %d to %d, want %d to %d", where, group, f.Log(group).First(), f.Log(group).Last(), first, last)
		}
		holds(t, f.Log(group), w)
	}
	if m := f.Log(0).Marker(); m.Index != 30 || m.Durable != 30 || string(m.Configuration) != "members" {
		t.Fatalf("%s: the marker is %+v", where, m)
	}
	if v := f.Log(2).Value("vote"); string(v) != "n7" {
		t.Fatalf("%s: the vote is %q", where, v)
	}
}

// TestLostRowsAreRefused takes rows away and changes them behind the file's back, which leaves an SQLite file that is
// in order.
func TestLostRowsAreRefused(t *testing.T) {
	s := newSpecimen(t, true)
	for _, change := range []string{
		`DELETE FROM log WHERE id = (SELECT id FROM log ORDER BY id LIMIT 1 OFFSET 60)`,
		`DELETE FROM log WHERE id = (SELECT min(id) FROM log)`,
		`UPDATE log SET term = term + 1 WHERE id = (SELECT max(id) FROM log)`,
		`UPDATE log SET type = 1 WHERE id = (SELECT max(id) FROM log)`,
		`UPDATE log SET at = at + 1 WHERE id = (SELECT max(id) FROM log)`,
		`UPDATE log SET ext = x'00' WHERE id = (SELECT max(id) FROM log)`,
		`UPDATE log SET id = id + (1 << 48) WHERE id >> 48 = 2`,
		`UPDATE head SET first = first + 1 WHERE grp = 0`,
		`UPDATE head SET base = base + 1 WHERE grp = 0`,
		`DELETE FROM snapshot`,
		`UPDATE snapshot SET durable = durable - 1`,
		`UPDATE snapshot SET idx = idx + 1`,
		`UPDATE snapshot SET conf = x'00'`,
		`UPDATE stable SET value = x'00'`,
		`UPDATE stable SET key = 'term'`,
		`UPDATE stable SET grp = 1`,
		`UPDATE meta SET store = 'x'`,
		`DELETE FROM meta`,
		`DROP TABLE stable`,
		`CREATE TABLE more (a)`,
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, raftlog.Name)
		if err := os.WriteFile(path, s.files[raftlog.Name], 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := sqlite.Open(path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Script(`PRAGMA foreign_keys = OFF; ` + change); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		if _, err := c.Checkpoint(true); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := raftlog.Open(raftlog.Options{Dir: dir, Node: node})
		if err == nil {
			closed(t, f)
		}
		if rotten, ok := errors.AsType[*raftlog.RottenError](err); !ok || rotten.Path != path {
			t.Errorf("%s: %v, want a RottenError that names %s", change, err, path)
		}
	}
}

// TestAMissingFileWithAWALIsRefused: SQLite would delete the WAL.
func TestAMissingFileWithAWALIsRefused(t *testing.T) {
	s := newSpecimen(t, false)
	for name, content := range map[string][]byte{"missing": nil, "empty": {}} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "raft.db-wal"), s.files["raft.db-wal"], 0o600); err != nil {
			t.Fatal(err)
		}
		if content != nil {
			if err := os.WriteFile(filepath.Join(dir, "raft.db"), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := raftlog.Open(raftlog.Options{Dir: dir, Node: node})
		if _, ok := errors.AsType[*raftlog.RottenError](err); !ok {
			t.Errorf("%s: %v, want a RottenError", name, err)
		}
	}
}
