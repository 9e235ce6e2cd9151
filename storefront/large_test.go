package storefront_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/storefront"
)

// TestPagesOfTwoThousandVariants opens products with as many variants as there
// may be: as one long option, and as two. Each value can be reached, and no page
// is long.
func TestPagesOfTwoThousandVariants(t *testing.T) {
	const n = 2000
	store := commercetest.Open(t)
	for _, handle := range []string{"long", "wide"} {
		put := catalog.PutProduct{Handle: handle, Title: "Poster"}
		for i := range n {
			options := []catalog.Option{{Name: "Motif", Value: fmt.Sprintf("Motif number %d", i)}}
			if handle == "wide" {
				options = []catalog.Option{{Name: "Size", Value: fmt.Sprintf("%d cm", i%20)}, {Name: "Motif", Value: fmt.Sprintf("Motif number %d", i/20)}}
			}
			put.Variants = append(put.Variants, catalog.PutVariant{
				SKU: catalog.SKU(fmt.Sprintf("%s-%d", handle, i)), Options: options, Prices: []money.Amount{money.New(int64(1000+i), "EUR")}, Untracked: true,
			})
		}
		if _, err := store.Catalog.PutProduct(t.Context(), put); err != nil {
			t.Fatal(err)
		}
	}
	h, err := storefront.New(store, storefront.Options{Base: "/shop"})
	if err != nil {
		t.Fatal(err)
	}
	for page, wants := range map[string][]string{
		"long":               {`selected>Motif number 0</option>`, `<option value="long-119">Motif number 119 →</option>`},
		"long?sku=long-119":  {`<option value="long-59">← Motif number 59</option>`, `selected>Motif number 119</option>`, `<option value="long-178">Motif number 178 →</option>`},
		"long?sku=long-1999": {`selected>Motif number 1999</option>`, `<option value="long-1880">← Motif number 1880</option>`},
		"wide?sku=wide-1987": {`<option value="wide-1980">0 cm</option>`, `<option value="wide-7">Motif number 0</option>`, `action="/shop/p/wide"`},
	} {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/shop/p/"+page, nil))
		body := answer.Body.String()
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %s", page, want)
			}
		}
		t.Logf("%s has %d bytes", page, len(body))
		if answer.Code != http.StatusOK || len(body) > 30<<10 {
			t.Errorf("%s: status %d, %d bytes of at most %d", page, answer.Code, len(body), 30<<10)
		}
	}
}
