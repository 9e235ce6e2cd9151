package httpapi

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
)

// Cart is what somebody intends to buy.
type Cart struct {
	ID       string     `json:"id" doc:"Whoever knows the ID of a guest's cart can use it: keep it from others."`
	Customer string     `json:"customer,omitempty" doc:"The customer whose cart it is; missing for a guest."`
	Currency string     `json:"currency"`
	Status   string     `json:"status" enum:"active,locking,completed,merging,merged" doc:"Only an active cart can be changed."`
	Order    string     `json:"order,omitempty" doc:"What a checkout made or is making of it."`
	Lines    []CartLine `json:"lines" nullable:"false"`
	Totals
	FeeRows        []Fee           `json:"fee_rows,omitempty" nullable:"false" doc:"What fees consists of."`
	TaxExempt      string          `json:"tax_exempt,omitempty" doc:"The certificate by which no tax is due."`
	Channel        string          `json:"channel,omitempty" doc:"Through which it is bought; missing is the shop's own."`
	Payment        string          `json:"pay_with,omitempty" doc:"How the shopper means to pay, for fees that depend on it."`
	ShippingMethod string          `json:"shipping_method,omitempty" doc:"The one that was chosen."`
	Offers         []ShippingOffer `json:"shipping_offers" nullable:"false" doc:"The shipping methods that there are for the address."`
	Gifts          []CartGift      `json:"gifts,omitempty" nullable:"false" doc:"What promotions give for nothing and is not in the cart: put a choice into it by add-lines, and it costs nothing."`
	Codes          []CartCode      `json:"codes" nullable:"false" doc:"The coupon codes on it, and why some have no effect."`
	Problems       []CartProblem   `json:"problems" nullable:"false" doc:"What broke since the shopper looked, such as a price that changed."`
	Missing        []string        `json:"missing" nullable:"false" doc:"What is missing before the cart can be bought: lines, shipping_address or a field of it as in shipping_address.postcode, or shipping_method; of a further delivery as in deliveries.2.shipping_method."`
	Country        string          `json:"shipping_country,omitempty"`
	Deliveries     []CartDelivery  `json:"deliveries,omitempty" nullable:"false" doc:"Where the goods go, if a delivery was added; missing if all go to the contact's address. shipping_method and shipping_offers are those of the first, shipping is what all cost."`
	Metadata       object          `json:"metadata,omitempty"`
	Version        int64           `json:"version" doc:"Moves with every change; also the ETag."`
	UpdatedAt      time.Time       `json:"updated_at"`
}

// CartLine is a number of units of one SKU at one price.
type CartLine struct {
	ID        int64  `json:"id,omitempty" doc:"Names the line, in a cart with deliveries."`
	Delivery  int64  `json:"delivery,omitempty" doc:"The delivery that it is in, in a cart with deliveries."`
	SKU       string `json:"sku"`
	Variant   string `json:"variant"`
	Title     string `json:"title"`
	Quantity  int64  `json:"quantity"`
	UnitPrice Money  `json:"unit_price"`
	Total     Money  `json:"total"`

	Properties []LineProperty `json:"properties,omitempty" doc:"What the shopper chose beside the variant."`
}

// Totals is what something costs: subtotal − discount + fees + shipping +
// tax_added = total.
type Totals struct {
	Subtotal    Money `json:"subtotal"`
	Discount    Money `json:"discount"`
	Fees        Money `json:"fees"`
	Shipping    Money `json:"shipping"`
	Tax         Money `json:"tax"`
	TaxAdded    Money `json:"tax_added" doc:"The part of tax that is in none of the other amounts."`
	Total       Money `json:"total"`
	TaxIncluded bool  `json:"tax_included" doc:"Prices contain their tax, but for lines at prices that do not."`
}

