package interchange

import (
	"encoding/json"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// The lines of the own formats: product types by code, price lists by code,
// the places that goods are sold from, categories, a parent before its
// children, products by handle, and collections by handle. They hold all that
// a merchant has put; IDs, versions and times of the store that they came from
// are no part of them.

// head says what a line is about.
type head struct {
	Type string `json:"type"`
}

// newPart returns what a line that is no product is read into, nil if there is
// no such type of lines.
func newPart(kind string) part {
	switch kind {
	case "product_type":
		return new(typeLine)
	case "price_list":
		return new(priceListLine)
	case "places":
		return new(placesLine)
	case "category":
		return new(categoryLine)
	case "collection":
		return new(collectionLine)
	}
	return nil
}

// typeLine is a product type.
type typeLine struct {
	Type       string                        `json:"type"`
	Code       string                        `json:"code"`
	Title      string                        `json:"title"`
	Attributes []catalog.AttributeDefinition `json:"attributes,omitempty"`
}

// priceListLine is a price list. Its prices are with the variants.
type priceListLine struct {
	Type                string           `json:"type"`
	Code                string           `json:"code"`
	Title               string           `json:"title"`
	Status              catalog.Status   `json:"status"`
	From                catalog.Moment   `json:"from,omitempty"`
	Until               catalog.Moment   `json:"until,omitempty"`
	Groups              []string         `json:"groups,omitempty"`
	Channels            []string         `json:"channels,omitempty"`
	Markets             []string         `json:"markets,omitempty"`
	Priority            int64            `json:"priority,omitempty"`
	Sale                bool             `json:"sale,omitempty"`
	DiscountBasisPoints int64            `json:"discount_basis_points,omitempty"`
	Prices              catalog.PriceTax `json:"prices,omitempty"`
}

// placesLine is where goods are sold from. There is one unless the store never
// said.
type placesLine struct {
	Type   string      `json:"type"`
	Places []placeLine `json:"places"`
	Split  bool        `json:"split,omitempty"`
}

type placeLine struct {
	ID        inventory.Location `json:"id"`
	Name      string             `json:"name,omitempty"`
	Priority  int64              `json:"priority,omitempty"`
	Countries []string           `json:"countries,omitempty"`
	Closed    bool               `json:"closed,omitempty"`
}

// categoryLine is a category. Others are named by their handles.
type categoryLine struct {
	Type            string                `json:"type"`
	Handle          string                `json:"handle"`
	Parent          string                `json:"parent,omitempty"`
	FormerHandles   []string              `json:"former_handles,omitempty"`
	Position        int64                 `json:"position,omitempty"`
	Title           string                `json:"title"`
	Description     string                `json:"description,omitempty"`
	SEO             catalog.SEO           `json:"seo,omitzero"`
	Media           []catalog.Media       `json:"media,omitempty"`
	Translations    []catalog.Translation `json:"translations,omitempty"`
	Metadata        json.RawMessage       `json:"metadata,omitempty"`
	PrivateMetadata json.RawMessage       `json:"private_metadata,omitempty"`
}

// collectionLine is a collection. Products and categories are named by their
// handles and product types by their codes.
type collectionLine struct {
	Type            string                `json:"type"`
	Handle          string                `json:"handle"`
	Title           string                `json:"title"`
	Description     string                `json:"description,omitempty"`
	SEO             catalog.SEO           `json:"seo,omitzero"`
	Media           []catalog.Media       `json:"media,omitempty"`
	Translations    []catalog.Translation `json:"translations,omitempty"`
	Products        []string              `json:"products,omitempty"`
	Rules           []catalog.Rule        `json:"rules,omitempty"`
	AnyRule         bool                  `json:"any_rule,omitempty"`
	Metadata        json.RawMessage       `json:"metadata,omitempty"`
	PrivateMetadata json.RawMessage       `json:"private_metadata,omitempty"`
}

// productLine is a product.
type productLine struct {
	Type              string                `json:"type"`
	Handle            string                `json:"handle"`
	ProductType       string                `json:"product_type,omitempty"` // its code
	FormerHandles     []string              `json:"former_handles,omitempty"`
	Title             string                `json:"title"`
	Description       string                `json:"description,omitempty"`
	Brand             string                `json:"brand,omitempty"`
	Status            catalog.Status        `json:"status"`
	Categories        []string              `json:"categories,omitempty"` // handles
	Media             []catalog.Media       `json:"media,omitempty"`
	Attributes        []catalog.Attribute   `json:"attributes,omitempty"`
	SEO               catalog.SEO           `json:"seo,omitzero"`
	Translations      []catalog.Translation `json:"translations,omitempty"`
	Publications      []catalog.Publication `json:"publications,omitempty"`
	ExternalReference string                `json:"external_reference,omitempty"`
	Metadata          json.RawMessage       `json:"metadata,omitempty"`
	PrivateMetadata   json.RawMessage       `json:"private_metadata,omitempty"`
	Variants          []variantLine         `json:"variants"`
}

// variantLine is a variant.
type variantLine struct {
	SKU             catalog.SKU         `json:"sku"`
	Options         []optionLine        `json:"options,omitempty"`
	Prices          []money.Amount      `json:"prices,omitempty"`
	CompareAt       []money.Amount      `json:"compare_at,omitempty"`
	Attributes      []catalog.Attribute `json:"attributes,omitempty"`
	Untracked       bool                `json:"untracked,omitempty"`
	Barcodes        []string            `json:"barcodes,omitempty"`
	WeightGrams     int64               `json:"weight_g,omitempty"`
	LengthMM        int64               `json:"length_mm,omitempty"`
	WidthMM         int64               `json:"width_mm,omitempty"`
	HeightMM        int64               `json:"height_mm,omitempty"`
	TaxCategory     string              `json:"tax_category,omitempty"`
	Components      []catalog.Component `json:"components,omitempty"`
	Reserve         catalog.Reserve     `json:"reserve,omitempty"`
	HoldMinutes     int64               `json:"hold_minutes,omitempty"`
	Digital         *catalog.Digital    `json:"digital,omitempty"`
	Metadata        json.RawMessage     `json:"metadata,omitempty"`
	PrivateMetadata json.RawMessage     `json:"private_metadata,omitempty"`
	ListPrices      []listPriceLine     `json:"list_prices,omitempty"`
	// Stock is what is on hand at the main place, sold and unshipped goods
	// included; absent if the stock is not counted.
	Stock   *int64      `json:"stock,omitempty"`
	Policy  policyLine  `json:"stock_policy,omitzero"` // at the main place
	StockAt []stockLine `json:"stock_at,omitempty"`    // at other places
}

type optionLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// listPriceLine is what a price list has for a variant.
type listPriceLine struct {
	List        string       `json:"list"` // its code
	MinQuantity int64        `json:"min_quantity"`
	Price       money.Amount `json:"price"`
}

// stockLine is the stock of a variant at a place other than the main one, if
// there is any, or how it is sold.
type stockLine struct {
	Place  inventory.Location `json:"place"`
	OnHand int64              `json:"on_hand,omitempty"`
	Policy policyLine         `json:"policy,omitzero"`
}

// policyLine is an inventory.Policy.
type policyLine struct {
	SafetyStock  int64 `json:"safety_stock,omitempty"`
	ReorderPoint int64 `json:"reorder_point,omitempty"`
	Backorder    int64 `json:"backorder,omitempty"`
	ExpectedAt   int64 `json:"expected_at,omitempty"` // in milliseconds since 1970 UTC
}
