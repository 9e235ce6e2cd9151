package interchange_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/interchange"
)

// generated is a catalogue of n variants in the own JSON Lines, ten to a
// product.
func generated(n int) []byte {
	var b bytes.Buffer
	for p := range n / 10 {
		fmt.Fprintf(&b, `{"type":"product","handle":"product-%d","title":"Product %d","description":"A thing of everyday use, number %d.","brand":"Brand %d","status":"active","variants":[`, p, p, p, p%50)
		for v := range 10 {
			if v > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"sku":"SKU-%d-%d","options":[{"name":"Size","value":"%d"}],"prices":[{"minor":%d,"currency":"EUR"}]}`, p, v, v, 1000+p%5000)
		}
		b.WriteString("]}\n")
	}
	return b.Bytes()
}

// BenchmarkImport imports 50,000 variants from JSON Lines into a new store with
// the default options, durably.
func BenchmarkImport(b *testing.B) {
	text := generated(50_000)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		shop, err := commerce.Open(b.Context(), b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		s, err := interchange.Import(b.Context(), shop, bytes.NewReader(text), interchange.Options{})
		if err != nil || s.Variants != 50_000 {
			b.Fatalf("%+v, %v", s, err)
		}
		b.StopTimer()
		if err := shop.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(50_000*float64(b.N)/b.Elapsed().Seconds(), "variants/s")
}
