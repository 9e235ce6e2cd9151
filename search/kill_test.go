package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/search"
)

// workVariable makes the test binary a shop that is filled until it is killed.
// killsVariable says how often, for a long run.
const (
	workVariable  = "COMMERCE_SEARCH_WORK"
	killsVariable = "COMMERCE_SEARCH_KILLS"
)

func TestMain(m *testing.M) {
	if !slices.ContainsFunc(os.Args, func(arg string) bool { return arg == "-test.bench" || strings.HasPrefix(arg, "-test.bench=") }) {
		faultvfs.Unsynced() // a killed process loses nothing by it
	}
	if dir := os.Getenv(workVariable); dir != "" {
		if err := work(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if dir := os.Getenv(diesVariable); dir != "" {
		if err := dies(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// work puts, changes and archives products for ever.
func work(ctx context.Context, dir string) error {
	shop, err := commerce.Open(ctx, dir, commerce.WithShards(2))
	if err != nil {
		return err
	}
	finder, err := search.Open(ctx, shop, search.Options{})
	if err != nil {
		return err
	}
	fmt.Println("working")
	for n := 0; ; n++ {
		var batch []catalog.PutProduct
		for range 1 + rand.IntN(40) {
			batch = append(batch, item(fmt.Sprintf("P-%d", rand.IntN(2000)), fmt.Sprintf("Thing %d of %d", n, rand.IntN(100)), "Keel", rand.Int64N(10_000),
				attribute("Colour", "Red")))
		}
		products, err := shop.Catalog.PutProducts(ctx, unique(batch))
		if err != nil {
			return err
		}
		if n%3 == 0 {
			if _, err := shop.Catalog.ArchiveProduct(ctx, catalog.ArchiveProduct{Product: products[0].ID}); err != nil {
				return err
			}
		}
		if n%50 == 49 {
			finder.Rebuild()
		}
	}
}

func unique(list []catalog.PutProduct) (out []catalog.PutProduct) {
	seen := map[catalog.SKU]bool{}
	for _, p := range list {
		if sku := p.Variants[0].SKU; !seen[sku] {
			seen[sku] = true
			out = append(out, p)
		}
	}
	return out
}

// TestKilledWhileIndexing kills a process that indexes, again and again, and
// then compares the whole index with the catalogue.
func TestKilledWhileIndexing(t *testing.T) {
	kills := 3
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	}
	dir := filepath.Join(t.TempDir(), "shop")
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), workVariable+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 16)); err != nil {
			t.Fatalf("the shop did not open: %v, %v", err, cmd.Wait())
		}
		time.Sleep(time.Duration(50+rand.IntN(400)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	s := &store{TB: t, Store: commercetest.OpenAt(t, dir, commerce.WithShards(2))}
	s.reopen(search.Options{})
	s.settle()
	s.verify()
	r := s.result(search.Query{Text: "thing"})
	t.Logf("%d kills, %d products, %d rebuilds", kills, r.Total, s.Finder.Status().Rebuilds)
	if r.Total == 0 {
		t.Error("nothing was indexed")
	}
	if n := s.Finder.Status().Rebuilds; n > 0 {
		t.Errorf("a kill broke the index %d times", n)
	}
}
