package search

import (
	"fmt"
	"strings"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
)

// TestVerifyNotices plants each difference that Verify is there to find.
func TestVerifyNotices(t *testing.T) {
	for want, plant := range map[string]func(*index, Document) error{
		"": func(*index, Document) error { return nil },
		"is not in the index": func(x *index, d Document) error {
			return x.write(nil, []string{d.ID}, x.head)
		},
		"which is not on sale": func(x *index, d Document) error {
			d.ID = "prd_ghost"
			return x.write([]Document{d}, nil, x.head)
		},
		"is out of date": func(x *index, d Document) error {
			d.Title = "Beaker"
			return x.write([]Document{d}, nil, x.head)
		},
		"is not found by": func(x *index, d Document) error {
			r, all := x.record(d)
			all[titleField] = nil
			if err := x.disk.write([]*record{r}, nil, x.head, [][fields][]string{all}, nil); err != nil {
				return err
			}
			return x.publish([]*record{r}, nil, x.head)
		},
	} {
		shop := commercetest.Open(t)
		p, err := shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: "MUG", Title: "Mug"})
		if err != nil {
			t.Fatal(err)
		}
		f, err := Open(t.Context(), shop, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.After(t.Context(), shop.Latest()); err != nil {
			t.Fatal(err)
		}
		docs, err := f.documents(t.Context(), []catalog.Product{p})
		if err != nil {
			t.Fatal(err)
		}
		if err := plant(f.active, docs[0]); err != nil {
			t.Fatal(err)
		}
		found, err := f.Verify(t.Context())
		if got := fmt.Sprint(found); err != nil || (want == "") != (len(found) == 0) || !strings.Contains(got, want) {
			t.Errorf("want %q, got %v, %v", want, found, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
