package main

import (
	"net/http"
	"net/url"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/httpapi"
)

// bridge tells the shop about the application's users: its pages, which ask a
// storefront.Auth, and its API, which asks an httpapi.Auth.
type bridge struct{ users *users }

// Customer implements storefront.Auth.
func (b bridge) Customer(r *http.Request) (accounts.CustomerID, error) {
	return b.users.of(r).customer, nil
}

// LogInURL implements storefront.Auth.
func (b bridge) LogInURL(back string) string {
	return "/login?" + url.Values{"next": {back}}.Encode()
}

// Authenticate implements httpapi.Auth.
func (b bridge) Authenticate(r *http.Request) (httpapi.Caller, error) {
	u := b.users.of(r)
	if u.name == "" {
		return httpapi.Caller{}, nil
	}
	return httpapi.Caller{Customer: u.customer, Staff: u.admin, Name: "app:" + u.name}, nil
}
