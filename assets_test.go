package commerce_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// The files of a shop are in its own directory, or where its program says.
func TestAssets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	shop := open(t, dir, commerce.WithShards(1))
	if _, err := os.Stat(filepath.Join(dir, "assets")); err == nil {
		t.Error("a store without files has a directory for them")
	}
	id, err := shop.Assets.Put(t.Context(), strings.NewReader("a picture"))
	must(t, err)
	must(t, shop.Close())

	shop = open(t, dir)
	file, err := shop.Assets.Open(t.Context(), id)
	must(t, err)
	if text, err := io.ReadAll(file); err != nil || string(text) != "a picture" {
		t.Errorf("got %q, %v", text, err)
	}
	must(t, file.Close())
	must(t, shop.Close())

	elsewhere := assets.Dir(t.TempDir())
	defer elsewhere.Close()
	shop = open(t, dir, commerce.WithAssets(elsewhere))
	if _, err := shop.Assets.Open(t.Context(), id); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	must(t, shop.Close())
	if _, err := commerce.Open(t.Context(), dir, commerce.WithAssets(nil)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}
