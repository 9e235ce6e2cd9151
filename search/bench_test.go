package search

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/ndcg"
	"github.com/keelshop/commerce/money"
	"golang.org/x/sys/unix"
)

// benchQueries are what people looked for in the real catalogue.
func benchQueries(b testing.TB) (list []string) {
	file, err := os.Open(filepath.Join(realData, "labels-dev.csv.gz"))
	if err != nil {
		b.Skipf("the queries are not there: %v", err)
	}
	defer file.Close()
	queries, err := ndcg.Read(file)
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range queries {
		list = append(list, q.Text)
	}
	return list
}

// fiveFacets are those of a search page.
var fiveFacets = []Facet{
	{Field: FieldBrand}, {Field: FieldPrice}, {Field: FieldAvailable},
	{Field: AttributeField("Product colour")}, {Field: AttributeField("Country of origin")},
}

// clocks are the times of single calls: how long they took, and how much of a
// processor they had, which does not depend on what else the machine does.
type clocks struct{ took, worked []time.Duration }

// time notes one call.
func (c *clocks) time(b *testing.B, call func() error) {
	b.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	started, busy := time.Now(), threadTime(b)
	if err := call(); err != nil {
		b.Fatal(err)
	}
	c.took, c.worked = append(c.took, time.Since(started)), append(c.worked, threadTime(b)-busy)
}

// report reports the percentiles of the calls behind the first few, and
// returns the median of the processor's time.
func (c *clocks) report(b *testing.B, skip int, name string) time.Duration {
	skip = min(skip, len(c.took)-1)
	for _, k := range []struct {
		times []time.Duration
		unit  string
	}{{c.took[skip:], "ms"}, {c.worked[skip:], "cpu-ms"}} {
		slices.Sort(k.times)
		for _, p := range []int{50, 99} {
			at := k.times[(len(k.times)*p+99)/100-1]
			b.ReportMetric(float64(at.Microseconds())/1000, fmt.Sprintf("%sp%d-%s", name, p, k.unit))
		}
	}
	return c.worked[skip:][len(c.worked[skip:])/2]
}

