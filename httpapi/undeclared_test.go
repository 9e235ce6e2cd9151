package httpapi

import (
	"context"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/keelshop/commerce/commercetest"
)

type hidden struct {
	ID string `path:"id"`
}

// TestAnUndeclaredRouteIsRefused plants routes that check must find.
func TestAnUndeclaredRouteIsRefused(t *testing.T) {
	shop := commercetest.Open(t)
	nothing := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	for name, plant := range map[string]func(*api){
		"/without-policy": func(a *api) { add(a, route{method: "GET", path: "/without-policy", id: "x"}, nothing) },
		"/odd-policy":     func(a *api) { add(a, route{policy: 99, method: "GET", path: "/odd-policy", id: "x"}, nothing) },
		"/past-add": func(a *api) {
			huma.Register(a.huma, huma.Operation{Method: "POST", Path: "/past-add", OperationID: "x"}, nothing)
		},
		"/hidden/{id}": func(a *api) {
			add(a, route{policy: forStaff, method: "GET", path: "/hidden/{id}", id: "x"}, func(context.Context, *struct{ hidden }) (*struct{}, error) { return nil, nil })
		},
	} {
		a, err := newAPI(shop, Options{})
		if err != nil {
			t.Fatal(err)
		}
		plant(a)
		if err := a.check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the planted route %s: %v", name, err)
		}
	}
}

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{"SKU": "sku", "UnitPrice": "unit_price", "ID": "id", "OrderID": "order_id", "HTTPStatus": "http_status", "Have": "have"} {
		if got := snake(name); got != want {
			t.Errorf("%s became %s, want %s", name, got, want)
		}
	}
}
