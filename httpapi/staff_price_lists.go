package httpapi

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/web"
)

// PriceList says for whom and when other prices than the variants' own count.
type PriceList struct {
	Code    string    `json:"code"`
	Version int64     `json:"version"`
	Created time.Time `json:"created_at"`
	Updated time.Time `json:"updated_at"`
	PriceListInput
}

// PriceListInput is a whole price list, without its prices.
type PriceListInput struct {
	Title    string     `json:"title" minLength:"1" maxLength:"200"`
	Status   string     `json:"status,omitempty" enum:"draft,active,archived" doc:"Active if it is missing. Only an active list counts."`
	From     *time.Time `json:"from,omitempty"`
	Until    *time.Time `json:"until,omitempty" doc:"The first moment after it."`
	Groups   []string   `json:"groups,omitempty" maxItems:"100" nullable:"false" doc:"For customers in one of them; missing means all."`
	Channels []string   `json:"channels,omitempty" maxItems:"100" nullable:"false"`
	Markets  []string   `json:"markets,omitempty" maxItems:"300" nullable:"false"`
	Priority int64      `json:"priority,omitempty" doc:"The list with the highest counts."`
	Sale     bool       `json:"sale,omitempty" doc:"It only ever makes things cheaper, and is shown beside the variant's own price."`
	Prices   string     `json:"prices,omitempty" enum:"included,excluded" doc:"Whether its prices contain tax; missing means as the shop's do."`
	Discount int64      `json:"discount_basis_points,omitempty" minimum:"0" maximum:"10000" doc:"Off the variant's own price where the list has none, in hundredths of a percent."`
}

// ListPriceInput is what one variant costs by a price list.
type ListPriceInput struct {
	SKU   string           `json:"sku" minLength:"1" maxLength:"200"`
	Tiers []PriceTierInput `json:"tiers,omitempty" maxItems:"100" nullable:"false" doc:"None takes the variant off the list."`
}

// PriceTierInput is a price from a quantity on.
type PriceTierInput struct {
	MinQuantity int64      `json:"min_quantity,omitempty" minimum:"0"`
	Price       MoneyInput `json:"price"`
}

func (a *api) addStaffPriceLists() {
	const group = "Prices, tax and shipping"
	add(a, route{forStaff, "GET", "/staff/price-lists", "list-price-lists", group, "List price lists", 0, false}, a.listPriceLists)
	add(a, route{forStaff, "PUT", "/staff/price-lists/{list}", "put-price-list", group, "Make or replace the price list with a code", 0, false}, a.putPriceList)
	add(a, route{forStaff, "PUT", "/staff/price-lists/{list}/prices", "put-list-prices", group, "Set prices of a price list", 204, false}, a.putListPrices)
}

func showPriceList(l catalog.PriceList) PriceList {
	out := PriceList{Code: l.Code, Version: l.Version, Created: l.CreatedAt, Updated: l.UpdatedAt, PriceListInput: PriceListInput{
		Title: l.Title, Status: string(l.Status), Groups: none(l.Groups), Channels: none(l.Channels), Markets: none(l.Markets),
		Priority: l.Priority, Sale: l.Sale, Prices: string(l.Prices), Discount: l.DiscountBasisPoints,
	}}
	out.From, out.Until = timeAt(l.From), timeAt(l.Until)
	return out
}

func (a *api) listPriceLists(ctx context.Context, _ *struct{}) (*answer[List[PriceList]], error) {
	lists, err := a.shop.Catalog.PriceLists(ctx)
	if err != nil {
		return nil, err
	}
	out := List[PriceList]{Items: []PriceList{}}
	for _, l := range lists.All() {
		out.Items = append(out.Items, showPriceList(l))
	}
	return &answer[List[PriceList]]{Body: out}, nil
}

type PriceListRef struct {
	Code string `path:"list" maxLength:"100" doc:"The price list's code."`
}

type putPriceListInput struct {
	Keyed
	Creating
	PriceListRef
	Body PriceListInput
}

func (a *api) putPriceList(ctx context.Context, in *putPriceListInput) (*answer[PriceList], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	put := catalog.PutPriceList{
		Code: in.Code, Title: in.Body.Title, Status: catalog.Status(in.Body.Status), Groups: in.Body.Groups, Channels: in.Body.Channels,
		Markets: in.Body.Markets, Priority: in.Body.Priority, Sale: in.Body.Sale, DiscountBasisPoints: in.Body.Discount, Prices: catalog.PriceTax(in.Body.Prices), Version: version, Key: in.Key,
	}
	put.From, put.Until = momentAt(in.Body.From), momentAt(in.Body.Until)
	l, err := a.shop.Catalog.PutPriceList(ctx, put)
	if err != nil {
		return nil, ifMatched[*catalog.PriceListVersionError](version, err)
	}
	return &answer[PriceList]{ETag: web.ETag(l.Version, ""), Body: showPriceList(l)}, nil
}

type putListPricesInput struct {
	Repeatable
	PriceListRef
	Body struct {
		Prices []ListPriceInput `json:"prices" minItems:"1" maxItems:"1000" nullable:"false" doc:"Variants that are not named keep their prices."`
	}
}

func (a *api) putListPrices(ctx context.Context, in *putListPricesInput) (*struct{}, error) {
	lists, err := a.shop.Catalog.PriceLists(ctx)
	if err != nil {
		return nil, err
	}
	l, ok := lists.ByCode(in.Code)
	if !ok {
		return nil, &catalog.UnknownPriceListError{List: catalog.PriceListID(in.Code)}
	}
	put := catalog.PutListPrices{List: l.ID}
	for i, p := range in.Body.Prices {
		one := catalog.SKUPrices{SKU: catalog.SKU(p.SKU)}
		for j, t := range p.Tiers {
			price, err := t.Price.amount(fmt.Sprintf("body.prices[%d].tiers[%d].price", i, j))
			if err != nil {
				return nil, err
			}
			one.Tiers = append(one.Tiers, catalog.Tier{MinQuantity: t.MinQuantity, Price: price})
		}
		put.Prices = append(put.Prices, one)
	}
	return nil, a.shop.Catalog.PutListPrices(ctx, put)
}
