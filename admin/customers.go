package admin

import (
	"errors"
	"regexp"
	"strings"
	"unicode"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

type customersPage struct {
	page
	Search string
	Found  []accounts.Customer
	Asked  bool
}

// shortNumber is the end of an order's ID, by which shoppers know it. Digits alone
// are a phone number.
var shortNumber = regexp.MustCompile(`^(?i)[0-9A-HJKMNP-TV-Z]{8}$`)

// findCustomer finds customers by exact e-mail address, phone number or order.
// There is no search by a part: what is sealed can only be found as a whole.
func findCustomer(v *visit) error {
	data := customersPage{page: v.page("Customers", "customers"), Search: strings.TrimSpace(v.r.FormValue("q"))}
	data.Asked = data.Search != ""
	var err error
	switch {
	case !data.Asked:
	case strings.HasPrefix(data.Search, "ord_"):
		var o orders.Order
		if o, err = v.site.shop.Orders.Get(v.ctx(), orders.ID(data.Search)); err == nil && o.Customer == "" {
			return v.done("/orders/"+string(o.ID), "") // a guest's
		}
		if err == nil {
			return v.done("/customers/"+string(o.Customer), "")
		}
	case shortNumber.MatchString(data.Search) && strings.ContainsFunc(data.Search, unicode.IsLetter):
		found, err := v.query(`SELECT id FROM orders WHERE id LIKE ? LIMIT 2`, "%"+strings.ToUpper(data.Search))
		if err != nil {
			return err
		}
		if len(found) == 1 {
			return v.done("/orders/"+text(found[0]["id"]), "")
		}
	case strings.HasPrefix(data.Search, "cus_"):
		return v.done("/customers/"+data.Search, "")
	case strings.Contains(data.Search, "@"):
		var c accounts.Customer
		if c, err = v.site.shop.Accounts.ByEmail(v.ctx(), commerce.Personal(data.Search)); err == nil {
			data.Found = []accounts.Customer{c}
		}
	default:
		for c, e := range v.site.shop.Accounts.All(v.ctx(), accounts.Filter{Phone: commerce.Personal(data.Search), Limit: 20}) {
			if err = e; err != nil {
				break
			}
			data.Found = append(data.Found, c)
		}
	}
	if err != nil && !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Invalid) {
		return err
	}
	return v.show(200, "customers", data)
}

type customerPage struct {
	page
	Customer accounts.Customer
	Sessions int
	Orders   []orders.Order // the newest first
	Credit   []credit.Balance
	// Currencies are those that credit can be given in.
	Currencies []money.Currency
}

// mostOrders is how many orders a customer's page shows.
const mostOrders = 200

func showCustomer(v *visit) error {
	c, err := v.site.shop.Accounts.Get(v.ctx(), accounts.CustomerID(v.r.PathValue("customer")))
	if err != nil {
		return err
	}
	title := c.Name.Reveal()
	if title == "" {
		title = "Customer"
	}
	data := customerPage{page: v.page(title, "customers"), Customer: c, Currencies: v.site.Currencies}
	for b, err := range v.site.shop.Credit.All(v.ctx(), credit.Filter{Kind: credit.CustomerCredit, Customer: c.ID, Limit: pageRows}) {
		if err != nil {
			return err
		}
		data.Credit = append(data.Credit, b)
	}
	if !c.Erased {
		sessions, err := v.site.shop.Accounts.Sessions(v.ctx(), c.ID)
		if err != nil {
			return err
		}
		data.Sessions = len(sessions)
	}
	for o, err := range v.site.shop.Orders.All(v.ctx(), orders.Filter{Customer: c.ID, Limit: mostOrders}) {
		if err != nil {
			return err
		}
		data.Orders = append([]orders.Order{o}, data.Orders...)
	}
	return v.show(200, "customer", data)
}

func logOutCustomer(v *visit) error {
	id := accounts.CustomerID(v.r.PathValue("customer"))
	if err := v.site.shop.Accounts.LogOutEverywhere(v.ctx(), accounts.LogOutEverywhere{Customer: id}); err != nil {
		return err
	}
	return v.done("/customers/"+string(id), "ended")
}

// eraseCustomer makes a customer's personal data unreadable for good. The form
// repeats the customer's ID, so that it is not sent by mistake.
func eraseCustomer(v *visit) error {
	id := accounts.CustomerID(v.r.PathValue("customer"))
	if strings.TrimSpace(v.r.PostFormValue("confirm")) != string(id) {
		return fault.New(fault.Invalid, "to erase the customer, write their ID, %s, into the field", id)
	}
	if err := v.site.shop.Payments.ForgetCustomer(v.ctx(), id); err != nil {
		return err
	}
	if err := v.site.shop.Accounts.Erase(v.ctx(), accounts.Erase{Customer: id, Key: v.key()}); err != nil {
		return err
	}
	return v.done("/customers/"+string(id), "erased")
}
