// Code generated from the OpenAPI document by httpapi's tests. DO NOT EDIT.

package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// AbandonCheckout: give a pending order up.
// It is POST /carts/{cart}/checkout/abandon.
func (c *Client) AbandonCheckout(ctx context.Context, cart string, opts ...CallOption) (out Checkout, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts/" + url.PathEscape(cart) + "/checkout/abandon"}, opts, &out)
	return out, err
}

// AbandonPayment: give a further payment up that is not decided.
// It is POST /staff/payments/{payment}/abandon.
func (c *Client) AbandonPayment(ctx context.Context, payment string, opts ...CallOption) (out OrderPayment, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/payments/" + url.PathEscape(payment) + "/abandon"}, opts, &out)
	return out, err
}

// AddAddress: add an address to one's address book.
// It is POST /customers/me/addresses.
func (c *Client) AddAddress(ctx context.Context, body Address, opts ...CallOption) (out SavedAddress, err error) {
	err = c.do(ctx, call{method: "POST", path: "/customers/me/addresses", body: body}, opts, &out)
	return out, err
}

// AddDelivery: add a delivery to another address.
// It is POST /carts/{cart}/deliveries.
func (c *Client) AddDelivery(ctx context.Context, cart string, body AddDeliveryBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts/" + url.PathEscape(cart) + "/deliveries", body: body}, opts, &out)
	return out, err
}

// AddLines: put goods into a cart, all of them or none.
// It is POST /carts/{cart}/lines.
func (c *Client) AddLines(ctx context.Context, cart string, body AddLinesBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts/" + url.PathEscape(cart) + "/lines", body: body}, opts, &out)
	return out, err
}

// AdjustBalance: put more into a balance, or take some out.
// It is POST /staff/balances/{balance}/adjustments.
func (c *Client) AdjustBalance(ctx context.Context, balance string, body AdjustBalanceBody, opts ...CallOption) (out Balance, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/balances/" + url.PathEscape(balance) + "/adjustments", body: body}, opts, &out)
	return out, err
}

// AdjustStockQuery is the query of AdjustStock. What is zero is not sent.
type AdjustStockQuery struct {
	// The ID of the place; missing is main.
	Place string
}

func (q AdjustStockQuery) values() url.Values {
	v := url.Values{}
	if q.Place != "" {
		v.Set("place", q.Place)
	}
	return v
}

// AdjustStock: correct what is on hand.
// It is POST /staff/stock/{sku}/adjustments.
func (c *Client) AdjustStock(ctx context.Context, sku string, query AdjustStockQuery, body AdjustStockBody, opts ...CallOption) (out StockLevel, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/stock/" + url.PathEscape(sku) + "/adjustments", query: query.values(), body: body}, opts, &out)
	return out, err
}

// AnnotateOrder: change what other programs note about an order.
// It is PATCH /staff/orders/{order}.
func (c *Client) AnnotateOrder(ctx context.Context, order string, body AnnotateOrderBody, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "PATCH", path: "/staff/orders/" + url.PathEscape(order), body: body}, opts, &out)
	return out, err
}

// ApplyCode: put a coupon code on a cart.
// It is POST /carts/{cart}/codes.
func (c *Client) ApplyCode(ctx context.Context, cart string, body ApplyCodeBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts/" + url.PathEscape(cart) + "/codes", body: body}, opts, &out)
	return out, err
}

// ArchiveProduct: take a product off sale for good.
// It is POST /staff/products/{product}/archive.
func (c *Client) ArchiveProduct(ctx context.Context, product string, opts ...CallOption) (out StaffProduct, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/products/" + url.PathEscape(product) + "/archive"}, opts, &out)
	return out, err
}

// AssignLines: move lines, or some of their units, into a delivery.
// It is POST /carts/{cart}/deliveries/{delivery}/lines.
func (c *Client) AssignLines(ctx context.Context, cart string, delivery string, body AssignLinesBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts/" + url.PathEscape(cart) + "/deliveries/" + url.PathEscape(delivery) + "/lines", body: body}, opts, &out)
	return out, err
}

// CancelLines: cancel units that have not left.
// It is POST /staff/orders/{order}/line-cancellations.
func (c *Client) CancelLines(ctx context.Context, order string, body CancelLinesBody, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/line-cancellations", body: body}, opts, &out)
	return out, err
}

// CancelOrder: withdraw a placed order of which nothing has shipped.
// It is POST /staff/orders/{order}/cancel.
func (c *Client) CancelOrder(ctx context.Context, order string, body CancelOrderBody, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/cancel", body: body}, opts, &out)
	return out, err
}

// CapturePayment: take authorized money.
// It is POST /staff/payments/{payment}/captures.
func (c *Client) CapturePayment(ctx context.Context, payment string, body CapturePaymentBody, opts ...CallOption) (out Operation, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/payments/" + url.PathEscape(payment) + "/captures", body: body}, opts, &out)
	return out, err
}

// ChangePassword: change one's password, which ends all sessions and opens a new one.
// It is PUT /customers/me/password.
func (c *Client) ChangePassword(ctx context.Context, body ChangePasswordBody, opts ...CallOption) (out Session, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/customers/me/password", body: body}, opts, &out)
	return out, err
}

// CheckOut: buy what is in a cart.
// It is POST /carts/{cart}/checkout.
func (c *Client) CheckOut(ctx context.Context, cart string, body CheckOutBody, opts ...CallOption) (out Checkout, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts/" + url.PathEscape(cart) + "/checkout", body: body}, opts, &out)
	return out, err
}

// ClearDiscrepancy: say that somebody has looked at a discrepancy.
// It is POST /staff/discrepancies/clear.
func (c *Client) ClearDiscrepancy(ctx context.Context, body ClearDiscrepancyBody, opts ...CallOption) (out ListDiscrepancy, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/discrepancies/clear", body: body}, opts, &out)
	return out, err
}

// ConfirmChange: change a placed order.
// It is POST /staff/orders/{order}/changes.
func (c *Client) ConfirmChange(ctx context.Context, order string, body ChangeBody, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/changes", body: body}, opts, &out)
	return out, err
}

// CreateCart: start a cart.
// It is POST /carts.
func (c *Client) CreateCart(ctx context.Context, body CreateCartBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts", body: body}, opts, &out)
	return out, err
}

// CreateEndpoint: send events to an address, from now on.
// It is POST /staff/endpoints.
func (c *Client) CreateEndpoint(ctx context.Context, body EndpointBody, opts ...CallOption) (out Endpoint, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/endpoints", body: body}, opts, &out)
	return out, err
}

// DecideReturn: approve, reject or end a return.
// It is POST /staff/returns/{rma}/decision.
func (c *Client) DecideReturn(ctx context.Context, rma string, body DecideReturnBody, opts ...CallOption) (out Return, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/returns/" + url.PathEscape(rma) + "/decision", body: body}, opts, &out)
	return out, err
}

// DeliverOrder: hand the files of a paid order over.
// It is POST /staff/orders/{order}/deliveries.
func (c *Client) DeliverOrder(ctx context.Context, order string, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/deliveries"}, opts, &out)
	return out, err
}

// EndSession: log out somewhere else.
// It is DELETE /sessions/{session}.
func (c *Client) EndSession(ctx context.Context, session string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/sessions/" + url.PathEscape(session)}, opts, nil)
}

// EraseCustomer: make everything personal of a customer unreadable for good.
// It is DELETE /staff/customers/{customer}.
func (c *Client) EraseCustomer(ctx context.Context, customer string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/customers/" + url.PathEscape(customer)}, opts, nil)
}

// EraseMe: make everything personal of oneself unreadable for good.
// It is DELETE /customers/me.
func (c *Client) EraseMe(ctx context.Context, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/customers/me"}, opts, nil)
}

// ExplainOrder: explain how the amounts of an order came about.
// It is GET /orders/{order}/explanation.
func (c *Client) ExplainOrder(ctx context.Context, order string, opts ...CallOption) (out OrderExplained, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/explanation"}, opts, &out)
	return out, err
}

// ExplainOrderToStaff: explain how the amounts of an order came about, with price lists, agreements and the promotions that were not applied.
// It is GET /staff/orders/{order}/explanation.
func (c *Client) ExplainOrderToStaff(ctx context.Context, order string, opts ...CallOption) (out OrderExplained, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/orders/" + url.PathEscape(order) + "/explanation"}, opts, &out)
	return out, err
}

// ExplainPriceQuery is the query of ExplainPrice. What is zero is not sent.
type ExplainPriceQuery struct {
	Currency string
	// The country whose price lists count.
	Market string
	// Missing is the shop's own.
	Channel string
	// Units of the variant in the whole cart.
	Quantity int64
	// Those of the customer, with commas between them.
	Groups []string
}

func (q ExplainPriceQuery) values() url.Values {
	v := url.Values{}
	if q.Currency != "" {
		v.Set("currency", q.Currency)
	}
	if q.Market != "" {
		v.Set("market", q.Market)
	}
	if q.Channel != "" {
		v.Set("channel", q.Channel)
	}
	if q.Quantity != 0 {
		v.Set("quantity", strconv.FormatInt(q.Quantity, 10))
	}
	for _, s := range q.Groups {
		v.Add("groups", s)
	}
	return v
}

// ExplainPrice: explain what a variant costs somebody: which price list has won, and why others have not.
// It is GET /staff/variants/{sku}/price.
func (c *Client) ExplainPrice(ctx context.Context, sku string, query ExplainPriceQuery, opts ...CallOption) (out PriceExplained, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/variants/" + url.PathEscape(sku) + "/price", query: query.values()}, opts, &out)
	return out, err
}

// ExplainSearchQuery is the query of ExplainSearch. What is zero is not sent.
type ExplainSearchQuery struct {
	Text string
	// A product's ID or handle.
	Product  string
	Currency string
	Market   string
	Channel  string
}

func (q ExplainSearchQuery) values() url.Values {
	v := url.Values{}
	if q.Text != "" {
		v.Set("q", q.Text)
	}
	if q.Product != "" {
		v.Set("product", q.Product)
	}
	if q.Currency != "" {
		v.Set("currency", q.Currency)
	}
	if q.Market != "" {
		v.Set("market", q.Market)
	}
	if q.Channel != "" {
		v.Set("channel", q.Channel)
	}
	return v
}

// ExplainSearch: explain how a product comes to its place among what is found.
// It is GET /staff/search/explanation.
func (c *Client) ExplainSearch(ctx context.Context, query ExplainSearchQuery, opts ...CallOption) (out ScoreExplained, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/search/explanation", query: query.values()}, opts, &out)
	return out, err
}

// FindCustomer: find a customer by e-mail address.
// It is POST /staff/customers/search.
func (c *Client) FindCustomer(ctx context.Context, body FindCustomerBody, opts ...CallOption) (out StaffCustomer, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/customers/search", body: body}, opts, &out)
	return out, err
}

// FindCustomersByPhone: find customers by phone number.
// It is POST /staff/customers/search-by-phone.
func (c *Client) FindCustomersByPhone(ctx context.Context, body FindByPhoneBody, opts ...CallOption) (out ListStaffCustomer, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/customers/search-by-phone", body: body}, opts, &out)
	return out, err
}

// ForgetMissQuery is the query of ForgetMiss. What is zero is not sent.
type ForgetMissQuery struct {
	Text   string
	Locale string
}

func (q ForgetMissQuery) values() url.Values {
	v := url.Values{}
	if q.Text != "" {
		v.Set("text", q.Text)
	}
	if q.Locale != "" {
		v.Set("locale", q.Locale)
	}
	return v
}

// ForgetMiss: take a text off the list of those that found nothing.
// It is DELETE /staff/merchandising/misses.
func (c *Client) ForgetMiss(ctx context.Context, query ForgetMissQuery, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/merchandising/misses", query: query.values()}, opts, nil)
}

// GetAnyCategory: get a category with its translations, by its ID or handle.
// It is GET /staff/categories/{category}.
func (c *Client) GetAnyCategory(ctx context.Context, category string, opts ...CallOption) (out StaffCategory, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/categories/" + url.PathEscape(category)}, opts, &out)
	return out, err
}

// GetAnyCollection: get a collection with its rules.
// It is GET /staff/collections/{collection}.
func (c *Client) GetAnyCollection(ctx context.Context, collection string, opts ...CallOption) (out StaffCollection, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/collections/" + url.PathEscape(collection)}, opts, &out)
	return out, err
}

// GetAnyProduct: get a product, whatever its status.
// It is GET /staff/products/{product}.
func (c *Client) GetAnyProduct(ctx context.Context, product string, opts ...CallOption) (out StaffProduct, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/products/" + url.PathEscape(product)}, opts, &out)
	return out, err
}

// GetCart: get a cart.
// It is GET /carts/{cart}.
func (c *Client) GetCart(ctx context.Context, cart string, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "GET", path: "/carts/" + url.PathEscape(cart)}, opts, &out)
	return out, err
}

// GetCategory: get a category by its ID or handle.
// It is GET /categories/{category}.
func (c *Client) GetCategory(ctx context.Context, category string, opts ...CallOption) (out CategoryPage, err error) {
	err = c.do(ctx, call{method: "GET", path: "/categories/" + url.PathEscape(category)}, opts, &out)
	return out, err
}

// GetCollection: get a collection by its ID or handle.
// It is GET /collections/{collection}.
func (c *Client) GetCollection(ctx context.Context, collection string, opts ...CallOption) (out Collection, err error) {
	err = c.do(ctx, call{method: "GET", path: "/collections/" + url.PathEscape(collection)}, opts, &out)
	return out, err
}

// GetContact: get who buys and where goods go.
// It is GET /carts/{cart}/contact.
func (c *Client) GetContact(ctx context.Context, cart string, opts ...CallOption) (out Contact, err error) {
	err = c.do(ctx, call{method: "GET", path: "/carts/" + url.PathEscape(cart) + "/contact"}, opts, &out)
	return out, err
}

// GetCoupon: get a code.
// It is GET /staff/coupons/{code}.
func (c *Client) GetCoupon(ctx context.Context, code string, opts ...CallOption) (out Coupon, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/coupons/" + url.PathEscape(code)}, opts, &out)
	return out, err
}

// GetCustomer: get a customer.
// It is GET /staff/customers/{customer}.
func (c *Client) GetCustomer(ctx context.Context, customer string, opts ...CallOption) (out StaffCustomer, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/customers/" + url.PathEscape(customer)}, opts, &out)
	return out, err
}

// GetDocumentSettings: get how invoices are drawn up.
// It is GET /staff/documents/settings.
func (c *Client) GetDocumentSettings(ctx context.Context, opts ...CallOption) (out DocumentSettings, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/documents/settings"}, opts, &out)
	return out, err
}

// GetDownload: get what a link leads to.
// It is GET /downloads/{token}.
func (c *Client) GetDownload(ctx context.Context, token string, opts ...CallOption) (out Download, err error) {
	err = c.do(ctx, call{method: "GET", path: "/downloads/" + url.PathEscape(token)}, opts, &out)
	return out, err
}

// GetDownloadSettings: get how files are handed over.
// It is GET /staff/downloads/settings.
func (c *Client) GetDownloadSettings(ctx context.Context, opts ...CallOption) (out DownloadSettings, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/downloads/settings"}, opts, &out)
	return out, err
}

// GetEndpoint: get an endpoint.
// It is GET /staff/endpoints/{endpoint}.
func (c *Client) GetEndpoint(ctx context.Context, endpoint string, opts ...CallOption) (out Endpoint, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/endpoints/" + url.PathEscape(endpoint)}, opts, &out)
	return out, err
}

// GetGiftCard: get what is left on a gift card.
// It is POST /gift-cards/balance.
func (c *Client) GetGiftCard(ctx context.Context, body GetGiftCardBody, opts ...CallOption) (out GiftCard, err error) {
	err = c.do(ctx, call{method: "POST", path: "/gift-cards/balance", body: body}, opts, &out)
	return out, err
}

// GetLowestPriceQuery is the query of GetLowestPrice. What is zero is not sent.
type GetLowestPriceQuery struct {
	Currency string
	// A time as of RFC 3339; missing is now.
	Before string
}

func (q GetLowestPriceQuery) values() url.Values {
	v := url.Values{}
	if q.Currency != "" {
		v.Set("currency", q.Currency)
	}
	if q.Before != "" {
		v.Set("before", q.Before)
	}
	return v
}

// GetLowestPrice: get the lowest price that a variant had in the 30 days before a time, such as the beginning of a sale.
// It is GET /variants/{sku}/lowest-price.
func (c *Client) GetLowestPrice(ctx context.Context, sku string, query GetLowestPriceQuery, opts ...CallOption) (out LowestPrice, err error) {
	err = c.do(ctx, call{method: "GET", path: "/variants/" + url.PathEscape(sku) + "/lowest-price", query: query.values()}, opts, &out)
	return out, err
}

// GetMe: get oneself.
// It is GET /customers/me.
func (c *Client) GetMe(ctx context.Context, opts ...CallOption) (out Customer, err error) {
	err = c.do(ctx, call{method: "GET", path: "/customers/me"}, opts, &out)
	return out, err
}

// GetMerchandising: get all rules, synonyms and stop words of the search.
// It is GET /staff/merchandising.
func (c *Client) GetMerchandising(ctx context.Context, opts ...CallOption) (out Merchandising, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/merchandising"}, opts, &out)
	return out, err
}

// GetMyCart: get one's newest active cart.
// It is GET /customers/me/cart.
func (c *Client) GetMyCart(ctx context.Context, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "GET", path: "/customers/me/cart"}, opts, &out)
	return out, err
}

// GetNumbering: get how orders are numbered.
// It is GET /staff/numbering.
func (c *Client) GetNumbering(ctx context.Context, opts ...CallOption) (out Numbering, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/numbering"}, opts, &out)
	return out, err
}

// GetOrder: get an order.
// It is GET /orders/{order}.
func (c *Client) GetOrder(ctx context.Context, order string, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order)}, opts, &out)
	return out, err
}

// GetOrderContact: get who bought and where goods go.
// It is GET /orders/{order}/contact.
func (c *Client) GetOrderContact(ctx context.Context, order string, opts ...CallOption) (out Contact, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/contact"}, opts, &out)
	return out, err
}

// GetOrderOfCart: get the order that was made of a cart.
// It is GET /carts/{cart}/order.
func (c *Client) GetOrderOfCart(ctx context.Context, cart string, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "GET", path: "/carts/" + url.PathEscape(cart) + "/order"}, opts, &out)
	return out, err
}

// GetOrderTimeline: list what happened to an order.
// It is GET /orders/{order}/timeline.
func (c *Client) GetOrderTimeline(ctx context.Context, order string, opts ...CallOption) (out ListMoment, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/timeline"}, opts, &out)
	return out, err
}

// GetPlaces: get the places that the shop sells from.
// It is GET /staff/places.
func (c *Client) GetPlaces(ctx context.Context, opts ...CallOption) (out Places, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/places"}, opts, &out)
	return out, err
}

// GetProduct: get a product on sale by its ID or handle.
// It is GET /products/{product}.
func (c *Client) GetProduct(ctx context.Context, product string, opts ...CallOption) (out Product, err error) {
	err = c.do(ctx, call{method: "GET", path: "/products/" + url.PathEscape(product)}, opts, &out)
	return out, err
}

// GetQuote: get what a cart costs now.
// It is GET /carts/{cart}/quote.
func (c *Client) GetQuote(ctx context.Context, cart string, opts ...CallOption) (out Quote, err error) {
	err = c.do(ctx, call{method: "GET", path: "/carts/" + url.PathEscape(cart) + "/quote"}, opts, &out)
	return out, err
}

// GetRules: get all that carts are priced by.
// It is GET /staff/rules.
func (c *Client) GetRules(ctx context.Context, opts ...CallOption) (out Rules, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/rules"}, opts, &out)
	return out, err
}

// GetSession: get the session that the request is made in.
// It is GET /sessions/current.
func (c *Client) GetSession(ctx context.Context, opts ...CallOption) (out Session, err error) {
	err = c.do(ctx, call{method: "GET", path: "/sessions/current"}, opts, &out)
	return out, err
}

// GetStockQuery is the query of GetStock. What is zero is not sent.
type GetStockQuery struct {
	// The ID of the place; missing is main.
	Place string
}

func (q GetStockQuery) values() url.Values {
	v := url.Values{}
	if q.Place != "" {
		v.Set("place", q.Place)
	}
	return v
}

// GetStock: get the stock of a SKU at a place.
// It is GET /staff/stock/{sku}.
func (c *Client) GetStock(ctx context.Context, sku string, query GetStockQuery, opts ...CallOption) (out StockLevel, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/stock/" + url.PathEscape(sku), query: query.values()}, opts, &out)
	return out, err
}

// GetTerms: get the payment terms on which orders may be placed unpaid.
// It is GET /staff/terms.
func (c *Client) GetTerms(ctx context.Context, opts ...CallOption) (out ListPaymentTerms, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/terms"}, opts, &out)
	return out, err
}

