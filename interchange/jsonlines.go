package interchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// The own JSON Lines: product types by code, then categories, a parent before
// its children, then products by handle. It holds all that a merchant has put; IDs, versions and
// times of the store it came from are not part of it.

// head says what a line is about.
type head struct {
	Type string `json:"type"` // "product_type", "category" or "product"
}

// typeLine is a product type.
type typeLine struct {
	Type       string                        `json:"type"`
	Code       string                        `json:"code"`
	Title      string                        `json:"title"`
	Attributes []catalog.AttributeDefinition `json:"attributes,omitempty"`
}

// categoryLine is a category. Others are named by their handles.
type categoryLine struct {
	Type            string                `json:"type"`
	Handle          string                `json:"handle"`
	Parent          string                `json:"parent,omitempty"`
	Position        int64                 `json:"position,omitempty"`
	Title           string                `json:"title"`
	Description     string                `json:"description,omitempty"`
	SEO             catalog.SEO           `json:"seo,omitzero"`
	Media           []catalog.Media       `json:"media,omitempty"`
	Translations    []catalog.Translation `json:"translations,omitempty"`
	Metadata        json.RawMessage       `json:"metadata,omitempty"`
	PrivateMetadata json.RawMessage       `json:"private_metadata,omitempty"`
}

// productLine is a product.
type productLine struct {
	Type              string                `json:"type"`
	Handle            string                `json:"handle"`
	ProductType       string                `json:"product_type,omitempty"` // its code
	FormerHandles     []string              `json:"former_handles,omitempty"`
	Title             string                `json:"title"`
	Description       string                `json:"description,omitempty"`
	Brand             string                `json:"brand,omitempty"`
	Status            catalog.Status        `json:"status"`
	Categories        []string              `json:"categories,omitempty"` // handles
	Media             []catalog.Media       `json:"media,omitempty"`
	Attributes        []catalog.Attribute   `json:"attributes,omitempty"`
	SEO               catalog.SEO           `json:"seo,omitzero"`
	Translations      []catalog.Translation `json:"translations,omitempty"`
	Publications      []catalog.Publication `json:"publications,omitempty"`
	ExternalReference string                `json:"external_reference,omitempty"`
	Metadata          json.RawMessage       `json:"metadata,omitempty"`
	PrivateMetadata   json.RawMessage       `json:"private_metadata,omitempty"`
	Variants          []variantLine         `json:"variants"`
}

// variantLine is a variant. Amounts are texts such as "12.50 EUR".
type variantLine struct {
	SKU             catalog.SKU         `json:"sku"`
	Options         []optionLine        `json:"options,omitempty"`
	Prices          []money.Amount      `json:"prices,omitempty"`
	CompareAt       []money.Amount      `json:"compare_at,omitempty"`
	Attributes      []catalog.Attribute `json:"attributes,omitempty"`
	Untracked       bool                `json:"untracked,omitempty"`
	Barcodes        []string            `json:"barcodes,omitempty"`
	WeightGrams     int64               `json:"weight_g,omitempty"`
	LengthMM        int64               `json:"length_mm,omitempty"`
	WidthMM         int64               `json:"width_mm,omitempty"`
	HeightMM        int64               `json:"height_mm,omitempty"`
	TaxCategory     string              `json:"tax_category,omitempty"`
	Components      []catalog.Component `json:"components,omitempty"`
	Reserve         catalog.Reserve     `json:"reserve,omitempty"`
	HoldMinutes     int64               `json:"hold_minutes,omitempty"`
	Digital         *catalog.Digital    `json:"digital,omitempty"`
	Metadata        json.RawMessage     `json:"metadata,omitempty"`
	PrivateMetadata json.RawMessage     `json:"private_metadata,omitempty"`
	// Stock is what is on hand; absent if nothing was ever counted.
	Stock *int64 `json:"stock,omitempty"`
}

type optionLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// readJSONLines reads the own JSON Lines.
func readJSONLines(text *bufio.Reader) records {
	return func(yield func(*record, error) bool) {
		lines(text, func(n int, line []byte, err error) bool {
			if err != nil {
				return yield(nil, err)
			}
			r := &record{line: n}
			if err := r.jsonLine(line); err != nil {
				r.refuse(n, "", "bad_json", "%v", err)
			}
			return yield(r, nil)
		})
	}
}

