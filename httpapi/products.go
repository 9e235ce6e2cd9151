package httpapi

import (
	"context"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/web"
)

// publicCache lets browsers and caches in front keep what everybody may see.
// An answer may be a minute old, or an hour while a new one is being fetched.
const publicCache = "public, max-age=60, stale-while-revalidate=3600"

// Product is a product as shoppers see it.
type Product struct {
	ID          string      `json:"id" example:"prd_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"`
	Handle      string      `json:"handle" doc:"The product's own name, as in an address on the web."`
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	Brand       string      `json:"brand,omitempty"`
	Categories  []string    `json:"categories" nullable:"false" doc:"The IDs of its categories, the main one first."`
	Media       []Media     `json:"media" nullable:"false" doc:"In the order in which they are shown."`
	Attributes  []Attribute `json:"attributes" nullable:"false"`
	SEO         *SEO        `json:"seo,omitempty"`
	Variants    []Variant   `json:"variants" nullable:"false" doc:"What a shopper chooses from."`
	Metadata    object      `json:"metadata,omitempty"`
	Version     int64       `json:"version"`
}

// Variant is the unit that is priced, stocked and sold.
type Variant struct {
	ID          string      `json:"id"`
	Product     string      `json:"product"`
	SKU         string      `json:"sku"`
	Title       string      `json:"title"`
	Options     []Option    `json:"options" nullable:"false" doc:"In what it differs from the product's other variants."`
	Prices      []Money     `json:"prices" nullable:"false" doc:"At most one in each currency."`
	CompareAt   []Money     `json:"compare_at,omitempty" nullable:"false" doc:"What prices are shown against, as for a sale."`
	Attributes  []Attribute `json:"attributes" nullable:"false"`
	Barcodes    []string    `json:"barcodes,omitempty" nullable:"false"`
	WeightGrams int64       `json:"weight_grams,omitempty"`
	LengthMM    int64       `json:"length_mm,omitempty"`
	WidthMM     int64       `json:"width_mm,omitempty"`
	HeightMM    int64       `json:"height_mm,omitempty"`
	Components  []Component `json:"components,omitempty" nullable:"false" doc:"What a kit is made of."`
	Digital     bool        `json:"digital,omitempty" doc:"It is delivered over the network and needs no shipping."`
	Metadata    object      `json:"metadata,omitempty"`
}

