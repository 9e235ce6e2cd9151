package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
)

// cookieName is the name of the cookie that holds the session. With
// Options.HTTPS it begins with __Host-, so that no other host can set it.
func (s *site) cookieName() string {
	if s.HTTPS {
		return "__Host-staff"
	}
	return "staff"
}

// setCookie keeps the session until the browser is closed; the store ends it
// after some hours anyway. "" removes it.
func (v *visit) setCookie(token string) {
	c := &http.Cookie{
		Name: v.site.cookieName(), Value: token, Path: "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: v.site.HTTPS,
	}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
}

type logInPage struct {
	page
	Back, Email, Problem string
}

// toLogIn asks who is not logged in to do that first, and brings them back.
func (v *visit) toLogIn() error {
	if v.site.Staff != nil {
		return fault.New(fault.Denied, "these pages are for staff")
	}
	if v.r.Method != http.MethodGet {
		return fault.New(fault.Denied, "you are not logged in any more: log in and try again")
	}
	return v.show(http.StatusUnauthorized, "login", logInPage{page: v.page("Log in", ""), Back: v.r.URL.RequestURI()})
}

func showLogIn(v *visit) error {
	return v.show(http.StatusOK, "login", logInPage{page: v.page("Log in", ""), Back: v.site.Base + "/"})
}

func logIn(v *visit) error {
	data := logInPage{page: v.page("Log in", ""), Back: v.r.PostFormValue("back"), Email: v.r.PostFormValue("email")}
	session, err := v.site.shop.Accounts.LogIn(v.ctx(), accounts.LogIn{
		Email: commerce.Personal(data.Email), Password: commerce.Personal(v.r.PostFormValue("password")),
	})
	if err == nil && !session.Staff {
		// The answer is the one to a wrong password: whose password is right
		// is not for everybody to know.
		err = errors.Join(&accounts.WrongPasswordError{}, v.site.shop.Accounts.LogOut(v.ctx(), accounts.LogOut{Token: session.Token}))
	}
	if err != nil {
		if data.Problem = logInProblem(err); data.Problem == "" {
			return err
		}
		return v.show(http.StatusUnprocessableEntity, "login", data)
	}
	v.setCookie(session.Token.Reveal())
	http.Redirect(v.w, v.r, v.site.here(data.Back), http.StatusSeeOther)
	return nil
}

func logInProblem(err error) string {
	if _, ok := errors.AsType[*accounts.ThrottledError](err); ok {
		return "That failed too often. Please wait a little and try again."
	}
	if e, ok := errors.AsType[*accounts.OutgrownPasswordError](err); ok {
		return fmt.Sprintf("Staff need a password of at least %d characters, and yours is shorter. Please reset it.", e.Min)
	}
	if _, ok := errors.AsType[*accounts.WrongPasswordError](err); ok || fault.CodeOf(err) == fault.Invalid {
		return "E-mail address or password are not right, or the account is not of the staff."
	}
	return ""
}

// here returns a path of these pages, and the first page for any other.
func (s *site) here(path string) string {
	if !strings.HasPrefix(path, s.Base+"/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return s.Base + "/"
	}
	return path
}

func logOut(v *visit) error {
	if c, err := v.r.Cookie(v.site.cookieName()); err == nil {
		if err := v.site.shop.Accounts.LogOut(v.ctx(), accounts.LogOut{Token: commerce.Personal(c.Value)}); err != nil {
			return err
		}
	}
	v.setCookie("")
	return v.done("/login", "")
}