// threadTime returns what this thread has used of processors.
func threadTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// openReal opens a store with the real catalogue, and a Finder.
func openReal(b testing.TB) *Finder {
	docs := icecatDocuments(b)
	ctx := context.Background()
	shop, err := commerce.Open(ctx, filepath.Join(b.TempDir(), "shop"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { shop.Close() })
	var puts []catalog.PutProduct
	for _, d := range docs {
		p := catalog.PutProduct{Title: d.Title, Brand: d.Brand, Description: d.Description}
		p.Variants = []catalog.PutVariant{{SKU: catalog.SKU(d.ID), Untracked: true, Prices: []money.Amount{money.New(d.Prices[0].Min, "EUR")}}}
		last := ""
		for _, a := range d.Attributes {
			at := catalog.Attribute{Name: a.Name, Text: a.Text}
			switch {
			case a.Bool:
				at = catalog.Attribute{Name: a.Name, Kind: catalog.BoolAttribute, Bool: a.Text == yes}
			case a.Number != nil:
				n, err := catalog.ParseNumber(a.Text)
				if err != nil {
					continue
				}
				at = catalog.Attribute{Name: a.Name, Kind: catalog.NumberAttribute, Number: n}
			}
			if at.Name == last {
				continue // a text and a number of one name
			}
			last = at.Name
			p.Attributes = append(p.Attributes, at)
		}
		puts = append(puts, p)
	}
	if _, err := shop.Catalog.PutProducts(ctx, puts); err != nil {
		b.Fatal(err)
	}
	f, err := Open(ctx, shop, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	if err := f.After(ctx, shop.Latest()); err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkFind is a search page: 20 hits as they are in the store, and five
// facets, over the real catalogue and queries. of-plain is the median divided
// by that of the library's own queries and facets over the same documents.
func BenchmarkFind(b *testing.B) {
	queries := benchQueries(b)
	f := openReal(b)
	var calls clocks
	for i := 0; b.Loop(); i++ {
		q := Query{Text: queries[i%len(queries)], Facets: fiveFacets, Currency: "EUR"}
		calls.time(b, func() error { _, err := f.Find(b.Context(), q); return err })
	}
	median := calls.report(b, len(queries), "")
	b.ReportMetric(float64(median)/float64(plainFind(b, queries)), "of-plain")
}

// BenchmarkSuggest is what comes after each key, once the first letters are warm.
func BenchmarkSuggest(b *testing.B) {
	var typed []string
	for _, q := range benchQueries(b) {
		for n := 1; n <= len(q); n++ {
			typed = append(typed, q[:n])
		}
	}
	f := openReal(b)
	if !f.warm(b.Context(), f.active) {
		b.Fatal("it did not get warm")
	}
	var calls clocks
	for i := 0; b.Loop(); i++ {
		p := Prefix{Text: typed[i%len(typed)], Currency: "EUR"}
		calls.time(b, func() error { _, err := f.Suggest(b.Context(), p); return err })
	}
	calls.report(b, 0, "")
}

// BenchmarkRebuild builds the index from the store's own tables.
func BenchmarkRebuild(b *testing.B) {
	f := openReal(b)
	var took, worked time.Duration
	products := 0
	for b.Loop() {
		started, busy := time.Now(), processorTime(b)
		r := f.replace(b.Context())
		if r.err != nil {
			b.Fatal(r.err)
		}
		took, worked = took+time.Since(started), worked+processorTime(b)-busy
		products += r.x.count()
		if err := r.x.close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(products)/took.Seconds(), "products/s")
	b.ReportMetric(float64(worked.Microseconds())/float64(products), "cpu-µs/product")
}

// BenchmarkIndex indexes the real catalogue. of-plain is the rate divided by
// that of the library's own mapping. Processor time does not depend on what
// else the machine does.
func BenchmarkIndex(b *testing.B) {
	docs := icecatDocuments(b)
	var took, worked time.Duration
	var bytes int64
	for b.Loop() {
		started, busy := time.Now(), processorTime(b)
		x := newIndex(b, docs)
		took, worked = took+time.Since(started), worked+processorTime(b)-busy
		bytes = diskUse(b, x.dir)
	}
	rate := float64(len(docs)*b.N) / took.Seconds()
	b.ReportMetric(rate, "products/s")
	b.ReportMetric(float64(worked.Microseconds())/float64(len(docs)*b.N), "cpu-µs/product")
	b.ReportMetric(float64(bytes)/float64(len(docs)), "B/product")
	started := time.Now()
	_, done := plainIndex(b, docs)
	b.ReportMetric(rate/(float64(len(docs))/time.Since(started).Seconds()), "of-plain")
	done()
}

// processorTime returns what this process has used of processors.
func processorTime(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func diskUse(b testing.TB, dir string) (bytes int64) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}

// productsVariable says how many products BenchmarkFindMany makes up, with ten
// variants each.
const productsVariable = "COMMERCE_SEARCH_PRODUCTS"

// BenchmarkFindMany is a search page over a made-up catalogue, without the
// reads of the store.
func BenchmarkFindMany(b *testing.B) {
	n := 20_000
	if have, err := strconv.Atoi(os.Getenv(productsVariable)); err == nil {
		n = have
	}
	queries := benchQueries(b)
	real := icecatDocuments(b)
	docs := make([]Document, n)
	for i := range docs {
		d := real[i%len(real)]
		d.ID = fmt.Sprintf("%s-%d", d.ID, i)
		d.Attributes = slices.Clone(d.Attributes[:min(len(d.Attributes), 12)])
		for v := range 10 {
			d.Codes = append(d.Codes, fmt.Sprintf("%s-%d-%d", d.ID, i, v))
			d.Attributes = append(d.Attributes, Attribute{Name: "Size", Text: fmt.Sprint(v)})
		}
		docs[i] = d
	}
	x := newIndex(b, docs)
	var calls clocks
	for i := 0; b.Loop(); i++ {
		q := Query{Text: queries[i%len(queries)], Facets: fiveFacets, Currency: "EUR"}
		calls.time(b, func() error { _, err := x.find(b.Context(), &q); return err })
	}
	calls.report(b, len(queries), "")
}

// plainDocument is a document as the library's own mapping indexes it.
type plainDocument struct {
	Title, Brand, Description, Text string
	BrandFacet, Colour, Origin      string
	Available                       string
	Price                           float64
}

func plainMapping() mapping.IndexMapping {
	m := bleve.NewIndexMapping()
	m.ScoringModel = "bm25"
	words := bleve.NewTextFieldMapping()
	words.Analyzer, words.Store, words.IncludeTermVectors = "en", false, false
	whole := bleve.NewKeywordFieldMapping()
	whole.Store = false
	number := bleve.NewNumericFieldMapping()
	number.Store = false
	d := bleve.NewDocumentStaticMapping()
	for _, name := range []string{"Title", "Brand", "Description", "Text"} {
		d.AddFieldMappingsAt(name, words)
	}
	for _, name := range []string{"BrandFacet", "Colour", "Origin", "Available"} {
		d.AddFieldMappingsAt(name, whole)
	}
	d.AddFieldMappingsAt("Price", number)
	m.DefaultMapping = d
	return m
}

func attributeTexts(d *Document) (list []string) {
	for i := range d.Attributes {
		list = append(list, d.Attributes[i].words())
	}
	return list
}

func plainIndex(b testing.TB, docs []Document) (bleve.Index, func()) {
	x, err := bleve.New(filepath.Join(b.TempDir(), "plain"), plainMapping())
	if err != nil {
		b.Fatal(err)
	}
	for batch := range slices.Chunk(docs, batchSize) {
		w := x.NewBatch()
		for _, d := range batch {
			p := plainDocument{
				Title: d.Title, Brand: d.Brand, Description: plain(d.Description), Text: strings.Join(attributeTexts(&d), "\n"),
				BrandFacet: d.Brand, Available: yes, Price: float64(d.Prices[0].Min),
			}
			for _, a := range d.Attributes {
				switch a.Name {
				case "Product colour":
					p.Colour = a.Text
				case "Country of origin":
					p.Origin = a.Text
				}
			}
			if err := w.Index(d.ID, p); err != nil {
				b.Fatal(err)
			}
		}
		if err := x.Batch(w); err != nil {
			b.Fatal(err)
		}
	}
	return x, func() { x.Close() }
}

// plainFind returns the median of the library's own queries with five facets.
func plainFind(b *testing.B, queries []string) time.Duration {
	x, done := plainIndex(b, icecatDocuments(b))
	defer done()
	var calls clocks
	for range 5 {
		for _, text := range queries {
			q := bleve.NewDisjunctionQuery()
			for name, boost := range map[string]float64{"Title": 3, "Brand": 2, "Description": 1, "Text": 1} {
				m := bleve.NewMatchQuery(text)
				m.SetField(name)
				m.SetBoost(boost)
				q.AddQuery(m)
			}
			r := bleve.NewSearchRequestOptions(q, 20, 0, false)
			for _, name := range []string{"BrandFacet", "Colour", "Origin", "Available"} {
				r.AddFacet(name, bleve.NewFacetRequest(name, 10))
			}
			price := bleve.NewFacetRequest("Price", 8)
			for i := range 8 {
				low, high := float64(i)*5000, float64(i+1)*5000
				price.AddNumericRange(fmt.Sprint(i), &low, &high)
			}
			r.AddFacet("Price", price)
			calls.time(b, func() error { _, err := x.SearchInContext(b.Context(), r); return err })
		}
	}
	return calls.report(b, len(queries), "plain-")
}
