package interchange_test

import (
	"strings"
	"testing"

	"github.com/keelshop/commerce/interchange"
)

// TestProducts: a file is read without a store, what would be refused is left
// out, and what cannot be read ends it.
func TestProducts(t *testing.T) {
	const file = `{"id":"7","title":"Toner","supplier":"Brother","price":1999,"attr_t_colour":"black"}
{"id":"8","title":"Toner","price":"much"}
{"id":"9","title":"Drum","price":2999}
`
	var titles []string
	for p, err := range interchange.Products(strings.NewReader(file), interchange.Options{Format: interchange.Icecat, Currency: "EUR"}) {
		if err != nil {
			t.Fatal(err)
		}
		titles = append(titles, p.Title+" "+p.Variants[0].Prices[0].String())
	}
	if got := strings.Join(titles, ", "); got != "Toner 19.99 EUR, Drum 29.99 EUR" {
		t.Errorf("got %s", got)
	}
	for _, err := range interchange.Products(strings.NewReader(file), interchange.Options{Format: interchange.Icecat}) {
		if err == nil {
			t.Error("no currency was asked for")
		}
	}
}
