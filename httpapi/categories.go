package httpapi

import (
	"context"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/web"
)

// Category is one node of the tree that shoppers browse.
type Category struct {
	ID          string  `json:"id"`
	Parent      string  `json:"parent,omitempty" doc:"Missing at the top."`
	Handle      string  `json:"handle"`
	Title       string  `json:"title"`
	Description string  `json:"description,omitempty"`
	Media       []Media `json:"media" nullable:"false"`
	SEO         *SEO    `json:"seo,omitempty"`
	Position    int64   `json:"position" doc:"Among its siblings, lowest first."`
	Products    int64   `json:"products" doc:"How many are on sale in it or below it."`
	Metadata    object  `json:"metadata,omitempty"`
	Version     int64   `json:"version"`
}

// StaffCategory is a category as staff see it.
type StaffCategory struct {
	Category
	Translations    []TextTranslation `json:"translations,omitempty" nullable:"false"`
	PrivateMetadata object            `json:"private_metadata,omitempty"`
}

// CategoryInput is a whole category: what it does not name is gone afterwards,
// so whoever changes a part of one puts back all of what a GET has told.
type CategoryInput struct {
	Title           string            `json:"title" minLength:"1" maxLength:"500"`
	Description     string            `json:"description,omitempty" maxLength:"65536"`
	Parent          string            `json:"parent,omitempty" maxLength:"64" doc:"An ID; missing at the top."`
	Position        int64             `json:"position,omitempty"`
	Media           []MediaInput      `json:"media,omitempty" nullable:"false" maxItems:"200"`
	SEO             *SEO              `json:"seo,omitempty"`
	Translations    []TextTranslation `json:"translations,omitempty" nullable:"false" maxItems:"100" doc:"One for each locale."`
	Metadata        object            `json:"metadata,omitempty"`
	PrivateMetadata object            `json:"private_metadata,omitempty"`
}

// CategoryPage is a category with what is around it.
type CategoryPage struct {
	Category
	Path     []Category `json:"path" nullable:"false" doc:"The way from the top down to it, for breadcrumbs."`
	Children []Category `json:"children" nullable:"false" doc:"What is right below it."`
}

func (a *api) addCategories() {
	add(a, route{forAll, "GET", "/categories", "list-categories", "Catalog", "List all categories, each behind its parent", 0, false}, a.listCategories)
	add(a, route{forAll, "GET", "/categories/{category}", "get-category", "Catalog", "Get a category by its ID or handle", 0, false}, a.getCategory)
}

// browser is the tree with the number of products at each node.
type browser struct {
	api    *api
	tree   *catalog.Tree
	counts map[catalog.CategoryID]int64
}

func (a *api) browser(ctx context.Context) (browser, error) {
	tree, err := a.shop.Catalog.Categories(ctx)
	if err != nil {
		return browser{}, err
	}
	counts, err := a.shop.Catalog.CategoryCounts(ctx)
	return browser{a, tree, counts}, err
}

func (b browser) show(c catalog.Category) Category {
	return Category{
		ID: string(c.ID), Parent: string(c.Parent), Handle: c.Handle, Title: c.Title, Description: c.Description,
		Media: b.api.showMedia(c.Media), SEO: showSEO(c.SEO), Position: c.Position, Products: b.counts[c.ID],
		Metadata: object(c.Metadata), Version: c.Version,
	}
}

func (b browser) showAll(all []catalog.Category) []Category {
	out := make([]Category, len(all))
	for i, c := range all {
		out[i] = b.show(c)
	}
	return out
}

type listCategoriesInput struct {
}

func (a *api) listCategories(ctx context.Context, _ *listCategoriesInput) (*answer[List[Category]], error) {
	b, err := a.browser(ctx)
	if err != nil {
		return nil, err
	}
	out := &answer[List[Category]]{CacheControl: publicCache, SurrogateKey: "catalog"}
	out.Body.Items = make([]Category, 0, b.tree.Len())
	for c := range b.tree.All() {
		out.Body.Items = append(out.Body.Items, b.show(c))
	}
	return out, nil
}

type getCategoryInput struct {
	Category string `path:"category" maxLength:"200" doc:"A category's ID or handle."`
}

