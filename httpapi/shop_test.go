package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/backup"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/httpapi"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/search"
	"github.com/keelshop/commerce/webhooks"
)

// ownAuth is a host program's own idea of who asks: the token is the name.
type ownAuth struct{}

func (ownAuth) Authenticate(r *http.Request) (httpapi.Caller, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !ok:
		return httpapi.Caller{}, nil
	case token == "staff":
		return httpapi.Caller{Staff: true, Name: "staff:7"}, nil
	case strings.HasPrefix(token, "cus_"):
		return httpapi.Caller{Customer: accounts.CustomerID(token)}, nil
	}
	return httpapi.Caller{}, fault.New(fault.Denied, "the token is not known")
}

// signing is the simulator with webhooks: the body is an attempt's ID, and the
// signature a word.
type signing struct{ *simulator.Simulator }

func (signing) Parse(_ context.Context, r payments.WebhookRequest) (payments.Notice, error) {
	if len(r.Header["Signature"]) != 1 || r.Header["Signature"][0] != "good" {
		return payments.Notice{}, fault.New(fault.Denied, "the signature is not the provider's")
	}
	return payments.Notice{Event: "evt_1", Attempt: payments.ID(r.Body), Kind: "paid"}, nil
}

// world is a shop with an API in front and some people.
type world struct {
	t                 testing.TB
	shop              *commerce.Store
	api               http.Handler
	url               string
	alice, bob, staff string // tokens
}

func newWorld(t *testing.T, options ...httpapi.Options) *world {
	t.Helper()
	o := httpapi.Options{}
	if len(options) > 0 {
		o = options[0]
	}
	return newWorldIn(t, commercetest.Open(t, commerce.WithPayments(signing{simulator.New()})), o)
}

// everything returns a shop, and the options by which its API has every route.
// The dispatcher of webhooks has ended, so that nothing is sent.
func everything(t testing.TB) (*commerce.Store, httpapi.Options, *search.Finder) {
	t.Helper()
	shop := commercetest.Open(t, commerce.WithPayments(signing{simulator.New()}))
	finder, err := search.Open(t.Context(), shop, search.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = finder.Close() })
	sending, err := webhooks.Start(t.Context(), shop, webhooks.Options{})
	if err == nil {
		err = sending.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return shop, httpapi.Options{Finder: finder, Mailer: nowhere{}, Webhooks: sending, Backups: noBackups}, finder
}

// newWholeWorld has every route, and nothing in its shop.
func newWholeWorld(t *testing.T) (*world, *search.Finder) {
	t.Helper()
	shop, o, finder := everything(t)
	return serve(t, shop, o), finder
}

// newFullWorld is newWorld with every route.
func newFullWorld(t testing.TB, auth httpapi.Auth) (*world, *search.Finder) {
	t.Helper()
	shop, o, finder := everything(t)
	o.Auth = auth
	w := newWorldIn(t, shop, o)
	if err := finder.After(t.Context(), shop.Latest()); err != nil {
		t.Fatal(err)
	}
	return w, finder
}

func noBackups(context.Context) ([]backup.Manifest, error) { return nil, nil }

func newWorldIn(t testing.TB, shop *commerce.Store, o httpapi.Options) *world {
	t.Helper()
	own := o.Auth == nil
	if own {
		o.Auth = ownAuth{}
	}
	if o.PerAddress == (httpapi.Rate{}) {
		o.PerAddress, o.PerAccount, o.PerSecret = httpapi.Unlimited, httpapi.Unlimited, httpapi.Unlimited
	}
	if a, ok := o.Auth.(*shopAuth); ok {
		a.Auth = httpapi.Sessions(shop)
	}
	w := serve(t, shop, o)
	w.staff = "staff"
	w.stock("mug", 1250, 10)
	w.stock("cup", 900, 10)
	w.stock("pot", 3900, 1)
	if !own {
		w.alice, w.bob, w.staff = w.logIn("alice@example.com"), w.logIn("bob@example.com"), w.logIn("sam@example.com", accounts.StaffGroup)
		return w
	}
	w.alice, w.bob = w.register("alice@example.com"), w.register("bob@example.com")
	return w
}

// serve puts an API in front of a shop.
func serve(t testing.TB, shop *commerce.Store, o httpapi.Options) *world {
	t.Helper()
	api, err := httpapi.New(shop, o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return &world{t: t, shop: shop, api: api, url: server.URL + o.Prefix}
}

// shopAuth is the shop's own accounts, for a world that is not made yet.
type shopAuth struct{ httpapi.Auth }

const password = "correct horse battery staple"

// logIn registers somebody and returns the token of their session.
func (w *world) logIn(email string, groups ...string) string {
	w.t.Helper()
	_, err := w.shop.Accounts.Register(w.t.Context(), accounts.Register{
		Email: commerce.Personal(email), Password: password, Groups: groups,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := w.shop.Accounts.LogIn(w.t.Context(), accounts.LogIn{Email: commerce.Personal(email), Password: password})
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Token.Reveal()
}

func (w *world) stock(sku catalog.SKU, minor, quantity int64) {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.shop.Catalog.PutProduct(ctx, catalog.PutProduct{SKU: sku, Title: "The " + string(sku), Price: money.New(minor, "EUR")})
	if err == nil {
		_, err = w.shop.Inventory.Receive(ctx, inventory.Receive{SKU: sku, Quantity: quantity})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) register(email string) string {
	w.t.Helper()
	c, err := w.shop.Accounts.Register(w.t.Context(), accounts.Register{Email: commerce.Personal(email), Name: "Somebody"})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(c.ID)
}

// reply is an answer, decoded.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// at returns a member by its path, as in order.total.minor or lines.0.sku.
func (r reply) at(path string) any {
	var v any = r.body
	for name := range strings.SplitSeq(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[name]
		case []any:
			i := int(name[0] - '0')
			if i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

// ask sends a request as somebody ("" is a guest). Headers come in pairs.
func (w *world) ask(who, method, path, body string, header ...string) reply {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	out := reply{status: answer.StatusCode, header: answer.Header, text: string(text)}
	if len(text) > 0 && strings.Contains(answer.Header.Get("Content-Type"), "json") {
		d := json.NewDecoder(bytes.NewReader(text))
		if err := d.Decode(&out.body); err != nil {
			w.t.Fatalf("%s %s answered %q: %v", method, path, text, err)
		}
	}
	return out
}

// must is ask with a status expected.
func (w *world) must(status int, who, method, path, body string, header ...string) reply {
	w.t.Helper()
	r := w.ask(who, method, path, body, header...)
	if r.status != status {
		w.t.Fatalf("%s %s answered %d %s, want %d", method, path, r.status, r.text, status)
	}
	return r
}

// cart starts a cart and returns its path.
func (w *world) cart(who, sku string, quantity int) string {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"lines": []any{map[string]any{"sku": sku, "quantity": quantity}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return "/carts/" + w.must(201, who, "POST", "/carts", string(body)).at("id").(string)
}

const goodCard = `{"pay_with":"simulator","token":"pm_card_visa"}`
