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
	for _, handle := range r.handles {
		id, err := l.categoryByHandle(ctx, handle)
		if err != nil {
			return err
		}
		if id == "" && !l.options.DryRun {
			r.refuse(r.line, "", "unknown_category", "there is no category %q", handle)
			return nil
		}
		r.put.Categories = appendNew(r.put.Categories, id)
	}
	for _, path := range r.categories {
		id, err := l.path(ctx, path)
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

func (l *loader) categoryByHandle(ctx context.Context, handle string) (catalog.CategoryID, error) {
	if l.tree == nil {
		tree, err := l.shop.Catalog.Categories(ctx)
		if err != nil {
			return "", fmt.Errorf("reading the categories: %w", err)
		}
		l.tree = tree
	}
	c, ok := l.tree.ByHandle(handle)
	if !ok {
		return "", nil
	}
	return c.ID, nil
}

// path returns the category at the end of a path of titles.
func (l *loader) path(ctx context.Context, titles []string) (catalog.CategoryID, error) {
	var parent catalog.CategoryID
	var handle []string
	for _, title := range titles {
		handle = append(handle, slug(title))
		name := strings.Join(handle, "-")
		id, err := l.categoryByHandle(ctx, name)
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
			id, l.tree = c.ID, nil
			l.summary.Categories++
		}
		parent = id
	}
	return parent, nil
}

// putCategory puts a category that the file describes itself.
func (l *loader) putCategory(ctx context.Context, r *record) error {
	c := r.category
	put := catalog.PutCategory{
		Handle: c.Handle, Title: c.Title, Description: c.Description, Position: c.Position, SEO: c.SEO, Media: c.Media,
		Translations: c.Translations, Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata,
	}
	if c.Parent != "" {
		parent, err := l.categoryByHandle(ctx, c.Parent)
		if err != nil {
			return err
		}
		if put.Parent = parent; parent == "" && !l.options.DryRun {
			r.refuse(r.line, "", "unknown_category", "there is no category %q", c.Parent)
			l.report(r)
			return nil
		}
	}
	err := put.Validate()
	if err == nil && !l.options.DryRun {
		_, err = l.shop.Catalog.PutCategory(ctx, put)
		l.tree = nil
	}
	switch {
	case err == nil:
		l.summary.Categories++
	case productsFault(err):
		r.refuse(r.line, "", ruleOf(err), "%v", err)
	default:
		return fmt.Errorf("putting the category of row %d: %w", r.line, err)
	}
	l.report(r)
	return nil
}

// classify gives a product its type.
func (l *loader) classify(ctx context.Context, r *record) error {
	if r.typeCode == "" {
		return nil
	}
	if l.types == nil {
		types, err := l.shop.Catalog.ProductTypes(ctx)
		if err != nil {
			return fmt.Errorf("reading the product types: %w", err)
		}
		l.types = types
	}
	t, ok := l.types.ByCode(r.typeCode)
	if !ok && !l.options.DryRun {
		r.refuse(r.line, "", "unknown_type", "there is no product type %q", r.typeCode)
	}
	r.put.Type = t.ID
	return nil
}

// putType puts a product type.
func (l *loader) putType(ctx context.Context, r *record) error {
	put := catalog.PutProductType{Code: r.productType.Code, Title: r.productType.Title, Attributes: r.productType.Attributes}
	err := put.Validate()
	if err == nil && !l.options.DryRun {
		_, err = l.shop.Catalog.PutProductType(ctx, put)
		l.types = nil
	}
	switch {
	case err == nil:
	case productsFault(err):
		r.refuse(r.line, "", ruleOf(err), "%v", err)
	default:
		return fmt.Errorf("putting the product type of row %d: %w", r.line, err)
	}
	l.report(r)
	return nil
}
