package interchange_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/interchange"
)

// heap is what is in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// growing notes how much the heap grows above what it was at the first look.
type growing struct {
	first, most int64
	looks       int
}

func (g *growing) look() {
	now := heap()
	if g.looks++; g.looks == 1 {
		g.first = now
	}
	g.most = max(g.most, now-g.first)
}

// TestMemoryIsThatOfABatch imports and exports a file that is much larger than
// what either may hold: a batch and a little for each name, see docs/import.md.
// COMMERCE_LONG=1 does that with a file of 2 GB.
func TestMemoryIsThatOfABatch(t *testing.T) {
	products := 2400
	if os.Getenv("COMMERCE_LONG") != "" {
		products = 100_000
	}
	const size = 20 << 10 // of a product
	shop := commercetest.Open(t, commerce.WithShards(2), commerce.WithCacheBytes(1<<20))
	from, to := io.Pipe()
	go func() {
		text := strings.Repeat("word ", size/5)
		for i := range products {
			if _, err := fmt.Fprintf(to, `{"type":"product","handle":"mug-%d","title":"Mug","description":"%s","status":"active","variants":[{"sku":"mug-%d","untracked":true}]}`+"\n", i, text, i); err != nil {
				return // told by the import
			}
		}
		to.Close()
	}()
	var in, out growing
	s, err := interchange.Import(t.Context(), shop, from, interchange.Options{Progress: func(interchange.Summary) { in.look() }})
	if err != nil || s.Products != products {
		t.Fatalf("%+v, %v", s, err)
	}
	done, err := interchange.Export(t.Context(), shop, io.Discard, interchange.ExportOptions{Format: interchange.JSONLines, Progress: func(int) { out.look() }})
	if err != nil || done.Products != products {
		t.Fatalf("%+v, %v", done, err)
	}
	file := int64(products) * size
	t.Logf("a file of %d MB: the heap grows by %d MB in %d looks at an import, by %d MB in %d looks at an export",
		file>>20, in.most>>20, in.looks, out.most>>20, out.looks)
	// Two batches of the import are 20 MB of text at most; the rest is what a
	// store needs to write them.
	if most := int64(32 << 20); in.most > most || out.most > most || in.looks < 4 || out.looks < 2 {
		t.Errorf("the heap grows by %d bytes at an import and by %d at an export: the limit is %d", in.most, out.most, most)
	}
}
