package payments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Discrepancy is something about a payment that the store's books and its
// provider's do not agree about, whoever was asked again. Somebody has to look
// at it; until they have, an order whose amounts differ is left alone.
type Discrepancy struct {
	Kind       DiscrepancyKind
	Provider   string
	Key        string // the attempt's ID, or what the provider calls it
	ProviderID string
	Order      orders.ID // "" if the store knows of none
	// Captured less refunded, by the store and by the provider.
	Ours, Theirs money.Amount
	MadeAt       time.Time // of a LostPayment; when it was found if the provider does not say
	FoundAt      time.Time
	ClearedAt    time.Time // zero until somebody has looked
	Note         string    // what they say of it, or why a LostPayment was not given back
	ClearedBy    string    // the principal who looked

	back string // how far giving it back has come
}

// DiscrepancyKind says in which way books differ.
type DiscrepancyKind string

// The kinds.
const (
	// UnknownPayment is in the provider's books and not in the store's, and has no
	// store's mark. It is not touched: another program may use the same account.
	UnknownPayment DiscrepancyKind = "unknown_payment"
	// MissingPayment is in the store's books and not in the provider's.
	MissingPayment DiscrepancyKind = "missing_payment"
	// AmountDiffers freezes the order's money: nothing is captured, voided or
	// refunded by itself.
	AmountDiffers DiscrepancyKind = "amount_differs"
	// StillHeld is money that the store has let go of and the provider holds: the
	// shopper waits for it until the authorization runs out.
	StillHeld DiscrepancyKind = "still_held"
	// LostPayment was made by this store, and nothing in its books explains it:
	// they come from a backup. It is given back, as GiveBack says.
	LostPayment DiscrepancyKind = "lost_payment"
)

// DiscrepancyEvent is the data of the event payment.discrepancy.
type DiscrepancyEvent struct {
	Kind     DiscrepancyKind `json:"kind"`
	Provider string          `json:"provider"`
	Payment  string          `json:"payment"`
	Order    orders.ID       `json:"order,omitempty"`
	Currency money.Currency  `json:"currency"`
	Ours     int64           `json:"ours"`   // minor units
	Theirs   int64           `json:"theirs"` // minor units
}

// report writes a discrepancy down, once. One that was cleared is opened again
// if the books have moved further apart, or closer, since: the note speaks of
// another sum. What moves on both sides alike leaves it cleared. A LostPayment
// that was given back and moves again is news at any sum: the refund has failed.
type report struct {
	Differs    DiscrepancyKind `cbor:"1,keyasint"`
	Provider   string          `cbor:"2,keyasint"`
	Key        string          `cbor:"3,keyasint"`
	ProviderID string          `cbor:"4,keyasint,omitempty"`
	Order      orders.ID       `cbor:"5,keyasint,omitempty"`
	Ours       money.Amount    `cbor:"6,keyasint"`
	Theirs     money.Amount    `cbor:"7,keyasint"`
	MadeAt     int64           `cbor:"8,keyasint,omitempty"` // Unix milliseconds, of a LostPayment
}

// Kind returns "payments.report".
func (report) Kind() command.Kind { return "payments.report" }

// Validate returns nil: Report has checked.
func (report) Validate() error { return nil }

func (c report) apply(tx *command.Tx) (bool, error) {
	made := c.MadeAt
	if made == 0 {
		made = tx.At
	}
	n, err := tx.Exec(`INSERT INTO discrepancies (provider, key, kind, slot, provider_id, order_id, currency, ours, theirs, made_at, found_at, found_clock, cleared_at, note)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '') ON CONFLICT DO UPDATE
		SET ours = excluded.ours, theirs = excluded.theirs, found_at = excluded.found_at, found_clock = excluded.found_clock, cleared_at = 0, back_state = ''
		WHERE cleared_at > 0 AND (back_state = 'given' OR ours - theirs <> excluded.ours - excluded.theirs)`,
		c.Provider, c.Key, c.Differs, tx.Slot, c.ProviderID, c.Order, c.Theirs.Currency(), c.Ours.Minor(), c.Theirs.Minor(), made, tx.At, tx.Clock)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.Emit("payment.discrepancy", c.Key, DiscrepancyEvent{
		Kind: c.Differs, Provider: c.Provider, Payment: c.Key, Order: c.Order,
		Currency: c.Theirs.Currency(), Ours: c.Ours.Minor(), Theirs: c.Theirs.Minor(),
	})
}

