// Package samplegoods is a shop's worth of goods: about sixty products in five
// categories, with options, prices in three currencies, texts in two languages
// and drawn pictures. Examples and tests load them through the public API, as
// an import would.
package samplegoods

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// Brand is that of every sample good.
const Brand = "Juniper & Oar"

// Load puts the sample goods into a shop: taxes and shipping, pictures,
// categories, products and stock. It does nothing, and reports false, if they are there already. What a
// crash cut short is finished by the next call.
func Load(ctx context.Context, shop *commerce.Store) (loaded bool, err error) {
	all := shelves()
	last := all[len(all)-1].goods
	_, err = shop.Catalog.ByHandle(ctx, last[len(last)-1].handle) // it is put last
	if !errors.Is(err, fault.NotFound) {
		return false, err
	}
	if err := putRules(ctx, shop); err != nil {
		return false, fmt.Errorf("loading the rules of the sample shop: %w", err)
	}
	for i, s := range all {
		if err := putShelf(ctx, shop, s, int64(i)); err != nil {
			return false, fmt.Errorf("loading the sample goods of %s: %w", s.handle, err)
		}
	}
	return true, nil
}

func putShelf(ctx context.Context, shop *commerce.Store, s shelf, position int64) error {
	art, err := put(ctx, shop, stillLife(s), s.en.title)
	if err != nil {
		return err
	}
	category, err := shop.Catalog.PutCategory(ctx, catalog.PutCategory{
		Handle: s.handle, Title: s.en.title, Description: s.en.says, Position: position,
		Media: []catalog.Media{art}, Translations: translations(s.de, nil),
	})
	if err != nil {
		return err
	}
	for _, g := range s.goods {
		if s.handle == "pantry" {
			g.tax = "food"
		}
		if err := putGood(ctx, shop, g, category.ID); err != nil {
			return fmt.Errorf("%s: %w", g.handle, err)
		}
	}
	return nil
}

// putGood puts a good's stock after the good. A good that is there has been
// here before, so its stock is counted, not added to.
func putGood(ctx context.Context, shop *commerce.Store, g good, category catalog.CategoryID) error {
	variants := g.variants()
	if err := putFile(ctx, shop, g, variants); err != nil {
		return err
	}
	media, err := putPictures(ctx, shop, g, variants)
	if err != nil {
		return err
	}
	product := catalog.PutProduct{
		Handle: g.handle, Title: g.en.title, Description: g.en.says, Brand: Brand,
		Categories: []catalog.CategoryID{category}, Media: media, Variants: variants,
		Attributes:   []catalog.Attribute{{Name: "Material", Kind: catalog.EnumAttribute, Values: g.material}},
		Translations: translations(g.de, g.words()),
	}
	if _, err := shop.Catalog.PutProduct(ctx, product); err != nil {
		return err
	}
	for i, v := range variants {
		if v.Untracked {
			continue
		}
		count := g.stock(i)
		if _, err := shop.Inventory.Adjust(ctx, inventory.Adjust{SKU: v.SKU, Count: &count, Reason: "sample goods"}); err != nil {
			return err
		}
	}
	return nil
}

// putFile stores what is downloaded of a good, three times within a year, and
// makes gift cards of those that are, for which another amount can be chosen.
func putFile(ctx context.Context, shop *commerce.Store, g good, variants []catalog.PutVariant) error {
	if g.card {
		for i := range variants {
			variants[i].Untracked = true
			variants[i].Digital = &catalog.Digital{GiftCard: &catalog.GiftCard{Ranges: chosenWorths(variants[i])}}
		}
	}
	if g.file == "" {
		return nil
	}
	id, err := shop.Assets.Put(ctx, strings.NewReader(g.file))
	for i := range variants {
		variants[i].Untracked = true
		variants[i].Digital = &catalog.Digital{Files: []catalog.File{{Asset: id, Name: g.handle + ".pdf"}}, Downloads: 3, Days: 365}
	}
	return err
}

// chosenWorths lets a gift card be worth 10 to 500 of each currency that it has
// a price in.
func chosenWorths(v catalog.PutVariant) (ranges []catalog.GiftCardRange) {
	for _, price := range v.Prices {
		c := price.Currency()
		ranges = append(ranges, catalog.GiftCardRange{Least: money.New(1000, c), Most: money.New(50000, c)})
	}
	return ranges
}

// putPictures stores them side by side, since each waits for the disk.
func putPictures(ctx context.Context, shop *commerce.Store, g good, variants []catalog.PutVariant) ([]catalog.Media, error) {
	var media []catalog.Media
	var svgs []string
	add := func(svg, alt string, skus []catalog.SKU) {
		svgs, media = append(svgs, svg), append(media, catalog.Media{Alt: alt, SKUs: skus})
	}
	names, all := g.paintNames()
	for i, p := range all {
		alt, skus := g.en.title, []catalog.SKU(nil)
		if names[i] != "" {
			alt += ", " + names[i]
			skus = skusWith(variants, names[i])
		}
		add(picture(g.drawing, p), alt, skus)
	}
	add(closeUp(g.drawing, all[0]), g.en.title+", close up", nil)
	if len(all) > 1 {
		add(family(g.drawing, all), g.en.title+", all colours", nil)
	}
	errs := make([]error, len(svgs))
	var wait sync.WaitGroup
	for i, svg := range svgs {
		wait.Go(func() { media[i].Asset, errs[i] = shop.Assets.Put(ctx, strings.NewReader(svg)) })
	}
	wait.Wait()
	return media, errors.Join(errs...)
}

func put(ctx context.Context, shop *commerce.Store, svg, alt string) (catalog.Media, error) {
	file, err := shop.Assets.Put(ctx, strings.NewReader(svg))
	return catalog.Media{Asset: assets.ID(file), Alt: alt}, err
}

// translations are a text in other languages, with the words of options and
// attributes.
func translations(de text, words map[string]string) []catalog.Translation {
	t := catalog.Translation{Locale: "de", Title: de.title, Description: de.says}
	for _, w := range slices.Sorted(maps.Keys(words)) {
		t.Terms = append(t.Terms, catalog.Term{Text: w, Translation: words[w]})
	}
	return []catalog.Translation{t}
}
