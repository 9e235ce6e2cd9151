package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
)

// StaffProduct is a product as staff see it.
type StaffProduct struct {
	Product
	Type              string         `json:"type,omitempty" doc:"The ID of its product type."`
	Status            string         `json:"status" enum:"draft,active,archived"`
	Selling           []StaffVariant `json:"selling" nullable:"false" doc:"How each variant is sold."`
	Publications      []Publication  `json:"publications,omitempty" nullable:"false" doc:"Through which channels it is offered, and when; missing means everywhere, always."`
	Translations      []Translation  `json:"translations,omitempty" nullable:"false"`
	ExternalReference string         `json:"external_reference,omitempty"`
	PrivateMetadata   object         `json:"private_metadata,omitempty"`
}

// StaffVariant says how a variant is sold.
type StaffVariant struct {
	SKU         string        `json:"sku"`
	Untracked   bool          `json:"untracked,omitempty"`
	Reserve     string        `json:"reserve,omitempty" enum:"on_cart,track_only"`
	HoldMinutes int64         `json:"hold_minutes,omitempty"`
	TaxCategory string        `json:"tax_category,omitempty"`
	Digital     *DigitalInput `json:"digital,omitempty" doc:"How it is delivered over the network; missing is shipped."`
}

// ProductInput is a whole product: what it does not name is gone afterwards, so
// whoever changes a part of one puts back all of what a GET has told.
type ProductInput struct {
	Title             string         `json:"title" minLength:"1" maxLength:"500"`
	Description       string         `json:"description,omitempty" maxLength:"65536"`
	Brand             string         `json:"brand,omitempty" maxLength:"200"`
	Type              string         `json:"type,omitempty" maxLength:"64" doc:"The ID of a product type, which says what attributes it has."`
	Categories        []string       `json:"categories,omitempty" nullable:"false" maxItems:"100" doc:"IDs, the main one first."`
	Media             []MediaInput   `json:"media,omitempty" nullable:"false" maxItems:"200"`
	Attributes        []Attribute    `json:"attributes,omitempty" nullable:"false" maxItems:"200"`
	SEO               *SEO           `json:"seo,omitempty"`
	Status            string         `json:"status,omitempty" enum:"draft,active,archived" doc:"Active if it is missing."`
	Variants          []VariantInput `json:"variants" minItems:"1" maxItems:"2000" nullable:"false"`
	Publications      []Publication  `json:"publications,omitempty" nullable:"false" maxItems:"100" doc:"Through which channels it is offered, and when, one for each channel; missing means everywhere, always."`
	Translations      []Translation  `json:"translations,omitempty" nullable:"false" maxItems:"100" doc:"One for each locale."`
	ExternalReference string         `json:"external_reference,omitempty" maxLength:"200"`
	Metadata          object         `json:"metadata,omitempty"`
	PrivateMetadata   object         `json:"private_metadata,omitempty"`
}

