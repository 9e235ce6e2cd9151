package interchange

import (
	"context"
	"fmt"
	"strings"

	"github.com/keelshop/commerce/catalog"
)

// categorize gives a product its categories. Those that a file names by their
// titles are made if they are missing.
func (l *loader) categorize(ctx context.Context, r *record) error {
	if r.own != nil {
		for _, handle := range r.own.Categories {
			id, err := l.namedCategory(ctx, r, handle)
			if err != nil {
				return err
			}
			r.put.Categories = appendNew(r.put.Categories, id)
		}
	}
	for _, path := range r.categories {
		id, err := l.path(ctx, path)
		if err != nil && productsFault(err) {
			r.refuse(r.line, "", "bad_category", "%v", err)
			return nil
		}
		if err != nil {
			return err
		}
		r.put.Categories = appendNew(r.put.Categories, id)
	}
	return nil
}

func appendNew(list []catalog.CategoryID, id catalog.CategoryID) []catalog.CategoryID {
	for _, have := range list {
		if have == id {
			return list
		}
	}
	if id == "" {
		return list
	}
	return append(list, id)
}

// category returns the ID of the category with a handle, "" if there is none.
func (l *loader) category(ctx context.Context, handle string) (catalog.CategoryID, error) {
	if l.options.DryRun {
		return "", nil
	}
	if l.categories == nil {
		tree, err := l.shop.Catalog.Categories(ctx)
		if err != nil {
			return "", err
		}
		l.categories = map[string]catalog.CategoryID{}
		for c := range tree.All() {
			for _, h := range append([]string{c.Handle}, c.FormerHandles...) {
				l.categories[h] = c.ID
			}
		}
	}
	return l.categories[handle], nil
}

// namedCategory is category for one that a file names: it must be there.
func (l *loader) namedCategory(ctx context.Context, r *record, handle string) (catalog.CategoryID, error) {
	id, err := l.category(ctx, handle)
	if err == nil && id == "" && !l.options.DryRun {
		r.refuse(r.line, "", "unknown_category", "there is no category %q", handle)
	}
	return id, err
}

// path returns the category at the end of a path of titles.
func (l *loader) path(ctx context.Context, titles []string) (catalog.CategoryID, error) {
	var parent catalog.CategoryID
	var handle []string
	for _, title := range titles {
		handle = append(handle, slug(title))
		name := strings.Join(handle, "-")
		id, err := l.category(ctx, name)
		if err != nil {
			return "", err
		}
		if id == "" {
			if l.options.DryRun {
				return "", nil
			}
			c, err := l.shop.Catalog.PutCategory(ctx, catalog.PutCategory{Handle: name, Title: title, Parent: parent})
			if err != nil {
				return "", fmt.Errorf("making the category %q: %w", title, err)
			}
			id, l.categories[name] = c.ID, c.ID
			l.summary.Categories++
		}
		parent = id
	}
	return parent, nil
}

// classify gives a product of the own formats its type.
func (l *loader) classify(ctx context.Context, r *record) error {
	if r.own == nil || r.own.ProductType == "" || l.options.DryRun {
		return nil
	}
	types, err := l.shop.Catalog.ProductTypes(ctx)
	if err != nil {
		return err
	}
	t, ok := types.ByCode(r.own.ProductType)
	if !ok {
		r.refuse(r.line, "", "unknown_type", "there is no product type %q", r.own.ProductType)
	}
	r.put.Type = t.ID
	return nil
}
