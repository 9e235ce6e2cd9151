package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/backup"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("got %v (%v), want %v", err, fault.CodeOf(err), code)
	}
}

// world is a shop with a picture, and a key for its backups.
type world struct {
	dir      string
	shop     *commerce.Store
	product  catalog.Product
	picture  string
	identity *age.X25519Identity
	customer accounts.CustomerID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: filepath.Join(t.TempDir(), "shop"), picture: strings.Repeat("a picture ", 1000)}
	w.shop = commercetest.OpenAt(t, w.dir, commerce.WithShards(2))
	id, err := w.shop.Assets.Put(t.Context(), strings.NewReader(w.picture))
	must(t, err)
	w.product, err = w.shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{
		Handle: "mug", Title: "Mug", Media: []catalog.Media{{Asset: id, Alt: "a mug"}},
		Variants: []catalog.PutVariant{{SKU: "mug", Prices: []money.Amount{money.New(1250, "EUR")}}},
	})
	must(t, err)
	_, err = w.shop.Inventory.Receive(t.Context(), inventory.Receive{SKU: "mug", Quantity: 10_000})
	must(t, err)
	c, err := w.shop.Accounts.Register(t.Context(), accounts.Register{Email: "ada@example.com"})
	must(t, err)
	w.customer = c.ID
	w.identity, err = age.GenerateX25519Identity()
	must(t, err)
	return w
}

func (w *world) create() backup.Create {
	return backup.Create{Recipients: []age.Recipient{w.identity.Recipient()}, Keys: w.dir + ".keys"}
}

func (w *world) restore() backup.Restore {
	return backup.Restore{Identities: []age.Identity{w.identity}}
}

func buy(ctx context.Context, shop *commerce.Store, key string) (checkout.Result, error) {
	c, err := shop.Carts.AddLine(ctx, cart.AddLine{SKU: "mug", Quantity: 1, Key: key})
	if err != nil {
		return checkout.Result{}, err
	}
	return shop.Checkout.Complete(ctx, checkout.Complete{Cart: c.ID, Key: key})
}