// GetTransfer: get a transfer.
// It is GET /staff/transfers/{transfer}.
func (c *Client) GetTransfer(ctx context.Context, transfer string, opts ...CallOption) (out StockTransfer, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/transfers/" + url.PathEscape(transfer)}, opts, &out)
	return out, err
}

// GetVariant: get a variant on sale by its SKU.
// It is GET /variants/{sku}.
func (c *Client) GetVariant(ctx context.Context, sku string, opts ...CallOption) (out Variant, err error) {
	err = c.do(ctx, call{method: "GET", path: "/variants/" + url.PathEscape(sku)}, opts, &out)
	return out, err
}

// GrantCredit: give a customer credit.
// It is POST /staff/customers/{customer}/credit.
func (c *Client) GrantCredit(ctx context.Context, customer string, body GrantCreditBody, opts ...CallOption) (out Balance, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/customers/" + url.PathEscape(customer) + "/credit", body: body}, opts, &out)
	return out, err
}

// GrantRefund: decide that money is paid back.
// It is POST /staff/orders/{order}/grants.
func (c *Client) GrantRefund(ctx context.Context, order string, body GrantRefundBody, opts ...CallOption) (out Grant, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/grants", body: body}, opts, &out)
	return out, err
}

// HandOverGiftCards: hand the gift cards of a paid order over.
// It is POST /staff/orders/{order}/gift-cards.
func (c *Client) HandOverGiftCards(ctx context.Context, order string, opts ...CallOption) (out ListBoughtGiftCard, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/gift-cards"}, opts, &out)
	return out, err
}

// IssueDocuments: draw up the documents that an order lacks.
// It is POST /staff/orders/{order}/documents.
func (c *Client) IssueDocuments(ctx context.Context, order string, opts ...CallOption) (out ListDocument, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/documents"}, opts, &out)
	return out, err
}

// IssueGiftCard: make a gift card.
// It is POST /staff/gift-cards.
func (c *Client) IssueGiftCard(ctx context.Context, body IssueGiftCardBody, opts ...CallOption) (out IssuedGiftCard, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/gift-cards", body: body}, opts, &out)
	return out, err
}

// JoinGuestOrders: verify one's e-mail address by the token in a letter, and join to the account what was ordered with it without logging in.
// It is POST /customers/me/guest-orders.
func (c *Client) JoinGuestOrders(ctx context.Context, body VerifyBody, opts ...CallOption) (out JoinedOrders, err error) {
	err = c.do(ctx, call{method: "POST", path: "/customers/me/guest-orders", body: body}, opts, &out)
	return out, err
}

// LinkDownload: make a link to download a file.
// It is POST /orders/{order}/downloads.
func (c *Client) LinkDownload(ctx context.Context, order string, body FileRef, opts ...CallOption) (out DownloadLink, err error) {
	err = c.do(ctx, call{method: "POST", path: "/orders/" + url.PathEscape(order) + "/downloads", body: body}, opts, &out)
	return out, err
}

// LinkDownloadOfCart: make a link to download a file that was bought with a cart.
// It is POST /carts/{cart}/order/downloads.
func (c *Client) LinkDownloadOfCart(ctx context.Context, cart string, body FileRef, opts ...CallOption) (out DownloadLink, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts/" + url.PathEscape(cart) + "/order/downloads", body: body}, opts, &out)
	return out, err
}

// ListAccountBalances: list what the accounts stand at.
// It is GET /staff/ledger/balances.
func (c *Client) ListAccountBalances(ctx context.Context, opts ...CallOption) (out ListAccountBalance, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/ledger/balances"}, opts, &out)
	return out, err
}

// ListAllProductsQuery is the query of ListAllProducts. What is zero is not sent.
type ListAllProductsQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before.
	After  string
	Status string
}

func (q ListAllProductsQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if q.Status != "" {
		v.Set("status", q.Status)
	}
	return v
}

// ListAllProducts: list products, whatever their status.
// It is GET /staff/products.
func (c *Client) ListAllProducts(ctx context.Context, query ListAllProductsQuery, opts ...CallOption) (out ListStaffProduct, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/products", query: query.values()}, opts, &out)
	return out, err
}

// ListAvailabilityQuery is the query of ListAvailability. What is zero is not sent.
type ListAvailabilityQuery struct {
	// One or more SKUs, with commas between them.
	SKU string
	// Where they are to go, as in DE: what only other places have cannot be had there. Missing is anywhere.
	Country string
}

func (q ListAvailabilityQuery) values() url.Values {
	v := url.Values{}
	if q.SKU != "" {
		v.Set("sku", q.SKU)
	}
	if q.Country != "" {
		v.Set("country", q.Country)
	}
	return v
}

// ListAvailability: get how many of some SKUs could be sold now; those that are not on show are left out.
// It is GET /availability.
func (c *Client) ListAvailability(ctx context.Context, query ListAvailabilityQuery, opts ...CallOption) (out ListAvailability, err error) {
	err = c.do(ctx, call{method: "GET", path: "/availability", query: query.values()}, opts, &out)
	return out, err
}

// ListBackups: list the backups that are complete, the newest first.
// It is GET /staff/backups.
func (c *Client) ListBackups(ctx context.Context, opts ...CallOption) (out ListBackup, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/backups"}, opts, &out)
	return out, err
}

// ListBalancesQuery is the query of ListBalances. What is zero is not sent.
type ListBalancesQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before.
	After    string
	Kind     string
	Customer string
}

func (q ListBalancesQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if q.Kind != "" {
		v.Set("kind", q.Kind)
	}
	if q.Customer != "" {
		v.Set("customer", q.Customer)
	}
	return v
}

// ListBalances: list gift cards and credit.
// It is GET /staff/balances.
func (c *Client) ListBalances(ctx context.Context, query ListBalancesQuery, opts ...CallOption) (out ListBalance, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/balances", query: query.values()}, opts, &out)
	return out, err
}

// ListBoughtGiftCards: list the gift cards that were bought with an order, without their codes.
// It is GET /staff/orders/{order}/gift-cards.
func (c *Client) ListBoughtGiftCards(ctx context.Context, order string, opts ...CallOption) (out ListBoughtGiftCard, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/orders/" + url.PathEscape(order) + "/gift-cards"}, opts, &out)
	return out, err
}

// ListCartDeliveries: list where the further deliveries of a cart go.
// It is GET /carts/{cart}/deliveries.
func (c *Client) ListCartDeliveries(ctx context.Context, cart string, opts ...CallOption) (out ListDeliveryAddress, err error) {
	err = c.do(ctx, call{method: "GET", path: "/carts/" + url.PathEscape(cart) + "/deliveries"}, opts, &out)
	return out, err
}

// ListCategories: list all categories, each behind its parent.
// It is GET /categories.
func (c *Client) ListCategories(ctx context.Context, opts ...CallOption) (out ListCategory, err error) {
	err = c.do(ctx, call{method: "GET", path: "/categories"}, opts, &out)
	return out, err
}

// ListChanges: list the changes that an order has had.
// It is GET /staff/orders/{order}/changes.
func (c *Client) ListChanges(ctx context.Context, order string, opts ...CallOption) (out ListOrderEdit, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/orders/" + url.PathEscape(order) + "/changes"}, opts, &out)
	return out, err
}

// ListCollections: list all collections; their products are listed by GET /products.
// It is GET /collections.
func (c *Client) ListCollections(ctx context.Context, opts ...CallOption) (out ListCollection, err error) {
	err = c.do(ctx, call{method: "GET", path: "/collections"}, opts, &out)
	return out, err
}

// ListCouponsQuery is the query of ListCoupons. What is zero is not sent.
type ListCouponsQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before.
	After     string
	Promotion string
}

func (q ListCouponsQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if q.Promotion != "" {
		v.Set("promotion", q.Promotion)
	}
	return v
}

// ListCoupons: list codes.
// It is GET /staff/coupons.
func (c *Client) ListCoupons(ctx context.Context, query ListCouponsQuery, opts ...CallOption) (out ListCoupon, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/coupons", query: query.values()}, opts, &out)
	return out, err
}

// ListDeliveries: list the last attempts, the newest first.
// It is GET /staff/endpoints/{endpoint}/deliveries.
func (c *Client) ListDeliveries(ctx context.Context, endpoint string, opts ...CallOption) (out ListDelivery, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/endpoints/" + url.PathEscape(endpoint) + "/deliveries"}, opts, &out)
	return out, err
}

// ListDiscrepancies: list what a provider's books do not agree about.
// It is GET /staff/discrepancies.
func (c *Client) ListDiscrepancies(ctx context.Context, opts ...CallOption) (out ListDiscrepancy, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/discrepancies"}, opts, &out)
	return out, err
}

// ListDocuments: list an order's invoice and credit notes.
// It is GET /orders/{order}/documents.
func (c *Client) ListDocuments(ctx context.Context, order string, opts ...CallOption) (out ListDocument, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/documents"}, opts, &out)
	return out, err
}

// ListDownloads: list the files of an order's digital goods.
// It is GET /orders/{order}/downloads.
func (c *Client) ListDownloads(ctx context.Context, order string, opts ...CallOption) (out ListDownload, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/downloads"}, opts, &out)
	return out, err
}

// ListDownloadsOfCart: list the files of the digital goods that were bought with a cart.
// It is GET /carts/{cart}/order/downloads.
func (c *Client) ListDownloadsOfCart(ctx context.Context, cart string, opts ...CallOption) (out ListDownload, err error) {
	err = c.do(ctx, call{method: "GET", path: "/carts/" + url.PathEscape(cart) + "/order/downloads"}, opts, &out)
	return out, err
}

// ListEndpointSecrets: list the secrets that sign now, the newest first.
// It is GET /staff/endpoints/{endpoint}/secrets.
func (c *Client) ListEndpointSecrets(ctx context.Context, endpoint string, opts ...CallOption) (out ListEndpointSecret, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/endpoints/" + url.PathEscape(endpoint) + "/secrets"}, opts, &out)
	return out, err
}

// ListEndpoints: list where events are sent to.
// It is GET /staff/endpoints.
func (c *Client) ListEndpoints(ctx context.Context, opts ...CallOption) (out ListEndpoint, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/endpoints"}, opts, &out)
	return out, err
}

// ListExemptions: list where a customer owes no tax.
// It is GET /staff/customers/{customer}/exemptions.
func (c *Client) ListExemptions(ctx context.Context, customer string, opts ...CallOption) (out ListExemption, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/customers/" + url.PathEscape(customer) + "/exemptions"}, opts, &out)
	return out, err
}

// ListGiftCards: list the gift cards that were bought with an order.
// It is GET /orders/{order}/gift-cards.
func (c *Client) ListGiftCards(ctx context.Context, order string, opts ...CallOption) (out ListBoughtGiftCard, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/gift-cards"}, opts, &out)
	return out, err
}

// ListGiftCardsOfCart: list the gift cards that were bought with a cart.
// It is GET /carts/{cart}/order/gift-cards.
func (c *Client) ListGiftCardsOfCart(ctx context.Context, cart string, opts ...CallOption) (out ListBoughtGiftCard, err error) {
	err = c.do(ctx, call{method: "GET", path: "/carts/" + url.PathEscape(cart) + "/order/gift-cards"}, opts, &out)
	return out, err
}

// ListGrants: list what of an order is paid back, and why.
// It is GET /staff/orders/{order}/grants.
func (c *Client) ListGrants(ctx context.Context, order string, opts ...CallOption) (out ListGrant, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/orders/" + url.PathEscape(order) + "/grants"}, opts, &out)
	return out, err
}

// ListHistoryQuery is the query of ListHistory. What is zero is not sent.
type ListHistoryQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before: a version.
	After int64
}

func (q ListHistoryQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != 0 {
		v.Set("after", strconv.FormatInt(q.After, 10))
	}
	return v
}

// ListHistory: list who changed what about a product, category or another thing of the catalog, the oldest change first.
// It is GET /staff/history/{subject}.
func (c *Client) ListHistory(ctx context.Context, subject string, query ListHistoryQuery, opts ...CallOption) (out ListHistoryEntry, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/history/" + url.PathEscape(subject), query: query.values()}, opts, &out)
	return out, err
}

// ListLedgerQuery is the query of ListLedger. What is zero is not sent.
type ListLedgerQuery struct {
	// An order's ID.
	Order string
}

func (q ListLedgerQuery) values() url.Values {
	v := url.Values{}
	if q.Order != "" {
		v.Set("order", q.Order)
	}
	return v
}

// ListLedger: list the bookings of one order.
// It is GET /staff/ledger.
func (c *Client) ListLedger(ctx context.Context, query ListLedgerQuery, opts ...CallOption) (out ListLedgerEntry, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/ledger", query: query.values()}, opts, &out)
	return out, err
}

// ListListPrices: list what price lists have for a variant.
// It is GET /staff/variants/{sku}/list-prices.
func (c *Client) ListListPrices(ctx context.Context, sku string, opts ...CallOption) (out ListVariantListPrice, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/variants/" + url.PathEscape(sku) + "/list-prices"}, opts, &out)
	return out, err
}

// ListMisses: list the texts that found nothing, the most frequent first.
// It is GET /staff/merchandising/misses.
func (c *Client) ListMisses(ctx context.Context, opts ...CallOption) (out ListSearchMiss, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/merchandising/misses"}, opts, &out)
	return out, err
}

// ListMovementsQuery is the query of ListMovements. What is zero is not sent.
type ListMovementsQuery struct {
	// The ID of the place; missing is main.
	Place string
	// How many to answer with.
	Limit int64
	// The next of the page before.
	After int64
}

func (q ListMovementsQuery) values() url.Values {
	v := url.Values{}
	if q.Place != "" {
		v.Set("place", q.Place)
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != 0 {
		v.Set("after", strconv.FormatInt(q.After, 10))
	}
	return v
}

// ListMovements: list why on hand is what it is at a place, the oldest first.
// It is GET /staff/stock/{sku}/movements.
func (c *Client) ListMovements(ctx context.Context, sku string, query ListMovementsQuery, opts ...CallOption) (out ListStockMovement, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/stock/" + url.PathEscape(sku) + "/movements", query: query.values()}, opts, &out)
	return out, err
}

// ListMyCredit: list the credit of whoever is logged in.
// It is GET /customers/me/credit.
func (c *Client) ListMyCredit(ctx context.Context, opts ...CallOption) (out ListBalance, err error) {
	err = c.do(ctx, call{method: "GET", path: "/customers/me/credit"}, opts, &out)
	return out, err
}

// ListMyOrdersQuery is the query of ListMyOrders. What is zero is not sent.
type ListMyOrdersQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before.
	After string
}

func (q ListMyOrdersQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	return v
}

// ListMyOrders: list one's own orders.
// It is GET /orders.
func (c *Client) ListMyOrders(ctx context.Context, query ListMyOrdersQuery, opts ...CallOption) (out ListOrder, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders", query: query.values()}, opts, &out)
	return out, err
}

// ListOperations: list what was asked of providers after an order's payments.
// It is GET /staff/orders/{order}/operations.
func (c *Client) ListOperations(ctx context.Context, order string, opts ...CallOption) (out ListOperation, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/orders/" + url.PathEscape(order) + "/operations"}, opts, &out)
	return out, err
}

// ListOrderDeliveries: list where an order goes, if to several places.
// It is GET /orders/{order}/deliveries.
func (c *Client) ListOrderDeliveries(ctx context.Context, order string, opts ...CallOption) (out ListDeliveryAddress, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/deliveries"}, opts, &out)
	return out, err
}

// ListOrdersQuery is the query of ListOrders. What is zero is not sent.
type ListOrdersQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before.
	After    string
	Status   string
	Customer string
	// Only orders that are not paid after the end of their payment terms.
	Overdue string
	// Only the order with this number; case, spaces and dashes of an order's own number do not matter.
	Number string
}

func (q ListOrdersQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if q.Status != "" {
		v.Set("status", q.Status)
	}
	if q.Customer != "" {
		v.Set("customer", q.Customer)
	}
	if q.Overdue != "" {
		v.Set("overdue", q.Overdue)
	}
	if q.Number != "" {
		v.Set("number", q.Number)
	}
	return v
}

// ListOrders: list orders.
// It is GET /staff/orders.
func (c *Client) ListOrders(ctx context.Context, query ListOrdersQuery, opts ...CallOption) (out ListOrder, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/orders", query: query.values()}, opts, &out)
	return out, err
}

// ListParcels: list the parcels of an order and what became of them.
// It is GET /orders/{order}/parcels.
func (c *Client) ListParcels(ctx context.Context, order string, opts ...CallOption) (out ListParcel, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/parcels"}, opts, &out)
	return out, err
}

// ListPaymentMethods: list the means of payment that one keeps.
// It is GET /payment-methods.
func (c *Client) ListPaymentMethods(ctx context.Context, opts ...CallOption) (out ListPaymentMethod, err error) {
	err = c.do(ctx, call{method: "GET", path: "/payment-methods"}, opts, &out)
	return out, err
}

// ListPayments: list the attempts to pay for an order.
// It is GET /orders/{order}/payments.
func (c *Client) ListPayments(ctx context.Context, order string, opts ...CallOption) (out ListPayment, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/payments"}, opts, &out)
	return out, err
}

// ListPriceLists: list price lists.
// It is GET /staff/price-lists.
func (c *Client) ListPriceLists(ctx context.Context, opts ...CallOption) (out ListPriceList, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/price-lists"}, opts, &out)
	return out, err
}

// ListPricesQuery is the query of ListPrices. What is zero is not sent.
type ListPricesQuery struct {
	Currency string
	// The country whose price lists count.
	Market string
	// Missing is the shop's own.
	Channel string
	// Units of the variant in the whole cart.
	Quantity int64
	// One or more SKUs, with commas between them.
	SKU string
}

func (q ListPricesQuery) values() url.Values {
	v := url.Values{}
	if q.Currency != "" {
		v.Set("currency", q.Currency)
	}
	if q.Market != "" {
		v.Set("market", q.Market)
	}
	if q.Channel != "" {
		v.Set("channel", q.Channel)
	}
	if q.Quantity != 0 {
		v.Set("quantity", strconv.FormatInt(q.Quantity, 10))
	}
	if q.SKU != "" {
		v.Set("sku", q.SKU)
	}
	return v
}

// ListPrices: get what variants cost who asks, by the price lists of their groups, market and channel.
// It is GET /prices.
func (c *Client) ListPrices(ctx context.Context, query ListPricesQuery, opts ...CallOption) (out ListPrice, err error) {
	err = c.do(ctx, call{method: "GET", path: "/prices", query: query.values()}, opts, &out)
	return out, err
}

// ListProductTypes: list all product types.
// It is GET /staff/product-types.
func (c *Client) ListProductTypes(ctx context.Context, opts ...CallOption) (out ListProductType, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/product-types"}, opts, &out)
	return out, err
}

// ListProductsQuery is the query of ListProducts. What is zero is not sent.
type ListProductsQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before.
	After string
	// The ID or handle of a category: products in it or below it.
	Category string
	// The ID or handle of a collection; not together with category.
	Collection string
}

func (q ListProductsQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if q.Category != "" {
		v.Set("category", q.Category)
	}
	if q.Collection != "" {
		v.Set("collection", q.Collection)
	}
	return v
}

// ListProducts: list the products on sale.
// It is GET /products.
func (c *Client) ListProducts(ctx context.Context, query ListProductsQuery, opts ...CallOption) (out ListProduct, err error) {
	err = c.do(ctx, call{method: "GET", path: "/products", query: query.values()}, opts, &out)
	return out, err
}

// ListReturns: list an order's returns.
// It is GET /orders/{order}/returns.
func (c *Client) ListReturns(ctx context.Context, order string, opts ...CallOption) (out ListReturn, err error) {
	err = c.do(ctx, call{method: "GET", path: "/orders/" + url.PathEscape(order) + "/returns"}, opts, &out)
	return out, err
}

// ListSessions: list where one is logged in, the newest first.
// It is GET /sessions.
func (c *Client) ListSessions(ctx context.Context, opts ...CallOption) (out ListSessionEntry, err error) {
	err = c.do(ctx, call{method: "GET", path: "/sessions"}, opts, &out)
	return out, err
}

// ListStockPlaces: list the stock of a SKU at all places.
// It is GET /staff/stock/{sku}/places.
func (c *Client) ListStockPlaces(ctx context.Context, sku string, opts ...CallOption) (out ListStockLevel, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/stock/" + url.PathEscape(sku) + "/places"}, opts, &out)
	return out, err
}

// ListTransfersQuery is the query of ListTransfers. What is zero is not sent.
type ListTransfersQuery struct {
	SKU string
	// The ID of the place; missing is main.
	To string
}

func (q ListTransfersQuery) values() url.Values {
	v := url.Values{}
	if q.SKU != "" {
		v.Set("sku", q.SKU)
	}
	if q.To != "" {
		v.Set("to", q.To)
	}
	return v
}

