package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
)

// RemoveCategory removes a category that has no others below it. Products that
// were in it leave it within moments; what is left of them until then names a
// category that the tree does not have.
type RemoveCategory struct {
	Category CategoryID `cbor:"1,keyasint"`
	Version  int64      `cbor:"2,keyasint,omitempty"` // the one that the caller has read; 0 for any
	Key      string     `cbor:"-"`
}

// Kind returns "catalog.remove_category".
func (RemoveCategory) Kind() command.Kind { return "catalog.remove_category" }

// Validate returns fault.Invalid if Category is not a category's ID.
func (c RemoveCategory) Validate() error {
	if c.Version < 0 {
		return fault.Wrong("version", "version %d of a category cannot exist", c.Version)
	}
	return checkCategoryID(c.Category)
}

func (c RemoveCategory) apply(tx *command.Tx) (storedCategory, error) {
	have, found, err := readCategory(tx.Tx, c.Category, "")
	switch {
	case err != nil:
		return storedCategory{}, err
	case !found:
		return storedCategory{}, &UnknownCategoryError{Category: c.Category}
	case c.Version != 0 && c.Version != have.Version:
		return storedCategory{}, &CategoryVersionError{Category: have.ID, Have: have.Version, Want: c.Version}
	}
	below, _, err := tx.Int64(`SELECT count(*) FROM categories WHERE parent = ?`, c.Category)
	if err != nil {
		return storedCategory{}, err
	}
	if below > 0 {
		return storedCategory{}, &CategoryNotEmptyError{Category: c.Category, Children: below}
	}
	if _, err := tx.Exec(`DELETE FROM former_category_handles WHERE category = ?`, c.Category); err != nil {
		return storedCategory{}, err
	}
	if _, err := tx.Exec(`DELETE FROM categories WHERE id = ?`, c.Category); err != nil {
		return storedCategory{}, err
	}
	if err := treeMoved(tx); err != nil {
		return storedCategory{}, err
	}
	if err := tx.SetTimer(tx.Clock, TimerLeave, string(c.Category)); err != nil {
		return storedCategory{}, err
	}
	have.Version++
	return storedCategory{ID: have.ID, Version: have.Version}, have.announce(tx, "category.removed", nil)
}

// RemoveCategory removes a category. The errors are *UnknownCategoryError,
// *CategoryVersionError, and *CategoryNotEmptyError.
func (s *Service) RemoveCategory(ctx context.Context, c RemoveCategory) error {
	if _, err := command.Do[storedCategory](ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}); err != nil {
		return fmt.Errorf("removing category %s: %w", c.Category, err)
	}
	return nil
}

// TimerLeave names the timers of categories that were removed and that
// products have not all left.
const TimerLeave = "catalog.leave_category"

// mostLeaving is how many products one command takes out of a category.
const mostLeaving = 200

// LeaveTimer is the handler of TimerLeave.
func (s *Service) LeaveTimer(ctx context.Context, category string) error {
	c := leaveCategory{Category: CategoryID(category)}
	for shard := range s.engine.Shards() {
		for left := int64(mostLeaving); left == mostLeaving; {
			var err error
			if left, err = command.Do[int64](ctx, s.engine, &c, command.Call{Slot: s.engine.SlotOn(shard)}); err != nil {
				return fmt.Errorf("emptying the removed category %s: %w", category, err)
			}
		}
	}
	_, err := command.Do[struct{}](ctx, s.engine, &leftCategory{Category: c.Category}, command.Call{Slot: id.StoreSlot})
	return err
}

// leaveCategory takes products of one shard out of a category.
type leaveCategory struct {
	Category CategoryID `cbor:"1,keyasint"`
}

// Kind returns "catalog.leave_category".
func (leaveCategory) Kind() command.Kind { return "catalog.leave_category" }

// Validate returns fault.Invalid if Category is not a category's ID.
func (c leaveCategory) Validate() error { return checkCategoryID(c.Category) }

// apply returns how many products have left, mostLeaving if there may be more.
func (c leaveCategory) apply(tx *command.Tx) (int64, error) {
	var products []ProductID
	rows := tx.Query(`SELECT product FROM product_categories WHERE category = ? ORDER BY product LIMIT ?`, c.Category, mostLeaving)
	for rows.Next() {
		products = append(products, ProductID(rows.Text(0)))
	}
	if err := rows.Close(); err != nil {
		return 0, err
	}
	for _, p := range products {
		if err := c.leave(tx, p); err != nil {
			return 0, err
		}
	}
	return int64(len(products)), nil
}

func (c leaveCategory) leave(tx *command.Tx, product ProductID) error {
	slot, err := product.Slot()
	if err != nil {
		return fault.Wrap(fault.Broken, err, "emptying category %s", c.Category)
	}
	own := *tx // the product's rows and events belong to its slot
	own.Slot = slot
	have, _, err := readRecord(tx.Tx, product)
	if err != nil {
		return err
	}
	want := have
	want.Categories = nil
	for _, other := range have.Categories {
		if other != c.Category {
			want.Categories = append(want.Categories, other)
		}
	}
	want.Version++
	if err := want.storeProduct(&own, have); err != nil {
		return err
	}
	return want.announce(&own, have)
}

// leftCategory notes that no product is left in a removed category.
type leftCategory struct {
	Category CategoryID `cbor:"1,keyasint"`
}

// Kind returns "catalog.left_category".
func (leftCategory) Kind() command.Kind { return "catalog.left_category" }

// Validate returns fault.Invalid if Category is not a category's ID.
func (c leftCategory) Validate() error { return checkCategoryID(c.Category) }

func (c leftCategory) apply(tx *command.Tx) (struct{}, error) {
	return struct{}{}, tx.ClearTimers(TimerLeave, string(c.Category))
}
