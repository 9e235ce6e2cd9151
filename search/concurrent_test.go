package search

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// TestReadersBesideAWriter asks while documents change: every answer is of one
// moment, in which each product is there exactly once.
func TestReadersBesideAWriter(t *testing.T) {
	const products, rounds, readers = 200, 40, 4
	doc := func(i, round int) Document {
		return Document{
			ID: fmt.Sprint("p", i), Title: fmt.Sprintf("Cup %d of round%c", i, 'a'+round%26), Brand: fmt.Sprint("brand", round%3),
			Codes: []string{fmt.Sprint("SKU-", i)}, Prices: []Price{{"EUR", int64(round), int64(round)}},
		}
	}
	var first []Document
	for i := range products {
		first = append(first, doc(i, 0))
	}
	x := newIndex(t, first)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for ctx.Err() == nil {
				p, err := x.find(t.Context(), &Query{Text: "cup", Currency: "EUR", Limit: 10, Sort: ByPriceUp, Facets: []Facet{{Field: FieldBrand}, {Field: FieldPrice}}})
				if err != nil {
					t.Error(err)
					return
				}
				sum := 0
				for _, v := range p.facets[0].Values {
					sum += v.Count
				}
				if p.total != products || sum != products {
					t.Errorf("%d products, %d with a brand", p.total, sum)
					return
				}
				if _, err := x.suggest(t.Context(), &Query{}, "cu", 5); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for round := 1; round < rounds; round++ {
		var docs []Document
		for i := round % 7; i < products; i += 7 {
			docs = append(docs, doc(i, round))
		}
		if err := x.write(docs, nil, x.head); err != nil {
			t.Error(err)
			break
		}
		x.setSold(map[string]int64{"p1": int64(round)})
		if round == rounds/2 {
			if err := x.load(); err != nil {
				t.Error(err)
				break
			}
		}
	}
	stop()
	wg.Wait()
}
