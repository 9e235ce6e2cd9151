package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
)

// attempts bounds how often a put starts over because what it went by changed.
const attempts = 8

// PutProduct creates a product or replaces it as a whole, and returns it.
func (s *Service) PutProduct(ctx context.Context, c PutProduct) (Product, error) {
	if err := c.Validate(); err != nil {
		return Product{}, err
	}
	c, err := c.normalized()
	if err != nil {
		return Product{}, err
	}
	done, err := s.put(ctx, c)
	if err != nil {
		return Product{}, fmt.Errorf("putting product %q: %w", c.Handle, err)
	}
	r, err := s.load(ctx, done.ID)
	return r.Product, err
}

// put runs a normalized command.
func (s *Service) put(ctx context.Context, c PutProduct) (done stored, err error) {
	c.stampClaims(s.engine)
	if c.local() {
		if done, err = s.putLocal(ctx, c); !startOver(err) {
			return done, err
		}
	}
	for range attempts {
		if done, err = s.putAcross(ctx, c); !startOver(err) {
			return done, err
		}
	}
	return stored{}, err
}

// startOver reports whether a command found out that it went by something that
// is no longer so.
func startOver(err error) bool {
	_, moved := errors.AsType[*movedError](err)
	_, late := errors.AsType[*claim.LateError](err)
	return moved || late
}

func (c *PutProduct) stampClaims(e command.Engine) {
	c.Claim = claim.Of(e, ClaimKind, c.Handle)
	for i := range c.Variants {
		c.Variants[i].Claim = claim.Of(e, ClaimKind, string(c.Variants[i].SKU))
	}
}

// local reports whether the product, if it is new, has its names on one slot
// and can be found there.
func (c PutProduct) local() bool {
	return c.ID == "" && len(c.Variants) == 1 && c.Handle == string(c.Variants[0].SKU)
}

// putLocal runs the command on the slot of the product's only name.
func (s *Service) putLocal(ctx context.Context, c PutProduct) (stored, error) {
	return command.Do[stored](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: c.Claim.Slot(), Prepare: func(stamp command.Stamp) error {
		c.NewID, c.Target, c.Reserved = ProductID(stamp.NewID("prd")), "", nil
		return nil
	}})
}

// putAcross finds the product that the command replaces, wherever it lives,
// reserves what changes of its names on other slots, and runs the command.
func (s *Service) putAcross(ctx context.Context, c PutProduct) (stored, error) {
	have, err := s.target(ctx, c)
	if err != nil && (c.Key == "" || c.ID != "") {
		return stored{}, err
	}
	slot := c.Variants[0].Claim.Slot()
	if have.ID != "" {
		if slot, err = have.ID.Slot(); err != nil {
			return stored{}, err
		}
	}
	var r *claim.Reservation
	done, err := command.Do[stored](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot, Prepare: func(stamp command.Stamp) (err error) {
		c.NewID, c.Reserved = ProductID(stamp.NewID("prd")), nil
		if c.Target = have.ID; c.ID != "" {
			c.Target = ""
		}
		r, err = s.reserve(ctx, &c, have, slot)
		return err
	}})
	s.settle(ctx, r, have.ID == "", done, err)
	return done, err
}
