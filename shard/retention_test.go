package shard_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/shard"
)

// buy is a command of these tests whose answer lasts.
type buy struct {
	Name string `cbor:"1,keyasint"`
}

func (buy) Kind() command.Kind { return "test.buy" }
func (buy) Validate() error    { return nil }
func (c buy) apply(tx *command.Tx) (int64, error) {
	if c.Name == "" {
		return 0, fault.New(fault.Refused, "nothing")
	}
	return put{Name: c.Name, N: 1}.apply(tx)
}

// kept is a shard with bounds so small that a test can reach them: an answer
// of these tests takes 81 to 83 bytes.
type kept struct {
	*testing.T
	*commandtest.Engine
	limits shard.Retention
}

func newKept(t *testing.T) kept {
	m := module()
	m.Commands = append(m.Commands, command.DefineLasting(buy.apply))
	return kept{t, commandtest.New(t, 1, m), shard.Retention{
		AnswerAge: 7 * 24 * time.Hour, AnswerMin: time.Hour, EventAge: 30 * 24 * time.Hour, Bytes: 100 << 10, OwnerBytes: 1 << 10,
	}}
}

// ask runs commands of somebody under the keys first, first+1, …
func (k kept) ask(who string, first, n int) {
	k.Helper()
	ctx := command.WithPrincipal(context.Background(), who)
	for i := range n {
		if _, err := command.Do[int64](ctx, k, &put{Name: "a"}, command.Call{Key: fmt.Sprint(first + i), Slot: k.SlotOn(0)}); err != nil {
			k.Fatal(err)
		}
	}
}

// remembered counts the answers of somebody to keys from first on.
func (k kept) remembered(who string, first, n int) (found int) {
	k.Helper()
	for i := range n {
		_, ok, err := k.Recall(context.Background(), command.Envelope{
			Kind: put{}.Kind(), Slot: k.SlotOn(0), Principal: who, Key: fmt.Sprint(first + i),
		})
		if ok {
			found++
		} else if err != nil {
			k.Fatal(err)
		}
	}
	return found
}

// prune makes a whole round.
func (k kept) prune() {
	k.Helper()
	var cmd shard.Prune
	err := k.View(k.Context(), k.SlotOn(0), func(tx *sqlite.Tx) (err error) {
		cmd, err = k.limits.Plan(tx, k.Now())
		return err
	})
	for err == nil {
		var done shard.Pruned
		done, err = command.Do[shard.Pruned](k.Context(), k, &cmd, command.Call{Slot: k.SlotOn(0)})
		if cmd.After = done.Next; done.Next == nil {
			break
		}
	}
	if err != nil {
		k.Fatal(err)
	}
}

func (k kept) expect(who string, first, n, want int) {
	k.Helper()
	if got := k.remembered(who, first, n); got != want {
		k.Errorf("of the %d answers of %q from %d on, %d are there, want %d", n, who, first, got, want)
	}
}

func TestAnswersStayForAWeek(t *testing.T) {
	k := newKept(t)
	k.ask("ada", 0, 3)
	k.Advance(6 * 24 * time.Hour)
	k.ask("", 0, 3)
	k.prune()
	k.expect("ada", 0, 3, 3)
	k.Advance(25 * time.Hour)
	k.prune()
	k.expect("ada", 0, 3, 0)
	k.expect("", 0, 3, 3)
}

// TestOneWhoAsksTooMuch loses their own oldest answers and nobody else's.
func TestOneWhoAsksTooMuch(t *testing.T) {
	k := newKept(t)
	k.ask("ada", 0, 5)
	k.ask("", 0, 50) // the program itself is bound by the shard's bytes alone
	for hour := range 4 {
		k.ask("bob", 5*hour, 5)
		k.Advance(time.Hour)
	}
	k.prune()
	k.expect("bob", 0, 5, 0) // with these it would be 20 answers of 82 bytes
	k.expect("bob", 10, 10, 10)
	k.expect("ada", 0, 5, 5)
	k.expect("", 0, 50, 50)
}

// TestTooMuchAtOnce: a young answer stays although its owner has too many, up
// to the hard bound.
func TestTooMuchAtOnce(t *testing.T) {
	k := newKept(t)
	k.ask("bob", 0, 30)
	k.Advance(10 * time.Minute)
	k.prune()
	k.expect("bob", 0, 30, 30)
	k.ask("bob", 30, 30)
	k.Advance(10 * time.Minute)
	k.prune()
	k.expect("bob", 0, 30, 0)
	k.expect("bob", 30, 30, 30)
}

// TestTooMuchOfEverybody: a shard whose answers are too many loses the oldest,
// whosever they are, but not the last minute's.
func TestTooMuchOfEverybody(t *testing.T) {
	k := newKept(t)
	k.limits.Bytes = 2 << 10
	k.ask("ada", 0, 10)
	k.Advance(2 * time.Hour)
	k.ask("bob", 0, 10)
	k.Advance(2 * time.Hour)
	k.ask("", 0, 200)
	k.prune()
	k.expect("ada", 0, 10, 0)
	k.expect("bob", 0, 10, 0)
	k.expect("", 0, 200, 200)
}

// TestLastingAnswers: what made an order is found for ever, under a key that
// the caller chose; a refusal is an answer like any other.
func TestLastingAnswers(t *testing.T) {
	k := newKept(t)
	ask := func(key, name string) (int64, error) {
		return command.Do[int64](k.Context(), k, &buy{Name: name}, command.Call{Key: key, Slot: k.SlotOn(0)})
	}
	generated := command.NewKey(k.Now())
	first, err := ask("invoice 7", "a")
	if err != nil || first != 1 {
		t.Fatal(first, err)
	}
	if _, err := ask(generated, "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := ask("refused", ""); !errors.Is(err, fault.Refused) {
		t.Fatal(err)
	}
	k.Advance(1000 * 24 * time.Hour)
	k.limits.Bytes = 1
	k.prune()
	if again, err := ask("invoice 7", "a"); again != first || err != nil {
		t.Errorf("asked again: %d, %v, first %d", again, err, first)
	}
	if _, err := ask("invoice 7", "c"); !errors.Is(err, fault.Conflict) {
		t.Errorf("another request under the key: %v, want a conflict", err)
	}
	for _, key := range []string{generated, "refused"} {
		if again, err := ask(key, "b"); again == 1 || err != nil {
			t.Errorf("%s: %d, %v, and its answer should be gone", key, again, err)
		}
	}
}
