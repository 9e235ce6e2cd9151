package admin_test

import (
	"regexp"
	"testing"
)

// TestStaffMoveStock opens a second place, sends goods there and says what may be
// sold of them.
func TestStaffMoveStock(t *testing.T) {
	o := open(t).logIn()
	o.get("/stock").want(200, "Nothing is on its way", "main")
	for range 2 { // a second click is no second change
		o.post("/stock", "key", "place-1", "version", "1", "id", "berlin", "name", "Berlin "+nasty, "countries", "de at", "priority", "1").want(200, "Saved.", "Berlin", "DE AT")
	}
	o.post("/stock", "key", "place-2", "version", "1", "id", "paris").want(409, "somebody has changed the places")
	o.post("/stock", "key", "place-3", "version", "2", "id", "paris", "countries", "france").want(400, "country")
	o.post("/stock/split", "key", "split-1", "version", "2", "split", "1").want(200, "may come from several places")
	o.post("/transfers", "key", "t-1", "sku", "mug-b", "from", "main", "to", "berlin", "quantity", "5", "reference", nasty).want(200, "The goods are on their way.", "mug-b", "Berlin")
	o.post("/transfers", "key", "t-2", "sku", "mug-b", "from", "main", "to", "berlin", "quantity", "500").want(422, "15 are left")
	o.post("/transfers", "key", "t-3", "sku", "mug-b", "from", "main", "to", "berlin", "quantity", "few").want(400, "not a quantity")
	transfer := regexp.MustCompile(`/transfers/(tr[a-z]*_\w+)`).FindStringSubmatch(o.get("/stock").body)
	if transfer == nil {
		t.Fatal("the page does not name the transfer")
	}
	o.post("/transfers/"+transfer[1], "key", "r-1", "quantity", "4", "how", "arrived").want(200, "The stock is corrected.")
	o.post("/transfers/"+transfer[1], "key", "r-2", "quantity", "1", "how", "lost").want(200, "Nothing is on its way")
	page := "/products/" + string(o.product.ID)
	o.get(page).want(200, "berlin", `<td class="n">15</td>`, `<td class="n">4</td>`)
	o.post(page+"/stock", "key", "s-1", "sku", "mug-b", "place", "berlin", "quantity", "7", "how", "count").want(200, `<td class="n">7</td>`)
	o.post(page+"/policy", "key", "p-1", "sku", "mug-b", "place", "berlin", "safety", "2", "reorder", "3").want(200, "all but 2", "reorder at 3")
	o.post(page+"/policy", "key", "p-2", "sku", "mug-b", "place", "berlin", "backorder", "50", "expected", "2027-01-15").want(200, "50 before they are there, expected 2027-01-15")
	o.post(page+"/policy", "key", "p-3", "sku", "mug-b", "place", "berlin", "expected", "soon").want(400, "not a day")
	o.post(page+"/policy", "key", "p-4", "sku", "mug-b", "place", "berlin", "safety", "-1").want(400)
}
