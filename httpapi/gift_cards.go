package httpapi

import (
	"context"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/orders"
)

// BoughtGiftCard is a gift card that was bought with an order.
type BoughtGiftCard struct {
	Line   int    `json:"line" doc:"Of the order, from 1."`
	Unit   int    `json:"unit" doc:"Of the line, from 1."`
	State  string `json:"state" enum:"due,issued,asked_back,taken_back"`
	Amount Money  `json:"amount" doc:"What it was sold for."`
	Last4  string `json:"last4" doc:"The end of its code."`
	Code   string `json:"code,omitempty" doc:"Whoever has it can pay with it. The buyer sees it while the card is issued; staff never do."`
	Reason string `json:"reason,omitempty" doc:"Why it was taken back, or was to be."`
}

// GiftCardInput says what a gift card may be worth.
type GiftCardInput struct {
	Ranges []GiftCardRange `json:"ranges,omitempty" nullable:"false" maxItems:"50" doc:"What a shopper may choose by the property worth of a line, at most one in a currency; missing: it is worth its price."`
}

// GiftCardRange bounds what a shopper may choose.
type GiftCardRange struct {
	Least MoneyInput `json:"least"`
	Most  MoneyInput `json:"most"`
}

func (a *api) addGiftCards() {
	add(a, route{forOrderOwner, "GET", "/orders/{order}/gift-cards", "list-gift-cards", "Orders", "List the gift cards that were bought with an order", 0, false}, a.listGiftCards)
	add(a, route{forCartHolder, "GET", "/carts/{cart}/order/gift-cards", "list-gift-cards-of-cart", "Checkout", "List the gift cards that were bought with a cart", 0, false}, a.listGiftCardsOfCart)
	add(a, route{forStaff, "GET", "/staff/orders/{order}/gift-cards", "list-bought-gift-cards", "Fulfilment", "List the gift cards that were bought with an order, without their codes", 0, false}, a.listBoughtGiftCards)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/gift-cards", "hand-over-gift-cards", "Fulfilment", "Hand the gift cards of a paid order over", 0, false}, a.handOverGiftCards)
	add(a, route{forStaff, "POST", "/staff/orders/{order}/gift-cards/returns", "take-back-gift-card", "Refunds", "Take a gift card back that was not used, and pay it back", 0, false}, a.takeBackGiftCard)
}

func (a *api) listGiftCards(ctx context.Context, in *orderFields) (*answer[List[BoughtGiftCard]], error) {
	return a.giftCardsOf(ctx, in.id(), true)
}

func (a *api) listGiftCardsOfCart(ctx context.Context, in *cartOnly) (*answer[List[BoughtGiftCard]], error) {
	o, err := a.orderOf(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return a.giftCardsOf(ctx, o, true)
}

func (a *api) listBoughtGiftCards(ctx context.Context, in *orderFields) (*answer[List[BoughtGiftCard]], error) {
	return a.giftCardsOf(ctx, in.id(), false)
}

func (a *api) giftCardsOf(ctx context.Context, o orders.ID, codes bool) (*answer[List[BoughtGiftCard]], error) {
	all, err := a.shop.Credit.Sold(ctx, o)
	return boughtGiftCards(all, codes, err)
}

type handOverInput struct {
	Keyed
	OrderRef
}

func (a *api) handOverGiftCards(ctx context.Context, in *handOverInput) (*answer[List[BoughtGiftCard]], error) {
	all, err := a.shop.Credit.HandOver(ctx, credit.HandOver{Order: in.id(), Key: in.Key})
	return boughtGiftCards(all, false, err)
}

type takeBackInput struct {
	Keyed
	OrderRef
	Body struct {
		Line   int    `json:"line" minimum:"1" maximum:"10000"`
		Unit   int    `json:"unit" minimum:"1" maximum:"1000000"`
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *api) takeBackGiftCard(ctx context.Context, in *takeBackInput) (*answer[BoughtGiftCard], error) {
	c, err := a.shop.Credit.TakeBack(ctx, credit.TakeBack{Order: in.id(), Line: in.Body.Line, Unit: in.Body.Unit, Reason: in.Body.Reason, Key: in.Key})
	if err != nil {
		return nil, err
	}
	return &answer[BoughtGiftCard]{Body: showBoughtGiftCard(c, false)}, nil
}

func boughtGiftCards(all []credit.SoldCard, codes bool, err error) (*answer[List[BoughtGiftCard]], error) {
	if err != nil {
		return nil, err
	}
	out := &answer[List[BoughtGiftCard]]{CacheControl: "private, no-store", Body: List[BoughtGiftCard]{Items: make([]BoughtGiftCard, len(all))}}
	for i, c := range all {
		out.Body.Items[i] = showBoughtGiftCard(c, codes)
	}
	return out, nil
}

func showBoughtGiftCard(c credit.SoldCard, code bool) BoughtGiftCard {
	out := BoughtGiftCard{Line: c.Line, Unit: c.Unit, State: string(c.State), Amount: moneyOf(c.Amount), Last4: c.Last4, Reason: c.Reason}
	if code {
		out.Code = c.Code
	}
	return out
}

func giftCardOf(in *GiftCardInput, at string) (*catalog.GiftCard, error) {
	if in == nil {
		return nil, nil
	}
	out := &catalog.GiftCard{}
	for _, r := range in.Ranges {
		bounds, err := amountsOf([]MoneyInput{r.Least, r.Most}, at+".ranges")
		if err != nil {
			return nil, err
		}
		out.Ranges = append(out.Ranges, catalog.GiftCardRange{Least: bounds[0], Most: bounds[1]})
	}
	return out, nil
}

func showGiftCard(g *catalog.GiftCard) *GiftCardInput {
	if g == nil {
		return nil
	}
	out := &GiftCardInput{}
	for _, r := range g.Ranges {
		out.Ranges = append(out.Ranges, GiftCardRange{
			Least: MoneyInput{Minor: r.Least.Minor(), Currency: string(r.Least.Currency())},
			Most:  MoneyInput{Minor: r.Most.Minor(), Currency: string(r.Most.Currency())},
		})
	}
	return out
}
