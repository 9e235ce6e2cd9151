package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/interchange"
	"github.com/keelshop/commerce/internal/samplegoods"
	"github.com/keelshop/commerce/money"
)

// imported is a merchant's own export, and how to read it.
type imported struct {
	file     string // "" is none
	currency money.Currency
	fromWeb  bool // fetch its pictures
}

// stockUp fills the shop: with the export that is given, or with the sample
// goods unless somebody's own are there.
func stockUp(ctx context.Context, shop *commerce.Store, own imported, to io.Writer) error {
	if own.file != "" {
		return own.load(ctx, shop, to)
	}
	for p, err := range shop.Catalog.All(ctx, catalog.Filter{Limit: 1}) {
		if err != nil || p.Brand != samplegoods.Brand {
			return err
		}
	}
	_, err := samplegoods.Load(ctx, shop)
	return err
}

func (i imported) load(ctx context.Context, shop *commerce.Store, to io.Writer) error {
	file, err := os.Open(i.file)
	if err != nil {
		return err
	}
	defer file.Close()
	o := interchange.Options{Currency: i.currency, Issue: func(i interchange.Issue) { fmt.Fprintln(to, i) }}
	if i.fromWeb {
		o.Picture = interchange.PicturesFromWeb(shop.Assets, interchange.WebOptions{})
	}
	sum, err := interchange.Import(ctx, shop, file, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(to, "%d products with %d variants were imported, %d were refused\n", sum.Products, sum.Variants, sum.Refused)
	return nil
}

// currenciesOf returns what the goods have prices in, by the first few of them.
func currenciesOf(ctx context.Context, shop *commerce.Store) ([]money.Currency, error) {
	var all []money.Currency
	for p, err := range shop.Catalog.All(ctx, catalog.Filter{Limit: 50}) {
		if err != nil {
			return nil, err
		}
		for _, v := range p.Variants {
			for _, price := range v.Prices {
				if !slices.Contains(all, price.Currency()) {
					all = append(all, price.Currency())
				}
			}
		}
	}
	if i := slices.Index(all, "EUR"); i > 0 { // the shop's home
		all[0], all[i] = all[i], all[0]
	}
	return all, nil
}
