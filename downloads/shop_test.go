package downloads_test

import (
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
)

// shop is a store that sells a pattern of two files, twice for thirty days, and
// mugs.
type shop struct {
	testing.TB
	*commerce.Store
	clock   *commercetest.Clock
	pattern assets.ID
}

// testWait bounds what the store does by itself.
const testWait = time.Minute

const text = "knit two, purl two"

func newShop(t testing.TB, opts ...commerce.Option) *shop {
	t.Helper()
	clock := commercetest.NewClock()
	s := &shop{TB: t, clock: clock, Store: commercetest.Open(t, append([]commerce.Option{clock.Option(), commerce.WithPayments(simulator.New())}, opts...)...)}
	ctx := t.Context()
	var err error
	s.pattern, err = s.Assets.Put(ctx, strings.NewReader(text))
	s.must(err)
	_, err = s.Catalog.PutProduct(ctx, catalog.PutProduct{Title: "A pattern for a scarf", Variants: []catalog.PutVariant{
		{SKU: "pattern", Prices: []money.Amount{euro(450)}, Untracked: true, Digital: &catalog.Digital{
			Files: []catalog.File{{Asset: s.pattern, Name: "scarf.pdf"}, {Asset: s.pattern, Name: "scarf-us.pdf"}}, Downloads: 2, Days: 30,
		}},
	}})
	s.must(err)
	_, err = s.Catalog.PutProduct(ctx, catalog.PutProduct{SKU: "mug", Title: "Mug", Price: euro(1250)})
	s.must(err)
	_, err = s.Inventory.Receive(ctx, inventory.Receive{SKU: "mug", Quantity: 100})
	s.must(err)
	return s
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// buys makes an order of patterns and mugs.
func (s *shop) buys(c checkout.Complete, patterns, mugs int64) orders.ID {
	s.Helper()
	lines := []cart.AddedLine{{SKU: "pattern", Quantity: patterns}}
	if mugs > 0 {
		lines = append(lines, cart.AddedLine{SKU: "mug", Quantity: mugs})
	}
	basket, err := s.Carts.AddLines(s.Context(), cart.AddLines{Lines: lines})
	s.must(err)
	c.Cart, c.PayWith, c.Token = basket.ID, "simulator", "pm_card_visa"
	got, err := s.Checkout.Complete(s.Context(), c)
	s.must(err)
	return got.Order.ID
}

// delivered waits until the store has handed an order's files over.
func (s *shop) delivered(o orders.ID) {
	s.Helper()
	for deadline := time.Now().Add(testWait); ; time.Sleep(5 * time.Millisecond) {
		if s.files(o)[0].State == downloads.Ready {
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("order %s is not delivered: %+v", o, s.files(o))
		}
	}
}

func (s *shop) files(o orders.ID) []downloads.File {
	s.Helper()
	all, err := s.Downloads.ByOrder(s.Context(), o)
	s.must(err)
	return all
}

func (s *shop) link(o orders.ID, file int) downloads.Linked {
	s.Helper()
	l, err := s.Downloads.Link(s.Context(), downloads.Link{Order: o, Line: 1, File: file})
	s.must(err)
	return l
}

// download returns the bytes of a download.
func (s *shop) download(l downloads.Linked, key string) error {
	s.Helper()
	got, err := s.Downloads.Download(s.Context(), downloads.Download{Token: l.Token, Key: key})
	if err != nil {
		return err
	}
	b := make([]byte, got.Body.Size())
	_, err = got.Body.Read(b)
	s.must(err)
	s.must(got.Body.Close())
	if string(b) != text || got.File.Name == "" {
		s.Errorf("got %q as %q", b, got.File.Name)
	}
	return nil
}

func euro(minor int64) money.Amount { return money.New(minor, "EUR") }

func refused[E error](t testing.TB, err error) {
	t.Helper()
	if _, ok := asType[E](err); !ok {
		t.Errorf("got %v, want a %T", err, *new(E))
	}
}