// ListTransfers: list what of a SKU is on its way to a place.
// It is GET /staff/transfers.
func (c *Client) ListTransfers(ctx context.Context, query ListTransfersQuery, opts ...CallOption) (out ListStockTransfer, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/transfers", query: query.values()}, opts, &out)
	return out, err
}

// ListTroubles: list payments and refunds that somebody has to look at.
// It is GET /staff/payments/troubles.
func (c *Client) ListTroubles(ctx context.Context, opts ...CallOption) (out ListTrouble, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/payments/troubles"}, opts, &out)
	return out, err
}

// ListVariantsQuery is the query of ListVariants. What is zero is not sent.
type ListVariantsQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before: a SKU.
	After string
}

func (q ListVariantsQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	return v
}

// ListVariants: list the variants of a product in their order.
// It is GET /staff/products/{product}/variants.
func (c *Client) ListVariants(ctx context.Context, product string, query ListVariantsQuery, opts ...CallOption) (out ListSoldVariant, err error) {
	err = c.do(ctx, call{method: "GET", path: "/staff/products/" + url.PathEscape(product) + "/variants", query: query.values()}, opts, &out)
	return out, err
}

// LogIn: log in.
// It is POST /sessions.
func (c *Client) LogIn(ctx context.Context, body LogInBody, opts ...CallOption) (out Session, err error) {
	err = c.do(ctx, call{method: "POST", path: "/sessions", body: body}, opts, &out)
	return out, err
}

// LogOut: log out.
// It is DELETE /sessions/current.
func (c *Client) LogOut(ctx context.Context, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/sessions/current"}, opts, nil)
}

// LogOutEverywhere: log out everywhere.
// It is DELETE /sessions.
func (c *Client) LogOutEverywhere(ctx context.Context, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/sessions"}, opts, nil)
}

// MakeCoupons: make many codes for a promotion.
// It is POST /staff/promotions/{rule}/coupons.
func (c *Client) MakeCoupons(ctx context.Context, rule string, body MakeCouponsBody, opts ...CallOption) (out Codes, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/promotions/" + url.PathEscape(rule) + "/coupons", body: body}, opts, &out)
	return out, err
}

// MergeCart: move a guest's cart into one's own, as after logging in.
// It is POST /customers/me/cart/merge.
func (c *Client) MergeCart(ctx context.Context, body MergeCartBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "POST", path: "/customers/me/cart/merge", body: body}, opts, &out)
	return out, err
}

// PayOrder: pay what is due for a placed order.
// It is POST /orders/{order}/payments.
func (c *Client) PayOrder(ctx context.Context, order string, body PayOrderBody, opts ...CallOption) (out OrderPayment, err error) {
	err = c.do(ctx, call{method: "POST", path: "/orders/" + url.PathEscape(order) + "/payments", body: body}, opts, &out)
	return out, err
}

// PreferPaymentMethod: ask first whether to pay with this.
// It is POST /payment-methods/{method}/default.
func (c *Client) PreferPaymentMethod(ctx context.Context, method string, opts ...CallOption) (out ListPaymentMethod, err error) {
	err = c.do(ctx, call{method: "POST", path: "/payment-methods/" + url.PathEscape(method) + "/default"}, opts, &out)
	return out, err
}

// PreviewChange: see what a change of a placed order would come to.
// It is POST /staff/orders/{order}/changes/preview.
func (c *Client) PreviewChange(ctx context.Context, order string, body ChangeBody, opts ...CallOption) (out ChangePreview, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/changes/preview", body: body}, opts, &out)
	return out, err
}

// PutCategory: create or replace the category with a handle.
// It is PUT /staff/categories/{handle}.
func (c *Client) PutCategory(ctx context.Context, handle string, body CategoryInput, opts ...CallOption) (out StaffCategory, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/categories/" + url.PathEscape(handle), body: body}, opts, &out)
	return out, err
}

// PutCollection: create or replace the collection with a handle.
// It is PUT /staff/collections/{handle}.
func (c *Client) PutCollection(ctx context.Context, handle string, body CollectionInput, opts ...CallOption) (out StaffCollection, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/collections/" + url.PathEscape(handle), body: body}, opts, &out)
	return out, err
}

// PutCoupon: make a code or replace what is known of it.
// It is PUT /staff/coupons/{code}.
func (c *Client) PutCoupon(ctx context.Context, code string, body PutCouponBody, opts ...CallOption) (out Coupon, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/coupons/" + url.PathEscape(code), body: body}, opts, &out)
	return out, err
}

// PutDocumentSettings: say how invoices are drawn up.
// It is PUT /staff/documents/settings.
func (c *Client) PutDocumentSettings(ctx context.Context, body DocumentSettings, opts ...CallOption) (out DocumentSettings, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/documents/settings", body: body}, opts, &out)
	return out, err
}

// PutDownloadSettings: say how files are handed over.
// It is PUT /staff/downloads/settings.
func (c *Client) PutDownloadSettings(ctx context.Context, body PutDownloadSettingsBody, opts ...CallOption) (out DownloadSettings, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/downloads/settings", body: body}, opts, &out)
	return out, err
}

// PutEndpoint: change all of an endpoint, enable or disable it.
// It is PUT /staff/endpoints/{endpoint}.
func (c *Client) PutEndpoint(ctx context.Context, endpoint string, body EndpointBody, opts ...CallOption) (out Endpoint, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/endpoints/" + url.PathEscape(endpoint), body: body}, opts, &out)
	return out, err
}

// PutExemption: exempt a customer from tax by a certificate.
// It is PUT /staff/customers/{customer}/exemptions/{certificate}.
func (c *Client) PutExemption(ctx context.Context, customer string, certificate string, body PutExemptionBody, opts ...CallOption) error {
	return c.do(ctx, call{method: "PUT", path: "/staff/customers/" + url.PathEscape(customer) + "/exemptions/" + url.PathEscape(certificate), body: body}, opts, nil)
}

// PutFee: make or replace a fee.
// It is PUT /staff/fees/{rule}.
func (c *Client) PutFee(ctx context.Context, rule string, body RuleFee, opts ...CallOption) (out Rules, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/fees/" + url.PathEscape(rule), body: body}, opts, &out)
	return out, err
}

// PutListPrices: set prices of a price list.
// It is PUT /staff/price-lists/{list}/prices.
func (c *Client) PutListPrices(ctx context.Context, list string, body PutListPricesBody, opts ...CallOption) error {
	return c.do(ctx, call{method: "PUT", path: "/staff/price-lists/" + url.PathEscape(list) + "/prices", body: body}, opts, nil)
}

// PutPriceList: make or replace the price list with a code.
// It is PUT /staff/price-lists/{list}.
func (c *Client) PutPriceList(ctx context.Context, list string, body PriceListInput, opts ...CallOption) (out PriceList, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/price-lists/" + url.PathEscape(list), body: body}, opts, &out)
	return out, err
}

// PutProduct: create or replace the product with a handle.
// It is PUT /staff/products/{handle}.
func (c *Client) PutProduct(ctx context.Context, handle string, body ProductInput, opts ...CallOption) (out StaffProduct, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/products/" + url.PathEscape(handle), body: body}, opts, &out)
	return out, err
}

// PutProductType: create or replace the product type with a code.
// It is PUT /staff/product-types/{code}.
func (c *Client) PutProductType(ctx context.Context, code string, body ProductTypeInput, opts ...CallOption) (out ProductType, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/product-types/" + url.PathEscape(code), body: body}, opts, &out)
	return out, err
}

// PutProducts: create or replace many products, each by its handle.
// It is POST /staff/products.
func (c *Client) PutProducts(ctx context.Context, body PutProductsBody, opts ...CallOption) (out ListPutResult, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/products", body: body}, opts, &out)
	return out, err
}

// PutPromotion: make or replace a promotion.
// It is PUT /staff/promotions/{rule}.
func (c *Client) PutPromotion(ctx context.Context, rule string, body RulePromotion, opts ...CallOption) (out Rules, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/promotions/" + url.PathEscape(rule), body: body}, opts, &out)
	return out, err
}

// PutQuantityRule: make or replace a rule for quantities.
// It is PUT /staff/quantity-rules/{rule}.
func (c *Client) PutQuantityRule(ctx context.Context, rule string, body RuleQuantityRule, opts ...CallOption) (out Rules, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/quantity-rules/" + url.PathEscape(rule), body: body}, opts, &out)
	return out, err
}

// PutSearchRule: make or replace the rule for a text and a language.
// It is PUT /staff/merchandising/rules.
func (c *Client) PutSearchRule(ctx context.Context, body SearchRule, opts ...CallOption) (out Merchandising, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/merchandising/rules", body: body}, opts, &out)
	return out, err
}

// PutSettings: replace the settings of the shop.
// It is PUT /staff/settings.
func (c *Client) PutSettings(ctx context.Context, body RuleSettings, opts ...CallOption) (out Rules, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/settings", body: body}, opts, &out)
	return out, err
}

// PutShippingZone: make or replace a shipping zone.
// It is PUT /staff/shipping-zones/{rule}.
func (c *Client) PutShippingZone(ctx context.Context, rule string, body RuleShippingZone, opts ...CallOption) (out Rules, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/shipping-zones/" + url.PathEscape(rule), body: body}, opts, &out)
	return out, err
}

// PutTaxZone: make or replace a tax zone.
// It is PUT /staff/tax-zones/{rule}.
func (c *Client) PutTaxZone(ctx context.Context, rule string, body RuleTaxZone, opts ...CallOption) (out Rules, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/tax-zones/" + url.PathEscape(rule), body: body}, opts, &out)
	return out, err
}

// PutVariants: add, replace and remove variants; those that are not named stay.
// It is PATCH /staff/products/{product}/variants.
func (c *Client) PutVariants(ctx context.Context, product string, body PutVariantsBody, opts ...CallOption) (out ListSoldVariant, err error) {
	err = c.do(ctx, call{method: "PATCH", path: "/staff/products/" + url.PathEscape(product) + "/variants", body: body}, opts, &out)
	return out, err
}

// PutVocabulary: replace the synonyms and stop words of a language.
// It is PUT /staff/merchandising/vocabulary.
func (c *Client) PutVocabulary(ctx context.Context, body SearchVocabulary, opts ...CallOption) (out Merchandising, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/merchandising/vocabulary", body: body}, opts, &out)
	return out, err
}

// ReceiveReturn: record what came back, by condition.
// It is POST /staff/returns/{rma}/receipts.
func (c *Client) ReceiveReturn(ctx context.Context, rma string, body ReceiveReturnBody, opts ...CallOption) (out Return, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/returns/" + url.PathEscape(rma) + "/receipts", body: body}, opts, &out)
	return out, err
}

// ReceiveStockQuery is the query of ReceiveStock. What is zero is not sent.
type ReceiveStockQuery struct {
	// The ID of the place; missing is main.
	Place string
}

func (q ReceiveStockQuery) values() url.Values {
	v := url.Values{}
	if q.Place != "" {
		v.Set("place", q.Place)
	}
	return v
}

// ReceiveStock: book goods that have arrived.
// It is POST /staff/stock/{sku}/receipts.
func (c *Client) ReceiveStock(ctx context.Context, sku string, query ReceiveStockQuery, body ReceiveStockBody, opts ...CallOption) (out StockLevel, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/stock/" + url.PathEscape(sku) + "/receipts", query: query.values(), body: body}, opts, &out)
	return out, err
}

// ReceiveStockOfMany: book many goods that have arrived, at once.
// It is POST /staff/stock/receipts.
func (c *Client) ReceiveStockOfMany(ctx context.Context, body ReceiveManyBody, opts ...CallOption) error {
	return c.do(ctx, call{method: "POST", path: "/staff/stock/receipts", body: body}, opts, nil)
}

// ReceiveTransfer: book what of a transfer has arrived, and what was lost.
// It is POST /staff/transfers/{transfer}/receipts.
func (c *Client) ReceiveTransfer(ctx context.Context, transfer string, body ReceiveTransferBody, opts ...CallOption) (out StockTransfer, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/transfers/" + url.PathEscape(transfer) + "/receipts", body: body}, opts, &out)
	return out, err
}

// ReconcilePayments: compare a provider's books with the shop's now.
// It is POST /staff/payments/reconciliations.
func (c *Client) ReconcilePayments(ctx context.Context, body ReconcileBody, opts ...CallOption) (out Reconciliation, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/payments/reconciliations", body: body}, opts, &out)
	return out, err
}

// RecordRefund: record money that was given back otherwise.
// It is POST /staff/payments/{payment}/recorded-refunds.
func (c *Client) RecordRefund(ctx context.Context, payment string, body RecordRefundBody, opts ...CallOption) (out Operation, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/payments/" + url.PathEscape(payment) + "/recorded-refunds", body: body}, opts, &out)
	return out, err
}

// Redeliver: send one message once more, now.
// It is POST /staff/endpoints/{endpoint}/deliveries/{message}.
func (c *Client) Redeliver(ctx context.Context, endpoint string, message string, opts ...CallOption) (out Delivery, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/endpoints/" + url.PathEscape(endpoint) + "/deliveries/" + url.PathEscape(message)}, opts, &out)
	return out, err
}

// RefundOrder: give money back.
// It is POST /staff/orders/{order}/refunds.
func (c *Client) RefundOrder(ctx context.Context, order string, body RefundOrderBody, opts ...CallOption) (out ListOperation, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/refunds", body: body}, opts, &out)
	return out, err
}

// Register: register.
// It is POST /customers.
func (c *Client) Register(ctx context.Context, body RegisterBody, opts ...CallOption) (out Customer, err error) {
	err = c.do(ctx, call{method: "POST", path: "/customers", body: body}, opts, &out)
	return out, err
}

// ReleaseRefund: pay a grant back.
// It is POST /staff/orders/{order}/grants/{grant}/release.
func (c *Client) ReleaseRefund(ctx context.Context, order string, grant string, body ReleaseGrantBody, opts ...CallOption) (out Grant, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/grants/" + url.PathEscape(grant) + "/release", body: body}, opts, &out)
	return out, err
}

// RemoveAddress: remove an address from one's address book.
// It is DELETE /customers/me/addresses/{address}.
func (c *Client) RemoveAddress(ctx context.Context, address string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/customers/me/addresses/" + url.PathEscape(address)}, opts, nil)
}

// RemoveCategory: remove a category that has no others below it.
// It is DELETE /staff/categories/{category}.
func (c *Client) RemoveCategory(ctx context.Context, category string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/categories/" + url.PathEscape(category)}, opts, nil)
}

// RemoveCode: take a coupon code off a cart.
// It is DELETE /carts/{cart}/codes/{code}.
func (c *Client) RemoveCode(ctx context.Context, cart string, code string, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "DELETE", path: "/carts/" + url.PathEscape(cart) + "/codes/" + url.PathEscape(code)}, opts, &out)
	return out, err
}

// RemoveCollection: remove a collection; its products stay.
// It is DELETE /staff/collections/{collection}.
func (c *Client) RemoveCollection(ctx context.Context, collection string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/collections/" + url.PathEscape(collection)}, opts, nil)
}

// RemoveDelivery: take a delivery off a cart; its lines go to the first.
// It is DELETE /carts/{cart}/deliveries/{delivery}.
func (c *Client) RemoveDelivery(ctx context.Context, cart string, delivery string, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "DELETE", path: "/carts/" + url.PathEscape(cart) + "/deliveries/" + url.PathEscape(delivery)}, opts, &out)
	return out, err
}

// RemoveEndpoint: remove an endpoint with its secrets and its log.
// It is DELETE /staff/endpoints/{endpoint}.
func (c *Client) RemoveEndpoint(ctx context.Context, endpoint string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/endpoints/" + url.PathEscape(endpoint)}, opts, nil)
}

// RemoveFee: remove a fee.
// It is DELETE /staff/fees/{rule}.
func (c *Client) RemoveFee(ctx context.Context, rule string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/fees/" + url.PathEscape(rule)}, opts, nil)
}

// RemoveLineQuery is the query of RemoveLine. What is zero is not sent.
type RemoveLineQuery struct {
	// Names the line by its ID, if the SKU is in several deliveries.
	Line int64
}

func (q RemoveLineQuery) values() url.Values {
	v := url.Values{}
	if q.Line != 0 {
		v.Set("line", strconv.FormatInt(q.Line, 10))
	}
	return v
}

// RemoveLine: remove a line.
// It is DELETE /carts/{cart}/lines/{sku}.
func (c *Client) RemoveLine(ctx context.Context, cart string, sku string, query RemoveLineQuery, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "DELETE", path: "/carts/" + url.PathEscape(cart) + "/lines/" + url.PathEscape(sku), query: query.values()}, opts, &out)
	return out, err
}

// RemovePaymentMethod: keep a means of payment no longer.
// It is DELETE /payment-methods/{method}.
func (c *Client) RemovePaymentMethod(ctx context.Context, method string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/payment-methods/" + url.PathEscape(method)}, opts, nil)
}

// RemovePromotion: remove a promotion.
// It is DELETE /staff/promotions/{rule}.
func (c *Client) RemovePromotion(ctx context.Context, rule string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/promotions/" + url.PathEscape(rule)}, opts, nil)
}

// RemoveQuantityRule: remove a rule for quantities.
// It is DELETE /staff/quantity-rules/{rule}.
func (c *Client) RemoveQuantityRule(ctx context.Context, rule string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/quantity-rules/" + url.PathEscape(rule)}, opts, nil)
}

// RemoveSearchRuleQuery is the query of RemoveSearchRule. What is zero is not sent.
type RemoveSearchRuleQuery struct {
	Query  string
	Locale string
}

func (q RemoveSearchRuleQuery) values() url.Values {
	v := url.Values{}
	if q.Query != "" {
		v.Set("query", q.Query)
	}
	if q.Locale != "" {
		v.Set("locale", q.Locale)
	}
	return v
}

// RemoveSearchRule: remove the rule for a text and a language.
// It is DELETE /staff/merchandising/rules.
func (c *Client) RemoveSearchRule(ctx context.Context, query RemoveSearchRuleQuery, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/merchandising/rules", query: query.values()}, opts, nil)
}

// RemoveShippingZone: remove a shipping zone.
// It is DELETE /staff/shipping-zones/{rule}.
func (c *Client) RemoveShippingZone(ctx context.Context, rule string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/shipping-zones/" + url.PathEscape(rule)}, opts, nil)
}

// RemoveTaxZone: remove a tax zone.
// It is DELETE /staff/tax-zones/{rule}.
func (c *Client) RemoveTaxZone(ctx context.Context, rule string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/tax-zones/" + url.PathEscape(rule)}, opts, nil)
}

// Reorder: put what was bought once into a cart again.
// It is POST /orders/{order}/reorder.
func (c *Client) Reorder(ctx context.Context, order string, body ReorderBody, opts ...CallOption) (out Reordered, err error) {
	err = c.do(ctx, call{method: "POST", path: "/orders/" + url.PathEscape(order) + "/reorder", body: body}, opts, &out)
	return out, err
}

// ReplayEndpoint: go on from another position.
// It is POST /staff/endpoints/{endpoint}/replay.
func (c *Client) ReplayEndpoint(ctx context.Context, endpoint string, body ReplayEndpointBody, opts ...CallOption) error {
	return c.do(ctx, call{method: "POST", path: "/staff/endpoints/" + url.PathEscape(endpoint) + "/replay", body: body}, opts, nil)
}

// RequestReturn: ask for goods to be taken back.
// It is POST /orders/{order}/returns.
func (c *Client) RequestReturn(ctx context.Context, order string, body RequestReturnBody, opts ...CallOption) (out Return, err error) {
	err = c.do(ctx, call{method: "POST", path: "/orders/" + url.PathEscape(order) + "/returns", body: body}, opts, &out)
	return out, err
}

// Reset: reset a password by the token in a letter.
// It is PUT /password-resets.
func (c *Client) Reset(ctx context.Context, body ResetBody, opts ...CallOption) (out Session, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/password-resets", body: body}, opts, &out)
	return out, err
}

// ResolvePayment: say what became of a payment that no provider tells of.
// It is POST /staff/payments/{payment}/resolutions.
func (c *Client) ResolvePayment(ctx context.Context, payment string, body ResolvePaymentBody, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/payments/" + url.PathEscape(payment) + "/resolutions", body: body}, opts, &out)
	return out, err
}

// ResumeCheckout: go on after the shopper has acted.
// It is POST /carts/{cart}/checkout/resume.
func (c *Client) ResumeCheckout(ctx context.Context, cart string, opts ...CallOption) (out Checkout, err error) {
	err = c.do(ctx, call{method: "POST", path: "/carts/" + url.PathEscape(cart) + "/checkout/resume"}, opts, &out)
	return out, err
}

