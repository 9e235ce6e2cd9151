package httpapi

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/web"
)

// ProductType says which attributes products of a type have.
type ProductType struct {
	ID         string                `json:"id"`
	Code       string                `json:"code"`
	Title      string                `json:"title"`
	Attributes []AttributeDefinition `json:"attributes" nullable:"false"`
	Version    int64                 `json:"version"`
}

// ProductTypeInput is a whole type: what it does not name is gone afterwards.
type ProductTypeInput struct {
	Title      string                `json:"title" minLength:"1" maxLength:"500"`
	Attributes []AttributeDefinition `json:"attributes,omitempty" nullable:"false" maxItems:"200" doc:"They keep their kinds: one of another kind needs another name."`
}

// AttributeDefinition says what an attribute of a product type is.
type AttributeDefinition struct {
	Name       string   `json:"name" minLength:"1" maxLength:"200"`
	Kind       string   `json:"kind,omitempty" enum:"text,number,bool,enum,reference" doc:"Text if it is missing."`
	Unit       string   `json:"unit,omitempty" maxLength:"40" doc:"That of a number; missing leaves it open."`
	Values     []string `json:"values,omitempty" nullable:"false" maxItems:"500" doc:"Those that an enum may have."`
	Multiple   bool     `json:"multiple,omitempty" doc:"An enum or a reference may have several values at once."`
	Required   bool     `json:"required,omitempty" doc:"Each variant has it, by itself or from its product."`
	Constraint string   `json:"constraint,omitempty" enum:"none,unique,same_for_all" doc:"How the values of a product's variants differ."`
	Searchable bool     `json:"searchable,omitempty"`
	Facetable  bool     `json:"facetable,omitempty"`
	Localised  bool     `json:"localised,omitempty"`
}

func (a *api) addProductTypes() {
	add(a, route{forStaff, "GET", "/staff/product-types", "list-product-types", "Catalog for staff", "List all product types", 0, false}, a.listProductTypes)
	add(a, route{forStaff, "PUT", "/staff/product-types/{code}", "put-product-type", "Catalog for staff", "Create or replace the product type with a code", 0, false}, a.putProductType)
}

func showProductType(t catalog.ProductType) ProductType {
	out := ProductType{ID: string(t.ID), Code: t.Code, Title: t.Title, Attributes: []AttributeDefinition{}, Version: t.Version}
	for _, d := range t.Attributes {
		out.Attributes = append(out.Attributes, AttributeDefinition{
			d.Name, string(d.Kind), d.Unit, d.Values, d.Multiple, d.Required, string(d.Constraint), d.Searchable, d.Facetable, d.Localised,
		})
	}
	return out
}

func (a *api) listProductTypes(ctx context.Context, _ *struct{}) (*answer[List[ProductType]], error) {
	all, err := a.shop.Catalog.ProductTypes(ctx)
	if err != nil {
		return nil, err
	}
	out := List[ProductType]{Items: []ProductType{}}
	for _, t := range all.All() {
		out.Items = append(out.Items, showProductType(t))
	}
	return &answer[List[ProductType]]{Body: out}, nil
}

type putProductTypeInput struct {
	Keyed
	Creating
	Code string `path:"code" maxLength:"100"`
	Body ProductTypeInput
}

func (a *api) putProductType(ctx context.Context, in *putProductTypeInput) (*answer[ProductType], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	put := catalog.PutProductType{Code: in.Code, Title: in.Body.Title, Version: version, Key: in.Key}
	for _, d := range in.Body.Attributes {
		put.Attributes = append(put.Attributes, catalog.AttributeDefinition{
			Name: d.Name, Kind: catalog.AttributeKind(d.Kind), Unit: d.Unit, Values: d.Values, Multiple: d.Multiple, Required: d.Required,
			Constraint: catalog.Constraint(d.Constraint), Searchable: d.Searchable, Facetable: d.Facetable, Localised: d.Localised,
		})
	}
	t, err := a.shop.Catalog.PutProductType(ctx, put)
	if err != nil {
		return nil, ifMatched[*catalog.ProductTypeVersionError](version, err)
	}
	return &answer[ProductType]{ETag: web.ETag(t.Version, ""), Body: showProductType(t)}, nil
}
