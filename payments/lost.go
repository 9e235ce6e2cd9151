package payments

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// GiveBack says what becomes of a LostPayment. The zero value gives it back a
// day after it was reported.
type GiveBack struct {
	// After is how long somebody has, from the event payment.discrepancy on, to
	// keep the money where it is by Clear. 0 is DefaultGiveBackAfter.
	After time.Duration
	// ReportOnly leaves all of it to people.
	ReportOnly bool
}

// DefaultGiveBackAfter is GiveBack.After of a store that says nothing else.
const DefaultGiveBackAfter = 24 * time.Hour

// WithGiveBack returns the service with another way to treat lost payments.
func (s *Service) WithGiveBack(g GiveBack) *Service {
	other := *s
	other.back = g
	return &other
}

func (g GiveBack) after() time.Duration {
	if g.After == 0 {
		return DefaultGiveBackAfter
	}
	return g.After
}

// mark is what the store's payments are known by at a provider that others use
// too. Copies of the store, such as one restored from a backup, have the same.
func (s *Service) mark() string {
	sum := s.engine.Hash("payments.store", "")
	return hex.EncodeToString(sum[:12])
}

// Moves reports whether money of the payment is at the provider, or may still
// come.
func (l Listed) Moves() bool {
	return l.Held.IsPositive() || l.Captured.Minor() > l.Refunded.Minor() || l.State == NeedsAction || l.State == Pending
}

// lost returns what there is to report of a lost payment.
func (l Listed) lost(provider string) Discrepancy {
	c := l.Captured.Currency()
	return Discrepancy{Kind: LostPayment, Provider: provider, Key: l.Key, ProviderID: l.ProviderID, MadeAt: l.CreatedAt,
		Ours: money.Zero(c), Theirs: money.New(l.Captured.Minor()-l.Refunded.Minor()+l.Held.Minor(), c)}
}

// LostOf returns what there is to report of lost payments.
func LostOf(provider string, lost []Listed) (out []Discrepancy) {
	for _, l := range lost {
		if l.Moves() {
			out = append(out, l.lost(provider))
		}
	}
	return out
}