// VariantInput is one variant of a ProductInput.
type VariantInput struct {
	SKU             string        `json:"sku" minLength:"1" maxLength:"200"`
	Options         []OptionInput `json:"options,omitempty" maxItems:"20" nullable:"false"`
	Prices          []MoneyInput  `json:"prices,omitempty" maxItems:"100" nullable:"false" doc:"At most one in each currency."`
	CompareAt       []MoneyInput  `json:"compare_at,omitempty" maxItems:"100" nullable:"false" doc:"What prices are shown against, as for a sale."`
	Attributes      []Attribute   `json:"attributes,omitempty" nullable:"false" maxItems:"200"`
	Barcodes        []string      `json:"barcodes,omitempty" nullable:"false" maxItems:"20"`
	WeightGrams     int64         `json:"weight_grams,omitempty" minimum:"0"`
	LengthMM        int64         `json:"length_mm,omitempty" minimum:"0"`
	WidthMM         int64         `json:"width_mm,omitempty" minimum:"0"`
	HeightMM        int64         `json:"height_mm,omitempty" minimum:"0"`
	Untracked       bool          `json:"untracked,omitempty" doc:"Stock is not counted, as of a service."`
	Reserve         string        `json:"reserve,omitempty" enum:"on_cart,track_only" doc:"When its stock is set aside: when it is put in a cart; or never, it is only counted. Missing is when a checkout begins."`
	HoldMinutes     int64         `json:"hold_minutes,omitempty" minimum:"0" maximum:"10080" doc:"How long it is set aside in a cart; missing is as the store says."`
	TaxCategory     string        `json:"tax_category,omitempty" maxLength:"100" doc:"Names its tax rates, as in books; missing is the standard one."`
	Components      []Component   `json:"components,omitempty" nullable:"false" maxItems:"50" doc:"Make the variant a kit of others."`
	Digital         *DigitalInput `json:"digital,omitempty" doc:"It is delivered over the network and needs no shipping."`
	Metadata        object        `json:"metadata,omitempty"`
	PrivateMetadata object        `json:"private_metadata,omitempty"`
}

// DigitalInput is how a variant is delivered over the network.
type DigitalInput struct {
	Files     []FileInput    `json:"files,omitempty" nullable:"false" maxItems:"50" doc:"What a buyer may download; missing means that it is delivered in another way."`
	Downloads int64          `json:"downloads,omitempty" minimum:"0" maximum:"1000000" doc:"How often each file, for each unit bought; 0 is without limit."`
	Days      int64          `json:"days,omitempty" minimum:"0" maximum:"36500" doc:"For how long; 0 is without limit."`
	GiftCard  *GiftCardInput `json:"gift_card,omitempty" doc:"It is a gift card, issued when the order is paid; then days are how long it can be paid with."`
}

// FileInput is one file to download.
type FileInput struct {
	Asset string `json:"asset" pattern:"^[0-9a-f]{64}$" doc:"As an upload answers it."`
	Name  string `json:"name" minLength:"1" maxLength:"200" doc:"As it is saved, such as manual.pdf."`
}

// MediaInput is one picture, film or document of a product.
type MediaInput struct {
	Asset string   `json:"asset" pattern:"^[0-9a-f]{64}$" doc:"As an upload answers it."`
	Alt   string   `json:"alt,omitempty" maxLength:"1000" doc:"What it shows, for those who do not see it."`
	SKUs  []string `json:"skus,omitempty" nullable:"false" maxItems:"1000" doc:"The variants that it shows; missing means all."`
}

// OptionInput is one property of a variant.
type OptionInput struct {
	Name  string `json:"name" minLength:"1" maxLength:"200"`
	Value string `json:"value" minLength:"1" maxLength:"200"`
}

// These are the operations that take goods, and longer bodies than others.
const (
	putProductID  = "put-product"
	putProductsID = "put-products"
	putVariantsID = "put-variants"
)

func (a *api) addStaffProducts() {
	add(a, route{forStaff, "GET", "/staff/products", "list-all-products", "Catalog for staff", "List products, whatever their status", 0, false}, a.listAllProducts)
	add(a, route{forStaff, "GET", "/staff/products/{product}", "get-any-product", "Catalog for staff", "Get a product, whatever its status", 0, false}, a.getAnyProduct)
	add(a, route{forStaff, "PUT", "/staff/products/{handle}", putProductID, "Catalog for staff", "Create or replace the product with a handle", 0, false}, a.putProduct)
	add(a, route{forStaff, "POST", "/staff/products/{product}/archive", "archive-product", "Catalog for staff", "Take a product off sale for good", 0, false}, a.archiveProduct)
}

type listAllProductsInput struct {
	Page
	Status string `query:"status" enum:"draft,active,archived"`
}

