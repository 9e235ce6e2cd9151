package raftlog_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/replication/internal/raftlog"
)

var update = flag.Bool("update", false, "write testdata/format1.db anew; only for a format that nobody uses yet")

// TestFormat1IsReadForEver opens a file that an earlier program has written.
func TestFormat1IsReadForEver(t *testing.T) {
	const golden = "testdata/format1.db"
	want := recs(11, 20, "golden")
	want[3].Type, want[3].Ext, want[4].Term, want[19].Data = 4, []byte("ext"), 2, nil
	marker := raftlog.Marker{Index: 14, Term: 1, Durable: 13, Configuration: []byte("members"), ConfigurationIndex: 2}
	dir := t.TempDir()
	path := filepath.Join(dir, raftlog.Name)
	if *update {
		f := open(t, raftlog.Options{Dir: dir, Store: "s1"})
		l := f.Log(5)
		appendTo(t, l, append(recs(1, 10, "gone"), want...))
		appendTo(t, f.Log(raftlog.MaxGroup), recs(1, 1, "other"))
		if err := errors.Join(l.SetValue("vote", []byte("n9")), l.SetMarker(marker), l.TruncateHead(10)); err != nil {
			t.Fatal(err)
		}
		closed(t, f)
		data, err := os.ReadFile(path)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(golden), 0o755), os.WriteFile(golden, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, raftlog.Options{Dir: dir, Store: "s1"})
	defer closed(t, f)
	l := f.Log(5)
	holds(t, l, want)
	holds(t, f.Log(raftlog.MaxGroup), recs(1, 1, "other"))
	if m := l.Marker(); m.Index != marker.Index || m.Durable != marker.Durable || string(m.Configuration) != "members" || m.ConfigurationIndex != 2 {
		t.Errorf("the marker is %+v, want %+v", m, marker)
	}
	if v := string(l.Value("vote")); v != "n9" {
		t.Errorf("the vote is %q", v)
	}
}
