package admin

import (
	"errors"
	"slices"
	"strconv"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
)

// categoriesPage shows the tree of categories, with a form for a further one or,
// once it was chosen, for the one that is to be changed.
type categoriesPage struct {
	page
	Rows    []categoryRow
	Form    form
	Changed catalog.Category  // the zero Category is a further one
	Now     *catalog.Category // what somebody else has made of it meanwhile, if so
	Parents []choice          // where it can be: not below itself
	Locales []titleField      // its titles in other languages
}

// categoryRow is one category in the tree.
type categoryRow struct {
	catalog.Category
	Indent   []struct{} // one for each level above it
	Products int64      // that are on sale in it or below
	Leaf     bool       // has no others below it
}

// titleField is the field of a title in another language.
type titleField struct{ Field, Locale string }

func listCategories(v *visit) error {
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return err
	}
	f, err := v.form()
	if err != nil {
		return err
	}
	var c catalog.Category
	if of := v.r.URL.Query().Get("change"); of != "" {
		var found bool
		if c, found = tree.Get(catalog.CategoryID(of)); !found {
			return &catalog.UnknownCategoryError{Category: catalog.CategoryID(of)}
		}
		f = categoryForm(c)
	}
	return v.showCategories(200, f, c, nil)
}

func (v *visit) showCategories(status int, f form, changed catalog.Category, now *catalog.Category) error {
	data := categoriesPage{page: v.page("Categories", "categories"), Form: f, Changed: changed, Now: now}
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return err
	}
	counts, err := v.site.shop.Catalog.CategoryCounts(v.ctx())
	if err != nil {
		return err
	}
	for c := range tree.All() {
		level := len(tree.Path(c.ID)) - 1
		data.Rows = append(data.Rows, categoryRow{c, make([]struct{}, level), counts[c.ID], len(tree.Children(c.ID)) == 0})
	}
	if data.Parents, err = v.categories(); err != nil {
		return err
	}
	below := tree.Descendants(changed.ID)
	data.Parents = slices.DeleteFunc(data.Parents, func(p choice) bool {
		id := catalog.CategoryID(p.ID)
		return changed.ID != "" && (id == changed.ID || slices.Contains(below, id))
	})
	for _, l := range localesOf(tree) {
		data.Locales = append(data.Locales, titleField{"title-" + l, l})
	}
	return v.show(status, "categories", data)
}

// localesOf returns the languages that any category is translated into, sorted.
func localesOf(tree *catalog.Tree) (locales []string) {
	for c := range tree.All() {
		for _, t := range c.Translations {
			if !slices.Contains(locales, t.Locale) {
				locales = append(locales, t.Locale)
			}
		}
	}
	slices.Sort(locales)
	return locales
}

// categoryForm shows a category in the form.
func categoryForm(c catalog.Category) form {
	f := form{map[string][]string{}, map[string]string{}}
	f.values.Set("title", c.Title)
	f.values.Set("handle", c.Handle)
	f.values.Set("description", c.Description)
	f.values.Set("parent", string(c.Parent))
	f.values.Set("position", strconv.FormatInt(c.Position, 10))
	for _, t := range c.Translations {
		f.values.Set("title-"+t.Locale, t.Title)
	}
	return f
}

// putCategory makes a category, or changes the one that the form was made for:
// its name, its address, its words and its place. All else of it stays.
func putCategory(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return err
	}
	c, found := tree.Get(catalog.CategoryID(f.Value("category")))
	if f.Value("category") != "" && !found {
		return &catalog.UnknownCategoryError{Category: catalog.CategoryID(f.Value("category"))}
	}
	put := f.readCategory(c, localesOf(tree))
	put.Key = v.key()
	if other, taken := tree.ByHandle(put.Handle); taken && c.ID == "" && !sameCategory(other, put) {
		f.wrong("handle", "There is a category with this handle already.")
	}
	if len(f.wrongs) > 0 {
		c.Version = put.Version
		return v.showCategories(422, f, c, nil)
	}
	_, err = v.site.shop.Catalog.PutCategory(v.ctx(), put)
	if code := fault.CodeOf(err); err != nil && !slices.Contains([]fault.Code{fault.Invalid, fault.NotFound, fault.Conflict, fault.Refused}, code) {
		return err
	}
	if err != nil {
		f.blameCategory(err)
		return v.showRefusedCategory(f, put, err)
	}
	return v.done("/categories", "saved")
}

