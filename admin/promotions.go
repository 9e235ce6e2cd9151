package admin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

type promotionsPage struct {
	page
	Promotions []pricing.Promotion
	Coupons    map[string][]pricing.Coupon // by promotion, the first few of each
	Currencies []money.Currency
	Version    int64
}

// mostCoupons is how many codes the list shows of all.
const mostCoupons = 200

func listPromotions(v *visit) error {
	rules, err := v.site.shop.Pricing.Rules(v.ctx())
	if err != nil {
		return err
	}
	data := promotionsPage{
		page: v.page("Promotions", "promotions"), Promotions: rules.Promotions(), Version: rules.Version,
		Currencies: v.site.Currencies, Coupons: map[string][]pricing.Coupon{},
	}
	for c, err := range v.site.shop.Pricing.Coupons(v.ctx(), pricing.CouponFilter{Limit: mostCoupons}) {
		if err != nil {
			return err
		}
		data.Coupons[c.Promotion] = append(data.Coupons[c.Promotion], c)
	}
	return v.show(200, "promotions", data)
}

// putPromotion makes a promotion of the simple kinds: a percentage or an amount
// off all goods, or free shipping, from a subtotal on, with a code or without.
// Others are made through the API.
func putPromotion(v *visit) error {
	p, code, err := v.readPromotion()
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(v.r.PostFormValue("version"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "the form does not say which version it was made for")
	}
	rules, err := v.site.shop.Pricing.Rules(v.ctx())
	if err != nil {
		return err
	}
	if _, taken := rules.Promotion(p.ID); taken && rules.Version != version+1 { // not this form, sent again
		return fault.New(fault.Conflict, "there is a promotion %q already: choose another ID", p.ID)
	}
	if _, err := v.site.shop.Pricing.PutPromotion(v.ctx(), pricing.PutPromotion{Promotion: p, Version: version, Key: v.key()}); err != nil {
		return err
	}
	if code != "" {
		if _, err := v.site.shop.Pricing.PutCoupon(v.ctx(), pricing.PutCoupon{Code: code, Promotion: p.ID, Key: v.key() + "/code"}); err != nil {
			return err
		}
	}
	return v.done("/promotions", "saved")
}

func (v *visit) readPromotion() (p pricing.Promotion, code string, err error) {
	field := func(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }
	code = field("code")
	p = pricing.Promotion{ID: field("id"), Name: field("name"), NeedsCode: code != ""}
	currency := money.Currency(field("currency"))
	switch p.Effect.Kind = pricing.EffectKind(field("kind")); p.Effect.Kind {
	case pricing.PercentOff:
		if p.Effect.Rate, err = money.ParseRate(strings.TrimSuffix(field("value"), "%") + "%"); err != nil {
			return p, code, fmt.Errorf("reading the percentage: %w", err)
		}
	case pricing.AmountOff:
		a, err := money.ParseDecimal(field("value"), currency)
		if err != nil {
			return p, code, fmt.Errorf("reading the amount: %w", err)
		}
		p.Effect.Amounts = []money.Amount{a}
	case pricing.FreeShipping:
		p.Effect.Rate = money.Percent(100)
	default:
		return p, code, fault.New(fault.Invalid, "a promotion of the kind %q is not made here", p.Effect.Kind)
	}
	if least := field("least"); least != "" {
		a, err := money.ParseDecimal(least, currency)
		if err != nil {
			return p, code, fmt.Errorf("reading the least subtotal: %w", err)
		}
		p.If.MinSubtotal = []money.Amount{a}
	}
	if p.Limits.Uses, err = whole(field("uses")); err != nil {
		return p, code, err
	}
	if p.Limits.PerCustomer, err = whole(field("each")); err != nil {
		return p, code, err
	}
	p.Period, err = days(field("from"), field("until"))
	return p, code, err
}

func whole(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "%q is not a whole number", s)
	}
	return n, nil
}

// days reads the first and the last day of a period, in UTC.
func days(first, last string) (pricing.Period, error) {
	var p pricing.Period
	for _, c := range []struct {
		text string
		add  int
		into *pricing.Moment
	}{{first, 0, &p.From}, {last, 1, &p.Until}} {
		if c.text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, c.text)
		if err != nil {
			return p, fault.New(fault.Invalid, "%q is not a day", c.text)
		}
		*c.into = pricing.At(t.AddDate(0, 0, c.add))
	}
	return p, nil
}

func pausePromotion(v *visit) error {
	rules, err := v.site.shop.Pricing.Rules(v.ctx())
	if err != nil {
		return err
	}
	p, ok := rules.Promotion(v.r.PathValue("promotion"))
	if !ok {
		return fault.New(fault.NotFound, "there is no promotion %q", v.r.PathValue("promotion"))
	}
	p.Paused = v.r.PostFormValue("paused") == "yes"
	if _, err := v.site.shop.Pricing.PutPromotion(v.ctx(), pricing.PutPromotion{Promotion: p, Version: rules.Version, Key: v.key()}); err != nil {
		return err
	}
	return v.done("/promotions", "saved")
}
