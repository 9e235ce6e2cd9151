package search

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/interchange"
	"github.com/keelshop/commerce/internal/ndcg"
)

// realData is where the catalogue and its ratings are, beside a checkout.
const realData = "../../shared/data/icecat-chorus"

// icecatDocuments reads the Icecat catalogue.
func icecatDocuments(t testing.TB) []Document {
	file, err := os.Open(filepath.Join(realData, "products.jsonl.gz"))
	if err != nil {
		t.Skipf("the Icecat catalogue is not there: %v", err)
	}
	defer file.Close()
	var docs []Document
	for p, err := range interchange.Products(file, interchange.Options{Currency: "EUR"}) {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, importedDocument(p))
	}
	return docs
}

// importedDocument is the document that a product gets once it is imported, by
// its external reference instead of the store's ID.
func importedDocument(p catalog.PutProduct) Document {
	made := catalog.Product{
		ID: catalog.ProductID(p.ExternalReference), Handle: p.Handle, Title: p.Title, Description: p.Description, Brand: p.Brand,
		ExternalReference: p.ExternalReference, Attributes: p.Attributes,
	}
	for _, v := range p.Variants {
		made.Variants = append(made.Variants, catalog.Variant{SKU: v.SKU, Barcodes: v.Barcodes, Prices: v.Prices})
	}
	return documentOf(made, nil, "en", true)
}

// newIndex makes an index of documents, without a store.
func newIndex(t testing.TB, docs []Document) *index {
	t.Helper()
	x, err := openIndex(filepath.Join(t.TempDir(), "index"), "en", 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.close(); err != nil {
			t.Error(err)
		}
	})
	for batch := range slices.Chunk(docs, buildSize) {
		if err := x.write(batch, nil, x.head); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// TestRelevance holds the measure on real ratings above what was promised. A
// plain set-up of the library has 0.684 and 0.782.
func TestRelevance(t *testing.T) {
	if testing.Short() {
		t.Skip("it indexes 19,406 products")
	}
	file, err := os.Open(filepath.Join(realData, "labels-dev.csv.gz"))
	if err != nil {
		t.Skipf("the ratings are not there: %v", err)
	}
	defer file.Close()
	queries, err := ndcg.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	queries = slices.DeleteFunc(queries, func(q ndcg.Query) bool { return !q.Rated() })
	x := newIndex(t, icecatDocuments(t))
	var all, judged float64
	for _, q := range queries {
		p, err := x.find(context.Background(), &Query{Text: q.Text, Limit: maxLimit})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, f := range p.found {
			ids = append(ids, f.id)
		}
		a, b := q.Score(ids)
		all, judged = all+a, judged+b
		t.Logf("%.3f %.3f %6d %s", a, b, p.total, q.Text)
	}
	all, judged = all/float64(len(queries)), judged/float64(len(queries))
	t.Logf("%d queries: nDCG@10 %.4f, over judged results only %.4f", len(queries), all, judged)
	if all < 0.78 || judged < 0.84 {
		t.Errorf("nDCG@10 is %.4f and %.4f over judged results, want 0.78 and 0.84", all, judged)
	}
}
