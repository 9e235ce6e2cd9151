package admin

import (
	"errors"
	"strings"

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

// findCustomer finds customers by exact e-mail address, phone number, or the
// number or ID of an order.
// There is no search by a part: what is sealed can only be found as a whole.
func findCustomer(v *visit) error {
	data := customersPage{page: v.page("Customers", "customers"), Search: strings.TrimSpace(v.r.FormValue("q"))}
	data.Asked = data.Search != ""
	var err error
	switch {
	case !data.Asked:
	case strings.HasPrefix(data.Search, "cus_"):
		return v.done("/customers/"+data.Search, "")
	case strings.Contains(data.Search, "@"):
		var c accounts.Customer
		if c, err = v.site.shop.Accounts.ByEmail(v.ctx(), commerce.Personal(data.Search)); err == nil {
			data.Found = []accounts.Customer{c}
		}
	default:
		if data.Found, err = v.byPhone(data.Search); err != nil || len(data.Found) > 0 {
			break
		}
		var o orders.Order
		switch o, err = v.site.shop.Orders.Find(v.ctx(), data.Search); {
		case err == nil && o.Customer != "":
			return v.done("/customers/"+string(o.Customer), "")
		case err == nil:
			return v.done("/orders/"+string(o.ID), "") // a guest's
		}
	}
	if err != nil && !errors.Is(err, fault.NotFound) && !errors.Is(err, fault.Invalid) {
		return err
	}
	return v.show(200, "customers", data)
}

// byPhone finds the customers with a phone number; none if it is not one.
func (v *visit) byPhone(number string) (found []accounts.Customer, err error) {
	for c, err := range v.site.shop.Accounts.All(v.ctx(), accounts.Filter{Phone: commerce.Personal(number), Limit: 20}) {
		if errors.Is(err, fault.Invalid) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, nil
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
	if err := v.site.shop.EraseJoined(v.ctx(), id); err != nil {
		return err
	}
	if err := v.site.shop.Accounts.Erase(v.ctx(), accounts.Erase{Customer: id, Key: v.key()}); err != nil {
		return err
	}
	if err := v.site.shop.EraseJoined(v.ctx(), id); err != nil { // what was joined meanwhile
		return err
	}
	return v.done("/customers/"+string(id), "erased")
}
