package catalog_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/sqlite"
)

// vandalize runs SQL as a command, so that a replay does the same.
type vandalize struct {
	SQL string `cbor:"1,keyasint"`
}

func (vandalize) Kind() command.Kind { return "vandal.vandalize" }

func (vandalize) Validate() error { return nil }

func (c vandalize) apply(tx *command.Tx) (struct{}, error) { return struct{}{}, tx.Script(c.SQL) }

// TestCheckFindsPlantedBugs: each rule finds what breaks it, and nothing is
// reported of a sound catalog.
func TestCheckFindsPlantedBugs(t *testing.T) {
	for rule, sql := range map[string]string{
		"":                              ``,
		"catalog.product_has_variant":   `UPDATE variants SET removed = 1`,
		"catalog.one_slot":              `UPDATE variants SET slot = slot + 1`,
		"catalog.options_differ":        `UPDATE variants SET options_key = '[]'`,
		"catalog.price_on_slot":         `UPDATE prices SET slot = slot + 1`,
		"catalog.name_is_claimed":       `UPDATE claims SET owner = 'prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1'`,
		"catalog.membership_on_slot":    `UPDATE product_categories SET slot = slot + 1`,
		"catalog.positions_in_order":    `UPDATE product_categories SET position = position + 1`,
		"catalog.change_is_remembered":  `DELETE FROM catalog_changes WHERE subject LIKE 'prd%'`,
		"catalog.collected_on_slot":     `INSERT INTO collected SELECT 'coll', id, slot + 1 FROM products`,
		"catalog.uncollected_has_timer": `INSERT INTO uncollected SELECT id, slot, 0 FROM products`,
		"catalog.rules_have_timer":      `INSERT INTO collection_rules VALUES (1, 0, 2, 1)`,
		"catalog.list_price_on_slot":    `INSERT INTO list_prices SELECT id, 'plist', 'EUR', 1, 5, slot + 1 FROM variants`,
		"catalog.prior_price":           `UPDATE prices SET prior = 5`,
		"catalog.handle_leads_to_one":   `INSERT INTO former_category_handles SELECT handle, id, 0 FROM categories`,
		"catalog.category_counts":       `DELETE FROM category_sets`,
		"catalog.no_cycle":              `UPDATE categories SET parent = (SELECT max(c.id) FROM categories c WHERE c.id <> categories.id)`,
	} {
		t.Run(rule, func(t *testing.T) {
			module := catalog.Module()
			check := module.Check
			module.Check = nil // the engine would report what is broken on purpose
			vandal := command.Module{Name: "vandal", Commands: []command.Definition{command.Define(vandalize.apply)}}
			e := commandtest.New(t, 1, claim.Module(), module, vandal)
			s := &shop{TB: t, Service: catalog.NewService(e, nil), engine: e}
			top := s.category(catalog.PutCategory{Handle: "clothes", Title: "Clothes"})
			low := s.category(catalog.PutCategory{Handle: "shirts", Title: "Shirts", Parent: top.ID})
			c := shirt("S", "M")
			c.Categories = []catalog.CategoryID{low.ID}
			s.must(c)
			s.must(mug())
			if _, err := command.Do[struct{}](t.Context(), e, &vandalize{SQL: sql}, command.Call{}); err != nil {
				t.Fatal(err)
			}
			var found []command.Violation
			err := e.View(t.Context(), 0, func(tx *sqlite.Tx) (err error) { found, err = check(tx); return err })
			if err != nil {
				t.Fatal(err)
			}
			if rule == "" && len(found) > 0 || rule != "" && !slices.ContainsFunc(found, func(v command.Violation) bool { return v.Rule == rule }) {
				t.Errorf("found %v", found)
			}
		})
	}
}
