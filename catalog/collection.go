package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// CollectionID identifies a collection, as in coll_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type CollectionID string

// Collection is a set of products that are shown together: those that a
// merchant named, in that order, or those that its rules find. It lives on the
// store's slot.
type Collection struct {
	ID              CollectionID
	Handle          string // unique among collections
	Title           string
	Description     string
	SEO             SEO
	Media           []Media         // in the order in which they are shown
	Translations    []Translation   // sorted by locale
	Products        []ProductID     // named ones, in the order in which they are shown
	Rules           []Rule          // what products of it are; none if they are named
	AnyRule         bool            // one rule is enough; else all must hold
	Metadata        json.RawMessage // a JSON object or nil
	PrivateMetadata json.RawMessage // a JSON object or nil; not for shoppers
	Version         int64           // counts the changes, from 1
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// In returns the collection with each of its texts in the first of the locales
// that has it: see Product.In.
func (c Collection) In(locales ...string) Collection {
	c.Title, c.Description, c.SEO = translated(chosen(c.Translations, locales), c.Title, c.Description, c.SEO)
	return c
}

// Collections are all collections of a store at one moment. They do not change
// and are safe for concurrent use.
type Collections struct {
	list    []Collection // sorted by handle
	byID    map[CollectionID]int
	version int64 // of the rules
	index   *ruleIndex
}

// All returns the collections, sorted by handle. Do not change the slice.
func (c *Collections) All() []Collection { return c.list }

// Get returns a collection, and false if there is none with this ID.
func (c *Collections) Get(id CollectionID) (Collection, bool) {
	i, ok := c.byID[id]
	if !ok {
		return Collection{}, false
	}
	return c.list[i], true
}

// ByHandle returns the collection with a handle, and false if there is none.
func (c *Collections) ByHandle(handle string) (Collection, bool) {
	i := slices.IndexFunc(c.list, func(c Collection) bool { return c.Handle == handle })
	if i < 0 {
		return Collection{}, false
	}
	return c.list[i], true
}

// collectionsKey is the key of the cached collections.
const collectionsKey = "collections"

// Collections returns all collections. They are kept in the cache as a whole.
func (s *Service) Collections(ctx context.Context) (*Collections, error) {
	c, err := s.storeWide(ctx, collectionsKey, func() (any, error) { return s.loadCollections(context.WithoutCancel(ctx)) })
	if err != nil {
		return nil, fmt.Errorf("reading the collections: %w", err)
	}
	return c.(*Collections), nil
}

func (s *Service) loadCollections(ctx context.Context) (*Collections, error) {
	c := &Collections{byID: map[CollectionID]int{}}
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		if c.version, _, err = tx.Int64(`SELECT version FROM collection_rules WHERE one = 1`); err != nil {
			return err
		}
		rows := tx.Query(`SELECT ` + collectionColumns + ` FROM collections ORDER BY handle`)
		defer rows.Close()
		for rows.Next() {
			var one Collection
			if err := one.readInto(rows); err != nil {
				return err
			}
			c.byID[one.ID] = len(c.list)
			c.list = append(c.list, one)
		}
		return rows.Err()
	})
	c.index = newRuleIndex(c.list)
	return c, err
}

// CollectionsOf returns the collections that a product is in, in the order of
// their handles. Those that find it by rules follow a change of the product
// within moments.
func (s *Service) CollectionsOf(ctx context.Context, product ProductID) (in []Collection, err error) {
	all, err := s.Collections(ctx)
	if err != nil {
		return nil, err
	}
	slot, err := product.Slot()
	if err != nil {
		return nil, err
	}
	var found []CollectionID
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		found, err = readCollected(tx, product)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the collections of product %s: %w", product, err)
	}
	for _, c := range all.list {
		if slices.Contains(found, c.ID) || slices.Contains(c.Products, product) {
			in = append(in, c)
		}
	}
	return in, nil
}

// readCollected returns the collections whose rules have found a product,
// sorted.
func readCollected(tx *sqlite.Tx, product ProductID) (list []CollectionID, err error) {
	rows := tx.Query(`SELECT collection FROM collected WHERE product = ? ORDER BY collection`, product)
	for rows.Next() {
		list = append(list, CollectionID(rows.Text(0)))
	}
	return list, rows.Close()
}

