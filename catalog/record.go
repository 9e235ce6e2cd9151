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
	claim     claim.Hash   // the handle's
	reference claim.Hash   // the external reference's; zero if there is none
	claims    []claim.Hash // of the variants' SKUs, in their order
	former    []name       // the former handles
	removed   []Variant    // only ID and SKU
}

// record returns the product as the command wants it, with the version of the
// one that it replaces.
func (c PutProduct) record(tx *command.Tx, have record) record {
	r := record{Product: have.Product, claim: c.Claim, reference: c.ReferenceClaim, former: c.former(have)}
	r.FormerHandles = namesOf(r.former)
	if have.ID == "" {
		r.ID, r.CreatedAt = c.NewID, tx.Time()
	}
	r.Handle, r.Title, r.Description, r.Brand, r.Status = c.Handle, c.Title, c.Description, c.Brand, c.Status
	r.Categories, r.Media, r.Attributes, r.SEO = c.Categories, c.Media, c.Attributes, c.SEO
	r.Type, r.Translations, r.Publications = c.Type, c.Translations, c.Publications
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
		r.Variants[i] = v.variant(id)
		r.claims[i] = v.Claim
	}
	if c.More {
		r.keepOthers(have)
	}
	return r
}

// keepOthers appends the variants of have that are not named.
func (r *record) keepOthers(have record) {
	named := make(map[VariantID]bool, len(r.Variants))
	for _, v := range r.Variants {
		named[v.ID] = true
	}
	for i, v := range have.Variants {
		if !named[v.ID] {
			r.Variants, r.claims = append(r.Variants, v), append(r.claims, have.claims[i])
		}
	}
}

// variant returns the variant as the command wants it.
func (v PutVariant) variant(id VariantID) Variant {
	return Variant{
		ID: id, SKU: v.SKU, Options: v.Options, Prices: v.Prices, CompareAt: v.CompareAt, Attributes: v.Attributes,
		Untracked: v.Untracked, Barcodes: v.Barcodes,
		WeightGrams: v.WeightGrams, LengthMM: v.LengthMM, WidthMM: v.WidthMM, HeightMM: v.HeightMM, TaxCategory: v.TaxCategory,
		Components: v.Components, Reserve: v.Reserve, HoldMinutes: v.HoldMinutes, Digital: v.Digital,
		Metadata: v.Metadata, PrivateMetadata: v.PrivateMetadata,
	}
}

// variantID makes the ID of a new variant out of what is unique to it, since a
// product with 2,000 of them would not fit into a command with their IDs.
func variantID(tx *command.Tx, product ProductID, sku SKU) VariantID {
	return VariantID(id.FromHash("var", tx.Slot, tx.Time(), sha256.Sum256([]byte(string(product)+"\x00"+string(sku)))))
}

// same reports whether two records differ in nothing that a caller put there.
func (r record) same(other record) bool { return r.ID == other.ID && len(r.differences(other)) == 0 }

// differences names what a caller put there and differs.
func (r record) differences(other record) (d differences) {
	d.note("handle", r.Handle == other.Handle)
	d.note("former_handles", slices.Equal(r.FormerHandles, other.FormerHandles))
	d.note("title", r.Title == other.Title)
	d.note("description", r.Description == other.Description)
	d.note("brand", r.Brand == other.Brand)
	d.note("status", r.Status == other.Status)
	d.note("external_reference", r.ExternalReference == other.ExternalReference)
	d.note("type", r.Type == other.Type)
	d.note("categories", slices.Equal(r.Categories, other.Categories))
	d.note("media", slices.EqualFunc(r.Media, other.Media, Media.equal))
	d.note("attributes", slices.EqualFunc(r.Attributes, other.Attributes, Attribute.equal))
	d.note("seo", r.SEO == other.SEO)
	d.note("translations", slices.EqualFunc(r.Translations, other.Translations, Translation.equal))
	d.note("publications", slices.Equal(r.Publications, other.Publications))
	d.note("metadata", string(r.Metadata) == string(other.Metadata))
	d.note("private_metadata", string(r.PrivateMetadata) == string(other.PrivateMetadata))
	d.note("variants", slices.EqualFunc(r.Variants, other.Variants, Variant.same))
	return d
}

