package catalog_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

func manyMugs(n int) []catalog.PutProduct {
	list := make([]catalog.PutProduct, n)
	for i := range list {
		list[i] = catalog.PutProduct{Title: fmt.Sprintf("Mug %d", i), SKU: catalog.SKU(fmt.Sprintf("MUG-%d", i)), Price: eur(int64(i))}
	}
	return list
}

func TestPutProductsTakesFewCommands(t *testing.T) {
	s := newShop(t, 3)
	list := manyMugs(1000)
	for round := range 2 {
		before := s.engine.Submitted()
		products, err := s.PutProducts(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		if n := s.engine.Submitted() - before; n > 20 {
			t.Errorf("%d products took %d commands", len(list), n)
		}
		for i, p := range products {
			if p.Title != list[i].Title || p.Version != 1 || p.Variants[0].Prices[0] != eur(int64(i)) {
				t.Fatalf("round %d, product %d: got %+v", round, i, p)
			}
		}
	}
	s.settle()
}

// manyShirts are products with three variants and a reference: five names.
func manyShirts(n int) []catalog.PutProduct {
	list := make([]catalog.PutProduct, n)
	for i := range list {
		list[i] = shirt("S", "M", "L")
		list[i].Handle, list[i].ExternalReference = fmt.Sprintf("shirt-%d", i), fmt.Sprintf("erp-%d", i)
		for j := range list[i].Variants {
			list[i].Variants[j].SKU += catalog.SKU(fmt.Sprintf("-%d", i))
		}
	}
	return list
}

func TestPutProductsWithManyNamesTakesFewCommands(t *testing.T) {
	s := newShop(t, 3)
	list := manyShirts(300)
	for round := range 3 {
		if round == 2 {
			for i := range list {
				list[i].Variants[2].SKU += "-new"
			}
		}
		before := s.engine.Submitted()
		products, err := s.PutProducts(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		if n := s.engine.Submitted() - before; n > 40 {
			t.Errorf("round %d: %d products took %d commands", round, len(list), n)
		}
		for i, p := range products {
			if want := int64(1 + round/2); p.Handle != list[i].Handle || len(p.Variants) != 3 || p.Version != want || p.Variants[2].SKU != list[i].Variants[2].SKU {
				t.Fatalf("round %d: got %+v", round, p)
			}
		}
	}
	list[7].ExternalReference = "erp-8"
	if _, err := s.PutProducts(t.Context(), list); !errors.As(err, new(*catalog.ReferenceTakenError)) {
		t.Fatalf("got %v", err)
	}
	s.settle()
}

func TestPutProductsOfAllKinds(t *testing.T) {
	s := newShop(t, 3)
	s.must(shirt("S", "M"))
	s.must(catalog.PutProduct{Title: "Set", Variants: []catalog.PutVariant{
		{SKU: "MUG-3"}, {SKU: "MUG-3-SET", Options: []catalog.Option{{Name: "Set", Value: "6"}}},
	}})
	list := manyMugs(20) // MUG-3 loses a variant whose name is on another slot
	list[7].Key = "key-of-7"
	long := catalog.PutProduct{Title: "Long", SKU: "LONG", Description: strings.Repeat("x", 60<<10)}
	list = append(list, shirt("S", "M", "L"), long, manyMugs(6)[5])
	list[len(list)-1].Title = "Later mug 5"
	for i := range 8 { // together more than fits into one command of one shard
		more := long
		more.SKU = catalog.SKU(fmt.Sprintf("LONG-%d", i))
		list = append(list, more)
	}
	products, err := s.PutProducts(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	if p := products[3]; p.Title != "Mug 3" || p.Version != 2 || len(p.Variants) != 1 {
		t.Errorf("got %+v", p)
	}
	if p := products[20]; len(p.Variants) != 3 || p.Version != 2 {
		t.Errorf("got %+v", p)
	}
	if p := products[5]; p.Title != "Later mug 5" || p.ID != products[22].ID {
		t.Errorf("of two that mean the same product the later should count: got %+v", p)
	}
	s.settle()
}

func TestOfTwoThatMeanTheSameTheLaterCounts(t *testing.T) {
	s := newShop(t, 3)
	plain, fancy := mug(), mug()
	plain.Title, fancy.Title, fancy.ExternalReference = "Plain", "Fancy", "erp-1"
	for _, list := range [][]catalog.PutProduct{{plain, fancy}, {fancy, plain}, {plain, fancy, plain}} {
		products, err := s.PutProducts(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		want := list[len(list)-1]
		if p := products[0]; p.Title != want.Title || p.ExternalReference != want.ExternalReference {
			t.Errorf("got %+v, want %+v", p, want)
		}
	}
	s.settle()
}

func TestPutProductsNamesTheRefused(t *testing.T) {
	s := newShop(t, 3)
	owner := s.must(shirt("S", "M"))
	list := append(manyMugs(10), catalog.PutProduct{Title: "Thief", SKU: "SHIRT-M"})
	_, err := s.PutProducts(t.Context(), list)
	taken, ok := errors.AsType[*catalog.NameTakenError](err)
	if !ok || taken.Name != "SHIRT-M" || taken.Product != owner.ID {
		t.Fatalf("got %v", err)
	}
	if _, err := s.PutProducts(t.Context(), list[:10]); err != nil {
		t.Fatalf("the others, again: %v", err)
	}
	s.settle()
}

func TestConcurrentPutsOfTheSameProducts(t *testing.T) {
	s := newShop(t, 3)
	var wait sync.WaitGroup
	for n := range 6 {
		wait.Go(func() {
			for round := range 4 {
				c := shirt("S", fmt.Sprintf("M%d", (n+round)%3), "L")
				if _, err := s.PutProduct(t.Context(), c); err != nil && !errors.Is(err, fault.Unavailable) {
					t.Errorf("goroutine %d: %v", n, err)
				}
				if _, err := s.PutProducts(t.Context(), manyMugs(5)); err != nil {
					t.Errorf("goroutine %d: %v", n, err)
				}
			}
		})
	}
	wait.Wait()
	s.settle()
	n := 0
	for _, err := range s.All(t.Context(), catalog.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 6 {
		t.Fatalf("there are %d products, want 6", n)
	}
}

func BenchmarkPutProducts4000(b *testing.B) {
	s := newShop(b, 8)
	list := manyMugs(4000)
	n := 0
	for b.Loop() {
		n++
		for i := range list {
			list[i].SKU = catalog.SKU(fmt.Sprintf("MUG-%d-%d", n, i))
		}
		if _, err := s.PutProducts(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPutProductsWithManyNames puts 1,000 products, 3,000 variants.
func BenchmarkPutProductsWithManyNames(b *testing.B) {
	s := newShop(b, 8)
	n := 0
	for b.Loop() {
		n++
		list := manyShirts(1000)
		for i := range list {
			list[i].Handle, list[i].ExternalReference = fmt.Sprint(list[i].Handle, "/", n), fmt.Sprint(list[i].ExternalReference, "/", n)
			for j := range list[i].Variants {
				list[i].Variants[j].SKU += catalog.SKU(fmt.Sprint("/", n))
			}
		}
		if _, err := s.PutProducts(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
}
