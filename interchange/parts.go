package interchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
)

// part is what a file has besides products: see newPart, and translated.
type part interface {
	// put puts it into the store, unless it is there and stays. In a dry run
	// it only checks. An error that is a productsFault is the file's.
	put(ctx context.Context, l *loader, r *record) error
}

// putPart puts a part when all products before it are there.
func (l *loader) putPart(ctx context.Context, r *record) error {
	if err := errors.Join(l.flush(ctx), l.settle()); err != nil {
		return err
	}
	l.summary.Rows += max(1, len(r.rows))
	if !r.refused() {
		err := r.part.put(ctx, l, r)
		switch {
		case err == nil:
		case productsFault(err):
			r.refuse(r.line, "", ruleOf(err), "%v", err)
		default:
			return fmt.Errorf("putting what is in row %d: %w", r.line, err)
		}
	}
	l.report(r)
	return nil
}

func (t *typeLine) put(ctx context.Context, l *loader, _ *record) error {
	put := catalog.PutProductType{Code: t.Code, Title: t.Title, Attributes: t.Attributes}
	if err := put.Validate(); err != nil || l.options.DryRun {
		return err
	}
	types, err := l.shop.Catalog.ProductTypes(ctx)
	if err != nil {
		return err
	}
	if _, there := types.ByCode(t.Code); there && !l.options.Update {
		return nil
	}
	_, err = l.shop.Catalog.PutProductType(ctx, put)
	return err
}

func (p *priceListLine) put(ctx context.Context, l *loader, _ *record) error {
	put := catalog.PutPriceList{
		Code: p.Code, Title: p.Title, Status: p.Status, From: p.From, Until: p.Until, Groups: p.Groups, Channels: p.Channels,
		Markets: p.Markets, Priority: p.Priority, Sale: p.Sale, DiscountBasisPoints: p.DiscountBasisPoints, Prices: p.Prices,
	}
	if err := put.Validate(); err != nil {
		return err
	}
	if !l.options.DryRun {
		have, err := l.priceList(ctx, p.Code)
		if err != nil || have != "" && !l.options.Update {
			return err
		}
		if _, err := l.shop.Catalog.PutPriceList(ctx, put); err != nil {
			return err
		}
	}
	l.summary.PriceLists++
	return nil
}

