package payments

import (
	"context"

	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
)

// Moments returns what became of the payments of an order and what was asked of
// providers afterwards, for its timeline.
func (s *Service) Moments(ctx context.Context, o orders.ID) ([]orders.Moment, error) {
	attempts, err := s.ByOrder(ctx, o)
	if err != nil {
		return nil, err
	}
	operations, err := s.Operations(ctx, o)
	if err != nil {
		return nil, err
	}
	slot, err := slotOf("ord", string(o))
	if err != nil {
		return nil, err
	}
	var events []event
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		events, err = eventsTx(tx, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []orders.Moment
	for _, a := range attempts {
		out = append(out, a.moments(events, operations)...)
	}
	for _, op := range operations {
		if op.Kind == KindCapture && op.State == OpSucceeded {
			continue // the payment says so
		}
		out = append(out, orders.Moment{
			At: op.UpdatedAt, Kind: "payment." + string(op.Kind) + "_" + string(op.State), Subject: string(op.Attempt),
			Amount: op.Amount, Text: op.Reason, Internal: op.State != OpSucceeded,
		})
	}
	resolved, err := s.Resolutions(ctx, o)
	for _, r := range resolved {
		out = append(out, orders.Moment{
			At: r.At, Kind: "payment.resolved", Subject: string(r.Payment), Text: string(r.State) + ": " + r.Reason, By: r.By, Internal: true,
		})
	}
	return out, err
}
