package catalog

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// store writes the record over the one that it replaces.
func (r record) store(tx *command.Tx, have record) error {
	if err := r.storeProduct(tx, have); err != nil {
		return err
	}
	wanted := map[VariantID]bool{}
	for _, v := range r.Variants {
		wanted[v.ID] = true
	}
	stored := map[VariantID]Variant{}
	places := map[VariantID]int{}
	for i, v := range have.Variants {
		stored[v.ID], places[v.ID] = v, i
		if wanted[v.ID] {
			continue
		}
		if _, err := tx.Exec(`UPDATE variants SET removed = 1 WHERE id = ?`, v.ID); err != nil {
			return err
		}
	}
	for i, v := range r.Variants {
		old, live := stored[v.ID]
		if live && places[v.ID] == i && v.same(old) {
			continue
		}
		if err := (placed{Variant: v, claim: r.claims[i], position: int64(i), known: have.ID != ""}).store(tx, r.ID, live && v.samePrices(old)); err != nil {
			return err
		}
	}
	return nil
}

// storeProduct writes the product without its variants.
func (r record) storeProduct(tx *command.Tx, have record) error {
	media, err := encodeList(r.Media)
	if err != nil {
		return err
	}
	attributes, err := encodeList(r.Attributes)
	if err != nil {
		return err
	}
	translations, err := encodeList(r.Translations)
	if err != nil {
		return err
	}
	publications, err := encodeList(r.Publications)
	if err != nil {
		return err
	}
	var reference any
	if r.ExternalReference != "" {
		reference = r.reference[:]
	}
	_, err = tx.Exec(`INSERT INTO products (id, slot, handle, claim, reference_claim, title, description, brand, seo_title, seo_description, media, attributes, translations, publications, type,
			status, external_reference, metadata, private_metadata, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, claim = excluded.claim, reference_claim = excluded.reference_claim, title = excluded.title, description = excluded.description,
			brand = excluded.brand, seo_title = excluded.seo_title, seo_description = excluded.seo_description, media = excluded.media,
			attributes = excluded.attributes, translations = excluded.translations, publications = excluded.publications, type = excluded.type, status = excluded.status, external_reference = excluded.external_reference,
			metadata = excluded.metadata, private_metadata = excluded.private_metadata, version = excluded.version, updated_at = excluded.updated_at`,
		r.ID, tx.Slot, r.Handle, r.claim[:], reference, r.Title, r.Description, r.Brand, r.SEO.Title, r.SEO.Description, media, attributes, translations, publications, r.Type,
		r.Status, r.ExternalReference, textOf(r.Metadata), textOf(r.PrivateMetadata), r.Version, tx.At, tx.At)
	if err != nil {
		return err
	}
	if err := r.storeFormer(tx, have); err != nil {
		return err
	}
	return r.storeCategories(tx, have)
}

func (r record) storeFormer(tx *command.Tx, have record) error {
	if slices.Equal(r.FormerHandles, have.FormerHandles) {
		return nil
	}
	if _, err := tx.Exec(`DELETE FROM former_handles WHERE product = ?`, r.ID); err != nil {
		return err
	}
	for i, n := range r.former {
		_, err := tx.Exec(`INSERT INTO former_handles (product, position, handle, claim, slot) VALUES (?, ?, ?, ?, ?)`, r.ID, i, n.name, n.claim[:], tx.Slot)
		if err != nil {
			return err
		}
	}
	return nil
}

// store writes the variant.
func (v placed) store(tx *command.Tx, product ProductID, samePrices bool) error {
	options, err := encodeOptions(v.Options)
	if err != nil {
		return err
	}
	key, err := optionsKey(v.Options)
	if err != nil {
		return err
	}
	barcodes, err := encodeList(v.Barcodes)
	if err != nil {
		return err
	}
	attributes, err := encodeList(v.Attributes)
	if err != nil {
		return err
	}
	components, err := encodeList(v.Components)
	if err != nil {
		return err
	}
	digital, err := v.Digital.Column()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO variants (id, slot, product, position, sku, claim, options, options_key, untracked, tax_category, barcodes, attributes,
			weight_grams, length_mm, width_mm, height_mm, components, reserve, hold_minutes, digital, metadata, private_metadata, removed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
		ON CONFLICT (id) DO UPDATE SET position = excluded.position, options = excluded.options, options_key = excluded.options_key,
			untracked = excluded.untracked, tax_category = excluded.tax_category, barcodes = excluded.barcodes, attributes = excluded.attributes,
			weight_grams = excluded.weight_grams, length_mm = excluded.length_mm, width_mm = excluded.width_mm, height_mm = excluded.height_mm,
			components = excluded.components, reserve = excluded.reserve, hold_minutes = excluded.hold_minutes, digital = excluded.digital,
			metadata = excluded.metadata, private_metadata = excluded.private_metadata, removed = 0`,
		v.ID, tx.Slot, product, v.position, v.SKU, v.claim[:], options, key, v.Untracked, v.TaxCategory, barcodes, attributes,
		v.WeightGrams, v.LengthMM, v.WidthMM, v.HeightMM, components, v.Reserve, v.HoldMinutes, digital, textOf(v.Metadata), textOf(v.PrivateMetadata))
	if err == nil {
		err = v.Digital.storeFiles(tx)
	}
	switch {
	case err != nil || samePrices:
		return err
	case !v.known:
		return v.storeFirstPrices(tx)
	}
	return v.storePrices(tx)
}

// changed is the data of the events product.created, .updated and .archived.
type changed struct {
	Product ProductID `json:"product"`
	Version int64     `json:"version"`
	Status  Status    `json:"status"`
}

// announce tells of a change, and whose cached copies it made stale.
func (r record) announce(tx *command.Tx, have record) error {
	kind := "product.updated"
	switch {
	case have.ID == "":
		kind = "product.created"
	case r.Status == Archived && have.Status != Archived:
		kind = "product.archived"
	}
	tx.Touch(productKey(r.ID))
	for _, v := range have.Variants {
		tx.Touch(skuKey(v.SKU))
	}
	for _, v := range r.Variants {
		tx.Touch(skuKey(v.SKU))
	}
	var fields []string
	if have.ID != "" {
		fields = r.differences(have)
	}
	if err := remember(tx, kind, string(r.ID), r.Version, fields); err != nil {
		return err
	}
	if err := uncollect(tx, r.ID); err != nil {
		return err
	}
	return tx.Emit(kind, string(r.ID), changed{Product: r.ID, Version: r.Version, Status: r.Status})
}

func productKey(p ProductID) string { return "product:" + string(p) }

func skuKey(s SKU) string { return "sku:" + string(s) }

// textOf returns JSON as a column takes it: text, or nil for none.
func textOf(j json.RawMessage) any {
	if j == nil {
		return nil
	}
	return string(j)
}

func jsonOf(rows *sqlite.Rows, col int) json.RawMessage {
	if rows.Null(col) {
		return nil
	}
	return json.RawMessage(rows.Text(col))
}

func timeOf(rows *sqlite.Rows, col int) time.Time { return time.UnixMilli(rows.Int64(col)).UTC() }
