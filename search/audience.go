package search

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
)

// audiences keeps what shoppers of one kind pay, for the few kinds that a shop
// has at a time.
type audiences struct {
	mu    sync.Mutex
	views map[string]*priceView
}

// priceView is what one kind of shopper pays for the documents up to a place.
type priceView struct {
	column priceColumn
	cols   *columns // the column is about these
	upTo   int
}

// maxAudiences is how many kinds of shoppers are remembered.
const maxAudiences = 32

// priceColumn returns what who asks pays, or nil without prices.
func (x *index) priceColumn(q *Query) *priceColumn {
	if q.Currency == "" {
		return nil
	}
	if q.lists == nil || len(q.lists.All()) == 0 {
		return x.cols.prices[q.Currency]
	}
	key := audience(q)
	x.audiences.mu.Lock()
	defer x.audiences.mu.Unlock()
	v := x.audiences.views[key]
	if v == nil || v.cols != x.cols {
		if len(x.audiences.views) >= maxAudiences || x.audiences.views == nil {
			x.audiences.views = map[string]*priceView{}
		}
		v = &priceView{cols: x.cols}
		x.audiences.views[key] = v
	}
	v.read(x.cols, q)
	column := v.column // later documents are appended behind what it holds
	return &column
}

// audience names the lists that count and their versions.
func audience(q *Query) string {
	var b strings.Builder
	b.WriteString(string(q.Currency))
	for _, l := range q.lists.All() {
		b.WriteByte(' ')
		b.WriteString(string(l.ID))
		b.WriteByte('.')
		b.WriteString(strconv.FormatInt(l.Version, 36))
	}
	return b.String()
}

// read adds the documents that are new.
func (v *priceView) read(c *columns, q *Query) {
	ask := q.ask()
	own := c.prices[q.Currency]
	next := 0
	if own != nil {
		next, _ = slices.BinarySearch(own.ords, uint32(v.upTo))
	}
	for ; v.upTo < c.size(); v.upTo++ {
		ord := uint32(v.upTo)
		variants := c.listed[ord]
		if own != nil && next < len(own.ords) && own.ords[next] == ord {
			if variants == nil {
				variants = twoVariants(q.Currency, own.min[next], own.max[next])
			}
			next++
		}
		if lowest, highest, ok := cheapest(q.lists, variants, ask); ok {
			v.column.ords = append(v.column.ords, ord)
			v.column.min, v.column.max = append(v.column.min, lowest.Minor()), append(v.column.max, highest.Minor())
		}
	}
}

// twoVariants stand for all variants of a product whose prices lists can only
// take a share off.
func twoVariants(c money.Currency, lowest, highest int64) []catalog.Variant {
	cheap := catalog.Variant{Prices: []money.Amount{money.New(lowest, c)}}
	if lowest == highest {
		return []catalog.Variant{cheap}
	}
	return []catalog.Variant{cheap, {Prices: []money.Amount{money.New(highest, c)}}}
}

// cheapest returns the lowest and the highest price of variants for who asks.
func cheapest(lists *catalog.PriceLists, variants []catalog.Variant, ask catalog.Ask) (lowest, highest money.Amount, ok bool) {
	for _, v := range variants {
		p, priced := lists.Price(v, ask)
		if !priced {
			continue
		}
		if !ok || p.Amount.Minor() < lowest.Minor() {
			lowest = p.Amount
		}
		if !ok || p.Amount.Minor() > highest.Minor() {
			highest = p.Amount
		}
		ok = true
	}
	return lowest, highest, ok
}

// hide takes away the documents that are not shown to who asks.
func (x *index) hide(q *Query, matched *bitset) {
	if len(x.cols.published) == 0 {
		return
	}
	set := slices.Clone(*matched)
	ask := q.ask()
	for ord, publications := range x.cols.published {
		if set.has(ord) && !(catalog.Product{Status: catalog.Active, Publications: publications}).Offered(ask).Visible {
			set.clear(ord)
		}
	}
	*matched = set
}
