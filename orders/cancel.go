package orders

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/pricing"
)

// TimerSettle is the kind of the durable timer that asks package payments to
// give back what an order is owed. Its subject is the order.
const TimerSettle = "payments.settle"

// Cancel withdraws a placed order of which nothing has shipped. Its stock is
// free again at once; its money is voided or refunded by package payments,
// soon after and however often it takes.
type Cancel struct {
	Order   ID     `cbor:"1,keyasint"`
	Reason  string `cbor:"2,keyasint"`
	Version int64  `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`
}

// Receipt is the recorded answer of a command on an order.
type Receipt struct {
	Order   ID     `cbor:"1,keyasint"`
	Version int64  `cbor:"2,keyasint"`
	Made    string `cbor:"3,keyasint,omitempty"` // the ID of what the command made, such as a return
	Grant   int    `cbor:"4,keyasint,omitempty"` // the number of the grant that it made or decided about
}

// Kind returns "orders.cancel".
func (Cancel) Kind() command.Kind { return "orders.cancel" }

// Validate requires a reason.
func (c Cancel) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	return checkReason(c.Reason)
}

func (c Cancel) apply(tx *command.Tx) (Receipt, error) {
	o, err := placed(tx.Tx, c.Order, c.Version)
	if err != nil {
		return Receipt{}, err
	}
	if err := Withdraw(tx, &o, c.Reason); err != nil {
		return Receipt{}, err
	}
	return Receipt{Order: o.ID, Version: o.Version}, nil
}

// Withdraw cancels a placed order that the caller has read in this transaction,
// and gives back the goods and the uses of promotions that it had. It stores
// the order.
func Withdraw(tx *command.Tx, o *Order, reason string) error {
	if err := CancelLoaded(tx, o, reason); err != nil {
		return err
	}
	if err := pricing.Unredeem(tx, string(o.ID)); err != nil {
		return err
	}
	// An order of nothing that is counted has no reservation.
	stocked, err := inventory.Reserved(tx.Tx, string(o.ID))
	if err != nil || !stocked {
		return err
	}
	return inventory.Uncommit(tx, string(o.ID), nil)
}

// placed returns an order that is placed and at the wanted version, or says
// why there is none.
func placed(tx *sqlite.Tx, id ID, version int64) (Order, error) {
	o, err := GetTx(tx, id)
	switch {
	case err != nil:
		return Order{}, err
	case version != 0 && version != o.Version:
		return Order{}, &VersionError{Order: id, Want: version, Have: o.Version}
	case o.Status != Placed:
		return Order{}, &StatusError{Order: id, Have: string(o.Status), Want: string(Placed)}
	}
	return o, nil
}

// Cancel runs the command and returns the order as it is then. It returns a
// *NotFoundError, a *VersionError, or a *StatusError if the order is not
// placed or has shipped.
func (s *Service) Cancel(ctx context.Context, c Cancel) (Order, error) {
	slot, err := slotOf(c.Order)
	if err != nil {
		return Order{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}

const maxReason = 500 // bytes

func checkReason(reason string) error {
	if reason == "" || len(reason) > maxReason {
		return fault.Wrong("reason", "a reason of 1 to %d bytes is needed", maxReason)
	}
	return nil
}
