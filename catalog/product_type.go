package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// ProductTypeID identifies a product type, as in
// ptype_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type ProductTypeID string

// ProductType says which attributes products of a type have. It lives on the
// store's slot. A product is held against its type when it is put; a type that
// changes later does not change the products that are there.
type ProductType struct {
	ID         ProductTypeID
	Code       string // unique, in the shop's own words
	Title      string
	Attributes []AttributeDefinition // in the order in which they are shown
	Version    int64                 // counts the changes, from 1
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// AttributeDefinition says what an attribute of a product type is.
type AttributeDefinition struct {
	Name string        `cbor:"1,keyasint" json:"name"`
	Kind AttributeKind `cbor:"2,keyasint" json:"kind"`
	// Unit is that of a number; "" leaves it open.
	Unit string `cbor:"3,keyasint,omitempty" json:"unit,omitempty"`
	// Values are those that an enum may have.
	Values []string `cbor:"4,keyasint,omitempty" json:"values,omitempty"`
	// Multiple allows several values of an enum or reference at once.
	Multiple bool `cbor:"5,keyasint,omitempty" json:"multiple,omitempty"`
	// Required has each variant have it, by itself or from its product.
	Required   bool       `cbor:"6,keyasint,omitempty" json:"required,omitempty"`
	Constraint Constraint `cbor:"7,keyasint,omitempty" json:"constraint"`
	// Searchable, Facetable and Localised tell those who read the catalog
	// whether shoppers search by it, filter by it, and read it in their own
	// language.
	Searchable bool `cbor:"8,keyasint,omitempty" json:"searchable,omitempty"`
	Facetable  bool `cbor:"9,keyasint,omitempty" json:"facetable,omitempty"`
	Localised  bool `cbor:"10,keyasint,omitempty" json:"localised,omitempty"`
}

// Constraint says how the values of a product's variants differ. The zero value
// means None in a command and is never stored.
type Constraint string

// The constraints.
const (
	None       Constraint = "none"
	Unique     Constraint = "unique"       // no two variants of a product have the same
	SameForAll Constraint = "same_for_all" // all variants have the same: it is the product's, not the variants'
)

// ProductTypes are all product types of a store at one moment. They do not
// change and are safe for concurrent use.
type ProductTypes struct {
	types []ProductType // sorted by code
}

// All returns the types, sorted by code. Do not change the slice.
func (t *ProductTypes) All() []ProductType { return t.types }

// Get returns a type, and false if there is none with this ID.
func (t *ProductTypes) Get(id ProductTypeID) (ProductType, bool) {
	return t.first(func(p ProductType) bool { return p.ID == id })
}

// ByCode returns the type with a code, and false if there is none.
func (t *ProductTypes) ByCode(code string) (ProductType, bool) {
	return t.first(func(p ProductType) bool { return p.Code == code })
}

func (t *ProductTypes) first(is func(ProductType) bool) (ProductType, bool) {
	if i := slices.IndexFunc(t.types, is); i >= 0 {
		return t.types[i], true
	}
	return ProductType{}, false
}

// Definition returns what an attribute of the type is, and false if it has none
// of this name.
func (t ProductType) Definition(name string) (AttributeDefinition, bool) {
	i := slices.IndexFunc(t.Attributes, func(d AttributeDefinition) bool { return d.Name == name })
	if i < 0 {
		return AttributeDefinition{}, false
	}
	return t.Attributes[i], true
}

// productTypesKey is the key of the cached types.
const productTypesKey = "product-types"

// ProductTypes returns all product types. They are kept in the cache as a whole.
func (s *Service) ProductTypes(ctx context.Context) (*ProductTypes, error) {
	types, err := s.storeWide(ctx, productTypesKey, func() (any, error) { return s.loadProductTypes(context.WithoutCancel(ctx)) })
	if err != nil {
		return nil, fmt.Errorf("reading the product types: %w", err)
	}
	return types.(*ProductTypes), nil
}

func (s *Service) loadProductTypes(ctx context.Context) (*ProductTypes, error) {
	all := &ProductTypes{}
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT ` + productTypeColumns + ` FROM product_types ORDER BY code`)
		defer rows.Close()
		for rows.Next() {
			var t ProductType
			if err := t.readInto(rows); err != nil {
				return err
			}
			all.types = append(all.types, t)
		}
		return rows.Err()
	})
	return all, err
}

const productTypeColumns = `id, code, title, attributes, version, created_at, updated_at`

func (t *ProductType) readInto(rows *sqlite.Rows) (err error) {
	*t = ProductType{ID: ProductTypeID(rows.Text(0)), Code: rows.Text(1), Title: rows.Text(2),
		Version: rows.Int64(4), CreatedAt: timeOf(rows, 5), UpdatedAt: timeOf(rows, 6)}
	t.Attributes, err = decodeList[AttributeDefinition](rows.Text(3))
	return err
}

// readProductType returns the type with an ID or, if that is "", a code.
func readProductType(tx *sqlite.Tx, productType ProductTypeID, code string) (t ProductType, found bool, err error) {
	query, arg := `SELECT `+productTypeColumns+` FROM product_types WHERE id = ?`, string(productType)
	if productType == "" {
		query, arg = `SELECT `+productTypeColumns+` FROM product_types WHERE code = ?`, code
	}
	rows := tx.One(query, arg)
	defer rows.Close()
	if !rows.Next() {
		return ProductType{}, false, rows.Err()
	}
	return t, true, t.readInto(rows)
}

func (t ProductType) store(tx *command.Tx) error {
	attributes, err := encodeList(t.Attributes)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO product_types (id, slot, code, title, attributes, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET code = excluded.code, title = excluded.title, attributes = excluded.attributes,
			version = excluded.version, updated_at = excluded.updated_at`,
		t.ID, tx.Slot, t.Code, t.Title, attributes, t.Version, tx.At, tx.At)
	return err
}

