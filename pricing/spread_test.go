package pricing_test

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/pricing"
)

// A discount on many lines is divided as sorting all remainders divides it: each
// line gets its part, rounded down, and what is left goes one by one to the
// lines with the largest remainders, of equal ones to the first.
func TestDiscountsAreDividedByTheLargestRemainder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(1, 5000).Draw(t, "amount")
		p := pricing.Promotion{ID: "p", Name: "p", Effect: pricing.Effect{Kind: pricing.AmountOff, Amounts: euros(amount)}}
		r, err := pricing.NewRules(pricing.Settings{}, nil, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		highest := rapid.SampledFrom([]int64{2, 50, 100_000}).Draw(t, "highest") // few prices make equal remainders
		in := pricing.Input{Currency: "EUR"}
		for i := range rapid.IntRange(1, 120).Draw(t, "lines") {
			in.Lines = append(in.Lines, pricing.Line{SKU: catalog.SKU(fmt.Sprint(i)), Quantity: 1, UnitPrice: rapid.Int64Range(0, highest).Draw(t, "price")})
		}
		q, err := r.Price(in)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range divided(min(amount, q.Subtotal), in.Lines) {
			if got := q.Lines[i].Discount; got != want {
				t.Fatalf("line %d of %d has %d off, not %d", i+1, len(in.Lines), got, want)
			}
		}
	})
}

func divided(off int64, lines []pricing.Line) []int64 {
	total := int64(0)
	for _, l := range lines {
		total += l.UnitPrice
	}
	parts, remainders, order := make([]int64, len(lines)), make([]int64, len(lines)), make([]int, len(lines))
	if total == 0 {
		return parts
	}
	left := off
	for i, l := range lines {
		quo, rem := new(big.Int).DivMod(new(big.Int).Mul(big.NewInt(off), big.NewInt(l.UnitPrice)), big.NewInt(total), new(big.Int))
		parts[i], remainders[i], order[i] = quo.Int64(), rem.Int64(), i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(remainders[j], remainders[i]) })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}
