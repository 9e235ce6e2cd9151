package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/metadata"
)

// PutCategory creates a category or replaces it as a whole, also its place in
// the tree. Putting what is there already changes nothing and does not count
// as a version.
type PutCategory struct {
	// ID names the category to replace. If it is "", that is the category
	// with this handle, or a new one.
	ID CategoryID `cbor:"1,keyasint,omitempty"`
	// Handle is the category's own name, as in an address on the web.
	Handle      string     `cbor:"2,keyasint"`
	Title       string     `cbor:"3,keyasint"`
	Description string     `cbor:"4,keyasint,omitempty"`
	Parent      CategoryID `cbor:"5,keyasint,omitempty"` // "" at the top
	// Position sorts it among its siblings; those with the same position go
	// by their handles.
	Position int64 `cbor:"6,keyasint,omitempty"`
	SEO      SEO   `cbor:"7,keyasint,omitempty"`
	// Media of a category name no SKUs.
	Media           []Media         `cbor:"8,keyasint,omitempty"`
	Translations    []Translation   `cbor:"13,keyasint,omitempty"` // without Terms
	Metadata        json.RawMessage `cbor:"9,keyasint,omitempty" command:"numbers"`
	PrivateMetadata json.RawMessage `cbor:"10,keyasint,omitempty" command:"numbers"`
	// FormerHandles lead to the category as well, as those do that it had
	// before, which need not be named. One that led to another category leads
	// to this one then.
	FormerHandles []string `cbor:"14,keyasint,omitempty"`
	// Version is the one that the caller has read; 0 replaces any. See OnlyNew
	// and OnlyThere.
	Version int64 `cbor:"11,keyasint,omitempty"`

	Key string `cbor:"-"`

	// NewID is the category's ID if it is new.
	NewID CategoryID `cbor:"12,keyasint" command:"stamped"`
}

// mostFormerCategoryHandles is how many former handles one command names.
const mostFormerCategoryHandles = 100

// Kind returns "catalog.put_category".
func (PutCategory) Kind() command.Kind { return "catalog.put_category" }

// Validate returns fault.Invalid if the category could not be, whatever the
// store holds.
func (c PutCategory) Validate() error {
	c, err := c.normalized()
	if err != nil {
		return err
	}
	if c.ID != "" {
		err = checkCategoryID(c.ID)
	}
	if err == nil && c.Parent != "" {
		err = fault.InField("parent", checkCategoryID(c.Parent))
	}
	if err == nil {
		err = command.CheckWanted("a category", c.Version)
	}
	if err == nil && len(c.FormerHandles) > mostFormerCategoryHandles {
		err = fault.Wrong("former_handles", "a category names %d former handles; the limit is %d", len(c.FormerHandles), mostFormerCategoryHandles)
	}
	for _, h := range c.FormerHandles {
		err = firstError(err, checkName("former_handles", "former handle", h))
	}
	return firstError(err,
		checkName("handle", "handle", c.Handle),
		checkText("title", "title", c.Title, 1, mostTitle),
		checkText("description", "description", c.Description, 0, mostDescription),
		fault.InField("seo", c.SEO.check()),
		checkMedia(c.Media, nil),
		checkTranslations(c.Translations),
	)
}

func (c PutCategory) normalized() (PutCategory, error) {
	c.Media, c.Translations = noneIfEmpty(c.Media), normalTranslations(c.Translations)
	former := slices.Compact(slices.Sorted(slices.Values(c.FormerHandles)))
	c.FormerHandles = noneIfEmpty(slices.DeleteFunc(former, func(h string) bool { return h == c.Handle }))
	var err error
	c.Metadata, c.PrivateMetadata, err = metadata.CompactBoth(c.Metadata, c.PrivateMetadata)
	return c, err
}

