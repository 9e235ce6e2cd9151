package taxdata_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
	"github.com/keelshop/commerce/pricing/taxdata"
)

func read(t testing.TB, path string, parse func(io.Reader) ([]pricing.TaxZone, error)) []pricing.TaxZone {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zones, err := parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return zones
}

// owed is a purchase of 100.00 and the tax on it.
type owed struct {
	day, country, region, postcode, category string
	zone                                     string
	tax                                      int64
}

var inEurope = []owed{
	{"2020-06-30", "DE", "", "10117", "", "vat-de", 1900},
	{"2020-07-01", "DE", "", "10117", "", "vat-de", 1600},
	{"2020-12-31", "DE", "", "10117", "reduced", "vat-de", 500},
	{"2024-01-01", "DE", "", "10117", "reduced", "vat-de", 700},
	{"2024-01-01", "AT", "", "6992", "", "vat-at-mittelberg", 1900},
	{"2014-01-01", "AT", "", "6992", "", "vat-at-mittelberg", 2000},
	{"2024-01-01", "AT", "", "6994", "reduced1", "vat-at", 1000},
	{"2024-01-01", "FR", "", "75001", "super_reduced", "vat-fr", 210},
	{"2024-01-01", "ES", "", "28001", "", "vat-es", 2100},
	{"2024-01-01", "ES", "", "38001", "", "vat-es-canary-islands", 0},
	{"2024-01-01", "ES", "", "51070", "", "vat-es-ceuta", 0},
	{"2024-01-01", "ES", "", "51072", "", "vat-es", 2100},
}

var inAmerica = []owed{
	{"2024-01-01", "CA", "QC", "H2X 1Y4", "", "tax-ca-qc", 500 + 998},
	{"2025-03-31", "CA", "NS", "", "", "tax-ca-ns", 500 + 1000},
	{"2025-04-01", "CA", "NS", "", "", "tax-ca-ns", 500 + 900},
	{"2024-01-01", "CA", "YT", "", "", "tax-ca", 500},
	{"2024-01-01", "US", "MN", "", "", "tax-us-mn", 688},
	{"2024-01-01", "US", "OR", "", "", "tax-us", 0},
	{"2022-12-31", "AW", "", "", "", "tax-aw", 0},
	{"2023-01-01", "AW", "", "", "", "tax-aw", 1250},
}

func checkOwed(t *testing.T, zones []pricing.TaxZone, all []owed) {
	t.Helper()
	rules, err := pricing.NewRules(pricing.Settings{TaxRounding: money.HalfUp}, zones, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		day, err := time.Parse(time.DateOnly, o.day)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rules.Price(pricing.Input{
			Currency: "EUR", At: pricing.At(day), Address: pricing.Address{Country: o.country, Region: o.region, Postcode: o.postcode},
			Lines: []pricing.Line{{SKU: "a", Quantity: 1, UnitPrice: 10000, TaxCategory: o.category}},
		})
		if err != nil || q.TaxZone != o.zone || q.Tax != o.tax {
			t.Errorf("%+v: got %d in %q, %v", o, q.Tax, q.TaxZone, err)
		}
	}
}

func TestReadVAT(t *testing.T) {
	zones := read(t, "testdata/vat.json", taxdata.ReadVAT)
	checkOwed(t, zones, inEurope)
	checkOwed(t, zones, []owed{
		{"2024-01-01", "DE", "", "78266", "", "vat-de-buesingen", 0},
		{"2024-01-01", "FR", "", "97400", "super_reduced", "vat-fr-r-union", 850},
	})
}

func TestReadSalesTax(t *testing.T) {
	checkOwed(t, read(t, "testdata/sales.json", taxdata.ReadSalesTax), inAmerica)
}

// TestPublishedTables reads the tables as they are published.
func TestPublishedTables(t *testing.T) {
	const dir = "../../../shared/data/tax"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the published tables are not there: %v", err)
	}
	zones := read(t, filepath.Join(dir, "ibericode_vat-rates.json"), taxdata.ReadVAT)
	checkOwed(t, zones, inEurope)
	if len(zones) < 28+15 {
		t.Errorf("%d zones in Europe", len(zones))
	}
	zones = read(t, filepath.Join(dir, "node-sales-tax_sales_tax_rates.json"), taxdata.ReadSalesTax)
	checkOwed(t, zones, inAmerica)
	if len(zones) < 180 {
		t.Errorf("%d zones in the world", len(zones))
	}
}

func TestBadTables(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":       `{`,
		"no number":      `{"items": {"DE": [{"effective_from": "0000-01-01", "rates": {"standard": "much"}}]}}`,
		"no date":        `{"items": {"DE": [{"effective_from": "soon", "rates": {}}]}}`,
		"no pattern":     `{"items": {"DE": [{"effective_from": "0000-01-01", "exceptions": [{"name": "x", "postcode": "(", "standard": 0}]}]}}`,
		"no postcode":    `{"items": {"DE": [{"effective_from": "0000-01-01", "exceptions": [{"name": "x", "postcode": "BT", "standard": 0}]}]}}`,
		"no country":     `{"items": {"Germany": [{"effective_from": "0000-01-01", "rates": {"standard": 1}}]}}`,
		"a negative tax": `{"items": {"DE": [{"effective_from": "0000-01-01", "rates": {"standard": -1}}]}}`,
	} {
		if zones, err := taxdata.ReadVAT(strings.NewReader(text)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v, %v", name, zones, err)
		}
	}
	for name, text := range map[string]string{
		"not JSON": `[]`,
		"no rate":  `{"DE": {"type": "vat", "rate": "x"}}`,
		"no date":  `{"DE": {"type": "vat", "rate": 0.1, "before": {"then": {"rate": 0}}}}`,
		"no state": `{"DE": {"type": "vat", "rate": 0.1, "states": {"BY": {"type": "x", "rate": 77}}}}`,
	} {
		if zones, err := taxdata.ReadSalesTax(strings.NewReader(text)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: got %v, %v", name, zones, err)
		}
	}
}

func FuzzReadVAT(f *testing.F) {
	f.Add(`{"items": {"DE": [{"effective_from": "2020-01-01", "rates": {"standard": 19}, "exceptions": [{"name": "x", "postcode": "7\\d+", "standard": 0}]}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		zones, err := taxdata.ReadVAT(strings.NewReader(text))
		if err != nil {
			return
		}
		if _, err := pricing.NewRules(pricing.Settings{}, zones, nil); err != nil {
			t.Errorf("zones that were read cannot be used: %v", err)
		}
	})
}

func FuzzReadSalesTax(f *testing.F) {
	f.Add(`{"CA": {"type": "gst", "rate": 0.05, "states": {"QC": {"type": "qst", "rate": 0.09975, "before": {"2025-04-01T00:00:00Z": {"rate": 0.1, "type": "x"}}}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		zones, err := taxdata.ReadSalesTax(strings.NewReader(text))
		if err != nil {
			return
		}
		if _, err := pricing.NewRules(pricing.Settings{}, zones, nil); err != nil {
			t.Errorf("zones that were read cannot be used: %v", err)
		}
	})
}
