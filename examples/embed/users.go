package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
)

// user is somebody the application knows. It stands for whatever users yours
// has: here they have a name and no password.
type user struct {
	name     string
	admin    bool
	customer accounts.CustomerID // what the shop knows them by
}

// users are the application's own sessions: a cookie names one.
type users struct {
	shop     *commerce.Store
	mu       sync.Mutex
	sessions map[string]user
}

const cookie = "app_session"

func newUsers(shop *commerce.Store) *users { return &users{shop: shop, sessions: map[string]user{}} }

// showLogIn asks for a name. It keeps in mind where the browser came from.
func (u *users) showLogIn(w http.ResponseWriter, r *http.Request) {
	show(w, logInPage, local(r.FormValue("next")))
}

func (u *users) logIn(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if name != "ann" && name != "bob" && name != "eve" {
		http.Error(w, "only ann, bob and eve have accounts", http.StatusForbidden)
		return
	}
	customer, err := u.customer(r.Context(), name)
	if err != nil {
		http.Error(w, "the shop is closed", http.StatusServiceUnavailable)
		return
	}
	id := rand.Text()
	u.mu.Lock()
	u.sessions[id] = user{name: name, admin: name == "bob", customer: customer}
	u.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, local(r.FormValue("next")), http.StatusSeeOther)
}

func (u *users) logOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		u.mu.Lock()
		delete(u.sessions, c.Value)
		u.mu.Unlock()
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// customer returns the shop's customer for a user. One is made when they first
// log in, under a key, so that two log-ins at once make one. An application
// with a database of its own would keep the ID beside its user.
func (u *users) customer(ctx context.Context, name string) (accounts.CustomerID, error) {
	email := commerce.Personal(name + "@app.example")
	c, err := u.shop.Accounts.ByEmail(ctx, email)
	if fault.CodeOf(err) == fault.NotFound {
		c, err = u.shop.Accounts.Register(ctx, accounts.Register{Email: email, Name: commerce.Personal(name), Key: "app-user-" + name})
	}
	if err != nil {
		return "", fmt.Errorf("finding the customer of %s: %w", name, err)
	}
	return c.ID, nil
}

// of returns who sends a request, the zero user if nobody is logged in.
func (u *users) of(r *http.Request) user {
	c, err := r.Cookie(cookie)
	if err != nil {
		return user{}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sessions[c.Value]
}

// local returns a path of this site, and / for anything else: a link must not
// send those who log in elsewhere.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}
