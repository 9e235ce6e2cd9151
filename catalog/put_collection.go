package catalog

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/metadata"
	"github.com/keelshop/commerce/internal/sqlite"
)

// PutCollection creates a collection or replaces it as a whole. New rules are
// held against all products in the background; a product that changes is held
// against the rules within moments. Putting what is there already changes
// nothing and does not count as a version.
type PutCollection struct {
	// ID names the collection to replace. If it is "", that is the collection
	// with this handle, or a new one.
	ID           CollectionID  `cbor:"1,keyasint,omitempty"`
	Handle       string        `cbor:"2,keyasint"`
	Title        string        `cbor:"3,keyasint"`
	Description  string        `cbor:"4,keyasint,omitempty"`
	SEO          SEO           `cbor:"5,keyasint,omitempty"`
	Media        []Media       `cbor:"6,keyasint,omitempty"` // naming no SKUs
	Translations []Translation `cbor:"7,keyasint,omitempty"` // without Terms
	// Products are in it in this order. There are either Products or Rules.
	Products []ProductID `cbor:"8,keyasint,omitempty"`
	// Rules must all hold for a product to be in it, or one of them if AnyRule.
	Rules           []Rule          `cbor:"9,keyasint,omitempty"`
	AnyRule         bool            `cbor:"10,keyasint,omitempty"`
	Metadata        json.RawMessage `cbor:"11,keyasint,omitempty" command:"numbers"`
	PrivateMetadata json.RawMessage `cbor:"12,keyasint,omitempty" command:"numbers"`
	// Version is the one that the caller has read; 0 replaces any. See OnlyNew
	// and OnlyThere.
	Version int64 `cbor:"13,keyasint,omitempty"`

	Key string `cbor:"-"`

	// NewID is the collection's ID if it is new.
	NewID CollectionID `cbor:"14,keyasint" command:"stamped"`
}

// mostNamed is how many products a collection names.
const mostNamed = 5000

// Kind returns "catalog.put_collection".
func (PutCollection) Kind() command.Kind { return "catalog.put_collection" }

// Validate returns fault.Invalid if the collection could not be, whatever the
// store holds.
func (c PutCollection) Validate() error {
	c, err := c.normalized()
	if err != nil {
		return err
	}
	switch {
	case len(c.Products) > 0 && len(c.Rules) > 0:
		return fault.Wrong("products", "a collection has either Products or Rules, not both")
	case len(c.Products) > mostNamed || len(c.Rules) > mostRules:
		return fault.Wrong("rules", "a collection of %d products and %d rules: the limits are %d and %d", len(c.Products), len(c.Rules), mostNamed, mostRules)
	}
	if c.ID != "" {
		if err := id.Check("coll", string(c.ID)); err != nil {
			return err
		}
	}
	seen := make(map[ProductID]bool, len(c.Products))
	for i, p := range c.Products {
		if err := id.Check("prd", string(p)); err != nil {
			return fault.InField(fault.Item("products", i), err)
		}
		if seen[p] {
			return fault.Wrong(fault.Item("products", i), "product %s is in the collection twice", p)
		}
		seen[p] = true
	}
	for i, r := range c.Rules {
		if err := r.check(); err != nil {
			return fault.InField(fault.Item("rules", i), err)
		}
	}
	return firstError(command.CheckWanted("a collection", c.Version), checkName("handle", "handle", c.Handle), checkText("title", "title", c.Title, 1, mostTitle), checkText("description", "description", c.Description, 0, mostDescription),
		fault.InField("seo", c.SEO.check()), checkMedia(c.Media, nil), checkTranslations(c.Translations))
}

func (c PutCollection) normalized() (PutCollection, error) {
	c.Media, c.Translations, c.Products = noneIfEmpty(c.Media), normalTranslations(c.Translations), noneIfEmpty(c.Products)
	if len(c.Rules) == 0 {
		c.Rules, c.AnyRule = nil, false
	}
	rules := make([]Rule, 0, len(c.Rules))
	for _, r := range c.Rules {
		r.Values, r.Number = noneIfEmpty(r.Values), r.Number.Normal()
		rules = append(rules, r)
	}
	c.Rules = noneIfEmpty(rules)
	var err error
	c.Metadata, c.PrivateMetadata, err = metadata.CompactBoth(c.Metadata, c.PrivateMetadata)
	return c, err
}

func (c PutCollection) apply(tx *command.Tx) (storedCollection, error) {
	have, found, err := readCollection(tx.Tx, c.ID, c.Handle)
	switch {
	case err != nil:
		return storedCollection{}, err
	case !found && c.ID != "":
		return storedCollection{}, &UnknownCollectionError{Collection: c.ID}
	case !command.Meets(c.Version, have.Version):
		return storedCollection{}, &CollectionVersionError{Collection: have.ID, Have: have.Version, Want: c.Version}
	}
	want := Collection{
		ID: have.ID, Handle: c.Handle, Title: c.Title, Description: c.Description, SEO: c.SEO, Media: c.Media, Translations: c.Translations,
		Products: c.Products, Rules: c.Rules, AnyRule: c.AnyRule, Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata, Version: have.Version + 1,
	}
	kind, fields := "collection.updated", want.differences(have)
	switch {
	case !found:
		want.ID, kind, fields = c.NewID, "collection.created", nil
	case len(fields) == 0:
		return storedCollection{ID: have.ID, Version: have.Version}, nil
	}
	other, taken, err := readCollection(tx.Tx, "", c.Handle)
	if err != nil {
		return storedCollection{}, err
	}
	if taken && other.ID != want.ID {
		return storedCollection{}, &CollectionHandleError{Handle: c.Handle, Collection: other.ID}
	}
	if err := want.store(tx); err != nil {
		return storedCollection{}, err
	}
	if !want.sameRules(have) {
		if err := rulesChanged(tx); err != nil {
			return storedCollection{}, err
		}
	}
	return storedCollection{ID: want.ID, Version: want.Version}, want.announce(tx, kind, fields)
}

// storedCollection is the answer to commands on collections.
type storedCollection struct {
	ID      CollectionID `cbor:"1,keyasint"`
	Version int64        `cbor:"2,keyasint"`
}

// PutCollection creates a collection or replaces it as a whole, and returns it.
// The errors are *UnknownCollectionError, *CollectionHandleError and
// *CollectionVersionError.
func (s *Service) PutCollection(ctx context.Context, c PutCollection) (Collection, error) {
	if err := c.Validate(); err != nil {
		return Collection{}, err
	}
	c, err := c.normalized()
	if err != nil {
		return Collection{}, err
	}
	call := command.Call{Key: c.Key, Slot: id.StoreSlot, Prepare: func(stamp command.Stamp) error {
		c.NewID = CollectionID(stamp.NewID("coll"))
		return nil
	}}
	out, err := command.DoThen(ctx, s.engine, &c, call, func(ctx context.Context, done storedCollection) (out Collection, err error) {
		found := false
		err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
			out, found, err = readCollection(tx, done.ID, "")
			return err
		})
		if err == nil && !found {
			err = &UnknownCollectionError{Collection: done.ID}
		}
		return out, err
	})
	if err != nil {
		return Collection{}, fmt.Errorf("putting collection %q: %w", c.Handle, err)
	}
	return out, nil
}
