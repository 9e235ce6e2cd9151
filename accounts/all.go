package accounts

import (
	"context"
	"fmt"
	"iter"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Filter selects customers. Its zero value means all of them.
type Filter struct {
	Group string // "" means any
	// Phone selects by the whole number, whatever is between its digits. ""
	// means any; a number of less than three digits selects nobody.
	Phone seal.Personal
	After CustomerID // only customers whose ID sorts behind this one
	Limit int        // 0 means no limit
}

// All returns the customers that a filter selects, the erased ones included,
// in the order of their IDs, which is about that of their registration. It
// reads page by page, so one who registers meanwhile may be missed. After an
// error it ends.
func (s *Service) All(ctx context.Context, f Filter) iter.Seq2[Customer, error] {
	list := listing.List[record]{
		Engine: s.engine, After: string(f.After), Limit: f.Limit,
		Page: s.pageOf(f), Key: func(r record) string { return string(r.ID) },
	}
	return func(yield func(Customer, error) bool) {
		for r, err := range list.All(ctx) {
			var c Customer
			if err == nil {
				c, err = s.open(ctx, r)
			}
			if err != nil {
				yield(Customer{}, fmt.Errorf("listing customers: %w", err))
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (s *Service) pageOf(f Filter) func(tx *sqlite.Tx, after string, limit int) ([]record, error) {
	if f.Phone == "" {
		return f.page
	}
	h := s.phoneHash(f.Phone)
	return func(tx *sqlite.Tx, after string, limit int) ([]record, error) {
		ids, err := f.idsByPhone(tx, h, after, limit)
		return readPage(tx, ids, err)
	}
}

func (f Filter) page(tx *sqlite.Tx, after string, limit int) (page []record, err error) {
	ids, err := f.ids(tx, after, limit)
	return readPage(tx, ids, err)
}

func readPage(tx *sqlite.Tx, ids []CustomerID, err error) (page []record, _ error) {
	for _, id := range ids {
		r, _, err := readRecord(tx, id)
		if err != nil {
			return nil, err
		}
		page = append(page, r)
	}
	return page, err
}

func (f Filter) ids(tx *sqlite.Tx, after string, limit int) (ids []CustomerID, err error) {
	return readIDs(tx.Query(`SELECT id FROM customers WHERE id > ? AND (? = '' OR EXISTS (SELECT 1 FROM json_each(groups) WHERE value = ?))
		ORDER BY id LIMIT ?`, after, f.Group, f.Group, limit))
}

func (f Filter) idsByPhone(tx *sqlite.Tx, h *claim.Hash, after string, limit int) ([]CustomerID, error) {
	return readIDs(tx.Query(`SELECT id FROM customers WHERE phone_hash = ? AND id > ? AND (? = '' OR EXISTS (SELECT 1 FROM json_each(groups) WHERE value = ?))
		ORDER BY id LIMIT ?`, hashOf(h), after, f.Group, f.Group, limit))
}

func readIDs(rows *sqlite.Rows) (ids []CustomerID, err error) {
	for rows.Next() {
		ids = append(ids, CustomerID(rows.Text(0)))
	}
	return ids, rows.Close()
}