func place(t *testing.T, where string) *backup.Place {
	t.Helper()
	p, err := backup.OpenPlace(t.Context(), where)
	must(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

// fakeS3 is a bucket as S3 has them.
func fakeS3(t *testing.T) string {
	t.Helper()
	mem := s3mem.New()
	must(t, mem.CreateBucket("backups"))
	server := httptest.NewServer(gofakes3.New(mem).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return "s3://backups?region=us-east-1&use_path_style=true&endpoint=" + server.URL + "&prefix=shop/"
}

// TestBackupsAreRestored: made while customers buy, in a directory and in a
// bucket; what comes back is sound and goes on.
func TestBackupsAreRestored(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	for i := range 2 {
		work.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if _, err := buy(ctx, w.shop, fmt.Sprintf("%d-%d", i, n)); err != nil && ctx.Err() == nil && !fault.Retryable(err) {
					t.Errorf("buying: %v", err)
					return
				}
			}
		})
	}
	for name, where := range map[string]string{"directory": t.TempDir() + "/new", "bucket": fakeS3(t)} {
		p := place(t, where)
		order, err := buy(t.Context(), w.shop, name)
		must(t, err)
		m, err := p.Create(t.Context(), backup.Of(w.shop), w.create())
		must(t, err)
		if !m.Keys || m.Files != 1 || len(m.Parts) != 4 || m.Bytes() == 0 || m.Copy.Store != w.shop.ID() {
			t.Errorf("%s: the manifest is %+v", name, m)
		}
		if list, err := p.List(t.Context()); err != nil || len(list) != 1 || list[0].Name != m.Name {
			t.Errorf("%s: it lists %v, %v", name, list, err)
		}
		if _, err := p.Verify(t.Context(), m.Name, t.TempDir(), w.restore()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		to := filepath.Join(t.TempDir(), "restored")
		_, err = p.Restore(t.Context(), "", to, w.restore())
		must(t, err)
		w.check(t, to, order.ID)
		must(t, p.Delete(t.Context(), m.Name))
		_, err = p.Open(t.Context(), "")
		wantCode(t, err, fault.NotFound)
	}
	stop()
	work.Wait()
	if left, _ := filepath.Glob(filepath.Join(w.dir, "export-*")); len(left) > 0 {
		t.Errorf("the store's directory keeps %v", left)
	}
}

// check opens what was restored.
func (w *world) check(t *testing.T, dir string, order orders.ID) {
	t.Helper()
	shop := commercetest.OpenAt(t, dir, commerce.WithShards(2))
	defer shop.Close()
	got, err := shop.Orders.Get(t.Context(), order)
	if err != nil || got.Status != orders.Placed {
		t.Errorf("an order of before: %v, %v", got.Status, err)
	}
	c, err := shop.Accounts.Get(t.Context(), w.customer)
	if err != nil || c.Email.Reveal() != "ada@example.com" {
		t.Errorf("a customer of before: %v, %v", c.ID, err)
	}
	f, err := shop.Assets.Open(t.Context(), w.product.Media[0].Asset)
	if err != nil || f.Size() != int64(len(w.picture)) {
		t.Fatalf("a picture: %v", err)
	}
	must(t, f.Close())
	if _, err := buy(t.Context(), shop, "after"); err != nil {
		t.Errorf("buying after: %v", err)
	}
	commercetest.Verify(t, shop)
}

// TestDamageIsNamed: a flipped byte anywhere, a part that is missing or cut
// short, and nothing is left behind.
func TestDamageIsNamed(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	p := place(t, dir)
	m, err := p.Create(t.Context(), backup.Of(w.shop), w.create())
	must(t, err)
	names := []string{"manifest.json"}
	for _, part := range m.Parts {
		names = append(names, part.Name)
	}
	for _, name := range names {
		path := filepath.Join(dir, m.Name, name)
		whole, err := os.ReadFile(path)
		must(t, err)
		for what, damage := range map[string]func() error{
			"missing":               func() error { return os.Remove(path) },
			"short":                 func() error { return os.WriteFile(path, whole[:len(whole)-1], 0o600) },
			"empty":                 func() error { return os.WriteFile(path, nil, 0o600) },
			"flipped at the start":  func() error { return os.WriteFile(path, flip(whole, 30), 0o600) },
			"flipped in the middle": func() error { return os.WriteFile(path, flip(whole, len(whole)/2), 0o600) },
			"flipped at the end":    func() error { return os.WriteFile(path, flip(whole, len(whole)-2), 0o600) },
		} {
			must(t, damage())
			to := filepath.Join(t.TempDir(), "restored")
			_, err := p.Restore(t.Context(), m.Name, to, w.restore())
			if e, ok := errors.AsType[*backup.DamagedError](err); name == "manifest.json" && what == "missing" {
				wantCode(t, err, fault.NotFound)
			} else if !ok || e.Part != name {
				t.Errorf("%s %s: got %v", name, what, err)
			}
			if left, _ := filepath.Glob(to + "*"); len(left) > 0 {
				t.Errorf("%s %s: it left %v", name, what, left)
			}
		}
		must(t, os.WriteFile(path, whole, 0o600))
	}
	_, err = p.Restore(t.Context(), m.Name, filepath.Join(t.TempDir(), "restored"), w.restore())
	must(t, err)
}

func flip(data []byte, at int) []byte {
	out := append([]byte{}, data...)
	out[at] ^= 1
	return out
}

// TestKeysBelongToABackup: it has them, or whoever makes and restores it says
// where they are.
func TestKeysBelongToABackup(t *testing.T) {
	w := newWorld(t)
	p := place(t, t.TempDir())
	create := w.create()
	create.Keys = ""
	_, err := p.Create(t.Context(), backup.Of(w.shop), create)
	wantCode(t, err, fault.Invalid)

	other := newWorld(t)
	create.Keys = other.dir + ".keys"
	_, err = p.Create(t.Context(), backup.Of(w.shop), create)
	wantCode(t, err, fault.Invalid)
	_, err = p.Create(t.Context(), backup.Of(w.shop), backup.Create{Keys: w.dir + ".keys"})
	wantCode(t, err, fault.Invalid) // it would not be encrypted

	create.Keys, create.WithoutKeys = "", true
	m, err := p.Create(t.Context(), backup.Of(w.shop), create)
	must(t, err)
	to := filepath.Join(t.TempDir(), "restored")
	_, err = p.Restore(t.Context(), m.Name, to, w.restore())
	wantCode(t, err, fault.Invalid)
	_, err = p.Restore(t.Context(), m.Name, to, backup.Restore{Identities: []age.Identity{other.identity}, Keys: w.dir + ".keys"})
	wantCode(t, err, fault.Denied)
	with := w.restore()
	with.Keys = other.dir + ".keys"
	_, err = p.Restore(t.Context(), m.Name, to, with)
	wantCode(t, err, fault.Broken)

	// Keys that are there already may be the last of their kind.
	with.Keys = w.dir + ".keys"
	theirs, err := os.ReadFile(other.dir + ".keys")
	must(t, err)
	must(t, os.WriteFile(to+".keys", theirs, 0o600))
	_, err = p.Restore(t.Context(), m.Name, to, with)
	wantCode(t, err, fault.Conflict)
	if got, err := os.ReadFile(to + ".keys"); err != nil || !bytes.Equal(got, theirs) {
		t.Errorf("the keys that were there are gone: %v", err)
	}
	must(t, os.Remove(to+".keys"))

	_, err = p.Restore(t.Context(), m.Name, to, with)
	must(t, err)
	_, err = p.Restore(t.Context(), m.Name, to, with)
	wantCode(t, err, fault.Conflict) // it would be over another store

	later := w.restore()
	later.WithoutKeys = true
	to = filepath.Join(t.TempDir(), "later")
	_, err = p.Restore(t.Context(), m.Name, to, later)
	must(t, err)
	_, err = commerce.Open(t.Context(), to)
	wantCode(t, err, fault.NotFound)
	keys, err := os.ReadFile(w.dir + ".keys")
	must(t, err)
	must(t, os.WriteFile(to+".keys", keys, 0o600))
	commercetest.OpenAt(t, to, commerce.WithShards(2))
}

// TestABackupThatIsGivenUp leaves nothing, and one that crashed is not listed.
func TestABackupThatIsGivenUp(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	p := place(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	create := w.create()
	create.Progress = func(what string, done, _ int64) {
		if strings.HasPrefix(what, "storing shards") && done > 0 {
			cancel()
		}
	}
	_, err := p.Create(ctx, backup.Of(w.shop), create)
	wantCode(t, err, fault.Unavailable)
	for _, left := range []string{dir + "/*/*", w.dir + "/export-*"} {
		if found, _ := filepath.Glob(left); len(found) > 0 {
			t.Errorf("it left %v", found)
		}
	}
	must(t, os.MkdirAll(filepath.Join(dir, "20260101T000000Z-crash"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "20260101T000000Z-crash", "keys.zst.age"), []byte("x"), 0o600))
	if list, err := p.List(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("it lists %v, %v", list, err)
	}
}

// TestAStoreThatIsNotSoundIsNotRestored: the backup is as it was made, and what
// was backed up breaks an invariant.
func TestAStoreThatIsNotSoundIsNotRestored(t *testing.T) {
	w := newWorld(t)
	p := place(t, t.TempDir())
	m, err := p.Create(t.Context(), tampered{backup.Of(w.shop)}, w.create())
	must(t, err)
	to := filepath.Join(t.TempDir(), "restored")
	_, err = p.Verify(t.Context(), m.Name, t.TempDir(), w.restore())
	if e, ok := errors.AsType[*backup.UnsoundError](err); !ok || len(e.Found) == 0 {
		t.Errorf("got %v", err)
	}
	_, err = p.Restore(t.Context(), m.Name, to, w.restore())
	if _, ok := errors.AsType[*backup.UnsoundError](err); !ok {
		t.Errorf("got %v", err)
	}
}
