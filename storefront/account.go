package storefront

import (
	"net/url"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// paramBefore is the parameter of the account's address: the order that those
// which are shown sort before.
const paramBefore = "before"

// orderView is an order in the list of a customer's.
type orderView struct {
	Number, URL, State string
	At                 time.Time
	Units              int64
	Total              money.Amount
}

// mostHistory is how many orders the account shows at once.
const mostHistory = 20

func account(v *visit) error {
	if v.customer == "" {
		return v.toLogIn()
	}
	data, err := v.accountPage("Your account")
	if err != nil {
		return err
	}
	if data.Customer, err = v.site.shop.Accounts.Get(v.ctx(), v.customer); err != nil {
		return err
	}
	before := v.r.URL.Query().Get(paramBefore)
	list, err := v.site.shop.Orders.OfCustomer(v.ctx(), v.customer, orders.ID(before), mostHistory+1)
	if err != nil {
		return err
	}
	if len(list) > mostHistory {
		list = list[:mostHistory]
		data.Older = v.site.Base + "/account" + query(url.Values{paramBefore: {string(list[mostHistory-1].ID)}})
	}
	data.Newest = before == ""
	for _, o := range list {
		data.Orders = append(data.Orders, orderView{
			Number: o.Number, URL: v.site.Base + "/orders/" + url.PathEscape(string(o.ID)), State: v.locale.text("order " + string(o.Status)),
			At: o.CreatedAt, Units: o.Units, Total: o.Total,
		})
	}
	data.Form = form{Values: map[string]string{"country": v.site.Countries[0]}, Errors: map[string]string{}}
	return v.show(200, "account", data)
}

func changeAccount(v *visit) error {
	if v.customer == "" {
		return v.toLogIn()
	}
	f := v.readForm("name")
	if f.Values["name"] == "" || len(f.Values["name"]) > mostField {
		return v.redirect("/account?note=invalid")
	}
	name := commerce.Personal(f.Values["name"])
	if _, err := v.site.shop.Accounts.Update(v.ctx(), accounts.Update{Customer: v.customer, Name: &name}); err != nil {
		return err
	}
	return v.redirect("/account?note=saved")
}

// changeEmail asks for the password: whoever finds a browser that is logged in
// must not be able to take the account over.
func changeEmail(v *visit) error {
	if v.customer == "" {
		return v.toLogIn()
	}
	f := v.readForm("email")
	v.checkEmail(f)
	if len(f.Errors) > 0 {
		return v.redirect("/account?note=invalid")
	}
	err := v.site.shop.Accounts.Prove(v.ctx(), v.customer, commerce.Personal(v.r.PostFormValue("password")))
	if err == nil {
		email := commerce.Personal(f.Values["email"])
		_, err = v.site.shop.Accounts.Update(v.ctx(), accounts.Update{Customer: v.customer, Email: &email})
	}
	switch {
	case is[*accounts.WrongPasswordError](err):
		return v.redirect("/account?note=password")
	case is[*accounts.ThrottledError](err):
		return v.redirect("/account?note=wait")
	case is[*accounts.EmailTakenError](err), fault.CodeOf(err) == fault.Invalid:
		return v.redirect("/account?note=invalid")
	case err != nil:
		return err
	}
	return v.redirect("/account?note=saved")
}

// changePassword asks for the present one, as changeEmail does. All other
// browsers of the customer are logged out by it.
func changePassword(v *visit) error {
	if v.customer == "" {
		return v.toLogIn()
	}
	session, err := v.site.shop.Accounts.ChangePassword(v.ctx(), accounts.ChangePassword{
		Token: commerce.Personal(v.cookie(cookieSession)),
		Old:   commerce.Personal(v.r.PostFormValue("old")), New: commerce.Personal(v.r.PostFormValue("new")),
	})
	switch {
	case is[*accounts.WrongPasswordError](err):
		return v.redirect("/account?note=password")
	case is[*accounts.ThrottledError](err):
		return v.redirect("/account?note=wait")
	case is[*accounts.PasswordError](err), fault.CodeOf(err) == fault.Invalid:
		return v.redirect("/account?note=weak")
	case err != nil:
		return err
	}
	v.setCookie(cookieSession, session.Token.Reveal())
	return v.redirect("/account?note=saved")
}

func addAddress(v *visit) error {
	if v.customer == "" {
		return v.toLogIn()
	}
	data, err := v.accountPage("Your account")
	if err != nil {
		return err
	}
	data.Form = v.readForm(contactFields...)
	v.checkAddress(data.Form, "")
	if len(data.Form.Errors) > 0 {
		return v.show(422, "address", data)
	}
	_, err = v.site.shop.Accounts.AddAddress(v.ctx(), accounts.AddAddress{Customer: v.customer, Address: data.Form.address("")})
	if err != nil {
		return err
	}
	return v.redirect("/account?note=saved")
}

func showAddress(v *visit) error {
	if v.customer == "" {
		return v.toLogIn()
	}
	data, err := v.accountPage("New address")
	if err != nil {
		return err
	}
	data.Form.Values["country"] = v.site.Countries[0]
	return v.show(200, "address", data)
}

func removeAddress(v *visit) error {
	if v.customer == "" {
		return v.toLogIn()
	}
	err := v.site.shop.Accounts.RemoveAddress(v.ctx(), accounts.RemoveAddress{
		Customer: v.customer, Address: accounts.AddressID(v.r.PostFormValue("address")),
	})
	if err != nil && !is[*accounts.UnknownAddressError](err) {
		return err
	}
	return v.redirect("/account?note=saved")
}