// priceList returns the ID of the price list with a code, "" if there is none.
func (l *loader) priceList(ctx context.Context, code string) (catalog.PriceListID, error) {
	lists, err := l.shop.Catalog.PriceLists(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(lists.All(), func(p catalog.PriceList) bool { return p.Code == code })
	if i < 0 {
		return "", nil
	}
	return lists.All()[i].ID, nil
}

func (p *placesLine) put(ctx context.Context, l *loader, _ *record) error {
	put := inventory.SetSourcing{Split: p.Split}
	for _, at := range p.Places {
		put.Places = append(put.Places, inventory.Place(at))
	}
	if err := put.Validate(); err != nil || l.options.DryRun {
		return err
	}
	have, err := l.shop.Inventory.Sourcing(ctx)
	if err != nil {
		return err
	}
	same := slices.EqualFunc(have.Places, put.Places, func(a, b inventory.Place) bool {
		return a.ID == b.ID && a.Name == b.Name && a.Priority == b.Priority && a.Closed == b.Closed && slices.Equal(a.Countries, b.Countries)
	})
	if have.Version > 1 && (!l.options.Update || same && have.Split == put.Split) {
		return nil
	}
	_, err = l.shop.Inventory.SetSourcing(ctx, put)
	return err
}

func (c *categoryLine) put(ctx context.Context, l *loader, r *record) error {
	if err := l.bring(ctx, r, assetsOf(c.Media)); err != nil {
		return err
	}
	put := catalog.PutCategory{
		Handle: c.Handle, Title: c.Title, Description: c.Description, Position: c.Position, SEO: c.SEO, Media: c.Media,
		FormerHandles: c.FormerHandles, Translations: c.Translations, Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata,
	}
	have, err := l.category(ctx, c.Handle)
	if err != nil || have != "" && !l.options.Update {
		return err
	}
	if c.Parent != "" {
		if put.Parent, err = l.namedCategory(ctx, r, c.Parent); err != nil || r.refused() {
			return err
		}
	}
	if err := put.Validate(); err != nil {
		return err
	}
	if !l.options.DryRun {
		done, err := l.shop.Catalog.PutCategory(ctx, put)
		if err != nil {
			return err
		}
		for _, h := range append([]string{c.Handle}, c.FormerHandles...) {
			l.categories[h] = done.ID
		}
	}
	l.summary.Categories++
	return nil
}

func (c *collectionLine) put(ctx context.Context, l *loader, r *record) error {
	if err := l.bring(ctx, r, assetsOf(c.Media)); err != nil {
		return err
	}
	there, err := l.hasCollection(ctx, c.Handle)
	if err != nil || there && !l.options.Update {
		return err
	}
	put := catalog.PutCollection{
		Handle: c.Handle, Title: c.Title, Description: c.Description, SEO: c.SEO, Media: c.Media, Translations: c.Translations,
		AnyRule: c.AnyRule, Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata,
	}
	if l.options.DryRun { // what products and rules name is known to the store only
		if err := put.Validate(); err != nil {
			return err
		}
		l.summary.Collections++
		return nil
	}
	if put.Products, err = l.named(ctx, r, c.Products); err != nil {
		return err
	}
	if put.Rules, err = l.rules(ctx, r, c.Rules); err != nil || r.refused() {
		return err
	}
	if _, err := l.shop.Catalog.PutCollection(ctx, put); err != nil {
		return err
	}
	l.collections[c.Handle] = true
	l.summary.Collections++
	return nil
}

func (l *loader) hasCollection(ctx context.Context, handle string) (bool, error) {
	if l.options.DryRun {
		return false, nil
	}
	if l.collections == nil {
		all, err := l.shop.Catalog.Collections(ctx)
		if err != nil {
			return false, err
		}
		l.collections = map[string]bool{}
		for _, c := range all.All() {
			l.collections[c.Handle] = true
		}
	}
	return l.collections[handle], nil
}

// named returns the products with handles, which must be there.
func (l *loader) named(ctx context.Context, r *record, handles []string) (list []catalog.ProductID, err error) {
	for _, h := range handles {
		p, err := l.shop.Catalog.ByHandle(ctx, h)
		if errors.Is(err, fault.NotFound) {
			r.refuse(r.line, "", "unknown_product", "there is no product %q", h)
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p.ID)
	}
	return list, nil
}

// rules returns rules with the IDs of the categories and product types that
// they name by their handles and codes. What is an ID already was exported when
// nothing had it any more, and still means nothing.
func (l *loader) rules(ctx context.Context, r *record, list []catalog.Rule) ([]catalog.Rule, error) {
	types, err := l.shop.Catalog.ProductTypes(ctx)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(list)
	for i := range out {
		out[i].Values = slices.Clone(out[i].Values)
		for j, name := range out[i].Values {
			switch out[i].Field {
			case catalog.RuleCategory:
				id, err := l.category(ctx, name)
				if err != nil {
					return nil, err
				}
				if id == "" && !strings.HasPrefix(name, "cat_") {
					r.refuse(r.line, "", "unknown_category", "there is no category %q", name)
				}
				if id != "" {
					out[i].Values[j] = string(id)
				}
			case catalog.RuleType:
				t, ok := types.ByCode(name)
				if !ok && !strings.HasPrefix(name, "ptype_") {
					r.refuse(r.line, "", "unknown_type", "there is no product type %q", name)
				}
				if ok {
					out[i].Values[j] = string(t.ID)
				}
			}
		}
	}
	return out, nil
}

// assetsOf returns the files that media show.
func assetsOf(media []catalog.Media) (list []assets.ID) {
	for _, m := range media {
		list = append(list, m.Asset)
	}
	return list
}

// assets returns the files that a product names.
func (p *productLine) assets() []assets.ID {
	list := assetsOf(p.Media)
	for _, v := range p.Variants {
		if v.Digital == nil {
			continue
		}
		for _, f := range v.Digital.Files {
			list = append(list, f.Asset)
		}
	}
	return list
}

// bring sees to it that the store has files that the own formats name by their
// content.
func (l *loader) bring(ctx context.Context, r *record, list []assets.ID) error {
	if l.options.DryRun {
		return nil
	}
	for _, id := range list {
		if id.Check() != nil {
			continue // the product is refused for it
		}
		switch copied, err := copyAsset(ctx, l.shop.Assets, l.options.Assets, id); {
		case errors.Is(err, fault.NotFound):
			r.warn(r.line, "", "no_asset", "neither the store nor the import has the file %s", id)
		case err != nil:
			return fmt.Errorf("bringing in the file %s of row %d: %w", id, r.line, err)
		case copied:
			l.summary.Assets++
		}
	}
	return nil
}

// copyAsset copies a file unless it is there. from may be nil. The error is
// fault.NotFound if neither has it.
func copyAsset(ctx context.Context, to, from assets.Store, id assets.ID) (copied bool, err error) {
	have, err := to.Open(ctx, id)
	if err == nil {
		return false, have.Close()
	}
	if !errors.Is(err, fault.NotFound) || from == nil {
		return false, err
	}
	f, err := from.Open(ctx, id)
	if err != nil {
		return false, err
	}
	defer f.Close()
	got, err := to.Put(ctx, f)
	if err == nil && got != id {
		err = errors.Join(fault.New(fault.Invalid, "the file named %s holds something else: %s", id, got), to.Remove(ctx, got))
	}
	return true, err
}
