package main

import (
	"bufio"
	"bytes"
	"context"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/orders"
)

const sales = 60

// dirVariable makes the test binary the program itself, in that directory.
const dirVariable = "EVENTS_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVariable); dir != "" {
		if err := run(context.Background(), dir, sales); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

func program(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), dirVariable+"="+dir)
	c.Stderr = os.Stderr
	return c
}

// killAfter runs the program and kills it with its n-th sale.
func killAfter(t *testing.T, dir string, n int) {
	t.Helper()
	c := program(t, dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for sold := 0; sold < n && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "sold ") {
			sold++
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Fatalf("the program ended before its sale %d", n)
	}
}

func TestTableIsInStepAfterCrashes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "events")
	for _, n := range []int{1, 17, 40} {
		killAfter(t, dir, n)
	}
	out, err := program(t, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	checkRevenue(t, dir, out)
	checkStore(t, filepath.Join(dir, "shop"))
}

// checkRevenue compares the table with what was sold. Midnight may pass during
// the test, so the sum over days counts.
func checkRevenue(t *testing.T, dir string, out []byte) {
	t.Helper()
	table, err := openRevenue(t.Context(), filepath.Join(dir, "revenue.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer table.close()
	var count, minor int64
	if err := table.db.QueryRowContext(t.Context(), `SELECT sum(orders), sum(minor) FROM revenue`).Scan(&count, &minor); err != nil {
		t.Fatal(err)
	}
	if count != sales || minor != sales*1250 {
		t.Errorf("the table has %d orders of %d cents in all, want %d of %d", count, minor, sales, sales*1250)
	}
	if !bytes.Contains(out, []byte(" orders, ")) {
		t.Errorf("the program did not print its table: %q", out)
	}
}

func checkStore(t *testing.T, dir string) {
	t.Helper()
	shop, err := commerce.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	placed := 0
	for _, err := range shop.Orders.All(t.Context(), orders.Filter{Status: orders.Placed}) {
		if err != nil {
			t.Fatal(err)
		}
		placed++
	}
	if placed != sales {
		t.Errorf("the store has %d placed orders, want %d", placed, sales)
	}
	violations, err := shop.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
}
