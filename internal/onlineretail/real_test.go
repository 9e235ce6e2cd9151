package onlineretail_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/onlineretail"
)

// realFile is the data set itself. It is not part of the project.
const realFile = "../../../shared/data/online-retail/online_retail.csv.gz"

func openReal(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Open(realFile)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the data set Online Retail is not beside this checkout: want it at %s, seen from this package", realFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// The warts that the data set is known for must all come through the reader.
func TestRealRows(t *testing.T) {
	const sep = "\x00"
	count := make(map[string]int)
	prices := make(map[string]map[int64]bool)
	customers, countries, folded := make(map[string]bool), make(map[string]bool), make(map[string]map[string]bool)
	seen, pairs := make(map[onlineretail.Row]bool), make(map[string]int)
	for row, err := range onlineretail.Rows(openReal(t)) {
		if err != nil {
			t.Fatal(err)
		}
		count["rows"]++
		countIf(count, "guest rows", row.Customer == "")
		countIf(count, "without description", row.Description == "")
		countIf(count, "at price 0", row.UnitPrice.IsZero() && !row.SubPenny)
		countIf(count, "three decimals", row.SubPenny)
		countIf(count, "cancelled", row.Invoice[0] == 'C')
		countIf(count, "negative on an invoice", row.Quantity < 0 && row.Invoice[0] != 'C')
		countIf(count, "positive", row.Quantity > 0)
		sku := strings.Clone(row.SKU)
		if prices[sku] == nil {
			prices[sku] = make(map[int64]bool)
			fold := strings.ToLower(sku)
			if folded[fold] == nil {
				folded[fold] = make(map[string]bool)
			}
			folded[fold][sku] = true
		}
		price := row.UnitPrice.Minor() * 2
		if row.SubPenny {
			price++ // another price than the one it was cut to
		}
		prices[sku][price] = true
		customers[row.Customer], countries[row.Country] = true, true
		pairs[row.Invoice+sep+sku]++
		row.Number = 0
		countIf(count, "duplicates", seen[row])
		seen[row] = true
	}
	delete(customers, "")
	count["customers"], count["countries"], count["codes"] = len(customers), len(countries), len(prices)
	count["codes but for case"] = len(folded)
	for sku, at := range prices {
		countIf(count, "codes with several prices", len(at) > 1)
		countIf(count, "services", onlineretail.IsService(sku))
	}
	for _, n := range pairs {
		countIf(count, "pairs of invoice and code that repeat", n > 1)
	}
	want := map[string]int{
		"rows": 541909, "guest rows": 135080, "without description": 1454, "at price 0": 2515, "three decimals": 4,
		"cancelled": 9288, "negative on an invoice": 1336, "positive": 531285, "duplicates": 5268, "customers": 4372,
		"countries": 38, "codes": 4070, "codes but for case": 3958, "codes with several prices": 3603, "services": 33,
		"pairs of invoice and code that repeat": 9694,
	}
	if !maps.Equal(count, want) {
		t.Errorf("got  %v\nwant %v", count, want)
	}
}

func countIf(count map[string]int, what string, yes bool) {
	if yes {
		count[what]++
	}
}

func TestRealPlan(t *testing.T) {
	p, err := onlineretail.NewPlan(openReal(t))
	if err != nil {
		t.Fatal(err)
	}
	o := carryOut(p)
	t.Run("summary", func(t *testing.T) { checkRealSummary(t, o) })
	t.Run("operations", func(t *testing.T) { checkRealOperations(t, p) })
	t.Run("products", func(t *testing.T) { checkRealProducts(t, p) })
	t.Run("promises", func(t *testing.T) { checkPlan(t, p) })
	t.Run("totals", func(t *testing.T) { checkTotals(t, o) })
	t.Run("every amount", func(t *testing.T) { checkRealAmounts(t, o) })
}

func checkRealSummary(t *testing.T, o *onlineretail.Outcome) {
	s, err := o.Summary(2 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	refused := map[onlineretail.Rule]int{
		onlineretail.BadDebtAdjustment: 3,
		onlineretail.PricePrecision:    4,
		onlineretail.NegativeOnInvoice: 1336,
		onlineretail.ReturnWithoutSale: 2105,
	}
	if !maps.Equal(s.Refused, refused) {
		t.Errorf("refused %v, want %v", s.Refused, refused)
	}
	if s.LinesIn != 541909 || s.Accepted != 538461 || s.OrdersPlaced != 20726 || s.Returns != 7183 || s.Refunds != 4310 {
		t.Errorf("got %+v", s)
	}
	if s.Gross["GBP"] != "10655622.48" || s.Refunded["GBP"] != "459376.55" || s.Net["GBP"] != "10196245.93" {
		t.Errorf("gross %v, refunded %v, net %v", s.Gross, s.Refunded, s.Net)
	}
}

func checkRealOperations(t *testing.T, p *onlineretail.Plan) {
	var orders, lines, largest, returns, several, guests, longest int
	again := 0 // orders of the invoice number that re-appears
	for _, sequence := range p.Sequences {
		countGuest := sequence.Customer == ""
		longest = max(longest, len(sequence.Operations))
		for _, operation := range sequence.Operations {
			if ret := operation.Return; ret != nil {
				returns++
				for _, line := range ret.Lines {
					if len(line.From) > 1 {
						several++
					}
				}
				continue
			}
			orders++
			lines += len(operation.Place.Lines)
			largest = max(largest, len(operation.Place.Lines))
			if countGuest {
				guests++
			}
			if operation.Place.Invoice == "542806" {
				again++
			}
		}
	}
	got := []int{len(p.Sequences), longest, orders, guests, lines, largest, again, returns, several}
	want := []int{6528, 245, 20726, 2189, 521240, 1114, 2, 3010, 236}
	if !slices.Equal(got, want) {
		t.Errorf("sequences, longest, orders, guests' orders, lines, most lines, orders of 542806, returns, return lines "+
			"from several orders: got %v, want %v", got, want)
	}
}

func checkRealProducts(t *testing.T, p *onlineretail.Plan) {
	var services, unsold, severalPrices, untitled int
	var units, serviceUnits int64
	for _, product := range p.Products {
		units += product.UnitsSold
		if product.Service {
			services++
			serviceUnits += product.UnitsSold
		}
		if product.UnitsSold == 0 {
			unsold++
		}
		if len(product.Prices) > 1 {
			severalPrices++
		}
		if product.Title == product.SKU {
			untitled++
		}
	}
	got := []int{len(p.Products), services, unsold, severalPrices, untitled, int(units), int(serviceUnits)}
	want := []int{4070, 33, 130, 3471, 112, 5660974, 15954}
	if !slices.Equal(got, want) {
		t.Errorf("products, services, unsold, at several prices, without a title, units, service units: got %v, want %v",
			got, want)
	}
	find := func(sku string) onlineretail.Product {
		i := slices.IndexFunc(p.Products, func(product onlineretail.Product) bool { return product.SKU == sku })
		return p.Products[i]
	}
	if mug := find("85123A"); mug.Title != "WHITE HANGING HEART T-LIGHT HOLDER" {
		t.Errorf("85123A is %q", mug.Title)
	}
}

// checkRealAmounts reads the file with other means and works every accepted row's amount out from its text. When all
// of them agree, so do the totals of every invoice, customer, country, month and SKU.
func checkRealAmounts(t *testing.T, o *onlineretail.Outcome) {
	text, err := gzip.NewReader(openReal(t))
	if err != nil {
		t.Fatal(err)
	}
	file := csv.NewReader(text)
	if _, err := file.Read(); err != nil {
		t.Fatal(err)
	}
	for i, line := range report(t, o) {
		row, err := file.Read()
		if err != nil {
			t.Fatal(err)
		}
		record := strings.Split(line, ",")
		want := "0.00"
		if record[2] == "accepted" {
			want = times(t, row[3], row[5])
		}
		if record[1] != row[0] || record[5] != want {
			t.Fatalf("row %d is reported as %s, want invoice %s and %s", i+1, line, row[0], want)
		}
	}
	if _, err := file.Read(); err != io.EOF {
		t.Errorf("the file goes on after the report: %v", err)
	}
}

// times multiplies two decimal numbers, by way of fractions, and writes the product as an amount.
func times(t *testing.T, quantity, price string) string {
	t.Helper()
	a, ok := new(big.Rat).SetString(quantity)
	b, alsoOK := new(big.Rat).SetString(price)
	if !ok || !alsoOK {
		t.Fatalf("%q times %q is no number", quantity, price)
	}
	product := a.Mul(a, b)
	if pence := new(big.Rat).Mul(product, big.NewRat(100, 1)); !pence.IsInt() {
		t.Fatalf("%s times %s was accepted but is no whole number of pence", quantity, price)
	}
	return product.FloatString(2)
}
