package pricing

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// PutCoupon makes a code for a promotion, or replaces what is known of it.
type PutCoupon struct {
	Code      string `cbor:"1,keyasint"` // not case-sensitive
	Promotion string `cbor:"2,keyasint"`
	// Limits are the code's own, beside those of the promotion.
	Limits  Limits `cbor:"3,keyasint,omitempty"`
	Revoked bool   `cbor:"4,keyasint,omitempty"` // it has no effect any more
	// Version is OnlyNew, OnlyThere, or 0 for any: codes have no versions.
	Version int64  `cbor:"6,keyasint,omitempty"`
	Key     string `cbor:"-"`

	ID CouponID `cbor:"5,keyasint" command:"stamped"`
}

// Kind returns "pricing.put_coupon".
func (PutCoupon) Kind() command.Kind { return "pricing.put_coupon" }

// Validate checks the code and its limits.
func (c PutCoupon) Validate() error {
	if err := checkID("promotion", c.Promotion); err != nil {
		return &fault.FieldError{Field: "promotion", Err: err}
	}
	code, err := NormalizeCode(c.Code)
	if err != nil {
		return err
	}
	if code != c.Code {
		return fault.Wrong("code", "code %q is not written as it is kept, %q", c.Code, code)
	}
	if err := unversioned("a code", c.Version); err != nil {
		return err
	}
	return fault.InField("limits", c.Limits.check())
}

func (c PutCoupon) apply(tx *command.Tx) (CouponID, error) {
	_, there, err := tx.Int64(`SELECT 1 FROM coupons WHERE id = ?`, c.ID)
	switch {
	case err != nil:
		return "", err
	case c.Version == OnlyNew && there:
		return "", &ExistsError{Kind: KindCoupon, ID: c.Code}
	case c.Version == OnlyThere && !there:
		return "", &UnknownCodeError{Code: c.Code}
	}
	limits, err := command.Marshal(c.Limits)
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(`INSERT INTO coupons (id, slot, code, promotion, limits, revoked, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
		ON CONFLICT (id) DO UPDATE SET promotion = excluded.promotion, limits = excluded.limits, revoked = excluded.revoked, updated_at = excluded.updated_at`,
		c.ID, tx.Slot, c.Code, c.Promotion, limits, c.Revoked, tx.At); err != nil {
		return "", err
	}
	tx.Touch(couponKey(c.Code))
	return c.ID, setLimits(tx, string(c.ID), "code "+c.Code, c.Limits)
}

// PutCoupon runs the command and returns the code. It returns a *NotFoundError
// if there is no such promotion, and fault.Refused if it needs no code, unless
// the code is revoked. With OnlyNew it returns an *ExistsError, with OnlyThere an
// *UnknownCodeError, if the code is what it should not be.
func (s *Service) PutCoupon(ctx context.Context, c PutCoupon) (Coupon, error) {
	code, err := NormalizeCode(c.Code)
	if err != nil {
		return Coupon{}, err
	}
	c.Code = code
	coupon, slot := s.couponID(code)
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error {
		c.ID = coupon
		return s.takesCodes(ctx, c.Promotion, c.Revoked)
	}}
	return command.DoThen(ctx, s.engine, &c, call, func(ctx context.Context, _ CouponID) (Coupon, error) { return s.Coupon(ctx, code) })
}

// takesCodes refuses codes for a promotion that everybody has without one: they
// would have no effect.
func (s *Service) takesCodes(ctx context.Context, promotion string, revoked bool) error {
	r, err := s.Rules(ctx)
	if err != nil {
		return err
	}
	p, ok := r.Promotion(promotion)
	if !ok {
		return &NotFoundError{Kind: KindPromotion, ID: promotion}
	}
	if !p.NeedsCode && !revoked {
		return fault.New(fault.Refused, "promotion %q needs no code: set NeedsCode before codes are made for it", promotion)
	}
	return nil
}