func (r *record) jsonLine(line []byte) error {
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return err
	}
	switch h.Type {
	case "product_type":
		r.productType = new(typeLine)
		return strict(line, r.productType)
	case "category":
		r.category = new(categoryLine)
		return strict(line, r.category)
	case "product":
		var p productLine
		if err := strict(line, &p); err != nil {
			return err
		}
		r.product(p)
		return nil
	}
	return errors.New("a line's type is product_type, category or product, not " + h.Type)
}

// strict decodes one JSON value and refuses fields that nobody knows: they
// would be dropped.
func strict(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the JSON object")
	}
	return nil
}

// product turns a line into what is put.
func (r *record) product(p productLine) {
	r.handles, r.typeCode = p.Categories, p.ProductType
	r.put = catalog.PutProduct{
		Handle: p.Handle, FormerHandles: p.FormerHandles, Title: p.Title, Description: p.Description, Brand: p.Brand,
		Status: p.Status, Media: p.Media, Attributes: p.Attributes, SEO: p.SEO, Translations: p.Translations,
		Publications: p.Publications, ExternalReference: p.ExternalReference, Metadata: p.Metadata, PrivateMetadata: p.PrivateMetadata,
	}
	for i, v := range p.Variants {
		put := catalog.PutVariant{
			SKU: v.SKU, Prices: v.Prices, CompareAt: v.CompareAt, Attributes: v.Attributes, Untracked: v.Untracked, Barcodes: v.Barcodes,
			WeightGrams: v.WeightGrams, LengthMM: v.LengthMM, WidthMM: v.WidthMM, HeightMM: v.HeightMM, TaxCategory: v.TaxCategory,
			Components: v.Components, Reserve: v.Reserve, HoldMinutes: v.HoldMinutes, Digital: v.Digital,
			Metadata: v.Metadata, PrivateMetadata: v.PrivateMetadata,
		}
		for _, o := range v.Options {
			put.Options = append(put.Options, catalog.Option(o))
		}
		r.put.Variants = append(r.put.Variants, put)
		if v.Stock != nil {
			r.setStock(i, *v.Stock)
		}
	}
}

// lineOf is the line of a product. handles names the categories and code the
// product type; stock is that of the variants, -1 where there is none.
func lineOf(p catalog.Product, handles func(catalog.CategoryID) string, code string, stock []int64) productLine {
	l := productLine{
		Type: "product", Handle: p.Handle, ProductType: code, FormerHandles: p.FormerHandles, Title: p.Title, Description: p.Description, Brand: p.Brand,
		Status: p.Status, Media: p.Media, Attributes: p.Attributes, SEO: p.SEO, Translations: p.Translations,
		Publications: p.Publications, ExternalReference: p.ExternalReference, Metadata: p.Metadata, PrivateMetadata: p.PrivateMetadata,
	}
	for _, c := range p.Categories {
		if h := handles(c); h != "" { // a category that is being removed has none
			l.Categories = append(l.Categories, h)
		}
	}
	for i, v := range p.Variants {
		line := variantLine{
			SKU: v.SKU, Prices: v.Prices, CompareAt: v.CompareAt, Attributes: v.Attributes, Untracked: v.Untracked, Barcodes: v.Barcodes,
			WeightGrams: v.WeightGrams, LengthMM: v.LengthMM, WidthMM: v.WidthMM, HeightMM: v.HeightMM, TaxCategory: v.TaxCategory,
			Components: v.Components, Reserve: v.Reserve, HoldMinutes: v.HoldMinutes, Digital: v.Digital,
			Metadata: v.Metadata, PrivateMetadata: v.PrivateMetadata,
		}
		for _, o := range v.Options {
			line.Options = append(line.Options, optionLine(o))
		}
		if stock[i] >= 0 {
			line.Stock = &stock[i]
		}
		l.Variants = append(l.Variants, line)
	}
	return l
}