// ResumePayment: go on after the shopper has acted.
// It is POST /orders/{order}/payments/resume.
func (c *Client) ResumePayment(ctx context.Context, order string, opts ...CallOption) (out ListPayment, err error) {
	err = c.do(ctx, call{method: "POST", path: "/orders/" + url.PathEscape(order) + "/payments/resume"}, opts, &out)
	return out, err
}

// ReturnOrder: record that goods came back, and refund them.
// It is POST /staff/orders/{order}/returns.
func (c *Client) ReturnOrder(ctx context.Context, order string, body ReturnOrderBody, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/returns", body: body}, opts, &out)
	return out, err
}

// RotateEndpointSecret: make another secret; those before sign for a while.
// It is POST /staff/endpoints/{endpoint}/secrets.
func (c *Client) RotateEndpointSecret(ctx context.Context, endpoint string, body RotateSecretBody, opts ...CallOption) (out ListEndpointSecret, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/endpoints/" + url.PathEscape(endpoint) + "/secrets", body: body}, opts, &out)
	return out, err
}

// SavePaymentMethod: keep a means of payment.
// It is POST /payment-methods.
func (c *Client) SavePaymentMethod(ctx context.Context, body SaveMethodBody, opts ...CallOption) (out PaymentMethod, err error) {
	err = c.do(ctx, call{method: "POST", path: "/payment-methods", body: body}, opts, &out)
	return out, err
}

// SearchQuery is the query of Search. What is zero is not sent.
type SearchQuery struct {
	// How many to answer with.
	Limit int64
	// The next of the page before.
	After string
	// What the shopper typed.
	Text string
	// The ID or handle of a category.
	Category string
	// A field and a value, as in brand:Bosch or attribute:Colour:Red, or a range of an attribute's numbers, as in number:Display:13..15.6, number:Display:17.. or number:Display:..12. Several of one field: any of them.
	Filter []string
	// Fields to count, with commas between them, as in brand,price,attribute:Colour.
	Facets []string
	// By relevance if it is missing.
	Sort string
	// Of prices that are shown, filtered and sorted by.
	Currency string
	// The country whose price lists count.
	Market string
	// Through which it is bought, one that the shop opens to everybody; missing is the shop's own. Staff may name any.
	Channel string
	// In minor units of currency.
	PriceMin int64
	PriceMax int64
}

func (q SearchQuery) values() url.Values {
	v := url.Values{}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if q.Text != "" {
		v.Set("q", q.Text)
	}
	if q.Category != "" {
		v.Set("category", q.Category)
	}
	for _, s := range q.Filter {
		v.Add("filter", s)
	}
	for _, s := range q.Facets {
		v.Add("facets", s)
	}
	if q.Sort != "" {
		v.Set("sort", q.Sort)
	}
	if q.Currency != "" {
		v.Set("currency", q.Currency)
	}
	if q.Market != "" {
		v.Set("market", q.Market)
	}
	if q.Channel != "" {
		v.Set("channel", q.Channel)
	}
	if q.PriceMin != 0 {
		v.Set("price_min", strconv.FormatInt(q.PriceMin, 10))
	}
	if q.PriceMax != 0 {
		v.Set("price_max", strconv.FormatInt(q.PriceMax, 10))
	}
	return v
}

// Search: find products.
// It is GET /search.
func (c *Client) Search(ctx context.Context, query SearchQuery, opts ...CallOption) (out Found, err error) {
	err = c.do(ctx, call{method: "GET", path: "/search", query: query.values()}, opts, &out)
	return out, err
}

// SendTransfer: send goods from one place to another.
// It is POST /staff/transfers.
func (c *Client) SendTransfer(ctx context.Context, body SendTransferBody, opts ...CallOption) (out StockTransfer, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/transfers", body: body}, opts, &out)
	return out, err
}

// SetBalanceState: keep a balance from paying, or let it pay again.
// It is PUT /staff/balances/{balance}/state.
func (c *Client) SetBalanceState(ctx context.Context, balance string, body SetBalanceStateBody, opts ...CallOption) (out Balance, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/balances/" + url.PathEscape(balance) + "/state", body: body}, opts, &out)
	return out, err
}

// SetNumbering: say how orders are numbered that are placed from now on.
// It is PUT /staff/numbering.
func (c *Client) SetNumbering(ctx context.Context, body SetNumberingBody, opts ...CallOption) (out Numbering, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/numbering", body: body}, opts, &out)
	return out, err
}

// SetPlaces: replace the places that the shop sells from.
// It is PUT /staff/places.
func (c *Client) SetPlaces(ctx context.Context, body Places, opts ...CallOption) (out Places, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/places", body: body}, opts, &out)
	return out, err
}

// SetQuantity: change how many units a line has.
// It is PUT /carts/{cart}/lines/{sku}.
func (c *Client) SetQuantity(ctx context.Context, cart string, sku string, body SetQuantityBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/carts/" + url.PathEscape(cart) + "/lines/" + url.PathEscape(sku), body: body}, opts, &out)
	return out, err
}

// SetStockPolicyQuery is the query of SetStockPolicy. What is zero is not sent.
type SetStockPolicyQuery struct {
	// The ID of the place; missing is main.
	Place string
}

func (q SetStockPolicyQuery) values() url.Values {
	v := url.Values{}
	if q.Place != "" {
		v.Set("place", q.Place)
	}
	return v
}

// SetStockPolicy: say how many are kept back, and how many are sold before they are there.
// It is PUT /staff/stock/{sku}/policy.
func (c *Client) SetStockPolicy(ctx context.Context, sku string, query SetStockPolicyQuery, body StockPolicy, opts ...CallOption) (out StockLevel, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/stock/" + url.PathEscape(sku) + "/policy", query: query.values(), body: body}, opts, &out)
	return out, err
}

// SetTerms: replace the payment terms; orders keep theirs.
// It is PUT /staff/terms.
func (c *Client) SetTerms(ctx context.Context, body SetTermsBody, opts ...CallOption) (out ListPaymentTerms, err error) {
	err = c.do(ctx, call{method: "PUT", path: "/staff/terms", body: body}, opts, &out)
	return out, err
}

// ShipOrder: record that goods have left.
// It is POST /staff/orders/{order}/shipments.
func (c *Client) ShipOrder(ctx context.Context, order string, body ShipOrderBody, opts ...CallOption) (out Order, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/shipments", body: body}, opts, &out)
	return out, err
}

// StartReset: get a letter to reset a password.
// It is POST /password-resets.
func (c *Client) StartReset(ctx context.Context, body StartResetBody, opts ...CallOption) error {
	return c.do(ctx, call{method: "POST", path: "/password-resets", body: body}, opts, nil)
}

// StartVerification: get a letter to verify one's e-mail address.
// It is POST /customers/me/verification.
func (c *Client) StartVerification(ctx context.Context, opts ...CallOption) error {
	return c.do(ctx, call{method: "POST", path: "/customers/me/verification"}, opts, nil)
}

// SuggestQuery is the query of Suggest. What is zero is not sent.
type SuggestQuery struct {
	// What the shopper has typed so far.
	Text     string
	Limit    int64
	Currency string
	// The country whose price lists count.
	Market string
	// As in a search.
	Channel string
}

func (q SuggestQuery) values() url.Values {
	v := url.Values{}
	if q.Text != "" {
		v.Set("q", q.Text)
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.FormatInt(q.Limit, 10))
	}
	if q.Currency != "" {
		v.Set("currency", q.Currency)
	}
	if q.Market != "" {
		v.Set("market", q.Market)
	}
	if q.Channel != "" {
		v.Set("channel", q.Channel)
	}
	return v
}

// Suggest: complete what a shopper types.
// It is GET /suggestions.
func (c *Client) Suggest(ctx context.Context, query SuggestQuery, opts ...CallOption) (out Suggested, err error) {
	err = c.do(ctx, call{method: "GET", path: "/suggestions", query: query.values()}, opts, &out)
	return out, err
}

// TakeBackGiftCard: take a gift card back that was not used, and pay it back.
// It is POST /staff/orders/{order}/gift-cards/returns.
func (c *Client) TakeBackGiftCard(ctx context.Context, order string, body TakeBackBody, opts ...CallOption) (out BoughtGiftCard, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/gift-cards/returns", body: body}, opts, &out)
	return out, err
}

// TrackParcel: record what became of a parcel.
// It is POST /staff/parcels/{parcel}/events.
func (c *Client) TrackParcel(ctx context.Context, parcel string, body TrackParcelBody, opts ...CallOption) (out Parcel, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/parcels/" + url.PathEscape(parcel) + "/events", body: body}, opts, &out)
	return out, err
}

// UpdateCart: change who buys, where goods go, and notes.
// It is PATCH /carts/{cart}.
func (c *Client) UpdateCart(ctx context.Context, cart string, body UpdateCartBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "PATCH", path: "/carts/" + url.PathEscape(cart), body: body}, opts, &out)
	return out, err
}

// UpdateDelivery: change where a delivery goes and how it is sent.
// It is PATCH /carts/{cart}/deliveries/{delivery}.
func (c *Client) UpdateDelivery(ctx context.Context, cart string, delivery string, body UpdateDeliveryBody, opts ...CallOption) (out Cart, err error) {
	err = c.do(ctx, call{method: "PATCH", path: "/carts/" + url.PathEscape(cart) + "/deliveries/" + url.PathEscape(delivery), body: body}, opts, &out)
	return out, err
}

// UpdateMe: change one's name, phone or e-mail address.
// It is PATCH /customers/me.
func (c *Client) UpdateMe(ctx context.Context, body UpdateMeBody, opts ...CallOption) (out Customer, err error) {
	err = c.do(ctx, call{method: "PATCH", path: "/customers/me", body: body}, opts, &out)
	return out, err
}

// Verify: verify an e-mail address by the token in a letter.
// It is POST /verifications.
func (c *Client) Verify(ctx context.Context, body VerifyBody, opts ...CallOption) error {
	return c.do(ctx, call{method: "POST", path: "/verifications", body: body}, opts, nil)
}

// VoidPayment: let go of authorized money that will not be needed.
// It is POST /staff/payments/{payment}/voids.
func (c *Client) VoidPayment(ctx context.Context, payment string, body VoidPaymentBody, opts ...CallOption) (out Operation, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/payments/" + url.PathEscape(payment) + "/voids", body: body}, opts, &out)
	return out, err
}

// WithdrawExemption: withdraw an exemption from tax.
// It is DELETE /staff/customers/{customer}/exemptions/{certificate}.
func (c *Client) WithdrawExemption(ctx context.Context, customer string, certificate string, opts ...CallOption) error {
	return c.do(ctx, call{method: "DELETE", path: "/staff/customers/" + url.PathEscape(customer) + "/exemptions/" + url.PathEscape(certificate)}, opts, nil)
}

// WithdrawRefund: take an open grant back.
// It is POST /staff/orders/{order}/grants/{grant}/withdraw.
func (c *Client) WithdrawRefund(ctx context.Context, order string, grant string, opts ...CallOption) (out Grant, err error) {
	err = c.do(ctx, call{method: "POST", path: "/staff/orders/" + url.PathEscape(order) + "/grants/" + url.PathEscape(grant) + "/withdraw"}, opts, &out)
	return out, err
}

// AccountBalance is a value of the API.
type AccountBalance struct {
	Account string `json:"account"`
	Amount  Money  `json:"amount"`
}

// AddDeliveryBody is a value of the API.
type AddDeliveryBody struct {
	// May be given later.
	Address *Address `json:"address,omitempty"`
}

// AddLinesBody is a value of the API.
type AddLinesBody struct {
	Lines []LineInput `json:"lines"`
}

// Address is a value of the API.
type Address struct {
	City    string `json:"city"`
	Company string `json:"company,omitempty"`
	// ISO 3166-1, two letters.
	Country  string `json:"country"`
	Line1    string `json:"line1"`
	Line2    string `json:"line2,omitempty"`
	Name     string `json:"name,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	Region   string `json:"region,omitempty"`
}

// AdjustBalanceBody is a value of the API.
type AdjustBalanceBody struct {
	// Below nothing takes out.
	Amount MoneyInput `json:"amount"`
	Reason string     `json:"reason"`
}

// AdjustStockBody is a value of the API.
type AdjustStockBody struct {
	// What was counted on the shelf, goods that are sold and not shipped included.
	Count *int64 `json:"count,omitempty"`
	// What to add; not together with count.
	Delta  int64  `json:"delta,omitempty"`
	Reason string `json:"reason"`
}

// AnnotateOrderBody is a value of the API.
type AnnotateOrderBody struct {
	// The order's name in another system.
	ExternalReference string          `json:"external_reference,omitempty"`
	Metadata          json.RawMessage `json:"metadata,omitempty"`
	PrivateMetadata   json.RawMessage `json:"private_metadata,omitempty"`
}

// ApplyCodeBody is a value of the API.
type ApplyCodeBody struct {
	Code string `json:"code"`
}

// Asset is a value of the API.
type Asset struct {
	// The SHA-256 of its content.
	ID  string `json:"id"`
	URL string `json:"url"`
}

// AssignLinesBody is a value of the API.
type AssignLinesBody struct {
	Lines []AssignedLine `json:"lines"`
}

// AssignedLine is a value of the API.
type AssignedLine struct {
	// The line's ID.
	Line int64 `json:"line"`
	// Missing is all of it. Units that leave their line join the one like it in the delivery, or become a line of their own.
	Quantity int64 `json:"quantity,omitempty"`
}

// Attribute is a value of the API.
type Attribute struct {
	Bool bool   `json:"bool,omitempty"`
	Kind string `json:"kind,omitempty"`
	Name string `json:"name"`
	// A decimal number, exact, as text.
	Number string   `json:"number,omitempty"`
	Text   string   `json:"text,omitempty"`
	Unit   string   `json:"unit,omitempty"`
	Values []string `json:"values,omitempty"`
}

// AttributeDefinition is a value of the API.
type AttributeDefinition struct {
	// How the values of a product's variants differ.
	Constraint string `json:"constraint,omitempty"`
	Facetable  bool   `json:"facetable,omitempty"`
	// Text if it is missing.
	Kind      string `json:"kind,omitempty"`
	Localised bool   `json:"localised,omitempty"`
	// An enum or a reference may have several values at once.
	Multiple bool   `json:"multiple,omitempty"`
	Name     string `json:"name"`
	// Each variant has it, by itself or from its product.
	Required   bool `json:"required,omitempty"`
	Searchable bool `json:"searchable,omitempty"`
	// That of a number; missing leaves it open.
	Unit string `json:"unit,omitempty"`
	// Those that an enum may have.
	Values []string `json:"values,omitempty"`
}

// Availability is a value of the API.
type Availability struct {
	Available int64 `json:"available"`
	// How many more may be bought that are not there yet.
	Backorder int64 `json:"backorder,omitempty"`
	// When those should be there.
	ExpectedAt *time.Time `json:"expected_at,omitempty"`
	SKU        string     `json:"sku"`
	// Sales are not bound by stock, as of a service.
	Unlimited bool `json:"unlimited,omitempty"`
}

// Backup is a value of the API.
type Backup struct {
	// Compressed and encrypted.
	Bytes   int64     `json:"bytes"`
	Created time.Time `json:"created"`
	// How many files of the shop are in it.
	Files int64 `json:"files"`
	// The store's keys are in it.
	Keys bool   `json:"keys"`
	Name string `json:"name"`
}

// Balance is a value of the API.
type Balance struct {
	// Whose credit it is.
	Customer  string     `json:"customer,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// What payments under way have set aside.
	Held   Money  `json:"held"`
	ID     string `json:"id"`
	Issued Money  `json:"issued"`
	Kind   string `json:"kind"`
	// The end of a gift card's code.
	Last4 string `json:"last4,omitempty"`
	// What can be paid with.
	Left    Money `json:"left"`
	Spent   Money `json:"spent"`
	Usable  bool  `json:"usable"`
	Version int64 `json:"version"`
}

// BoughtGiftCard is a value of the API.
type BoughtGiftCard struct {
	// What it was sold for.
	Amount Money `json:"amount"`
	// Whoever has it can pay with it. The buyer sees it while the card is issued; staff never do.
	Code string `json:"code,omitempty"`
	// The end of its code.
	Last4 string `json:"last4"`
	// Of the order, from 1.
	Line int64 `json:"line"`
	// Why it was taken back, or was to be.
	Reason string `json:"reason,omitempty"`
	State  string `json:"state"`
	// Of the line, from 1.
	Unit int64 `json:"unit"`
}

// CancelLinesBody is a value of the API.
type CancelLinesBody struct {
	Lines  []LineQuantity `json:"lines"`
	Reason string         `json:"reason"`
}

// CancelOrderBody is a value of the API.
type CancelOrderBody struct {
	Reason string `json:"reason"`
}

// CapturePaymentBody is a value of the API.
type CapturePaymentBody struct {
	// Missing means everything that is left.
	Amount *MoneyInput `json:"amount,omitempty"`
	// Let go of what is left.
	Final  bool   `json:"final,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Cart is a value of the API.
type Cart struct {
	// Through which it is bought; missing is the shop's own.
	Channel string `json:"channel,omitempty"`
	// The coupon codes on it, and why some have no effect.
	Codes    []CartCode `json:"codes"`
	Currency string     `json:"currency"`
	// The customer whose cart it is; missing for a guest.
	Customer string `json:"customer,omitempty"`
	// Where the goods go, if a delivery was added; missing if all go to the contact's address. shipping_method and shipping_offers are those of the first, shipping is what all cost.
	Deliveries []CartDelivery `json:"deliveries,omitempty"`
	Discount   Money          `json:"discount"`
	// What fees consists of.
	FeeRows []Fee `json:"fee_rows,omitempty"`
	Fees    Money `json:"fees"`
	// What promotions give for nothing and is not in the cart: put a choice into it by add-lines, and it costs nothing.
	Gifts []CartGift `json:"gifts,omitempty"`
	// Whoever knows the ID of a guest's cart can use it: keep it from others.
	ID       string          `json:"id"`
	Lines    []CartLine      `json:"lines"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// What is missing before the cart can be bought: lines, shipping_address or a field of it as in shipping_address.postcode, or shipping_method; of a further delivery as in deliveries.2.shipping_method.
	Missing []string `json:"missing"`
	// What a checkout made or is making of it.
	Order string `json:"order,omitempty"`
	// How the shopper means to pay, for fees that depend on it.
	PayWith string `json:"pay_with,omitempty"`
	// What broke since the shopper looked, such as a price that changed.
	Problems        []CartProblem `json:"problems"`
	Shipping        Money         `json:"shipping"`
	ShippingCountry string        `json:"shipping_country,omitempty"`
	// The one that was chosen.
	ShippingMethod string `json:"shipping_method,omitempty"`
	// The shipping methods that there are for the address.
	ShippingOffers []ShippingOffer `json:"shipping_offers"`
	// Only an active cart can be changed.
	Status   string `json:"status"`
	Subtotal Money  `json:"subtotal"`
	Tax      Money  `json:"tax"`
	// The part of tax that is in none of the other amounts.
	TaxAdded Money `json:"tax_added"`
	// The certificate by which no tax is due.
	TaxExempt string `json:"tax_exempt,omitempty"`
	// Prices contain their tax, but for lines at prices that do not.
	TaxIncluded bool      `json:"tax_included"`
	Total       Money     `json:"total"`
	UpdatedAt   time.Time `json:"updated_at"`
	// Moves with every change; also the ETag.
	Version int64 `json:"version"`
}

// CartCode is a value of the API.
type CartCode struct {
	Code string `json:"code"`
	// Why it has no effect; missing if it has.
	Reason string `json:"reason,omitempty"`
}

// CartDelivery is a value of the API.
type CartDelivery struct {
	Country string `json:"country,omitempty"`
	// 1 goes to the contact's shipping address.
	ID int64 `json:"id"`
	// The IDs of the lines in it.
	Lines []int64 `json:"lines"`
	// What it costs to send, after discounts and as prices are.
	Shipping Money `json:"shipping"`
	// The one that was chosen.
	ShippingMethod string `json:"shipping_method,omitempty"`
	// The shipping methods that there are for its address and goods.
	ShippingOffers []ShippingOffer `json:"shipping_offers"`
	// The tax on shipping.
	Tax Money `json:"tax"`
	// The certificate by which no tax is due there.
	TaxExempt string `json:"tax_exempt,omitempty"`
}

// CartGift is a value of the API.
type CartGift struct {
	// What can be had now.
	Choices []GiftChoice `json:"choices"`
	// Of the promotion.
	Name      string `json:"name"`
	Promotion string `json:"promotion"`
	// How many may be added, of all choices together.
	Units int64 `json:"units"`
}

// CartLine is a value of the API.
type CartLine struct {
	// The delivery that it is in, in a cart with deliveries.
	Delivery int64 `json:"delivery,omitempty"`
	// Names the line, in a cart with deliveries.
	ID int64 `json:"id,omitempty"`
	// What the shopper chose beside the variant.
	Properties []LineProperty `json:"properties,omitempty"`
	Quantity   int64          `json:"quantity"`
	SKU        string         `json:"sku"`
	Title      string         `json:"title"`
	Total      Money          `json:"total"`
	UnitPrice  Money          `json:"unit_price"`
	Variant    string         `json:"variant"`
}

