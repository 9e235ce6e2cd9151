package httpapi_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/httpapi/client"
)

func TestClientBuys(t *testing.T) {
	w := newWorld(t, httpapi.Options{Auth: &shopAuth{}})
	ctx := t.Context()
	guest := client.New(w.url)
	cart, err := guest.CreateCart(ctx, client.CreateCartBody{Lines: []client.LineInput{{SKU: "mug", Quantity: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	session, err := guest.LogIn(ctx, client.LogInBody{Email: "alice@example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	alice := client.New(w.url, client.WithToken(session.Token))
	mine, err := alice.MergeCart(ctx, client.MergeCartBody{Cart: cart.ID})
	if err != nil {
		t.Fatal(err)
	}
	mine, err = alice.UpdateCart(ctx, mine.ID, client.UpdateCartBody{Contact: &client.Contact{
		Name: "Alice", ShippingAddress: &client.Address{Line1: "1 Way", City: "Ulm", Country: "DE"},
	}}, client.IfVersion(mine.Version))
	if err != nil {
		t.Fatal(err)
	}
	_, err = alice.SetQuantity(ctx, mine.ID, "mug", client.SetQuantityBody{Quantity: 1}, client.IfVersion(1000))
	if e, ok := errors.AsType[*client.Error](err); !ok || !errors.Is(err, fault.Conflict) || e.Status != 412 || e.Name != "cart.version" {
		t.Errorf("with a wrong version: %v", err)
	}
	done, err := alice.CheckOut(ctx, mine.ID, client.CheckOutBody{
		PayWith: "simulator", Token: "pm_card_visa", ExpectedTotal: &client.MoneyInput{Minor: mine.Total.Minor, Currency: "EUR"},
	})
	if err != nil || done.Order.Status != "placed" {
		t.Fatalf("the order is %+v, %v", done.Order, err)
	}
	list, err := alice.ListMyOrders(ctx, client.ListMyOrdersQuery{Limit: 5})
	if err != nil || len(list.Items) != 1 || list.Items[0].ID != done.Order.ID {
		t.Errorf("Alice's orders are %+v, %v", list, err)
	}
	part, err := alice.GetOrder(ctx, done.Order.ID, client.Fields("id", "total"))
	if err != nil || part.Total != done.Order.Total || part.Status != "" {
		t.Errorf("a part of the order is %+v, %v", part, err)
	}
	if _, err := guest.GetOrder(ctx, done.Order.ID); !errors.Is(err, fault.Denied) {
		t.Errorf("a guest reads the order: %v", err)
	}
	if err := alice.LogOut(ctx); err != nil {
		t.Error(err)
	}
}

func TestClientNamesTheField(t *testing.T) {
	w := newWorld(t)
	_, err := client.New(w.url).CreateCart(t.Context(), client.CreateCartBody{Lines: []client.LineInput{{SKU: "mug", Quantity: -1}}})
	e, ok := errors.AsType[*client.Error](err)
	if !ok || !errors.Is(err, fault.Invalid) || len(e.Fields) == 0 || e.Fields[0].Location != "body.lines[0].quantity" {
		t.Errorf("a negative quantity: %v", err)
	}
}

// losing loses the first answers.
type losing struct {
	left atomic.Int32
	sent atomic.Int32
}

func (l *losing) RoundTrip(r *http.Request) (*http.Response, error) {
	l.sent.Add(1)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && l.left.Add(-1) >= 0 {
		_ = answer.Body.Close()
		return nil, errors.New("the connection was lost")
	}
	return answer, err
}

func TestClientAsksAgainWithTheSameKey(t *testing.T) {
	w := newWorld(t)
	lossy := &losing{}
	lossy.left.Store(2)
	c := client.New(w.url, client.WithHTTPClient(&http.Client{Transport: lossy}))
	cart, err := c.CreateCart(t.Context(), client.CreateCartBody{Lines: []client.LineInput{{SKU: "mug", Quantity: 1}}})
	if err != nil || cart.Version != 1 || lossy.sent.Load() != 3 {
		t.Errorf("after %d requests: %+v, %v", lossy.sent.Load(), cart, err)
	}
	carts := 0
	for row, err := range w.shop.Query(t.Context(), `SELECT count(*) FROM carts`) {
		if err != nil {
			t.Fatal(err)
		}
		carts = int(row.Values[0].(int64))
	}
	if carts != 1 {
		t.Errorf("three requests with one key made %d carts", carts)
	}
}
