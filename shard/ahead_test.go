package shard_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/shard"
	"pgregory.net/rapid"
)

func (s *shelf) digest() (sum [32]byte) {
	s.Helper()
	s.must(s.file.View(context.Background(), func(tx *sqlite.Tx) (err error) {
		sum, _, err = shard.Digest(tx)
		return err
	}))
	return sum
}

// What was applied ahead is seen by nobody until the log holds it.
func TestPreparedIsNotSeen(t *testing.T) {
	s := newShelf(t)
	s.apply(0, s.envelope(put{Name: "a", N: 1}, "first"))
	before, applied, events := s.digest(), s.file.Applied(), s.file.Events()
	e := s.entry(7, s.envelope(put{Name: "a", N: 2}, "second"))
	s.must(s.file.Prepare([]shard.Entry{e}))
	if s.digest() != before || s.file.Applied() != applied || s.file.Events() != events || s.file.Clock() != 0 {
		t.Error("what was prepared can be seen")
	}
	replies, err := s.file.ApplyBatch([]shard.Entry{e})
	s.must(err)
	if got := replies[0][0].Answer.Value; got != int64(3) || s.number("a") != 3 || s.file.Clock() != 7 {
		t.Errorf("the answer is %v, a is %d and the clock %d, want 3, 3 and 7", got, s.number("a"), s.file.Clock())
	}
}

// What was applied ahead and does not come is gone, whatever comes instead.
func TestPreparedDoesNotCome(t *testing.T) {
	instead := map[string]func(s *shelf, e shard.Entry){
		"another entry": func(s *shelf, e shard.Entry) {
			s.next = e.Index
			s.apply(0, s.envelope(put{Name: "b", N: 5}, ""))
		},
		"the same of another term": func(s *shelf, e shard.Entry) {
			e.Term++
			_, err := s.file.ApplyBatch([]shard.Entry{e})
			s.must(err)
		},
		"a checkpoint": func(s *shelf, _ shard.Entry) {
			_, err := s.file.Checkpoint()
			s.must(err)
		},
		"another opening": func(s *shelf, _ shard.Entry) {
			s.must(s.file.Close())
			s.open()
		},
		"another that is prepared": func(s *shelf, e shard.Entry) {
			s.next = e.Index
			s.must(s.file.Prepare([]shard.Entry{s.entry(0, s.envelope(put{Name: "b", N: 5}, ""))}))
			_, err := s.file.Checkpoint()
			s.must(err)
		},
	}
	for name, do := range instead {
		t.Run(name, func(t *testing.T) {
			plain, ahead := newShelf(t), newShelf(t)
			for _, s := range []*shelf{plain, ahead} {
				e := s.entry(9, s.envelope(put{Name: "a", N: 1}, "key"))
				if s == ahead {
					s.must(s.file.Prepare([]shard.Entry{e}))
				}
				do(s, e)
			}
			if plain.digest() != ahead.digest() || plain.file.Applied() != ahead.file.Applied() || plain.file.Events() != ahead.file.Events() {
				t.Error("it makes a difference that another entry was prepared")
			}
		})
	}
}

// Preparing entries, the right ones and wrong ones, changes neither what is in
// the tables nor what is answered.
func TestPreparingMakesNoDifference(t *testing.T) {
	plain, ahead := newShelf(t), newShelf(t)
	rapid.Check(t, func(r *rapid.T) {
		for i := range rapid.IntRange(1, 6).Draw(r, "batches") {
			var envelopes [][]command.Envelope
			for range rapid.IntRange(1, 3).Draw(r, "entries") {
				var of []command.Envelope
				for range rapid.IntRange(1, 3).Draw(r, "commands") {
					c := put{Name: rapid.SampledFrom([]string{"a", "b"}).Draw(r, "name"), N: rapid.SampledFrom([]int64{1, 2, -1, -700, 300, 2000}).Draw(r, "n")}
					of = append(of, plain.envelope(c, fmt.Sprintf("%s.%d", c.Name, rapid.IntRange(0, 500).Draw(r, "key"))))
				}
				envelopes = append(envelopes, of)
			}
			batch := func(s *shelf) (out []shard.Entry) {
				for _, of := range envelopes {
					out = append(out, s.entry(int64(i), of...))
				}
				return out
			}
			want, err := plain.file.ApplyBatch(batch(plain))
			plain.must(err)

			entries := batch(ahead)
			if n := rapid.IntRange(0, len(entries)).Draw(r, "prepared"); n > 0 {
				first := append([]shard.Entry{}, entries[:n]...)
				if rapid.Bool().Draw(r, "wrong") {
					first[n-1].Data = command.AppendBatch(nil, command.Batch{Clock: 99})
				}
				ahead.must(ahead.file.Prepare(first))
			}
			got, err := ahead.file.ApplyBatch(entries)
			ahead.must(err)
			for i := range want {
				for j := range want[i] {
					if fmt.Sprint(want[i][j]) != fmt.Sprint(got[i][j]) {
						r.Fatalf("entry %d, command %d: got %v, want %v", i, j, got[i][j], want[i][j])
					}
				}
			}
		}
		if plain.digest() != ahead.digest() || plain.file.Recorded() != ahead.file.Recorded() {
			r.Fatal("the tables differ")
		}
	})
}
