package cart_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

// inside writes a cart's lines as 2mug 1tea.
func inside(lines []cart.Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%d%s ", l.Quantity, l.SKU)
	}
	return strings.TrimSpace(b.String())
}

func TestMergeStrategies(t *testing.T) {
	for _, test := range []struct {
		strategy          cart.Strategy
		mine, guest       string // "" is no cart, "-" an empty one
		want, left, older string
	}{
		{"", "2mug 1tea", "1mug 4tea 3cup", "3mug 5tea 3cup", "", ""},
		{cart.MergeAdd, "", "1mug", "1mug", "", ""},
		{cart.MergeMax, "2mug 1tea", "1mug 4tea 3cup", "2mug 4tea 3cup", "1mug", ""},
		{cart.MergeMax, "", "1mug", "1mug", "", ""},
		{cart.UseGuest, "2mug 1tea", "1mug 4tea", "1mug 4tea", "", "2mug 1tea"},
		{cart.UseGuest, "-", "1mug", "1mug", "", ""},
		{cart.UseGuest, "", "1mug", "1mug", "", ""},
		{cart.UseExisting, "2mug 1tea", "1mug 3cup", "2mug 1tea", "1mug 3cup", ""},
		{cart.UseExisting, "-", "1mug 3cup", "1mug 3cup", "", ""},
		{cart.UseExisting, "", "1mug 3cup", "1mug 3cup", "", ""},
	} {
		t.Run(fmt.Sprintf("%s of %q and %q", test.strategy, test.mine, test.guest), func(t *testing.T) {
			s := newShop(t, 2)
			s.sells(map[catalog.SKU]int64{"mug": 1250, "tea": 399, "cup": 900})
			who := s.customer("a@example.com")
			fill := func(c cart.AddLines, text string) cart.Cart {
				for word := range strings.FieldsSeq(strings.TrimPrefix(text, "-")) {
					c.Lines = append(c.Lines, cart.AddedLine{Quantity: int64(word[0] - '0'), SKU: catalog.SKU(word[1:])})
				}
				if text != "-" {
					return s.add(c)
				}
				c.Lines = one("mug", 1)
				made := s.add(c)
				made, err := s.carts.RemoveLine(t.Context(), made.ID, "mug")
				if err != nil {
					t.Fatal(err)
				}
				return made
			}
			var mine cart.Cart
			if test.mine != "" {
				mine = fill(cart.AddLines{Customer: who}, test.mine)
			}
			guest := fill(cart.AddLines{}, test.guest)
			s.engine.Advance(time.Second) // IDs, and so carts, are in the order of their making
			c := cart.MergeCarts{Guest: guest.ID, Customer: who, Strategy: test.strategy}
			for range 2 { // asking again changes nothing
				got, err := s.carts.MergeWith(t.Context(), c)
				if err != nil || inside(got.Cart.Lines) != test.want || inside(got.Left) != test.left {
					t.Fatalf("got %q and left %q, %v", inside(got.Cart.Lines), inside(got.Left), err)
				}
				if active, err := s.carts.ActiveOf(t.Context(), who); err != nil || active.ID != got.Cart.ID {
					t.Errorf("the active cart is %s, %v", active.ID, err)
				}
			}
			if kept := s.get(guest.ID); kept.Status != cart.Merged || inside(kept.Lines) != test.guest {
				t.Errorf("the guest's cart is %s with %q", kept.Status, inside(kept.Lines))
			}
			if test.older != "" && inside(s.get(mine.ID).Lines) != test.older {
				t.Errorf("the older cart has %q", inside(s.get(mine.ID).Lines))
			}
		})
	}
	s := newShop(t, 1)
	_, err := s.carts.MergeWith(t.Context(), cart.MergeCarts{Guest: "cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Customer: s.customerOn(0), Strategy: "toss a coin"})
	wants(t, err, fault.Invalid)
}

func TestCodesComeAlongWithAMerge(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1000})
	s.coupon("TEN", 10)
	who := s.customer("a@example.com")
	guest := s.add(cart.AddLines{Lines: one("mug", 1)})
	if _, err := s.carts.ApplyCode(t.Context(), cart.ApplyCode{Cart: guest.ID, Code: "ten"}); err != nil {
		t.Fatal(err)
	}
	got, err := s.carts.Merge(t.Context(), guest.ID, who)
	if err != nil || got.Discount != euro(100) || len(got.Codes) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestMergeMaxNeedsRoomForTheDifference: a line that is as large as can be has
// room for a smaller one of which nothing is added.
func TestMergeMaxNeedsRoomForTheDifference(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1})
	who := s.customer("a@example.com")
	mine := s.add(cart.AddLines{Customer: who, Lines: one("mug", cart.MaxQuantity)})
	guest := s.add(cart.AddLines{Lines: one("mug", 5)})
	got, err := s.carts.MergeWith(t.Context(), cart.MergeCarts{Guest: guest.ID, Customer: who, Strategy: cart.MergeMax})
	if err != nil || got.Cart.ID != mine.ID || inside(got.Left) != "5mug" {
		t.Errorf("got %+v, %v", got, err)
	}
}
