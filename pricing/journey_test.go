package pricing_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// TestCompleteJourney redeems every coupon that 801 households redeemed in a
// year at a grocer's, as 84.51° published them, if COMMERCE_COMPLETEJOURNEY
// names the directory of that data. Each is accepted on its day for a product
// of the coupon; and refused the day after its campaign ends, for a household
// that is not in it, and for a product that the coupon is not for.
func TestCompleteJourney(t *testing.T) {
	dir := os.Getenv("COMMERCE_COMPLETEJOURNEY")
	if dir == "" {
		t.Skip("COMMERCE_COMPLETEJOURNEY does not name a directory with coupons.csv.gz and its companions")
	}
	j := journey{ends: map[string]time.Time{}, periods: map[string]pricing.Period{}, members: map[string][]string{}, products: map[string][]catalog.SKU{}}
	j.read(t, dir)
	used := map[string]int{} // by household and coupon
	accepted, refused := 0, 0
	table(t, filepath.Join(dir, "coupon_redemptions.csv.gz"), func(row map[string]string) {
		household, campaign := row["household_id"], row["campaign_id"]
		coupon := campaign + "-" + row["coupon_upc"]
		on, err := time.Parse(time.DateOnly, row["redemption_date"])
		if err != nil {
			t.Fatal(err)
		}
		rules := j.rules(t, campaign, coupon)
		product := j.products[coupon][0]
		try := func(at time.Time, groups []string, sku catalog.SKU) bool {
			q, err := rules.Price(pricing.Input{
				Currency: "USD", At: pricing.At(at), LoggedIn: true, Groups: groups, Coupons: []pricing.Coupon{{Code: coupon, Promotion: "coupon"}},
				Lines: []pricing.Line{{SKU: sku, Quantity: 1, UnitPrice: 300}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return len(q.Promotions) == 1 && q.Discount == 100 && q.Total == 200 && q.Codes[0].Reason == ""
		}
		mine := j.members[household]
		if used[household+" "+coupon]++; used[household+" "+coupon] > 2 {
			t.Errorf("household %s redeems %s more than twice", household, coupon)
		}
		if try(on, mine, product) && try(on.Add(24*time.Hour-time.Millisecond), mine, product) {
			accepted++
		} else {
			t.Errorf("household %s is refused %s on %v", household, coupon, on)
		}
		after := j.ends[campaign].AddDate(0, 0, 1)
		if try(after, mine, product) || try(on, without(mine, "campaign-"+campaign), product) || try(on, mine, "no such product") {
			t.Errorf("%s is accepted for what it is not for", coupon)
		} else {
			refused += 3
		}
	})
	if accepted != 2102 || refused != 3*2102 {
		t.Errorf("%d were accepted and %d refused", accepted, refused)
	}
}

// journey is what a year's coupons are for.
type journey struct {
	ends     map[string]time.Time // of campaigns
	periods  map[string]pricing.Period
	members  map[string][]string      // the campaigns of a household, as groups
	products map[string][]catalog.SKU // of a coupon in a campaign
	last     *pricing.Rules
	lastOf   string
}

func (j *journey) read(t *testing.T, dir string) {
	t.Helper()
	table(t, filepath.Join(dir, "campaign_descriptions.csv.gz"), func(row map[string]string) {
		first, err := time.Parse(time.DateOnly, row["start_date"])
		if err != nil {
			t.Fatal(err)
		}
		last, err := time.Parse(time.DateOnly, row["end_date"])
		if err != nil {
			t.Fatal(err)
		}
		j.ends[row["campaign_id"]], j.periods[row["campaign_id"]] = last, pricing.Days(first, last)
	})
	table(t, filepath.Join(dir, "campaigns.csv.gz"), func(row map[string]string) {
		j.members[row["household_id"]] = append(j.members[row["household_id"]], "campaign-"+row["campaign_id"])
	})
	table(t, filepath.Join(dir, "coupons.csv.gz"), func(row map[string]string) {
		coupon := row["campaign_id"] + "-" + row["coupon_upc"]
		j.products[coupon] = append(j.products[coupon], catalog.SKU(row["product_id"]))
	})
}

// rules returns rules with one promotion, that of a coupon.
func (j *journey) rules(t *testing.T, campaign, coupon string) *pricing.Rules {
	t.Helper()
	if j.lastOf == coupon {
		return j.last
	}
	products := j.products[coupon]
	if len(products) == 0 {
		t.Fatalf("coupon %s is for nothing", coupon)
	}
	items := pricing.Selector{SKUs: products}
	r, err := pricing.NewRules(pricing.Settings{}, nil, nil, pricing.Promotion{
		ID: "coupon", Name: coupon, NeedsCode: true, Period: j.periods[campaign],
		If:     pricing.Conditions{Items: items, Groups: []string{"campaign-" + campaign}},
		Effect: pricing.Effect{Kind: pricing.AmountOff, Items: items, Amounts: []money.Amount{money.New(100, "USD")}},
		Limits: pricing.Limits{PerCustomer: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	j.last, j.lastOf = r, coupon
	return r
}

func without(list []string, one string) (out []string) {
	for _, s := range list {
		if s != one {
			out = append(out, s)
		}
	}
	return out
}

// table reads a compressed CSV file with a header.
func table(t *testing.T, path string, row func(map[string]string)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := csv.NewReader(plain)
	lines.ReuseRecord = true
	header, err := lines.Read()
	if err != nil {
		t.Fatal(err)
	}
	names := append([]string(nil), header...)
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		values := make(map[string]string, len(names))
		for i, name := range names {
			values[name] = record[i]
		}
		row(values)
	}
}

// TestCompleteJourneyLines prices 75,000 lines of the same grocer with the
// discounts as they were given. The base of a line is what it sold for and its
// retail and match discounts. Lines without units, and lines whose coupon is
// worth more than their base, are refused; what is accepted and what is
// refused add up to the columns of the file.
func TestCompleteJourneyLines(t *testing.T) {
	dir := os.Getenv("COMMERCE_COMPLETEJOURNEY")
	if dir == "" {
		t.Skip("COMMERCE_COMPLETEJOURNEY does not name a directory with transactions_sample.csv.gz")
	}
	type sums struct{ lines, sales, retail, coupon, match int64 }
	var accepted, noUnits, tooLarge sums
	add := func(to *sums, row map[string]string) {
		to.lines++
		for column, sum := range map[string]*int64{"sales_value": &to.sales, "retail_disc": &to.retail, "coupon_disc": &to.coupon, "coupon_match_disc": &to.match} {
			*sum += dollars(t, row[column])
		}
	}
	table(t, filepath.Join(dir, "transactions_sample.csv.gz"), func(row map[string]string) {
		coupon := dollars(t, row["coupon_disc"])
		base := dollars(t, row["sales_value"]) + dollars(t, row["retail_disc"]) + dollars(t, row["coupon_match_disc"])
		rules, err := pricing.NewRules(pricing.Settings{}, nil, nil, pricing.Promotion{
			ID: "coupon", Name: "coupon", Effect: pricing.Effect{Kind: pricing.AmountOff, Amounts: []money.Amount{money.New(coupon, "USD")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		units := int64(1) // the total of the line is the truth, and may not divide by its units
		if row["quantity"] == "0" {
			units = 0
		}
		q, err := rules.Price(pricing.Input{Currency: "USD", Lines: []pricing.Line{{SKU: catalog.SKU(row["product_id"]), Quantity: units, UnitPrice: base}}})
		switch {
		case fault.CodeOf(err) == fault.Invalid && err != nil:
			add(&noUnits, row)
		case err != nil:
			t.Fatal(err)
		case q.Discount < coupon: // a discount never exceeds its base
			add(&tooLarge, row)
			if q.Discount != base || q.Total != 0 {
				t.Errorf("%v: %+v", row, q)
			}
		default:
			add(&accepted, row)
			if q.Total != base-coupon {
				t.Errorf("%v: %+v", row, q)
			}
		}
	})
	total := sums{
		accepted.lines + noUnits.lines + tooLarge.lines, accepted.sales + noUnits.sales + tooLarge.sales, accepted.retail + noUnits.retail + tooLarge.retail,
		accepted.coupon + noUnits.coupon + tooLarge.coupon, accepted.match + noUnits.match + tooLarge.match,
	}
	if want := (sums{75_000, 23_393_524, 4_018_091, 135_671, 24_210}); total != want {
		t.Errorf("the columns add up to %+v, want %+v", total, want)
	}
	if noUnits.lines != 416 {
		t.Errorf("%d lines have no units", noUnits.lines)
	}
	t.Logf("accepted %+v, without units %+v, coupon above the base %+v", accepted, noUnits, tooLarge)
}

// dollars reads an amount in dollars as cents. One row of the file holds what a
// sum of floating-point numbers left over, 4.440892e-16, which is nothing.
func dollars(t *testing.T, s string) int64 {
	t.Helper()
	if strings.Contains(s, "e-") {
		return 0
	}
	a, _, err := money.ParseDecimalRounded(s, "USD", money.HalfEven)
	if err != nil {
		t.Fatal(err)
	}
	return a.Minor()
}
