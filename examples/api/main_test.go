package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keelshop/commerce/commercetest"
)

const mug = `{"title":"Mug","price":{"minor":1250,"currency":"EUR"},"stock":3}`

// client asks the API and decodes its JSON.
type client struct {
	t   *testing.T
	url string
}

func newClient(t *testing.T) client {
	server := httptest.NewServer(routes(commercetest.Open(t)))
	t.Cleanup(server.Close)
	return client{t, server.URL}
}

func (c client) ask(method, path, key, body string) (int, map[string]any) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		c.t.Fatalf("%s %s answered %q: %v", method, path, text, err)
	}
	return answer.StatusCode, out
}

// must is ask with a 200 expected.
func (c client) must(method, path, key, body string) map[string]any {
	c.t.Helper()
	status, out := c.ask(method, path, key, body)
	if status != http.StatusOK {
		c.t.Fatalf("%s %s answered %d %v", method, path, status, out)
	}
	return out
}

func TestBuy(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/products/mug", "", mug)
	basket := c.must("POST", "/carts", "", `{"sku":"mug","quantity":1}`)
	path := "/carts/" + basket["id"].(string)
	c.must("POST", path+"/lines", "", `{"sku":"mug","quantity":1}`)
	if total := c.must("GET", path, "", "")["total"].(map[string]any)["minor"]; total != 2500.0 {
		t.Errorf("the cart costs %v, want 2500", total)
	}
	order := c.must("POST", path+"/checkout", "order-1", "")
	if order["status"] != "placed" {
		t.Errorf("the order is %v, want placed", order["status"])
	}
	again := c.must("POST", path+"/checkout", "order-1", "")
	if again["id"] != order["id"] {
		t.Errorf("asking again made order %v after %v", again["id"], order["id"])
	}
	if read := c.must("GET", "/orders/"+order["id"].(string), "", ""); read["status"] != "placed" {
		t.Errorf("reading the order: %v", read)
	}
}

func TestErrors(t *testing.T) {
	c := newClient(t)
	c.must("PUT", "/products/mug", "", mug)
	many := c.must("POST", "/carts", "", `{"sku":"mug","quantity":4}`)["id"].(string)
	for _, test := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"not JSON", "POST", "/carts", "mug", http.StatusBadRequest},
		{"unknown field", "POST", "/carts", `{"sku":"mug","quantity":1,"price":1}`, http.StatusBadRequest},
		{"negative quantity", "POST", "/carts", `{"sku":"mug","quantity":-1}`, http.StatusBadRequest},
		{"malformed ID", "GET", "/orders/42", "", http.StatusBadRequest},
		{"unknown SKU", "POST", "/carts", `{"sku":"cup","quantity":1}`, http.StatusNotFound},
		{"unknown order", "GET", "/orders/ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", "", http.StatusNotFound},
		{"out of stock", "POST", "/carts/" + many + "/checkout", "", http.StatusUnprocessableEntity},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, out := c.ask(test.method, test.path, "", test.body)
			if status != test.want || out["error"] == "" {
				t.Errorf("%s %s answered %d %v, want %d", test.method, test.path, status, out, test.want)
			}
		})
	}
}
