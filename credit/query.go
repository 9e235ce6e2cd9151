package credit

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// Get returns a balance, or a *NotFoundError.
func (s *Service) Get(ctx context.Context, b ID) (out Balance, err error) {
	slot, err := slotOf(b)
	if err != nil {
		return Balance{}, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		out, err = balanceTx(tx, b)
		return err
	})
	return out, err
}

// ByCode returns the gift card with a code, however it is written. It is a
// *NotFoundError if there is none: bound how often strangers may ask.
func (s *Service) ByCode(ctx context.Context, code string) (Balance, error) {
	code, err := NormalizeCode(code)
	if err != nil {
		return Balance{}, err
	}
	card, _ := s.giftCardOf(code)
	b, err := s.Get(ctx, card)
	if _, none := errors.AsType[*NotFoundError](err); none {
		err = &NotFoundError{}
	}
	return b, err
}

// OfCustomer returns a customer's store credit in a currency: one of nothing if
// they never had any.
func (s *Service) OfCustomer(ctx context.Context, customer accounts.CustomerID, c money.Currency) (Balance, error) {
	slot, err := id.SlotOf(string(customer))
	if err != nil {
		return Balance{}, err
	}
	account := s.creditOf(customer, slot, c)
	b, err := s.Get(ctx, account)
	if _, none := errors.AsType[*NotFoundError](err); none {
		zero := money.Zero(c)
		return Balance{ID: account, Kind: CustomerCredit, Customer: customer, Issued: zero, Held: zero, Spent: zero, Left: zero}, nil
	}
	return b, err
}

// Filter selects balances. The zero Filter selects all of them.
type Filter struct {
	Kind     Kind
	Customer accounts.CustomerID
	After    ID  // only those that sort after this one
	Limit    int // 0 is no limit
}

// All returns the balances that a filter selects, in the order of their IDs,
// which is none in particular.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Balance, error] {
	list := listing.List[Balance]{
		Engine: s.engine, After: string(f.After), Limit: f.Limit,
		Page: f.page, Key: func(b Balance) string { return string(b.ID) },
	}
	return func(yield func(Balance, error) bool) {
		for b, err := range list.All(ctx) {
			if err != nil {
				yield(Balance{}, fmt.Errorf("listing balances: %w", err))
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func (f Filter) page(tx *sqlite.Tx, after string, limit int) (page []Balance, err error) {
	q, args := selectBalance+` WHERE id > ?`, []any{after}
	if f.Kind != "" {
		q, args = q+` AND kind = ?`, append(args, f.Kind)
	}
	if f.Customer != "" {
		q, args = q+` AND customer = ?`, append(args, f.Customer)
	}
	rows := tx.Query(q+` ORDER BY id LIMIT ?`, append(args, limit)...)
	for rows.Next() {
		page = append(page, scanBalance(rows))
	}
	return page, rows.Close()
}
