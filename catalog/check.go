package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// check reports products without variants, variants on another slot than their
// product's, names that live here and are not claimed by their product, and a
// category tree or counts that do not fit.
func check(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	for _, rule := range []struct{ name, query, detail string }{
		{"catalog.product_has_variant", `SELECT id FROM products p WHERE NOT EXISTS
			(SELECT 1 FROM variants v WHERE v.product = p.id AND v.removed = 0) ORDER BY id`, "has no variant"},
		{"catalog.one_slot", `SELECT v.id FROM variants v JOIN products p ON p.id = v.product WHERE v.slot <> p.slot ORDER BY v.id`,
			"is not on its product's slot"},
		{"catalog.options_differ", `SELECT min(v.id) FROM variants v JOIN products p ON p.id = v.product
			WHERE v.removed = 0 AND p.unfinished = 0 GROUP BY v.product, v.options_key HAVING count(*) > 1 ORDER BY 1`,
			"has the options of another variant"},
		{"catalog.files_are_for_buyers", `SELECT DISTINCT v.id FROM variants v, json_each(v.digital, '$.files') f
			WHERE v.digital IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sold_files s WHERE s.asset = json_extract(f.value, '$.asset') AND s.slot = v.slot) ORDER BY v.id`,
			"has a file that is not marked as sold"},
		{"catalog.price_on_slot", `SELECT DISTINCT v.id FROM prices p JOIN variants v ON v.id = p.variant WHERE v.slot <> p.slot ORDER BY v.id`,
			"has a price on another slot"},
		{"catalog.membership_on_slot", `SELECT DISTINCT p.id FROM product_categories c JOIN products p ON p.id = c.product WHERE c.slot <> p.slot ORDER BY p.id`,
			"is in a category on another slot"},
		{"catalog.change_is_remembered", `SELECT id FROM (SELECT id, version FROM products UNION ALL SELECT id, version FROM categories
				UNION ALL SELECT id, version FROM price_lists UNION ALL SELECT id, version FROM product_types
				UNION ALL SELECT id, version FROM collections) s
			WHERE version <> (SELECT coalesce(max(version), 0) FROM catalog_changes c WHERE c.subject = s.id) ORDER BY id`,
			"is at another version than its last recorded change"},
		{"catalog.collected_on_slot", `SELECT DISTINCT p.id FROM collected c JOIN products p ON p.id = c.product WHERE c.slot <> p.slot ORDER BY p.id`,
			"is in a collection on another slot"},
		{"catalog.uncollected_has_timer", `SELECT min(product) FROM uncollected
			WHERE NOT EXISTS (SELECT 1 FROM timers WHERE kind = 'catalog.collect') HAVING count(*) > 0`,
			"waits for the rules of collections, and no timer holds it against them"},
		{"catalog.rules_have_timer", `SELECT 'collections' FROM collection_rules
			WHERE version <> told AND NOT EXISTS (SELECT 1 FROM timers WHERE kind = 'catalog.rules')`,
			"have rules that the shards were not told of, and no timer tells them"},
		{"catalog.list_price_on_slot", `SELECT DISTINCT v.id FROM list_prices p JOIN variants v ON v.id = p.variant WHERE v.slot <> p.slot ORDER BY v.id`,
			"has a price in a list on another slot"},
		{"catalog.prior_price", `SELECT DISTINCT p.variant FROM prices p WHERE p.prior IS NOT (SELECT min(h.amount) FROM price_history h
			WHERE h.variant = p.variant AND h.currency = p.currency AND h.until > p.since - 2592000000 AND h.since < p.since) ORDER BY 1`,
			"has another lowest price of the last 30 days than its history"},
		{"catalog.handle_leads_to_one", `SELECT category FROM former_category_handles WHERE handle IN (SELECT handle FROM categories) ORDER BY 1`,
			"had a handle before that is another category's"},
		{"catalog.positions_in_order", `SELECT product FROM product_categories GROUP BY product HAVING max(position) <> count(*) - 1 ORDER BY 1`,
			"has a gap between its categories"},
		{"catalog.no_cycle", `WITH RECURSIVE reached(id) AS (SELECT id FROM categories WHERE parent IS NULL
			UNION SELECT c.id FROM reached JOIN categories c ON c.parent = reached.id)
			SELECT id FROM categories WHERE id NOT IN (SELECT id FROM reached) ORDER BY id`, "cannot be reached from the top"},
	} {
		found, err := command.Breaches(tx, rule.name, rule.query, rule.detail)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	names, err := checkLocalNames(tx)
	if err != nil {
		return nil, err
	}
	counts, err := checkCounts(tx)
	return slices.Concat(out, names, counts), err
}

// checkCounts compares the counts of products by their categories with the
// products.
func checkCounts(tx *sqlite.Tx) ([]command.Violation, error) {
	want := map[string]int64{}
	rows := tx.Query(`SELECT group_concat(c.category, ' ' ORDER BY c.category) FROM product_categories c JOIN products p ON p.id = c.product
		WHERE p.status = 'active' GROUP BY c.product`)
	for rows.Next() {
		set, err := encodeList(strings.Fields(rows.Text(0)))
		if err != nil {
			return nil, err
		}
		want[set]++
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	have := map[string]int64{}
	rows = tx.Query(`SELECT categories, products FROM category_sets`)
	for rows.Next() {
		have[rows.Text(0)] = rows.Int64(1)
	}
	var out []command.Violation
	for _, set := range slices.Sorted(maps.Keys(want)) {
		if have[set] != want[set] {
			out = append(out, command.Violation{Rule: "catalog.category_counts", Subject: set,
				Detail: fmt.Sprintf("%d products are in just these categories, %d are counted", want[set], have[set])})
		}
		delete(have, set)
	}
	for _, set := range slices.Sorted(maps.Keys(have)) {
		out = append(out, command.Violation{Rule: "catalog.category_counts", Subject: set,
			Detail: fmt.Sprintf("no product is in just these categories, %d are counted", have[set])})
	}
	return out, rows.Close()
}

// checkLocalNames compares names whose claims are on their product's own slot,
// which one transaction changes together.
func checkLocalNames(tx *sqlite.Tx) ([]command.Violation, error) {
	var out []command.Violation
	rows := tx.Query(`SELECT n.product, n.name, n.slot, n.claim, coalesce(c.owner, '') FROM (
			SELECT id AS product, handle AS name, slot, claim FROM products
			UNION ALL SELECT id, external_reference, slot, reference_claim FROM products WHERE external_reference <> ''
			UNION ALL SELECT product, handle, slot, claim FROM former_handles
			UNION ALL SELECT product, sku, slot, claim FROM variants WHERE removed = 0) n
		LEFT JOIN claims c ON c.kind = ? AND c.hash = n.claim ORDER BY n.product, n.name`, ClaimKind)
	for rows.Next() {
		h := claim.Hash(rows.Blob(3))
		if rows.Int64(2) == int64(h.Slot()) && rows.Text(4) != rows.Text(0) {
			out = append(out, command.Violation{Rule: "catalog.name_is_claimed", Subject: rows.Text(0),
				Detail: fmt.Sprintf("%q is claimed by %q", rows.Text(1), rows.Text(4))})
		}
	}
	return out, rows.Close()
}

// CheckAcross reports names that are not claimed by the product that has them,
// and claims on names that their product does not have, over all shards. It is
// exact when no put is under way.
func (s *Service) CheckAcross(ctx context.Context) ([]command.Violation, error) {
	out, err := claim.Unheld(ctx, s.engine, ClaimKind, s.Holds)
	if err != nil {
		return nil, err
	}
	for p, err := range s.All(ctx, Filter{}) {
		if err != nil {
			return nil, err
		}
		for _, n := range s.namesOf(p) {
			owner, _, err := claim.Owner(ctx, s.engine, ClaimKind, n.claim)
			if err != nil {
				return nil, err
			}
			if owner != string(p.ID) {
				out = append(out, command.Violation{Rule: "catalog.name_is_claimed", Subject: string(p.ID),
					Detail: fmt.Sprintf("%q is claimed by %q", n.name, owner)})
			}
		}
	}
	return out, nil
}

// CheckReferences reports products of types, and prices of price lists, that the
// store's slot does not have. Types and lists are never removed.
func (s *Service) CheckReferences(ctx context.Context) ([]command.Violation, error) {
	var out []command.Violation
	for _, rule := range []struct{ name, named, known, detail string }{
		{"catalog.type_exists", `SELECT type, min(id) FROM products WHERE type <> '' GROUP BY type ORDER BY type`,
			`SELECT 1 FROM product_types WHERE id = ?`, "is of the type %s, which does not exist"},
		{"catalog.list_exists", `SELECT list, min(variant) FROM list_prices GROUP BY list ORDER BY list`,
			`SELECT 1 FROM price_lists WHERE id = ?`, "has a price in the list %s, which does not exist"},
	} {
		for shard := range s.engine.Shards() {
			named, err := s.pairs(ctx, shard, rule.named)
			if err != nil {
				return nil, err
			}
			for _, n := range named {
				known := false
				err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) { _, known, err = tx.Int64(rule.known, n[0]); return err })
				if err != nil {
					return nil, err
				}
				if !known {
					out = append(out, command.Violation{Rule: rule.name, Subject: n[1], Detail: fmt.Sprintf(rule.detail, n[0])})
				}
			}
		}
	}
	return out, nil
}

// pairs runs a query of two text columns on a shard.
func (s *Service) pairs(ctx context.Context, shard int, query string) (out [][2]string, err error) {
	err = s.engine.View(ctx, s.engine.SlotOn(shard), func(tx *sqlite.Tx) error {
		rows := tx.Query(query)
		for rows.Next() {
			out = append(out, [2]string{rows.Text(0), rows.Text(1)})
		}
		return rows.Close()
	})
	return out, err
}

func (s *Service) namesOf(p Product) []name {
	var names []name
	for _, n := range slices.Concat([]string{p.Handle}, p.FormerHandles) {
		names = append(names, name{name: n, claim: claim.Of(s.engine, ClaimKind, n)})
	}
	for _, v := range p.Variants {
		names = append(names, name{name: string(v.SKU), claim: claim.Of(s.engine, ClaimKind, string(v.SKU))})
	}
	if p.ExternalReference != "" {
		names = append(names, name{p.ExternalReference, referenceClaim(s.engine, p.ExternalReference), true})
	}
	return names
}
