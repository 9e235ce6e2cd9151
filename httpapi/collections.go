package httpapi

import (
	"context"
	"fmt"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/web"
)

// Collection is a set of products that are shown together.
type Collection struct {
	ID          string  `json:"id"`
	Handle      string  `json:"handle"`
	Title       string  `json:"title"`
	Description string  `json:"description,omitempty"`
	Media       []Media `json:"media" nullable:"false"`
	SEO         *SEO    `json:"seo,omitempty"`
	Metadata    object  `json:"metadata,omitempty"`
	Version     int64   `json:"version"`
}

// StaffCollection is a collection as staff see it, with what decides what is in
// it.
type StaffCollection struct {
	Collection
	Products        []string          `json:"products" nullable:"false" doc:"Their IDs, in the order in which they are shown; none if there are rules."`
	Rules           []CollectionRule  `json:"rules" nullable:"false"`
	AnyRule         bool              `json:"any_rule" doc:"One rule is enough; else all must hold."`
	Translations    []TextTranslation `json:"translations,omitempty" nullable:"false"`
	PrivateMetadata object            `json:"private_metadata,omitempty"`
}

// CollectionInput is a whole collection: what it does not name is gone
// afterwards.
type CollectionInput struct {
	Title           string            `json:"title" minLength:"1" maxLength:"500"`
	Description     string            `json:"description,omitempty" maxLength:"65536"`
	Media           []MediaInput      `json:"media,omitempty" nullable:"false" maxItems:"200"`
	SEO             *SEO              `json:"seo,omitempty"`
	Products        []string          `json:"products,omitempty" nullable:"false" maxItems:"5000" doc:"IDs, in the order in which they are shown. There are either products or rules."`
	Rules           []CollectionRule  `json:"rules,omitempty" nullable:"false" maxItems:"50"`
	AnyRule         bool              `json:"any_rule,omitempty" doc:"One rule is enough; else all must hold."`
	Translations    []TextTranslation `json:"translations,omitempty" nullable:"false" maxItems:"100" doc:"One for each locale."`
	Metadata        object            `json:"metadata,omitempty"`
	PrivateMetadata object            `json:"private_metadata,omitempty"`
}

// CollectionRule is one condition on a product.
type CollectionRule struct {
	Field  string      `json:"field" enum:"brand,type,category,title,attribute,option,price"`
	Op     string      `json:"op" enum:"is,is_not,contains,at_least,at_most"`
	Name   string      `json:"name,omitempty" maxLength:"200" doc:"That of the attribute or option."`
	Values []string    `json:"values,omitempty" nullable:"false" maxItems:"500" doc:"One of them is enough; types and categories by their IDs."`
	Number string      `json:"number,omitempty" maxLength:"40" doc:"What an attribute is compared with: a decimal number, exact, as text."`
	Price  *MoneyInput `json:"price,omitempty" doc:"What a variant's own price is compared with."`
}

func (a *api) addCollections() {
	add(a, route{forAll, "GET", "/collections", "list-collections", "Catalog", "List all collections; their products are listed by GET /products", 0, false}, a.listCollections)
	add(a, route{forAll, "GET", "/collections/{collection}", "get-collection", "Catalog", "Get a collection by its ID or handle", 0, false}, a.getCollection)
	add(a, route{forStaff, "GET", "/staff/collections/{collection}", "get-any-collection", "Catalog for staff", "Get a collection with its rules", 0, false}, a.getStaffCollection)
	add(a, route{forStaff, "PUT", "/staff/collections/{handle}", "put-collection", "Catalog for staff", "Create or replace the collection with a handle", 0, false}, a.putCollection)
	add(a, route{forStaff, "DELETE", "/staff/collections/{collection}", "remove-collection", "Catalog for staff", "Remove a collection; its products stay", 204, false}, a.removeCollection)
}

func (a *api) showCollection(c catalog.Collection) Collection {
	return Collection{
		ID: string(c.ID), Handle: c.Handle, Title: c.Title, Description: c.Description, Media: a.showMedia(c.Media),
		SEO: showSEO(c.SEO), Metadata: object(c.Metadata), Version: c.Version,
	}
}

func (a *api) listCollections(ctx context.Context, _ *struct{}) (*answer[List[Collection]], error) {
	all, err := a.shop.Catalog.Collections(ctx)
	if err != nil {
		return nil, err
	}
	out := &answer[List[Collection]]{CacheControl: publicCache, SurrogateKey: "catalog", Body: List[Collection]{Items: []Collection{}}}
	for _, c := range all.All() {
		out.Body.Items = append(out.Body.Items, a.showCollection(c))
	}
	return out, nil
}

// CollectionRef names a collection.
type CollectionRef struct {
	Collection string `path:"collection" maxLength:"200" doc:"A collection's ID or handle."`
}

