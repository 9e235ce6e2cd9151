package pricing_test

import (
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/pricing"
)

func TestQuantityRules(t *testing.T) {
	r, err := rulesOf(t, pricing.Settings{}, nil).WithQuantities(
		pricing.QuantityRule{ID: "a", Items: skus("mug"), Min: 2, Max: 6},
		pricing.QuantityRule{ID: "b", Items: skus("mug", "tea"), Step: 2},
		pricing.QuantityRule{ID: "c", Max: 100},
	)
	if err != nil {
		t.Fatal(err)
	}
	line := func(sku catalog.SKU, n int64) pricing.Line { return pricing.Line{SKU: sku, Quantity: n} }
	got := r.CheckQuantities([]pricing.Line{line("mug", 1), line("tea", 3), line("pot", 60), line("pot", 41), line("cup", 100)})
	want := []pricing.QuantityProblem{
		{SKU: "mug", Have: 1, Rule: "a", Kind: pricing.BelowMin, Bound: 2},
		{SKU: "tea", Have: 3, Rule: "b", Kind: pricing.OffStep, Bound: 2},
		{SKU: "pot", Have: 101, Rule: "c", Kind: pricing.AboveMax, Bound: 100},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := r.CheckQuantities([]pricing.Line{line("mug", 1), line("mug", 3), line("tea", 2)}); len(got) != 0 {
		t.Errorf("as many as may be: %+v", got)
	}
	for _, bad := range []pricing.QuantityRule{{}, {ID: "a", Min: -1}, {ID: "a", Min: 3, Max: 2}} {
		if _, err := r.WithQuantities(bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
