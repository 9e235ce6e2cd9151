package endpoints

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// Lease makes one run of one node the only one that delivers, for as long as it
// renews the lease. It is for package webhooks.
type Lease struct {
	Holder string        `cbor:"1,keyasint"` // the node
	Run    string        `cbor:"2,keyasint"` // made anew at each start
	For    time.Duration `cbor:"3,keyasint"` // 0 gives it up
	// Begin takes the lease over from an earlier run of the same node, which
	// has died.
	Begin bool `cbor:"4,keyasint,omitempty"`
}

// Kind returns "endpoints.lease".
func (Lease) Kind() command.Kind { return "endpoints.lease" }

// Validate returns fault.Invalid if a field cannot be what it should be.
func (c Lease) Validate() error {
	if c.Holder == "" || c.Run == "" || len(c.Holder)+len(c.Run) > mostText || c.For < 0 || c.For > time.Hour {
		return fault.New(fault.Invalid, "a lease has a holder and a run, and lasts an hour at most, not %v", c.For)
	}
	return nil
}

func (c Lease) apply(tx *command.Tx) (struct{}, error) {
	holder, run, until, err := readLease(tx)
	if err != nil {
		return struct{}{}, err
	}
	mine := holder == c.Holder && (run == c.Run || c.Begin)
	if !mine && until > tx.Clock {
		return struct{}{}, &LeaseError{Holder: holder}
	}
	if !mine && c.For == 0 {
		return struct{}{}, nil
	}
	_, err = tx.Exec(`INSERT INTO dispatcher (one, slot, holder, run, until) VALUES (1, ?, ?, ?, ?)
		ON CONFLICT (one) DO UPDATE SET holder = excluded.holder, run = excluded.run, until = excluded.until`,
		tx.Slot, c.Holder, c.Run, tx.Clock+c.For.Milliseconds())
	return struct{}{}, err
}

func readLease(tx *command.Tx) (holder, run string, until int64, err error) {
	rows := tx.One(`SELECT holder, run, until FROM dispatcher WHERE one = 1`)
	if rows.Next() {
		holder, run, until = rows.Text(0), rows.Text(1), rows.Int64(2)
	}
	return holder, run, until, rows.Close()
}

// Lease takes, renews or gives up the lease. The error is a *LeaseError if
// another run has it.
func (s *Service) Lease(ctx context.Context, c Lease) error {
	if _, err := command.Do[struct{}](ctx, s.engine, &c, command.Call{Slot: id.StoreSlot}); err != nil {
		return fmt.Errorf("leasing the delivery of webhooks: %w", err)
	}
	return nil
}
