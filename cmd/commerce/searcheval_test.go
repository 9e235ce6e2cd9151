package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
)

func TestSearchEval(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop, err := commerce.Open(t.Context(), dir, commerce.WithShards(2))
	if err != nil {
		t.Fatal(err)
	}
	for sku, title := range map[catalog.SKU]string{"A": "Blue mug", "B": "Mug rack", "C": "Vase"} {
		put := catalog.PutProduct{SKU: sku, Title: title, ExternalReference: "erp-" + string(sku)}
		if _, err := shop.Catalog.PutProduct(t.Context(), put); err != nil {
			t.Fatal(err)
		}
	}
	if err := shop.Close(); err != nil {
		t.Fatal(err)
	}
	labels := filepath.Join(t.TempDir(), "labels.csv")
	text := "query_id,query,product_id,rating\n1,mugs,erp-A,3\n1,mugs,B,1\n2,vase,C,2\n3,nothing,C,0\n"
	if err := os.WriteFile(labels, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := succeed(t, "search-eval", "--dir", dir, "--labels", labels, "--per-query")
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	if len(lines) != 3 || !strings.HasSuffix(lines[0], "mugs") {
		t.Errorf("it printed %q", lines)
	}
	var e evaluation
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &e); err != nil {
		t.Fatal(err)
	}
	if e.Queries != 2 || e.NDCG != 1 || e.Judged != 1 || e.P99 < e.P50 {
		t.Errorf("got %+v", e)
	}
}
