package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// attempts bounds how often a put starts over because what it went by changed.
const attempts = 8

// PutProduct creates a product or replaces it as a whole, and returns it. The
// errors are *NameTakenError, *ReferenceTakenError and *NameBusyError for names
// that others have, *VersionError, *UnknownProductError for its ID, and
// *UnknownCategoryError, *UnknownProductTypeError and *AttributeError for what it
// names. A product that is too large for one command is put in several, after all
// has been checked that can be known; an error that comes in between is a *PartlyPutError,
// and putting it again goes on.
func (s *Service) PutProduct(ctx context.Context, c PutProduct) (Product, error) {
	if err := c.Validate(); err != nil {
		return Product{}, err
	}
	c, err := c.normalized()
	if err != nil {
		return Product{}, err
	}
	if err := s.checkKits(ctx, c.Variants); err != nil {
		return Product{}, fmt.Errorf("putting product %q: %w", c.Handle, err)
	}
	key := command.KeyOr(s.engine, c.Key)
	done, err := s.put(ctx, c, key)
	var p Product
	if err == nil {
		p, err = command.Then(ctx, key, func(ctx context.Context) (Product, error) { return s.read(ctx, done) })
	}
	if err != nil {
		return Product{}, fmt.Errorf("putting product %q: %w", c.Handle, err)
	}
	return p, nil
}

// read returns the product that a command answered with, past the cache.
func (s *Service) read(ctx context.Context, done stored) (Product, error) {
	r, err := s.load(ctx, done.ID)
	return r.Product, err
}

// put runs a normalized command under key, which is made up if its caller gave
// none.
func (s *Service) put(ctx context.Context, c PutProduct, key string) (stored, error) {
	c.More = false
	if c.large() {
		return s.putLarge(ctx, c, key)
	}
	return s.putSmall(ctx, c, key, nil)
}

