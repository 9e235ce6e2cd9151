package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// MoveCategory gives a category, with everything below it, another place in
// the tree. It costs the same however large the subtree is: nothing below is
// written.
type MoveCategory struct {
	Category CategoryID `cbor:"1,keyasint"`
	Parent   CategoryID `cbor:"2,keyasint,omitempty"` // "" at the top
	Position int64      `cbor:"3,keyasint,omitempty"`
	Version  int64      `cbor:"4,keyasint,omitempty"` // the one that the caller has read; 0 for any
	Key      string     `cbor:"-"`
}

// Kind returns "catalog.move_category".
func (MoveCategory) Kind() command.Kind { return "catalog.move_category" }

// Validate returns fault.Invalid if an ID is not one.
func (c MoveCategory) Validate() error {
	if c.Version < 0 {
		return fault.Wrong("version", "version %d of a category cannot exist", c.Version)
	}
	if c.Parent != "" {
		if err := checkCategoryID(c.Parent); err != nil {
			return err
		}
	}
	return checkCategoryID(c.Category)
}

func (c MoveCategory) apply(tx *command.Tx) (storedCategory, error) {
	have, found, err := readCategory(tx.Tx, c.Category, "")
	switch {
	case err != nil:
		return storedCategory{}, err
	case !found:
		return storedCategory{}, &UnknownCategoryError{Category: c.Category}
	case c.Version != 0 && c.Version != have.Version:
		return storedCategory{}, &CategoryVersionError{Category: have.ID, Have: have.Version, Want: c.Version}
	}
	want := have
	want.Parent, want.Position = c.Parent, c.Position
	fields := want.differences(have)
	if len(fields) == 0 {
		return storedCategory{ID: have.ID, Version: have.Version}, nil
	}
	if err := want.checkParent(tx); err != nil {
		return storedCategory{}, err
	}
	want.Version++
	if err := want.store(tx); err != nil {
		return storedCategory{}, err
	}
	if want.Parent != have.Parent {
		if err := treeMoved(tx); err != nil {
			return storedCategory{}, err
		}
	}
	return storedCategory{ID: want.ID, Version: want.Version}, want.announce(tx, "category.moved", fields)
}

// MoveCategory moves a category and returns it. The errors are
// *UnknownCategoryError, *CategoryVersionError, and *CategoryCycleError if the
// parent is below the category.
func (s *Service) MoveCategory(ctx context.Context, c MoveCategory) (Category, error) {
	out, err := command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}, s.readCategory)
	if err != nil {
		return Category{}, fmt.Errorf("moving category %s: %w", c.Category, err)
	}
	return out, nil
}
