package inventory_test

import (
	"strconv"
	"testing"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/inventory"
)

// sales is many checkouts in one transaction, as a busy shard gathers them.
type sales struct {
	First   int                `cbor:"1,keyasint"`
	N       int                `cbor:"2,keyasint"`
	Demands []inventory.Demand `cbor:"3,keyasint"`
	Stride  int                `cbor:"4,keyasint"` // demands per sale
}

func (sales) Kind() command.Kind { return "test.sales" }
func (sales) Validate() error    { return nil }
func (c sales) apply(tx *command.Tx) (bool, error) {
	for i := range c.N {
		id := "ord_01KAJ3W7Q8Z5D4F6G7H" + strconv.Itoa(10000000+c.First+i)
		from := (c.First + i) * c.Stride % (len(c.Demands) - c.Stride)
		if err := inventory.Hold(tx, id, tx.Clock, c.Demands[from:from+c.Stride]); err != nil {
			return false, err
		}
		if err := inventory.Commit(tx, id); err != nil {
			return false, err
		}
	}
	return true, nil
}

// BenchmarkSale is the stock of a checkout of three lines: a hold and a
// commit, 256 of them in a transaction.
func BenchmarkSale(b *testing.B) {
	s := benchShop(b)
	demands := s.stocked(b, 1000, 1<<30)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%256 != 0 {
			continue
		}
		c := sales{First: n - 256, N: 256, Demands: demands, Stride: 3}
		_, err := command.Do[bool](b.Context(), s.engine, &c, command.Call{Slot: s.engine.SlotOn(0)})
		s.must(err)
	}
}

// BenchmarkLastUnits brings the last units of 20 SKUs from shard to shard: a
// recall and a loan for each, and the two tries of the hold.
func BenchmarkLastUnits(b *testing.B) {
	s := benchShop(b)
	demands := s.stocked(b, 20, 1)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		id := name("o%d", n)
		s.must(s.hold(n%8, id, demands...))
		s.must(s.do(n%8, "release", id))
	}
}

// BenchmarkSoldOut asks for 3 lines that nobody has.
func BenchmarkSoldOut(b *testing.B) {
	s := benchShop(b)
	demands := s.stocked(b, 3, 1)
	s.must(s.hold(0, "all of it", demands...))
	var short []inventory.Short
	for _, d := range demands {
		short = append(short, inventory.Short{Pool: d.Pool, SKU: d.SKU, Want: 1})
	}
	b.ReportAllocs()
	for b.Loop() {
		if s.Fill(b.Context(), s.engine.SlotOn(1), short, func() error { return nil }) == nil {
			b.Fatal("something is left")
		}
	}
}

func benchShop(b *testing.B) *shop {
	e := commandtest.New(b, 8, inventory.Module(), command.Module{
		Name: "test", Commands: []command.Definition{command.DefineRepeatable(sales.apply), command.DefineRepeatable(step.apply)},
	})
	return &shop{Service: inventory.NewService(e, shelf{e}, nil), t: b, engine: e, shelf: shelf{e}}
}

// stocked brings n SKUs to shard 0 and returns a demand for one of each.
func (s *shop) stocked(b *testing.B, n int, each int64) []inventory.Demand {
	receive := inventory.ReceiveMany{}
	var demands []inventory.Demand
	for i := range n {
		sku := catalog.SKU(name("sku-%d", i))
		receive.Lines = append(receive.Lines, inventory.Receive{SKU: sku, Quantity: each})
		demands = append(demands, s.of(string(sku), 1)...)
	}
	_, err := s.ReceiveMany(b.Context(), receive)
	s.must(err)
	s.must(s.hold(0, "all", demands...))
	s.must(s.do(0, "release", "all"))
	return demands
}