// putSmall puts a product with one command, unless SKUs that are to follow in
// others are not to be had.
func (s *Service) putSmall(ctx context.Context, c PutProduct, key string, follow []name) (done stored, err error) {
	c.stampClaims(s.engine)
	if c.local() && len(follow) == 0 {
		if done, err = s.putLocal(ctx, c, key); !startOver(err) {
			return done, err
		}
	}
	for range attempts {
		if done, err = s.putAcross(ctx, c, key, follow); !startOver(err) {
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

// checkReferences checks what a product names on the store's slot: categories
// and its type.
func (s *Service) checkReferences(ctx context.Context, c PutProduct) error {
	if err := s.checkCategories(ctx, c.Categories); err != nil {
		return err
	}
	return s.checkType(ctx, c)
}

func (c *PutProduct) stampClaims(e command.Engine) {
	c.Claim = claim.Of(e, ClaimKind, c.Handle)
	c.ReferenceClaim, c.FormerClaims = claim.Hash{}, nil
	if c.ExternalReference != "" {
		c.ReferenceClaim = referenceClaim(e, c.ExternalReference)
	}
	for _, h := range c.FormerHandles {
		c.FormerClaims = append(c.FormerClaims, claim.Of(e, ClaimKind, h))
	}
	for i := range c.Variants {
		c.Variants[i].Claim = claim.Of(e, ClaimKind, string(c.Variants[i].SKU))
	}
}

// local reports whether the product, if it is new, has its names on one slot
// and can be found there.
func (c PutProduct) local() bool {
	return c.ID == "" && len(c.Variants) == 1 && c.Handle == string(c.Variants[0].SKU) &&
		c.ExternalReference == "" && len(c.FormerHandles) == 0
}

// putLocal runs the command on the slot of the product's only name.
func (s *Service) putLocal(ctx context.Context, c PutProduct, key string) (stored, error) {
	return command.Do[stored](ctx, s.engine, &c, command.Call{Key: key, Slot: c.Claim.Slot(), Prepare: func(stamp command.Stamp) error {
		c.NewID, c.Target, c.Reserved = ProductID(stamp.NewID("prd")), "", nil
		return s.checkReferences(ctx, c)
	}})
}

// putAcross finds the product that the command replaces, wherever it lives,
// reserves what changes of its names on other slots, and runs the command, unless
// one of the names that are to follow is somebody else's.
func (s *Service) putAcross(ctx context.Context, c PutProduct, key string, follow []name) (stored, error) {
	have, taken, err := s.target(ctx, c)
	if err != nil {
		return stored{}, err
	}
	if taken != nil && c.Key == "" {
		return stored{}, taken
	}
	slot := c.Variants[0].Claim.Slot()
	if have.ID != "" {
		if slot, err = have.ID.Slot(); err != nil {
			return stored{}, err
		}
	}
	var r *claim.Reservation
	done, err := command.Do[stored](ctx, s.engine, &c, command.Call{Key: key, Slot: slot, Prepare: func(stamp command.Stamp) (err error) {
		c.NewID, c.Target, c.Reserved = ProductID(stamp.NewID("prd")), "", nil
		if err := s.checkReferences(ctx, c); err != nil {
			return err
		}
		if err := s.checkFree(ctx, have.ID, follow); err != nil {
			return err
		}
		if c.ID == "" {
			c.Target = have.ID
		}
		if taken != nil {
			// The command was perhaps done before, which its key will tell.
			c.Reserved = &Reserved{Taken: taken.Name, TakenBy: taken.Product}
			return nil
		}
		r, err = s.reserve(ctx, &c, have, slot)
		return err
	}})
	s.settle(ctx, r, have.ID == "", done, err)
	return done, err
}

// target returns the product that a command replaces, a zero record if it is
// new, and an error to refuse it with if its handle is another product's SKU.
func (s *Service) target(ctx context.Context, c PutProduct) (have record, taken *NameTakenError, err error) {
	if c.ID != "" {
		have, err = s.load(ctx, c.ID)
		return have, nil, err
	}
	owner, confirmed, err := claim.Owner(ctx, s.engine, ClaimKind, c.Claim)
	if err != nil || owner == "" {
		return record{}, nil, err
	}
	have, err = s.load(ctx, ProductID(owner))
	switch {
	case isUnknown(err) && !confirmed:
		return record{}, nil, nil // reserved by a put that did not happen yet
	case err != nil:
		return record{}, nil, err
	case have.Handle != c.Handle:
		return record{}, &NameTakenError{Name: c.Handle, Product: have.ID}, nil
	}
	return have, nil, nil
}

func isUnknown(err error) bool {
	_, unknown := errors.AsType[*UnknownProductError](err)
	return unknown
}

// change returns what a command changes of a product's names on other slots
// than its own.
func (c PutProduct) change(have record, slot id.Slot) claim.Change {
	take, drop := changedNames(have.names(), c.names(have))
	return claim.Change{
		Kind: ClaimKind, Owner: string(cmp.Or(have.ID, c.NewID)), Take: claims(beyond(slot, take)), Drop: claims(beyond(slot, drop)),
	}
}

// reserve reserves the names that the command takes and drops on slots other
// than the product's, and stamps the command with what it went by. Without
// such names it does nothing.
func (s *Service) reserve(ctx context.Context, c *PutProduct, have record, slot id.Slot) (*claim.Reservation, error) {
	change := c.change(have, slot)
	if len(change.Take)+len(change.Drop) == 0 {
		return nil, nil
	}
	r, err := claim.Reserve(ctx, s.engine, change)
	if err == nil {
		c.Reserved = &Reserved{Base: have.Version, Deadline: r.Deadline, Token: r.Token}
		return r, nil
	}
	err = namesError(c.names(have), err)
	refused := refusedBy(err)
	switch {
	case refused == nil:
		return r, err
	case refused.TakenBy != "" && have.ID == "" && s.isTarget(ctx, *c, refused.TakenBy):
		return r, &movedError{Product: refused.TakenBy}
	case c.Key != "":
		c.Reserved = refused
		return r, nil
	}
	return r, err
}

// refusedBy returns what a command with a key says of a name that cannot be
// had, and nil if err says nothing of one.
func refusedBy(err error) *Reserved {
	if e, ok := errors.AsType[*NameTakenError](err); ok {
		return &Reserved{Taken: e.Name, TakenBy: e.Product}
	}
	if e, ok := errors.AsType[*ReferenceTakenError](err); ok {
		return &Reserved{Taken: e.Reference, TakenBy: e.Product, Reference: true}
	}
	if e, ok := errors.AsType[*NameBusyError](err); ok {
		return &Reserved{Taken: e.Name}
	}
	return nil
}

// isTarget reports whether a product that has one of the names turns out to be
// the one to replace, created by another put a moment ago.
func (s *Service) isTarget(ctx context.Context, c PutProduct, product ProductID) bool {
	have, _, err := s.target(ctx, c)
	return err == nil && have.ID == product
}

// settle ends a reservation as far as its outcome is certain. What fails here
// settles itself later, so no error matters.
func (s *Service) settle(ctx context.Context, r *claim.Reservation, isNew bool, done stored, err error) {
	switch {
	case r == nil || fault.CodeOf(err) == fault.Uncertain:
	case err == nil && done.Token == r.Token:
		_ = r.Settle(ctx, s.engine)
	case isNew:
		_ = r.Abandon(ctx, s.engine)
	}
}