// CartProblem is a value of the API.
type CartProblem struct {
	// Of a problem with a quantity: how many are left, the least or greatest number, or the step between numbers.
	Bound    int64  `json:"bound,omitempty"`
	Code     string `json:"code"`
	Delivery int64  `json:"delivery,omitempty"`
	Is       *Money `json:"is,omitempty"`
	SKU      string `json:"sku,omitempty"`
	Was      *Money `json:"was,omitempty"`
}

// Category is a value of the API.
type Category struct {
	Description string          `json:"description,omitempty"`
	Handle      string          `json:"handle"`
	ID          string          `json:"id"`
	Media       []Media         `json:"media"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	// Missing at the top.
	Parent string `json:"parent,omitempty"`
	// Among its siblings, lowest first.
	Position int64 `json:"position"`
	// How many are on sale in it or below it.
	Products int64  `json:"products"`
	SEO      *SEO   `json:"seo,omitempty"`
	Title    string `json:"title"`
	Version  int64  `json:"version"`
}

// CategoryInput is a value of the API.
type CategoryInput struct {
	Description string          `json:"description,omitempty"`
	Media       []MediaInput    `json:"media,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	// An ID; missing at the top.
	Parent          string          `json:"parent,omitempty"`
	Position        int64           `json:"position,omitempty"`
	PrivateMetadata json.RawMessage `json:"private_metadata,omitempty"`
	SEO             *SEO            `json:"seo,omitempty"`
	Title           string          `json:"title"`
	// One for each locale.
	Translations []TextTranslation `json:"translations,omitempty"`
}

// CategoryPage is a value of the API.
type CategoryPage struct {
	// What is right below it.
	Children    []Category      `json:"children"`
	Description string          `json:"description,omitempty"`
	Handle      string          `json:"handle"`
	ID          string          `json:"id"`
	Media       []Media         `json:"media"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	// Missing at the top.
	Parent string `json:"parent,omitempty"`
	// The way from the top down to it, for breadcrumbs.
	Path []Category `json:"path"`
	// Among its siblings, lowest first.
	Position int64 `json:"position"`
	// How many are on sale in it or below it.
	Products int64  `json:"products"`
	SEO      *SEO   `json:"seo,omitempty"`
	Title    string `json:"title"`
	Version  int64  `json:"version"`
}

// ChangeAdd is a value of the API.
type ChangeAdd struct {
	// Missing is the catalog's price. It needs a reason.
	AgreedPrice *MoneyInput `json:"agreed_price,omitempty"`
	Quantity    int64       `json:"quantity"`
	Reason      string      `json:"reason,omitempty"`
	SKU         string      `json:"sku"`
}

// ChangeBody is a value of the API.
type ChangeBody struct {
	Add []ChangeAdd `json:"add,omitempty"`
	// Where the delivery goes instead. What was bought keeps its price and its tax.
	Address *Address       `json:"address,omitempty"`
	Cancel  []LineQuantity `json:"cancel,omitempty"`
	// The number of the delivery that add, shipping and address are for; needed if the order goes to several places.
	Delivery int64 `json:"delivery,omitempty"`
	// What is due for it less what is paid back, as the preview said; the change is refused if it comes to something else.
	Expected *MoneyInput   `json:"expected,omitempty"`
	Lower    []ChangeLower `json:"lower,omitempty"`
	Reason   string        `json:"reason"`
	// The method by which the order is sent instead.
	Shipping string `json:"shipping,omitempty"`
}

// ChangeLower is a value of the API.
type ChangeLower struct {
	// By how much, with its tax.
	Amount MoneyInput `json:"amount"`
	Line   int64      `json:"line"`
}

// ChangePasswordBody is a value of the API.
type ChangePasswordBody struct {
	Device      string `json:"device,omitempty"`
	NewPassword string `json:"new_password"`
	OldPassword string `json:"old_password"`
}

// ChangePreview is a value of the API.
type ChangePreview struct {
	// What becomes due, with its tax.
	Added Money `json:"added"`
	// What is granted back, with its tax.
	Back Money `json:"back"`
	// That are added.
	Lines []OrderLine `json:"lines"`
	// What is still to be paid afterwards; below nothing it is paid back.
	Outstanding Money `json:"outstanding"`
	Total       Money `json:"total"`
}

// CheckOutBody is a value of the API.
type CheckOutBody struct {
	// What the shopper saw; the checkout is refused if the cart costs something else.
	ExpectedTotal *MoneyInput `json:"expected_total,omitempty"`
	// The name of a payment provider.
	PayWith string `json:"pay_with,omitempty"`
	// Several payments in the place of pay_with and token. Gift cards and credit are taken first; together they must make the total.
	Tenders []TenderInput `json:"tenders,omitempty"`
	// Payment terms of the shop on which the order is placed unpaid, such as net_30, in the place of pay_with and token. Tenders may be gift cards and credit then: what they leave is owed.
	Terms string `json:"terms,omitempty"`
	// What the provider's own field in the browser gave for the means of payment. Never a card number: those are refused.
	Token string `json:"token,omitempty"`
}

// Checkout is a value of the API.
type Checkout struct {
	// What the shopper must do before the payment can go on. Resume the checkout afterwards.
	NextAction *NextAction `json:"next_action,omitempty"`
	// Placed, or pending while the payment is not known.
	Order Order `json:"order"`
}

// ClearDiscrepancyBody is a value of the API.
type ClearDiscrepancyBody struct {
	Kind string `json:"kind"`
	// What was found.
	Note     string `json:"note"`
	Payment  string `json:"payment"`
	Provider string `json:"provider"`
}

// Codes is a value of the API.
type Codes struct {
	Codes []string `json:"codes"`
}

// Collection is a value of the API.
type Collection struct {
	Description string          `json:"description,omitempty"`
	Handle      string          `json:"handle"`
	ID          string          `json:"id"`
	Media       []Media         `json:"media"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	SEO         *SEO            `json:"seo,omitempty"`
	Title       string          `json:"title"`
	Version     int64           `json:"version"`
}

// CollectionInput is a value of the API.
type CollectionInput struct {
	// One rule is enough; else all must hold.
	AnyRule         bool            `json:"any_rule,omitempty"`
	Description     string          `json:"description,omitempty"`
	Media           []MediaInput    `json:"media,omitempty"`
	Metadata        json.RawMessage `json:"metadata,omitempty"`
	PrivateMetadata json.RawMessage `json:"private_metadata,omitempty"`
	// IDs, in the order in which they are shown. There are either products or rules.
	Products []string         `json:"products,omitempty"`
	Rules    []CollectionRule `json:"rules,omitempty"`
	SEO      *SEO             `json:"seo,omitempty"`
	Title    string           `json:"title"`
	// One for each locale.
	Translations []TextTranslation `json:"translations,omitempty"`
}

// CollectionRule is a value of the API.
type CollectionRule struct {
	Field string `json:"field"`
	// That of the attribute or option.
	Name string `json:"name,omitempty"`
	// What an attribute is compared with: a decimal number, exact, as text.
	Number string `json:"number,omitempty"`
	Op     string `json:"op"`
	// What a variant's own price is compared with.
	Price *MoneyInput `json:"price,omitempty"`
	// One of them is enough; types and categories by their IDs.
	Values []string `json:"values,omitempty"`
}

// Component is a value of the API.
type Component struct {
	// Units in one kit.
	Quantity int64  `json:"quantity"`
	SKU      string `json:"sku"`
}

// Contact is a value of the API.
type Contact struct {
	// Missing means the shipping address.
	BillingAddress  *Address `json:"billing_address,omitempty"`
	Email           string   `json:"email,omitempty"`
	Name            string   `json:"name,omitempty"`
	Phone           string   `json:"phone,omitempty"`
	ShippingAddress *Address `json:"shipping_address,omitempty"`
}

// Coupon is a value of the API.
type Coupon struct {
	Code      string    `json:"code"`
	CreatedAt time.Time `json:"created_at"`
	// Its own, beside those of the promotion.
	Limits *RuleLimits `json:"limits,omitempty"`
	// What it asks for.
	Promotion string `json:"promotion"`
	// It has no effect any more.
	Revoked   bool      `json:"revoked"`
	UpdatedAt time.Time `json:"updated_at"`
}

// CreateCartBody is a value of the API.
type CreateCartBody struct {
	// Through which it is bought, one that the shop opens to everybody; missing is the shop's own. Staff may name any.
	Channel string `json:"channel,omitempty"`
	// That of the first line's price if it is missing.
	Currency string      `json:"currency,omitempty"`
	Lines    []LineInput `json:"lines"`
}

// Customer is a value of the API.
type Customer struct {
	Addresses []SavedAddress  `json:"addresses"`
	Email     string          `json:"email,omitempty"`
	ID        string          `json:"id"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	Name      string          `json:"name,omitempty"`
	Phone     string          `json:"phone,omitempty"`
	Version   int64           `json:"version"`
}

// DecideReturnBody is a value of the API.
type DecideReturnBody struct {
	// For the shopper; needed to reject.
	Note string `json:"note,omitempty"`
	// Who pays the way back.
	Payer string `json:"payer,omitempty"`
	State string `json:"state"`
}

// Delivery is a value of the API.
type Delivery struct {
	At      time.Time `json:"at"`
	Attempt int64     `json:"attempt"`
	Error   string    `json:"error,omitempty"`
	// The webhook-id.
	Message string `json:"message"`
	Millis  int64  `json:"millis"`
	Outcome string `json:"outcome"`
	// Of the endpoint's answer; missing if there was none.
	Status  int64  `json:"status,omitempty"`
	Subject string `json:"subject"`
	Type    string `json:"type"`
}

// DeliveryAddress is a value of the API.
type DeliveryAddress struct {
	// Missing if it was not given, or was erased.
	Address  *Address `json:"address,omitempty"`
	Country  string   `json:"country,omitempty"`
	Delivery int64    `json:"delivery"`
	Erased   bool     `json:"erased,omitempty"`
}

// DigitalInput is a value of the API.
type DigitalInput struct {
	// For how long; 0 is without limit.
	Days int64 `json:"days,omitempty"`
	// How often each file, for each unit bought; 0 is without limit.
	Downloads int64 `json:"downloads,omitempty"`
	// What a buyer may download; missing means that it is delivered in another way.
	Files []FileInput `json:"files,omitempty"`
	// It is a gift card, issued when the order is paid; then days are how long it can be paid with.
	GiftCard *GiftCardInput `json:"gift_card,omitempty"`
}

// Discrepancy is a value of the API.
type Discrepancy struct {
	FoundAt time.Time `json:"found_at"`
	Kind    string    `json:"kind"`
	// Why a lost payment was not given back.
	Note  string `json:"note,omitempty"`
	Order string `json:"order,omitempty"`
	Ours  Money  `json:"ours"`
	// Ours, or what the provider calls it.
	Payment  string `json:"payment"`
	Provider string `json:"provider"`
	Theirs   Money  `json:"theirs"`
}

// Document is a value of the API.
type Document struct {
	Gross    Money          `json:"gross"`
	ID       string         `json:"id"`
	IssuedAt *time.Time     `json:"issued_at,omitempty"`
	Kind     string         `json:"kind"`
	Lines    []DocumentLine `json:"lines"`
	Net      Money          `json:"net"`
	// Without gaps in its series. Missing for a moment, until the document is issued.
	Number string `json:"number,omitempty"`
	// The invoice that a credit note corrects.
	Of  string `json:"of,omitempty"`
	Tax Money  `json:"tax"`
}

// DocumentLine is a value of the API.
type DocumentLine struct {
	Gross Money  `json:"gross"`
	Kind  string `json:"kind"`
	Net   Money  `json:"net"`
	// 0 is a lower price.
	Quantity int64  `json:"quantity"`
	SKU      string `json:"sku,omitempty"`
	Tax      Money  `json:"tax"`
	Title    string `json:"title,omitempty"`
}

// DocumentSettings is a value of the API.
type DocumentSettings struct {
	CreditPrefix string `json:"credit_prefix,omitempty"`
	// When an order is invoiced without being asked to; missing is never.
	Invoice       string `json:"invoice,omitempty"`
	InvoicePrefix string `json:"invoice_prefix,omitempty"`
	Seller        Seller `json:"seller"`
}

// Download is a value of the API.
type Download struct {
	// Of the line, from 1.
	File int64 `json:"file"`
	// How often it may be downloaded in all; missing is without limit.
	Limit int64 `json:"limit,omitempty"`
	// Of the order, from 1.
	Line int64 `json:"line"`
	// As it is saved, such as manual.pdf.
	Name  string `json:"name"`
	SKU   string `json:"sku"`
	State string `json:"state"`
	Title string `json:"title"`
	// When that ends; missing is never, or not known before it is delivered.
	Until *time.Time `json:"until,omitempty"`
	// How often it was.
	Used int64 `json:"used"`
}

// DownloadLink is a value of the API.
type DownloadLink struct {
	// Of the line, from 1.
	File int64 `json:"file"`
	// How often it may be downloaded in all; missing is without limit.
	Limit int64 `json:"limit,omitempty"`
	// Of the order, from 1.
	Line int64 `json:"line"`
	// As it is saved, such as manual.pdf.
	Name  string `json:"name"`
	SKU   string `json:"sku"`
	State string `json:"state"`
	Title string `json:"title"`
	// A secret that the shop does not keep. Whoever has it may download the file.
	Token string `json:"token"`
	// When that ends; missing is never, or not known before it is delivered.
	Until *time.Time `json:"until,omitempty"`
	URL   string     `json:"url"`
	// How often it was.
	Used int64 `json:"used"`
}

// DownloadSettings is a value of the API.
type DownloadSettings struct {
	// Staff deliver; otherwise the store does it once an order is paid.
	ByStaff bool  `json:"by_staff"`
	Version int64 `json:"version"`
}

// Endpoint is a value of the API.
type Endpoint struct {
	Description string `json:"description,omitempty"`
	Disabled    bool   `json:"disabled"`
	// Since when nothing has got through.
	FailingSince *time.Time `json:"failing_since,omitempty"`
	ID           string     `json:"id"`
	// The kinds of events that are sent, such as order.placed, or order.* for all that begin so. None means all.
	Kinds []string `json:"kinds"`
	// How far it has been told, for a replay.
	Position string `json:"position"`
	// Why it is disabled.
	Reason  string `json:"reason,omitempty"`
	URL     string `json:"url"`
	Version int64  `json:"version"`
}

// EndpointBody is a value of the API.
type EndpointBody struct {
	Description string   `json:"description,omitempty"`
	Disabled    bool     `json:"disabled,omitempty"`
	Kinds       []string `json:"kinds,omitempty"`
	URL         string   `json:"url"`
}

// EndpointSecret is a value of the API.
type EndpointSecret struct {
	CreatedAt time.Time `json:"created_at"`
	// When it stops to sign; missing for the newest.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Secret    string     `json:"secret"`
}

// Facet is a value of the API.
type Facet struct {
	Field string `json:"field"`
	// How many further values there are.
	Other  int64        `json:"other"`
	Unit   string       `json:"unit,omitempty"`
	Values []FacetValue `json:"values"`
}

// FacetValue is a value of the API.
type FacetValue struct {
	Count int64 `json:"count"`
	// The largest in it.
	NumberMax *float64 `json:"number_max,omitempty"`
	// Of a range of an attribute's numbers, in the unit of the facet: the smallest in it.
	NumberMin *float64 `json:"number_min,omitempty"`
	PriceMax  int64    `json:"price_max,omitempty"`
	// Of a range of prices, in minor units.
	PriceMin int64  `json:"price_min,omitempty"`
	Title    string `json:"title,omitempty"`
	// For a category its ID.
	Value string `json:"value,omitempty"`
}

// Fee is a value of the API.
type Fee struct {
	Amount Money `json:"amount"`
	// The rule that it is by.
	Fee  string `json:"fee"`
	Kind string `json:"kind,omitempty"`
	// The line that it is on, from 1; missing is the whole.
	Line int64  `json:"line,omitempty"`
	Name string `json:"name"`
	Tax  Money  `json:"tax"`
}

// FileInput is a value of the API.
type FileInput struct {
	// As an upload answers it.
	Asset string `json:"asset"`
	// As it is saved, such as manual.pdf.
	Name string `json:"name"`
}

// FileRef is a value of the API.
type FileRef struct {
	File int64 `json:"file"`
	Line int64 `json:"line"`
}

// FindByPhoneBody is a value of the API.
type FindByPhoneBody struct {
	// The whole number; what is between its digits does not matter.
	Phone string `json:"phone"`
}

// FindCustomerBody is a value of the API.
type FindCustomerBody struct {
	Email string `json:"email"`
}

// Found is a value of the API.
type Found struct {
	// What was searched for if what was typed found nothing.
	Corrected string `json:"corrected,omitempty"`
	// In the order in which they were asked for.
	Facets []Facet `json:"facets"`
	// Best first.
	Items []Hit `json:"items"`
	// Pass this as after to read on.
	Next string `json:"next,omitempty"`
	// No product has all of the words: these have some of them.
	Partial bool `json:"partial"`
	// Where the merchant wants shoppers to go who type this.
	Redirect string `json:"redirect,omitempty"`
	// How many products match.
	Total int64 `json:"total"`
}

// GetGiftCardBody is a value of the API.
type GetGiftCardBody struct {
	Code string `json:"code"`
}

// GiftCard is a value of the API.
type GiftCard struct {
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Left      Money      `json:"left"`
	Usable    bool       `json:"usable"`
}

// GiftCardInput is a value of the API.
type GiftCardInput struct {
	// What a shopper may choose by the property worth of a line, at most one in a currency; missing: it is worth its price.
	Ranges []GiftCardRange `json:"ranges,omitempty"`
}

// GiftCardRange is a value of the API.
type GiftCardRange struct {
	Least MoneyInput `json:"least"`
	Most  MoneyInput `json:"most"`
}

// GiftChoice is a value of the API.
type GiftChoice struct {
	SKU     string `json:"sku"`
	Title   string `json:"title"`
	Variant string `json:"variant"`
}

// Grant is a value of the API.
type Grant struct {
	Amount Money `json:"amount"`
	// The one that shipping is of; missing for the order as a whole.
	Delivery int64 `json:"delivery,omitempty"`
	// On no line: what is on a line goes back with its goods.
	Fees     Money  `json:"fees"`
	Goods    Money  `json:"goods"`
	Number   int64  `json:"number"`
	Other    Money  `json:"other"`
	Paid     bool   `json:"paid"`
	Reason   string `json:"reason"`
	Shipping Money  `json:"shipping"`
	Source   string `json:"source"`
	State    string `json:"state"`
	Tax      Money  `json:"tax"`
}

// GrantCreditBody is a value of the API.
type GrantCreditBody struct {
	Amount MoneyInput `json:"amount"`
	Reason string     `json:"reason,omitempty"`
}

// GrantLine is a value of the API.
type GrantLine struct {
	// Missing is what was paid for the quantity.
	Amount *MoneyInput `json:"amount,omitempty"`
	Line   int64       `json:"line"`
	// 0 is a lower price, and needs an amount.
	Quantity int64 `json:"quantity,omitempty"`
}

// GrantRefundBody is a value of the API.
type GrantRefundBody struct {
	// The number of the delivery that shipping is of, if the order goes to several places; 0 is what all of it costs to send.
	Delivery int64 `json:"delivery,omitempty"`
	// On no line: what is on a line goes back with its goods.
	Fees  *MoneyInput `json:"fees,omitempty"`
	Lines []GrantLine `json:"lines,omitempty"`
	// For no goods, such as for a late delivery.
	Other  *MoneyInput `json:"other,omitempty"`
	Reason string      `json:"reason"`
	// The return whose goods it is for.
	Return   string      `json:"return,omitempty"`
	Shipping *MoneyInput `json:"shipping,omitempty"`
}

// HistoryEntry is a value of the API.
type HistoryEntry struct {
	At time.Time `json:"at"`
	// Who asked for it; missing is the program itself.
	By string `json:"by,omitempty"`
	// What differs; nothing for a new thing.
	Fields  []string `json:"fields"`
	Kind    string   `json:"kind"`
	Version int64    `json:"version"`
}

// Hit is a value of the API.
type Hit struct {
	Available bool `json:"available"`
	// Of the dearest variant.
	Highest *Money `json:"highest,omitempty"`
	// Of the cheapest variant.
	Price   *Money       `json:"price,omitempty"`
	Product Product      `json:"product"`
	Snippet []MarkedPart `json:"snippet"`
	Title   []MarkedPart `json:"title"`
}

// IssueGiftCardBody is a value of the API.
type IssueGiftCardBody struct {
	Amount MoneyInput `json:"amount"`
	// Of a card that exists elsewhere. The shop makes one that nobody can guess.
	Code string `json:"code,omitempty"`
	// Never if it is missing.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Reason    string     `json:"reason,omitempty"`
}

// IssuedGiftCard is a value of the API.
type IssuedGiftCard struct {
	// Told only now: the shop does not keep it.
	Code string `json:"code"`
	// Whose credit it is.
	Customer  string     `json:"customer,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// What payments under way have set aside.
	Held   Money  `json:"held"`
	ID     string `json:"id"`
	Issued Money  `json:"issued"`
	Kind   string `json:"kind"`
	// The end of a gift card's code.
	Last4 string `json:"last4,omitempty"`
	// What can be paid with.
	Left    Money `json:"left"`
	Spent   Money `json:"spent"`
	Usable  bool  `json:"usable"`
	Version int64 `json:"version"`
}

