package checkout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// Reconciled is what a comparison with a provider's books came to.
type Reconciled struct {
	Compared int // payments that the provider lists
	Learned  int // orders of which it knew more than the store, and was believed
	// Open is what they still do not agree about. It is written down.
	Open []payments.Discrepancy
	// GivenBack are lost payments of which nothing is left at the provider. They
	// were reported by an earlier comparison: see payments.GiveBack.
	GivenBack []payments.Discrepancy
}

// Reconcile compares what a provider lists since a time with the store's books,
// from both sides. What the provider knows more of is taken in as from a
// webhook. What they do not agree about even then is written down, tells of
// itself by the event payment.discrepancy, and, if it is an amount, keeps the
// order's money where it is until payments.Clear. A payment that the store has
// made and lost with its books is given back once payments.GiveBack says so; a
// *payments.ElsewhereError says that this cannot be right. A store does all of
// that by itself every quarter of an hour for the last three days.
func (s *Service) Reconcile(ctx context.Context, provider string, since time.Time) (Reconciled, error) {
	since, err := s.payments.KeepInView(ctx, provider, since)
	if err != nil {
		return Reconciled{}, err
	}
	found, err := s.payments.Compare(ctx, provider, since)
	out := Reconciled{Compared: found.Compared}
	if err != nil {
		return out, err
	}
	// One order that cannot be looked up must not hide what the others came to.
	var failed []error
	for _, order := range found.Orders {
		if err := s.relearn(ctx, order); err != nil {
			failed = append(failed, fmt.Errorf("looking order %s up again: %w", order, err))
		}
	}
	if len(found.Orders) > 0 {
		again, err := s.payments.Compare(ctx, provider, since)
		if err != nil {
			return out, errors.Join(append(failed, err)...)
		}
		twice(&again, found.Orders)
		out.Learned = max(0, len(found.Orders)-len(again.Orders))
		found = again
	}
	out.Open = append(out.Open, found.Unknown...)
	out.Open = append(out.Open, found.Missing...)
	out.Open = append(out.Open, found.Amounts...)
	out.Open = append(out.Open, payments.LostOf(provider, found.Lost)...)
	told := true // of all that is lost
	for _, d := range out.Open {
		if err := s.payments.Report(ctx, d); err != nil {
			failed = append(failed, fmt.Errorf("reporting payment %s: %w", d.Key, err))
			told = told && d.Kind != payments.LostPayment
		}
	}
	if !told { // one that is not written down may prove that a copy of the store sells on
		return out, errors.Join(failed...)
	}
	out.GivenBack, err = s.payments.GiveBackLost(ctx, provider, found.Lost)
	return out, errors.Join(append(failed, err)...)
}

// twice leaves of a second comparison only the orders of the first one. The
// rest has changed in between and was not looked up: the next comparison judges
// it.
func twice(again *payments.Differences, first []orders.ID) {
	again.Orders = slices.DeleteFunc(again.Orders, func(o orders.ID) bool { return !slices.Contains(first, o) })
	again.Amounts = slices.DeleteFunc(again.Amounts, func(d payments.Discrepancy) bool { return !slices.Contains(first, d.Order) })
}

// relearn asks the providers about an order as a webhook makes it. All of them
// are to answer.
func (s *Service) relearn(ctx context.Context, order orders.ID) error {
	slot, err := id.SlotOf(string(order))
	if err != nil {
		return err
	}
	silent, err := s.learn(ctx, slot, order)
	for _, payment := range slices.Sorted(maps.Keys(silent)) {
		err = errors.Join(err, silent[payment].err)
	}
	return err
}
