package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/interchange"
)

// TestImportKilled kills an import with SIGKILL at random points and lets it go
// on: the catalogue equals that of an undisturbed run, stock and list prices
// included, and the store is sound. COMMERCE_LONG=1 does that 20 times over a
// larger file.
func TestImportKilled(t *testing.T) {
	kills, products := 3, 700
	if os.Getenv("COMMERCE_LONG") != "" {
		kills, products = 20, 20_000
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "catalogue.jsonl")
	if err := os.WriteFile(file, []byte(catalogue(products)), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(dir, "whole")
	started := time.Now()
	if out, err := process(t, "import", "--dir", whole, file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(started)
	want := exported(t, whole)
	if !strings.Contains(want, `"handle":"large"`) || !strings.Contains(want, `"stock":7`) || !strings.Contains(want, `"list":"trade"`) || !strings.Contains(want, `"type":"collection"`) {
		t.Fatal("an undisturbed run does not import what the file says")
	}

	seed := uint64(started.UnixNano())
	t.Logf("seed %d, an undisturbed run took %v", seed, took)
	random := rand.New(rand.NewPCG(seed, 0))
	longest := int64(took) * 2 / int64(kills+1) // so that all of them fit into about one run
	for round := 0; kills > 0; round++ {        // a run that ends before its kill begins a new store
		shop := filepath.Join(dir, fmt.Sprint("killed-", round))
		for kills > 0 && killed(t, process(t, "import", "--dir", shop, file), time.Duration(random.Int64N(longest))) {
			kills--
		}
		var said bytes.Buffer
		resumed := process(t, "import", "--dir", shop, file)
		resumed.Stderr = &said
		out, err := resumed.Output()
		var s interchange.Summary
		if err == nil {
			err = json.Unmarshal(out, &s)
		}
		if err != nil || s.Refused > 0 || s.Warnings > 0 || s.Products != products+1 {
			t.Fatalf("%v: %s\n%s", err, out, said.String())
		}
		t.Logf("%d of %d products were there when the import was resumed", s.Kept, s.Products)
		if got := exported(t, shop); got != want {
			t.Errorf("after the kills the catalogue is another: %d bytes, want %d", len(got), len(want))
		}
		sound(t, shop)
	}
}

// catalogue is a file with all kinds of lines: products with two variants, every
// tenth with stock and list prices, and one too large for one command.
func catalogue(products int) string {
	var b strings.Builder
	b.WriteString(`{"type":"product_type","code":"ware","title":"Ware"}
{"type":"price_list","code":"trade","title":"Trade","status":"active"}
{"type":"category","handle":"cups","title":"Cups"}
{"type":"product","handle":"large","title":"Large","status":"active","variants":[`)
	for i := range 900 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":"large-%d","options":[{"name":"Size","value":"%d"}],"prices":[{"minor":900,"currency":"EUR"}],"metadata":{"note":"%0400d"},"stock":0}`, i, i, i)
	}
	b.WriteString("]}\n")
	for i := range products {
		more := `"stock":0`
		if i%10 == 0 {
			more = `"list_prices":[{"list":"trade","min_quantity":1,"price":{"minor":800,"currency":"EUR"}}],"stock":7`
		}
		fmt.Fprintf(&b, `{"type":"product","handle":"mug-%d","product_type":"ware","title":"Mug %d","status":"active","categories":["cups"],"variants":[`+
			`{"sku":"mug-%d-s","options":[{"name":"Size","value":"S"}],"prices":[{"minor":950,"currency":"EUR"}],%s},`+
			`{"sku":"mug-%d-l","options":[{"name":"Size","value":"L"}],"prices":[{"minor":1150,"currency":"EUR"}],"untracked":true}]}`+"\n", i, i, i, more, i)
	}
	b.WriteString(`{"type":"collection","handle":"gifts","title":"Gifts","products":["mug-3","large"]}` + "\n")
	return b.String()
}

// exported is the catalogue of a store as JSON Lines.
func exported(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.jsonl")
	succeed(t, "export", "--dir", dir, file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