const collectionColumns = `id, handle, title, description, seo_title, seo_description, media, translations, products, rules, any_rule,
	metadata, private_metadata, version, created_at, updated_at`

func (c *Collection) readInto(rows *sqlite.Rows) (err error) {
	*c = Collection{
		ID: CollectionID(rows.Text(0)), Handle: rows.Text(1), Title: rows.Text(2), Description: rows.Text(3),
		SEO: SEO{Title: rows.Text(4), Description: rows.Text(5)}, AnyRule: rows.Bool(10),
		Metadata: jsonOf(rows, 11), PrivateMetadata: jsonOf(rows, 12),
		Version: rows.Int64(13), CreatedAt: timeOf(rows, 14), UpdatedAt: timeOf(rows, 15),
	}
	if c.Media, err = decodeList[Media](rows.Text(6)); err != nil {
		return err
	}
	if c.Translations, err = decodeList[Translation](rows.Text(7)); err != nil {
		return err
	}
	if c.Products, err = decodeList[ProductID](rows.Text(8)); err != nil {
		return err
	}
	c.Rules, err = decodeList[Rule](rows.Text(9))
	return err
}

// readCollection returns the collection with an ID or, if that is "", a handle.
func readCollection(tx *sqlite.Tx, collection CollectionID, handle string) (c Collection, found bool, err error) {
	query, arg := `SELECT `+collectionColumns+` FROM collections WHERE id = ?`, string(collection)
	if collection == "" {
		query, arg = `SELECT `+collectionColumns+` FROM collections WHERE handle = ?`, handle
	}
	rows := tx.One(query, arg)
	defer rows.Close()
	if !rows.Next() {
		return Collection{}, false, rows.Err()
	}
	return c, true, c.readInto(rows)
}

func (c Collection) store(tx *command.Tx) error {
	media, err := encodeList(c.Media)
	if err != nil {
		return err
	}
	translations, err := encodeList(c.Translations)
	if err != nil {
		return err
	}
	products, err := encodeList(c.Products)
	if err != nil {
		return err
	}
	rules, err := encodeList(c.Rules)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO collections (id, slot, handle, title, description, seo_title, seo_description, media, translations, products,
			rules, any_rule, metadata, private_metadata, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, title = excluded.title, description = excluded.description,
			seo_title = excluded.seo_title, seo_description = excluded.seo_description, media = excluded.media, translations = excluded.translations,
			products = excluded.products, rules = excluded.rules, any_rule = excluded.any_rule, metadata = excluded.metadata,
			private_metadata = excluded.private_metadata, version = excluded.version, updated_at = excluded.updated_at`,
		c.ID, tx.Slot, c.Handle, c.Title, c.Description, c.SEO.Title, c.SEO.Description, media, translations, products,
		rules, c.AnyRule, textOf(c.Metadata), textOf(c.PrivateMetadata), c.Version, tx.At, tx.At)
	return err
}

// differences names what a caller put there and differs.
func (c Collection) differences(other Collection) (d differences) {
	d.note("handle", c.Handle == other.Handle)
	d.note("title", c.Title == other.Title)
	d.note("description", c.Description == other.Description)
	d.note("seo", c.SEO == other.SEO)
	d.note("media", slices.EqualFunc(c.Media, other.Media, Media.equal))
	d.note("translations", slices.EqualFunc(c.Translations, other.Translations, Translation.equal))
	d.note("products", slices.Equal(c.Products, other.Products))
	d.note("rules", c.sameRules(other))
	d.note("metadata", string(c.Metadata) == string(other.Metadata))
	d.note("private_metadata", string(c.PrivateMetadata) == string(other.PrivateMetadata))
	return d
}

func (c Collection) sameRules(other Collection) bool {
	return c.AnyRule == other.AnyRule && slices.EqualFunc(c.Rules, other.Rules, Rule.equal)
}

// collectionChanged is the data of the events collection.created, .updated and
// .removed.
type collectionChanged struct {
	Collection CollectionID `json:"collection"`
	Handle     string       `json:"handle"`
	Version    int64        `json:"version"`
}

func (c Collection) announce(tx *command.Tx, kind string, fields []string) error {
	tx.Touch(collectionsKey)
	if err := remember(tx, kind, string(c.ID), c.Version, fields); err != nil {
		return err
	}
	return tx.Emit(kind, string(c.ID), collectionChanged{Collection: c.ID, Handle: c.Handle, Version: c.Version})
}