func (a *api) listAllProducts(ctx context.Context, in *listAllProductsInput) (*answer[List[StaffProduct]], error) {
	after, err := in.from("prd")
	if err != nil {
		return nil, err
	}
	all := a.shop.Catalog.All(ctx, catalog.Filter{
		Status: catalog.Status(in.Status), After: catalog.ProductID(after), Limit: in.Limit + 1,
	})
	l, err := collect(all, in.Limit, func(p catalog.Product) string { return string(p.ID) }, a.showStaffProduct)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if in.Status != "" {
		query.Set("status", in.Status)
	}
	return listed(ctx, a, "/staff/products", in.Page, query, l), nil
}

func (a *api) getAnyProduct(ctx context.Context, in *getProductInput) (*answer[StaffProduct], error) {
	p, err := a.findProduct(ctx, in.Product)
	if err != nil {
		return nil, err
	}
	out := a.staffProductAnswer(p)
	out.ETag = web.ETag(p.Version, variantOf(ctx))
	return out, out.unlessMatched(in.IfNoneMatch)
}

type putProductInput struct {
	Keyed
	Creating
	Handle string `path:"handle" maxLength:"200"`
	Body   ProductInput
}

func (a *api) putProduct(ctx context.Context, in *putProductInput) (*answer[StaffProduct], error) {
	version, err := in.version()
	if err == nil {
		err = checkHandle("path.handle", in.Handle, "prd_")
	}
	if err != nil {
		return nil, err
	}
	c, err := in.Body.product("body")
	if err != nil {
		return nil, err
	}
	c.Handle, c.Version, c.Key = in.Handle, version, in.Key
	p, err := a.shop.Catalog.PutProduct(ctx, c)
	if taken, ok := errors.AsType[*catalog.NameTakenError](err); ok && version == catalog.OnlyNew && taken.Name == in.Handle {
		return nil, &staleError{err} // somebody else was quicker
	}
	if err != nil {
		return nil, ifMatched[*catalog.VersionError](version, err)
	}
	return a.staffProductAnswer(p), nil
}

// product returns the product to put; at names it in an error.
func (in ProductInput) product(at string) (catalog.PutProduct, error) {
	out := catalog.PutProduct{
		Title: in.Title, Description: in.Description, Brand: in.Brand, Status: catalog.Status(in.Status),
		Type: catalog.ProductTypeID(in.Type), Media: mediaOf(in.Media), ExternalReference: in.ExternalReference,
		Publications: publicationsOf(in.Publications), Translations: translationsOf(in.Translations),
		Metadata: []byte(in.Metadata), PrivateMetadata: []byte(in.PrivateMetadata),
	}
	for _, c := range in.Categories {
		out.Categories = append(out.Categories, catalog.CategoryID(c))
	}
	if in.SEO != nil {
		out.SEO = catalog.SEO{Title: in.SEO.Title, Description: in.SEO.Description}
	}
	var err error
	if out.Attributes, err = attributesOf(in.Attributes, at+".attributes"); err != nil {
		return out, err
	}
	for i, v := range in.Variants {
		variant, err := v.variant(fmt.Sprintf("%s.variants[%d]", at, i))
		if err != nil {
			return out, err
		}
		out.Variants = append(out.Variants, variant)
	}
	return out, nil
}

