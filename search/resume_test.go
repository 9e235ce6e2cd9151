package search_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/search"
)

// parts is a logger's handler that hears of every part that was indexed.
type parts struct {
	slog.Handler
	heard func(ctx context.Context, products int, behind string)
}

func (p parts) Enabled(context.Context, slog.Level) bool { return true }

func (p parts) Handle(ctx context.Context, r slog.Record) error {
	products, behind := 0, ""
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "products":
			products = int(a.Value.Int64())
		case "behind":
			behind = a.Value.String()
		}
		return true
	})
	if products > 0 {
		p.heard(ctx, products, behind)
	}
	return nil
}

func listen(heard func(ctx context.Context, products int, behind string)) *slog.Logger {
	return slog.New(parts{slog.DiscardHandler, heard})
}

// manyGoods are indexed in four parts of 2,000, the last of which is short.
const manyGoods = 6100

// diesVariable makes the test binary a shop that is killed while it builds a
// second index.
const diesVariable = "COMMERCE_SEARCH_DIES"

func dies(ctx context.Context, dir string) error {
	shop, err := commerce.Open(ctx, dir, commerce.WithShards(2))
	if err != nil {
		return err
	}
	for n := 0; n < manyGoods; n += 100 {
		var batch []catalog.PutProduct
		for i := range 100 {
			batch = append(batch, item(fmt.Sprint("P-", n+i), "Thing", "Keel", 100))
		}
		if _, err := shop.Catalog.PutProducts(ctx, batch); err != nil {
			return err
		}
	}
	rebuilding, saved := false, map[string]bool{}
	finder, err := search.Open(ctx, shop, search.Options{Logger: listen(func(context.Context, int, string) {
		if !rebuilding {
			return
		}
		for known := len(saved); len(saved) == known; { // until the part is in a file
			files, _ := filepath.Glob(filepath.Join(dir, "search", "index-2", "*.zap"))
			for _, file := range files {
				saved[file] = true
			}
		}
		if len(saved) > 1 { // the file before this one is in use
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	})})
	if err != nil {
		return err
	}
	if err := finder.After(ctx, shop.Latest()); err != nil {
		return err
	}
	rebuilding = true
	finder.Rebuild()
	select {}
}

// TestARebuildGoesOn: a rebuild that is killed, and closed after that, goes on
// where it was, and has what has changed meanwhile.
func TestARebuildGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), diesVariable+"="+dir)
	child.Stderr = os.Stderr
	if err := child.Run(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("it was not killed: %v", err)
	}
	s := &store{TB: t, Store: commercetest.OpenAt(t, dir, commerce.WithShards(2))}
	reached, second := make(chan struct{}), 0
	s.reopen(search.Options{Logger: listen(func(ctx context.Context, products int, behind string) {
		if second == 0 && behind == "" {
			t.Error("the rebuild began from the start after the kill")
		}
		second += products
		close(reached)
		<-ctx.Done()
	})})
	<-reached
	for p, err := range s.Catalog.All(t.Context(), catalog.Filter{}) { // the first, which is indexed already
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Catalog.ArchiveProduct(t.Context(), catalog.ArchiveProduct{Product: p.ID}); err != nil {
			t.Fatal(err)
		}
		break
	}
	s.shut()
	third, swapped := 0, make(chan struct{})
	s.reopen(search.Options{Logger: listen(func(_ context.Context, products int, _ string) {
		if third += products; second+third == manyGoods-2000 || second+third == manyGoods-4000 {
			close(swapped)
		}
	})})
	<-swapped
	for s.Finder.Status().Rebuilding {
		s.settle()
	}
	s.settle()
	if got := s.Finder.Status(); got.Documents != manyGoods-1 || got.Indexed != third || got.Rebuilds != 0 {
		t.Errorf("%d and %d were indexed: %+v", second, third, got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "search", "index-*")); len(left) != 1 || filepath.Base(left[0]) != "index-2" {
		t.Errorf("the indexes are %v", left)
	}
	s.verify()
}
