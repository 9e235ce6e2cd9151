package main

import (
	"bytes"
	"encoding/csv"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/money"
)

// TestLedger: one purchase is four postings, and they add up.
func TestLedger(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop, err := commerce.Open(t.Context(), dir, commerce.WithShards(1))
	if err != nil {
		t.Fatal(err)
	}
	_, err = shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{Title: "Mug", Variants: []catalog.PutVariant{
		{SKU: "mug", Untracked: true, Prices: []money.Amount{money.New(1250, "EUR")}}}})
	if err != nil {
		t.Fatal(err)
	}
	basket, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 2})
	if err != nil {
		t.Fatal(err)
	}
	order, err := shop.Checkout.Complete(t.Context(), checkout.Complete{Cart: basket.ID, ExternalReference: "A-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"ledger", dir}, 4},
		{[]string{"ledger", "--order", string(order.ID), dir}, 4},
		{[]string{"ledger", "--account", "sales", dir}, 1},
		{[]string{"ledger", "--account", "nothing", dir}, 0},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), c.args, &out, &errs); code != exitOK {
			t.Fatalf("%v exits with %d: %s", c.args, code, &errs)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != c.want+1 {
			t.Errorf("%v wrote %v, %v", c.args, rows, err)
			continue
		}
		for _, row := range rows[1:] {
			if row[0] != string(order.ID) || row[1] != "A-1" || row[5] != "EUR" {
				t.Errorf("a row is %v", row)
			}
		}
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"ledger"}, &out, &errs); code != exitUsage {
		t.Errorf("without a directory it exits with %d", code)
	}
	if code := run(t.Context(), []string{"ledger", filepath.Join(dir, "none")}, &out, &errs); code != exitFailed {
		t.Errorf("without a store it exits with %d", code)
	}
}
