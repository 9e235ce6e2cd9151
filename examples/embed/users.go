package main

import (
	"crypto/rand"
	"net/http"
	"sync"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/httpapi"
)

// user is somebody the application knows. It stands for whatever users yours
// has: here they have a name and no password.
type user struct {
	name  string
	admin bool
}

// users are the application's own sessions: a cookie names one.
type users struct {
	mu       sync.Mutex
	sessions map[string]user
}

const cookie = "app_session"

func newUsers() *users { return &users{sessions: map[string]user{}} }

func (u *users) logIn(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if name != "ann" && name != "bob" {
		http.Error(w, "only ann and bob have accounts", http.StatusForbidden)
		return
	}
	id := rand.Text()
	u.mu.Lock()
	u.sessions[id] = user{name: name, admin: name == "bob"}
	u.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
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

// bridge tells the shop about the application's users. A customer of the shop
// is made when a user first comes, under a key, so that it is made once.
type bridge struct {
	users *users
	shop  *commerce.Store
}

// Authenticate implements httpapi.Auth.
func (b bridge) Authenticate(r *http.Request) (httpapi.Caller, error) {
	u := b.users.of(r)
	if u.name == "" {
		return httpapi.Caller{}, nil
	}
	email := commerce.Personal(u.name + "@app.example")
	c, err := b.shop.Accounts.ByEmail(r.Context(), email)
	if err != nil {
		c, err = b.shop.Accounts.Register(r.Context(), accounts.Register{Email: email, Key: "app-user-" + u.name})
	}
	if err != nil {
		return httpapi.Caller{}, err
	}
	return httpapi.Caller{Customer: c.ID, Staff: u.admin, Name: "app:" + u.name}, nil
}
