package payments

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Get returns an attempt, or a *NotFoundError.
func (s *Service) Get(ctx context.Context, a ID) (out Attempt, err error) {
	slot, err := slotOf(Prefix, string(a))
	if err != nil {
		return Attempt{}, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		out, err = AttemptTx(tx, a)
		return err
	})
	return out, err
}

// ByOrder returns the attempts to pay for an order, the first one first.
func (s *Service) ByOrder(ctx context.Context, o orders.ID) (out []Attempt, err error) {
	slot, err := slotOf("ord", string(o))
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		out, err = AttemptsTx(tx, o)
		return err
	})
	return out, err
}

// Operations returns what was asked of providers after an order's payments,
// by attempt and number. What failed stays among them.
func (s *Service) Operations(ctx context.Context, o orders.ID) (out []Operation, err error) {
	slot, err := slotOf("ord", string(o))
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		out, err = OperationsTx(tx, o)
		return err
	})
	return out, err
}

// Filter selects postings. The zero Filter selects the whole ledger.
type Filter struct {
	Order   orders.ID
	Account Account
}

// Ledger returns the postings that a filter selects: shard after shard, and
// within a shard by order, transaction and number.
func (s *Service) Ledger(ctx context.Context, f Filter) iter.Seq2[Posting, error] {
	return func(yield func(Posting, error) bool) {
		slots := make([]id.Slot, s.engine.Shards())
		for i := range slots {
			slots[i] = s.engine.SlotOn(i)
		}
		if f.Order != "" {
			slot, err := slotOf("ord", string(f.Order))
			if err != nil {
				yield(Posting{}, err)
				return
			}
			slots = []id.Slot{slot}
		}
		for _, slot := range slots {
			if !s.ledgerOn(ctx, slot, f, yield) {
				return
			}
		}
	}
}

const pageSize = 200

// ledgerOn yields one shard's postings, a page at a time, so that no snapshot
// is held while the caller works. It reports whether to go on.
func (s *Service) ledgerOn(ctx context.Context, slot id.Slot, f Filter, yield func(Posting, error) bool) bool {
	var last Posting
	for {
		page, err := s.ledgerPage(ctx, slot, f, last)
		if err != nil {
			yield(Posting{}, fmt.Errorf("reading the ledger: %w", err))
			return false
		}
		for _, p := range page {
			if !yield(p, nil) {
				return false
			}
		}
		if len(page) < pageSize {
			return true
		}
		last = page[len(page)-1]
	}
}

func (s *Service) ledgerPage(ctx context.Context, slot id.Slot, f Filter, last Posting) ([]Posting, error) {
	q := `SELECT p.order_id, p.txn, p.n, p.account, p.currency, p.amount, p.at, coalesce(o.external_reference, '')
		FROM postings p LEFT JOIN orders o ON o.id = p.order_id WHERE (p.order_id, p.txn, p.n) > (?, ?, ?)`
	args := []any{last.Order, last.Txn, last.Number}
	if f.Order != "" {
		q, args = q+` AND p.order_id = ?`, append(args, f.Order)
	}
	if f.Account != "" {
		q, args = q+` AND p.account = ?`, append(args, f.Account)
	}
	var page []Posting
	err := s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(q+` ORDER BY p.order_id, p.txn, p.n LIMIT ?`, append(args, pageSize)...)
		for rows.Next() {
			page = append(page, Posting{
				Order: orders.ID(rows.Text(0)), Txn: rows.Text(1), Number: rows.Int(2), Account: Account(rows.Text(3)),
				Amount: money.New(rows.Int64(5), money.Currency(rows.Text(4))), At: rows.Int64(6), Reference: rows.Text(7),
			})
		}
		return rows.Close()
	})
	return page, err
}

// Balance is what an account holds in one currency. A debit is positive.
type Balance struct {
	Account Account
	Amount  money.Amount
}

// Balances returns the balance of every account and currency, over all shards,
// sorted by account and currency. In each currency they add up to nothing.
func (s *Service) Balances(ctx context.Context) ([]Balance, error) {
	type key struct {
		account  Account
		currency money.Currency
	}
	sums := map[key]sum128{}
	for i := range s.engine.Shards() {
		err := s.engine.View(ctx, s.engine.SlotOn(i), func(tx *sqlite.Tx) error {
			// In halves, whose sums cannot overflow: an account may go beyond 64
			// bits on its way and come back.
			rows := tx.Query(`SELECT account, currency, sum(amount >> 32), sum(amount & 4294967295) FROM postings GROUP BY account, currency`)
			for rows.Next() {
				k := key{Account(rows.Text(0)), money.Currency(rows.Text(1))}
				sums[k] = sums[k].add(rows.Int64(2), rows.Int64(3))
			}
			return rows.Close()
		})
		if err != nil {
			return nil, fmt.Errorf("adding up the ledger: %w", err)
		}
	}
	out := make([]Balance, 0, len(sums))
	for k, sum := range sums {
		minor, ok := sum.int64()
		if !ok {
			return nil, fault.New(fault.Refused, "the balance of %s in %s is larger than an amount can be", k.account, k.currency)
		}
		out = append(out, Balance{k.account, money.New(minor, k.currency)})
	}
	slices.SortFunc(out, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Amount.Currency(), b.Amount.Currency()))
	})
	return out, nil
}

// sum128 is a sum of 64-bit numbers: high<<32 + low.
type sum128 struct{ high, low int64 }

func (s sum128) add(high, low int64) sum128 {
	low += s.low
	return sum128{s.high + high + low>>32, low & math.MaxUint32}
}

func (s sum128) int64() (int64, bool) {
	if s.high < math.MinInt32 || s.high > math.MaxInt32 {
		return 0, false
	}
	return s.high<<32 + s.low, true
}