// JoinedOrders is a value of the API.
type JoinedOrders struct {
	// How many were found just now; they are among the customer's orders from now on.
	Joined int64 `json:"joined"`
}

// LedgerEntry is a value of the API.
type LedgerEntry struct {
	Account string `json:"account"`
	// A debit is above nothing, a credit below.
	Amount Money     `json:"amount"`
	At     time.Time `json:"at"`
	// Its entries sum to nothing. The name is unique within the order.
	Booking string `json:"booking"`
	Number  int64  `json:"number"`
	// Or the balance that it is about.
	Order string `json:"order"`
	// The order's name in another system.
	Reference string `json:"reference,omitempty"`
}

// LeftLine is a value of the API.
type LeftLine struct {
	Code     string `json:"code"`
	Quantity int64  `json:"quantity"`
	SKU      string `json:"sku"`
	Title    string `json:"title"`
}

// LineInput is a value of the API.
type LineInput struct {
	// The delivery that it goes into; missing is the first.
	Delivery int64 `json:"delivery,omitempty"`
	// What the shopper chose beside the variant, such as a text to engrave, or what a gift card is worth.
	Properties []LineProperty `json:"properties,omitempty"`
	Quantity   int64          `json:"quantity"`
	SKU        string         `json:"sku"`
}

// LineProperty is a value of the API.
type LineProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// LineQuantity is a value of the API.
type LineQuantity struct {
	Line     int64 `json:"line"`
	Quantity int64 `json:"quantity"`
}

