package cart

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/pricing"
)

// ApplyCode puts a code on a cart. A code whose conditions are not met yet
// stays and has its effect once they are: see Cart.Codes.
type ApplyCode struct {
	Cart    ID     `cbor:"1,keyasint"`
	Code    string `cbor:"2,keyasint"`           // however it is written
	Version int64  `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`
}

// MaxCodes bounds the codes of one cart.
const MaxCodes = 10

// Kind returns "cart.apply_code".
func (ApplyCode) Kind() command.Kind { return "cart.apply_code" }

// Validate checks the form of the code.
func (c ApplyCode) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	_, err := pricing.NormalizeCode(c.Code)
	return err
}

// prepare refuses a code that there is not, or that is over.
func (c *ApplyCode) prepare(ctx context.Context, s *Service) error {
	coupon, err := s.pricing.Coupon(ctx, c.Code)
	if err != nil {
		return err
	}
	c.Code = coupon.Code
	rules, err := s.pricing.Rules(ctx)
	if err != nil {
		return err
	}
	p, ok := rules.Promotion(coupon.Promotion)
	reason := p.Open(pricing.At(s.engine.Now()))
	if !ok || coupon.Revoked {
		reason = pricing.CodeInvalid
	}
	if reason != "" {
		return &CodeError{Cart: c.Cart, Code: c.Code, Reason: reason}
	}
	return nil
}

func (c ApplyCode) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	have, _, err := tx.Int64(`SELECT count(*) FROM cart_codes WHERE cart = ?`, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if have >= MaxCodes {
		return Receipt{}, &LimitError{Cart: c.Cart, What: "codes", Max: MaxCodes}
	}
	n, err := tx.Exec(`INSERT OR IGNORE INTO cart_codes (cart, code, slot, n) VALUES (?, ?, ?, ?)`, c.Cart, c.Code, tx.Slot, h.version+1)
	if err != nil {
		return Receipt{}, err
	}
	if n == 0 {
		return Receipt{}, &CodeError{Cart: c.Cart, Code: c.Code, Reason: pricing.CodeApplied}
	}
	return h.save(tx)
}

// ApplyCode runs the command and returns the whole cart as it is then. It
// returns a *pricing.UnknownCodeError, a *CodeError if the code is over, taken
// back or on the cart already, and a *VersionError or *StatusError as AddLines
// does.
func (s *Service) ApplyCode(ctx context.Context, c ApplyCode) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error { return c.prepare(ctx, s) }}
	return command.DoThen(ctx, s.engine, &c, call, s.read)
}

// RemoveCode takes a code off a cart. One that is not on it is taken off
// already.
type RemoveCode struct {
	Cart    ID     `cbor:"1,keyasint"`
	Code    string `cbor:"2,keyasint"`
	Version int64  `cbor:"3,keyasint,omitempty"` // 0 does not check
	Key     string `cbor:"-"`
}

// Kind returns "cart.remove_code".
func (RemoveCode) Kind() command.Kind { return "cart.remove_code" }

// Validate checks the form of the code.
func (c RemoveCode) Validate() error { return ApplyCode{Cart: c.Cart, Code: c.Code}.Validate() }

func (c RemoveCode) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	if _, err := tx.Exec(`DELETE FROM cart_codes WHERE cart = ? AND code = upper(trim(?))`, c.Cart, c.Code); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// RemoveCode runs the command and returns the whole cart as it is then. It
// returns a *VersionError or *StatusError as AddLines does.
func (s *Service) RemoveCode(ctx context.Context, c RemoveCode) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.read)
}

// codesTx returns a cart's codes in the order in which they were applied.
func codesTx(tx *sqlite.Tx, cart ID) (codes []string, err error) {
	rows := tx.Query(`SELECT code FROM cart_codes WHERE cart = ? ORDER BY n, code`, cart)
	for rows.Next() {
		codes = append(codes, rows.Text(0))
	}
	return codes, rows.Close()
}

// NoteLimit takes note of a *pricing.LimitError that a checkout met, so that
// carts are not priced by what is used up for the next while.
func (s *Service) NoteLimit(err error) {
	if used, ok := errors.AsType[*pricing.LimitError](err); ok {
		s.pricing.MarkSpent(used)
	}
}
