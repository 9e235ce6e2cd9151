package interchange

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
)

func (e *exporter) writeTypes(ctx context.Context) (err error) {
	if e.types, err = e.shop.Catalog.ProductTypes(ctx); err != nil {
		return err
	}
	for _, t := range e.types.All() {
		if err := e.to.part("product_type", &typeLine{Type: "product_type", Code: t.Code, Title: t.Title, Attributes: t.Attributes}); err != nil {
			return fmt.Errorf("writing product type %s: %w", t.ID, err)
		}
	}
	return nil
}

func (e *exporter) writeLists(ctx context.Context) error {
	all, err := e.shop.Catalog.PriceLists(ctx)
	if err != nil {
		return err
	}
	lists := slices.Clone(all.All())
	slices.SortFunc(lists, func(a, b catalog.PriceList) int { return strings.Compare(a.Code, b.Code) })
	for _, p := range lists {
		e.codes[p.ID] = p.Code
		err := e.to.part("price_list", &priceListLine{
			Type: "price_list", Code: p.Code, Title: p.Title, Status: p.Status, From: p.From, Until: p.Until, Groups: p.Groups, Channels: p.Channels,
			Markets: p.Markets, Priority: p.Priority, Sale: p.Sale, DiscountBasisPoints: p.DiscountBasisPoints, Prices: p.Prices,
		})
		if err != nil {
			return fmt.Errorf("writing price list %s: %w", p.ID, err)
		}
		e.out.PriceLists++
	}
	return nil
}

// writePlaces writes where goods are sold from, if anybody ever said, and finds
// out where there may be stock.
func (e *exporter) writePlaces(ctx context.Context) error {
	s, err := e.shop.Inventory.Sourcing(ctx)
	if err != nil {
		return err
	}
	line := &placesLine{Type: "places", Split: s.Split}
	e.places = []inventory.Location{inventory.Main}
	for _, p := range s.Places {
		line.Places = append(line.Places, placeLine(p))
		if p.ID != inventory.Main {
			e.places = append(e.places, p.ID)
		}
	}
	if s.Version <= 1 {
		return nil
	}
	slices.Sort(e.places[1:])
	if err := e.to.part("places", line); err != nil {
		return fmt.Errorf("writing the places: %w", err)
	}
	return nil
}

func (e *exporter) writeTree(ctx context.Context) (err error) {
	if e.tree, err = e.shop.Catalog.Categories(ctx); err != nil {
		return err
	}
	return e.writeBelow(ctx, "", "")
}

// writeBelow writes the categories below one, parents first.
func (e *exporter) writeBelow(ctx context.Context, parent catalog.CategoryID, handle string) error {
	for _, c := range e.tree.Children(parent) {
		err := e.to.part("category", &categoryLine{
			Type: "category", Handle: c.Handle, Parent: handle, FormerHandles: c.FormerHandles, Position: c.Position, Title: c.Title, Description: c.Description,
			SEO: c.SEO, Media: c.Media, Translations: c.Translations, Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata,
		})
		if err != nil {
			return fmt.Errorf("writing category %s: %w", c.ID, err)
		}
		e.out.Categories++
		if err := e.copy(ctx, assetsOf(c.Media)); err != nil {
			return err
		}
		if err := e.writeBelow(ctx, c.ID, c.Handle); err != nil {
			return err
		}
	}
	return nil
}

// writeCollections writes them behind the products, which they name.
func (e *exporter) writeCollections(ctx context.Context) error {
	all, err := e.shop.Catalog.Collections(ctx)
	if err != nil {
		return err
	}
	for _, c := range all.All() {
		line := &collectionLine{
			Type: "collection", Handle: c.Handle, Title: c.Title, Description: c.Description, SEO: c.SEO, Media: c.Media, Translations: c.Translations,
			Rules: e.rules(c.Rules), AnyRule: c.AnyRule, Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata,
		}
		for _, p := range c.Products {
			if handle := e.named[p]; handle != "" { // one that was made while the export runs has none here
				line.Products = append(line.Products, handle)
			}
		}
		if err := e.to.part("collection", line); err != nil {
			return fmt.Errorf("writing collection %s: %w", c.ID, err)
		}
		e.out.Collections++
		if err := e.copy(ctx, assetsOf(c.Media)); err != nil {
			return err
		}
	}
	return nil
}

// rules returns rules with handles and codes instead of IDs. An ID that nothing
// has any more stays.
func (e *exporter) rules(list []catalog.Rule) []catalog.Rule {
	out := slices.Clone(list)
	for i := range out {
		out[i].Values = slices.Clone(out[i].Values)
		for j, id := range out[i].Values {
			switch out[i].Field {
			case catalog.RuleCategory:
				if c, ok := e.tree.Get(catalog.CategoryID(id)); ok {
					out[i].Values[j] = c.Handle
				}
			case catalog.RuleType:
				if t, ok := e.types.Get(catalog.ProductTypeID(id)); ok {
					out[i].Values[j] = t.Code
				}
			}
		}
	}
	return out
}
