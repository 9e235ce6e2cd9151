package catalog

import (
	"cmp"
	"slices"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// storeCategories writes which categories the product is in, and counts it
// there.
func (r record) storeCategories(tx *command.Tx, have record) error {
	moved := !slices.Equal(r.Categories, have.Categories)
	if !moved && (r.Status == Active) == (have.Status == Active) {
		return nil
	}
	if err := have.count(tx, -1); err != nil {
		return err
	}
	if err := r.count(tx, 1); err != nil || !moved {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM product_categories WHERE product = ?`, r.ID); err != nil {
		return err
	}
	for i, c := range r.Categories {
		_, err := tx.Exec(`INSERT INTO product_categories (category, product, position, slot) VALUES (?, ?, ?, ?)`, c, r.ID, i, tx.Slot)
		if err != nil {
			return err
		}
	}
	return nil
}

// count adds n to the number of active products in just these categories.
func (r record) count(tx *command.Tx, n int) error {
	if r.Status != Active || len(r.Categories) == 0 {
		return nil
	}
	set, err := encodeList(slices.Sorted(slices.Values(r.Categories)))
	if err != nil {
		return err
	}
	tx.Touch(countsKey)
	if n > 0 {
		_, err = tx.Exec(`INSERT INTO category_sets (categories, products) VALUES (?, 1)
			ON CONFLICT (categories) DO UPDATE SET products = products + 1`, set)
		return err
	}
	gone, err := tx.Exec(`DELETE FROM category_sets WHERE categories = ? AND products = 1`, set)
	if err == nil && gone == 0 {
		_, err = tx.Exec(`UPDATE category_sets SET products = products - 1 WHERE categories = ?`, set)
	}
	return err
}

// inCategories returns the products of a shard that are in one of the
// categories, in the order of their IDs behind after. Where many of the
// products are, it walks along all of them; else it looks at the next product
// of each category, and so at no more than one product for each category and
// each product on the page.
func (f Filter) inCategories(tx *sqlite.Tx, categories []CategoryID, after string, limit int) ([]ProductID, error) {
	ids, after, err := f.walk(tx, categories, after, limit)
	if err != nil || len(ids) == limit || after == "" {
		return ids, err
	}
	heads := make([]string, len(categories)) // the next product of each; "" when there are no more
	for i, c := range categories {
		if heads[i], err = f.nextIn(tx, c, after); err != nil {
			return nil, err
		}
	}
	for len(ids) < limit {
		least := ""
		for _, h := range heads {
			if h != "" && (least == "" || h < least) {
				least = h
			}
		}
		if least == "" {
			break
		}
		ids = append(ids, ProductID(least))
		for i, h := range heads {
			if h == least {
				if heads[i], err = f.nextIn(tx, categories[i], least); err != nil {
					return nil, err
				}
			}
		}
	}
	return ids, nil
}

// walkFrom is how many categories are worth a walk along all products: for
// fewer, looking into each is cheap.
const walkFrom = 16

// walk looks at products behind after, whatever category they are in, for as
// long as that costs no more than looking into each of the categories. It
// returns those that are in one of them and how far it came, "" for the end.
func (f Filter) walk(tx *sqlite.Tx, categories []CategoryID, after string, limit int) (ids []ProductID, end string, err error) {
	if len(categories) < walkFrom {
		return nil, cmp.Or(after, " "), nil // " " sorts before any ID
	}
	wanted := make(map[CategoryID]bool, len(categories))
	for _, c := range categories {
		wanted[c] = true
	}
	budget := 4 * len(categories)
	rows := tx.Query(`SELECT pc.product, pc.category FROM product_categories pc JOIN products p ON p.id = pc.product
		WHERE pc.product > ? AND (p.status = ? OR ? = '') ORDER BY pc.product, pc.position`, after, f.Status, f.Status)
	defer rows.Close()
	for end = cmp.Or(after, " "); len(ids) < limit; budget-- {
		if !rows.Next() {
			return ids, "", rows.Err()
		}
		id := rows.Text(0)
		if id != end && budget <= 0 {
			return ids, end, nil // all categories of the products up to here were looked at
		}
		end = id
		if (len(ids) == 0 || string(ids[len(ids)-1]) != id) && wanted[CategoryID(rows.Text(1))] {
			ids = append(ids, ProductID(id))
		}
	}
	return ids, end, nil
}

// nextIn returns the first product behind after in a category, "" if there is none.
func (f Filter) nextIn(tx *sqlite.Tx, c CategoryID, after string) (next string, err error) {
	rows := tx.One(`SELECT pc.product FROM product_categories pc JOIN products p ON p.id = pc.product
		WHERE pc.category = ? AND pc.product > ? AND (p.status = ? OR ? = '') ORDER BY pc.product LIMIT 1`, c, after, f.Status, f.Status)
	if rows.Next() {
		next = rows.Text(0)
	}
	return next, rows.Close()
}
