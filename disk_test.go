package commerce_test

import (
	"context"
	"testing"
	"testing/synctest"
	"path/filepath"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
)

func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultvfs.New(t.Name())
		defer fs.Close()
		dir := filepath.Join(t.TempDir(), "shop")
		shop, err := commerce.Open(context.Background(), dir, commerce.WithVFS(fs.Name()), commerce.WithShards(2), commerce.WithLogLimit(16<<10))
		must(t, err)
		stock(t, shop, "mug", 100)
		for range 20 {
			_, err := buy(t.Context(), shop, "mug", 1, checkout.Complete{})
			must(t, err)
		}
		t.Log(fs.Calls())
		must(t, shop.Close())
	})
}