func (a *api) getCategory(ctx context.Context, in *getCategoryInput) (*answer[CategoryPage], error) {
	c, err := a.findCategory(ctx, in.Category)
	if err != nil {
		return nil, err
	}
	b, err := a.browser(ctx)
	if err != nil {
		return nil, err
	}
	return &answer[CategoryPage]{CacheControl: publicCache, SurrogateKey: "catalog", Body: CategoryPage{
		Category: b.show(c), Path: b.showAll(b.tree.Path(c.ID)), Children: b.showAll(b.tree.Children(c.ID)),
	}}, nil
}

func (a *api) findCategory(ctx context.Context, name string) (catalog.Category, error) {
	tree, err := a.shop.Catalog.Categories(ctx)
	if err != nil {
		return catalog.Category{}, err
	}
	find := tree.ByHandle
	if strings.HasPrefix(name, "cat_") {
		find = func(name string) (catalog.Category, bool) { return tree.Get(catalog.CategoryID(name)) }
	}
	c, ok := find(name)
	if !ok {
		return c, &catalog.UnknownCategoryError{Category: catalog.CategoryID(name)}
	}
	return c, nil
}

func (a *api) addStaffCategories() {
	add(a, route{forStaff, "GET", "/staff/categories/{category}", "get-any-category", "Catalog for staff", "Get a category with its translations, by its ID or handle", 0, false}, a.getStaffCategory)
	add(a, route{forStaff, "PUT", "/staff/categories/{handle}", "put-category", "Catalog for staff", "Create or replace the category with a handle", 0, false}, a.putCategory)
	add(a, route{forStaff, "DELETE", "/staff/categories/{category}", "remove-category", "Catalog for staff", "Remove a category that has no others below it", 204, false}, a.removeCategory)
}

type putCategoryInput struct {
	Keyed
	Creating
	Handle string `path:"handle" maxLength:"200"`
	Body   CategoryInput
}

func (a *api) getStaffCategory(ctx context.Context, in *getCategoryInput) (*answer[StaffCategory], error) {
	c, err := a.findCategory(ctx, in.Category)
	if err != nil {
		return nil, err
	}
	return a.categoryAnswer(ctx, c)
}

func (a *api) categoryAnswer(ctx context.Context, c catalog.Category) (*answer[StaffCategory], error) {
	b, err := a.browser(ctx)
	return &answer[StaffCategory]{ETag: web.ETag(c.Version, ""), Body: StaffCategory{
		Category: b.show(c), Translations: showTexts(c.Translations), PrivateMetadata: object(c.PrivateMetadata),
	}}, err
}

func (a *api) putCategory(ctx context.Context, in *putCategoryInput) (*answer[StaffCategory], error) {
	version, err := in.version()
	if err == nil {
		err = checkHandle("path.handle", in.Handle, "cat_")
	}
	if err != nil {
		return nil, err
	}
	put := catalog.PutCategory{
		Handle: in.Handle, Title: in.Body.Title, Description: in.Body.Description, Parent: catalog.CategoryID(in.Body.Parent),
		Position: in.Body.Position, Media: mediaOf(in.Body.Media), Translations: textsOf(in.Body.Translations),
		Metadata: []byte(in.Body.Metadata), PrivateMetadata: []byte(in.Body.PrivateMetadata), Version: version, Key: in.Key,
	}
	if in.Body.SEO != nil {
		put.SEO = catalog.SEO{Title: in.Body.SEO.Title, Description: in.Body.SEO.Description}
	}
	c, err := a.shop.Catalog.PutCategory(ctx, put)
	if err != nil {
		return nil, ifMatched[*catalog.CategoryVersionError](version, err)
	}
	return a.categoryAnswer(ctx, c)
}

type removeCategoryInput struct {
	Keyed
	Conditional
	Category string `path:"category" maxLength:"64" doc:"A category's ID."`
}

func (a *api) removeCategory(ctx context.Context, in *removeCategoryInput) (*struct{}, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	err = a.shop.Catalog.RemoveCategory(ctx, catalog.RemoveCategory{Category: catalog.CategoryID(in.Category), Version: version, Key: in.Key})
	return nil, ifMatched[*catalog.CategoryVersionError](version, err)
}
