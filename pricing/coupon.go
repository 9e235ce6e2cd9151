package pricing

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
)

// CouponID identifies a code, as in cpn_01KAJ3W7Q8Z5D4F6G7H8J9K0M1. It follows
// from the code.
type CouponID string

// Coupon is a code and the promotion that it asks for.
type Coupon struct {
	ID        CouponID
	Code      string
	Promotion string
	// Limits are its own, beside those of the promotion.
	Limits  Limits
	Revoked bool // it has no effect any more

	CreatedAt, UpdatedAt time.Time

	// Spent says, in an Input, that its limits are used up for the moment.
	Spent bool
}

// couponID returns the ID of a normalized code. Its slot is that of the code's
// hash.
func (s *Service) couponID(code string) (CouponID, id.Slot) {
	h := s.engine.Hash("coupon", code)
	slot := id.SlotOfHash(h)
	return CouponID(id.FromHash("cpn", slot, time.UnixMilli(0), h)), slot
}

// limitID names the limits of a promotion. They are kept on the store slot,
// where promotions are.
func (s *Service) limitID(promotion string) string {
	return id.FromHash("prm", id.StoreSlot, time.UnixMilli(0), s.engine.Hash("promotion", promotion))
}

func couponKey(code string) string { return "coupon:" + code }

// Coupon returns a code, however it is written. It returns a
// *UnknownCodeError if there is none.
func (s *Service) Coupon(ctx context.Context, code string) (Coupon, error) {
	code, err := NormalizeCode(code)
	if err != nil {
		return Coupon{}, err
	}
	if s.engine.Several() {
		_, slot := s.couponID(code)
		if err := s.engine.Recent(ctx, slot); err != nil {
			return Coupon{}, err
		}
	}
	v, err := s.cache.Get(couponKey(code), func() (any, error) {
		return s.loadCoupon(context.WithoutCancel(ctx), code) // others may wait for this load
	})
	if err != nil {
		return Coupon{}, err
	}
	return v.(Coupon), nil
}

func (s *Service) loadCoupon(ctx context.Context, code string) (c Coupon, err error) {
	coupon, slot := s.couponID(code)
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.One(selectCoupon+` WHERE id = ?`, coupon)
		if !rows.Next() {
			return errors.Join(&UnknownCodeError{Code: code}, rows.Close())
		}
		c, err = scanCoupon(rows)
		return errors.Join(err, rows.Close())
	})
	return c, err
}

const selectCoupon = `SELECT id, code, promotion, limits, revoked, created_at, updated_at FROM coupons`

func scanCoupon(rows *sqlite.Rows) (Coupon, error) {
	c := Coupon{
		ID: CouponID(rows.Text(0)), Code: rows.Text(1), Promotion: rows.Text(2), Revoked: rows.Bool(4),
		CreatedAt: time.UnixMilli(rows.Int64(5)).UTC(), UpdatedAt: time.UnixMilli(rows.Int64(6)).UTC(),
	}
	if err := command.Unmarshal(rows.Blob(3), &c.Limits); err != nil {
		return c, fmt.Errorf("reading the limits of code %s: %w", c.Code, err)
	}
	return c, nil
}

// CouponFilter selects codes. The zero CouponFilter selects all of them.
type CouponFilter struct {
	Promotion string
	After     CouponID // only those that sort after this one
	Limit     int      // 0 is no limit
}

// Coupons returns the codes that a filter selects, in the order of their IDs,
// which is none in particular.
func (s *Service) Coupons(ctx context.Context, f CouponFilter) iter.Seq2[Coupon, error] {
	list := listing.List[Coupon]{
		Engine: s.engine, After: string(f.After), Limit: f.Limit,
		Page: f.page, Key: func(c Coupon) string { return string(c.ID) },
	}
	return func(yield func(Coupon, error) bool) {
		for c, err := range list.All(ctx) {
			if err != nil {
				yield(Coupon{}, fmt.Errorf("listing codes: %w", err))
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (f CouponFilter) page(tx *sqlite.Tx, after string, limit int) (page []Coupon, err error) {
	q, args := selectCoupon+` WHERE id > ?`, []any{after}
	if f.Promotion != "" {
		q, args = q+` AND promotion = ?`, append(args, f.Promotion)
	}
	rows := tx.Query(q+` ORDER BY id LIMIT ?`, append(args, limit)...)
	for rows.Next() && err == nil {
		var c Coupon
		c, err = scanCoupon(rows)
		page = append(page, c)
	}
	return page, errors.Join(err, rows.Close())
}

// UnknownCodeError says that there is no such code.
type UnknownCodeError struct{ Code string }

func (e *UnknownCodeError) Error() string { return fmt.Sprintf("there is no code %q", e.Code) }

// Unwrap returns fault.NotFound.
func (e *UnknownCodeError) Unwrap() error { return fault.NotFound }
