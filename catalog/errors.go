package catalog

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// UnknownSKUError says that no product has a variant with this SKU.
type UnknownSKUError struct{ SKU SKU }

func (e *UnknownSKUError) Error() string {
	return fmt.Sprintf("there is no SKU %q in the catalog", e.SKU)
}

// Unwrap returns fault.NotFound.
func (e *UnknownSKUError) Unwrap() error { return fault.NotFound }

// UnknownProductError says that a product does not exist.
type UnknownProductError struct {
	Product ProductID // "" when it was looked up by its handle
	Handle  string
}

func (e *UnknownProductError) Error() string {
	if e.Product == "" {
		return fmt.Sprintf("there is no product with the handle %q", e.Handle)
	}
	return fmt.Sprintf("there is no product %s", e.Product)
}

// Unwrap returns fault.NotFound.
func (e *UnknownProductError) Unwrap() error { return fault.NotFound }

// UnknownReferenceError says that no product has an external reference.
type UnknownReferenceError struct{ Reference string }

func (e *UnknownReferenceError) Error() string {
	return fmt.Sprintf("there is no product with the external reference %q", e.Reference)
}

// Unwrap returns fault.NotFound.
func (e *UnknownReferenceError) Unwrap() error { return fault.NotFound }

// NameTakenError says that a SKU or handle belongs to another product.
type NameTakenError struct {
	Name    string
	Product ProductID // the product that has it
}

func (e *NameTakenError) Error() string {
	return fmt.Sprintf("%q already names product %s: choose another SKU or handle, or put that product by its ID", e.Name, e.Product)
}

// Unwrap returns fault.Conflict.
func (e *NameTakenError) Unwrap() error { return fault.Conflict }

// ReferenceTakenError says that an external reference belongs to another
// product.
type ReferenceTakenError struct {
	Reference string
	Product   ProductID // the product that has it
}

func (e *ReferenceTakenError) Error() string {
	return fmt.Sprintf("the external reference %q belongs to product %s: put that product by its ID, or take it off there", e.Reference, e.Product)
}

// Unwrap returns fault.Conflict.
func (e *ReferenceTakenError) Unwrap() error { return fault.Conflict }

// VersionError says that a product was changed since it was read.
type VersionError struct {
	Product    ProductID
	Have, Want int64 // its version, and the one that the command was made for
}

func (e *VersionError) Error() string {
	return command.Unmet("product "+string(e.Product), e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }

// PartlyPutError says that a change of many variants, which takes several
// commands, was done in part when Err came. Its code is that of Err.
type PartlyPutError struct {
	Product  ProductID
	Done, Of int // variants that were put or removed, and that were to be
	Err      error
}

func (e *PartlyPutError) Error() string {
	text := "read it again, and put the rest under another key"
	if fault.Retryable(e.Err) {
		text = "asking again with the same key goes on"
	}
	return fmt.Sprintf("%d of the %d variants to put and remove are done, %s: %v", e.Done, e.Of, text, e.Err)
}

// Unwrap returns Err.
func (e *PartlyPutError) Unwrap() error { return e.Err }

// DuplicateOptionsError says that two variants of a product cannot be told
// apart: both have the same options.
type DuplicateOptionsError struct{ SKU, Other SKU }

func (e *DuplicateOptionsError) Error() string {
	return fmt.Sprintf("variants %q and %q have the same options: each combination may exist once", e.SKU, e.Other)
}

// Unwrap returns fault.Invalid.
func (e *DuplicateOptionsError) Unwrap() error { return fault.Invalid }

// NameBusyError says that another product is taking or giving up a SKU or
// handle just now. Which of the two comes true is known within seconds.
type NameBusyError struct{ Name string }

func (e *NameBusyError) Error() string {
	return fmt.Sprintf("%q is being taken or given up by another product right now: try again in a few seconds", e.Name)
}

// Unwrap returns fault.Unavailable.
func (e *NameBusyError) Unwrap() error { return fault.Unavailable }

// movedError says that what a command went by has changed since, or was not
// known on its shard: look again and repeat it.
type movedError struct{ Product ProductID }

func (e *movedError) Error() string { return "the product changed at the same time: try again" }

// Unwrap returns fault.Unavailable, so that it is never recorded as an answer.
func (e *movedError) Unwrap() error { return fault.Unavailable }

// UnknownCategoryError says that a category does not exist.
type UnknownCategoryError struct{ Category CategoryID }

func (e *UnknownCategoryError) Error() string {
	return fmt.Sprintf("there is no category %s", e.Category)
}

// Unwrap returns fault.NotFound.
func (e *UnknownCategoryError) Unwrap() error { return fault.NotFound }

// CategoryHandleError says that a handle belongs to another category.
type CategoryHandleError struct {
	Handle   string
	Category CategoryID // the category that has it
}

func (e *CategoryHandleError) Error() string {
	return fmt.Sprintf("%q already names category %s: choose another handle, or put that category by its ID", e.Handle, e.Category)
}

// Unwrap returns fault.Conflict.
func (e *CategoryHandleError) Unwrap() error { return fault.Conflict }

// CategoryVersionError says that a category was changed since it was read.
type CategoryVersionError struct {
	Category   CategoryID
	Have, Want int64 // its version, and the one that the command was made for
}

func (e *CategoryVersionError) Error() string {
	return command.Unmet("category "+string(e.Category), e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *CategoryVersionError) Unwrap() error { return fault.Conflict }

// CategoryCycleError says that a category cannot be moved below itself.
type CategoryCycleError struct{ Category, Parent CategoryID }

func (e *CategoryCycleError) Error() string {
	return fmt.Sprintf("category %s cannot be below %s, which is below it", e.Category, e.Parent)
}

// Unwrap returns fault.Invalid.
func (e *CategoryCycleError) Unwrap() error { return fault.Invalid }

// CategoryNotEmptyError says that a category has others below it.
type CategoryNotEmptyError struct {
	Category CategoryID
	Children int64
}

func (e *CategoryNotEmptyError) Error() string {
	return fmt.Sprintf("category %s has %d others below it: move or remove those first", e.Category, e.Children)
}

// Unwrap returns fault.Conflict.
func (e *CategoryNotEmptyError) Unwrap() error { return fault.Conflict }
