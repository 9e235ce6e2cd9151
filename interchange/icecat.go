package interchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// maxLine bounds a line of JSON Lines.
const maxLine = 8 << 20

// lines yields the lines of a text that are not empty, with their numbers.
func lines(text *bufio.Reader, yield func(int, []byte, error) bool) {
	s := bufio.NewScanner(text)
	s.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for s.Scan() {
		n++
		if line := bytes.TrimSpace(s.Bytes()); len(line) > 0 && !yield(n, line, nil) {
			return
		}
	}
	if err := s.Err(); err != nil {
		yield(n+1, nil, fault.Wrap(fault.Invalid, err, "reading line %d", n+1))
	}
}

// icecatProduct is one line of an Icecat catalogue. Attributes come under keys
// that begin with attr_t_ (text), attr_n_ (number) or attr_b_ (bool).
type icecatProduct struct {
	ID       string      `json:"id"`
	Title    string      `json:"title"`
	Supplier string      `json:"supplier"`
	EAN      []string    `json:"ean"`
	Price    json.Number `json:"price"` // hundredths
}

// readIcecat reads an Icecat catalogue as JSON Lines. The SKU, the handle and
// the external reference are the product's id.
func readIcecat(text *bufio.Reader, c money.Currency) records {
	return func(yield func(*record, error) bool) {
		lines(text, func(n int, line []byte, err error) bool {
			if err != nil {
				return yield(nil, err)
			}
			r := &record{line: n}
			if err := r.icecat(line, c); err != nil {
				r.refuse(n, "", "bad_json", "%v", err)
			}
			if err := r.finish(Icecat); err != nil {
				return yield(nil, err)
			}
			return yield(r, nil)
		})
	}
}

func (r *record) icecat(line []byte, c money.Currency) error {
	var p icecatProduct
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	v := catalog.PutVariant{SKU: catalog.SKU(p.ID), Untracked: true}
	r.put.Handle, r.put.ExternalReference = p.ID, p.ID
	r.put.Title, r.put.Brand, r.put.Status = p.Title, p.Supplier, catalog.Active
	if p.Price != "" {
		minor, err := p.Price.Int64()
		if err != nil || minor < 0 {
			return errors.New("the price " + p.Price.String() + " is no number of hundredths")
		}
		v.Prices = []money.Amount{money.New(minor, c)}
	}
	r.source.Columns = map[string]string{}
	for _, code := range p.EAN {
		if err := checkGTIN(code); err != nil {
			r.warn(r.line, "ean", "bad_barcode", "%v", err)
			r.source.Columns["ean"] = strings.TrimSpace(r.source.Columns["ean"] + " " + code)
		} else if !slices.Contains(v.Barcodes, code) {
			v.Barcodes = append(v.Barcodes, code)
		}
	}
	r.put.Variants = []catalog.PutVariant{v}
	return r.icecatFields(line)
}

// icecatFields reads the rest in the order of the line.
func (r *record) icecatFields(line []byte) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return err
		}
		r.icecatField(key.(string), value)
	}
	if _, err := d.Token(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func (r *record) icecatField(key string, value any) {
	switch key {
	case "id", "title", "supplier", "ean", "price":
		return
	case "short_description":
		if s, ok := value.(string); ok {
			if r.put.Description = textOf(s); r.put.Description != s {
				r.source.Columns[key] = s
			}
			return
		}
	}
	kind, name := "", ""
	if rest, ok := strings.CutPrefix(key, "attr_"); ok && len(rest) > 2 && rest[1] == '_' {
		kind, name = rest[:1], rest[2:]
	}
	a := catalog.Attribute{Name: name}
	switch v := value.(type) {
	case string:
		if kind == "t" && v != "" {
			a.Kind, a.Text = catalog.TextAttribute, v
		}
	case bool:
		if kind == "b" {
			a.Kind, a.Bool = catalog.BoolAttribute, v
		}
	case json.Number:
		if n, err := catalog.ParseNumber(v.String()); err == nil && kind == "n" {
			a.Kind, a.Number = catalog.NumberAttribute, n.Normal()
		}
	}
	if a.Kind != "" && !r.hasAttribute(name) {
		r.put.Attributes = append(r.put.Attributes, a)
		return
	}
	text, isText := value.(string)
	if !isText {
		b, err := json.Marshal(value)
		if err != nil {
			return
		}
		text = string(b)
	}
	if text != "" {
		r.source.Columns[key] = text
	}
}

// checkGTIN checks a code that a file calls an EAN.
func checkGTIN(code string) error {
	switch len(code) {
	case 8, 12, 13, 14:
		return catalog.CheckBarcode(code)
	}
	return fault.New(fault.Invalid, "%q is no GTIN: those have 8, 12, 13 or 14 digits", code)
}
