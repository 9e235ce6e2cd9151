package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/httpapi"
)

const twoMugs = `{"lines":[{"sku":"mug","quantity":2}]}`

func TestIdempotencyKeys(t *testing.T) {
	w := newWorld(t)
	const key = "a-key-of-sixteen-characters"
	first := w.must(201, "", "POST", "/carts", twoMugs, "Idempotency-Key", key)
	again := w.must(201, "", "POST", "/carts", twoMugs, "Idempotency-Key", key)
	if first.at("id") != again.at("id") {
		t.Errorf("asking again made cart %v after %v", again.at("id"), first.at("id"))
	}
	if other := w.must(201, w.alice, "POST", "/carts", twoMugs, "Idempotency-Key", key); other.at("id") == first.at("id") {
		t.Error("two people with the same key got the same cart")
	}
	if r := w.ask("", "POST", "/carts", `{"lines":[{"sku":"cup","quantity":2}]}`, "Idempotency-Key", key); r.status != 409 || r.at("error") != "shard.key_reused" {
		t.Errorf("the key for another request: %d %s", r.status, r.text)
	}
	cart := "/carts/" + first.at("id").(string)
	for range 2 {
		w.must(200, "", "POST", cart+"/lines", `{"lines":[{"sku":"cup","quantity":1}]}`, "Idempotency-Key", "another-key-1234567")
		w.must(200, "", "PATCH", cart, `{"contact":{"name":"Ann"},"metadata":{"gift":true}}`, "Idempotency-Key", "third-key-12345678901")
	}
	if r := w.must(200, "", "GET", cart, ""); r.at("lines.1.quantity") != 1.0 || r.at("version") != 4.0 || r.at("metadata.gift") != true {
		t.Errorf("after asking twice the cart is %s", r.text)
	}
	bought := w.must(200, "", "POST", cart+"/checkout", goodCard, "Idempotency-Key", "the-order-key-1234")
	same := w.must(200, "", "POST", cart+"/checkout", goodCard, "Idempotency-Key", "the-order-key-1234")
	if bought.at("order.id") != same.at("order.id") {
		t.Errorf("buying again made order %v after %v", same.at("order.id"), bought.at("order.id"))
	}
}

func TestARefusalIsKeptUnderItsKey(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "pot", 2)
	refused := w.ask("", "POST", cart+"/checkout", goodCard, "Idempotency-Key", "the-order-key-1234")
	if refused.status != 409 || refused.at("code") != "refused" || refused.at("error") != "inventory.out_of_stock" ||
		refused.at("about.sku") != "pot" || refused.at("about.want") != 2.0 || refused.at("about.have") != 1.0 {
		t.Fatalf("out of stock: %d %s", refused.status, refused.text)
	}
	if !strings.HasSuffix(refused.at("type").(string), "/docs#inventory.out_of_stock") {
		t.Errorf("the problem is explained at %v", refused.at("type"))
	}
}

// TestAChangeTellsItsProblems: whoever puts more into a cart than there is hears
// it in the same answer.
func TestAChangeTellsItsProblems(t *testing.T) {
	w := newWorld(t)
	made := w.must(201, "", "POST", "/carts", `{"lines":[{"sku":"pot","quantity":1}]}`)
	if n := len(made.at("problems").([]any)); n != 0 {
		t.Errorf("one of one has problems: %s", made.text)
	}
	cart := "/carts/" + made.at("id").(string)
	for what, r := range map[string]reply{
		"a new cart": w.must(201, "", "POST", "/carts", `{"lines":[{"sku":"pot","quantity":2}]}`),
		"more":       w.must(200, "", "POST", cart+"/lines", `{"lines":[{"sku":"pot","quantity":1}]}`),
		"a quantity": w.must(200, "", "PUT", cart+"/lines/pot", `{"quantity":3}`),
	} {
		if r.at("problems.0.code") != "out_of_stock" || r.at("problems.0.sku") != "pot" || r.at("problems.0.bound") != 1.0 {
			t.Errorf("%s: %s", what, r.text)
		}
	}
}

