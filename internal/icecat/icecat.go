// Package icecat reads product files as Icecat's open catalogue is published
// for search experiments: one JSON object a line, its attributes under keys
// that begin with attr_t_ (text), attr_n_ (number) or attr_b_ (yes or no).
package icecat

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// Product is one line of a file.
type Product struct {
	Line        int // of the file, from 1
	ID          string
	Model       string // the maker's own name for it
	Title       string
	Supplier    string
	Description string // may hold tags of HTML
	EANs        []string
	Images      []string // addresses, largest first
	PriceMinor  int64    // in a currency that the file does not name; 0 if it has none
	Released    time.Time
	Attributes  []Attribute // by key
}

// Attribute is one attribute of a product. Exactly one of Text, Number and
// Bool is set.
type Attribute struct {
	Key    string // without its prefix, as in "display_diagonal"
	Text   string
	Number json.Number
	Bool   *bool
}

// Name returns the key as words: "Display diagonal".
func (a Attribute) Name() string {
	words := strings.Join(strings.FieldsFunc(a.Key, func(r rune) bool { return r == '_' }), " ")
	if words == "" {
		return a.Key
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// maxLine bounds the bytes of a line.
const maxLine = 4 << 20

// Products returns the products of a file, plain or compressed with gzip.
// After an error, which names the line, it ends.
func Products(r io.Reader) iter.Seq2[Product, error] {
	return func(yield func(Product, error) bool) {
		plain, err := decompress(r)
		if err != nil {
			yield(Product{}, err)
			return
		}
		lines := bufio.NewScanner(plain)
		lines.Buffer(make([]byte, 64<<10), maxLine)
		for n := 1; lines.Scan(); n++ {
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			p, err := parse(lines.Bytes())
			p.Line = n
			if err != nil {
				yield(p, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(p, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Product{}, fmt.Errorf("reading products: %w", err))
		}
	}
}

func decompress(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if magic, err := b.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("reading products: %w", err)
	}
	return z, nil
}

func parse(line []byte) (Product, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return Product{}, err
	}
	var p Product
	var released string
	var errs []error
	read := func(key string, to any) {
		if v, ok := raw[key]; ok {
			if err := json.Unmarshal(v, to); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", key, err))
			}
		}
	}
	read("id", &p.ID)
	read("name", &p.Model)
	read("title", &p.Title)
	read("supplier", &p.Supplier)
	read("short_description", &p.Description)
	read("ean", &p.EANs)
	read("price", &p.PriceMinor)
	read("date_released", &released)
	for _, key := range []string{"img_high", "img_500x500", "img_low", "img_thumb"} {
		var address string
		if read(key, &address); address != "" {
			p.Images = append(p.Images, address)
		}
	}
	if p.ID == "" {
		errs = append(errs, errors.New("the product has no id"))
	}
	if released != "" {
		at, err := time.Parse(time.RFC3339, released)
		if err != nil {
			errs = append(errs, fmt.Errorf("date_released: %w", err))
		}
		p.Released = at.UTC()
	}
	var err error
	p.Attributes, err = attributes(raw)
	return p, errors.Join(append(errs, err)...)
}

func attributes(raw map[string]json.RawMessage) (list []Attribute, err error) {
	for key, value := range raw {
		a, ok := Attribute{}, false
		if a.Key, ok = strings.CutPrefix(key, "attr_t_"); ok {
			err = errors.Join(err, named(key, json.Unmarshal(value, &a.Text)))
		} else if a.Key, ok = strings.CutPrefix(key, "attr_n_"); ok {
			err = errors.Join(err, named(key, json.Unmarshal(value, &a.Number)))
		} else if a.Key, ok = strings.CutPrefix(key, "attr_b_"); ok {
			err = errors.Join(err, named(key, json.Unmarshal(value, &a.Bool)))
		} else {
			continue
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b Attribute) int { return strings.Compare(a.Key, b.Key) })
	return list, err
}

func named(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", key, err)
}