// Component is a part of a kit.
type Component struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"200"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"10000" doc:"Units in one kit."`
}

// Media is one picture, film or document of a product.
type Media struct {
	URL  string   `json:"url" doc:"Where the file is. It never changes under this address."`
	Alt  string   `json:"alt,omitempty" doc:"What it shows, for those who do not see it."`
	SKUs []string `json:"skus,omitempty" nullable:"false" doc:"The variants that it shows; missing means all."`
}

// Attribute is one property, such as a colour. The member of its kind is set.
type Attribute struct {
	Name   string   `json:"name" minLength:"1" maxLength:"200"`
	Kind   string   `json:"kind,omitempty" enum:"text,number,bool,enum,reference"`
	Text   string   `json:"text,omitempty" maxLength:"2000"`
	Number string   `json:"number,omitempty" maxLength:"40" doc:"A decimal number, exact, as text." example:"15.6"`
	Unit   string   `json:"unit,omitempty" maxLength:"40"`
	Bool   bool     `json:"bool,omitempty"`
	Values []string `json:"values,omitempty" nullable:"false" maxItems:"100"`
}

// SEO is what search engines are told instead of title and description.
type SEO struct {
	Title       string `json:"title,omitempty" maxLength:"500"`
	Description string `json:"description,omitempty" maxLength:"2000"`
}

// Option is one property of a variant.
type Option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (a *api) addProducts() {
	add(a, route{forAll, "GET", "/products", "list-products", "Catalog", "List the products on sale", 0, false}, a.listProducts)
	add(a, route{forAll, "GET", "/products/{product}", "get-product", "Catalog", "Get a product on sale by its ID or handle", 0, false}, a.getProduct)
	add(a, route{forAll, "GET", "/variants/{sku}", "get-variant", "Catalog", "Get a variant on sale by its SKU", 0, false}, a.getVariant)
}

type listProductsInput struct {
	Page
	Category   string `query:"category" maxLength:"200" doc:"The ID or handle of a category: products in it or below it."`
	Collection string `query:"collection" maxLength:"200" doc:"The ID or handle of a collection; not together with category."`
}

func (a *api) listProducts(ctx context.Context, in *listProductsInput) (*answer[List[Product]], error) {
	after, err := in.from("prd")
	if err != nil {
		return nil, err
	}
	f := catalog.Filter{Status: catalog.Active, After: catalog.ProductID(after), Limit: in.Limit + 1}
	query := url.Values{}
	if in.Category != "" && in.Collection != "" {
		return nil, &fieldError{"query.collection", "cannot be asked for together with a category"}
	}
	if in.Category != "" {
		c, err := a.findCategory(ctx, in.Category)
		if err != nil {
			return nil, err
		}
		f.Category = c.ID
		query.Set("category", in.Category)
	}
	if in.Collection != "" {
		c, err := a.findCollection(ctx, in.Collection)
		if err != nil {
			return nil, err
		}
		f.Collection = c.ID
		query.Set("collection", in.Collection)
	}
	l, err := collect(a.visible(ctx, f), in.Limit, func(p catalog.Product) string { return string(p.ID) }, a.showProduct)
	if err != nil {
		return nil, err
	}
	out := listed(ctx, a, "/products", in.Page, query, l)
	out.CacheControl, out.SurrogateKey = publicCache, "catalog"
	return out, nil
}

// visible lists the products that a filter selects and shoppers see now. It
// reads on past the others, f.Limit at a time.
func (a *api) visible(ctx context.Context, f catalog.Filter) iter.Seq2[catalog.Product, error] {
	return func(yield func(catalog.Product, error) bool) {
		ask, f := askNow(), f
		for read := f.Limit; read == f.Limit; {
			read = 0
			for p, err := range a.shop.Catalog.All(ctx, f) {
				if err != nil {
					yield(p, err)
					return
				}
				read, f.After = read+1, p.ID
				if p.Offered(ask).Visible && !yield(p, nil) {
					return
				}
			}
		}
	}
}

// askNow is how anybody looks at the catalog now, through the shop's own channel.
func askNow() catalog.Ask { return catalog.Ask{At: time.Now()} }

// shown reports whether who knows the name of something may see it: what can be
// bought is there for them, listed or not.
func shown(o catalog.Offer) bool { return o.Visible || o.Purchasable }

type getProductInput struct {
	Read
	Product string `path:"product" maxLength:"200" doc:"A product's ID or handle."`
}

func (a *api) getProduct(ctx context.Context, in *getProductInput) (*answer[Product], error) {
	p, err := a.findProduct(ctx, in.Product)
	if err != nil {
		return nil, err
	}
	if !shown(p.Offered(askNow())) {
		return nil, &catalog.UnknownProductError{Product: p.ID, Handle: p.Handle}
	}
	out := &answer[Product]{
		ETag: web.ETag(p.Version, variantOf(ctx)), CacheControl: publicCache, SurrogateKey: "catalog " + string(p.ID),
	}
	if err := out.unlessMatched(in.IfNoneMatch); err != nil {
		return nil, err
	}
	out.Body = a.showProduct(p)
	return out, nil
}

func (a *api) findProduct(ctx context.Context, name string) (catalog.Product, error) {
	if strings.HasPrefix(name, "prd_") {
		return a.shop.Catalog.Get(ctx, catalog.ProductID(name))
	}
	return a.shop.Catalog.ByHandle(ctx, name)
}

type getVariantInput struct {
	Read
	SKU string `path:"sku" maxLength:"200"`
}

func (a *api) getVariant(ctx context.Context, in *getVariantInput) (*answer[Variant], error) {
	v, err := a.shop.Catalog.BySKU(ctx, catalog.SKU(in.SKU))
	if err != nil {
		return nil, err
	}
	if !shown(v.Offered(askNow())) {
		return nil, &catalog.UnknownSKUError{SKU: v.SKU}
	}
	out := &answer[Variant]{
		ETag: web.ETag(v.Version, variantOf(ctx)), CacheControl: publicCache, SurrogateKey: "catalog " + string(v.Product),
	}
	if err := out.unlessMatched(in.IfNoneMatch); err != nil {
		return nil, err
	}
	out.Body = showVariant(v)
	return out, nil
}

func (a *api) showProduct(p catalog.Product) Product {
	out := Product{
		ID: string(p.ID), Handle: p.Handle, Title: p.Title, Description: p.Description, Brand: p.Brand,
		Categories: texts(p.Categories), Media: a.showMedia(p.Media), Attributes: showAttributes(p.Attributes), SEO: showSEO(p.SEO),
		Variants: make([]Variant, len(p.Variants)), Metadata: object(p.Metadata), Version: p.Version,
	}
	for i, v := range p.Variants {
		out.Variants[i] = showVariant(v)
	}
	return out
}

func showVariant(v catalog.Variant) Variant {
	var components []Component
	for _, c := range v.Components {
		components = append(components, Component{string(c.SKU), c.Quantity})
	}
	return Variant{
		ID: string(v.ID), Product: string(v.Product), SKU: string(v.SKU), Title: v.Title,
		Options: showOptions(v.Options), Prices: moneysOf(v.Prices), CompareAt: moneysOf(v.CompareAt),
		Attributes: showAttributes(v.Attributes), Barcodes: v.Barcodes, WeightGrams: v.WeightGrams,
		LengthMM: v.LengthMM, WidthMM: v.WidthMM, HeightMM: v.HeightMM, Components: components, Digital: v.Digital != nil, Metadata: object(v.Metadata),
	}
}

func (a *api) showMedia(media []catalog.Media) []Media {
	out := make([]Media, len(media))
	for i, m := range media {
		out[i] = Media{a.options.Prefix + "/assets/" + string(m.Asset), m.Alt, texts(m.SKUs)}
	}
	return out
}

func showAttributes(attributes []catalog.Attribute) []Attribute {
	out := make([]Attribute, len(attributes))
	for i, t := range attributes {
		out[i] = Attribute{Name: t.Name, Kind: string(t.Kind), Text: t.Text, Unit: t.Unit, Bool: t.Bool, Values: t.Values}
		if t.Kind == catalog.NumberAttribute {
			out[i].Number = t.Number.String()
		}
	}
	return out
}

func showSEO(s catalog.SEO) *SEO {
	if s == (catalog.SEO{}) {
		return nil
	}
	return &SEO{s.Title, s.Description}
}

// texts returns names of some kind as plain text.
func texts[S ~string](names []S) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(n)
	}
	return out
}

func showOptions(options []catalog.Option) []Option {
	out := make([]Option, len(options))
	for i, o := range options {
		out[i] = Option{o.Name, o.Value}
	}
	return out
}
