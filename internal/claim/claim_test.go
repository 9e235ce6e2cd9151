package claim_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

const kind = "name"

// set is a command of these tests: it gives an owner a set of values, as
// bits of a number whose claims the test knows.
type set struct {
	Owner    string `cbor:"1,keyasint"`
	Base     int64  `cbor:"2,keyasint"`
	Deadline int64  `cbor:"3,keyasint"`
	Values   []int  `cbor:"4,keyasint"`
}

func (set) Kind() command.Kind { return "test.set" }
func (set) Validate() error    { return nil }

func (c set) apply(tx *command.Tx) (struct{}, error) {
	if err := claim.InTime(tx, c.Deadline); err != nil {
		return struct{}{}, err
	}
	version, _, err := tx.Int64(`SELECT version FROM owners WHERE id = ?`, c.Owner)
	if err != nil {
		return struct{}{}, err
	}
	if version != c.Base {
		return struct{}{}, fault.New(fault.Unavailable, "owner is at version %d", version)
	}
	if _, err := tx.Exec(`INSERT INTO owners (id, version) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version`, c.Owner, version+1); err != nil {
		return struct{}{}, err
	}
	if _, err := tx.Exec(`DELETE FROM held WHERE owner = ?`, c.Owner); err != nil {
		return struct{}{}, err
	}
	for _, v := range c.Values {
		if _, err := tx.Exec(`INSERT INTO held (owner, value) VALUES (?, ?)`, c.Owner, v); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// own is a command of these tests that takes and drops on the owner's slot.
type own struct {
	Owner string     `cbor:"1,keyasint"`
	Hash  claim.Hash `cbor:"2,keyasint"`
	Drop  bool       `cbor:"3,keyasint"`
}

func (own) Kind() command.Kind { return "test.own" }
func (own) Validate() error    { return nil }

func (c own) apply(tx *command.Tx) (struct{}, error) {
	if c.Drop {
		return struct{}{}, claim.ReleaseTx(tx, kind, c.Hash, c.Owner)
	}
	return struct{}{}, claim.TakeTx(tx, kind, c.Hash, c.Owner)
}

func modules() []command.Module {
	return []command.Module{claim.Module(), {
		Name:     "test",
		Commands: []command.Definition{command.Define(set.apply), command.Define(own.apply)},
		Schema: map[uint32]string{1: `CREATE TABLE owners (id TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
			CREATE TABLE held (owner TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (owner, value)) STRICT;`},
	}}
}

// world is an engine with owners that hold values.
type world struct {
	testing.TB
	*commandtest.Engine
	prefix string
}

func newWorld(t testing.TB, shards int) *world {
	return &world{TB: t, Engine: commandtest.New(t, shards, modules()...)}
}

func (w *world) hash(value int) claim.Hash {
	return claim.Of(w, kind, fmt.Sprintf("%s%d", w.prefix, value))
}

func (w *world) hashes(values []int) (hashes []claim.Hash) {
	for _, v := range values {
		hashes = append(hashes, w.hash(v))
	}
	return hashes
}

func newOwner(n int) string { return id.New("own", id.Slot(n*512%id.Slots), time.Now()) }

func (w *world) holder(ctx context.Context, _ string, h claim.Hash, owner string) (holds bool, err error) {
	values, _, err := w.read(owner)
	for _, v := range values {
		holds = holds || w.hash(v) == h
	}
	return holds, err
}

func (w *world) read(owner string) (values []int, version int64, err error) {
	slot, _ := id.SlotOf(owner)
	err = w.View(context.Background(), slot, func(tx *sqlite.Tx) (err error) {
		if version, _, err = tx.Int64(`SELECT version FROM owners WHERE id = ?`, owner); err != nil {
			return err
		}
		rows := tx.Query(`SELECT value FROM held WHERE owner = ? ORDER BY value`, owner)
		for rows.Next() {
			values = append(values, rows.Int(0))
		}
		return rows.Close()
	})
	return values, version, err
}

func (w *world) set(owner string, base, deadline int64, values []int) error {
	slot, _ := id.SlotOf(owner)
	_, err := command.Do[struct{}](context.Background(), w, &set{owner, base, deadline, values}, command.Call{Slot: slot})
	return err
}

func (w *world) reserve(owner string, take, drop []int) (*claim.Reservation, error) {
	return claim.Reserve(context.Background(), w, claim.Change{Kind: kind, Owner: owner, Take: w.hashes(take), Drop: w.hashes(drop)})
}

func (w *world) owner(value int) (string, bool) {
	w.Helper()
	owner, confirmed, err := claim.Owner(context.Background(), w, kind, w.hash(value))
	if err != nil {
		w.Fatal(err)
	}
	return owner, confirmed
}

// settleAll runs the timers that are due and returns how many could not be
// settled yet.
func (w *world) settleAll() (left int) {
	w.Helper()
	handler := claim.Timer(w, w.holder)
	for _, subject := range w.Timers(claim.TimerKind) {
		err := handler(context.Background(), subject)
		if errors.Is(err, fault.Unavailable) {
			left++
		} else if err != nil {
			w.Fatal(err)
		}
	}
	return left
}

func TestReserveRunSettle(t *testing.T) {
	w := newWorld(t, 8)
	a, b := newOwner(1), newOwner(6)
	r, err := w.reserve(a, []int{1, 2, 3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.reserve(b, []int{2}, nil); !isBusy(err) || !errors.Is(err, fault.Unavailable) {
		t.Fatalf("another owner while reserved: got %v, want *BusyError", err)
	}
	if err := w.set(a, 0, r.Deadline, []int{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if err := r.Settle(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	_, err = w.reserve(b, []int{2}, nil)
	if taken, ok := errors.AsType[*claim.TakenError](err); !ok || taken.Owner != a || taken.Hash != w.hash(2) || !errors.Is(err, fault.Conflict) {
		t.Fatalf("another owner when confirmed: got %v, want *TakenError", err)
	}

	r, err = w.reserve(a, nil, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.set(a, 1, r.Deadline, []int{1, 3}); err != nil {
		t.Fatal(err)
	}
	if err := r.Settle(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if owner, _ := w.owner(2); owner != "" {
		t.Fatalf("a dropped value belongs to %s", owner)
	}
	if _, err := w.reserve(b, []int{2}, nil); err != nil {
		t.Fatalf("taking a dropped value: %v", err)
	}
	if n := len(w.Timers(claim.TimerKind)); n != 0 {
		t.Fatalf("%d timers are due; settled claims have none", n)
	}
}

func isBusy(err error) bool {
	_, busy := errors.AsType[*claim.BusyError](err)
	return busy
}

func TestTimerSettlesWhatACrashLeft(t *testing.T) {
	for _, test := range []struct {
		name  string
		holds bool
	}{{"before the owner's command", false}, {"after the owner's command", true}} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, 8)
			a := newOwner(1)
			r, err := w.reserve(a, []int{1, 2}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.holds {
				if err := w.set(a, 0, r.Deadline, []int{1, 2}); err != nil {
					t.Fatal(err)
				}
			}
			if n := len(w.Timers(claim.TimerKind)); n != 0 {
				t.Fatalf("%d timers are due at once", n)
			}
			w.Advance(time.Minute)
			if left := w.settleAll(); left != 0 {
				t.Fatalf("%d claims are left after the deadline", left)
			}
			for v := 1; v <= 2; v++ {
				owner, confirmed := w.owner(v)
				if (owner == a) != test.holds || confirmed != test.holds {
					t.Fatalf("value %d belongs to %q, confirmed %t", v, owner, confirmed)
				}
			}
			err = w.set(a, 0, r.Deadline, []int{1, 2})
			if _, late := errors.AsType[*claim.LateError](err); !late || !errors.Is(err, fault.Unavailable) {
				t.Fatalf("the command after its deadline: got %v, want *LateError", err)
			}
		})
	}
}

func TestTimerWaitsForTheDeadline(t *testing.T) {
	w := newWorld(t, 1)
	a := newOwner(1)
	r, err := w.reserve(a, []int{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = claim.Timer(w, w.holder)(t.Context(), kind+":"+w.hash(1).String())
	if !errors.Is(err, fault.Unavailable) {
		t.Fatalf("settling before the deadline: got %v, want fault.Unavailable", err)
	}
	if err := w.set(a, 0, r.Deadline, []int{1}); err != nil {
		t.Fatalf("the command in time: %v", err)
	}
	w.Advance(time.Minute)
	w.settleAll()
	if owner, confirmed := w.owner(1); owner != a || !confirmed {
		t.Fatalf("got %q, %t", owner, confirmed)
	}
}

func TestAbandonFreesAtOnce(t *testing.T) {
	w := newWorld(t, 4)
	a, b := newOwner(1), newOwner(2)
	r, err := w.reserve(a, []int{1, 2, 3, 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Abandon(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if _, err := w.reserve(b, []int{1, 2, 3, 4}, nil); err != nil {
		t.Fatal(err)
	}
}

func TestAnOlderReservationSettlesNothing(t *testing.T) {
	w := newWorld(t, 4)
	a := newOwner(1)
	first, err := w.reserve(a, []int{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.reserve(a, []int{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Abandon(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if owner, _ := w.owner(1); owner != a {
		t.Fatal("an older reservation released what a newer one holds")
	}
	if err := second.Settle(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if _, confirmed := w.owner(1); !confirmed {
		t.Fatal("the newer reservation did not confirm")
	}
}

func TestTakeInTheOwnersTransaction(t *testing.T) {
	w := newWorld(t, 4)
	h := w.hash(1)
	do := func(owner string, drop bool) error {
		_, err := command.Do[struct{}](t.Context(), w, &own{owner, h, drop}, command.Call{Slot: h.Slot()})
		return err
	}
	for range 2 {
		if err := do("own_a", false); err != nil {
			t.Fatal(err)
		}
	}
	if _, taken := errors.AsType[*claim.TakenError](do("own_b", false)); !taken {
		t.Fatal("a second owner took it")
	}
	if err := do("own_b", true); err != nil {
		t.Fatal(err)
	}
	if owner, confirmed := w.owner(1); owner != "own_a" || !confirmed {
		t.Fatalf("got %q, %t", owner, confirmed)
	}
	if err := do("own_a", true); err != nil {
		t.Fatal(err)
	}
	if err := do("own_b", false); err != nil {
		t.Fatal(err)
	}
}

func TestTakeReportsAReservation(t *testing.T) {
	w := newWorld(t, 1)
	if _, err := w.reserve(newOwner(1), []int{1}, nil); err != nil {
		t.Fatal(err)
	}
	h := w.hash(1)
	_, err := command.Do[struct{}](t.Context(), w, &own{"own_b", h, false}, command.Call{Slot: h.Slot()})
	if !isBusy(err) {
		t.Fatalf("got %v, want *BusyError", err)
	}
}

func TestCheckMissesATimer(t *testing.T) {
	w := newWorld(t, 1)
	check := claim.Module().Check
	err := w.View(t.Context(), 0, func(tx *sqlite.Tx) error {
		found, err := check(tx)
		if len(found) != 0 {
			t.Errorf("violations of nothing: %v", found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHashText(t *testing.T) {
	w := newWorld(t, 1)
	h := w.hash(7)
	var back claim.Hash
	if err := back.UnmarshalText([]byte(h.String())); err != nil || back != h {
		t.Fatalf("got %v, %v", back, err)
	}
	for _, bad := range []string{"", "x", h.String() + "A", h.String()[:42] + "="} {
		if err := back.UnmarshalText([]byte(bad)); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func FuzzHashText(f *testing.F) {
	f.Add("")
	f.Add(claim.Hash{1, 2, 3}.String())
	f.Fuzz(func(t *testing.T, text string) {
		var h claim.Hash
		if err := h.UnmarshalText([]byte(text)); err == nil && h.String() != text {
			t.Errorf("%q reads as %v: a hash has one text only", text, h)
		}
	})
}
