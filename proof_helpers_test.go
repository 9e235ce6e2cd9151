package commerce_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/rig"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// Tokens of the simulator that the proofs pay with.
const (
	approves   = "pm_card_visa"
	declines   = "pm_card_visa_chargeDeclined"
	challenges = "pm_card_threeDSecure2Required"
)

// must stops the test if something that must work does not.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCode fails the test unless err carries the code.
func wantCode(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("got %v (%v), want %v", err, fault.CodeOf(err), code)
	}
}

// eventually waits for what a worker in the background does. It fails the test
// if that does not come.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(90 * time.Second); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("this did not come about: %s", what)
		}
	}
}

// open opens a store that the test closes itself.
func open(t testing.TB, dir string, opts ...commerce.Option) *commerce.Store {
	t.Helper()
	defaults := []commerce.Option{commerce.WithPasswords(accounts.Passwords{MemoryKiB: 64, Passes: 1})}
	if _, measured := t.(*testing.B); measured {
		defaults = append(defaults, commerce.WithRig(rig.Rig{VFS: faultvfs.SystemName()})) // tests may have come before
	} else {
		faultvfs.Unsynced()
	}
	shop, err := commerce.Open(context.Background(), dir, append(defaults, opts...)...)
	if err != nil {
		t.Fatalf("opening %s: %v", dir, err)
	}
	t.Cleanup(func() { shop.Close() })
	return shop
}

// basket makes a guest's cart with units of a SKU.
func basket(t testing.TB, shop *commerce.Store, sku catalog.SKU, units int64) cart.ID {
	t.Helper()
	c, err := shop.Carts.AddLine(context.Background(), cart.AddLine{SKU: sku, Quantity: units})
	must(t, err)
	return c.ID
}

// insist asks with the same key until there is an answer, as a client does
// whose answer was "try again".
func insist(ctx context.Context, shop *commerce.Store, c checkout.Complete) (checkout.Result, error) {
	for {
		r, err := shop.Checkout.Complete(ctx, c)
		if !fault.Retryable(err) || ctx.Err() != nil {
			return r, err
		}
	}
}

// outOfStock reports whether a checkout was refused for want of goods.
func outOfStock(err error) bool {
	_, ok := errors.AsType[*inventory.OutOfStockError](err)
	return ok
}

// everybody calls f once for each of n callers at the same time.
func everybody(n int, f func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// levelOf returns the stock of a SKU over all shards.
func levelOf(t testing.TB, shop *commerce.Store, sku catalog.SKU) inventory.Level {
	t.Helper()
	l, err := shop.Inventory.Level(context.Background(), sku, "")
	must(t, err)
	return l
}

// moneyAgrees reports where the bank's own books and the ledger differ: what
// the bank holds for the shop is what the ledger says it does.
func moneyAgrees(shop *commerce.Store, bank *simulator.Simulator) error {
	held, err := bank.Held("EUR")
	if err != nil {
		return err
	}
	balances, err := shop.Payments.Balances(context.Background())
	if err != nil {
		return err
	}
	booked := int64(0)
	for _, b := range balances {
		if b.Account == payments.ProviderAccount(bank.Name()) {
			booked = b.Amount.Minor()
		}
	}
	if held.Minor() != booked {
		return fmt.Errorf("the bank holds %v, the ledger says %d minor units", held, booked)
	}
	return nil
}

// image copies a store's directory and its keys as they are at this moment,
// which is what a killed process leaves behind. Nothing may be being written.
func image(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "shop")
	must(t, os.CopyFS(to, os.DirFS(dir)))
	keys, err := os.ReadFile(dir + ".keys")
	must(t, err)
	must(t, os.WriteFile(to+".keys", keys, 0o600))
	return to
}

// files returns the contents of all files under a directory.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[path], err = os.ReadFile(filepath.Join(dir, path))
		return err
	}))
	return out
}

// tamper runs SQL on a shard file of a closed store, past all rules of its
// tables.
func tamper(t testing.TB, dir string, shard int, script ...string) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(dir, fmt.Sprintf("shard-%03d.db", shard)), sqlite.Options{Full: true})
	must(t, err)
	defer db.Close()
	for _, sql := range append([]string{`PRAGMA ignore_check_constraints = ON`, `PRAGMA foreign_keys = OFF`}, script...) {
		if _, err := db.Tx().Exec(sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	_, err = db.Checkpoint(true)
	must(t, err)
}
