package money_test

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/keelshop/commerce/money"
)

// TestTableAgreesWithISO4217 compares the table with the published lists. A newer list in the same columns can be
// named in ISO4217_CSV.
func TestTableAgreesWithISO4217(t *testing.T) {
	file, err := os.Open(cmp.Or(os.Getenv("ISO4217_CSV"), "testdata/iso4217.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	code := slices.Index(rows[0], "AlphabeticCode")
	minor := slices.Index(rows[0], "MinorUnit")
	withdrawal := slices.Index(rows[0], "WithdrawalDate")

	active, withdrawn := map[string]string{}, map[string]bool{}
	for _, row := range rows[1:] {
		if row[withdrawal] != "" {
			withdrawn[row[code]] = true
		} else if row[code] != "" {
			active[row[code]] = row[minor]
		}
	}
	if len(active) < 170 {
		t.Fatalf("the list has %d active currencies only", len(active))
	}
	for code, minor := range active {
		c, err := money.ParseCurrency(code)
		switch {
		case minor == "-" && err == nil:
			t.Errorf("%s has no minor units and is accepted", code)
		case minor != "-" && err != nil:
			t.Errorf("%s is missing", code)
		case minor != "-" && strconv.Itoa(c.Digits()) != minor:
			t.Errorf("%s has %s digits, not %d", code, minor, c.Digits())
		}
	}
	for _, c := range money.Currencies() {
		if active[string(c)] == "" && !withdrawn[string(c)] {
			t.Errorf("%s is not, and was not, a currency", c)
		}
	}
}

func TestCurrenciesAreSortedAndFound(t *testing.T) {
	all := money.Currencies()
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) || len(all) < 165 {
		t.Errorf("%d currencies, sorted: %v", len(all), slices.IsSorted(all))
	}
	for _, c := range all {
		if err := c.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownCodesAreRefused(t *testing.T) {
	for _, code := range []string{"", "E", "EU", "EURO", "eur", "Eur", " EUR", "EUR ", "UR2", "D2 ", "XAU", "XXX", "XTS", "XDR", "\x00\x00\x00"} {
		if c, err := money.ParseCurrency(code); err == nil || c != "" {
			t.Errorf("%q is accepted as %q", code, c)
		}
		if d := money.Currency(code).Digits(); d != 0 {
			t.Errorf("%q has %d digits", code, d)
		}
	}
}

func TestCurrencyInJSON(t *testing.T) {
	var c money.Currency
	if err := json.Unmarshal([]byte(`"EUR"`), &c); err != nil || c != "EUR" {
		t.Errorf("got %q, %v", c, err)
	}
	mustErr[*money.UnknownCurrencyError](t, json.Unmarshal([]byte(`"XAU"`), &c))
	if err := json.Unmarshal([]byte(`""`), &c); err != nil || c != "" {
		t.Errorf("got %q, %v", c, err)
	}
}
