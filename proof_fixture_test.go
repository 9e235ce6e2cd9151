package commerce_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
	"github.com/keelshop/commerce/shard"
)

// released is the newest logic level that a release has written. The tables of
// later ones may still change, and what was written with them is made anew.
const released = 0

// The stores of testdata/stores were written by earlier programs, each named
// by the format of its directory and its logic level. `make fixture` writes
// that of this program.
const stores = "testdata/stores"

func fixture() string {
	return filepath.Join(stores, fmt.Sprintf("format-%d-level-%d.tar.gz", commerce.Format, shard.MaxLevel))
}

// TestEarlierStores: what an earlier program has written is read, found sound,
// and sold from.
func TestEarlierStores(t *testing.T) {
	names, err := filepath.Glob(stores + "/*.tar.gz")
	must(t, err)
	if !slices.Contains(names, fixture()) {
		t.Errorf("there is no %s: run make fixture", fixture())
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".tar.gz"), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			unpack(t, name, filepath.Dir(dir))
			if name == fixture() && shard.MaxLevel > released && !sameTables(t, dir) {
				t.Skip("no release has these tables, and they have changed since the store was written: run make fixture")
			}
			useEarlier(t, commercetest.OpenAt(t, dir, commerce.WithShards(2), commerce.WithPayments(simulator.New())))
		})
	}
}

// writeEarlier sells what useEarlier looks for.
func writeEarlier(t *testing.T, shop *commerce.Store) {
	stock(t, shop, "mug", 40)
	who, err := shop.Accounts.Register(t.Context(), accounts.Register{Email: "ada@example.com", Name: "Ada", Key: "ada"})
	must(t, err)
	c, err := shop.Carts.AddLine(t.Context(), cart.AddLine{Customer: who.ID, SKU: "mug", Quantity: 3, Key: "basket"})
	must(t, err)
	_, err = shop.Checkout.Complete(t.Context(), checkout.Complete{Cart: c.ID, PayWith: "simulator", Token: approves, ExternalReference: "first", Key: "purchase"})
	must(t, err)
	_, err = shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 5, Key: "guest"})
	must(t, err)
}

func useEarlier(t *testing.T, shop *commerce.Store) {
	ctx := t.Context()
	who, err := shop.Accounts.Register(ctx, accounts.Register{Email: "ada@example.com", Name: "Ada", Key: "ada"})
	must(t, err)
	if got, err := shop.Accounts.Get(ctx, who.ID); err != nil || got.Name.Reveal() != "Ada" || got.Email.Reveal() != "ada@example.com" {
		t.Errorf("the customer is %+v, %v", got, err)
	}
	var sold []orders.Order
	for o, err := range shop.Orders.All(ctx, orders.Filter{Customer: who.ID}) {
		must(t, err)
		sold = append(sold, o)
	}
	if len(sold) != 1 || sold[0].Status != orders.Placed || sold[0].ExternalReference != "first" || sold[0].Units != 3 {
		t.Fatalf("the orders are %+v", sold)
	}
	again, err := shop.Checkout.Complete(ctx, checkout.Complete{
		Cart: cart.ID(sold[0].Cart), PayWith: "simulator", Token: approves, ExternalReference: "first", Key: "purchase",
	})
	if err != nil || again.ID != sold[0].ID {
		t.Errorf("asked again: %s, %v; want %s", again.ID, err, sold[0].ID)
	}
	guest, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: "mug", Quantity: 5, Key: "guest"})
	must(t, err)
	if r, err := shop.Checkout.Complete(ctx, checkout.Complete{Cart: guest.ID, PayWith: "simulator", Token: approves}); err != nil || r.Status != orders.Placed {
		t.Errorf("the guest's cart: %s, %v", r.Status, err)
	}
	if l := levelOf(t, shop, "mug"); l.OnHand != 40 || l.Available != 32 || l.Committed != 8 {
		t.Errorf("the stock is %+v", l)
	}
	n := 0
	for e, err := range shop.Events(ctx, "") {
		must(t, err)
		if e.Kind == "order.placed" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d orders were placed by the events, want 2", n)
	}
	_, err = shop.Orders.Ship(ctx, orders.Ship{Order: sold[0].ID, Lines: []orders.LineQuantity{{Line: 1, Quantity: 3}}})
	must(t, err)
}

// TestWriteFixture writes the store of this program's format: see `make
// fixture`.
func TestWriteFixture(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop := open(t, dir, commerce.WithShards(2), commerce.WithPayments(simulator.New()))
	writeEarlier(t, shop)
	must(t, shop.Close())
	packed := filepath.Join(t.TempDir(), "packed.tar.gz")
	pack(t, filepath.Dir(dir), packed)
	other := filepath.Join(t.TempDir(), "shop")
	unpack(t, packed, filepath.Dir(other))
	useEarlier(t, commercetest.OpenAt(t, other, commerce.WithShards(2), commerce.WithPayments(simulator.New())))
	if os.Getenv("COMMERCE_FIXTURE") == "" {
		return
	}
	data, err := os.ReadFile(packed)
	must(t, err)
	must(t, os.MkdirAll(stores, 0o755))
	must(t, os.WriteFile(fixture(), data, 0o644))
}

// sameTables reports whether a store has the tables that this program makes.
func sameTables(t *testing.T, dir string) bool {
	t.Helper()
	fresh := filepath.Join(t.TempDir(), "fresh")
	must(t, open(t, fresh, commerce.WithShards(2)).Close())
	return tables(t, dir) == tables(t, fresh)
}

func tables(t *testing.T, dir string) string {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(dir, "shard-000.db"), sqlite.Options{ReadOnly: true})
	must(t, err)
	defer db.Close()
	text, _, err := db.Tx().Text(`SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema ORDER BY name)`)
	must(t, err)
	return text
}

// pack writes a store and its keys, which lie in dir, to an archive.
func pack(t *testing.T, dir, to string) {
	t.Helper()
	f, err := os.Create(to)
	must(t, err)
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	must(t, err)
	w := tar.NewWriter(z)
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" || strings.HasSuffix(name, "-shm") {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data))})
		}
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	}))
	must(t, errors.Join(w.Close(), z.Close(), f.Close()))
}

func unpack(t *testing.T, from, dir string) {
	t.Helper()
	f, err := os.Open(from)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if err == io.EOF {
			return
		}
		must(t, err)
		data, err := io.ReadAll(r)
		must(t, err)
		name := filepath.Join(dir, filepath.FromSlash(head.Name))
		must(t, os.MkdirAll(filepath.Dir(name), 0o700))
		must(t, os.WriteFile(name, data, 0o600))
	}
}