// ListAccountBalance is a value of the API.
type ListAccountBalance struct {
	Items []AccountBalance `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListAvailability is a value of the API.
type ListAvailability struct {
	Items []Availability `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListBackup is a value of the API.
type ListBackup struct {
	Items []Backup `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListBalance is a value of the API.
type ListBalance struct {
	Items []Balance `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListBoughtGiftCard is a value of the API.
type ListBoughtGiftCard struct {
	Items []BoughtGiftCard `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListCategory is a value of the API.
type ListCategory struct {
	Items []Category `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListCollection is a value of the API.
type ListCollection struct {
	Items []Collection `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListCoupon is a value of the API.
type ListCoupon struct {
	Items []Coupon `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListDelivery is a value of the API.
type ListDelivery struct {
	Items []Delivery `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListDeliveryAddress is a value of the API.
type ListDeliveryAddress struct {
	Items []DeliveryAddress `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListDiscrepancy is a value of the API.
type ListDiscrepancy struct {
	Items []Discrepancy `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListDocument is a value of the API.
type ListDocument struct {
	Items []Document `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListDownload is a value of the API.
type ListDownload struct {
	Items []Download `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListEndpoint is a value of the API.
type ListEndpoint struct {
	Items []Endpoint `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListEndpointSecret is a value of the API.
type ListEndpointSecret struct {
	Items []EndpointSecret `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListExemption is a value of the API.
type ListExemption struct {
	Items []RuleExemption `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListGrant is a value of the API.
type ListGrant struct {
	Items []Grant `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListHistoryEntry is a value of the API.
type ListHistoryEntry struct {
	Items []HistoryEntry `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListLedgerEntry is a value of the API.
type ListLedgerEntry struct {
	Items []LedgerEntry `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListMoment is a value of the API.
type ListMoment struct {
	Items []Moment `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListOperation is a value of the API.
type ListOperation struct {
	Items []Operation `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListOrder is a value of the API.
type ListOrder struct {
	Items []Order `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListOrderEdit is a value of the API.
type ListOrderEdit struct {
	Items []OrderEdit `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListParcel is a value of the API.
type ListParcel struct {
	Items []Parcel `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListPayment is a value of the API.
type ListPayment struct {
	Items []Payment `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListPaymentMethod is a value of the API.
type ListPaymentMethod struct {
	Items []PaymentMethod `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListPaymentTerms is a value of the API.
type ListPaymentTerms struct {
	Items []PaymentTerms `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListPrice is a value of the API.
type ListPrice struct {
	Items []Price `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListPriceInput is a value of the API.
type ListPriceInput struct {
	SKU string `json:"sku"`
	// None takes the variant off the list.
	Tiers []PriceTierInput `json:"tiers,omitempty"`
}

// ListPriceList is a value of the API.
type ListPriceList struct {
	Items []PriceList `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListProduct is a value of the API.
type ListProduct struct {
	Items []Product `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListProductType is a value of the API.
type ListProductType struct {
	Items []ProductType `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListPutResult is a value of the API.
type ListPutResult struct {
	Items []PutResult `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListReturn is a value of the API.
type ListReturn struct {
	Items []Return `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListSearchMiss is a value of the API.
type ListSearchMiss struct {
	Items []SearchMiss `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListSessionEntry is a value of the API.
type ListSessionEntry struct {
	Items []SessionEntry `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListSoldVariant is a value of the API.
type ListSoldVariant struct {
	Items []SoldVariant `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListStaffCustomer is a value of the API.
type ListStaffCustomer struct {
	Items []StaffCustomer `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListStaffProduct is a value of the API.
type ListStaffProduct struct {
	Items []StaffProduct `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListStockLevel is a value of the API.
type ListStockLevel struct {
	Items []StockLevel `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListStockMovement is a value of the API.
type ListStockMovement struct {
	Items []StockMovement `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListStockTransfer is a value of the API.
type ListStockTransfer struct {
	Items []StockTransfer `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListTrouble is a value of the API.
type ListTrouble struct {
	Items []Trouble `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// ListVariantListPrice is a value of the API.
type ListVariantListPrice struct {
	Items []VariantListPrice `json:"items"`
	// Pass this as after to read on; it is missing on the last page.
	Next string `json:"next,omitempty"`
}

// LogInBody is a value of the API.
type LogInBody struct {
	// What the customer will know it by in their list of sessions.
	Device   string `json:"device,omitempty"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// LowestPrice is a value of the API.
type LowestPrice struct {
	// Missing if the variant had none in the currency.
	Price *Money `json:"price,omitempty"`
}

// MakeCouponsBody is a value of the API.
type MakeCouponsBody struct {
	Count int64 `json:"count"`
	// Random characters of each code; 0 is 12.
	Length int64 `json:"length,omitempty"`
	// Of each code, as in one use.
	Limits *RuleLimits `json:"limits,omitempty"`
	Prefix string      `json:"prefix,omitempty"`
}

// MarkedPart is a value of the API.
type MarkedPart struct {
	Match bool   `json:"match"`
	Text  string `json:"text"`
}

// Media is a value of the API.
type Media struct {
	// What it shows, for those who do not see it.
	Alt string `json:"alt,omitempty"`
	// The variants that it shows; missing means all.
	SKUs []string `json:"skus,omitempty"`
	// Where the file is. It never changes under this address.
	URL string `json:"url"`
}

// MediaInput is a value of the API.
type MediaInput struct {
	// What it shows, for those who do not see it.
	Alt string `json:"alt,omitempty"`
	// As an upload answers it.
	Asset string `json:"asset"`
	// The variants that it shows; missing means all.
	SKUs []string `json:"skus,omitempty"`
}

// Merchandising is a value of the API.
type Merchandising struct {
	Rules []SearchRule `json:"rules"`
	// Counts the changes of all of it; it is their ETag.
	Version      int64              `json:"version"`
	Vocabularies []SearchVocabulary `json:"vocabularies"`
}

// MergeCartBody is a value of the API.
type MergeCartBody struct {
	// The guest's cart.
	Cart string `json:"cart"`
}

// Moment is a value of the API.
type Moment struct {
	Amount *Money    `json:"amount,omitempty"`
	At     time.Time `json:"at"`
	// As in order.placed or return.approved; there may be new ones.
	Kind    string `json:"kind"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	Units   int64  `json:"units,omitempty"`
}

// Money is a value of the API.
type Money struct {
	// ISO 4217.
	Currency string `json:"currency"`
	// The amount for people.
	Formatted string `json:"formatted"`
	// The amount in minor units, such as cents.
	Minor int64 `json:"minor"`
}

// MoneyInput is a value of the API.
type MoneyInput struct {
	// ISO 4217.
	Currency string `json:"currency"`
	// The amount in minor units, such as cents.
	Minor int64 `json:"minor"`
}

// NamedProduct is a value of the API.
type NamedProduct struct {
	Attributes []Attribute `json:"attributes,omitempty"`
	Brand      string      `json:"brand,omitempty"`
	// IDs, the main one first.
	Categories        []string        `json:"categories,omitempty"`
	Description       string          `json:"description,omitempty"`
	ExternalReference string          `json:"external_reference,omitempty"`
	Handle            string          `json:"handle"`
	Media             []MediaInput    `json:"media,omitempty"`
	Metadata          json.RawMessage `json:"metadata,omitempty"`
	PrivateMetadata   json.RawMessage `json:"private_metadata,omitempty"`
	// Through which channels it is offered, and when, one for each channel; missing means everywhere, always.
	Publications []Publication `json:"publications,omitempty"`
	SEO          *SEO          `json:"seo,omitempty"`
	// Active if it is missing.
	Status string `json:"status,omitempty"`
	Title  string `json:"title"`
	// One for each locale.
	Translations []Translation `json:"translations,omitempty"`
	// The ID of a product type, which says what attributes it has.
	Type     string         `json:"type,omitempty"`
	Variants []VariantInput `json:"variants"`
}

// NextAction is a value of the API.
type NextAction struct {
	// For the provider's script in the browser.
	ClientSecret string `json:"client_secret,omitempty"`
	// What the shopper pays by elsewhere: of a voucher or a transfer.
	Details []PaymentDetail `json:"details,omitempty"`
	// Until when a voucher can be paid, if the provider says so.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	Kind      string     `json:"kind"`
	// Where to go, or what to show in a frame.
	URL string `json:"url,omitempty"`
}

// Numbering is a value of the API.
type Numbering struct {
	// The number that the next order of the sequence gets.
	Next int64 `json:"next,omitempty"`
	// Before the numbers of a sequence.
	Prefix string `json:"prefix,omitempty"`
	// own tells nobody how many orders there are; a sequence has no gaps.
	Scheme string `json:"scheme"`
}

// Operation is a value of the API.
type Operation struct {
	Amount  Money  `json:"amount"`
	Decline string `json:"decline,omitempty"`
	Kind    string `json:"kind"`
	Number  int64  `json:"number"`
	Payment string `json:"payment"`
	Reason  string `json:"reason,omitempty"`
	State   string `json:"state"`
}

// Option is a value of the API.
type Option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// OptionInput is a value of the API.
type OptionInput struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Order is a value of the API.
type Order struct {
	CancelReason string     `json:"cancel_reason,omitempty"`
	CanceledAt   *time.Time `json:"canceled_at,omitempty"`
	Captured     Money      `json:"captured"`
	Cart         string     `json:"cart,omitempty"`
	CreatedAt    time.Time  `json:"created_at"`
	Currency     string     `json:"currency"`
	Customer     string     `json:"customer,omitempty"`
	// Where it goes, if to several places; shipping is what all cost. Missing in lists.
	Deliveries []OrderDelivery `json:"deliveries,omitempty"`
	Discount   Money           `json:"discount"`
	// What fees consists of; missing in lists.
	FeeRows          []Fee  `json:"fee_rows,omitempty"`
	Fees             Money  `json:"fees"`
	FulfilmentStatus string `json:"fulfilment_status"`
	ID               string `json:"id"`
	// Missing in lists.
	Lines    []OrderLine     `json:"lines,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// What people call the order. Unique; with a sequence it changes once, a moment after the order was placed.
	Number string `json:"number"`
	// What was left to the payment terms; the rest was paid from gift cards and credit.
	OnTerms *Money `json:"on_terms,omitempty"`
	// When it was found unpaid after that.
	OverdueAt *time.Time `json:"overdue_at,omitempty"`
	// When it is to be paid by its terms.
	PaymentDueAt  *time.Time `json:"payment_due_at,omitempty"`
	PaymentStatus string     `json:"payment_status"`
	PlacedAt      *time.Time `json:"placed_at,omitempty"`
	Refunded      Money      `json:"refunded"`
	Shipping      Money      `json:"shipping"`
	Status        string     `json:"status"`
	Subtotal      Money      `json:"subtotal"`
	Tax           Money      `json:"tax"`
	// The part of tax that is in none of the other amounts.
	TaxAdded Money `json:"tax_added"`
	// The certificate by which no tax was due.
	TaxExempt string `json:"tax_exempt,omitempty"`
	// The payment terms that it was placed unpaid on.
	Terms   string `json:"terms,omitempty"`
	Total   Money  `json:"total"`
	Version int64  `json:"version"`
}

// OrderDelivery is a value of the API.
type OrderDelivery struct {
	Country string `json:"country,omitempty"`
	// 1 goes to the contact's shipping address.
	Number int64 `json:"number"`
	// What it costs to send, after discounts and as prices are.
	Shipping       Money  `json:"shipping"`
	ShippingMethod string `json:"shipping_method,omitempty"`
	ShippingName   string `json:"shipping_name,omitempty"`
	ShippingTax    Money  `json:"shipping_tax"`
	// The certificate by which no tax was due there.
	TaxExempt string `json:"tax_exempt,omitempty"`
}

// OrderEdit is a value of the API.
type OrderEdit struct {
	Added  Money     `json:"added"`
	At     time.Time `json:"at"`
	Back   Money     `json:"back"`
	By     string    `json:"by,omitempty"`
	Number int64     `json:"number"`
	Reason string    `json:"reason"`
}

// OrderExplained is a value of the API.
type OrderExplained struct {
	// How each amount came about, in plain lines, as it was when the order was made or changed.
	Explanation string `json:"explanation"`
}

// OrderLine is a value of the API.
type OrderLine struct {
	// The number of the delivery that it is in, of an order that goes to several places.
	Delivery  int64  `json:"delivery,omitempty"`
	Number    int64  `json:"number"`
	Quantity  int64  `json:"quantity"`
	Returned  int64  `json:"returned"`
	Shipped   int64  `json:"shipped"`
	SKU       string `json:"sku"`
	Title     string `json:"title"`
	Total     Money  `json:"total"`
	UnitPrice Money  `json:"unit_price"`
}

// OrderPayment is a value of the API.
type OrderPayment struct {
	// What is still to be paid and nobody is paying; it may be below nothing.
	Due Money `json:"due"`
	// What the shopper must do before the payment can go on.
	NextAction *NextAction `json:"next_action,omitempty"`
	Order      Order       `json:"order"`
	Payment    Payment     `json:"payment"`
}

// Parcel is a value of the API.
type Parcel struct {
	At      time.Time `json:"at"`
	Carrier string    `json:"carrier,omitempty"`
	// What became of it, the first event first.
	Events   []ParcelEvent  `json:"events"`
	ID       string         `json:"id"`
	Lines    []LineQuantity `json:"lines"`
	Status   string         `json:"status"`
	Tracking string         `json:"tracking,omitempty"`
	// Where it can be followed.
	URL string `json:"url,omitempty"`
}

// ParcelEvent is a value of the API.
type ParcelEvent struct {
	At     time.Time `json:"at"`
	Note   string    `json:"note,omitempty"`
	Status string    `json:"status"`
}

// PayOrderBody is a value of the API.
type PayOrderBody struct {
	// Missing is all that is due.
	Amount       *MoneyInput `json:"amount,omitempty"`
	Installments int64       `json:"installments,omitempty"`
	Method       string      `json:"method,omitempty"`
	// The payment provider.
	PayWith string `json:"pay_with,omitempty"`
	// The provider's name for the means of payment, or the ID of one that the customer keeps. Never a card number.
	Token string `json:"token,omitempty"`
}

// Payment is a value of the API.
type Payment struct {
	Amount     Money  `json:"amount"`
	Authorized Money  `json:"authorized"`
	Captured   Money  `json:"captured"`
	Decline    string `json:"decline,omitempty"`
	ID         string `json:"id"`
	Provider   string `json:"provider"`
	Refunded   Money  `json:"refunded"`
	State      string `json:"state"`
	Voided     Money  `json:"voided"`
}

// PaymentDetail is a value of the API.
type PaymentDetail struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// PaymentMethod is a value of the API.
type PaymentMethod struct {
	Brand        string `json:"brand,omitempty"`
	Default      bool   `json:"default"`
	ExpiresMonth int64  `json:"expires_month,omitempty"`
	ExpiresYear  int64  `json:"expires_year,omitempty"`
	// Takes the place of a token when its customer pays.
	ID       string `json:"id"`
	Last4    string `json:"last4,omitempty"`
	Provider string `json:"provider"`
}

// PaymentTerms is a value of the API.
type PaymentTerms struct {
	// Customers who may, beside the groups.
	Customers []string `json:"customers,omitempty"`
	// After the order was placed; 0 is at receipt.
	Days int64 `json:"days"`
	// The groups of customers who may use them.
	Groups []string `json:"groups,omitempty"`
	// The most that a customer may owe, one for each currency. Others are not limited.
	Limits []MoneyInput `json:"limits,omitempty"`
	// Such as net_30: a–z, 0–9, _ and -.
	Name string `json:"name"`
}

// Place is a value of the API.
type Place struct {
	// It sells nothing. Its goods stay where they are.
	Closed bool `json:"closed,omitempty"`
	// The countries that it serves, as ISO 3166-1 codes; missing is all.
	Countries []string `json:"countries,omitempty"`
	ID        string   `json:"id"`
	Name      string   `json:"name,omitempty"`
	// Places are asked in this order, the lowest first.
	Priority int64 `json:"priority,omitempty"`
}

// Places is a value of the API.
type Places struct {
	Places []Place `json:"places"`
	// The units of one line may come from several places.
	Split bool `json:"split,omitempty"`
	// Counts the changes, from 1 for a shop that never set them; also the ETag.
	Version int64 `json:"version,omitempty"`
}

// Price is a value of the API.
type Price struct {
	// What it is shown against, as for a sale.
	CompareAt *Money `json:"compare_at,omitempty"`
	// The tier that it is of.
	MinQuantity int64  `json:"min_quantity,omitempty"`
	Price       Money  `json:"price"`
	SKU         string `json:"sku"`
	// Whether it contains its tax; missing means as the shop's prices do.
	Taxes string `json:"taxes,omitempty"`
}

// PriceConsidered is a value of the API.
type PriceConsidered struct {
	// The price that it would make.
	Amount *Money `json:"amount,omitempty"`
	// Its code; missing is the variant's own price.
	List    string `json:"list,omitempty"`
	Outcome string `json:"outcome"`
}

// PriceExplained is a value of the API.
type PriceExplained struct {
	// In the order in which they count.
	Considered []PriceConsidered `json:"considered"`
	// Missing if there is none.
	Price *Price `json:"price,omitempty"`
}

// PriceList is a value of the API.
type PriceList struct {
	Channels  []string  `json:"channels,omitempty"`
	Code      string    `json:"code"`
	CreatedAt time.Time `json:"created_at"`
	// Off the variant's own price where the list has none, in hundredths of a percent.
	DiscountBasisPoints int64      `json:"discount_basis_points,omitempty"`
	From                *time.Time `json:"from,omitempty"`
	// For customers in one of them; missing means all.
	Groups  []string `json:"groups,omitempty"`
	Markets []string `json:"markets,omitempty"`
	// Whether its prices contain tax; missing means as the shop's do.
	Prices string `json:"prices,omitempty"`
	// The list with the highest counts.
	Priority int64 `json:"priority,omitempty"`
	// It only ever makes things cheaper, and is shown beside the variant's own price.
	Sale bool `json:"sale,omitempty"`
	// Active if it is missing. Only an active list counts.
	Status string `json:"status,omitempty"`
	Title  string `json:"title"`
	// The first moment after it.
	Until     *time.Time `json:"until,omitempty"`
	UpdatedAt time.Time  `json:"updated_at"`
	Version   int64      `json:"version"`
}

// PriceListInput is a value of the API.
type PriceListInput struct {
	Channels []string `json:"channels,omitempty"`
	// Off the variant's own price where the list has none, in hundredths of a percent.
	DiscountBasisPoints int64      `json:"discount_basis_points,omitempty"`
	From                *time.Time `json:"from,omitempty"`
	// For customers in one of them; missing means all.
	Groups  []string `json:"groups,omitempty"`
	Markets []string `json:"markets,omitempty"`
	// Whether its prices contain tax; missing means as the shop's do.
	Prices string `json:"prices,omitempty"`
	// The list with the highest counts.
	Priority int64 `json:"priority,omitempty"`
	// It only ever makes things cheaper, and is shown beside the variant's own price.
	Sale bool `json:"sale,omitempty"`
	// Active if it is missing. Only an active list counts.
	Status string `json:"status,omitempty"`
	Title  string `json:"title"`
	// The first moment after it.
	Until *time.Time `json:"until,omitempty"`
}

// PriceTierInput is a value of the API.
type PriceTierInput struct {
	MinQuantity int64      `json:"min_quantity,omitempty"`
	Price       MoneyInput `json:"price"`
}

// Product is a value of the API.
type Product struct {
	Attributes []Attribute `json:"attributes"`
	Brand      string      `json:"brand,omitempty"`
	// The IDs of its categories, the main one first.
	Categories  []string `json:"categories"`
	Description string   `json:"description,omitempty"`
	// The product's own name, as in an address on the web.
	Handle string `json:"handle"`
	ID     string `json:"id"`
	// In the order in which they are shown.
	Media    []Media         `json:"media"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	SEO      *SEO            `json:"seo,omitempty"`
	Title    string          `json:"title"`
	// What a shopper chooses from.
	Variants []Variant `json:"variants"`
	Version  int64     `json:"version"`
}

// ProductInput is a value of the API.
type ProductInput struct {
	Attributes []Attribute `json:"attributes,omitempty"`
	Brand      string      `json:"brand,omitempty"`
	// IDs, the main one first.
	Categories        []string        `json:"categories,omitempty"`
	Description       string          `json:"description,omitempty"`
	ExternalReference string          `json:"external_reference,omitempty"`
	Media             []MediaInput    `json:"media,omitempty"`
	Metadata          json.RawMessage `json:"metadata,omitempty"`
	PrivateMetadata   json.RawMessage `json:"private_metadata,omitempty"`
	// Through which channels it is offered, and when, one for each channel; missing means everywhere, always.
	Publications []Publication `json:"publications,omitempty"`
	SEO          *SEO          `json:"seo,omitempty"`
	// Active if it is missing.
	Status string `json:"status,omitempty"`
	Title  string `json:"title"`
	// One for each locale.
	Translations []Translation `json:"translations,omitempty"`
	// The ID of a product type, which says what attributes it has.
	Type     string         `json:"type,omitempty"`
	Variants []VariantInput `json:"variants"`
}

// ProductType is a value of the API.
type ProductType struct {
	Attributes []AttributeDefinition `json:"attributes"`
	Code       string                `json:"code"`
	ID         string                `json:"id"`
	Title      string                `json:"title"`
	Version    int64                 `json:"version"`
}

// ProductTypeInput is a value of the API.
type ProductTypeInput struct {
	// They keep their kinds: one of another kind needs another name.
	Attributes []AttributeDefinition `json:"attributes,omitempty"`
	Title      string                `json:"title"`
}

// Publication is a value of the API.
type Publication struct {
	// Missing is the shop's own.
	Channel         string     `json:"channel,omitempty"`
	PurchasableFrom *time.Time `json:"purchasable_from,omitempty"`
	// The first moment after it.
	PurchasableUntil *time.Time `json:"purchasable_until,omitempty"`
	VisibleFrom      *time.Time `json:"visible_from,omitempty"`
	// The first moment after it.
	VisibleUntil *time.Time `json:"visible_until,omitempty"`
}

// PutCouponBody is a value of the API.
type PutCouponBody struct {
	Limits    *RuleLimits `json:"limits,omitempty"`
	Promotion string      `json:"promotion"`
	Revoked   bool        `json:"revoked,omitempty"`
}

// PutDownloadSettingsBody is a value of the API.
type PutDownloadSettingsBody struct {
	ByStaff bool `json:"by_staff"`
}

// PutExemptionBody is a value of the API.
type PutExemptionBody struct {
	// Where no tax is due; an area without a country is everywhere.
	Areas  []RuleArea  `json:"areas"`
	Period *RulePeriod `json:"period,omitempty"`
	Reason string      `json:"reason,omitempty"`
}

// PutListPricesBody is a value of the API.
type PutListPricesBody struct {
	// Variants that are not named keep their prices.
	Prices []ListPriceInput `json:"prices"`
}

// PutProductsBody is a value of the API.
type PutProductsBody struct {
	Products []NamedProduct `json:"products"`
}

// PutResult is a value of the API.
type PutResult struct {
	Handle string `json:"handle"`
	// Missing if it was not put.
	ID string `json:"id,omitempty"`
	// Why it was not put. The others are.
	Problem *Problem `json:"problem,omitempty"`
	Version int64    `json:"version,omitempty"`
}

// PutVariantsBody is a value of the API.
type PutVariantsBody struct {
	// SKUs. Those that are not there do not matter.
	Remove   []string       `json:"remove,omitempty"`
	Variants []VariantInput `json:"variants,omitempty"`
}

// Quote is a value of the API.
type Quote struct {
	Cart     string `json:"cart"`
	Discount Money  `json:"discount"`
	// How each amount came about, in plain lines; for staff also by which price lists, by what agreement, and which promotions are not applied.
	Explanation string `json:"explanation"`
	Fees        Money  `json:"fees"`
	// What is missing before the cart can be bought.
	Missing        []string        `json:"missing"`
	Problems       []CartProblem   `json:"problems"`
	Shipping       Money           `json:"shipping"`
	ShippingOffers []ShippingOffer `json:"shipping_offers"`
	Subtotal       Money           `json:"subtotal"`
	Tax            Money           `json:"tax"`
	// The part of tax that is in none of the other amounts.
	TaxAdded Money `json:"tax_added"`
	// Prices contain their tax, but for lines at prices that do not.
	TaxIncluded bool `json:"tax_included"`
	// The tax by name and rate.
	Taxes []TaxSum `json:"taxes"`
	Total Money    `json:"total"`
	// Of the cart; send it as If-Match with the checkout.
	Version int64 `json:"version"`
}

// ReceiptLine is a value of the API.
type ReceiptLine struct {
	// The ID of the place; missing is main.
	Place    string `json:"place,omitempty"`
	Quantity int64  `json:"quantity"`
	// A delivery note, say.
	Reason string `json:"reason,omitempty"`
	SKU    string `json:"sku"`
}

// ReceiveManyBody is a value of the API.
type ReceiveManyBody struct {
	Lines []ReceiptLine `json:"lines"`
}

// ReceiveReturnBody is a value of the API.
type ReceiveReturnBody struct {
	// No more of it is expected.
	Close bool           `json:"close,omitempty"`
	Lines []ReceivedLine `json:"lines,omitempty"`
	// Pay back what came.
	Refund bool `json:"refund,omitempty"`
}

// ReceiveStockBody is a value of the API.
type ReceiveStockBody struct {
	Quantity int64 `json:"quantity"`
	// A delivery note, say.
	Reason string `json:"reason,omitempty"`
}

// ReceiveTransferBody is a value of the API.
type ReceiveTransferBody struct {
	// How many will not arrive any more.
	Lost int64 `json:"lost,omitempty"`
	// How many have arrived now.
	Quantity int64 `json:"quantity,omitempty"`
}

// ReceivedLine is a value of the API.
type ReceivedLine struct {
	Damaged    int64 `json:"damaged,omitempty"`
	Line       int64 `json:"line"`
	Resellable int64 `json:"resellable,omitempty"`
}

// ReconcileBody is a value of the API.
type ReconcileBody struct {
	Provider string    `json:"provider"`
	Since    time.Time `json:"since"`
}

// Reconciliation is a value of the API.
type Reconciliation struct {
	// Payments that the provider lists.
	Compared int64 `json:"compared"`
	// Payments that a restored backup knows nothing of and that were given back.
	GivenBack int64 `json:"given_back"`
	// Orders of which it knew more, and was believed.
	Learned int64 `json:"learned"`
	// What they do not agree about: see the discrepancies.
	Open int64 `json:"open"`
}

// RecordRefundBody is a value of the API.
type RecordRefundBody struct {
	// Missing is all that is owed.
	Amount *MoneyInput `json:"amount,omitempty"`
	Reason string      `json:"reason,omitempty"`
	// What the other way of paying calls it.
	Reference string `json:"reference"`
}

// RefundOrderBody is a value of the API.
type RefundOrderBody struct {
	// Missing means everything that was captured and not granted back.
	Amount *MoneyInput `json:"amount,omitempty"`
	Reason string      `json:"reason,omitempty"`
	// Which payments it goes to. What they leave goes to the payments in their order.
	To []RefundTo `json:"to,omitempty"`
}

// RefundTo is a value of the API.
type RefundTo struct {
	Amount  MoneyInput `json:"amount"`
	Payment string     `json:"payment"`
}

// RegisterBody is a value of the API.
type RegisterBody struct {
	Email    string `json:"email"`
	Name     string `json:"name,omitempty"`
	Password string `json:"password"`
	Phone    string `json:"phone,omitempty"`
}

// ReleaseGrantBody is a value of the API.
type ReleaseGrantBody struct {
	// Which payments it goes to. What they leave goes to the payments in their order.
	To []RefundTo `json:"to,omitempty"`
}

// ReorderBody is a value of the API.
type ReorderBody struct {
	// Where it goes; missing is a new one.
	Cart string `json:"cart,omitempty"`
}

// Reordered is a value of the API.
type Reordered struct {
	// What can be bought, at the prices of now. Missing if nothing can be.
	Cart *Cart `json:"cart,omitempty"`
	// What cannot be bought any more, and why.
	Left []LeftLine `json:"left"`
}

// ReplayEndpointBody is a value of the API.
type ReplayEndpointBody struct {
	// One that the endpoint had before; empty for the oldest event that is kept.
	Position string `json:"position"`
}

// RequestReturnBody is a value of the API.
type RequestReturnBody struct {
	Lines  []LineQuantity `json:"lines"`
	Reason string         `json:"reason"`
}

// ResetBody is a value of the API.
type ResetBody struct {
	Device   string `json:"device,omitempty"`
	Password string `json:"password"`
	Token    string `json:"token"`
}

// ResolvePaymentBody is a value of the API.
type ResolvePaymentBody struct {
	// Missing is the payment itself.
	Operation int64  `json:"operation,omitempty"`
	Reason    string `json:"reason"`
	// What the provider calls it.
	Reference string `json:"reference,omitempty"`
	State     string `json:"state"`
}

// Return is a value of the API.
type Return struct {
	DecidedAt *time.Time   `json:"decided_at,omitempty"`
	ID        string       `json:"id"`
	Lines     []ReturnLine `json:"lines"`
	Note      string       `json:"note,omitempty"`
	Order     string       `json:"order"`
	// Who pays the way back.
	Payer       string     `json:"payer,omitempty"`
	Reason      string     `json:"reason"`
	ReceivedAt  *time.Time `json:"received_at,omitempty"`
	RequestedAt time.Time  `json:"requested_at"`
	State       string     `json:"state"`
}

// ReturnLine is a value of the API.
type ReturnLine struct {
	Damaged  int64 `json:"damaged"`
	Line     int64 `json:"line"`
	Quantity int64 `json:"quantity"`
	Received int64 `json:"received"`
}

// ReturnOrderBody is a value of the API.
type ReturnOrderBody struct {
	// Keep the goods out of stock: they came back unusable.
	Discard bool           `json:"discard,omitempty"`
	Lines   []LineQuantity `json:"lines"`
	Reason  string         `json:"reason"`
}

// RotateSecretBody is a value of the API.
type RotateSecretBody struct {
	// For how long the secrets before still sign: a day if it is missing, not at all for -1.
	OverlapSeconds int64 `json:"overlap_seconds,omitempty"`
}

// RuleAddress is a value of the API.
type RuleAddress struct {
	Country  string `json:"country,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	Region   string `json:"region,omitempty"`
}

// RuleArea is a value of the API.
type RuleArea struct {
	Country      string `json:"country,omitempty"`
	PostcodeFrom string `json:"postcode_from,omitempty"`
	PostcodeTo   string `json:"postcode_to,omitempty"`
	Region       string `json:"region,omitempty"`
}

// RuleAttributeValue is a value of the API.
type RuleAttributeValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// RuleConditions is a value of the API.
type RuleConditions struct {
	Channels    []string      `json:"channels,omitempty"`
	Countries   []string      `json:"countries,omitempty"`
	Currencies  []string      `json:"currencies,omitempty"`
	FirstOrder  bool          `json:"first_order,omitempty"`
	Groups      []string      `json:"groups,omitempty"`
	Items       *RuleSelector `json:"items,omitempty"`
	LoggedIn    bool          `json:"logged_in,omitempty"`
	MinQuantity int64         `json:"min_quantity,omitempty"`
	MinSubtotal []MoneyInput  `json:"min_subtotal,omitempty"`
}

// RuleEffect is a value of the API.
type RuleEffect struct {
	Amounts []MoneyInput  `json:"amounts,omitempty"`
	AtMost  []MoneyInput  `json:"at_most,omitempty"`
	Buy     int64         `json:"buy,omitempty"`
	Get     int64         `json:"get,omitempty"`
	Items   *RuleSelector `json:"items,omitempty"`
	Kind    string        `json:"kind"`
	Methods []string      `json:"methods,omitempty"`
	PerUnit bool          `json:"per_unit,omitempty"`
	Rate    string        `json:"rate,omitempty"`
	Tiers   []RuleTier    `json:"tiers,omitempty"`
	Times   int64         `json:"times,omitempty"`
}

// RuleExemption is a value of the API.
type RuleExemption struct {
	Areas       []RuleArea  `json:"areas"`
	Certificate string      `json:"certificate"`
	Period      *RulePeriod `json:"period,omitempty"`
	Reason      string      `json:"reason,omitempty"`
}

// RuleFee is a value of the API.
type RuleFee struct {
	Amounts       []MoneyInput    `json:"amounts,omitempty"`
	BelowSubtotal []MoneyInput    `json:"below_subtotal,omitempty"`
	ID            string          `json:"id,omitempty"`
	If            *RuleConditions `json:"if,omitempty"`
	Items         *RuleSelector   `json:"items,omitempty"`
	Kind          string          `json:"kind,omitempty"`
	Name          string          `json:"name"`
	Paused        bool            `json:"paused,omitempty"`
	Payments      []string        `json:"payments,omitempty"`
	PerLine       bool            `json:"per_line,omitempty"`
	PerUnit       bool            `json:"per_unit,omitempty"`
	Period        *RulePeriod     `json:"period,omitempty"`
	Property      string          `json:"property,omitempty"`
	Rate          string          `json:"rate,omitempty"`
	TaxCategory   string          `json:"tax_category,omitempty"`
	Untaxed       bool            `json:"untaxed,omitempty"`
}

// RuleLimits is a value of the API.
type RuleLimits struct {
	Budget      []MoneyInput `json:"budget,omitempty"`
	PerCustomer int64        `json:"per_customer,omitempty"`
	Uses        int64        `json:"uses,omitempty"`
}

// RulePeriod is a value of the API.
type RulePeriod struct {
	From  *time.Time `json:"from,omitempty"`
	Until *time.Time `json:"until,omitempty"`
}

// RulePromotion is a value of the API.
type RulePromotion struct {
	Alone     bool            `json:"alone,omitempty"`
	Effect    RuleEffect      `json:"effect"`
	Group     string          `json:"group,omitempty"`
	ID        string          `json:"id,omitempty"`
	If        *RuleConditions `json:"if,omitempty"`
	Limits    *RuleLimits     `json:"limits,omitempty"`
	Name      string          `json:"name"`
	NeedsCode bool            `json:"needs_code,omitempty"`
	Paused    bool            `json:"paused,omitempty"`
	Period    *RulePeriod     `json:"period,omitempty"`
	Priority  int64           `json:"priority,omitempty"`
	Stop      bool            `json:"stop,omitempty"`
}

// RuleQuantityRule is a value of the API.
type RuleQuantityRule struct {
	ID          string        `json:"id,omitempty"`
	Items       *RuleSelector `json:"items,omitempty"`
	Max         int64         `json:"max,omitempty"`
	Min         int64         `json:"min,omitempty"`
	PerCustomer int64         `json:"per_customer,omitempty"`
	Step        int64         `json:"step,omitempty"`
}

// RuleSelector is a value of the API.
type RuleSelector struct {
	Attributes        []RuleAttributeValue `json:"attributes,omitempty"`
	Categories        []string             `json:"categories,omitempty"`
	Collections       []string             `json:"collections,omitempty"`
	ExceptCategories  []string             `json:"except_categories,omitempty"`
	ExceptCollections []string             `json:"except_collections,omitempty"`
	ExceptOnSale      bool                 `json:"except_on_sale,omitempty"`
	ExceptProducts    []string             `json:"except_products,omitempty"`
	ExceptSKUs        []string             `json:"except_skus,omitempty"`
	Products          []string             `json:"products,omitempty"`
	SKUs              []string             `json:"skus,omitempty"`
}

// RuleSettings is a value of the API.
type RuleSettings struct {
	Currencies    []string     `json:"currencies,omitempty"`
	FullAddresses bool         `json:"full_addresses,omitempty"`
	HoldMinutes   int64        `json:"hold_minutes,omitempty"`
	Home          *RuleAddress `json:"home,omitempty"`
	PriceRounding string       `json:"price_rounding,omitempty"`
	TaxIncluded   bool         `json:"tax_included,omitempty"`
	TaxPerUnit    bool         `json:"tax_per_unit,omitempty"`
	TaxRounding   string       `json:"tax_rounding,omitempty"`
}

// RuleShippingMethod is a value of the API.
type RuleShippingMethod struct {
	Carrier        string             `json:"carrier,omitempty"`
	CutOffHour     int64              `json:"cut_off_hour,omitempty"`
	ID             string             `json:"id,omitempty"`
	MaxDays        int64              `json:"max_days,omitempty"`
	MaxGirthMM     int64              `json:"max_girth_mm,omitempty"`
	MaxLengthMM    int64              `json:"max_length_mm,omitempty"`
	MaxWeightGrams int64              `json:"max_weight_grams,omitempty"`
	MinDays        int64              `json:"min_days,omitempty"`
	Name           string             `json:"name"`
	Pickup         bool               `json:"pickup,omitempty"`
	Rates          []RuleShippingRate `json:"rates,omitempty"`
	TaxCategory    string             `json:"tax_category,omitempty"`
	VolumeDivisor  int64              `json:"volume_divisor,omitempty"`
	WorkingDays    bool               `json:"working_days,omitempty"`
}

// RuleShippingRate is a value of the API.
type RuleShippingRate struct {
	Basis    string             `json:"basis,omitempty"`
	Currency string             `json:"currency"`
	FreeFrom int64              `json:"free_from,omitempty"`
	Tiers    []RuleShippingTier `json:"tiers"`
}

// RuleShippingTier is a value of the API.
type RuleShippingTier struct {
	From    int64 `json:"from,omitempty"`
	PerUnit int64 `json:"per_unit,omitempty"`
	Price   int64 `json:"price,omitempty"`
}

// RuleShippingZone is a value of the API.
type RuleShippingZone struct {
	Areas   []RuleArea           `json:"areas"`
	ID      string               `json:"id,omitempty"`
	Methods []RuleShippingMethod `json:"methods,omitempty"`
	Name    string               `json:"name,omitempty"`
}

// RuleTaxRate is a value of the API.
type RuleTaxRate struct {
	Category string      `json:"category,omitempty"`
	Compound bool        `json:"compound,omitempty"`
	Name     string      `json:"name"`
	Period   *RulePeriod `json:"period,omitempty"`
	Priority int64       `json:"priority,omitempty"`
	Rate     string      `json:"rate,omitempty"`
}

// RuleTaxZone is a value of the API.
type RuleTaxZone struct {
	Areas []RuleArea    `json:"areas"`
	ID    string        `json:"id,omitempty"`
	Name  string        `json:"name,omitempty"`
	Rates []RuleTaxRate `json:"rates,omitempty"`
}

// RuleTier is a value of the API.
type RuleTier struct {
	Amounts     []MoneyInput `json:"amounts,omitempty"`
	MinQuantity int64        `json:"min_quantity,omitempty"`
	MinSubtotal []MoneyInput `json:"min_subtotal,omitempty"`
	Rate        string       `json:"rate,omitempty"`
}

// Rules is a value of the API.
type Rules struct {
	Fees          []RuleFee          `json:"fees"`
	Promotions    []RulePromotion    `json:"promotions"`
	QuantityRules []RuleQuantityRule `json:"quantity_rules"`
	Settings      RuleSettings       `json:"settings"`
	ShippingZones []RuleShippingZone `json:"shipping_zones"`
	TaxZones      []RuleTaxZone      `json:"tax_zones"`
	// Counts the changes of all rules; it is the ETag of each of them.
	Version int64 `json:"version"`
}

// SEO is a value of the API.
type SEO struct {
	Description string `json:"description,omitempty"`
	Title       string `json:"title,omitempty"`
}

// SaveMethodBody is a value of the API.
type SaveMethodBody struct {
	Default  bool   `json:"default,omitempty"`
	Provider string `json:"provider"`
	// What the provider gave the browser. Never a card number.
	Token string `json:"token"`
}

// SavedAddress is a value of the API.
type SavedAddress struct {
	City    string `json:"city"`
	Company string `json:"company,omitempty"`
	// ISO 3166-1, two letters.
	Country  string `json:"country"`
	ID       string `json:"id"`
	Line1    string `json:"line1"`
	Line2    string `json:"line2,omitempty"`
	Name     string `json:"name,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	Region   string `json:"region,omitempty"`
}

// ScoreExplained is a value of the API.
type ScoreExplained struct {
	// In percent.
	Boost float64 `json:"boost"`
	// A code of the product was typed.
	Code bool `json:"code"`
	// The share of the words that it has, squared.
	Coverage float64 `json:"coverage"`
	// False if the query does not find it.
	Matched bool        `json:"matched"`
	Score   float64     `json:"score"`
	Words   []WordScore `json:"words"`
}

// SearchBoost is a value of the API.
type SearchBoost struct {
	// brand, type, category, available, or attribute: and a name.
	Field string `json:"field"`
	// Added to the score: 50 makes it half as much again.
	Percent int64    `json:"percent"`
	Values  []string `json:"values"`
}

// SearchMiss is a value of the API.
type SearchMiss struct {
	Count  int64     `json:"count"`
	LastAt time.Time `json:"last_at"`
	Locale string    `json:"locale,omitempty"`
	Text   string    `json:"text"`
}

// SearchRule is a value of the API.
type SearchRule struct {
	Boosts []SearchBoost `json:"boosts,omitempty"`
	// Products that come last.
	Buries []string `json:"buries,omitempty"`
	// The language of shoppers that it is for; missing means every one.
	Locale string `json:"locale,omitempty"`
	// Products that come first, in this order.
	Pins []string `json:"pins,omitempty"`
	// The text; missing means listings without one, whose boosts count in every search.
	Query string `json:"query,omitempty"`
	// Where to go instead: a path, or an address on the web.
	Redirect string `json:"redirect,omitempty"`
}

// SearchVocabulary is a value of the API.
type SearchVocabulary struct {
	Locale string `json:"locale,omitempty"`
	// Words that say nothing.
	StopWords []string `json:"stop_words,omitempty"`
	// Groups of words and phrases that mean the same.
	Synonyms [][]string `json:"synonyms,omitempty"`
}

// Seller is a value of the API.
type Seller struct {
	Address []string `json:"address,omitempty"`
	Bank    []string `json:"bank,omitempty"`
	Contact []string `json:"contact,omitempty"`
	Country string   `json:"country,omitempty"`
	Name    string   `json:"name,omitempty"`
	Note    string   `json:"note,omitempty"`
	TaxID   string   `json:"tax_id,omitempty"`
}

// SendTransferBody is a value of the API.
type SendTransferBody struct {
	// The ID of a place; missing is main.
	From     string `json:"from,omitempty"`
	Quantity int64  `json:"quantity"`
	// Groups the transfers of one lorry, say.
	Reference string `json:"reference,omitempty"`
	SKU       string `json:"sku"`
	// The ID of a place; missing is main.
	To string `json:"to,omitempty"`
}

// Session is a value of the API.
type Session struct {
	Customer  string    `json:"customer"`
	ExpiresAt time.Time `json:"expires_at"`
	Staff     bool      `json:"staff"`
	// To send as Authorization: Bearer TOKEN. The shop does not keep it, and tells it again only to who asks again with the same Idempotency-Key and the password.
	Token string `json:"token,omitempty"`
}

// SessionEntry is a value of the API.
type SessionEntry struct {
	CreatedAt time.Time `json:"created_at"`
	Device    string    `json:"device,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
	ID        string    `json:"id"`
}

// SetBalanceStateBody is a value of the API.
type SetBalanceStateBody struct {
	Disabled bool   `json:"disabled"`
	Reason   string `json:"reason,omitempty"`
}

// SetNumberingBody is a value of the API.
type SetNumberingBody struct {
	// The first number of a new sequence; missing is 1.
	First int64 `json:"first,omitempty"`
	// Of A–Z, 0–9, - and /, the last one no digit.
	Prefix string `json:"prefix,omitempty"`
	Scheme string `json:"scheme"`
}

// SetQuantityBody is a value of the API.
type SetQuantityBody struct {
	// Names the line by its ID, if the SKU is in several deliveries.
	Line int64 `json:"line,omitempty"`
	// 0 removes the line.
	Quantity int64 `json:"quantity"`
	// Names the line if the SKU is in the cart at several prices.
	UnitPrice *MoneyInput `json:"unit_price,omitempty"`
}

// SetTermsBody is a value of the API.
type SetTermsBody struct {
	Items []PaymentTerms `json:"items"`
}

// ShipOrderBody is a value of the API.
type ShipOrderBody struct {
	// The delivery that left, in place of lines, of an order that goes to several places.
	Delivery int64 `json:"delivery,omitempty"`
	// What left; missing means everything that has not left yet.
	Lines    []LineQuantity `json:"lines,omitempty"`
	Tracking string         `json:"tracking,omitempty"`
}

// ShippingOffer is a value of the API.
type ShippingOffer struct {
	// The first day on which it should arrive.
	FirstDay string `json:"first_day,omitempty"`
	LastDay  string `json:"last_day,omitempty"`
	MaxDays  int64  `json:"max_days,omitempty"`
	Method   string `json:"method"`
	MinDays  int64  `json:"min_days,omitempty"`
	Name     string `json:"name"`
	Pickup   bool   `json:"pickup"`
	Price    Money  `json:"price"`
	// Why it is not offered; missing is offered.
	Reason string `json:"reason,omitempty"`
}

// SoldVariant is a value of the API.
type SoldVariant struct {
	Attributes []Attribute `json:"attributes"`
	Barcodes   []string    `json:"barcodes,omitempty"`
	// What prices are shown against, as for a sale.
	CompareAt []Money `json:"compare_at,omitempty"`
	// What a kit is made of.
	Components []Component `json:"components,omitempty"`
	// It is delivered over the network and needs no shipping.
	Digital  bool            `json:"digital,omitempty"`
	HeightMM int64           `json:"height_mm,omitempty"`
	ID       string          `json:"id"`
	LengthMM int64           `json:"length_mm,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// In what it differs from the product's other variants.
	Options []Option `json:"options"`
	// At most one in each currency.
	Prices          []Money         `json:"prices"`
	PrivateMetadata json.RawMessage `json:"private_metadata,omitempty"`
	Product         string          `json:"product"`
	// How it is sold.
	Selling     StaffVariant `json:"selling"`
	SKU         string       `json:"sku"`
	Title       string       `json:"title"`
	WeightGrams int64        `json:"weight_grams,omitempty"`
	WidthMM     int64        `json:"width_mm,omitempty"`
}

// StaffCategory is a value of the API.
type StaffCategory struct {
	Description string          `json:"description,omitempty"`
	Handle      string          `json:"handle"`
	ID          string          `json:"id"`
	Media       []Media         `json:"media"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	// Missing at the top.
	Parent string `json:"parent,omitempty"`
	// Among its siblings, lowest first.
	Position        int64           `json:"position"`
	PrivateMetadata json.RawMessage `json:"private_metadata,omitempty"`
	// How many are on sale in it or below it.
	Products     int64             `json:"products"`
	SEO          *SEO              `json:"seo,omitempty"`
	Title        string            `json:"title"`
	Translations []TextTranslation `json:"translations,omitempty"`
	Version      int64             `json:"version"`
}

// StaffCollection is a value of the API.
type StaffCollection struct {
	// One rule is enough; else all must hold.
	AnyRule         bool            `json:"any_rule"`
	Description     string          `json:"description,omitempty"`
	Handle          string          `json:"handle"`
	ID              string          `json:"id"`
	Media           []Media         `json:"media"`
	Metadata        json.RawMessage `json:"metadata,omitempty"`
	PrivateMetadata json.RawMessage `json:"private_metadata,omitempty"`
	// Their IDs, in the order in which they are shown; none if there are rules.
	Products     []string          `json:"products"`
	Rules        []CollectionRule  `json:"rules"`
	SEO          *SEO              `json:"seo,omitempty"`
	Title        string            `json:"title"`
	Translations []TextTranslation `json:"translations,omitempty"`
	Version      int64             `json:"version"`
}

// StaffCustomer is a value of the API.
type StaffCustomer struct {
	Addresses         []SavedAddress  `json:"addresses"`
	Email             string          `json:"email,omitempty"`
	Erased            bool            `json:"erased"`
	ExternalReference string          `json:"external_reference,omitempty"`
	Groups            []string        `json:"groups"`
	ID                string          `json:"id"`
	Metadata          json.RawMessage `json:"metadata,omitempty"`
	Name              string          `json:"name,omitempty"`
	Phone             string          `json:"phone,omitempty"`
	PrivateMetadata   json.RawMessage `json:"private_metadata,omitempty"`
	Version           int64           `json:"version"`
}

// StaffProduct is a value of the API.
type StaffProduct struct {
	Attributes []Attribute `json:"attributes"`
	Brand      string      `json:"brand,omitempty"`
	// The IDs of its categories, the main one first.
	Categories        []string `json:"categories"`
	Description       string   `json:"description,omitempty"`
	ExternalReference string   `json:"external_reference,omitempty"`
	// The product's own name, as in an address on the web.
	Handle string `json:"handle"`
	ID     string `json:"id"`
	// In the order in which they are shown.
	Media           []Media         `json:"media"`
	Metadata        json.RawMessage `json:"metadata,omitempty"`
	PrivateMetadata json.RawMessage `json:"private_metadata,omitempty"`
	// Through which channels it is offered, and when; missing means everywhere, always.
	Publications []Publication `json:"publications,omitempty"`
	// How each variant is sold.
	Selling      []StaffVariant `json:"selling"`
	SEO          *SEO           `json:"seo,omitempty"`
	Status       string         `json:"status"`
	Title        string         `json:"title"`
	Translations []Translation  `json:"translations,omitempty"`
	// The ID of its product type.
	Type string `json:"type,omitempty"`
	// What a shopper chooses from.
	Variants []Variant `json:"variants"`
	Version  int64     `json:"version"`
}

// StaffVariant is a value of the API.
type StaffVariant struct {
	// How it is delivered over the network; missing is shipped.
	Digital     *DigitalInput `json:"digital,omitempty"`
	HoldMinutes int64         `json:"hold_minutes,omitempty"`
	Reserve     string        `json:"reserve,omitempty"`
	SKU         string        `json:"sku"`
	TaxCategory string        `json:"tax_category,omitempty"`
	Untracked   bool          `json:"untracked,omitempty"`
}

// StartResetBody is a value of the API.
type StartResetBody struct {
	Email string `json:"email"`
}

// StockLevel is a value of the API.
type StockLevel struct {
	// How many could be sold now.
	Available int64 `json:"available"`
	// How many may be sold that are not there yet.
	Backorder int64 `json:"backorder,omitempty"`
	// How many are sold and wait to be shipped.
	Committed int64 `json:"committed"`
	// When those should be there.
	ExpectedAt *time.Time `json:"expected_at,omitempty"`
	// How many wait for a payment.
	Held int64 `json:"held"`
	// How many are there, sold and unshipped ones included.
	OnHand int64 `json:"on_hand"`
	// How many of the shortage were sold as not there yet.
	Owed int64 `json:"owed"`
	// The ID of the place.
	Place string `json:"place"`
	// The event inventory.low_stock is told when what is on hand falls to this; missing is never.
	ReorderPoint int64 `json:"reorder_point,omitempty"`
	// How many are not to be sold; it does not count where there is a backorder.
	SafetyStock int64 `json:"safety_stock,omitempty"`
	// How many are promised and not there.
	Shortage int64  `json:"shortage"`
	SKU      string `json:"sku"`
}

// StockMovement is a value of the API.
type StockMovement struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	// Counts the movements at the place, from 1.
	N int64 `json:"n"`
	// What was added to on hand.
	Quantity int64  `json:"quantity"`
	Reason   string `json:"reason,omitempty"`
}

// StockPolicy is a value of the API.
type StockPolicy struct {
	// How many may be sold that are not there yet.
	Backorder int64 `json:"backorder,omitempty"`
	// When those should be there.
	ExpectedAt *time.Time `json:"expected_at,omitempty"`
	// The event inventory.low_stock is told when what is on hand falls to this; missing is never.
	ReorderPoint int64 `json:"reorder_point,omitempty"`
	// How many are not to be sold; it does not count where there is a backorder.
	SafetyStock int64 `json:"safety_stock,omitempty"`
}

// StockTransfer is a value of the API.
type StockTransfer struct {
	At   time.Time `json:"at"`
	From string    `json:"from"`
	ID   string    `json:"id"`
	Lost int64     `json:"lost"`
	// Sent, and neither received nor lost.
	OnItsWay  int64  `json:"on_its_way"`
	Received  int64  `json:"received"`
	Reference string `json:"reference,omitempty"`
	Sent      int64  `json:"sent"`
	SKU       string `json:"sku"`
	To        string `json:"to"`
}

// Suggested is a value of the API.
type Suggested struct {
	Categories []SuggestedPlace   `json:"categories"`
	Products   []SuggestedProduct `json:"products"`
	Queries    []string           `json:"queries"`
}

// SuggestedPlace is a value of the API.
type SuggestedPlace struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// SuggestedProduct is a value of the API.
type SuggestedProduct struct {
	Handle string       `json:"handle"`
	ID     string       `json:"id"`
	Price  *Money       `json:"price,omitempty"`
	Title  []MarkedPart `json:"title"`
}

// TakeBackBody is a value of the API.
type TakeBackBody struct {
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	Unit   int64  `json:"unit"`
}

// TaxSum is a value of the API.
type TaxSum struct {
	Amount Money  `json:"amount"`
	Name   string `json:"name"`
	Rate   string `json:"rate"`
}

// TenderInput is a value of the API.
type TenderInput struct {
	// The most that it pays; missing means as far as it goes.
	Amount       *MoneyInput `json:"amount,omitempty"`
	Installments int64       `json:"installments,omitempty"`
	// The name of a payment provider; gift_card and store_credit are two.
	PayWith string `json:"pay_with"`
	// As in the checkout's own, or the code of a gift card.
	Token string `json:"token,omitempty"`
}

// Term is a value of the API.
type Term struct {
	Text        string `json:"text"`
	Translation string `json:"translation"`
}

// TextTranslation is a value of the API.
type TextTranslation struct {
	Description string `json:"description,omitempty"`
	// A BCP 47 tag.
	Locale string `json:"locale"`
	SEO    *SEO   `json:"seo,omitempty"`
	Title  string `json:"title,omitempty"`
}

// TrackParcelBody is a value of the API.
type TrackParcelBody struct {
	// When it happened; missing is now.
	At *time.Time `json:"at,omitempty"`
	// Missing leaves it as it is; so with tracking and url.
	Carrier string `json:"carrier,omitempty"`
	// Nothing personal.
	Note     string `json:"note,omitempty"`
	Status   string `json:"status"`
	Tracking string `json:"tracking,omitempty"`
	URL      string `json:"url,omitempty"`
}

// Translation is a value of the API.
type Translation struct {
	Description string `json:"description,omitempty"`
	// A BCP 47 tag.
	Locale string `json:"locale"`
	SEO    *SEO   `json:"seo,omitempty"`
	// Names and values of options, and names, units and values of attributes.
	Terms []Term `json:"terms,omitempty"`
	Title string `json:"title,omitempty"`
}

// Trouble is a value of the API.
type Trouble struct {
	Amount  Money  `json:"amount"`
	Decline string `json:"decline,omitempty"`
	// How often a refund was refused.
	Failed int64  `json:"failed,omitempty"`
	Kind   string `json:"kind"`
	// Missing is the payment itself.
	Operation int64  `json:"operation,omitempty"`
	Order     string `json:"order"`
	// Empty if it is about the whole order.
	Payment  string    `json:"payment"`
	Provider string    `json:"provider"`
	Since    time.Time `json:"since"`
	State    string    `json:"state"`
}

// UpdateCartBody is a value of the API.
type UpdateCartBody struct {
	// Replaces the whole contact.
	Contact *Contact `json:"contact,omitempty"`
	// Replaces the notes that other systems keep with the cart.
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// How the shopper means to pay, for fees that depend on it; an empty text takes it back.
	PayWith string `json:"pay_with,omitempty"`
	// One of the cart's shipping_offers; an empty text takes the choice back.
	ShippingMethod *string `json:"shipping_method,omitempty"`
}

// UpdateDeliveryBody is a value of the API.
type UpdateDeliveryBody struct {
	// Replaces the address. That of the first delivery is the contact's.
	Address *Address `json:"address,omitempty"`
	// One of the delivery's shipping_offers; an empty text takes the choice back.
	ShippingMethod string `json:"shipping_method,omitempty"`
}

// UpdateMeBody is a value of the API.
type UpdateMeBody struct {
	// It needs the password, if there is one.
	Email    *string `json:"email,omitempty"`
	Name     *string `json:"name,omitempty"`
	Password string  `json:"password,omitempty"`
	Phone    *string `json:"phone,omitempty"`
}

// Variant is a value of the API.
type Variant struct {
	Attributes []Attribute `json:"attributes"`
	Barcodes   []string    `json:"barcodes,omitempty"`
	// What prices are shown against, as for a sale.
	CompareAt []Money `json:"compare_at,omitempty"`
	// What a kit is made of.
	Components []Component `json:"components,omitempty"`
	// It is delivered over the network and needs no shipping.
	Digital  bool            `json:"digital,omitempty"`
	HeightMM int64           `json:"height_mm,omitempty"`
	ID       string          `json:"id"`
	LengthMM int64           `json:"length_mm,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// In what it differs from the product's other variants.
	Options []Option `json:"options"`
	// At most one in each currency.
	Prices      []Money `json:"prices"`
	Product     string  `json:"product"`
	SKU         string  `json:"sku"`
	Title       string  `json:"title"`
	WeightGrams int64   `json:"weight_grams,omitempty"`
	WidthMM     int64   `json:"width_mm,omitempty"`
}

// VariantInput is a value of the API.
type VariantInput struct {
	Attributes []Attribute `json:"attributes,omitempty"`
	Barcodes   []string    `json:"barcodes,omitempty"`
	// What prices are shown against, as for a sale.
	CompareAt []MoneyInput `json:"compare_at,omitempty"`
	// Make the variant a kit of others.
	Components []Component `json:"components,omitempty"`
	// It is delivered over the network and needs no shipping.
	Digital  *DigitalInput `json:"digital,omitempty"`
	HeightMM int64         `json:"height_mm,omitempty"`
	// How long it is set aside in a cart; missing is as the store says.
	HoldMinutes int64           `json:"hold_minutes,omitempty"`
	LengthMM    int64           `json:"length_mm,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	Options     []OptionInput   `json:"options,omitempty"`
	// At most one in each currency.
	Prices          []MoneyInput    `json:"prices,omitempty"`
	PrivateMetadata json.RawMessage `json:"private_metadata,omitempty"`
	// When its stock is set aside: when it is put in a cart; or never, it is only counted. Missing is when a checkout begins.
	Reserve string `json:"reserve,omitempty"`
	SKU     string `json:"sku"`
	// Names its tax rates, as in books; missing is the standard one.
	TaxCategory string `json:"tax_category,omitempty"`
	// Stock is not counted, as of a service.
	Untracked   bool  `json:"untracked,omitempty"`
	WeightGrams int64 `json:"weight_grams,omitempty"`
	WidthMM     int64 `json:"width_mm,omitempty"`
}

// VariantListPrice is a value of the API.
type VariantListPrice struct {
	// Its code.
	List        string `json:"list"`
	MinQuantity int64  `json:"min_quantity"`
	Price       Money  `json:"price"`
}

// VerifyBody is a value of the API.
type VerifyBody struct {
	Token string `json:"token"`
}

// VoidPaymentBody is a value of the API.
type VoidPaymentBody struct {
	Reason string `json:"reason,omitempty"`
}

// WordScore is a value of the API.
type WordScore struct {
	Fields []string `json:"fields"`
	Score  float64  `json:"score"`
	// As the product has it; missing if it has not.
	Term string `json:"term,omitempty"`
	Why  string `json:"why,omitempty"`
	Word string `json:"word"`
}
