package catalog

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// CategoryID identifies a category, as in cat_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type CategoryID string

// Category is one node of the tree that shoppers browse. Categories live on
// the store's slot.
type Category struct {
	ID              CategoryID
	Parent          CategoryID // "" at the top
	Position        int64      // among its siblings, lowest first; then by handle
	Handle          string     // unique among categories
	Title           string
	Description     string
	SEO             SEO
	Media           []Media         // in the order in which they are shown
	Translations    []Translation   // sorted by locale
	FormerHandles   []string        // they lead to the category as well; sorted
	Metadata        json.RawMessage // a JSON object or nil
	PrivateMetadata json.RawMessage // a JSON object or nil; not for shoppers
	Version         int64           // counts the changes, from 1
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// mostDepth bounds how many levels the tree has.
const mostDepth = 20

// differences names what a caller put there and differs.
func (c Category) differences(other Category) (d differences) {
	d.note("parent", c.Parent == other.Parent)
	d.note("position", c.Position == other.Position)
	d.note("handle", c.Handle == other.Handle)
	d.note("title", c.Title == other.Title)
	d.note("description", c.Description == other.Description)
	d.note("seo", c.SEO == other.SEO)
	d.note("media", slices.EqualFunc(c.Media, other.Media, Media.equal))
	d.note("translations", slices.EqualFunc(c.Translations, other.Translations, Translation.equal))
	d.note("metadata", string(c.Metadata) == string(other.Metadata))
	d.note("private_metadata", string(c.PrivateMetadata) == string(other.PrivateMetadata))
	return d
}

const categoryColumns = `id, coalesce(parent, ''), position, handle, title, description, seo_title, seo_description,
	media, metadata, private_metadata, version, created_at, updated_at, translations`

func (c *Category) readInto(rows *sqlite.Rows) (err error) {
	*c = Category{
		ID: CategoryID(rows.Text(0)), Parent: CategoryID(rows.Text(1)), Position: rows.Int64(2), Handle: rows.Text(3),
		Title: rows.Text(4), Description: rows.Text(5), SEO: SEO{Title: rows.Text(6), Description: rows.Text(7)},
		Metadata: jsonOf(rows, 9), PrivateMetadata: jsonOf(rows, 10),
		Version: rows.Int64(11), CreatedAt: timeOf(rows, 12), UpdatedAt: timeOf(rows, 13),
	}
	if c.Media, err = decodeList[Media](rows.Text(8)); err != nil {
		return err
	}
	c.Translations, err = decodeList[Translation](rows.Text(14))
	return err
}

// readCategory returns the category with an ID or, if that is "", a handle.
func readCategory(tx *sqlite.Tx, category CategoryID, handle string) (c Category, found bool, err error) {
	query, arg := `SELECT `+categoryColumns+` FROM categories WHERE id = ?`, string(category)
	if category == "" {
		query, arg = `SELECT `+categoryColumns+` FROM categories WHERE handle = ?`, handle
	}
	rows := tx.One(query, arg)
	defer rows.Close()
	if !rows.Next() {
		return Category{}, false, rows.Err()
	}
	return c, true, c.readInto(rows)
}

// store writes the category. Which of its texts changed does not matter: every
// reader reads the whole tree.
func (c Category) store(tx *command.Tx) error {
	media, err := encodeList(c.Media)
	if err != nil {
		return err
	}
	translations, err := encodeList(c.Translations)
	if err != nil {
		return err
	}
	var parent any
	if c.Parent != "" {
		parent = c.Parent
	}
	_, err = tx.Exec(`INSERT INTO categories (id, slot, parent, position, handle, title, description, seo_title, seo_description,
			media, translations, metadata, private_metadata, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, position = excluded.position, handle = excluded.handle, title = excluded.title,
			description = excluded.description, seo_title = excluded.seo_title, seo_description = excluded.seo_description, media = excluded.media,
			translations = excluded.translations, metadata = excluded.metadata, private_metadata = excluded.private_metadata, version = excluded.version, updated_at = excluded.updated_at`,
		c.ID, tx.Slot, parent, c.Position, c.Handle, c.Title, c.Description, c.SEO.Title, c.SEO.Description,
		media, translations, textOf(c.Metadata), textOf(c.PrivateMetadata), c.Version, tx.At, tx.At)
	return err
}

// checkParent refuses a parent that is not there, lies below the category, or
// would make the tree too deep. It looks at the parents above and the levels
// below, not at the rest of the tree.
func (c Category) checkParent(tx *command.Tx) error {
	depth := 1
	for above := c.Parent; above != ""; depth++ {
		if above == c.ID {
			return &CategoryCycleError{Category: c.ID, Parent: c.Parent}
		}
		rows := tx.One(`SELECT coalesce(parent, '') FROM categories WHERE id = ?`, above)
		if !rows.Next() {
			if err := rows.Close(); err != nil {
				return err
			}
			return &UnknownCategoryError{Category: above}
		}
		above = CategoryID(rows.Text(0))
		if err := rows.Close(); err != nil {
			return err
		}
	}
	below, _, err := tx.Int64(`WITH RECURSIVE below(id, level) AS (SELECT ?, 0
		UNION ALL SELECT c.id, level + 1 FROM below JOIN categories c ON c.parent = below.id) SELECT max(level) FROM below`, c.ID)
	if err == nil && depth+int(below) > mostDepth {
		err = fault.Wrong("parent", "the category tree would be %d levels deep; the limit is %d", depth+int(below), mostDepth)
	}
	return err
}

// categoryChanged is the data of the events category.created, .updated, .moved
// and .removed.
type categoryChanged struct {
	Category CategoryID `json:"category"`
	Parent   CategoryID `json:"parent,omitempty"`
	Handle   string     `json:"handle"`
	Version  int64      `json:"version"`
}

// announce records a change, tells of it, and whose cached copies it made stale.
func (c Category) announce(tx *command.Tx, kind string, fields []string) error {
	if err := remember(tx, kind, string(c.ID), c.Version, fields); err != nil {
		return err
	}
	tx.Touch(categoriesKey)
	tx.Touch(countsKey)
	return tx.Emit(kind, string(c.ID), categoryChanged{Category: c.ID, Parent: c.Parent, Handle: c.Handle, Version: c.Version})
}

// Keys of the cached tree and of its counts.
const (
	categoriesKey = "categories"
	countsKey     = "category-counts"
)

// storedCategory is the answer to commands on categories.
type storedCategory struct {
	ID      CategoryID `cbor:"1,keyasint"`
	Version int64      `cbor:"2,keyasint"`
}

func checkCategoryID(category CategoryID) error { return id.Check("cat", string(category)) }

// checkCategories checks the form of a product's categories.
func checkCategories(list []CategoryID) error {
	if len(list) > mostCategories {
		return fault.Wrong("categories", "the product is in %d categories; the limit is %d", len(list), mostCategories)
	}
	seen := make(map[CategoryID]bool, len(list))
	for i, c := range list {
		if err := checkCategoryID(c); err != nil {
			return fault.InField(fault.Item("categories", i), err)
		}
		if seen[c] {
			return fault.Wrong(fault.Item("categories", i), "the product is in category %s twice", c)
		}
		seen[c] = true
	}
	return nil
}
