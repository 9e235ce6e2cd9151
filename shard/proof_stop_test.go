package shard_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/shard"
)

// shelf is one shard file that a test feeds with entries.
type shelf struct {
	*testing.T
	path string
	file *shard.Shard
	next uint64
}

func newShelf(t *testing.T) *shelf {
	s := &shelf{T: t, path: filepath.Join(t.TempDir(), "shard.db"), next: 1}
	s.open()
	t.Cleanup(func() { s.file.Close() })
	s.apply(0, s.envelope(shard.SetLevel{Level: shard.MaxLevel}, ""))
	return s
}

func (s *shelf) open() {
	s.Helper()
	set, err := command.NewSet(shard.Module(module()), module())
	s.must(err)
	m, err := shard.NewMap(1)
	s.must(err)
	s.file, err = shard.Open(shard.Config{Path: s.path, Store: "sto_test", Map: m, Commands: set, Readers: 1})
	s.must(err)
}

func (s *shelf) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shelf) envelope(c command.Command, key string) command.Envelope {
	s.Helper()
	body, err := command.Marshal(c)
	s.must(err)
	return command.Envelope{Kind: c.Kind(), At: 1000, Key: key, Fingerprint: []byte(key), Body: body}
}

// entry makes the next entry of the log.
func (s *shelf) entry(clock int64, envelopes ...command.Envelope) shard.Entry {
	s.Helper()
	b := command.Batch{Clock: clock}
	for _, e := range envelopes {
		raw, err := e.Encode()
		s.must(err)
		b.Commands = append(b.Commands, raw)
	}
	s.next++
	return shard.Entry{Index: s.next - 1, Term: 1, Data: command.AppendBatch(nil, b)}
}

// apply applies one entry that must not stop the shard.
func (s *shelf) apply(clock int64, envelopes ...command.Envelope) []shard.Reply {
	s.Helper()
	replies, err := s.file.ApplyBatch([]shard.Entry{s.entry(clock, envelopes...)})
	s.must(err)
	return replies[0]
}

// number returns what the table of this package's tests holds.
func (s *shelf) number(name string) (n int64) {
	s.Helper()
	s.must(s.file.View(context.Background(), func(tx *sqlite.Tx) (err error) {
		n, _, err = tx.Int64(`SELECT n FROM numbers WHERE name = ?`, name)
		return err
	}))
	return n
}

// newerPut is put as a later version may write it.
type newerPut struct {
	Name string `cbor:"1,keyasint"`
	N    int64  `cbor:"2,keyasint"`
	Unit string `cbor:"3,keyasint"`
}

func (newerPut) Kind() command.Kind { return "test.put" }
func (newerPut) Validate() error    { return nil }

// future is a command of a later version.
type future struct{}

func (future) Kind() command.Kind { return "test.future" }
func (future) Validate() error    { return nil }

// TestWhatCannotBeReadStops: a shard that meets an entry from a newer version,
// or one that makes no sense, stops there and keeps nothing of it. It is not
// skipped, since that would be another history than that of other replicas.
func TestWhatCannotBeReadStops(t *testing.T) {
	raw := func(b []byte) func(*shelf) shard.Entry {
		return func(s *shelf) shard.Entry {
			s.next++
			return shard.Entry{Index: s.next - 1, Term: 1, Data: b}
		}
	}
	for _, c := range []struct {
		name  string
		entry func(*shelf) shard.Entry
		kind  command.Kind
	}{
		{"an unknown kind", func(s *shelf) shard.Entry {
			return s.entry(0, s.envelope(put{"a", 1}, "k2"), s.envelope(future{}, "k3"))
		}, "test.future"},
		{"an unknown field of a command", func(s *shelf) shard.Entry {
			return s.entry(0, s.envelope(put{"a", 1}, "k2"), s.envelope(newerPut{"a", 5, "dozen"}, "k3"))
		}, "test.put"},
		{"a skippable command with an unknown field", func(s *shelf) shard.Entry {
			e := s.envelope(newerPut{"a", 5, "dozen"}, "k3")
			e.Skippable = true
			return s.entry(0, e)
		}, "test.put"},
		{"a newer level", func(s *shelf) shard.Entry {
			return s.entry(0, s.envelope(shard.SetLevel{Level: shard.MaxLevel + 1}, ""))
		}, "shard.set_level"},
		{"an envelope that is none", raw(command.AppendBatch(nil, command.Batch{Commands: [][]byte{{0xff}}})), ""},
		{"an envelope with an unknown field", raw(command.AppendBatch(nil, command.Batch{Commands: [][]byte{{0xa1, 0x18, 0x63, 0x01}}})), ""},
		{"a newer batch", raw([]byte{2, 0, 0, 0}), ""},
		{"half a batch", raw([]byte{1, 0, 0, 5}), ""},
		{"nothing", raw(nil), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf(t)
			s.apply(0, s.envelope(put{"a", 7}, "k1"))
			before := s.file.Applied()
			_, err := s.file.ApplyBatch([]shard.Entry{s.entry(0, s.envelope(put{"b", 1}, "k0")), c.entry(s)})
			stop, ok := errors.AsType[*shard.StoppedError](err)
			if !ok || !errors.Is(err, fault.Broken) {
				t.Fatalf("got %v, want it to stop", err)
			}
			if stop.Kind != c.kind || stop.Path != s.path || stop.Index != before+2 || !strings.Contains(err.Error(), s.path) {
				t.Errorf("it stopped with %+v", stop)
			}
			s.must(s.file.Close())
			s.open()
			if got := s.file.Applied(); got != before {
				t.Errorf("the file is at entry %d, want %d", got, before)
			}
			if a, b := s.number("a"), s.number("b"); a != 7 || b != 0 {
				t.Errorf("the numbers are %d and %d", a, b)
			}
		})
	}
}

