package admin

import (
	"fmt"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

type priceListsPage struct {
	page
	Lists []catalog.PriceList
}

func listPriceLists(v *visit) error {
	lists, err := v.site.shop.Catalog.PriceLists(v.ctx())
	if err != nil {
		return err
	}
	return v.show(200, "pricelists", priceListsPage{page: v.page("Price lists", "pricelists"), Lists: lists.All()})
}

// putPriceList makes a price list, or replaces what is known of the one with its
// code. Its prices stay.
func putPriceList(v *visit) error {
	field := func(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }
	put := catalog.PutPriceList{
		Code: field("code"), Title: field("title"), Status: catalog.Status(field("status")), Sale: field("sale") != "",
		Markets: split(strings.ToUpper(field("markets"))), Groups: split(field("groups")), Channels: split(field("channels")), Key: v.key(),
	}
	var err error
	if put.Priority, err = whole(field("priority")); err != nil {
		return err
	}
	if off := field("discount"); off != "" {
		rate, err := money.ParseRate(strings.TrimSuffix(off, "%") + "%")
		if err != nil {
			return fmt.Errorf("reading the discount: %w", err)
		}
		if put.DiscountBasisPoints = rate.Num() * 10_000 / rate.Den(); put.DiscountBasisPoints*rate.Den() != rate.Num()*10_000 {
			return fault.New(fault.Invalid, "a discount of %s has more than two digits behind the point", off)
		}
	}
	period, err := days(field("from"), field("until"))
	if err != nil {
		return err
	}
	put.From, put.Until = catalog.Moment(period.From), catalog.Moment(period.Until)
	if _, err := v.site.shop.Catalog.PutPriceList(v.ctx(), put); err != nil {
		return err
	}
	return v.done("/price-lists", "saved")
}

// putListPrices reads one price on each line: SKU, amount, currency, and from
// how many on if that is not one. A SKU that is named loses its other prices of
// the list; one alone on its line is taken off it.
func putListPrices(v *visit) error {
	lists, err := v.site.shop.Catalog.PriceLists(v.ctx())
	if err != nil {
		return err
	}
	list, ok := lists.ByCode(v.r.PathValue("list"))
	if !ok {
		return fault.New(fault.NotFound, "there is no price list %q", v.r.PathValue("list"))
	}
	prices, err := readPrices(v.r.PostFormValue("prices"))
	if err != nil {
		return err
	}
	if err := v.site.shop.Catalog.PutListPrices(v.ctx(), catalog.PutListPrices{List: list.ID, Prices: prices}); err != nil {
		return err
	}
	return v.done("/price-lists", "saved")
}

func readPrices(text string) ([]catalog.SKUPrices, error) {
	var all []catalog.SKUPrices
	at := map[string]int{} // place of a SKU in all
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) == 2 || len(words) > 4 {
			return nil, fault.New(fault.Invalid, "line %d is not like MUG-BLUE 12.50 EUR, with a quantity behind it if need be", i+1)
		}
		where, seen := at[words[0]]
		if !seen {
			where = len(all)
			at[words[0]] = where
			all = append(all, catalog.SKUPrices{SKU: catalog.SKU(words[0])})
		}
		if len(words) == 1 {
			continue
		}
		price, err := money.ParseDecimal(words[1], money.Currency(strings.ToUpper(words[2])))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		tier := catalog.Tier{Price: price}
		if len(words) == 4 {
			if tier.MinQuantity, err = whole(words[3]); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
		all[where].Tiers = append(all[where].Tiers, tier)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Invalid, "there is no price: write one on each line, like MUG-BLUE 12.50 EUR")
	}
	return all, nil
}

// split takes a list apart that somebody has written with commas or spaces.
func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
}
