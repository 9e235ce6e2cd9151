package storefront

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
)

// accountPage is what the pages around an account have in common.
type accountPage struct {
	page
	Form      form
	Back      string // where to go on, a path of the shop
	Problem   string
	Done      string
	Token     string
	Mail      bool // letters can be sent
	Elsewhere bool // e-mail address, password and log-out are the program's: see Auth
	Customer  accounts.Customer
	Orders    []orderView
	Older     string // where the next orders are, "" if there are no more
	Newest    bool   // Orders begins with the newest
	Countries []string
}

// accountPage returns a page around an account, which search engines do not
// keep.
func (v *visit) accountPage(title string) (accountPage, error) {
	p, err := v.page(v.locale.text(title))
	p.NoIndex = true
	back := backTo(v.r.FormValue("back"), v.site.Base)
	if back == v.site.Base+"/" {
		back = v.site.Base + "/account"
	}
	return accountPage{
		page: p, Form: v.readForm("name", "email"), Back: back, Mail: v.site.Mailer != nil, Elsewhere: v.site.Auth != nil, Countries: v.site.Countries,
	}, err
}

func showLogIn(v *visit) error {
	if auth := v.site.Auth; auth != nil {
		http.Redirect(v.w, v.r, auth.LogInURL(backTo(v.r.URL.Query().Get("back"), v.site.Base)), http.StatusSeeOther)
		return nil
	}
	data, err := v.accountPage("Log in")
	if err != nil {
		return err
	}
	return v.show(200, "login", data)
}

func logIn(v *visit) error {
	data, err := v.accountPage("Log in")
	if err != nil {
		return err
	}
	session, err := v.site.shop.Accounts.LogIn(v.ctx(), accounts.LogIn{
		Email: commerce.Personal(data.Form.Values["email"]), Password: commerce.Personal(v.r.PostFormValue("password")),
	})
	if err != nil {
		if data.Problem = v.logInProblem(err); data.Problem == "" {
			return err
		}
		return v.show(422, "login", data)
	}
	return v.enter(session, data.Back)
}

// logInProblem says why a log-in failed, or "" if that is the shop's fault.
func (v *visit) logInProblem(err error) string {
	switch {
	case is[*accounts.WrongPasswordError](err), fault.CodeOf(err) == fault.Invalid:
		return v.locale.text("E-mail address or password are not right.")
	case is[*accounts.OutgrownPasswordError](err):
		return v.locale.text("Staff need a longer password than yours. Please reset it.")
	case is[*accounts.ThrottledError](err):
		return v.locale.text("That failed too often. Please wait a little and try again.")
	}
	return ""
}

func showRegister(v *visit) error {
	data, err := v.accountPage("Create an account")
	if err != nil {
		return err
	}
	return v.show(200, "register", data)
}

func register(v *visit) error {
	data, err := v.accountPage("Create an account")
	if err != nil {
		return err
	}
	password := commerce.Personal(v.r.PostFormValue("password"))
	v.checkEmail(data.Form)
	if data.Form.Values["name"] == "" {
		data.Form.wrong("name", v.locale.text("Please fill this in."))
	}
	if password == "" {
		data.Form.wrong("password", v.locale.text("Please fill this in."))
	}
	if len(data.Form.Errors) == 0 {
		_, err = v.site.shop.Accounts.Register(v.ctx(), accounts.Register{
			Email: commerce.Personal(data.Form.Values["email"]), Name: commerce.Personal(data.Form.Values["name"]), Password: password,
		})
		if err := v.registerProblem(data.Form, err); err != nil {
			return err
		}
	}
	if len(data.Form.Errors) > 0 {
		return v.show(422, "register", data)
	}
	session, err := v.site.shop.Accounts.LogIn(v.ctx(), accounts.LogIn{Email: commerce.Personal(data.Form.Values["email"]), Password: password})
	if err != nil && v.logInProblem(err) != "" { // too many have failed before: the account is there, but they must wait
		return v.redirect("/login?" + url.Values{"note": {"wait"}, "back": {data.Back}}.Encode())
	}
	if err != nil {
		return err
	}
	return v.enter(session, data.Back)
}

// registerProblem puts what is wrong beside the fields. It returns an error
// that is not the shopper's.
func (v *visit) registerProblem(f form, err error) error {
	switch {
	case err == nil:
		return nil
	case is[*accounts.EmailTakenError](err):
		f.wrong("email", v.locale.text("There is an account with this address. Please log in."))
	case is[*accounts.PasswordError](err):
		f.wrong("password", v.passwordProblem(err))
	case fault.CodeOf(err) == fault.Invalid:
		f.wrong("email", v.locale.text("Please enter an e-mail address, as in name@example.com."))
	default:
		return err
	}
	return nil
}

func (v *visit) passwordProblem(err error) string {
	if e, ok := errors.AsType[*accounts.PasswordError](err); ok && e.Min > 0 {
		return v.locale.text("A password needs at least %d characters.", e.Min)
	}
	return v.locale.text("That password is easy to guess. Please choose another.")
}

// enter begins a session in the shopper's browser. What they have put into the
// cart before joins what they had left there.
func (v *visit) enter(session accounts.Session, to string) error {
	v.setCookie(cookieSession, session.Token.Reveal())
	v.customer = session.Customer
	if err := v.joinCart(); err != nil {
		return err
	}
	return v.redirect(strings.TrimPrefix(to, v.site.Base))
}

// logOut ends the shopper's session, and the one that the shop may have left at
// the root of the site before it was moved below a path: browsers send it too,
// behind the other.
func logOut(v *visit) error {
	tokens := v.r.CookiesNamed(v.site.cookieName(cookieSession))
	for _, token := range tokens[:min(len(tokens), 2)] {
		if err := v.site.shop.Accounts.LogOut(v.ctx(), accounts.LogOut{Token: commerce.Personal(token.Value)}); err != nil {
			return err
		}
	}
	v.forget()
	return v.redirect("/")
}

// toLogIn asks a guest to log in first and brings them back.
func (v *visit) toLogIn() error {
	return v.redirect("/login?" + url.Values{"back": {v.r.URL.RequestURI()}}.Encode())
}

// readSession finds out whether the shopper is logged in. A session that has
// ended is no error: they are a guest then.
func (v *visit) readSession() error {
	token := v.cookie(cookieSession)
	if token == "" || v.site.Auth != nil {
		return nil
	}
	session, err := v.site.shop.Accounts.Session(v.ctx(), commerce.Personal(token))
	switch {
	case err == nil:
		v.customer = session.Customer
	case !is[*accounts.NoSessionError](err):
		return err
	}
	return nil
}
