package search

import (
	"slices"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/search/internal/text"
)

// columns hold in memory what filters, facets and sorting need of each
// document, in the order in which documents came. An ordinal is a place in
// them. A document that changes gets a new ordinal and its old one dies; when
// too many are dead, the columns are read anew from the index.
type columns struct {
	ids       []string
	live      bitset
	available bitset
	created   []int64 // Unix milliseconds
	sold      []int64
	units     map[string]int64 // sold of each product, also of those to come
	boost     []int16          // percent
	byID      map[string]uint32
	dead      int

	values  map[string]*valueColumn  // by field
	numbers map[string]*numberColumn // by field
	prices  map[money.Currency]*priceColumn
	titles  map[string]categoryTitle // by the category's ID

	listed    map[uint32][]catalog.Variant     // of documents that price lists have prices for
	published map[uint32][]catalog.Publication // of documents that are not shown everywhere
	// kits are the products that have a SKU as a part, or had it since the
	// columns were read.
	kits map[string][]catalog.ProductID

	choices [][]uint16        // of each document, into fields
	fields  []string          // with values to choose from
	fieldNo map[string]uint16 // by field

	lengths [fields]uint64 // terms in all live documents
	have    [fields]uint64 // documents that have any
	each    [][fields]uint16
}

// valueColumn holds the values of one field, ascending by ordinal. A document
// may have several.
type valueColumn struct {
	ords, vals []uint32
	names      []string // by value
	index      map[string]uint32
}

// numberColumn holds the numbers of one field, ascending by ordinal.
type numberColumn struct {
	ords []uint32
	nums []float64
	unit string
	// mixed says that not all are in one unit, so that they do not compare.
	mixed bool
}

// priceColumn holds the prices in one currency, ascending by ordinal.
type priceColumn struct {
	ords     []uint32
	min, max []int64 // minor units
}

type categoryTitle struct {
	text  string
	words []text.Word
}

func newColumns() *columns {
	return &columns{
		byID: map[string]uint32{}, values: map[string]*valueColumn{}, numbers: map[string]*numberColumn{},
		listed: map[uint32][]catalog.Variant{}, published: map[uint32][]catalog.Publication{}, kits: map[string][]catalog.ProductID{},
		fieldNo: map[string]uint16{},
		prices:  map[money.Currency]*priceColumn{}, titles: map[string]categoryTitle{},
	}
}

func (c *columns) size() int { return len(c.ids) }

// ordinal returns where a document is, or gone.
func (c *columns) ordinal(id string) uint32 {
	if ord, ok := c.byID[id]; ok {
		return ord
	}
	return gone
}

func (c *columns) liveCount() int { return len(c.byID) }

// add puts a document behind the others, and in place of the one with its ID.
func (c *columns) add(r *record) {
	c.remove(r.ID)
	ord := uint32(len(c.ids))
	c.ids = append(c.ids, r.ID)
	c.live, c.available = c.live.grow(len(c.ids)), c.available.grow(len(c.ids))
	c.live.set(ord)
	if r.Available {
		c.available.set(ord)
	}
	c.created = append(c.created, r.Created)
	c.sold = append(c.sold, c.units[r.ID])
	c.boost = append(c.boost, int16(max(-100, min(r.Boost, 1000))))
	c.byID[r.ID] = ord
	c.each, c.choices = append(c.each, r.Lengths), append(c.choices, nil)
	for i, n := range r.Lengths {
		c.lengths[i] += uint64(n)
		if n > 0 {
			c.have[i]++
		}
	}
	c.addValues(ord, r)
}

func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// maxChoices bounds the fields that are known to have values to choose from.
const maxChoices = 1 << 14

// addChoice notes that a document, the last one, has a value to choose in a field.
func (c *columns) addChoice(ord uint32, field string) {
	n, known := c.fieldNo[field]
	if !known {
		if len(c.fields) >= maxChoices {
			return
		}
		n = uint16(len(c.fields))
		c.fields, c.fieldNo[field] = append(c.fields, field), n
	}
	if !slices.Contains(c.choices[ord], n) {
		c.choices[ord] = append(c.choices[ord], n)
	}
}

func (c *columns) addValues(ord uint32, r *record) {
	if r.Brand != "" {
		c.value(FieldBrand).add(ord, r.Brand)
	}
	if r.Type != "" {
		c.value(FieldType).add(ord, r.Type)
	}
	for _, g := range r.Categories {
		c.value(FieldCategory).add(ord, g.ID)
		if c.titles[g.ID].text != g.Title {
			c.titles[g.ID] = categoryTitle{g.Title, text.Words(g.Title)}
		}
	}
	for _, a := range r.Attributes {
		if a.Unlisted {
			continue
		}
		field := AttributeField(a.Name)
		c.value(field).add(ord, a.Text)
		if a.Choice || a.Number != nil {
			c.addChoice(ord, field)
		}
		if a.Number != nil {
			n := c.number(field)
			n.mixed = n.mixed || len(n.ords) > 0 && n.unit != a.Unit
			n.ords, n.nums = append(n.ords, ord), append(n.nums, *a.Number)
			n.unit = a.Unit
		}
	}
	for _, v := range r.Listed {
		c.listed[ord] = append(c.listed[ord], catalog.Variant{Prices: v.Own, ListPrices: v.List})
	}
	for _, part := range r.Parts {
		if id := catalog.ProductID(r.ID); !slices.Contains(c.kits[part], id) {
			c.kits[part] = append(c.kits[part], id)
		}
	}
	if len(r.Publications) > 0 {
		c.published[ord] = r.Publications
	}
	for _, p := range r.Prices {
		col := c.prices[p.Currency]
		if col == nil {
			col = &priceColumn{}
			c.prices[p.Currency] = col
		}
		col.ords, col.min, col.max = append(col.ords, ord), append(col.min, p.Min), append(col.max, p.Max)
	}
}

func (c *columns) value(field string) *valueColumn {
	col := c.values[field]
	if col == nil {
		col = &valueColumn{index: map[string]uint32{}}
		c.values[field] = col
	}
	return col
}

func (c *columns) number(field string) *numberColumn {
	col := c.numbers[field]
	if col == nil {
		col = &numberColumn{}
		c.numbers[field] = col
	}
	return col
}

func (v *valueColumn) add(ord uint32, text string) {
	val, ok := v.index[text]
	if !ok {
		val = uint32(len(v.names))
		v.names = append(v.names, text)
		v.index[text] = val
	}
	for i := len(v.ords) - 1; i >= 0 && v.ords[i] == ord; i-- {
		if v.vals[i] == val {
			return // a value counts once for a document
		}
	}
	v.ords, v.vals = append(v.ords, ord), append(v.vals, val)
}

// remove lets the document with an ID die.
func (c *columns) remove(id string) {
	ord, ok := c.byID[id]
	if !ok {
		return
	}
	delete(c.byID, id)
	delete(c.listed, ord)
	delete(c.published, ord)
	c.live.clear(ord)
	c.dead++
	for i, n := range c.each[ord] {
		c.lengths[i] -= uint64(n)
		if n > 0 {
			c.have[i]--
		}
	}
}

// average returns the average number of terms that documents have in a field.
func (c *columns) average(f field) float64 {
	if c.have[f] == 0 {
		return 1
	}
	return float64(c.lengths[f]) / float64(c.have[f])
}
