package shard_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// TestTheTrailOfStaff: what staff asks for is noted once, done or refused, and
// what others ask for is not. That the records hold together is checked at the
// end of every test; that they do not when they were changed, in the root's
// TestVerifyFindsDamage.
func TestTheTrailOfStaff(t *testing.T) {
	e := commandtest.New(t, 1, module())
	ann := command.WithStaff(t.Context(), "staff ann")
	do := func(ctx context.Context, key string, n int64) error {
		slot := id.SlotOfHash(e.Hash("test", "a"))
		_, err := command.Do[int64](ctx, e, &put{Name: "a", N: n}, command.Call{Key: key, Slot: slot})
		return err
	}
	for range 2 { // the second time the answer is remembered
		check(t, do(ann, "k1", 5))
		if err := do(ann, "k2", 2000); !errors.Is(err, fault.Refused) {
			t.Fatal(err)
		}
		e.Restart()
	}
	check(t, do(t.Context(), "k3", 1))
	check(t, do(command.WithPrincipal(ann, "cus_1"), "k4", 1))
	check(t, do(command.WithStaff(t.Context(), "staff bob"), "k5", 1))
	want := []string{"staff ann test.put  1 1", "staff ann test.put refused 2 0", "staff bob test.put  4 1"}
	var got []string
	check(t, e.View(t.Context(), id.SlotOfHash(e.Hash("test", "a")), func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT principal || ' ' || kind || ' ' || refused || ' ' || first_event || ' ' || events FROM trail ORDER BY seq`)
		for rows.Next() {
			got = append(got, rows.Text(0))
		}
		return rows.Close()
	}))
	if !slices.Equal(got, want) {
		t.Errorf("the trail is %q, want %q", got, want)
	}
}