func (t ProductType) differences(other ProductType) (d differences) {
	d.note("code", t.Code == other.Code)
	d.note("title", t.Title == other.Title)
	d.note("attributes", slices.EqualFunc(t.Attributes, other.Attributes, AttributeDefinition.equal))
	return d
}

func (d AttributeDefinition) equal(other AttributeDefinition) bool {
	return d.Name == other.Name && d.Kind == other.Kind && d.Unit == other.Unit && slices.Equal(d.Values, other.Values) &&
		d.Multiple == other.Multiple && d.Required == other.Required && d.Constraint == other.Constraint &&
		d.Searchable == other.Searchable && d.Facetable == other.Facetable && d.Localised == other.Localised
}

func (d AttributeDefinition) check() error {
	err := firstError(checkText("name", "attribute name", d.Name, 1, mostOption), checkText("unit", "unit of "+d.Name, d.Unit, 0, mostUnit))
	switch {
	case err != nil:
		return err
	case d.Constraint != None && d.Constraint != Unique && d.Constraint != SameForAll:
		return fault.Wrong("constraint", "%q is no constraint of attribute %q: none, unique or same_for_all", d.Constraint, d.Name)
	case d.Unit != "" && d.Kind != NumberAttribute:
		return fault.Wrong("unit", "attribute %q has a unit and is no number", d.Name)
	case d.Multiple && d.Kind != EnumAttribute && d.Kind != ReferenceAttribute:
		return fault.Wrong("multiple", "attribute %q cannot have several values: it is neither an enum nor a reference", d.Name)
	}
	switch d.Kind {
	case TextAttribute, NumberAttribute, BoolAttribute, ReferenceAttribute:
		if len(d.Values) > 0 {
			return fault.Wrong("values", "attribute %q names values and is no enum", d.Name)
		}
		return nil
	case EnumAttribute:
		return checkEnum(d.Name, d.Values)
	}
	return fault.Wrong("kind", "%q is not the kind of an attribute: text, number, bool, enum or reference", d.Kind)
}

func checkEnum(name string, values []string) error {
	if len(values) == 0 || len(values) > mostEnum {
		return fault.Wrong("values", "the enum %q has %d values: it needs 1 to %d", name, len(values), mostEnum)
	}
	sorted := slices.Sorted(slices.Values(values))
	for i, v := range sorted {
		if err := checkText("values", "value of "+name, v, 1, mostOption); err != nil {
			return err
		}
		if i > 0 && sorted[i-1] == v {
			return fault.Wrong("values", "the enum %q has the value %q twice", name, v)
		}
	}
	return nil
}

// normalDefinitions returns definitions spelled in one way, nil for none.
func normalDefinitions(list []AttributeDefinition) []AttributeDefinition {
	list = slices.Clone(noneIfEmpty(list))
	for i := range list {
		d := &list[i]
		if d.Kind == "" {
			d.Kind = TextAttribute
		}
		if d.Constraint == "" {
			d.Constraint = None
		}
		d.Values = noneIfEmpty(d.Values)
	}
	return list
}
