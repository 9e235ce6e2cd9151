package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// PriceListID identifies a price list, as in plist_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type PriceListID string

// PriceList says for whom and when other prices than the variants' own count.
// It lives on the store's slot; its prices are kept with the variants, so that
// a list with a million of them is in force the moment that its status says so.
type PriceList struct {
	ID     PriceListID
	Code   string // unique, in the shop's own words
	Title  string
	Status Status // only an active one counts
	From   Moment // 0: from ever
	Until  Moment // the first moment after it; 0: for ever
	// Groups, Channels and Markets say for whom it is: for customers in one of
	// the groups who buy through one of the channels in one of the markets. An
	// empty list means all.
	Groups   []string
	Channels []string
	Markets  []string
	// Priority decides between lists: the highest counts, of two with the same
	// the one whose Code sorts first.
	Priority int64
	// Sale says that it only ever makes things cheaper, and that the variant's
	// own price is what its prices are compared with.
	Sale bool
	// DiscountBasisPoints is taken off the variant's own price, in hundredths
	// of a percent, where the list has no price of its own for it.
	DiscountBasisPoints int64
	// Prices says whether its prices contain tax, if not as the store says.
	Prices    PriceTax
	Version   int64 // counts the changes, from 1
	CreatedAt time.Time
	UpdatedAt time.Time
}

// PriceTax says whether a price contains its tax.
type PriceTax string

// The kinds of prices.
const (
	AsStore  PriceTax = ""         // as the store's settings say
	TaxIn    PriceTax = "included" // the tax is in it
	TaxOnTop PriceTax = "excluded" // the tax is added to it
)

// Included reports whether a price contains its tax in a store whose prices do
// or do not.
func (p PriceTax) Included(store bool) bool { return p == TaxIn || p == AsStore && store }

// Check returns fault.Invalid unless it is one of the kinds.
func (p PriceTax) Check() error {
	if p != AsStore && p != TaxIn && p != TaxOnTop {
		return fault.Wrong("prices", "prices contain their tax or not: %.20q is neither \"included\" nor \"excluded\"", p)
	}
	return nil
}

// ListPrice is a price of a variant in a price list.
type ListPrice struct {
	List        PriceListID
	MinQuantity int64 // units of the variant in the cart from which it counts, 1 or more
	Price       money.Amount
}

// PriceLists are all price lists of a store at one moment. They do not change
// and are safe for concurrent use.
type PriceLists struct {
	lists []PriceList // those that count first come first
}

func newPriceLists(lists []PriceList) *PriceLists {
	slices.SortFunc(lists, func(a, b PriceList) int {
		switch {
		case a.Priority != b.Priority && a.Priority > b.Priority, a.Priority == b.Priority && a.Code < b.Code:
			return -1
		}
		return 1
	})
	return &PriceLists{lists: lists}
}

// All returns the lists, those that count first coming first. Do not change
// the slice.
func (p *PriceLists) All() []PriceList { return p.lists }

// ByCode returns the list with a code, and false if there is none.
func (p *PriceLists) ByCode(code string) (PriceList, bool) {
	i := slices.IndexFunc(p.lists, func(l PriceList) bool { return l.Code == code })
	if i < 0 {
		return PriceList{}, false
	}
	return p.lists[i], true
}

// AskForGroups reports whether a list is for some groups of customers only, so
// that it matters in which a shopper is.
func (p *PriceLists) AskForGroups() bool {
	return slices.ContainsFunc(p.lists, func(l PriceList) bool { return len(l.Groups) > 0 })
}

// Timed reports whether a list begins or ends some time, so that prices may
// change without a change of anything.
func (p *PriceLists) Timed() bool {
	return slices.ContainsFunc(p.lists, func(l PriceList) bool { return l.From != 0 || l.Until != 0 })
}

// Version grows with every change of any list.
func (p *PriceLists) Version() (sum int64) {
	for _, l := range p.lists {
		sum += l.Version
	}
	return sum
}

// priceListsKey is the key of the cached lists.
const priceListsKey = "price-lists"

// PriceLists returns all price lists, without their prices, which are in
// Variant.ListPrices. They are kept in the cache as a whole.
func (s *Service) PriceLists(ctx context.Context) (*PriceLists, error) {
	lists, err := s.storeWide(ctx, priceListsKey, func() (any, error) { return s.loadPriceLists(context.WithoutCancel(ctx)) })
	if err != nil {
		return nil, fmt.Errorf("reading the price lists: %w", err)
	}
	return lists.(*PriceLists), nil
}

