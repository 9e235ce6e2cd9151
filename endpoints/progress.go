package endpoints

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// Progress notes what was delivered to an endpoint. It is for package webhooks.
type Progress struct {
	Endpoint   ID     `cbor:"1,keyasint"`
	Generation int64  `cbor:"2,keyasint,omitempty"` // that the work began with; 0 notes deliveries only
	Run        string `cbor:"3,keyasint,omitempty"` // that has the lease
	Position   string `cbor:"4,keyasint,omitempty" command:"numbers"`
	// FailingSince is when the first delivery failed since the last success, in
	// milliseconds since 1970 UTC; 0 if nothing fails.
	FailingSince int64      `cbor:"5,keyasint,omitempty"`
	Disable      string     `cbor:"6,keyasint,omitempty" command:"numbers"` // why nothing is to be sent from now on
	Deliveries   []Delivery `cbor:"7,keyasint,omitempty" command:"numbers"` // the oldest first
}

// Kind returns "endpoints.progress".
func (Progress) Kind() command.Kind { return "endpoints.progress" }

// Validate returns fault.Invalid if a field cannot be what it should be.
func (c Progress) Validate() error {
	if len(c.Deliveries) > mostDeliveries || len(c.Disable) > mostText || len(c.Position) > 4000 || c.Generation < 0 {
		return fault.New(fault.Invalid, "a note of progress has at most %d deliveries, not %d, and short texts", mostDeliveries, len(c.Deliveries))
	}
	for _, d := range c.Deliveries {
		if len(d.Message)+len(d.Kind)+len(d.Subject)+len(d.Error) > 4*mostText || !utf8.ValidString(d.Error) {
			return fault.New(fault.Invalid, "a delivery of %s has texts that are too long", d.Kind)
		}
	}
	return id.Check("whe", string(c.Endpoint))
}

func (c Progress) apply(tx *command.Tx) (struct{}, error) {
	f, err := findTx(tx, c.Endpoint, 0)
	if err != nil {
		return struct{}{}, err
	}
	if c.Generation != 0 {
		holder, run, _, err := readLease(tx)
		switch {
		case err != nil:
			return struct{}{}, err
		case run != c.Run:
			return struct{}{}, &LeaseError{Holder: holder}
		case f.generation != c.Generation:
			return struct{}{}, &StaleError{Endpoint: c.Endpoint}
		}
		_, err = tx.Exec(`UPDATE endpoints SET position = ?, failing_since = ?, disabled = CASE WHEN ?3 <> '' THEN ?3 ELSE disabled END WHERE id = ?4`,
			c.Position, c.FailingSince, c.Disable, c.Endpoint)
		if err != nil {
			return struct{}{}, err
		}
		if c.Disable != "" {
			if err := c.emitDisabled(tx); err != nil {
				return struct{}{}, err
			}
		}
	}
	return struct{}{}, c.log(tx, f.nextDelivery)
}

// emitDisabled tells the shop's own people, who may want to do something.
func (c Progress) emitDisabled(tx *command.Tx) error {
	if _, err := tx.Exec(`UPDATE endpoints SET version = version + 1, updated_at = ? WHERE id = ?`, tx.At, c.Endpoint); err != nil {
		return err
	}
	return tx.Emit("endpoint.disabled", string(c.Endpoint), struct {
		Endpoint ID     `json:"endpoint"`
		Reason   string `json:"reason"`
	}{c.Endpoint, c.Disable})
}

func (c Progress) log(tx *command.Tx, next int64) error {
	for _, d := range c.Deliveries {
		_, err := tx.Exec(`INSERT INTO deliveries (endpoint, n, slot, message, kind, subject, outcome, attempt, status, error, millis, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.Endpoint, next, tx.Slot, d.Message, d.Kind, d.Subject, d.Outcome, d.Attempt, d.Status, d.Error, d.Millis, d.At)
		if err != nil {
			return err
		}
		next++
	}
	if len(c.Deliveries) == 0 {
		return nil
	}
	if _, err := tx.Exec(`DELETE FROM deliveries WHERE endpoint = ? AND n < ?`, c.Endpoint, next-keptDeliveries); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE endpoints SET next_delivery = ? WHERE id = ?`, next, c.Endpoint)
	return err
}

// Progress notes what was delivered. The error is a *LeaseError if another run
// delivers now, a *StaleError after a replay, and an *UnknownEndpointError
// after a removal: the work that was noted then does not count.
func (s *Service) Progress(ctx context.Context, c Progress) error {
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: id.StoreSlot}); err != nil {
		return fmt.Errorf("noting what endpoint %s was told: %w", c.Endpoint, err)
	}
	return nil
}
