package raftlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication/internal/raftlog"
	"pgregory.net/rapid"
)

const node = "n1"

// open opens the file in dir and closes it at the end of the test, unless the test has done so.
func open(t failer, o raftlog.Options) *raftlog.File {
	t.Helper()
	if _, measured := t.(*testing.B); !measured {
		faultvfs.Unsynced()
	}
	if o.Node == "" {
		o.Node = node
	}
	f, err := raftlog.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func closed(t failer, f *raftlog.File) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// recs returns n records from an index on, whose content tells the index and the version.
func recs(from uint64, n int, version string) []raftlog.Record {
	out := make([]raftlog.Record, n)
	for i := range out {
		index := from + uint64(i)
		out[i] = raftlog.Record{
			Index: index, Term: 1, At: 1_700_000_000_000_000 + int64(index),
			Data: fmt.Appendf(nil, "%s %d %s", version, index, bytes.Repeat([]byte("x"), int(index%7)*100)),
		}
	}
	return out
}

// quick returns the name of a VFS that does not sync, for tests that reopen files many times.
func quick(t *testing.T) string {
	fs := faultvfs.New(t.Name())
	t.Cleanup(fs.Close)
	return fs.Name()
}

// failer is what the helpers below need of a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func appendTo(t failer, l *raftlog.Log, rs []raftlog.Record) {
	t.Helper()
	if err := l.Append(rs); err != nil {
		t.Fatal(err)
	}
}

// holds checks that the log consists of exactly these records.
func holds(t failer, l *raftlog.Log, want []raftlog.Record) {
	t.Helper()
	if len(want) == 0 {
		if l.First() != 0 || l.Last() != 0 {
			t.Fatalf("the log holds %d to %d, want nothing", l.First(), l.Last())
		}
		return
	}
	if l.First() != want[0].Index || l.Last() != want[len(want)-1].Index {
		t.Fatalf("the log holds %d to %d, want %d to %d", l.First(), l.Last(), want[0].Index, want[len(want)-1].Index)
	}
	for _, w := range want {
		got, err := l.Get(w.Index)
		if err != nil {
			t.Fatal(err)
		}
		if !same(got, w) {
			t.Fatalf("index %d is %+v, want %+v", w.Index, got, w)
		}
	}
	for _, index := range []uint64{want[0].Index - 1, want[len(want)-1].Index + 1} {
		if _, err := l.Get(index); !errors.Is(err, raftlog.ErrNotFound) {
			t.Fatalf("index %d: %v, want ErrNotFound", index, err)
		}
	}
}

func same(a, b raftlog.Record) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && a.At == b.At &&
		bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Ext, b.Ext)
}

func TestWhatWasAppendedIsThereAgain(t *testing.T) {
	dir := t.TempDir()
	f := open(t, raftlog.Options{Dir: dir, Store: "s1"})
	want := map[uint32][]raftlog.Record{}
	for group := range uint32(3) {
		first := raftlog.Record{Index: 1, Term: 1, Type: 5, Data: []byte("members")}
		if err := f.Log(group).Bootstrap(first, map[string][]byte{"term": {1}}); err != nil {
			t.Fatal(err)
		}
		want[group] = append([]raftlog.Record{first}, recs(2, 400, "a")...) // more than memory keeps
		want[group][7].Ext = []byte("extension")
		want[group][8].Data = nil
		appendTo(t, f.Log(group), want[group][1:100])
		appendTo(t, f.Log(group), want[group][100:])
	}
	if err := f.Log(1).SetValue("vote", []byte("n2")); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		for group, w := range want {
			holds(t, f.Log(group), w)
		}
		if got := f.Log(1).Value("vote"); string(got) != "n2" {
			t.Errorf("vote = %q", got)
		}
		if got := f.Log(2).Value("vote"); got != nil {
			t.Errorf("another group's vote = %q", got)
		}
		if got := f.Log(2).Value("term"); !bytes.Equal(got, []byte{1}) {
			t.Errorf("term = %v", got)
		}
		closed(t, f)
		if i == 0 {
			f = open(t, raftlog.Options{Dir: dir, Store: "s1"})
		}
	}
}

func TestAnothersFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	closed(t, open(t, raftlog.Options{Dir: dir, Store: "s1"}))
	for _, o := range []raftlog.Options{{Node: "n2", Store: "s1"}, {Node: node, Store: "s2"}} {
		o.Dir = dir
		f, err := raftlog.Open(o)
		if err == nil {
			closed(t, f)
		}
		if !errors.Is(err, fault.Broken) {
			t.Errorf("%+v: %v, want fault.Broken", o, err)
		}
	}
	closed(t, open(t, raftlog.Options{Dir: dir}))
}

