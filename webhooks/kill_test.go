package webhooks_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/webhooks"
)

// childDir tells this program that it is the one to be killed.
const childDir = "COMMERCE_WEBHOOKS_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		faultvfs.Unsynced() // a killed process loses nothing by it
		if err := sellUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// sellUntilKilled lets things happen and names each customer once the store has
// acknowledged them.
func sellUntilKilled(dir string) error {
	ctx := context.Background()
	shop, err := commerce.Open(ctx, dir)
	if err != nil {
		return err
	}
	if _, err := webhooks.Start(ctx, shop, quick); err != nil {
		return err
	}
	for {
		c, err := shop.Accounts.Register(ctx, accounts.Register{})
		if err != nil {
			return err
		}
		fmt.Println(c.ID)
	}
}

// TestKilledProcess kills a program again and again while it delivers. In the
// end the consumer has heard of every customer whom the store acknowledged.
func TestKilledProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	consumer := newConsumer(t)
	shop, err := commerce.Open(t.Context(), dir, commerce.WithShards(4))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.Endpoints.Put(t.Context(), endpoints.Put{URL: seal.Personal(consumer.URL), Kinds: []string{"customer.*"}}); err != nil {
		t.Fatal(err)
	}
	if err := shop.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	for life := range 4 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childDir+"="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if life == 2 {
			consumer.answer.Store(http.StatusInternalServerError)
		}
		lines, most := bufio.NewScanner(out), len(acknowledged)+100*(life+1)
		for len(acknowledged) < most && lines.Scan() {
			acknowledged[lines.Text()] = true
		}
		consumer.wait(t, 20)
		if err := child.Process.Kill(); err != nil {
			t.Error(err)
		}
		for lines.Scan() { // what it still said
			acknowledged[lines.Text()] = true
		}
		child.Wait()
	}
	consumer.answer.Store(http.StatusNoContent)
	shop = commercetest.OpenAt(t, dir, commerce.WithShards(4))
	start(t, shop, quick)
	heard := map[string]bool{}
	missing := func() (n int) {
		for _, m := range consumer.messages(t) {
			heard[m.Subject] = true
		}
		for id := range acknowledged {
			if !heard[id] {
				n++
			}
		}
		return n
	}
	for n := missing(); n > 0; n = missing() {
		consumer.wait(t, 1)
	}
	if len(acknowledged) < 1000 {
		t.Errorf("only %d customers were acknowledged", len(acknowledged))
	}
}
