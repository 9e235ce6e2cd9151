package catalog

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// PutProductType creates a product type or replaces it as a whole. Products
// that are there keep what they have; they are held against the new type when
// they are put again. Putting what is there already changes nothing and does
// not count as a version.
type PutProductType struct {
	// ID names the type to replace. If it is "", that is the type with this
	// code, or a new one.
	ID    ProductTypeID `cbor:"1,keyasint,omitempty"`
	Code  string        `cbor:"2,keyasint"`
	Title string        `cbor:"3,keyasint"`
	// Attributes keep their kinds: one of another kind needs another name.
	Attributes []AttributeDefinition `cbor:"4,keyasint,omitempty"`
	// Version is the one that the caller has read; 0 replaces any. See OnlyNew
	// and OnlyThere.
	Version int64 `cbor:"5,keyasint,omitempty"`

	Key string `cbor:"-"`

	// NewID is the type's ID if it is new.
	NewID ProductTypeID `cbor:"6,keyasint" command:"stamped"`
}

// Kind returns "catalog.put_product_type".
func (PutProductType) Kind() command.Kind { return "catalog.put_product_type" }

// Validate returns fault.Invalid if the type could not be, whatever the store
// holds.
func (c PutProductType) Validate() error {
	if c.ID != "" {
		if err := id.Check("ptype", string(c.ID)); err != nil {
			return err
		}
	}
	if err := command.CheckWanted("a product type", c.Version); err != nil {
		return err
	}
	if len(c.Attributes) > mostAttributes {
		return fault.Wrong("attributes", "the product type has %d attributes; the limit is %d", len(c.Attributes), mostAttributes)
	}
	names := map[string]bool{}
	for _, d := range normalDefinitions(c.Attributes) {
		if err := d.check(); err != nil {
			return fault.InField("attributes", err)
		}
		if names[d.Name] {
			return fault.Wrong("attributes.name", "the attribute %q is defined twice", d.Name)
		}
		names[d.Name] = true
	}
	return firstError(checkName("code", "code", c.Code), checkText("title", "title", c.Title, 1, mostTitle))
}

func (c PutProductType) apply(tx *command.Tx) (storedProductType, error) {
	have, found, err := readProductType(tx.Tx, c.ID, c.Code)
	switch {
	case err != nil:
		return storedProductType{}, err
	case !found && c.ID != "":
		return storedProductType{}, &UnknownProductTypeError{Type: c.ID}
	case !command.Meets(c.Version, have.Version):
		return storedProductType{}, &ProductTypeVersionError{Type: have.ID, Have: have.Version, Want: c.Version}
	}
	want := ProductType{ID: have.ID, Code: c.Code, Title: c.Title, Attributes: c.Attributes, Version: have.Version + 1}
	kind, fields := "product_type.updated", want.differences(have)
	switch {
	case !found:
		want.ID, kind, fields = c.NewID, "product_type.created", nil
	case len(fields) == 0:
		return storedProductType{ID: have.ID, Version: have.Version}, nil
	}
	if err := want.checkAgainst(tx, have); err != nil {
		return storedProductType{}, err
	}
	if err := want.store(tx); err != nil {
		return storedProductType{}, err
	}
	return storedProductType{ID: want.ID, Version: want.Version}, want.announce(tx, kind, fields)
}

// checkAgainst refuses a code that another type has, and another kind for an
// attribute that the type has had.
func (t ProductType) checkAgainst(tx *command.Tx, have ProductType) error {
	other, taken, err := readProductType(tx.Tx, "", t.Code)
	if err != nil {
		return err
	}
	if taken && other.ID != t.ID {
		return &ProductTypeCodeError{Code: t.Code, Type: other.ID}
	}
	for _, d := range t.Attributes {
		if old, ok := have.Definition(d.Name); ok && old.Kind != d.Kind {
			return &AttributeKindError{Type: t.ID, Attribute: d.Name, Have: old.Kind, Want: d.Kind}
		}
	}
	return nil
}

// storedProductType is the answer to PutProductType.
type storedProductType struct {
	ID      ProductTypeID `cbor:"1,keyasint"`
	Version int64         `cbor:"2,keyasint"`
}

// productTypeChanged is the data of the events product_type.created and
// .updated.
type productTypeChanged struct {
	Type    ProductTypeID `json:"product_type"`
	Code    string        `json:"code"`
	Version int64         `json:"version"`
}

func (t ProductType) announce(tx *command.Tx, kind string, fields []string) error {
	tx.Touch(productTypesKey)
	if err := remember(tx, kind, string(t.ID), t.Version, fields); err != nil {
		return err
	}
	return tx.Emit(kind, string(t.ID), productTypeChanged{Type: t.ID, Code: t.Code, Version: t.Version})
}

// PutProductType creates a product type or replaces it as a whole, and returns
// it. The errors are *UnknownProductTypeError, *ProductTypeCodeError,
// *ProductTypeVersionError, and *AttributeKindError.
func (s *Service) PutProductType(ctx context.Context, c PutProductType) (ProductType, error) {
	c.Attributes = normalDefinitions(c.Attributes)
	call := command.Call{Key: c.Key, Slot: id.StoreSlot, Prepare: func(stamp command.Stamp) error {
		c.NewID = ProductTypeID(stamp.NewID("ptype"))
		return nil
	}}
	out, err := command.DoThen(ctx, s.engine, &c, call, func(ctx context.Context, done storedProductType) (t ProductType, err error) {
		err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
			t, _, err = readProductType(tx, done.ID, "")
			return err
		})
		return t, err
	})
	if err != nil {
		return ProductType{}, fmt.Errorf("putting product type %q: %w", c.Code, err)
	}
	return out, nil
}