func TestVersions(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 1)
	read := w.must(200, "", "GET", cart, "")
	tag := read.header.Get("ETag")
	if r := w.must(304, "", "GET", cart, "", "If-None-Match", tag); r.text != "" {
		t.Errorf("304 came with %q", r.text)
	}
	w.must(200, "", "PUT", cart+"/lines/mug", `{"quantity":3}`, "If-Match", tag)
	if r := w.ask("", "PUT", cart+"/lines/mug", `{"quantity":4}`, "If-Match", tag); r.status != 412 || r.at("error") != "cart.version" || r.at("about.have") != 2.0 {
		t.Errorf("with a version that has passed: %d %s", r.status, r.text)
	}
	if r := w.must(200, "", "GET", cart, "", "If-None-Match", tag); r.at("lines.0.quantity") != 3.0 {
		t.Errorf("the cart is %s", r.text)
	}
	some := w.must(200, "", "GET", cart+"?fields=id", "")
	if some.header.Get("ETag") == w.must(200, "", "GET", cart, "").header.Get("ETag") {
		t.Error("a part has the ETag of the whole")
	}
	product := w.must(200, "", "GET", "/products/mug", "")
	w.must(304, "", "GET", "/products/mug", "", "If-None-Match", product.header.Get("ETag"))
	w.stock("mug", 1300, 1)
	if r := w.must(200, "", "GET", "/products/mug", "", "If-None-Match", product.header.Get("ETag")); r.at("variants.0.prices.0.minor") != 1300.0 {
		t.Errorf("the product is %s", r.text)
	}
	if !strings.Contains(product.header.Get("Cache-Control"), "public") || !strings.Contains(product.header.Get("Surrogate-Key"), "prd_") {
		t.Errorf("the product's headers are %v", product.header)
	}
	if read.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a cart may be cached: %q", read.header.Get("Cache-Control"))
	}
}

// TestSeveralVersions: If-Match takes a list, of which one has to be the version
// that there is.
func TestSeveralVersions(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 1)
	const key = "a-key-of-sixteen-characters"
	for range 2 { // asking again has the same answer
		if r := w.must(200, "", "PUT", cart+"/lines/mug", `{"quantity":3}`, "If-Match", `"7", "1"`, "Idempotency-Key", key); r.at("version") != 2.0 {
			t.Errorf("for one of two versions: %s", r.text)
		}
	}
	if r := w.ask("", "PUT", cart+"/lines/mug", `{"quantity":4}`, "If-Match", `"7","1"`); r.status != 412 || r.at("about.have") != 2.0 {
		t.Errorf("with versions that have passed: %d %s", r.status, r.text)
	}
	for _, odd := range []string{`"2",`, `"2", *`, `"2", two`, strings.Repeat(`"2",`, 10) + `"2"`} {
		if r := w.ask("", "PUT", cart+"/lines/mug", `{"quantity":4}`, "If-Match", odd); r.status != 422 || r.at("fields.0.location") != "header.If-Match" {
			t.Errorf("%s: %d %s", odd, r.status, r.text)
		}
	}
	r := httptest.NewRequest("PUT", cart+"/lines/mug", strings.NewReader(`{"quantity":5}`))
	r.Header["If-Match"] = []string{`"7"`, `"2"`}
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	if w.api.ServeHTTP(answer, r); answer.Code != 200 {
		t.Errorf("a list over two lines: %d %s", answer.Code, answer.Body)
	}
}

func TestFieldSelection(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 2)
	r := w.must(200, "", "GET", cart+"?fields=id,lines.sku,lines.total.minor", "")
	want := fmt.Sprintf(`{"id":%q,"lines":[{"sku":"mug","total":{"minor":2500}}]}`, strings.TrimPrefix(cart, "/carts/"))
	if strings.TrimSpace(r.text) != want {
		t.Errorf("selected %s, want %s", r.text, want)
	}
	for _, odd := range []string{"?fields=", "?fields", "?fields=id,,lines", "?fields=,", "?fields=lines.", "?fields=id.x", "?fields=lines.sku.x", "?fie%6Cds=nothing"} {
		if r := w.ask("", "GET", cart+odd, ""); r.status != 422 || r.at("fields.0.location") != "query.fields" || strings.Contains(r.text, "unknown") {
			t.Errorf("%s: %d %s", odd, r.status, r.text)
		}
	}
	if r := w.must(200, "", "GET", cart+"?fie%6Cds=version", ""); strings.TrimSpace(r.text) != `{"version":1}` {
		t.Errorf("an escaped name: %s", r.text)
	}
	r = w.must(200, "", "GET", "/products?fields=items.handle", "")
	if strings.TrimSpace(r.text) != `{"items":[{"handle":"mug"},{"handle":"cup"},{"handle":"pot"}]}` {
		t.Errorf("selected %s", r.text)
	}
}

func TestPaging(t *testing.T) {
	w := newWorld(t)
	var seen []string
	path := "/products?limit=2"
	for path != "" {
		r := w.must(200, "", "GET", path, "")
		for i := 0; r.at(fmt.Sprintf("items.%d", i)) != nil; i++ {
			seen = append(seen, r.at(fmt.Sprintf("items.%d.handle", i)).(string))
		}
		path = ""
		if next, ok := r.at("next").(string); ok {
			path = "/products?limit=2&after=" + next
			if link := r.header.Get("Link"); link != `</products?after=`+next+`&limit=2>; rel="next"` {
				t.Errorf("the link is %s", link)
			}
		}
	}
	if strings.Join(seen, " ") != "mug cup pot" {
		t.Errorf("page by page: %v", seen)
	}
}

