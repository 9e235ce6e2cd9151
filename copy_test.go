package commerce_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
)

// restored opens a store from a copy that is in dir.
func restored(t *testing.T, dir string, c commerce.Copy, keys string) *commerce.Store {
	t.Helper()
	must(t, c.Restore(dir, ""))
	data, err := os.ReadFile(keys)
	must(t, err)
	must(t, os.WriteFile(dir+".keys", data, 0o600))
	return open(t, dir)
}

// TestCopiesAreOneMoment: while customers buy what several shards lend each
// other, copies are made, and each is a sound store that goes on.
func TestCopiesAreOneMoment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop := open(t, dir, commerce.WithShards(4))
	stock(t, shop, "mug", 3000)
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	for i := range 3 {
		work.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				key := fmt.Sprintf("%d-%d", i, n)
				if _, err := purchaseOnce(ctx, shop, "mug", key); err != nil && ctx.Err() == nil && !fault.Retryable(err) {
					t.Errorf("buying: %v", err)
					return
				}
			}
		})
	}
	for range 3 {
		order, err := buy(t.Context(), shop, "mug", 1, checkout.Complete{})
		must(t, err)
		to := t.TempDir() + "/copy"
		must(t, os.Mkdir(to, 0o700))
		c, err := shop.Copy(t.Context(), to)
		must(t, err)
		again := restored(t, to, c, dir+".keys")
		got, err := again.Orders.Get(t.Context(), order.ID)
		if err != nil || got.Status != orders.Placed {
			t.Errorf("an order of before the copy: %+v, %v", got.Status, err)
		}
		for _, s := range again.Status().Shards {
			if s.Cut < c.Cut {
				t.Errorf("shard %d is at cut %d, the copy at %d", s.Shard, s.Cut, c.Cut)
			}
		}
		commercetest.Verify(t, again)
		if _, err := buy(t.Context(), again, "mug", 1, checkout.Complete{}); err != nil {
			t.Errorf("buying in what was restored: %v", err)
		}
		must(t, again.Close())
		must(t, open(t, to).Close())
	}
	stop()
	work.Wait()
}

func TestCopiesAreChecked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop := open(t, dir, commerce.WithShards(2))
	stock(t, shop, "mug", 10)
	copyTo := func() (string, commerce.Copy) {
		to := filepath.Join(t.TempDir(), "copy")
		must(t, os.Mkdir(to, 0o700))
		c, err := shop.Copy(t.Context(), to)
		must(t, err)
		return to, c
	}
	to, c := copyTo()
	must(t, os.Remove(filepath.Join(to, c.Files[1].Name)))
	wantCode(t, c.Restore(to, ""), fault.Broken)

	to, c = copyTo()
	c.Cut++
	wantCode(t, c.Restore(to, ""), fault.Broken)

	to, c = copyTo()
	c.Files[0].Applied++
	wantCode(t, c.Restore(to, ""), fault.Broken)

	to, c = copyTo()
	c.Format++
	wantCode(t, c.Restore(to, ""), fault.Broken)

	to, c = copyTo()
	must(t, os.Truncate(filepath.Join(to, c.Files[0].Name), 8192))
	wantCode(t, c.Restore(to, ""), fault.Broken)

	// Without its keys a store does not open.
	to, c = copyTo()
	must(t, c.Restore(to, ""))
	_, err := commerce.Open(t.Context(), to)
	wantCode(t, err, fault.NotFound)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	empty := t.TempDir()
	if _, err := shop.Copy(ctx, empty); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a copy that nobody waits for: %v", err)
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