func (v Variant) same(other Variant) bool {
	return v.ID == other.ID && v.Untracked == other.Untracked && slices.Equal(v.Barcodes, other.Barcodes) &&
		slices.Equal(v.Options, other.Options) && v.samePrices(other) &&
		slices.EqualFunc(v.Attributes, other.Attributes, Attribute.equal) &&
		v.WeightGrams == other.WeightGrams && v.LengthMM == other.LengthMM && v.WidthMM == other.WidthMM && v.HeightMM == other.HeightMM && v.TaxCategory == other.TaxCategory &&
		slices.Equal(v.Components, other.Components) && v.Reserve == other.Reserve && v.HoldMinutes == other.HoldMinutes && v.Digital.equal(other.Digital) &&
		string(v.Metadata) == string(other.Metadata) && string(v.PrivateMetadata) == string(other.PrivateMetadata)
}

func (v Variant) samePrices(other Variant) bool {
	return slices.Equal(v.Prices, other.Prices) && slices.Equal(v.CompareAt, other.CompareAt)
}

// complete fills in what a variant repeats of its product.
func (v *Variant) complete(p *Product) {
	v.Product, v.Version, v.Status, v.Publications, v.Purchasable = p.ID, p.Version, p.Status, p.Publications, p.Status == Active
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
	if r, found, err = readProduct(tx, product); err != nil || !found {
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

// readProduct reads a product without its variants.
func readProduct(tx *sqlite.Tx, product ProductID) (r record, found bool, err error) {
	rows := tx.One(`SELECT handle, claim, title, description, brand, status, external_reference, seo_title, seo_description,
			media, attributes, metadata, private_metadata, version, created_at, updated_at, reference_claim, translations, publications, type
		FROM products WHERE id = ?`, product)
	defer rows.Close()
	if !rows.Next() {
		return record{}, false, rows.Err()
	}
	r.ID, r.Handle, r.claim = product, rows.Text(0), claim.Hash(rows.Blob(1))
	r.Title, r.Description, r.Brand, r.Status, r.ExternalReference = rows.Text(2), rows.Text(3), rows.Text(4), Status(rows.Text(5)), rows.Text(6)
	r.SEO = SEO{Title: rows.Text(7), Description: rows.Text(8)}
	if r.Media, err = decodeList[Media](rows.Text(9)); err != nil {
		return record{}, false, err
	}
	if r.Attributes, err = decodeList[Attribute](rows.Text(10)); err != nil {
		return record{}, false, err
	}
	r.Metadata, r.PrivateMetadata = jsonOf(rows, 11), jsonOf(rows, 12)
	r.Version, r.CreatedAt, r.UpdatedAt = rows.Int64(13), timeOf(rows, 14), timeOf(rows, 15)
	copy(r.reference[:], rows.Blob(16))
	r.Type = ProductTypeID(rows.Text(19))
	if r.Translations, err = decodeList[Translation](rows.Text(17)); err != nil {
		return record{}, false, err
	}
	if r.Publications, err = decodeList[Publication](rows.Text(18)); err != nil {
		return record{}, false, err
	}
	if err := rows.Close(); err != nil {
		return record{}, false, err
	}
	if err := r.readFormer(tx); err != nil {
		return record{}, false, err
	}
	r.Categories, err = readCategories(tx, product)
	return r, true, err
}

func (r *record) readFormer(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT handle, claim FROM former_handles WHERE product = ? ORDER BY position`, r.ID)
	for rows.Next() {
		r.former = append(r.former, name{name: rows.Text(0), claim: claim.Hash(rows.Blob(1))})
	}
	r.FormerHandles = namesOf(r.former)
	return rows.Close()
}

func namesOf(names []name) (list []string) {
	for _, n := range names {
		list = append(list, n.name)
	}
	return list
}

func readCategories(tx *sqlite.Tx, product ProductID) (list []CategoryID, err error) {
	rows := tx.Query(`SELECT category FROM product_categories WHERE product = ? ORDER BY position`, product)
	for rows.Next() {
		list = append(list, CategoryID(rows.Text(0)))
	}
	return list, rows.Close()
}

// variantColumns are those that readInto reads, from column 0 on.
const variantColumns = `v.id, v.options, v.untracked, v.barcodes, v.attributes, v.weight_grams, v.length_mm, v.width_mm, v.height_mm, v.metadata, v.private_metadata, v.tax_category,
	v.components, v.reserve, v.hold_minutes, v.digital`

const variantColumnCount = 16

// readInto reads a row of variantColumns.
func (v *Variant) readInto(rows *sqlite.Rows) (err error) {
	v.ID, v.Untracked = VariantID(rows.Text(0)), rows.Bool(2)
	if v.Options, err = decodeOptions(rows.Text(1)); err != nil {
		return err
	}
	if v.Barcodes, err = decodeList[string](rows.Text(3)); err != nil {
		return err
	}
	if v.Attributes, err = decodeList[Attribute](rows.Text(4)); err != nil {
		return err
	}
	v.WeightGrams, v.LengthMM, v.WidthMM, v.HeightMM = rows.Int64(5), rows.Int64(6), rows.Int64(7), rows.Int64(8)
	v.Metadata, v.PrivateMetadata, v.TaxCategory = jsonOf(rows, 9), jsonOf(rows, 10), rows.Text(11)
	v.Reserve, v.HoldMinutes = Reserve(rows.Text(13)), rows.Int64(14)
	if v.Components, err = decodeList[Component](rows.Text(12)); err != nil || rows.Null(15) {
		return err
	}
	return json.Unmarshal([]byte(rows.Text(15)), &v.Digital)
}

func (r *record) readVariants(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT `+variantColumns+`, v.sku, v.claim, v.removed
		FROM variants v WHERE v.product = ? ORDER BY v.removed, v.position, v.id`, r.ID)
	defer rows.Close()
	for rows.Next() {
		v := Variant{SKU: SKU(rows.Text(variantColumnCount))}
		if rows.Bool(variantColumnCount + 2) {
			v.ID = VariantID(rows.Text(0))
			r.removed = append(r.removed, v)
			continue
		}
		if err := v.readInto(rows); err != nil {
			return err
		}
		r.Variants = append(r.Variants, v)
		r.claims = append(r.claims, claim.Hash(rows.Blob(variantColumnCount+1)))
	}
	return rows.Err()
}

// readPrices reads the prices of all live variants, in the same order as they
// are in.
func (r *record) readPrices(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT `+priceColumns+`, v.id FROM variants v JOIN prices p ON p.variant = v.id
		WHERE v.product = ? AND v.removed = 0 ORDER BY v.position, v.id, p.currency`, r.ID)
	defer rows.Close()
	for i := 0; rows.Next(); {
		for id := rows.Text(4); string(r.Variants[i].ID) != id; {
			i++
		}
		r.Variants[i].addPrice(rows)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows = tx.Query(`SELECT `+listPriceColumns+`, v.id FROM variants v JOIN list_prices p ON p.variant = v.id
		WHERE v.product = ? AND v.removed = 0 ORDER BY v.position, v.id, p.list, p.currency, p.min_quantity`, r.ID)
	for i := 0; rows.Next(); {
		for id := rows.Text(4); string(r.Variants[i].ID) != id; {
			i++
		}
		r.Variants[i].addListPrice(rows)
	}
	return rows.Close()
}

// priceColumns are those that addPrice reads, from column 0 on.
const priceColumns = `p.amount, p.currency, p.compare_at, p.prior`

func (v *Variant) addPrice(rows *sqlite.Rows) {
	c := money.Currency(rows.Text(1))
	v.Prices = append(v.Prices, money.New(rows.Int64(0), c))
	if !rows.Null(2) {
		v.CompareAt = append(v.CompareAt, money.New(rows.Int64(2), c))
	}
	if !rows.Null(3) {
		v.PriorPrices = append(v.PriorPrices, money.New(rows.Int64(3), c))
	}
}

// listPriceColumns are those that addListPrice reads, from column 0 on.
const listPriceColumns = `p.amount, p.currency, p.list, p.min_quantity`

func (v *Variant) addListPrice(rows *sqlite.Rows) {
	v.ListPrices = append(v.ListPrices, ListPrice{
		List: PriceListID(rows.Text(2)), MinQuantity: rows.Int64(3), Price: money.New(rows.Int64(0), money.Currency(rows.Text(1))),
	})
}

// encodeList writes a list of texts or plain structs as a JSON array.
func encodeList[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// decodeList reads what encodeList wrote; an empty list is nil.
func decodeList[T any](text string) (list []T, err error) {
	if text == "[]" {
		return nil, nil
	}
	return list, json.Unmarshal([]byte(text), &list)
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
