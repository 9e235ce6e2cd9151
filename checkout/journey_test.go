package checkout_test

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// journeyData holds a year of a grocer's coupons, as 84.51° published them.
const journeyData = "../../shared/data/completejourney"

// redemption is one use of a coupon in that year.
type redemption struct {
	household, campaign, coupon string // the coupon within its campaign
	on                          time.Time
}

// TestCompleteJourney has the grocer's households redeem their coupons at the
// checkout, each on its day, a minute before midnight: 136 of them, with all
// that were used twice, or all 2,102 with COMMERCE_LONG=1. The same coupon is
// worth nothing for a household that is not in its campaign, for a product that
// no coupon is for, and the day after the campaign; and who has used it twice
// cannot use it a third time.
func TestCompleteJourney(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(journeyData); err != nil && os.Getenv("COMMERCE_LONG") == "" {
		t.Skipf("the data of the grocer is not there: %v", err)
	}
	j := openJourney(t)
	s := j.shop
	twice := map[redemption]int{}
	thirds := 0
	for _, r := range j.uses {
		j.refusedUntil(r.on)
		s.engine.Advance(r.on.Add(24*time.Hour - time.Minute).Sub(s.engine.Now()))
		household := j.account(r.household)
		refusedBy(t, r, j.worthNothing(household, "none", r), pricing.CodeMinimum)
		refusedBy(t, r, j.worthNothing(j.account("a stranger"), j.product(r), r), pricing.CodeIneligible)
		bought, err := j.buys(household, r)
		if err != nil || bought.Discount != money.New(100, "USD") {
			t.Fatalf("%+v: a discount of %v, %v", r, bought.Discount, err)
		}
		same := r
		same.on = time.Time{}
		if twice[same]++; twice[same] == 2 {
			thirds++
			refusedBy(t, r, j.worthNothing(household, j.product(r), r), pricing.CodeLimit)
		}
	}
	j.refusedUntil(s.engine.Now().AddDate(2, 0, 0))
	if thirds != 27 {
		t.Errorf("%d coupons were used twice", thirds)
	}
	uses, refused := 136, 377
	if long() {
		uses, refused = 2_102, 4_788
	}
	if len(j.uses) != uses || j.refusals != refused {
		t.Errorf("%d uses, want %d; %d tries were refused, want %d", len(j.uses), uses, j.refusals, refused)
	}
}

func refusedBy(t testing.TB, r redemption, have, want pricing.CodeReason) {
	t.Helper()
	if have != want {
		t.Errorf("%+v is refused by %q, want %q", r, have, want)
	}
}

// journey is the grocer's shop.
type journey struct {
	*shop
	uses     []redemption             // in their order
	ends     map[string]time.Time     // the last days of campaigns
	members  map[string][]string      // the groups of a household
	products map[string][]catalog.SKU // of a coupon
	after    map[string][]redemption  // what is tried after a campaign
	ids      map[string]accounts.CustomerID
	refusals int
}

// openJourney opens the shop in the year of the data, which is moved to begin
// after the clock of the store, with the campaigns' promotions and the coupons'
// products.
func openJourney(t *testing.T) *journey {
	j := &journey{
		shop: newShop(t, 4), ends: map[string]time.Time{}, members: map[string][]string{}, products: map[string][]catalog.SKU{},
		after: map[string][]redemption{}, ids: map[string]accounts.CustomerID{},
	}
	shift := 0 // days
	day := func(text string) time.Time {
		d, err := time.Parse(time.DateOnly, text)
		j.must(err)
		return d.AddDate(0, 0, shift)
	}
	shift = int(j.engine.Now().Sub(day("2016-11-01"))/(24*time.Hour)) + 1
	used := map[string]bool{}
	count := map[string]int{}
	table := journeyTable(t, "coupon_redemptions")
	for _, row := range table {
		count[row["household_id"]+" "+row["campaign_id"]+" "+row["coupon_upc"]]++
	}
	for i, row := range table {
		if !long() && i%25 != 0 && count[row["household_id"]+" "+row["campaign_id"]+" "+row["coupon_upc"]] < 2 {
			continue
		}
		r := redemption{row["household_id"], row["campaign_id"], row["campaign_id"] + "-" + row["coupon_upc"], day(row["redemption_date"])}
		j.uses = append(j.uses, r)
		if !used[r.coupon] {
			j.after[r.campaign] = append(j.after[r.campaign], r)
		}
		used[r.coupon] = true
	}
	slices.SortStableFunc(j.uses, func(a, b redemption) int { return a.on.Compare(b.on) })
	for _, row := range journeyTable(t, "coupons") {
		if name := row["campaign_id"] + "-" + row["coupon_upc"]; used[name] {
			j.products[name] = append(j.products[name], catalog.SKU(row["product_id"]))
		}
	}
	for _, row := range journeyTable(t, "campaigns") {
		j.members[row["household_id"]] = append(j.members[row["household_id"]], "campaign-"+row["campaign_id"])
	}
	periods := map[string]pricing.Period{}
	for _, row := range journeyTable(t, "campaign_descriptions") {
		j.ends[row["campaign_id"]] = day(row["end_date"])
		periods[row["campaign_id"]] = pricing.Days(day(row["start_date"]), day(row["end_date"]))
	}
	j.sell("none")
	sold := map[catalog.SKU]bool{}
	for _, r := range j.uses {
		if !used[r.coupon] {
			continue
		}
		used[r.coupon] = false
		if sku := j.product(r); !sold[sku] {
			sold[sku] = true
			j.sell(sku)
		}
		items := pricing.Selector{SKUs: j.products[r.coupon]}
		_, err := j.pricing.PutPromotion(j.ctx(), pricing.PutPromotion{Promotion: pricing.Promotion{
			ID: r.coupon, Name: "coupon " + r.coupon, NeedsCode: true, Period: periods[r.campaign],
			If:     pricing.Conditions{Items: items, Groups: []string{"campaign-" + r.campaign}},
			Effect: pricing.Effect{Kind: pricing.AmountOff, Items: items, Amounts: []money.Amount{money.New(100, "USD")}},
			Limits: pricing.Limits{PerCustomer: 2},
		}})
		j.must(err)
		j.coupon(r.coupon, r.coupon, pricing.Limits{})
	}
	return j
}

