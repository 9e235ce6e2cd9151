package admin_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// TestPaymentTermsAreSet: terms are added, changed and removed one by one, the
// form says what is wrong beside its field, and nobody's change undoes another's.
func TestPaymentTermsAreSet(t *testing.T) {
	o := open(t).logIn()
	c, err := o.Accounts.Register(t.Context(), accounts.Register{Email: "ann@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	fresh := o.get("/terms").want(200, "There are none yet", "May owe up to, in USD")
	first := fresh.hidden("name", "net_30", "days", "30", "groups", "firms, "+nasty, "customers", "ann@example.com\r\n"+string(c.ID), "limit-EUR", "500")
	for range 2 { // a form that is sent twice has one effect
		o.post("/terms", first...).want(200, "Saved.", "within 30 days", "group firms", string(c.ID), "500.00 EUR")
	}
	// Another form of before would undo that.
	o.post("/terms", fresh.hidden("key", "other", "name", "net_7", "days", "7", "groups", "firms")...).want(409, "Somebody has changed the payment terms", `value="net_7"`)
	page := o.get("/terms")
	for name, wrong := range map[string][]string{
		"name-wrong":      {"name", "Net 30", "days", "30"},
		"days-wrong":      {"name", "x", "days", "soon"},
		"customers-wrong": {"name", "x", "days", "1", "customers", "nobody@example.com"},
		"limit-EUR-wrong": {"name", "x", "days", "1", "limit-EUR", "a lot"},
		"role=\"alert\"":  {"name", "x", "days", "1", "limit-EUR", "0"},
	} {
		o.post("/terms", append(newTerms(page), append(wrong, "key", name)...)...).want(422, name)
	}
	o.post("/terms", append(newTerms(page), "key", "a", "name", "net_30", "days", "3")...).want(422, "given twice")
	o.post("/terms", append(newTerms(page), "key", "b", "name", "net_7", "days", "400", "groups", "firms")...).want(422, "0 to 365", "days-wrong")
	o.post("/terms", append(newTerms(page), "key", "c", "name", "net_7", "days", "7", "groups", "firms")...).want(200, "within 7 days")

	edit := o.get("/terms?change=net_30").want(200, "Change net_30", `value="500.00"`, string(c.ID))
	o.post("/terms", append(newTerms(edit), "was", "net_30", "key", "d", "name", "net_14", "days", "14", "customers", string(c.ID))...).want(200, "net_14", "no limit")
	all, err := o.Orders.Terms(t.Context())
	if err != nil || len(all) != 2 || all[0].Name != "net_14" || len(all[0].Groups) != 0 || all[1].Name != "net_7" {
		t.Fatalf("%+v, %v", all, err)
	}
	o.post("/terms", append(newTerms(o.get("/terms")), "was", "net_14", "key", "e", "remove", "yes")...).want(200, "Saved.")
	o.get("/terms?change=net_14").want(404)
	all, err = o.Orders.Terms(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "net_7" {
		t.Fatalf("%+v, %v", all, err)
	}
	// What has a limit in a currency that the shop does not sell in keeps it.
	if _, err := o.Orders.SetTerms(t.Context(), orders.SetTerms{Terms: []orders.Terms{{Name: "swiss", Limits: []money.Amount{money.New(100, "CHF")}}}}); err != nil {
		t.Fatal(err)
	}
	o.get("/terms").want(200, "1.00 CHF", "limit-CHF")
}

// TestTermsThatAreSetAtOnce: of several who add terms at the same moment one is told
// that they are saved, and the others that somebody has changed them.
func TestTermsThatAreSetAtOnce(t *testing.T) {
	o := open(t).logIn()
	page := newTerms(o.get("/terms"))
	var saved, told atomic.Int64
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			name := fmt.Sprint("net_", i)
			switch a := o.post("/terms", append(slices.Clone(page), "key", name, "name", name, "days", "7")...); a.status {
			case 200:
				saved.Add(1)
			case 409:
				told.Add(1)
			default:
				t.Errorf("%s: %d", name, a.status)
			}
		})
	}
	all.Wait()
	terms, err := o.Orders.Terms(t.Context())
	if err != nil || saved.Load() != 1 || told.Load() != 15 || len(terms) != 1 {
		t.Errorf("%d are saved and %d told to look again, and the terms are %+v, %v", saved.Load(), told.Load(), terms, err)
	}
}

// newTerms is what the form for further terms sends of its own.
func newTerms(page answer) []string {
	hidden := page.hidden()
	for i := len(hidden) - 2; i >= 0; i -= 2 {
		if hidden[i] == "seen" {
			return []string{"seen", hidden[i+1], "was", ""}
		}
	}
	page.Fatal("the page has no form")
	return nil
}