// variant returns the variant to put; at names it in an error.
func (in VariantInput) variant(at string) (catalog.PutVariant, error) {
	out := catalog.PutVariant{
		SKU: catalog.SKU(in.SKU), Untracked: in.Untracked, Barcodes: in.Barcodes,
		Reserve: catalog.Reserve(in.Reserve), HoldMinutes: in.HoldMinutes, TaxCategory: in.TaxCategory,
		WeightGrams: in.WeightGrams, LengthMM: in.LengthMM, WidthMM: in.WidthMM, HeightMM: in.HeightMM,
		Metadata: []byte(in.Metadata), PrivateMetadata: []byte(in.PrivateMetadata),
	}
	for _, c := range in.Components {
		out.Components = append(out.Components, catalog.Component{SKU: catalog.SKU(c.SKU), Quantity: c.Quantity})
	}
	if d := in.Digital; d != nil {
		out.Digital = &catalog.Digital{Downloads: d.Downloads, Days: d.Days}
		for _, f := range d.Files {
			out.Digital.Files = append(out.Digital.Files, catalog.File{Asset: assets.ID(f.Asset), Name: f.Name})
		}
		var err error
		if out.Digital.GiftCard, err = giftCardOf(d.GiftCard, at+".digital.gift_card"); err != nil {
			return out, err
		}
	}
	for _, o := range in.Options {
		out.Options = append(out.Options, catalog.Option{Name: o.Name, Value: o.Value})
	}
	var err error
	if out.Prices, err = amountsOf(in.Prices, at+".prices"); err != nil {
		return out, err
	}
	if out.CompareAt, err = amountsOf(in.CompareAt, at+".compare_at"); err != nil {
		return out, err
	}
	out.Attributes, err = attributesOf(in.Attributes, at+".attributes")
	return out, err
}

func mediaOf(in []MediaInput) []catalog.Media {
	var out []catalog.Media
	for _, m := range in {
		media := catalog.Media{Asset: assets.ID(m.Asset), Alt: m.Alt}
		for _, sku := range m.SKUs {
			media.SKUs = append(media.SKUs, catalog.SKU(sku))
		}
		out = append(out, media)
	}
	return out
}

func attributesOf(in []Attribute, at string) ([]catalog.Attribute, error) {
	var out []catalog.Attribute
	for i, t := range in {
		put := catalog.Attribute{Name: t.Name, Kind: catalog.AttributeKind(t.Kind), Text: t.Text, Unit: t.Unit, Bool: t.Bool, Values: t.Values}
		if t.Number != "" {
			n, err := catalog.ParseNumber(t.Number)
			if err != nil {
				return nil, &fieldError{fmt.Sprintf("%s[%d].number", at, i), "is not a decimal number such as 15.6"}
			}
			put.Number = n
		}
		out = append(out, put)
	}
	return out, nil
}

func amountsOf(in []MoneyInput, at string) ([]money.Amount, error) {
	var out []money.Amount
	for i, m := range in {
		amount, err := m.amount(fmt.Sprintf("%s[%d]", at, i))
		if err != nil {
			return nil, err
		}
		out = append(out, amount)
	}
	return out, nil
}

type archiveProductInput struct {
	Keyed
	Conditional
	Product string `path:"product" maxLength:"64" doc:"A product's ID."`
}

func (a *api) archiveProduct(ctx context.Context, in *archiveProductInput) (*answer[StaffProduct], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	p, err := a.shop.Catalog.ArchiveProduct(ctx, catalog.ArchiveProduct{Product: catalog.ProductID(in.Product), Version: version, Key: in.Key})
	if err != nil {
		return nil, ifMatched[*catalog.VersionError](version, err)
	}
	return a.staffProductAnswer(p), nil
}

func (a *api) staffProductAnswer(p catalog.Product) *answer[StaffProduct] {
	return &answer[StaffProduct]{ETag: web.ETag(p.Version, ""), Body: a.showStaffProduct(p)}
}

func showSelling(v catalog.Variant) StaffVariant {
	return StaffVariant{string(v.SKU), v.Untracked, string(v.Reserve), v.HoldMinutes, v.TaxCategory, showDigital(v.Digital)}
}

func (a *api) showStaffProduct(p catalog.Product) StaffProduct {
	selling := make([]StaffVariant, len(p.Variants))
	for i, v := range p.Variants {
		selling[i] = showSelling(v)
	}
	return StaffProduct{
		Product: a.showProduct(p), Type: string(p.Type), Selling: selling, Status: string(p.Status),
		Publications: showPublications(p.Publications), Translations: showTranslations(p.Translations),
		ExternalReference: p.ExternalReference, PrivateMetadata: object(p.PrivateMetadata),
	}
}