func TestNonsenseStopsTheFile(t *testing.T) {
	covered := raftlog.Marker{Index: 10, Term: 1, Durable: 10}
	for name, ask := range map[string]func(*raftlog.Log) error{
		"a gap":                            func(l *raftlog.Log) error { return l.Append(recs(23, 1, "a")) },
		"an index again":                   func(l *raftlog.Log) error { return l.Append(recs(20, 1, "a")) },
		"indexes out of order":             func(l *raftlog.Log) error { r := recs(21, 2, "a"); r[1].Index = 23; return l.Append(r) },
		"nothing":                          func(l *raftlog.Log) error { return l.Append(nil) },
		"a second start":                   func(l *raftlog.Log) error { return l.Bootstrap(recs(1, 1, "a")[0], nil) },
		"deleting without a marker":        func(l *raftlog.Log) error { return l.TruncateHead(1) },
		"deleting above the marker":        func(l *raftlog.Log) error { return errors.Join(l.SetMarker(covered), l.TruncateHead(11)) },
		"a marker over a command":          func(l *raftlog.Log) error { return l.SetMarker(raftlog.Marker{Index: 10, Term: 1, Durable: 9}) },
		"a marker that is ahead of itself": func(l *raftlog.Log) error { return l.SetMarker(raftlog.Marker{Index: 10, Term: 1, Durable: 11}) },
		"a marker that goes back": func(l *raftlog.Log) error {
			return errors.Join(l.SetMarker(covered), l.SetMarker(raftlog.Marker{Index: 9, Term: 1, Durable: 9}))
		},
		"deleting a tail that is not there": func(l *raftlog.Log) error { return l.TruncateTail(21) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var told error
			f := open(t, raftlog.Options{Dir: dir, Failed: func(err error) { told = err }})
			appendTo(t, f.Log(1), recs(1, 20, "a"))
			err := ask(f.Log(1))
			if _, ok := errors.AsType[*raftlog.MisuseError](err); !ok {
				t.Fatalf("%v, want a MisuseError", err)
			}
			if told == nil || f.Err() == nil {
				t.Error("the file has not stopped")
			}
			if err := f.Log(2).Append(recs(1, 1, "a")); !errors.Is(err, f.Err()) {
				t.Errorf("a stopped file says %v", err)
			}
			closed(t, f)
			f = open(t, raftlog.Options{Dir: dir})
			holds(t, f.Log(1), recs(1, 20, "a"))
			closed(t, f)
		})
	}
}

func TestNoCommandIsAllowedBehindTheDurableIndex(t *testing.T) {
	f := open(t, raftlog.Options{Dir: t.TempDir()})
	defer closed(t, f)
	l := f.Log(1)
	rs := recs(1, 10, "a")
	rs[8].Type, rs[9].Type = 1, 4 // what carries nothing for a machine
	appendTo(t, l, rs)
	if err := l.SetMarker(raftlog.Marker{Index: 10, Term: 1, Durable: 8}); err != nil {
		t.Fatal(err)
	}
	if err := l.TruncateHead(10); err != nil {
		t.Fatal(err)
	}
	holds(t, l, nil)
	appendTo(t, l, recs(11, 3, "b"))
	holds(t, l, recs(11, 3, "b"))
}

func TestANewChainBehindAReceivedSnapshot(t *testing.T) {
	dir := t.TempDir()
	f := open(t, raftlog.Options{Dir: dir})
	l := f.Log(1)
	appendTo(t, l, recs(1, 5, "a"))
	if err := errors.Join(l.SetMarker(raftlog.Marker{Index: 100, Term: 2, Durable: 100}), l.TruncateHead(5)); err != nil {
		t.Fatal(err)
	}
	appendTo(t, l, recs(101, 5, "b"))
	holds(t, l, recs(101, 5, "b"))
	closed(t, f)
	f = open(t, raftlog.Options{Dir: dir})
	holds(t, f.Log(1), recs(101, 5, "b"))
	closed(t, f)
}

// TestLogIsLikeASlice runs random sequences of changes and restarts beside a model.
func TestLogIsLikeASlice(t *testing.T) {
	vfs := quick(t)
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		f := open(t, raftlog.Options{Dir: dir, VFS: vfs})
		defer func() { f.Close() }()
		model := []raftlog.Record{}
		next, marker := uint64(1), uint64(0)
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				n := rapid.IntRange(1, 40).Draw(rt, "n")
				rs := recs(next, n, rapid.StringMatching("[a-z]{3}").Draw(rt, "version"))
				appendTo(rt, f.Log(3), rs)
				model, next = append(model, rs...), next+uint64(n)
			},
			"truncate the tail": func(rt *rapid.T) {
				if next == marker+1 || len(model) == 0 {
					rt.Skip("nothing is behind the marker")
				}
				from := rapid.Uint64Range(max(marker+1, model[0].Index), next-1).Draw(rt, "from")
				if err := f.Log(3).TruncateTail(from); err != nil {
					rt.Fatal(err)
				}
				model, next = model[:from-model[0].Index], from
			},
			"truncate the head": func(rt *rapid.T) {
				if len(model) == 0 {
					rt.Skip("nothing to truncate")
				}
				marker = rapid.Uint64Range(model[0].Index, next-1).Draw(rt, "marker")
				marker = max(marker, f.Log(3).Marker().Index)
				err := errors.Join(f.Log(3).SetMarker(raftlog.Marker{Index: marker, Term: 1, Durable: marker}), f.Log(3).TruncateHead(marker))
				if err != nil {
					rt.Fatal(err)
				}
				model = model[min(marker+1-model[0].Index, uint64(len(model))):]
			},
			"reopen": func(rt *rapid.T) {
				if err := f.Close(); err != nil {
					rt.Fatal(err)
				}
				f = open(rt, raftlog.Options{Dir: dir, VFS: vfs})
			},
			"": func(rt *rapid.T) { holds(rt, f.Log(3), model) },
		})
	})
}
