package interchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/keelshop/commerce/catalog"
)

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
	if h.Type == "product" {
		var p productLine
		if err := strict(line, &p); err != nil {
			return err
		}
		r.product(p)
		return nil
	}
	if r.part = newPart(h.Type); r.part == nil {
		return errors.New("a line's type is product_type, price_list, places, category, product or collection, not " + h.Type)
	}
	return strict(line, r.part)
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
	r.own = &p
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
