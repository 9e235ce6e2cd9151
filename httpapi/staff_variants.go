package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/web"
)

// SoldVariant is a variant as staff see it.
type SoldVariant struct {
	Variant
	Selling         StaffVariant `json:"selling" doc:"How it is sold."`
	PrivateMetadata object       `json:"private_metadata,omitempty"`
}

// PutResult is what became of one of many products.
type PutResult struct {
	Handle  string   `json:"handle"`
	ID      string   `json:"id,omitempty" doc:"Missing if it was not put."`
	Version int64    `json:"version,omitempty"`
	Problem *Problem `json:"problem,omitempty" doc:"Why it was not put. The others are."`
}

func (a *api) addStaffVariants() {
	const group, path = "Catalog for staff", "/staff/products/{product}/variants"
	add(a, route{forStaff, "POST", "/staff/products", putProductsID, group, "Create or replace many products, each by its handle", 0, false}, a.putProducts)
	add(a, route{forStaff, "GET", path, "list-variants", group, "List the variants of a product in their order", 0, false}, a.listVariants)
	add(a, route{forStaff, "PATCH", path, putVariantsID, group, "Add, replace and remove variants; those that are not named stay", 0, false}, a.putVariants)
}

// NamedProduct is one of many products to put.
type NamedProduct struct {
	Handle string `json:"handle" minLength:"1" maxLength:"200"`
	ProductInput
}

// putProductsInput puts the same when it is asked again.
type putProductsInput struct {
	Repeatable
	Body struct {
		Products []NamedProduct `json:"products" minItems:"1" maxItems:"1000" nullable:"false"`
	}
}

// putProducts puts what can be put, and says of each of the others why not.
func (a *api) putProducts(ctx context.Context, in *putProductsInput) (*answer[List[PutResult]], error) {
	out := List[PutResult]{Items: make([]PutResult, len(in.Body.Products))}
	var puts []catalog.PutProduct
	var at []int // where each of puts is in the request
	for i, p := range in.Body.Products {
		out.Items[i].Handle = p.Handle
		c, err := p.product(fmt.Sprintf("body.products[%d]", i))
		if c.Handle = p.Handle; err == nil {
			err = checkHandle(fmt.Sprintf("body.products[%d].handle", i), p.Handle, "prd_")
		}
		if err == nil {
			err = c.Validate()
		}
		if err != nil {
			out.Items[i].Problem = a.problemWith(ctx, err)
			continue
		}
		puts, at = append(puts, c), append(at, i)
	}
	done, err := a.shop.Catalog.PutProducts(ctx, puts)
	if err != nil && fault.Retryable(err) {
		return nil, err
	}
	for n, i := range at {
		if err != nil { // one of them is refused: only one by one do we know which
			p, err := a.shop.Catalog.PutProduct(ctx, puts[n])
			if fault.Retryable(err) {
				return nil, err
			}
			out.Items[i].tell(p, a.problemWith(ctx, err))
			continue
		}
		out.Items[i].tell(done[n], nil)
	}
	return &answer[List[PutResult]]{Body: out}, nil
}

func (r *PutResult) tell(p catalog.Product, problem *Problem) {
	if r.Problem = problem; problem != nil {
		return
	}
	r.ID, r.Version = string(p.ID), p.Version
}

// problemWith says what is wrong with one of many things, nil for no error.
func (a *api) problemWith(ctx context.Context, err error) *Problem {
	if err == nil {
		return nil
	}
	f, ok := errors.AsType[*failure](a.problemOf(ctx, err))
	if !ok {
		return &Problem{Status: http.StatusInternalServerError, Detail: pan.Masked(a.plain(err.Error()))}
	}
	f.Request = "" // that is of the whole
	return &f.Problem
}

type listVariantsInput struct {
	Product string `path:"product" maxLength:"200" doc:"A product's ID or handle."`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many to answer with."`
	After   string `query:"after" maxLength:"200" doc:"The next of the page before: a SKU."`
}

func (a *api) listVariants(ctx context.Context, in *listVariantsInput) (*answer[List[SoldVariant]], error) {
	p, err := a.productHeader(ctx, in.Product)
	if err != nil {
		return nil, err
	}
	page, err := a.shop.Catalog.VariantsOf(ctx, p.ID, catalog.SKU(in.After), in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := List[SoldVariant]{Items: []SoldVariant{}}
	if len(page) > in.Limit {
		page = page[:in.Limit]
		out.Next = string(page[in.Limit-1].SKU)
	}
	for _, v := range page {
		out.Items = append(out.Items, showSold(v))
	}
	return &answer[List[SoldVariant]]{ETag: web.ETag(p.Version, ""), Body: out}, nil
}

// productHeader returns a product, by its ID without its variants.
func (a *api) productHeader(ctx context.Context, name string) (catalog.Product, error) {
	if strings.HasPrefix(name, "prd_") {
		return a.shop.Catalog.Header(ctx, catalog.ProductID(name))
	}
	return a.shop.Catalog.ByHandle(ctx, name)
}

type putVariantsInput struct {
	Keyed
	Conditional
	Product string `path:"product" maxLength:"200" doc:"A product's ID or handle."`
	Body    struct {
		Variants []VariantInput `json:"variants,omitempty" maxItems:"2000" nullable:"false"`
		Remove   []string       `json:"remove,omitempty" maxItems:"2000" nullable:"false" doc:"SKUs. Those that are not there do not matter."`
	}
}

func (a *api) putVariants(ctx context.Context, in *putVariantsInput) (*answer[List[SoldVariant]], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	p, err := a.productHeader(ctx, in.Product)
	if err != nil {
		return nil, err
	}
	c := catalog.PutVariants{Product: p.ID, Version: version, Key: in.Key}
	for i, v := range in.Body.Variants {
		put, err := v.variant(fmt.Sprintf("body.variants[%d]", i))
		if err != nil {
			return nil, err
		}
		c.Variants = append(c.Variants, put)
	}
	for _, sku := range in.Body.Remove {
		c.Remove = append(c.Remove, catalog.SKU(sku))
	}
	put, err := a.shop.Catalog.PutVariants(ctx, c)
	if err != nil {
		return nil, ifMatched[*catalog.VersionError](version, err)
	}
	out := List[SoldVariant]{Items: make([]SoldVariant, len(put))}
	for i, v := range put {
		out.Items[i] = showSold(v)
	}
	return &answer[List[SoldVariant]]{Body: out}, nil
}

func showSold(v catalog.Variant) SoldVariant {
	return SoldVariant{Variant: showVariant(v), Selling: showSelling(v), PrivateMetadata: object(v.PrivateMetadata)}
}