// Fee is what is charged beside goods and shipping.
type Fee struct {
	Fee    string `json:"fee" doc:"The rule that it is by."`
	Name   string `json:"name"`
	Kind   string `json:"kind,omitempty"`
	Line   int    `json:"line,omitempty" doc:"The line that it is on, from 1; missing is the whole."`
	Amount Money  `json:"amount"`
	Tax    Money  `json:"tax"`
}

// ShippingOffer is a shipping method as it stands for a cart.
type ShippingOffer struct {
	Method  string `json:"method"`
	Name    string `json:"name"`
	Pickup  bool   `json:"pickup"`
	MinDays int    `json:"min_days,omitempty"`
	MaxDays int    `json:"max_days,omitempty"`
	First   string `json:"first_day,omitempty" doc:"The first day on which it should arrive."`
	Last    string `json:"last_day,omitempty"`
	Price   Money  `json:"price"`
	Reason  string `json:"reason,omitempty" doc:"Why it is not offered; missing is offered."`
}

// CartCode is a coupon code on a cart.
type CartCode struct {
	Code   string `json:"code"`
	Reason string `json:"reason,omitempty" doc:"Why it has no effect; missing if it has."`
}

// CartGift is what a promotion gives and the cart does not have yet.
type CartGift struct {
	Promotion string       `json:"promotion"`
	Name      string       `json:"name" doc:"Of the promotion."`
	Units     int64        `json:"units" doc:"How many may be added, of all choices together."`
	Choices   []GiftChoice `json:"choices" nullable:"false" doc:"What can be had now."`
}

// GiftChoice is a variant that may be added.
type GiftChoice struct {
	SKU     string `json:"sku"`
	Variant string `json:"variant"`
	Title   string `json:"title"`
}

// CartProblem is what broke about a cart since its lines were added.
type CartProblem struct {
	Code string `json:"code"`
	SKU  string `json:"sku,omitempty"`
	// Delivery is missing for the first.
	Delivery int64  `json:"delivery,omitempty"`
	Was      *Money `json:"was,omitempty"`
	Is       *Money `json:"is,omitempty"`
	Bound    *int64 `json:"bound,omitempty" doc:"Of a problem with a quantity: how many are left, the least or greatest number, or the step between numbers."`
}

// LineInput puts units of a SKU into a cart.
type LineInput struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"200"`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000"`
	Delivery int64  `json:"delivery,omitempty" minimum:"0" doc:"The delivery that it goes into; missing is the first."`

	Properties []LineProperty `json:"properties,omitempty" maxItems:"20" nullable:"false" doc:"What the shopper chose beside the variant, such as a text to engrave, or what a gift card is worth."`
}

// LineProperty is something that a shopper chose about a line.
type LineProperty struct {
	Name  string `json:"name" minLength:"1" maxLength:"200"`
	Value string `json:"value" maxLength:"500"`
}

// createCartID is the operation that buying begins with.
const createCartID = "create-cart"

func (a *api) addCarts() {
	add(a, route{forAnyone, "POST", "/carts", createCartID, "Carts", "Start a cart", 201, false}, a.createCart)
	add(a, route{forCartHolder, "GET", "/carts/{cart}", "get-cart", "Carts", "Get a cart", 0, false}, a.getCart)
	add(a, route{forCartHolder, "PATCH", "/carts/{cart}", "update-cart", "Carts", "Change who buys, where goods go, and notes", 0, false}, a.updateCart)
	add(a, route{forCartHolder, "POST", "/carts/{cart}/lines", "add-lines", "Carts", "Put goods into a cart, all of them or none", 0, false}, a.addLines)
	add(a, route{forCartHolder, "PUT", "/carts/{cart}/lines/{sku}", "set-quantity", "Carts", "Change how many units a line has", 0, false}, a.setQuantity)
	add(a, route{forCartHolder, "DELETE", "/carts/{cart}/lines/{sku}", "remove-line", "Carts", "Remove a line", 200, false}, a.removeLine)
	add(a, route{forCartHolder, "POST", "/carts/{cart}/codes", "apply-code", "Carts", "Put a coupon code on a cart", 0, true}, a.applyCode)
	add(a, route{forCartHolder, "DELETE", "/carts/{cart}/codes/{code}", "remove-code", "Carts", "Take a coupon code off a cart", 200, false}, a.removeCode)
	add(a, route{forCartHolder, "GET", "/carts/{cart}/contact", "get-contact", "Carts", "Get who buys and where goods go", 0, false}, a.getContact)
	add(a, route{forCustomer, "GET", "/customers/me/cart", "get-my-cart", "Carts", "Get one's newest active cart", 0, false}, a.getMyCart)
	add(a, route{forCustomer, "POST", "/customers/me/cart/merge", "merge-cart", "Carts", "Move a guest's cart into one's own, as after logging in", 0, false}, a.mergeCart)
}

