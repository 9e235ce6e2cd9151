package catalog

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// record is a product with what its readers need not know. The zero record is
// a product that does not exist.
type record struct {
	Product
	claim   claim.Hash   // the handle's
	claims  []claim.Hash // of the variants' SKUs, in their order
	removed []Variant    // only ID and SKU
}

// record returns the product as the command wants it, with the version of the
// one that it replaces.
func (c PutProduct) record(tx *command.Tx, have record) record {
	r := record{Product: have.Product, claim: c.Claim}
	if have.ID == "" {
		r.ID, r.CreatedAt = c.NewID, tx.Time()
	}
	r.Handle, r.Title, r.Description, r.Status = c.Handle, c.Title, c.Description, c.Status
	r.ExternalReference, r.Metadata, r.PrivateMetadata = c.ExternalReference, c.Metadata, c.PrivateMetadata
	r.UpdatedAt = tx.Time()
	known := map[SKU]VariantID{}
	for _, v := range slices.Concat(have.removed, have.Variants) {
		known[v.SKU] = v.ID
	}
	r.Variants, r.claims = make([]Variant, len(c.Variants)), make([]claim.Hash, len(c.Variants))
	for i, v := range c.Variants {
		id := known[v.SKU]
		if id == "" {
			id = variantID(tx, r.ID, v.SKU)
		}
		r.Variants[i] = Variant{
			ID: id, SKU: v.SKU, Options: v.Options, Prices: v.Prices, Untracked: v.Untracked,
			Barcode: v.Barcode, Metadata: v.Metadata, PrivateMetadata: v.PrivateMetadata,
		}
		r.claims[i] = v.Claim
	}
	return r
}

// variantID makes the ID of a new variant out of what is unique to it, since a
// product with 2,000 of them would not fit into a command with their IDs.
func variantID(tx *command.Tx, product ProductID, sku SKU) VariantID {
	return VariantID(id.FromHash("var", tx.Slot, tx.Time(), sha256.Sum256([]byte(string(product)+"\x00"+string(sku)))))
}

// same reports whether two records differ in nothing that a caller put there.
func (r record) same(other record) bool {
	return r.ID == other.ID && r.Handle == other.Handle && r.Title == other.Title &&
		r.Description == other.Description && r.Status == other.Status &&
		r.ExternalReference == other.ExternalReference &&
		string(r.Metadata) == string(other.Metadata) && string(r.PrivateMetadata) == string(other.PrivateMetadata) &&
		slices.EqualFunc(r.Variants, other.Variants, Variant.same)
}

func (v Variant) same(other Variant) bool {
	return v.ID == other.ID && v.Untracked == other.Untracked && v.Barcode == other.Barcode &&
		slices.Equal(v.Options, other.Options) && slices.Equal(v.Prices, other.Prices) &&
		string(v.Metadata) == string(other.Metadata) && string(v.PrivateMetadata) == string(other.PrivateMetadata)
}

// complete fills in what a variant repeats of its product.
func (v *Variant) complete(p *Product) {
	v.Product, v.Version, v.Purchasable = p.ID, p.Version, p.Status == Active
	v.Title = p.Title
	if len(v.Options) == 0 {
		return
	}
	values := make([]string, len(v.Options))
	for i, o := range v.Options {
		values[i] = o.Value
	}
	v.Title += " – " + strings.Join(values, " / ")
}

// readRecord reads a product with all its variants and prices.
func readRecord(tx *sqlite.Tx, product ProductID) (r record, found bool, err error) {
	rows := tx.One(`SELECT handle, claim, title, description, status, external_reference, metadata, private_metadata, version, created_at, updated_at
		FROM products WHERE id = ?`, product)
	if found = rows.Next(); found {
		r.ID, r.Handle, r.claim = product, rows.Text(0), claim.Hash(rows.Blob(1))
		r.Title, r.Description, r.Status, r.ExternalReference = rows.Text(2), rows.Text(3), Status(rows.Text(4)), rows.Text(5)
		r.Metadata, r.PrivateMetadata = jsonOf(rows, 6), jsonOf(rows, 7)
		r.Version, r.CreatedAt, r.UpdatedAt = rows.Int64(8), timeOf(rows, 9), timeOf(rows, 10)
	}
	if err := rows.Close(); err != nil || !found {
		return record{}, false, err
	}
	if err := r.readVariants(tx); err != nil {
		return record{}, false, err
	}
	if err := r.readPrices(tx); err != nil {
		return record{}, false, err
	}
	for i := range r.Variants {
		r.Variants[i].complete(&r.Product)
	}
	return r, true, nil
}

func (r *record) readVariants(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT id, sku, claim, removed, options, untracked, barcode, metadata, private_metadata
		FROM variants WHERE product = ? ORDER BY removed, position, id`, r.ID)
	defer rows.Close()
	for rows.Next() {
		v := Variant{ID: VariantID(rows.Text(0)), SKU: SKU(rows.Text(1))}
		if rows.Bool(3) {
			r.removed = append(r.removed, v)
			continue
		}
		var err error
		if v.Options, err = decodeOptions(rows.Text(4)); err != nil {
			return err
		}
		v.Untracked, v.Barcode = rows.Bool(5), rows.Text(6)
		v.Metadata, v.PrivateMetadata = jsonOf(rows, 7), jsonOf(rows, 8)
		r.Variants = append(r.Variants, v)
		r.claims = append(r.claims, claim.Hash(rows.Blob(2)))
	}
	return rows.Err()
}

// readPrices reads the prices of all live variants in one query, in the same
// order as they are in.
func (r *record) readPrices(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT v.id, p.amount, p.currency FROM variants v JOIN prices p ON p.variant = v.id
		WHERE v.product = ? AND v.removed = 0 ORDER BY v.position, v.id, p.currency`, r.ID)
	defer rows.Close()
	i := 0
	for rows.Next() {
		for id := rows.Text(0); string(r.Variants[i].ID) != id; {
			i++
		}
		r.Variants[i].Prices = append(r.Variants[i].Prices, money.New(rows.Int64(1), money.Currency(rows.Text(2))))
	}
	return rows.Err()
}

// encodeOptions writes options as a JSON array of pairs.
func encodeOptions(options []Option) (string, error) {
	pairs := make([][2]string, len(options))
	for i, o := range options {
		pairs[i] = [2]string{o.Name, o.Value}
	}
	b, err := json.Marshal(pairs)
	return string(b), err
}

func decodeOptions(text string) ([]Option, error) {
	var pairs [][2]string
	if text == "[]" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &pairs); err != nil {
		return nil, err
	}
	options := make([]Option, len(pairs))
	for i, p := range pairs {
		options[i] = Option{Name: p[0], Value: p[1]}
	}
	return options, nil
}