func TestRateLimits(t *testing.T) {
	w := newWorld(t, httpapi.Options{PerAddress: httpapi.Rate{Requests: 3, Per: time.Hour}})
	var last reply
	for range 4 {
		last = w.ask("", "GET", "/products/mug", "")
	}
	if last.status != 429 || last.at("code") != fault.Unavailable.String() || last.header.Get("RateLimit") == "" || last.header.Get("Retry-After") == "" {
		t.Errorf("the fourth of three: %d %s %v", last.status, last.text, last.header)
	}
}

func TestDeclines(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 1)
	r := w.ask("", "POST", cart+"/checkout", `{"pay_with":"simulator","token":"pm_card_visa_chargeDeclinedInsufficientFunds"}`)
	if r.status != 409 || r.at("error") != "checkout.declined" || r.at("about.code") != "insufficient_funds" || r.at("about.advice") == "" {
		t.Fatalf("a declined card: %d %s", r.status, r.text)
	}
	if done := w.must(200, "", "POST", cart+"/checkout", goodCard); done.at("order.status") != "placed" {
		t.Errorf("another try: %s", done.text)
	}
}

func TestNextActions(t *testing.T) {
	w := newWorld(t)
	cart := w.cart("", "mug", 1)
	r := w.must(202, "", "POST", cart+"/checkout", `{"pay_with":"simulator","token":"pm_card_threeDSecure2Required"}`)
	if r.at("order.status") != "pending" || r.at("next_action.kind") == nil {
		t.Fatalf("a card with 3-D Secure: %s", r.text)
	}
	again := w.must(202, "", "POST", cart+"/checkout/resume", "")
	if again.at("order.id") != r.at("order.id") {
		t.Errorf("resumed order %v of %v", again.at("order.id"), r.at("order.id"))
	}
	if gone := w.must(200, "", "POST", cart+"/checkout/abandon", ""); gone.at("order.status") != "canceled" {
		t.Errorf("abandoned: %s", gone.text)
	}
	w.must(200, "", "POST", cart+"/checkout", goodCard)
}

func TestWebhooks(t *testing.T) {
	w := newWorld(t)
	payment := w.bought()["{payment}"]
	if r := w.ask("", "POST", "/webhooks/simulator", payment); r.status != 403 {
		t.Errorf("without a signature: %d %s", r.status, r.text)
	}
	if r := w.ask("", "POST", "/webhooks/gold", payment); r.status != 422 || r.at("error") != "payments.unknown_provider" {
		t.Errorf("from nobody: %d %s", r.status, r.text)
	}
	for range 2 { // providers send twice
		w.must(204, "", "POST", "/webhooks/simulator", payment, "Signature", "good", "Content-Type", "text/plain")
	}
}

// TestBrowsingIsShedFirst holds as many requests as may run at once in the
// host program's Auth, and asks for more.
func TestBrowsingIsShedFirst(t *testing.T) {
	gate := &gatedAuth{entered: make(chan struct{}, 8), open: make(chan struct{})}
	shop := commercetest.Open(t)
	w := serve(t, shop, httpapi.Options{Auth: gate, AtOnce: 8})
	w.stock("mug", 1250, 10)
	cart := "/carts/" + w.must(201, "", "POST", "/carts", twoMugs).at("id").(string)
	gate.hold.Store(true)
	var held sync.WaitGroup
	for range 4 { // half of what may run: that much may be browsing
		held.Go(func() { w.ask("", "GET", "/availability?sku=mug", "") })
		<-gate.entered
	}
	gate.hold.Store(false)
	if r := w.ask("", "GET", "/products/mug", ""); r.status != 503 || r.at("code") != "unavailable" || r.header.Get("Retry-After") == "" {
		t.Errorf("one browser too many: %d %s", r.status, r.text)
	}
	w.must(200, "", "GET", cart, "")
	w.must(201, "", "POST", "/carts", twoMugs)
	if r := w.ask("", "POST", "/orders/ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1/payments", "{}"); r.status != 401 { // not 503
		t.Errorf("paying: %d %s", r.status, r.text)
	}
	close(gate.open)
	held.Wait()
	w.must(200, "", "GET", "/products/mug", "")
}

// gatedAuth keeps requests waiting while it holds.
type gatedAuth struct {
	hold          atomic.Bool
	entered, open chan struct{}
}

func (g *gatedAuth) Authenticate(*http.Request) (httpapi.Caller, error) {
	if g.hold.Load() {
		g.entered <- struct{}{}
		<-g.open
	}
	return httpapi.Caller{}, nil
}
