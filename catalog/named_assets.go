package catalog

import (
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/internal/sqlite"
)

// namedAssets lists every file that something in a shard names.
const namedAssets = `SELECT json_extract(m.value, '$.asset') FROM products p, json_each(p.media) m
	UNION SELECT json_extract(m.value, '$.asset') FROM categories c, json_each(c.media) m
	UNION SELECT json_extract(m.value, '$.asset') FROM collections c, json_each(c.media) m
	UNION SELECT json_extract(f.value, '$.asset') FROM variants v, json_each(v.digital, '$.files') f WHERE v.digital IS NOT NULL
	ORDER BY 1`

// AssetsTx returns the files that products, variants, categories and collections
// of a shard name, in order, for who copies a store with its files.
func AssetsTx(tx *sqlite.Tx) ([]assets.ID, error) {
	rows := tx.Query(namedAssets)
	var list []assets.ID
	for rows.Next() {
		if id := assets.ID(rows.Text(0)); id != "" {
			list = append(list, id)
		}
	}
	return list, rows.Close()
}
