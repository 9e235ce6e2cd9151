package pricing_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// journeyData holds a year of a grocer's coupons and a sample of what 801
// households bought, as 84.51° published them.
const journeyData = "../../shared/data/completejourney"

func needJourney(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(journeyData); err != nil && os.Getenv("COMMERCE_LONG") == "" {
		t.Skipf("the data of the grocer is not there: %v", err)
	}
}

// TestCompleteJourney redeems every coupon that the households redeemed. Each
// is accepted on its day for a product of the coupon; and refused the day after
// its campaign ends, for a household that is not in it, and for a product that
// the coupon is not for. What a store does with them is shown by the test of
// the same name in package checkout.
func TestCompleteJourney(t *testing.T) {
	needJourney(t)
	j := journey{ends: map[string]time.Time{}, periods: map[string]pricing.Period{}, members: map[string][]string{}, products: map[string][]catalog.SKU{}}
	j.read(t, journeyData)
	used := map[string]int{} // by household and coupon
	accepted, refused := 0, 0
	table(t, filepath.Join(journeyData, "coupon_redemptions.csv.gz"), func(row map[string]string) {
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

// journeyLine is one line of the sample, in cents.
type journeyLine struct {
	product                      catalog.SKU
	units                        int64
	sales, retail, match, coupon int64
}

// base is what the coupon comes off.
func (l journeyLine) base() int64 { return l.sales + l.retail + l.match }

// journeySums adds lines up.
type journeySums struct{ lines, sales, retail, coupon, match int64 }

func (s *journeySums) add(l journeyLine) {
	s.lines++
	s.sales, s.retail, s.coupon, s.match = s.sales+l.sales, s.retail+l.retail, s.coupon+l.coupon, s.match+l.match
}

// TestCompleteJourneyBaskets prices the sample's 47,243 baskets with the
// coupons as they were given. Lines without units and lines whose coupon is
// more than their base are refused, each by an error of its own that names the
// line; the rest of their basket is priced without them. What is accepted and
// what is refused add up to the columns of the file.
func TestCompleteJourneyBaskets(t *testing.T) {
	needJourney(t)
	var names []string
	baskets := map[string][]journeyLine{}
	table(t, filepath.Join(journeyData, "transactions_sample.csv.gz"), func(row map[string]string) {
		units, err := strconv.ParseInt(row["quantity"], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		name := row["basket_id"]
		if baskets[name] == nil {
			names = append(names, name)
		}
		baskets[name] = append(baskets[name], journeyLine{
			product: catalog.SKU(row["product_id"]), units: units, sales: dollars(t, row["sales_value"]), retail: dollars(t, row["retail_disc"]),
			match: dollars(t, row["coupon_match_disc"]), coupon: dollars(t, row["coupon_disc"]),
		})
	})
	rules, err := pricing.NewRules(pricing.Settings{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var accepted, noUnits, tooMuch, total journeySums
	above := 0
	var base, off int64 // of what was priced
	for _, name := range names {
		left := baskets[name]
		for _, l := range left {
			total.add(l)
			if isGivenTooMuch(rules, l) {
				above++
			}
		}
		for len(left) > 0 {
			refused, by, q := priceJourney(t, rules, left)
			if refused < 0 {
				base, off = base+q.Subtotal, off+q.Discount
				break
			}
			l := left[refused]
			if by == "line" {
				noUnits.add(l)
			} else {
				tooMuch.add(l)
			}
			left = slices.Delete(left, refused, refused+1)
		}
		for _, l := range left {
			accepted.add(l)
		}
	}
	if len(names) != 47_243 || noUnits.lines != 416 || tooMuch.lines != 12 || above != 153 || accepted.lines != 75_000-416-12 {
		t.Errorf("%d baskets, %d lines without units, %d others whose coupon is too much, %d with any number of units, %d accepted", len(names), noUnits.lines, tooMuch.lines, above, accepted.lines)
	}
	if want := (journeySums{75_000, 23_393_524, 4_018_091, 135_671, 24_210}); total != want {
		t.Errorf("the columns add up to %+v, want %+v", total, want)
	}
	if base != accepted.sales+accepted.retail+accepted.match || off != accepted.coupon {
		t.Errorf("the baskets come to %d less %d, want %d less %d", base, off, accepted.sales+accepted.retail+accepted.match, accepted.coupon)
	}
	for _, s := range []journeySums{noUnits, tooMuch} {
		accepted.lines, accepted.sales, accepted.retail, accepted.coupon, accepted.match = accepted.lines+s.lines, accepted.sales+s.sales, accepted.retail+s.retail, accepted.coupon+s.coupon, accepted.match+s.match
	}
	if accepted != total {
		t.Errorf("what was accepted and what was refused add up to %+v of %+v", accepted, total)
	}
}

// priceJourney prices a basket, and checks what it comes to. It returns the
// line that is refused, and by which rule; -1 is none.
func priceJourney(t *testing.T, rules *pricing.Rules, basket []journeyLine) (refused int, by string, q pricing.Quote) {
	t.Helper()
	in, want := pricing.Input{Currency: "USD"}, int64(0)
	for i, l := range basket {
		// The total of a line is the truth, and may not divide by its units.
		in.Lines = append(in.Lines, pricing.Line{SKU: l.product, Quantity: min(l.units, 1), UnitPrice: l.base()})
		in.Given = append(in.Given, pricing.Given{Line: i + 1, Name: "coupon", Amount: l.coupon})
		want += l.base() - l.coupon
	}
	q, err := rules.Price(in)
	if e, ok := errors.AsType[*pricing.LineError](err); ok {
		return e.Line - 1, "line", q
	}
	if e, ok := errors.AsType[*pricing.GivenError](err); ok {
		return e.Line - 1, "given", q
	}
	if err != nil || q.Total != want {
		t.Fatalf("%+v comes to %d, %v, want %d", basket, q.Total, err, want)
	}
	return -1, "", q
}

// isGivenTooMuch reports whether the coupon of a line is refused whatever its
// units are.
func isGivenTooMuch(rules *pricing.Rules, l journeyLine) bool {
	_, err := rules.Price(pricing.Input{
		Currency: "USD", Lines: []pricing.Line{{SKU: l.product, Quantity: 1, UnitPrice: l.base()}},
		Given: []pricing.Given{{Line: 1, Name: "coupon", Amount: l.coupon}},
	})
	_, ok := errors.AsType[*pricing.GivenError](err)
	return ok
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