func (a *api) findCollection(ctx context.Context, name string) (catalog.Collection, error) {
	all, err := a.shop.Catalog.Collections(ctx)
	if err != nil {
		return catalog.Collection{}, err
	}
	c, ok := all.ByHandle(name)
	if strings.HasPrefix(name, "coll_") {
		c, ok = all.Get(catalog.CollectionID(name))
	}
	if !ok {
		return c, &catalog.UnknownCollectionError{Collection: catalog.CollectionID(name)}
	}
	return c, nil
}

func (a *api) getCollection(ctx context.Context, in *CollectionRef) (*answer[Collection], error) {
	c, err := a.findCollection(ctx, in.Collection)
	if err != nil {
		return nil, err
	}
	return &answer[Collection]{CacheControl: publicCache, SurrogateKey: "catalog", Body: a.showCollection(c)}, nil
}

func (a *api) getStaffCollection(ctx context.Context, in *CollectionRef) (*answer[StaffCollection], error) {
	c, err := a.findCollection(ctx, in.Collection)
	if err != nil {
		return nil, err
	}
	return a.collectionAnswer(c), nil
}

func (a *api) collectionAnswer(c catalog.Collection) *answer[StaffCollection] {
	out := StaffCollection{
		Collection: a.showCollection(c), Products: texts(c.Products), Rules: []CollectionRule{}, AnyRule: c.AnyRule,
		Translations: showTexts(c.Translations), PrivateMetadata: object(c.PrivateMetadata),
	}
	for _, r := range c.Rules {
		rule := CollectionRule{Field: string(r.Field), Op: string(r.Op), Name: r.Name, Values: r.Values}
		if r.Number != (catalog.Number{}) {
			rule.Number = r.Number.String()
		}
		if r.Price != nil {
			rule.Price = &MoneyInput{r.Price.Minor(), string(r.Price.Currency())}
		}
		out.Rules = append(out.Rules, rule)
	}
	return &answer[StaffCollection]{ETag: web.ETag(c.Version, ""), Body: out}
}

type putCollectionInput struct {
	Keyed
	Creating
	Handle string `path:"handle" maxLength:"200"`
	Body   CollectionInput
}

func (a *api) putCollection(ctx context.Context, in *putCollectionInput) (*answer[StaffCollection], error) {
	version, err := in.version()
	if err == nil {
		err = checkHandle("path.handle", in.Handle, "coll_")
	}
	if err != nil {
		return nil, err
	}
	put := catalog.PutCollection{
		Handle: in.Handle, Title: in.Body.Title, Description: in.Body.Description, Media: mediaOf(in.Body.Media), Products: productIDs(in.Body.Products),
		AnyRule: in.Body.AnyRule, Translations: textsOf(in.Body.Translations), Metadata: []byte(in.Body.Metadata), PrivateMetadata: []byte(in.Body.PrivateMetadata), Version: version, Key: in.Key,
	}
	if in.Body.SEO != nil {
		put.SEO = catalog.SEO{Title: in.Body.SEO.Title, Description: in.Body.SEO.Description}
	}
	for i, r := range in.Body.Rules {
		rule, err := r.rule(fmt.Sprintf("body.rules[%d]", i))
		if err != nil {
			return nil, err
		}
		put.Rules = append(put.Rules, rule)
	}
	c, err := a.shop.Catalog.PutCollection(ctx, put)
	if err != nil {
		return nil, ifMatched[*catalog.CollectionVersionError](version, err)
	}
	return a.collectionAnswer(c), nil
}

// rule returns the rule to put; at names it in an error.
func (r CollectionRule) rule(at string) (catalog.Rule, error) {
	out := catalog.Rule{Field: catalog.RuleField(r.Field), Op: catalog.RuleOp(r.Op), Name: r.Name, Values: r.Values}
	if r.Number != "" {
		n, err := catalog.ParseNumber(r.Number)
		if err != nil {
			return out, &fieldError{at + ".number", "is not a decimal number such as 15.6"}
		}
		out.Number = n
	}
	if r.Price != nil {
		price, err := r.Price.amount(at + ".price")
		if err != nil {
			return out, err
		}
		out.Price = &price
	}
	return out, nil
}

type removeCollectionInput struct {
	Keyed
	Conditional
	CollectionRef
}

func (a *api) removeCollection(ctx context.Context, in *removeCollectionInput) (*struct{}, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.findCollection(ctx, in.Collection)
	if err != nil {
		return nil, err
	}
	err = a.shop.Catalog.RemoveCollection(ctx, catalog.RemoveCollection{Collection: c.ID, Version: version, Key: in.Key})
	return nil, ifMatched[*catalog.CollectionVersionError](version, err)
}