func (j *journey) product(r redemption) catalog.SKU { return j.products[r.coupon][0] }

func (j *journey) sell(sku catalog.SKU) {
	j.Helper()
	_, err := j.catalog.PutProduct(j.ctx(), catalog.PutProduct{Title: "Product " + string(sku), Variants: []catalog.PutVariant{
		{SKU: sku, Prices: []money.Amount{money.New(300, "USD")}, Untracked: true},
	}})
	j.must(err)
}

// account returns the account of a household.
func (j *journey) account(household string) accounts.CustomerID {
	j.Helper()
	if j.ids[household] == "" {
		c, err := j.people.Register(j.ctx(), accounts.Register{Groups: j.members[household]})
		j.must(err)
		j.ids[household] = c.ID
	}
	return j.ids[household]
}

// buys redeems a coupon for one of its products.
func (j *journey) buys(household accounts.CustomerID, r redemption) (checkout.Result, error) {
	j.Helper()
	c := j.basketIn(household, j.product(r))
	j.enters(c, r.coupon)
	return j.pay(c, approves)
}

func (j *journey) basketIn(household accounts.CustomerID, sku catalog.SKU) cart.ID {
	j.Helper()
	c, err := j.carts.AddLine(j.ctx(), cart.AddLine{Customer: household, Currency: "USD", SKU: sku, Quantity: 1})
	j.must(err)
	return c.ID
}

// worthNothing fails the test if a coupon can be put on a cart and reduces it.
// It returns why not.
func (j *journey) worthNothing(household accounts.CustomerID, sku catalog.SKU, r redemption) pricing.CodeReason {
	j.Helper()
	j.refusals++
	id := j.basketIn(household, sku)
	c, err := j.carts.ApplyCode(j.ctx(), cart.ApplyCode{Cart: id, Code: r.coupon})
	if refused, ok := errors.AsType[*cart.CodeError](err); ok {
		return refused.Reason
	}
	if err != nil || c.Discount != money.New(0, "USD") || len(c.Codes) != 1 || c.Codes[0].Reason == "" {
		j.Fatalf("%+v reduces %s by %v: %+v, %v", r, sku, c.Discount, c.Codes, err)
	}
	return c.Codes[0].Reason
}

// refusedUntil tries the coupons of campaigns that have ended before a day, on
// the days after their last ones.
func (j *journey) refusedUntil(day time.Time) {
	j.Helper()
	var over []string
	for campaign := range j.after {
		if j.ends[campaign].Before(day) {
			over = append(over, campaign)
		}
	}
	slices.SortFunc(over, func(a, b string) int { return cmp.Or(j.ends[a].Compare(j.ends[b]), cmp.Compare(a, b)) })
	for _, campaign := range over {
		if next := j.ends[campaign].AddDate(0, 0, 1); j.engine.Now().Before(next) {
			j.engine.Advance(next.Sub(j.engine.Now()))
		}
		for _, r := range j.after[campaign] {
			refusedBy(j.shop.TB, r, j.worthNothing(j.account(r.household), j.product(r), r), pricing.CodeExpired)
		}
		delete(j.after, campaign)
	}
}

// journeyTable reads one of the data's tables.
func journeyTable(t *testing.T, name string) (out []map[string]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(journeyData, name+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(plain).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatal(fmt.Errorf("%s: %w", name, err))
	}
	for _, row := range rows[1:] {
		values := make(map[string]string, len(row))
		for i, v := range row {
			values[rows[0][i]] = v
		}
		out = append(out, values)
	}
	return out
}
