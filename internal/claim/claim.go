// Package claim keeps values unique across the shards of a store: SKUs,
// handles, e-mail addresses. A claim says which owner has a value; it lives on
// the slot of the value's keyed hash, and the value itself is not in it.
//
// An owner that lives on the claim's own slot takes it in its own transaction,
// with TakeTx and ReleaseTx. For any other claim there are three steps:
//
//  1. Reserve the claims that the owner is about to take and those that it is
//     about to drop.
//  2. Run the owner's command, which calls InTime first, and which must refuse
//     if the values that the owner had before are not those that step 1 went
//     by (compare a version).
//  3. Settle: taken ones become confirmed, dropped ones go away.
//
// If step 3 does not happen, a timer asks whether the owner has the value.
// That is decided only once the owner's shard has reached the reservation's
// deadline, after which step 2 is refused: so it cannot happen behind the
// answer's back. A later reservation by the same owner replaces the token of
// an earlier one, which can then settle nothing any more.
package claim

import (
	"context"
	_ "embed"
	"encoding/base64"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

//go:embed schema.sql
var schema string

// Module returns what the package adds to the state machine.
func Module() command.Module {
	return command.Module{
		Name: "claim",
		Commands: []command.Definition{
			command.DefineRepeatable(reserve.apply),
			command.DefineRepeatable(settle.apply),
			command.DefineRepeatable(fence.apply),
		},
		Schema: map[uint32]string{1: schema},
		Errors: []fault.Type{
			fault.Typed[*TakenError]("claim.taken"),
			fault.Typed[*BusyError]("claim.busy"),
			fault.Typed[*LateError]("claim.late"),
		},
		Check: check,
	}
}

// Hash stands for a claimed value: its keyed hash, which nobody can compute
// without the store's key ring.
type Hash [32]byte

// Of returns the hash of a value. The caller normalizes first, always in the
// same way: equal means byte for byte.
func Of(e command.Engine, kind, value string) Hash { return e.Hash("claim:"+kind, value) }

// Slot returns the slot that the claim lives on.
func (h Hash) Slot() id.Slot { return id.SlotOfHash(h) }

// String returns the hash in base64.
func (h Hash) String() string { return base64.RawURLEncoding.EncodeToString(h[:]) }

// MarshalText returns what String returns.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return fault.New(fault.Invalid, "%d bytes are not the hash of a claim", len(text))
	}
	*h = Hash(b)
	if h.String() != string(text) { // base64 skips line ends
		return fault.New(fault.Invalid, "the hash of a claim has one text only")
	}
	return nil
}

// Owner returns who has a value, "" if nobody does. While it is not confirmed,
// the owner may turn out not to have it.
func Owner(ctx context.Context, e command.Engine, kind string, h Hash) (owner string, confirmed bool, err error) {
	err = e.View(ctx, h.Slot(), func(tx *sqlite.Tx) (err error) {
		owner, confirmed, err = OwnerTx(tx, kind, h)
		return err
	})
	return owner, confirmed, err
}

// OwnerTx is Owner in a snapshot or transaction of the claim's shard.
func OwnerTx(tx *sqlite.Tx, kind string, h Hash) (owner string, confirmed bool, err error) {
	rows := tx.One(`SELECT owner, state = 'confirmed' FROM claims WHERE kind = ? AND hash = ?`, kind, h[:])
	if rows.Next() {
		owner, confirmed = rows.Text(0), rows.Bool(1)
	}
	return owner, confirmed, rows.Close()
}

// TakeTx gives a claim to owner, confirmed, in the owner's own transaction. It
// is for owners that live on the claim's slot; the error is a *TakenError or
// *BusyError if another owner has it.
func TakeTx(tx *command.Tx, kind string, h Hash, owner string) error {
	if err := OwnedTx(tx, h.Slot()); err != nil {
		return err
	}
	n, err := tx.Exec(`INSERT INTO claims (kind, hash, owner, slot, state, token, deadline, due)
		VALUES (?, ?, ?, ?, 'confirmed', '', 0, 0) ON CONFLICT DO NOTHING`, kind, h[:], owner, h.Slot())
	if err != nil || n == 1 {
		return err
	}
	c, err := find(tx, kind, h)
	if err != nil {
		return err
	}
	if c.owner != owner {
		return c.taken()
	}
	return c.confirm(tx)
}

// ReleaseTx drops a claim in the owner's own transaction. A claim that owner
// does not have is left alone.
func ReleaseTx(tx *command.Tx, kind string, h Hash, owner string) error {
	c, err := find(tx, kind, h)
	if err != nil || c.owner != owner {
		return err
	}
	return c.release(tx)
}

// OwnedTx returns fault.Unavailable unless slot lives on the shard of tx. It is
// for commands that touch more slots than the one they were routed by: after
// a split those may live on another shard.
func OwnedTx(tx *command.Tx, slot id.Slot) error {
	if slot == tx.Slot {
		return nil
	}
	_, found, err := tx.Int64(`SELECT 1 FROM slots WHERE first <= ? AND last >= ?`, slot, slot)
	if err == nil && !found {
		err = fault.New(fault.Unavailable, "slot %d does not live on shard %d", slot, tx.Shard)
	}
	return err
}