// openLost returns the lost payments of a provider that nobody has looked at and
// that were not given back.
func (s *Service) openLost(ctx context.Context, provider string) (out []Discrepancy, err error) {
	for shard := range s.engine.Shards() {
		err := s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT `+discrepancyColumns+` FROM discrepancies WHERE provider = ? AND kind = 'lost_payment' AND cleared_at = 0 ORDER BY key`, provider)
			for rows.Next() {
				out = append(out, scanDiscrepancy(rows))
			}
			return rows.Close()
		})
		if err != nil {
			return nil, fmt.Errorf("reading the lost payments of shard %d: %w", shard, err)
		}
	}
	slices.SortFunc(out, func(a, b Discrepancy) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// KeepInView returns since, or an earlier time if a lost payment of before is
// still to be given back.
func (s *Service) KeepInView(ctx context.Context, provider string, since time.Time) (time.Time, error) {
	if s.back.ReportOnly {
		return since, nil
	}
	open, err := s.openLost(ctx, provider)
	for _, d := range open {
		if made := d.MadeAt.Add(-time.Second); d.back != backRefused && made.Before(since) {
			since = made
		}
	}
	return since, err
}

// GiveBackLost gives back what is due of the lost payments that were reported.
// lost is what the provider listed just now. It returns those whose giving back
// is done.
//
// Of payments that go on being made by somebody under this store's name, such as
// by the store that this one is a copy of, nothing is given back at all: that is
// an *ElsewhereError.
func (s *Service) GiveBackLost(ctx context.Context, provider string, lost []Listed) (done []Discrepancy, err error) {
	if s.back.ReportOnly {
		return nil, nil
	}
	open, err := s.openLost(ctx, provider)
	if err != nil {
		return nil, err
	}
	if late, err := s.reportLate(ctx, provider, open, lost); err != nil {
		return nil, err
	} else if late {
		if open, err = s.openLost(ctx, provider); err != nil {
			return nil, err
		}
	}
	if err := elsewhere(provider, open); err != nil {
		return nil, err
	}
	now := map[string]Listed{}
	for _, l := range lost {
		now[l.Key] = l
	}
	var failed []error
	for _, d := range open {
		l, listed := now[d.Key]
		young := s.engine.Now().Sub(d.FoundAt) < s.back.after()
		if young || d.back == backRefused || !listed && d.back == "" {
			continue
		}
		over, err := s.giveOneBack(ctx, d, l)
		if err != nil {
			failed = append(failed, fmt.Errorf("giving payment %s back: %w", d.Key, err))
		}
		if over {
			done = append(done, d)
		}
	}
	return done, errors.Join(failed...)
}

// reportLate writes down lost payments that were made after the first of those
// that are open was found, although nothing of them is at the provider any more,
// such as one that was declined: what elsewhere finds, somebody has to be able to
// clear. It reports whether there was any that was not known.
func (s *Service) reportLate(ctx context.Context, provider string, open []Discrepancy, lost []Listed) (late bool, err error) {
	first := firstFound(open)
	for _, l := range lost {
		if first.IsZero() || l.Moves() || !l.CreatedAt.After(first) {
			continue
		}
		d, known := l.lost(provider), false
		err := s.engine.View(ctx, s.slotOfKey(d.Key), func(tx *sqlite.Tx) (err error) {
			_, known, err = tx.Int64(`SELECT 1 FROM discrepancies WHERE provider = ? AND key = ? AND kind = ?`, provider, d.Key, LostPayment)
			return err
		})
		if err == nil && !known {
			late, err = true, s.Report(ctx, d)
		}
		if err != nil {
			return late, fmt.Errorf("reporting payment %s: %w", d.Key, err)
		}
	}
	return late, nil
}

// firstFound returns when the first of them was found; zero if there is none.
func firstFound(open []Discrepancy) (first time.Time) {
	for _, d := range open {
		if first.IsZero() || d.FoundAt.Before(first) {
			first = d.FoundAt
		}
	}
	return first
}

// elsewhere finds lost payments that were made after the first one was found.
// What a backup does not know was made before the store was restored from it.
func elsewhere(provider string, open []Discrepancy) error {
	first := firstFound(open)
	for _, d := range open {
		made := d.MadeAt
		if made.Equal(d.FoundAt) { // nobody says: one comparison writes down all that it finds
			made = made.Add(-listLag)
		}
		if made.After(first) {
			return &ElsewhereError{Provider: provider, Payment: d.Key, MadeAt: d.MadeAt}
		}
	}
	return nil
}

// giveOneBack asks the provider for what was decided, and records the answer.
func (s *Service) giveOneBack(ctx context.Context, d Discrepancy, l Listed) (over bool, err error) {
	p, err := s.Provider(d.Provider)
	if err != nil {
		return false, err
	}
	amount := money.Zero(d.Theirs.Currency())
	if l.Key != "" {
		amount = net(l.Captured, l.Refunded)
	}
	call := command.Call{Slot: s.slotOfKey(d.Key)}
	c := returnLost{Provider: d.Provider, Payment: d.Key, Amount: amount, After: s.back.after().Milliseconds()}
	decided, err := command.Do[lostDecision](ctx, s.engine, &c, call)
	if err != nil || decided.Number == 0 {
		return false, err
	}
	said, err := undo(ctx, p, d, decided, l.Key == "" || l.Moves())
	if err != nil || said.State == Pending || said.State == Unknown || said.State == NeedsAction {
		return false, err // the next comparison asks again
	}
	return command.Do[bool](ctx, s.engine, &returnedLost{Provider: d.Provider, Payment: d.Key, Number: decided.Number, Outcome: said}, call)
}

// undo lets go of what a payment holds and refunds what was decided.
func undo(ctx context.Context, p Provider, d Discrepancy, decided lostDecision, moves bool) (Outcome, error) {
	key := fmt.Sprintf("%s/lost/%d", d.Key, decided.Number)
	switch {
	case !moves && decided.Amount.IsPositive(): // the answer was lost
		return Outcome{State: Refunded}, nil
	case !moves:
		return Outcome{State: Voided}, nil
	}
	ended, err := p.Void(ctx, VoidRequest{Key: key + "/void", PaymentKey: d.Key, ProviderID: d.ProviderID})
	if err != nil || !decided.Amount.IsPositive() || ended.State == Pending || ended.State == Unknown {
		return ended, err
	}
	said, err := p.Retrieve(ctx, LookupRequest{Of: KindRefund, Key: key, PaymentKey: d.Key, PaymentID: d.ProviderID})
	if err != nil || said.State != NotFound {
		return said, err
	}
	return p.Refund(ctx, RefundRequest{Key: key, PaymentKey: d.Key, ProviderID: d.ProviderID, Amount: decided.Amount, Reason: lostReason})
}

const lostReason = "no order of the shop explains it"