func (s *Service) loadPriceLists(ctx context.Context) (*PriceLists, error) {
	var all []PriceList
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
		rows := tx.Query(`SELECT ` + priceListColumns + ` FROM price_lists`)
		defer rows.Close()
		for rows.Next() {
			var l PriceList
			if err := l.readInto(rows); err != nil {
				return err
			}
			all = append(all, l)
		}
		return rows.Err()
	})
	return newPriceLists(all), err
}

const priceListColumns = `id, code, title, status, starts, ends, groups, channels, markets, priority, sale, discount, version, created_at, updated_at, prices`

func (l *PriceList) readInto(rows *sqlite.Rows) (err error) {
	*l = PriceList{
		ID: PriceListID(rows.Text(0)), Code: rows.Text(1), Title: rows.Text(2), Status: Status(rows.Text(3)),
		From: Moment(rows.Int64(4)), Until: Moment(rows.Int64(5)), Priority: rows.Int64(9), Sale: rows.Bool(10), DiscountBasisPoints: rows.Int64(11),
		Version: rows.Int64(12), CreatedAt: timeOf(rows, 13), UpdatedAt: timeOf(rows, 14), Prices: PriceTax(rows.Text(15)),
	}
	for i, list := range []*[]string{&l.Groups, &l.Channels, &l.Markets} {
		if *list, err = decodeList[string](rows.Text(6 + i)); err != nil {
			return err
		}
	}
	return nil
}

// readPriceList returns the list with an ID or, if that is "", a code.
func readPriceList(tx *sqlite.Tx, list PriceListID, code string) (l PriceList, found bool, err error) {
	query, arg := `SELECT `+priceListColumns+` FROM price_lists WHERE id = ?`, string(list)
	if list == "" {
		query, arg = `SELECT `+priceListColumns+` FROM price_lists WHERE code = ?`, code
	}
	rows := tx.One(query, arg)
	defer rows.Close()
	if !rows.Next() {
		return PriceList{}, false, rows.Err()
	}
	return l, true, l.readInto(rows)
}

func (l PriceList) store(tx *command.Tx) error {
	var texts [3]string
	for i, list := range [][]string{l.Groups, l.Channels, l.Markets} {
		var err error
		if texts[i], err = encodeList(list); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`INSERT INTO price_lists (id, slot, code, title, status, starts, ends, groups, channels, markets, priority, sale, discount,
			version, created_at, updated_at, prices)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET code = excluded.code, title = excluded.title, status = excluded.status, starts = excluded.starts,
			ends = excluded.ends, groups = excluded.groups, channels = excluded.channels, markets = excluded.markets, priority = excluded.priority,
			prices = excluded.prices, sale = excluded.sale, discount = excluded.discount, version = excluded.version, updated_at = excluded.updated_at`,
		l.ID, tx.Slot, l.Code, l.Title, l.Status, int64(l.From), int64(l.Until), texts[0], texts[1], texts[2], l.Priority, l.Sale, l.DiscountBasisPoints,
		l.Version, tx.At, tx.At, l.Prices)
	return err
}

// differences names what a caller put there and differs.
func (l PriceList) differences(other PriceList) (d differences) {
	d.note("code", l.Code == other.Code)
	d.note("title", l.Title == other.Title)
	d.note("status", l.Status == other.Status)
	d.note("from", l.From == other.From)
	d.note("until", l.Until == other.Until)
	d.note("groups", slices.Equal(l.Groups, other.Groups))
	d.note("channels", slices.Equal(l.Channels, other.Channels))
	d.note("markets", slices.Equal(l.Markets, other.Markets))
	d.note("priority", l.Priority == other.Priority)
	d.note("sale", l.Sale == other.Sale)
	d.note("prices", l.Prices == other.Prices)
	d.note("discount", l.DiscountBasisPoints == other.DiscountBasisPoints)
	return d
}

// UnknownPriceListError says that a price list does not exist.
type UnknownPriceListError struct{ List PriceListID }

func (e *UnknownPriceListError) Error() string {
	return fmt.Sprintf("there is no price list %s", e.List)
}

// Unwrap returns fault.NotFound.
func (e *UnknownPriceListError) Unwrap() error { return fault.NotFound }

// PriceListCodeError says that a code belongs to another price list.
type PriceListCodeError struct {
	Code string
	List PriceListID // the list that has it
}

func (e *PriceListCodeError) Error() string {
	return fmt.Sprintf("%q already names price list %s: choose another code", e.Code, e.List)
}

// Unwrap returns fault.Conflict.
func (e *PriceListCodeError) Unwrap() error { return fault.Conflict }

// PriceListVersionError says that a price list was changed since it was read.
type PriceListVersionError struct {
	List       PriceListID
	Have, Want int64 // its version, and the one that the command was made for
}

func (e *PriceListVersionError) Error() string {
	return command.Unmet("price list "+string(e.List), e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *PriceListVersionError) Unwrap() error { return fault.Conflict }
