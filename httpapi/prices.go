package httpapi

import (
	"context"
	"strings"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Price is what a unit of a variant costs who asks.
type Price struct {
	SKU         string `json:"sku"`
	Price       Money  `json:"price"`
	CompareAt   *Money `json:"compare_at,omitempty" doc:"What it is shown against, as for a sale."`
	MinQuantity int64  `json:"min_quantity,omitempty" doc:"The tier that it is of."`
	Taxes       string `json:"taxes,omitempty" enum:"included,excluded" doc:"Whether it contains its tax; missing means as the shop's prices do."`
}

// LowestPrice is the lowest price of 30 days.
type LowestPrice struct {
	Price *Money `json:"price,omitempty" doc:"Missing if the variant had none in the currency."`
}

// PriceExplained is a price, and how it came about.
type PriceExplained struct {
	Price      *Price            `json:"price,omitempty" doc:"Missing if there is none."`
	Considered []PriceConsidered `json:"considered" nullable:"false" doc:"In the order in which they count."`
}

// PriceConsidered is a price list on the way to a price.
type PriceConsidered struct {
	List    string `json:"list,omitempty" doc:"Its code; missing is the variant's own price."`
	Outcome string `json:"outcome" enum:"won,not_reached,not_active,not_begun,over,other_group,other_channel,other_market,no_price,below_quantity,not_cheaper"`
	Amount  *Money `json:"amount,omitempty" doc:"The price that it would make."`
}

// VariantListPrice is what a price list has for a variant.
type VariantListPrice struct {
	List        string `json:"list" doc:"Its code."`
	MinQuantity int64  `json:"min_quantity"`
	Price       Money  `json:"price"`
}

func (a *api) addPrices() {
	const group = "Prices, tax and shipping"
	add(a, route{forAnyone, "GET", "/prices", "list-prices", "Catalog", "Get what variants cost who asks, by the price lists of their groups, market and channel", 0, false}, a.listPrices)
	add(a, route{forAll, "GET", "/variants/{sku}/lowest-price", "get-lowest-price", "Catalog", "Get the lowest price that a variant had in the 30 days before a time, such as the beginning of a sale", 0, false}, a.getLowestPrice)
	add(a, route{forStaff, "GET", "/staff/variants/{sku}/price", "explain-price", group, "Explain what a variant costs somebody: which price list has won, and why others have not", 0, false}, a.explainPrice)
	add(a, route{forStaff, "GET", "/staff/variants/{sku}/list-prices", "list-list-prices", group, "List what price lists have for a variant", 0, false}, a.listListPrices)
}

// PriceAsk says how somebody looks at a price.
type PriceAsk struct {
	Currency string `query:"currency" required:"true" pattern:"^[A-Z]{3}$"`
	Market   string `query:"market" pattern:"^[A-Z]{2}$" doc:"The country whose price lists count."`
	Channel  string `query:"channel" maxLength:"100" doc:"Missing is the shop's own."`
	Quantity int64  `query:"quantity" minimum:"1" maximum:"1000000" default:"1" doc:"Units of the variant in the whole cart."`
}

func (p PriceAsk) ask(groups []string) catalog.Ask {
	return catalog.Ask{
		Currency: money.Currency(p.Currency), Market: p.Market, Channel: p.Channel, Quantity: p.Quantity, Groups: groups, At: time.Now(),
	}
}

type listPricesInput struct {
	PriceAsk
	SKUs string `query:"sku" required:"true" minLength:"1" maxLength:"2000" doc:"One or more SKUs, with commas between them."`
}

func (a *api) listPrices(ctx context.Context, in *listPricesInput) (*shared[List[Price]], error) {
	names := strings.Split(in.SKUs, ",")
	if len(names) > mostSKUs {
		return nil, &fieldError{"query.sku", "names more than 50 SKUs"}
	}
	who, err := a.asking(ctx, in.Channel)
	if err != nil {
		return nil, err
	}
	lists, err := a.shop.Catalog.PriceLists(ctx)
	if err != nil {
		return nil, err
	}
	out := &shared[List[Price]]{CacheControl: who.cache, SurrogateKey: "catalog", Vary: varies, Body: List[Price]{Items: []Price{}}}
	ask := in.ask(who.groups)
	for _, name := range names {
		v, err := a.shop.Catalog.BySKU(ctx, catalog.SKU(name))
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		if p, ok := lists.Price(v, ask); ok && shown(v.Offered(ask)) {
			out.Body.Items = append(out.Body.Items, showPrice(v.SKU, p))
		}
	}
	return out, nil
}

func showPrice(sku catalog.SKU, p catalog.Price) Price {
	return Price{SKU: string(sku), Price: moneyOf(p.Amount), CompareAt: moneyOr(p.CompareAt), MinQuantity: p.MinQuantity, Taxes: string(p.Prices)}
}

type getLowestPriceInput struct {
	SKU      string `path:"sku" maxLength:"200"`
	Currency string `query:"currency" required:"true" pattern:"^[A-Z]{3}$"`
	Before   string `query:"before" maxLength:"40" doc:"A time as of RFC 3339; missing is now." example:"2026-11-27T00:00:00Z"`
}

// moment returns the time before which the price is asked for.
func (in getLowestPriceInput) moment() (time.Time, error) {
	if in.Before == "" {
		return time.Now(), nil
	}
	t, err := time.Parse(time.RFC3339, in.Before)
	if err != nil {
		return t, &fieldError{"query.before", "is not a time such as 2026-11-27T00:00:00Z"}
	}
	return t, nil
}

func (a *api) getLowestPrice(ctx context.Context, in *getLowestPriceInput) (*answer[LowestPrice], error) {
	before, err := in.moment()
	if err != nil {
		return nil, err
	}
	v, err := a.shop.Catalog.BySKU(ctx, catalog.SKU(in.SKU))
	if err != nil {
		return nil, err
	}
	if !shown(v.Offered(askNow())) {
		return nil, &catalog.UnknownSKUError{SKU: v.SKU}
	}
	lowest, found, err := a.shop.Catalog.LowestPrice(ctx, v.SKU, money.Currency(in.Currency), before)
	if err != nil {
		return nil, err
	}
	out := &answer[LowestPrice]{CacheControl: publicCache, SurrogateKey: "catalog " + string(v.Product)}
	if found {
		price := moneyOf(lowest)
		out.Body.Price = &price
	}
	return out, nil
}

type explainPriceInput struct {
	PriceAsk
	SKU    string   `path:"sku" maxLength:"200"`
	Groups []string `query:"groups" maxItems:"100" nullable:"false" doc:"Those of the customer, with commas between them."`
}

func (a *api) explainPrice(ctx context.Context, in *explainPriceInput) (*answer[PriceExplained], error) {
	v, err := a.shop.Catalog.BySKU(ctx, catalog.SKU(in.SKU))
	if err != nil {
		return nil, err
	}
	lists, err := a.shop.Catalog.PriceLists(ctx)
	if err != nil {
		return nil, err
	}
	p, considered, ok := lists.Explain(v, in.ask(in.Groups))
	out := &answer[PriceExplained]{Body: PriceExplained{Considered: make([]PriceConsidered, len(considered))}}
	if ok {
		price := showPrice(v.SKU, p)
		out.Body.Price = &price
	}
	for i, c := range considered {
		out.Body.Considered[i] = PriceConsidered{c.Code, string(c.Outcome), moneyOr(c.Amount)}
	}
	return out, nil
}

type listListPricesInput struct {
	SKU string `path:"sku" maxLength:"200"`
}

func (a *api) listListPrices(ctx context.Context, in *listListPricesInput) (*answer[List[VariantListPrice]], error) {
	v, err := a.shop.Catalog.BySKU(ctx, catalog.SKU(in.SKU))
	if err != nil {
		return nil, err
	}
	lists, err := a.shop.Catalog.PriceLists(ctx)
	if err != nil {
		return nil, err
	}
	codes := map[catalog.PriceListID]string{}
	for _, l := range lists.All() {
		codes[l.ID] = l.Code
	}
	out := &answer[List[VariantListPrice]]{Body: List[VariantListPrice]{Items: make([]VariantListPrice, len(v.ListPrices))}}
	for i, p := range v.ListPrices {
		out.Body.Items[i] = VariantListPrice{codes[p.List], p.MinQuantity, moneyOf(p.Price)}
	}
	return out, nil
}
