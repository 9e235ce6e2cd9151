package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/shard"
)

// recording is an engine that keeps what was logged, by shard.
type recording struct {
	*commandtest.Engine
	log [][]logged
}

// logged is one command, and the shard clock that its proposer read.
type logged struct {
	clock int64
	raw   []byte
}

func (r *recording) Submit(ctx context.Context, e command.Envelope) (command.Answer, error) {
	raw, err := e.Encode()
	if err != nil {
		return command.Answer{}, err
	}
	i := r.ShardOf(e.Slot)
	r.log[i] = append(r.log[i], logged{r.Now().UnixMilli(), raw})
	return r.Engine.Submit(ctx, e)
}

const historyShards = 2

// history lets a shop live for a while, with refusals, duplicates, returns and
// time that passes, and returns what each shard has logged.
func history(t *testing.T) [][]logged {
	t.Helper()
	r := &recording{log: make([][]logged, historyShards)}
	s := newMutant(t, historyShards, mutation{engine: func(s *shop) command.Engine {
		r.Engine = s.engine
		for i := range r.log { // the engine's own first command
			body, err := command.Marshal(shard.SetLevel{Level: shard.MaxLevel})
			s.must(err)
			raw, err := command.Envelope{Kind: shard.SetLevel{}.Kind(), Slot: s.engine.SlotOn(i), At: s.engine.Now().UnixMilli(), Body: body}.Encode()
			s.must(err)
			r.log[i] = append(r.log[i], logged{s.engine.Now().UnixMilli(), raw})
		}
		return r
	}})
	random := rand.New(rand.NewPCG(1, 2))
	s.sells("mug", 400)
	s.sells("tea", 90)
	who, err := s.people.Register(s.ctx(), accounts.Register{Email: "ada@example.com", Name: "Ada"})
	s.must(err)
	tokens := []string{approves, approves, approves, declines, challenges, simulator.TokenLostAnswer}
	for i := range 280 {
		key := fmt.Sprint("key ", i)
		add := cart.AddLines{Lines: []cart.AddedLine{{SKU: "mug", Quantity: 1 + random.Int64N(3)}}, Key: key}
		if i%2 == 0 {
			add.Lines = append(add.Lines, cart.AddedLine{SKU: "tea", Quantity: 1})
		}
		if i%5 == 0 {
			add.Customer = who.ID
		}
		c, err := s.carts.AddLines(s.ctx(), add)
		s.must(err)
		again, err := s.carts.AddLines(s.ctx(), add) // a duplicate
		s.must(err)
		if again.ID != c.ID {
			t.Fatalf("a retry made another cart")
		}
		buy := checkout.Complete{Cart: c.ID, PayWith: "simulator", Token: tokens[random.IntN(len(tokens))], Key: key}
		first, _ := s.checkout.Complete(s.ctx(), buy)
		s.checkout.Complete(s.ctx(), buy)
		other := buy
		other.Token = "pm_card_amex"
		s.checkout.Complete(s.ctx(), other) // refused: the key was used
		if first.Status == orders.Placed && i%3 == 0 {
			s.shipAndReturn(first.ID, key)
		}
		if i%140 == 139 { // time passes and recovery runs; an entry has one clock
			s.engine.Advance(time.Duration(1+random.IntN(40)) * time.Minute)
			_ = errors.Join(s.recover(), s.inventory.Settle(s.ctx()))
		}
	}
	_, err = s.inventory.Adjust(s.ctx(), inventory.Adjust{SKU: "mug", Delta: 7, Reason: "found"})
	s.must(err)
	s.must(s.people.Erase(s.ctx(), accounts.Erase{Customer: who.ID}))
	return r.log
}

func (s *shop) shipAndReturn(o orders.ID, key string) {
	s.Helper()
	_, err := s.orders.Ship(s.ctx(), orders.Ship{Order: o, Key: key})
	s.must(err)
	back := orders.Return{Order: o, Lines: []orders.LineQuantity{{Line: 1, Quantity: 1}}, Reason: "too blue", Key: key}
	_, err = s.orders.Return(s.ctx(), back)
	s.must(err)
	back.Lines[0].Quantity, back.Key = 100, key+" again"
	if _, err := s.orders.Return(s.ctx(), back); err == nil {
		s.Error("100 units came back of a few")
	}
}