// showRefusedCategory shows a form again that the store has refused, for the
// version that it was made for: unless that is why, a further press does not undo
// what somebody else has changed. If it is, what there is now is shown beside it.
func (v *visit) showRefusedCategory(f form, put catalog.PutCategory, refusal error) error {
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return err
	}
	c, _ := tree.Get(put.ID) // the zero Category if it was removed meanwhile
	if _, stale := errors.AsType[*catalog.CategoryVersionError](refusal); stale {
		return v.showCategories(statusOf(refusal), f, c, &c)
	}
	c.Version = put.Version
	return v.showCategories(statusOf(refusal), f, c, nil)
}

// sameCategory reports whether a category is what a form makes, which was sent
// twice then.
func sameCategory(c catalog.Category, put catalog.PutCategory) bool {
	return c.Title == put.Title && c.Description == put.Description && c.Parent == put.Parent && c.Position == put.Position && c.Version == 1
}

// readCategory reads the form into what the category is then.
func (f form) readCategory(c catalog.Category, locales []string) catalog.PutCategory {
	put := catalog.PutCategory{
		ID: c.ID, Handle: f.Value("handle"), Title: f.Value("title"), Description: f.Value("description"), Parent: catalog.CategoryID(f.Value("parent")),
		SEO: c.SEO, Media: c.Media, Translations: slices.Clone(c.Translations), Metadata: c.Metadata, PrivateMetadata: c.PrivateMetadata,
	}
	if c.ID != "" {
		put.Version, _ = strconv.ParseInt(f.Value("version"), 10, 64)
		if put.Version < 1 {
			f.wrong(problem, "The form does not say which version it was made for.")
		}
	}
	if put.Title == "" {
		f.wrong("title", "A category needs a title.")
	}
	if put.Handle == "" {
		f.wrong("handle", "Say what it is called in addresses, as in kitchen.")
	}
	if position := f.Value("position"); position != "" {
		var err error
		if put.Position, err = strconv.ParseInt(position, 10, 64); err != nil {
			f.wrong("position", "This is not a whole number.")
		}
	}
	for _, l := range locales {
		title := f.Value("title-" + l)
		i := slices.IndexFunc(put.Translations, func(t catalog.Translation) bool { return t.Locale == l })
		switch {
		case i >= 0:
			put.Translations[i].Title = title
		case title != "":
			put.Translations = append(put.Translations, catalog.Translation{Locale: l, Title: title})
		}
	}
	return put
}

// blameCategory says beside its field what the store has refused.
func (f form) blameCategory(err error) {
	field := problem
	if e, ok := errors.AsType[*fault.FieldError](err); ok && slices.Contains([]string{"title", "handle", "parent", "position", "description"}, e.Field) {
		field = e.Field
	}
	if _, taken := errors.AsType[*catalog.CategoryHandleError](err); taken {
		field = "handle"
	}
	f.wrong(field, pan.Masked(err.Error()))
}

// removeCategory removes a category that has no others below it. One in which
// something is on sale is not removed by a click: its products would leave it.
func removeCategory(v *visit) error {
	version, err := strconv.ParseInt(v.r.PostFormValue("version"), 10, 64)
	if err != nil || version < 1 {
		return fault.New(fault.Invalid, "the form does not say which version it was made for")
	}
	c := catalog.CategoryID(v.r.PathValue("category"))
	tree, err := v.site.shop.Catalog.Categories(v.ctx())
	if err != nil {
		return err
	}
	counts, err := v.site.shop.Catalog.CategoryCounts(v.ctx())
	if err != nil {
		return err
	}
	if n := counts[c]; n > 0 && len(tree.Children(c)) == 0 {
		return fault.New(fault.Refused, "%d products on sale are in this category: give them another one first", n)
	}
	err = v.site.shop.Catalog.RemoveCategory(v.ctx(), catalog.RemoveCategory{Category: c, Version: version, Key: v.key()})
	if err != nil {
		return err
	}
	return v.done("/categories", "saved")
}