// Report writes a discrepancy down and emits the event payment.discrepancy, once
// for each kind and payment until it is cleared, and again if the books differ
// by another sum then, or money that was given back is there again. Of d it
// takes everything but the times and the note.
func (s *Service) Report(ctx context.Context, d Discrepancy) error {
	c := report{Differs: d.Kind, Provider: d.Provider, Key: cmp.Or(d.Key, d.ProviderID), ProviderID: d.ProviderID, Order: d.Order, Ours: d.Ours, Theirs: d.Theirs}
	if d.Kind == LostPayment && !d.MadeAt.IsZero() {
		c.MadeAt = d.MadeAt.UnixMilli()
	}
	slot := s.slotOfKey(c.Key)
	// Each comparison finds it again: what is written down needs no command.
	known := false
	err := s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		_, known, err = tx.Int64(`SELECT 1 FROM discrepancies WHERE provider = ? AND key = ? AND kind = ? AND (cleared_at = 0 OR back_state <> 'given' AND ours - theirs = ?)`,
			c.Provider, c.Key, c.Differs, c.Ours.Minor()-c.Theirs.Minor())
		return err
	})
	if err != nil || known {
		return err
	}
	_, err = command.Do[bool](ctx, s.engine, &c, command.Call{Slot: slot})
	return err
}

// slotOfKey returns where what is said of a payment lives: with the payment, or
// by its name's hash if it is none of the store's.
func (s *Service) slotOfKey(key string) id.Slot {
	if slot, err := slotOf(Prefix, key); err == nil {
		return slot
	}
	return id.SlotOfHash(s.engine.Hash("payment", key))
}

// Clear says that somebody has looked at a discrepancy and put it right. The
// order's money moves again.
type Clear struct {
	Differs  DiscrepancyKind `cbor:"1,keyasint"`
	Provider string          `cbor:"2,keyasint"`
	Payment  string          `cbor:"3,keyasint"` // Discrepancy.Key
	Note     string          `cbor:"4,keyasint"` // must be given
	Key      string          `cbor:"-"`
}

// Kind returns "payments.clear".
func (Clear) Kind() command.Kind { return "payments.clear" }

// Validate refuses a Clear that does not say what was found.
func (c Clear) Validate() error {
	if c.Note == "" || len(c.Note) > maxReason {
		return fault.Wrong("note", "say what was found, in up to %d bytes", maxReason)
	}
	return RefusePAN(c.Note)
}

func (c Clear) apply(tx *command.Tx) (struct{}, error) {
	n, err := tx.Exec(`UPDATE discrepancies SET cleared_at = ?, note = ?, cleared_by = ? WHERE provider = ? AND key = ? AND kind = ?`,
		tx.At, c.Note, tx.Principal, c.Provider, c.Payment, c.Differs)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "payment %s of %s has no discrepancy %s", c.Payment, c.Provider, c.Differs)
	}
	return struct{}{}, err
}

// Clear runs the command. It returns fault.NotFound if there is no such
// discrepancy.
func (s *Service) Clear(ctx context.Context, c Clear) error {
	_, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: s.slotOfKey(c.Payment)})
	return err
}

// frozen reports whether the money of an order is left alone.
func frozen(tx *sqlite.Tx, o orders.ID) (bool, error) {
	_, found, err := tx.Int64(`SELECT 1 FROM discrepancies WHERE order_id = ? AND kind = ? AND cleared_at = 0 LIMIT 1`, o, AmountDiffers)
	return found, err
}

// Discrepancies returns what was reported, by payment: what nobody has looked
// at, or all of it.
func (s *Service) Discrepancies(ctx context.Context, all bool) iter.Seq2[Discrepancy, error] {
	list := listing.List[Discrepancy]{
		Engine: s.engine, Key: func(d Discrepancy) string { return d.Key + "\x00" + d.Provider + "\x00" + string(d.Kind) },
		Page: func(tx *sqlite.Tx, after string, limit int) (page []Discrepancy, err error) {
			rows := tx.Query(`SELECT `+discrepancyColumns+` FROM discrepancies
				WHERE key || char(0) || provider || char(0) || kind > ? AND (cleared_at = 0 OR ?)
				ORDER BY key || char(0) || provider || char(0) || kind LIMIT ?`, after, all, limit)
			for rows.Next() {
				page = append(page, scanDiscrepancy(rows))
			}
			return page, errors.Join(err, rows.Close())
		},
	}
	return func(yield func(Discrepancy, error) bool) {
		for d, err := range list.All(ctx) {
			if err != nil {
				yield(Discrepancy{}, fmt.Errorf("listing discrepancies: %w", err))
				return
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

const discrepancyColumns = `kind, provider, key, provider_id, order_id, currency, ours, theirs, made_at, found_at, cleared_at, note, cleared_by, back_state`

func scanDiscrepancy(r *sqlite.Rows) Discrepancy {
	c := money.Currency(r.Text(5))
	d := Discrepancy{
		Kind: DiscrepancyKind(r.Text(0)), Provider: r.Text(1), Key: r.Text(2), ProviderID: r.Text(3), Order: orders.ID(r.Text(4)),
		Ours: money.New(r.Int64(6), c), Theirs: money.New(r.Int64(7), c), FoundAt: instant(r.Int64(9)), Note: r.Text(11), ClearedBy: r.Text(12),
		back: r.Text(13),
	}
	if d.Kind == LostPayment {
		d.MadeAt = instant(r.Int64(8))
	}
	if cleared := r.Int64(10); cleared > 0 {
		d.ClearedAt = instant(cleared)
	}
	return d
}