func (c PutCategory) apply(tx *command.Tx) (storedCategory, error) {
	have, found, err := readCategory(tx.Tx, c.ID, c.Handle)
	switch {
	case err != nil:
		return storedCategory{}, err
	case !found && c.ID != "":
		return storedCategory{}, &UnknownCategoryError{Category: c.ID}
	case !command.Meets(c.Version, have.Version):
		return storedCategory{}, &CategoryVersionError{Category: have.ID, Have: have.Version, Want: c.Version}
	}
	want := c.category(tx, have)
	fields := want.differences(have)
	former, err := c.newFormer(tx, have.ID)
	if err != nil {
		return storedCategory{}, err
	}
	fields.note("former_handles", len(former) == 0)
	if len(fields) == 0 && found {
		return storedCategory{ID: have.ID, Version: have.Version}, nil
	}
	if err := want.takeHandle(tx, have); err != nil {
		return storedCategory{}, err
	}
	if want.Parent != have.Parent || !found {
		if err := want.checkParent(tx); err != nil {
			return storedCategory{}, err
		}
	}
	want.Version++
	if err := want.store(tx); err != nil {
		return storedCategory{}, err
	}
	for _, h := range former {
		_, err := tx.Exec(`INSERT INTO former_category_handles (handle, category, slot) VALUES (?, ?, ?)
			ON CONFLICT (handle) DO UPDATE SET category = excluded.category, slot = excluded.slot`, h, want.ID, tx.Slot)
		if err != nil {
			return storedCategory{}, err
		}
	}
	if found && want.Parent != have.Parent {
		if err := treeMoved(tx); err != nil {
			return storedCategory{}, err
		}
	}
	kind := "category.updated"
	switch {
	case !found:
		kind, fields = "category.created", nil
	case want.Parent != have.Parent:
		kind = "category.moved"
	}
	return storedCategory{ID: want.ID, Version: want.Version}, want.announce(tx, kind, fields)
}

// category returns the category as the command wants it, with the version of
// the one that it replaces.
func (c PutCategory) category(tx *command.Tx, have Category) Category {
	want := Category{
		ID: have.ID, Parent: c.Parent, Position: c.Position, Handle: c.Handle, Title: c.Title, Description: c.Description,
		SEO: c.SEO, Media: c.Media, Translations: c.Translations, Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata,
		Version: have.Version, CreatedAt: have.CreatedAt, UpdatedAt: tx.Time(),
	}
	if have.ID == "" {
		want.ID, want.CreatedAt = c.NewID, tx.Time()
	}
	return want
}

// newFormer returns the former handles that do not lead to the category yet, and
// refuses those that other categories have.
func (c PutCategory) newFormer(tx *command.Tx, category CategoryID) (list []string, err error) {
	for _, h := range c.FormerHandles {
		other, found, err := readCategory(tx.Tx, "", h)
		if err != nil {
			return nil, err
		}
		if found && other.ID != category {
			return nil, &CategoryHandleError{Handle: h, Category: other.ID}
		}
		leads, _, err := tx.Int64(`SELECT count(*) FROM former_category_handles WHERE handle = ? AND category = ?`, h, category)
		if err != nil {
			return nil, err
		}
		if !found && leads == 0 {
			list = append(list, h)
		}
	}
	return list, nil
}

// takeHandle refuses the handle of another category, takes a former handle
// from whoever had it, and keeps that of have as a former one.
func (c Category) takeHandle(tx *command.Tx, have Category) error {
	if c.Handle == have.Handle {
		return nil
	}
	other, found, err := readCategory(tx.Tx, "", c.Handle)
	if err != nil {
		return err
	}
	if found {
		return &CategoryHandleError{Handle: c.Handle, Category: other.ID}
	}
	if _, err := tx.Exec(`DELETE FROM former_category_handles WHERE handle = ?`, c.Handle); err != nil || have.ID == "" {
		return err
	}
	_, err = tx.Exec(`INSERT INTO former_category_handles (handle, category, slot) VALUES (?, ?, ?)`, have.Handle, c.ID, tx.Slot)
	return err
}

// PutCategory creates a category or replaces it as a whole, and returns it.
// The errors are *UnknownCategoryError for its ID or parent,
// *CategoryHandleError, *CategoryVersionError, and *CategoryCycleError if the
// parent is below the category.
func (s *Service) PutCategory(ctx context.Context, c PutCategory) (Category, error) {
	if err := c.Validate(); err != nil {
		return Category{}, err
	}
	c, err := c.normalized()
	if err != nil {
		return Category{}, err
	}
	call := command.Call{Key: c.Key, Slot: id.StoreSlot, Prepare: func(stamp command.Stamp) error {
		c.NewID = CategoryID(stamp.NewID("cat"))
		return nil
	}}
	out, err := command.DoThen(ctx, s.engine, &c, call, s.readCategory)
	if err != nil {
		return Category{}, fmt.Errorf("putting category %q: %w", c.Handle, err)
	}
	return out, nil
}