type CartRef struct {
	Cart string `path:"cart" maxLength:"64" doc:"A cart's ID."`
}

func (r CartRef) id() cart.ID { return cart.ID(r.Cart) }

type createCartInput struct {
	Keyed
	Body struct {
		Currency string      `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"That of the first line's price if it is missing."`
		Channel  string      `json:"channel,omitempty" maxLength:"100" doc:"Through which it is bought, one that the shop opens to everybody; missing is the shop's own. Staff may name any."`
		Lines    []LineInput `json:"lines" minItems:"1" maxItems:"100" nullable:"false"`
	}
}

func (a *api) createCart(ctx context.Context, in *createCartInput) (*answer[Cart], error) {
	if err := a.mayBuyThrough(callerOf(ctx), in.Body.Channel, "body.channel"); err != nil {
		return nil, err
	}
	c, err := a.shop.Carts.AddLines(ctx, cart.AddLines{
		Customer: callerOf(ctx).Customer, Currency: money.Currency(in.Body.Currency), Channel: in.Body.Channel, Lines: linesOf(in.Body.Lines), Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	if err := mayHold(callerOf(ctx), c.ID, c.Customer); err != nil {
		return nil, err // a guest asks again with the key of a cart that is a customer's by now
	}
	out := cartAnswer(c)
	out.Location = a.options.Prefix + "/carts/" + string(c.ID)
	return out, nil
}

// mayBuyThrough refuses channels that are not open to everybody: with them a
// shopper would choose what things cost. at names the field in an error.
func (a *api) mayBuyThrough(c Caller, channel, at string) error {
	if channel == "" || c.Staff || slices.Contains(a.options.Channels, channel) {
		return nil
	}
	return &fieldError{at, "is not a channel that this shop sells through here"}
}

func linesOf(in []LineInput) []cart.AddedLine {
	lines := make([]cart.AddedLine, len(in))
	for i, l := range in {
		lines[i] = cart.AddedLine{SKU: catalog.SKU(l.SKU), Quantity: l.Quantity, Delivery: l.Delivery}
		for _, p := range l.Properties {
			lines[i].Properties = append(lines[i].Properties, cart.Property(p))
		}
	}
	return lines
}

type getCartInput struct {
	CartRef
	Read
}

func (a *api) getCart(ctx context.Context, in *getCartInput) (*answer[Cart], error) {
	c, err := a.shop.Carts.Get(ctx, in.id())
	if err != nil {
		return nil, err
	}
	out := cartAnswer(c)
	out.ETag = cartTag(c, variantOf(ctx))
	if err := out.unlessMatched(in.IfNoneMatch); err != nil {
		return nil, err
	}
	return out, nil
}

func (a *api) getMyCart(ctx context.Context, in *Read) (*answer[Cart], error) {
	c, err := a.shop.Carts.ActiveOf(ctx, callerOf(ctx).Customer)
	if err != nil {
		return nil, err
	}
	out := cartAnswer(c)
	out.ETag = cartTag(c, variantOf(ctx))
	if err := out.unlessMatched(in.IfNoneMatch); err != nil {
		return nil, err
	}
	return out, nil
}

type addLinesInput struct {
	Keyed
	Conditional
	CartRef
	Body struct {
		Lines []LineInput `json:"lines" minItems:"1" maxItems:"100" nullable:"false"`
	}
}

func (a *api) addLines(ctx context.Context, in *addLinesInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.shop.Carts.AddLines(ctx, cart.AddLines{Cart: in.id(), Lines: linesOf(in.Body.Lines), Version: version, Key: in.Key})
	return cartOr(c, version, err)
}

type setQuantityInput struct {
	Keyed
	Conditional
	CartRef
	SKU  string `path:"sku" maxLength:"200"`
	Body struct {
		Quantity  int64       `json:"quantity" minimum:"0" maximum:"1000000" doc:"0 removes the line."`
		UnitPrice *MoneyInput `json:"unit_price,omitempty" doc:"Names the line if the SKU is in the cart at several prices."`
		Line      int64       `json:"line,omitempty" minimum:"0" doc:"Names the line by its ID, if the SKU is in several deliveries."`
	}
}

func (a *api) setQuantity(ctx context.Context, in *setQuantityInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c := cart.SetQuantity{Cart: in.id(), SKU: catalog.SKU(in.SKU), Quantity: in.Body.Quantity, Line: in.Body.Line, Version: version, Key: in.Key}
	if in.Body.UnitPrice != nil {
		price, err := in.Body.UnitPrice.amount("body.unit_price")
		if err != nil {
			return nil, err
		}
		c.UnitPrice = &price
	}
	changed, err := a.shop.Carts.SetQuantity(ctx, c)
	return cartOr(changed, version, err)
}

type removeLineInput struct {
	Keyed
	Conditional
	CartRef
	SKU  string `path:"sku" maxLength:"200"`
	Line int64  `query:"line" minimum:"0" doc:"Names the line by its ID, if the SKU is in several deliveries."`
}

func (a *api) removeLine(ctx context.Context, in *removeLineInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.shop.Carts.SetQuantity(ctx, cart.SetQuantity{Cart: in.id(), SKU: catalog.SKU(in.SKU), Line: in.Line, Version: version, Key: in.Key})
	return cartOr(c, version, err)
}

type applyCodeInput struct {
	Keyed
	Conditional
	CartRef
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"100"`
	}
}

func (a *api) applyCode(ctx context.Context, in *applyCodeInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.shop.Carts.ApplyCode(ctx, cart.ApplyCode{Cart: in.id(), Code: in.Body.Code, Version: version, Key: in.Key})
	return cartOr(c, version, err)
}

type removeCodeInput struct {
	Keyed
	Conditional
	CartRef
	Code string `path:"code" maxLength:"100"`
}

func (a *api) removeCode(ctx context.Context, in *removeCodeInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.shop.Carts.RemoveCode(ctx, cart.RemoveCode{Cart: in.id(), Code: in.Code, Version: version, Key: in.Key})
	return cartOr(c, version, err)
}

type mergeCartInput struct {
	Repeatable
	Body struct {
		Cart string `json:"cart" minLength:"1" maxLength:"64" doc:"The guest's cart."`
	}
}

func (a *api) mergeCart(ctx context.Context, in *mergeCartInput) (*answer[Cart], error) {
	c, err := a.shop.Carts.Merge(ctx, cart.ID(in.Body.Cart), callerOf(ctx).Customer)
	return cartOr(c, 0, err)
}

// cartOr is the answer of a command on a cart.
func cartOr(c cart.Cart, version int64, err error) (*answer[Cart], error) {
	if err != nil {
		return nil, ifMatched[*cart.VersionError](version, err)
	}
	return cartAnswer(c), nil
}

func cartAnswer(c cart.Cart) *answer[Cart] {
	return &answer[Cart]{ETag: cartTag(c, ""), Body: showCart(c)}
}

// cartTag returns the ETag of a cart: its version, and besides a digest of
// what may change without it, which is what it costs.
func cartTag(c cart.Cart, variant string) string {
	h := fnv.New32a()
	for _, a := range []money.Amount{c.Subtotal, c.Discount, c.FeeTotal, c.Shipping, c.Tax, c.Total} {
		fmt.Fprint(h, a.Minor(), " ")
	}
	fmt.Fprint(h, c.Codes, len(c.Offers), len(c.Problems), len(c.Requirements), c.Gifts, variant)
	return web.ETag(c.Version, strconv.FormatUint(uint64(h.Sum32()), 36))
}

func showCart(c cart.Cart) Cart {
	out := Cart{
		ID: string(c.ID), Customer: string(c.Customer), Currency: string(c.Currency), Status: string(c.Status), Order: c.Order,
		Lines: make([]CartLine, len(c.Lines)), Totals: totalsOf(c), ShippingMethod: c.ShippingMethod,
		Offers: showOffers(c.Offers), Codes: make([]CartCode, len(c.Codes)), Problems: make([]CartProblem, len(c.Problems)), Missing: texts(c.Requirements),
		Country: c.ShippingCountry, Metadata: object(c.Metadata), Version: c.Version, UpdatedAt: c.UpdatedAt,
	}
	for i, l := range c.Lines {
		out.Lines[i] = CartLine{
			SKU: string(l.SKU), Variant: string(l.Variant), Title: l.Title, Quantity: l.Quantity,
			UnitPrice: moneyOf(l.UnitPrice), Total: moneyOf(l.Total),
		}
		for _, p := range l.Properties {
			out.Lines[i].Properties = append(out.Lines[i].Properties, LineProperty(p))
		}
	}
	out.Channel, out.Payment, out.TaxExempt = c.Channel, c.Payment, c.TaxExempt
	out.showDeliveries(c)
	for _, f := range c.Fees {
		line := 1 + slices.IndexFunc(c.Lines, func(l cart.Line) bool { return l.ID == f.Line })
		out.FeeRows = append(out.FeeRows, Fee{f.ID, f.Name, string(f.Kind), line, moneyOf(f.Amount), moneyOf(f.Tax)})
	}
	for i, code := range c.Codes {
		out.Codes[i] = CartCode{code.Code, string(code.Reason)}
	}
	for _, g := range c.Gifts {
		gift := CartGift{Promotion: g.Promotion, Name: g.Name, Units: g.Units}
		for _, choice := range g.Choices {
			gift.Choices = append(gift.Choices, GiftChoice{string(choice.SKU), string(choice.Variant), choice.Title})
		}
		out.Gifts = append(out.Gifts, gift)
	}
	for i, p := range c.Problems {
		out.Problems[i] = CartProblem{string(p.Code), string(p.SKU), p.Delivery, moneyOr(p.Was), moneyOr(p.Is), boundOf(p)}
	}
	return out
}

// boundOf returns the number in a problem with a quantity.
func boundOf(p cart.Problem) *int64 {
	switch p.Code {
	case cart.OutOfStock, cart.TooFew, cart.TooMany, cart.BetweenSteps, cart.TooManyShares, cart.BoughtEnough, cart.TooManyBound:
		return &p.Bound
	}
	return nil
}

func showOffers(offers []cart.ShippingOffer) []ShippingOffer {
	out := make([]ShippingOffer, len(offers))
	for i, o := range offers {
		out[i] = ShippingOffer{o.Method, o.Name, o.Pickup, o.MinDays, o.MaxDays, o.First, o.Last, moneyOf(o.Price), string(o.Reason)}
	}
	return out
}

func totalsOf(c cart.Cart) Totals {
	return Totals{moneyOf(c.Subtotal), moneyOf(c.Discount), moneyOf(c.FeeTotal), moneyOf(c.Shipping), moneyOf(c.Tax), moneyOf(c.TaxAdded), moneyOf(c.Total), c.TaxIncluded}
}
