package payments

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Differences says of which orders a provider's list and the store's books
// differ, and of which payments only one of them knows.
type Differences struct {
	Orders []orders.ID // to be looked up
	// Amounts are payments at rest about whose money they differ.
	Amounts []Discrepancy
	// Unknown are payments that the store does not know, Missing those that the
	// provider does not list.
	Unknown, Missing []Discrepancy
	// Lost are payments that this store has made and does not know.
	Lost     []Listed
	Compared int
}

// Compare reads what a provider lists since a time and compares it with the
// store's books, from both sides. It changes nothing. It returns fault.Invalid
// for a provider that is no Lister.
func (s *Service) Compare(ctx context.Context, provider string, since time.Time) (Differences, error) {
	lister, ok := s.listers[provider]
	if !ok {
		return Differences{}, fault.Wrong("provider", "payment provider %q cannot list its payments", provider)
	}
	ctx, cancel := context.WithTimeout(ctx, maxList)
	defer cancel()
	began := s.engine.Now()
	var out Differences
	listed := map[ID]bool{}
	for l, err := range lister.List(ctx, since) {
		if err != nil {
			return out, fmt.Errorf("reading the payments of %s: %w", provider, err)
		}
		out.Compared++
		a, err := s.Get(ctx, ID(l.Key))
		switch {
		case fault.CodeOf(err) == fault.NotFound && l.Store == s.mark():
			out.Lost = append(out.Lost, l)
			continue
		case fault.CodeOf(err) == fault.NotFound || fault.CodeOf(err) == fault.Invalid:
			if l.Store == "" && (l.Captured.IsPositive() || l.State == Authorized) {
				out.Unknown = append(out.Unknown, Discrepancy{Kind: UnknownPayment, Provider: provider, Key: l.Key, ProviderID: l.ProviderID,
					Ours: money.Zero(l.Captured.Currency()), Theirs: net(l.Captured, l.Refunded)})
			}
			continue
		case err != nil:
			return out, err
		}
		listed[a.ID] = true
		d, err := s.differs(ctx, a, l)
		if err != nil {
			return out, err
		}
		if d == nil && l.State == Authorized && a.State == Voided {
			d = &Discrepancy{Kind: StillHeld, Provider: provider, Key: l.Key, ProviderID: l.ProviderID, Order: a.Order,
				Ours: money.Zero(a.Amount.Currency()), Theirs: a.Voided}
		}
		if d != nil {
			out.Amounts = append(out.Amounts, *d)
		}
		if d != nil || !a.State.Settled() && l.State.Settled() || unheard(a, l) {
			out.Orders = append(out.Orders, a.Order)
		}
	}
	return out, s.missing(ctx, provider, since, began.Add(-listLag), listed, &out)
}

// unheard reports whether a provider holds or has money of a payment that the
// store takes for declined or given up. It is looked up: who has nothing to pay
// for gets it back.
func unheard(a Attempt, l Listed) bool {
	return (a.State == Declined || a.State == Canceled) && (l.State == Authorized || l.State == Captured)
}

// maxList is how long a comparison may take, so that a provider that hangs does
// not keep the books of others from being compared.
const maxList = 10 * time.Minute

// listLag is how old a payment is before it must be in a provider's list: the
// list is read while shoppers pay, and no provider's is up to the second.
const listLag = 2 * time.Minute

// missing finds payments made from since and before until that hold money and
// that the provider did not list.
func (s *Service) missing(ctx context.Context, provider string, since, until time.Time, listed map[ID]bool, out *Differences) error {
	for shard := range s.engine.Shards() {
		for after := ID(""); ; {
			var page []Attempt
			err := s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
				rows := tx.Query(`SELECT `+attemptColumns+` FROM attempts WHERE id > ? AND provider = ? AND created_at >= ? AND created_at < ? ORDER BY id LIMIT ?`,
					after, provider, since.UnixMilli(), until.UnixMilli(), pageSize)
				for rows.Next() {
					a, err := scanAttempt(rows)
					if err != nil {
						return err
					}
					page = append(page, a)
				}
				return rows.Close()
			})
			if err != nil {
				return fmt.Errorf("reading the payments of shard %d: %w", shard, err)
			}
			for _, a := range page {
				after = a.ID
				if a.State.Paid() && !listed[a.ID] {
					out.Missing = append(out.Missing, Discrepancy{Kind: MissingPayment, Provider: provider, Key: string(a.ID), ProviderID: a.ProviderID,
						Order: a.Order, Ours: net(a.Captured, a.Refunded), Theirs: money.Zero(a.Amount.Currency())})
				}
			}
			if len(page) < pageSize {
				break
			}
		}
	}
	return nil
}

// differs compares a payment with what its provider lists of it, now. It
// returns nil if they agree about the money that was taken and given back, or if
// some of it is on its way: which side counts that already is anybody's guess.
// What people gave back by hand the provider does not know.
func (s *Service) differs(ctx context.Context, a Attempt, l Listed) (*Discrepancy, error) {
	refunded := a.Refunded.Minor()
	if refunded == 0 && a.Captured == l.Captured && l.Refunded.IsZero() {
		return nil, nil // as nearly all are
	}
	all, err := s.Operations(ctx, a.Order)
	if err != nil {
		return nil, err
	}
	for _, op := range all {
		if op.Attempt != a.ID {
			continue
		}
		if !op.State.Final() {
			return nil, nil
		}
		if op.Kind == KindRefund && op.State == OpSucceeded && op.Raw == byHand {
			refunded -= op.Amount.Minor()
		}
	}
	if a.Captured == l.Captured && refunded == l.Refunded.Minor() {
		return nil, nil
	}
	return &Discrepancy{Kind: AmountDiffers, Provider: a.Provider, Key: string(a.ID), ProviderID: l.ProviderID, Order: a.Order,
		Ours: money.New(a.Captured.Minor()-refunded, a.Amount.Currency()), Theirs: net(l.Captured, l.Refunded)}, nil
}

func net(captured, refunded money.Amount) money.Amount {
	return money.New(captured.Minor()-refunded.Minor(), captured.Currency())
}