// entries cuts a log into entries of at most n commands. Commands of one entry
// share its clock.
func entries(log []logged, n int) []shard.Entry {
	var out []shard.Entry
	for i := 0; i < len(log); {
		b := command.Batch{Clock: log[i].clock}
		for i < len(log) && len(b.Commands) < n && log[i].clock == b.Clock {
			b.Commands = append(b.Commands, log[i].raw)
			i++
		}
		out = append(out, shard.Entry{Index: uint64(len(out) + 1), Term: 1, Data: command.AppendBatch(nil, b)})
	}
	return out
}

// applied is what a fresh shard looks like after a log was applied to it.
type applied struct {
	digest  [32]byte
	tables  map[string][32]byte
	answers []string
}

// apply applies entries to a fresh shard, so many in each transaction.
func apply(t *testing.T, number int, log []shard.Entry, perBatch int) applied {
	t.Helper()
	all := modules()
	set, err := command.NewSet(append([]command.Module{shard.Module(all...)}, all...)...)
	if err != nil {
		t.Fatal(err)
	}
	m, err := shard.NewMap(historyShards)
	if err != nil {
		t.Fatal(err)
	}
	file, err := shard.Open(shard.Config{
		Path: filepath.Join(t.TempDir(), "shard.db"), Store: commandtest.StoreID, Shard: number, Map: m, Commands: set, Readers: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out applied
	for len(log) > 0 {
		n := min(perBatch, len(log))
		replies, err := file.ApplyBatch(log[:n])
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range replies {
			for _, r := range entry {
				// An answer is a value when it is new and bytes when it is recalled.
				body := r.Answer.Body
				if r.Answer.Value != nil {
					if body, err = command.Marshal(r.Answer.Value); err != nil {
						t.Fatal(err)
					}
				}
				out.answers = append(out.answers, fmt.Sprintf("%x %v", body, r.Err))
			}
		}
		log = log[n:]
	}
	err = file.View(t.Context(), func(tx *sqlite.Tx) (err error) {
		if out.digest, _, err = shard.Digest(tx); err != nil {
			return err
		}
		out.tables, err = shard.TableDigests(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(out.tables, "meta") // tells the number of entries
	return out
}

// TestBatchBoundaries: where a log is cut into entries and transactions has no
// influence on what it comes to, nor on any answer.
func TestBatchBoundaries(t *testing.T) {
	t.Parallel()
	cuts := []int{1, 7, 64, 512}
	for number, log := range history(t) {
		t.Logf("shard %d has logged %d commands", number, len(log))
		if len(log) < 512 {
			t.Errorf("%d commands are too few to tell the cuts apart", len(log))
		}
		want := apply(t, number, entries(log, 1), 1)
		if n := len(want.answers); n != len(log) {
			t.Fatalf("%d answers for %d commands", n, len(log))
		}
		for _, perEntry := range cuts {
			cut := entries(log, perEntry)
			first := apply(t, number, cut, 1)
			want.expect(t, first, perEntry, 1)
			for _, perBatch := range cuts[1:] {
				got := apply(t, number, cut, perBatch)
				if got.digest != first.digest {
					t.Errorf("%d commands an entry, %d entries a transaction: the digest differs", perEntry, perBatch)
				}
				want.expect(t, got, perEntry, perBatch)
				if perBatch >= len(cut) {
					break // it was all in one
				}
			}
		}
	}
}

// expect compares what a log came to in another cut.
func (want applied) expect(t *testing.T, got applied, perEntry, perBatch int) {
	t.Helper()
	for name, sum := range want.tables {
		if got.tables[name] != sum {
			t.Errorf("%d commands an entry, %d entries a transaction: table %s differs", perEntry, perBatch, name)
		}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(got.tables)), slices.Sorted(maps.Keys(want.tables))) {
		t.Errorf("%d commands an entry, %d entries a transaction: there are other tables", perEntry, perBatch)
	}
	if len(got.answers) != len(want.answers) {
		t.Fatalf("%d commands an entry, %d entries a transaction: there are %d answers, want %d", perEntry, perBatch, len(got.answers), len(want.answers))
	}
	for i, a := range want.answers {
		if got.answers[i] != a {
			t.Fatalf("%d commands an entry, %d entries a transaction: answer %d is %s, want %s", perEntry, perBatch, i, got.answers[i], a)
		}
	}
}
