package commerce_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// featureRows are the rows that docs/features.md has to have, by section: what
// is to be said of prices, carts, stock, checkouts, orders and payments.
var featureRows = []struct {
	section string
	rows    []string
}{
	{"1.2", []string{
		"money type", "rounding modes", "tax calculation mode", "price in n currencies", "price lists", "price rules",
		"quantity tiers", "tax-inclusive switch", "original + sale price", "price change after add", "manual price",
	}},
	{"1.3", []string{
		"model", "choice when many apply", "order discount split over lines", "discount snapshot", "100 % discount / zero total",
		"coupon limits", "gift cards", "store credit",
	}},
	{"1.4", []string{
		"cart vs order", "guest cart", "merge at login", "guest orders joined to later account", "expiry",
		"every change returns full totals", "line rules", "problems list", "lock / optimistic version", "multi-ship in one cart",
	}},
	{"1.5", []string{
		"multi-location", "quantities", "movement log", "when reserved", "TTL settings", "oversell protection",
		"backorder / pre-order", "safety stock, reorder point", "source choice", "transfers, purchase orders",
	}},
	{"1.6", []string{
		"methods + rules", "quote invalidation", "tax providers", "fees",
	}},
	{"1.7", []string{
		"throttled, pollable completion", "completion as saga", "double click", "crash after charge", "custom states / guards",
		"headless payment steps", "B2B: unpaid order",
	}},
	{"1.8", []string{
		"who writes the status", "status words", "order edit after placement", "order versions / history", "per-line quantities",
		"partial fulfilment, split", "cancel with restock & refund", "returns", "exchanges", "claims", "refund to",
		"draft orders / quotes", "order number", "re-order", "invoices",
	}},
	{"1.9", []string{
		"model", "statuses", "auth / capture / partial capture / void / partial refund", "several payments per order",
		"idempotency of events", "3-D Secure / next action", "vault / stored methods", "webhooks in", "disputes",
		"reconciliation", "abandoned held money", "decline codes", "test provider",
	}},
}

// TestFeaturesAreShown: every row that there has to be is there, names a test or
// says why it comes later, and every test that it names is in the package that
// it names.
func TestFeaturesAreShown(t *testing.T) {
	text, err := os.ReadFile("docs/features.md")
	must(t, err)
	rows := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| 1.") {
			continue
		}
		cells := strings.SplitN(strings.Trim(strings.TrimSpace(line), "| "), " | ", 3)
		if len(cells) != 3 {
			t.Errorf("not three cells: %s", line)
			continue
		}
		rows[cells[0]+" "+cells[1]]++
		for _, wrong := range wrongTests(t, cells[2]) {
			t.Errorf("%s, %s: %s", cells[0], cells[1], wrong)
		}
	}
	for _, s := range featureRows {
		for _, row := range s.rows {
			if n := rows[s.section+" "+row]; n != 1 {
				t.Errorf("%s, %s: there are %d rows of it", s.section, row, n)
			}
		}
	}
}

// TestFeatureChecksFire: rows that show nothing are found.
func TestFeatureChecksFire(t *testing.T) {
	for _, cell := range []string{
		"", "surely", "`cart`: `TestNobodyWroteThis`", "`nowhere`: `TestCartsExpire`", "`pricing`: `TestCartsExpire`",
		"`cart`: `TestCartsExpire`; and `TestSells`", "`cart`: `TestCartsExpire` and `TestCartsArePriced`", "later, because", "later", "`cart`: `TestCartsExpire`; more: later",
	} {
		if len(wrongTests(t, cell)) == 0 {
			t.Errorf("%q is taken", cell)
		}
	}
	for _, cell := range []string{"`cart`: `TestCartsExpire`, `TestCartsArePriced` (a note); later, because of a reason", "later, because of a reason"} {
		if wrong := wrongTests(t, cell); len(wrong) > 0 {
			t.Errorf("%q is not taken: %v", cell, wrong)
		}
	}
}

var (
	namedTests = regexp.MustCompile("`([a-z./0-9]+)`: (`Test[A-Za-z0-9]+`(?: \\([^()]*\\))?(?:, `Test[A-Za-z0-9]+`(?: \\([^()]*\\))?)*)")
	testNames  = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	reasons    = regexp.MustCompile(`later, because \w+`)
)

// wrongTests says what a row's last cell lacks: it has to name tests, each
// after its package, or a reason.
func wrongTests(t *testing.T, cell string) (wrong []string) {
	t.Helper()
	named := 0
	for _, m := range namedTests.FindAllStringSubmatch(cell, -1) {
		for _, name := range testNames.FindAllStringSubmatch(m[2], -1) {
			if named++; !hasTest(t, m[1], name[1]) {
				wrong = append(wrong, "package "+m[1]+" has no "+name[1])
			}
		}
	}
	if all := len(testNames.FindAllString(cell, -1)); all != named {
		wrong = append(wrong, fmt.Sprintf("%d of %d tests are named without their package", all-named, all))
	}
	if named == 0 && !reasons.MatchString(cell) {
		wrong = append(wrong, "nothing shows it and no reason is given")
	}
	if strings.Count(cell, "later") > len(reasons.FindAllString(cell, -1)) {
		wrong = append(wrong, "it comes later without a reason")
	}
	return wrong
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	must(t, err)
	for _, path := range files {
		text, err := os.ReadFile(path)
		must(t, err)
		if strings.Contains(string(text), "func "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
