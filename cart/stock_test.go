package cart_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// TestEveryChangeTellsWhatIsOutOfStock: whoever asks for more than there is hears
// it from the change itself, and from each that follows, of every line.
func TestEveryChangeTellsWhatIsOutOfStock(t *testing.T) {
	for _, shards := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d_shards", shards), func(t *testing.T) {
			s := newShop(t, shards)
			for sku, left := range map[catalog.SKU]int64{"mug": 3, "cup": 5} {
				if _, err := s.catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: sku, Title: string(sku), Price: euro(100)}); err != nil {
					t.Fatal(err)
				}
				if _, err := s.stock.Receive(t.Context(), inventory.Receive{SKU: sku, Quantity: left}); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.catalog.PutProduct(t.Context(), catalog.PutProduct{Title: "A set", Variants: []catalog.PutVariant{{
				SKU: "set", Prices: []money.Amount{euro(500)}, Components: []catalog.Component{{SKU: "cup", Quantity: 2}},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			c := s.add(cart.AddLines{Lines: one("mug", 2)})
			says := func(what string, got cart.Cart, err error, want string) {
				t.Helper()
				if err != nil || outOfStock(got) != want {
					t.Errorf("%s: the answer says %q is out of stock, %v; want %q", what, outOfStock(got), err, want)
				}
			}
			says("two of three", c, nil, "")
			c, err = s.carts.AddLine(t.Context(), cart.AddLine{Cart: c.ID, SKU: "mug", Quantity: 2})
			says("two more", c, err, "mug 3")
			c, err = s.carts.AddLine(t.Context(), cart.AddLine{Cart: c.ID, SKU: "set", Quantity: 2})
			says("another line", c, err, "mug 3")
			c, err = s.carts.AddLine(t.Context(), cart.AddLine{Cart: c.ID, SKU: "cup", Quantity: 2})
			says("a cup that sets take, too", c, err, "mug 3, set 2, cup 5")
			c, err = s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: "mug", Quantity: 3})
			says("all there are", c, err, "set 2, cup 5")
			c, err = s.carts.Annotate(t.Context(), cart.Annotate{Cart: c.ID, ExternalReference: new("A1")})
			says("a note", c, err, "set 2, cup 5")
			c, err = s.carts.RemoveLine(t.Context(), c.ID, "cup")
			says("without the cup", c, err, "")

			s.engine.Advance(time.Minute)
			if _, err := s.stock.Adjust(t.Context(), inventory.Adjust{SKU: "mug", Delta: -3, Reason: "broken"}); err != nil {
				t.Fatal(err)
			}
			s.engine.Advance(2 * time.Second)
			c, err = s.carts.SetQuantity(t.Context(), cart.SetQuantity{Cart: c.ID, SKU: "set", Quantity: 1})
			says("after they broke", c, err, "mug 0")
		})
	}
}

// outOfStock names the lines that are, and how many are left.
func outOfStock(c cart.Cart) string {
	var out []string
	for _, p := range c.Problems {
		if p.Code == cart.OutOfStock {
			out = append(out, fmt.Sprint(p.SKU, " ", p.Bound))
		}
	}
	return strings.Join(out, ", ")
}

// leaderless is an engine of which a shard cannot be read.
type leaderless struct {
	*commandtest.Engine
	shard int // -1 is none
}

func (l *leaderless) View(ctx context.Context, slot id.Slot, fn func(*sqlite.Tx) error) error {
	if l.shard == l.ShardOf(slot) {
		return fault.New(fault.Unavailable, "shard %d has no leader", l.shard)
	}
	return l.Engine.View(ctx, slot, fn)
}

// TestACommandDoesNotNeedStock: a cart is changed while what is left cannot be
// read, and the answer says all but that.
func TestACommandDoesNotNeedStock(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	home := s.engine.ShardOf(id.StoreSlot) // where the rules are: they are needed
	c := s.add(cart.AddLines{Customer: s.customerOn(home), Lines: one("mug", 2)})
	engine := &leaderless{Engine: s.engine, shard: 1 - home}
	carts := cart.NewService(s.engine, s.pricing, inventory.NewService(engine, s.catalog, nil), s.sealer)
	s.engine.Advance(2 * time.Second)
	got, err := carts.AddLine(t.Context(), cart.AddLine{Cart: c.ID, SKU: "mug", Quantity: 20_000})
	if err != nil || got.Version != c.Version+1 || got.Lines[0].Quantity != 20_002 || got.Total != euro(1250*20_002) || len(got.Problems) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := carts.Get(t.Context(), c.ID); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a cart that is looked at is answered without its stock: %v", err)
	}
	engine.shard = -1
	got, err = carts.AddLine(t.Context(), cart.AddLine{Cart: c.ID, SKU: "mug", Quantity: 1})
	if err != nil || outOfStock(got) != "mug 10000" {
		t.Errorf("when it can be read again: %q, %v", outOfStock(got), err)
	}
}