// TestSkippableIsSkipped: the writer said that a reader may ignore it, and so
// does one that does not know the kind.
func TestSkippableIsSkipped(t *testing.T) {
	s := newShelf(t)
	e := s.envelope(future{}, "k1")
	e.Skippable = true
	replies := s.apply(0, s.envelope(put{"a", 1}, "k2"), e, s.envelope(put{"a", 1}, "k3"))
	if len(replies) != 3 || replies[1].Err != nil || replies[1].Answer.Value != nil {
		t.Errorf("got %+v", replies)
	}
	if n := s.number("a"); n != 2 {
		t.Errorf("the commands around it came to %d", n)
	}
	// It left nothing that a version which knows it would stumble over.
	s.must(s.file.View(t.Context(), func(tx *sqlite.Tx) error {
		n, _, err := tx.Int64(`SELECT count(*) FROM answers`)
		if n != 2 {
			t.Errorf("there are %d answers", n)
		}
		return err
	}))
}

// TestAppliedEntriesAreSkipped: a log that is applied again from further back
// changes nothing.
func TestAppliedEntriesAreSkipped(t *testing.T) {
	s := newShelf(t)
	log := []shard.Entry{s.entry(5, s.envelope(put{"a", 1}, "1")), s.entry(6, s.envelope(put{"a", 2}, "2")), s.entry(7, s.envelope(put{"a", 4}, "3"))}
	_, err := s.file.ApplyBatch(log[:2])
	s.must(err)
	for range 2 {
		replies, err := s.file.ApplyBatch(log)
		s.must(err)
		if replies[0] != nil || replies[1] != nil {
			t.Errorf("an old entry has the replies %+v", replies[:2])
		}
	}
	if n := s.number("a"); n != 7 {
		t.Errorf("got %d, want 7", n)
	}
}

// TestClockNeverGoesBack, whoever leads and whatever their clocks say; and it
// is where it was after a restart.
func TestClockNeverGoesBack(t *testing.T) {
	s := newShelf(t)
	for _, c := range [][2]int64{{100, 100}, {90, 100}, {101, 101}, {0, 101}} {
		s.apply(c[0], s.envelope(shard.Tick{}, ""))
		if got := s.file.Clock(); got != c[1] {
			t.Errorf("an entry of %d takes the clock to %d, want %d", c[0], got, c[1])
		}
	}
	e := s.envelope(shard.Tick{}, "")
	e.At = -5
	s.apply(0, e)
	s.must(s.file.Close())
	s.open()
	if clock, wall := s.file.Clock(), s.file.Wall(); clock != 101 || wall != 1000 {
		t.Errorf("after a restart the clock is at %d and the wall at %d", clock, wall)
	}
}

// TestNotMyData: a command that belongs to another shard is neither applied nor
// remembered, so that it may be asked again where it belongs.
func TestNotMyData(t *testing.T) {
	s := newShelf(t)
	e := s.envelope(put{"a", 1}, "k")
	e.Slot = 4096
	for range 2 {
		if r := s.apply(0, e); fault.CodeOf(r[0].Err) != fault.Unavailable {
			t.Errorf("got %+v", r[0])
		}
	}
	e.Slot = 0
	if r := s.apply(0, e); r[0].Err != nil {
		t.Errorf("where it belongs: %v", r[0].Err)
	}
}

// TestDigestSeesEverything: any change of any table changes it.
func TestDigestSeesEverything(t *testing.T) {
	s := newShelf(t)
	digest := func() (sum [32]byte) {
		s.must(s.file.View(t.Context(), func(tx *sqlite.Tx) (err error) { sum, _, err = shard.Digest(tx); return err }))
		return sum
	}
	seen := map[[32]byte]int{}
	for i := range 5 {
		seen[digest()] = i
		if again := digest(); seen[again] != i {
			t.Error("looking twice gives two digests")
		}
		s.apply(0, s.envelope(put{"a", 1}, string(rune('a'+i))))
	}
	if len(seen) != 5 {
		t.Errorf("5 states have %d digests", len(seen))
	}
}
