package httpapi

import (
	"context"
	"net/url"
	"time"

	"github.com/keelshop/commerce/pricing"
)

// Coupon is a code that a shopper can enter.
type Coupon struct {
	Code      string         `json:"code"`
	Promotion string         `json:"promotion" doc:"What it asks for."`
	Limits    pricing.Limits `json:"limits,omitempty,omitzero" doc:"Its own, beside those of the promotion."`
	Revoked   bool           `json:"revoked" doc:"It has no effect any more."`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
}

func (a *api) addStaffCoupons() {
	const group = "Prices, tax and shipping"
	add(a, route{forStaff, "GET", "/staff/coupons", "list-coupons", group, "List codes", 0, false}, a.listCoupons)
	add(a, route{forStaff, "GET", "/staff/coupons/{code}", "get-coupon", group, "Get a code", 0, false}, a.getCoupon)
	add(a, route{forStaff, "PUT", "/staff/coupons/{code}", "put-coupon", group, "Make a code or replace what is known of it", 0, false}, a.putCoupon)
	add(a, route{forStaff, "POST", "/staff/promotions/{rule}/coupons", "make-coupons", group, "Make many codes for a promotion", 201, false}, a.makeCoupons)
}

func showCoupon(c pricing.Coupon) Coupon {
	return Coupon{Code: c.Code, Promotion: c.Promotion, Limits: c.Limits, Revoked: c.Revoked, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt}
}

type listCouponsInput struct {
	Page
	Promotion string `query:"promotion" maxLength:"100"`
}

func (a *api) listCoupons(ctx context.Context, in *listCouponsInput) (*answer[List[Coupon]], error) {
	after, err := in.from("cpn")
	if err != nil {
		return nil, err
	}
	all := a.shop.Pricing.Coupons(ctx, pricing.CouponFilter{Promotion: in.Promotion, After: pricing.CouponID(after), Limit: in.Limit + 1})
	l, err := collect(all, in.Limit, func(c pricing.Coupon) string { return string(c.ID) }, showCoupon)
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	if in.Promotion != "" {
		query.Set("promotion", in.Promotion)
	}
	return listed(ctx, a, "/staff/coupons", in.Page, query, l), nil
}

type getCouponInput struct {
	Code string `path:"code" maxLength:"100"`
}

func (a *api) getCoupon(ctx context.Context, in *getCouponInput) (*answer[Coupon], error) {
	c, err := a.shop.Pricing.Coupon(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	return &answer[Coupon]{Body: showCoupon(c)}, nil
}

type putCouponInput struct {
	Keyed
	Creating
	Code string `path:"code" maxLength:"100"`
	Body struct {
		Promotion string         `json:"promotion" minLength:"1" maxLength:"100"`
		Limits    pricing.Limits `json:"limits,omitempty"`
		Revoked   bool           `json:"revoked,omitempty"`
	}
}

func (a *api) putCoupon(ctx context.Context, in *putCouponInput) (*answer[Coupon], error) {
	only, err := in.unversioned()
	if err != nil {
		return nil, err
	}
	c, err := a.shop.Pricing.PutCoupon(ctx, pricing.PutCoupon{
		Code: in.Code, Promotion: in.Body.Promotion, Limits: in.Body.Limits, Revoked: in.Body.Revoked, Version: only, Key: in.Key,
	})
	if err != nil {
		return nil, ifMatched[*pricing.ExistsError](only, ifMatched[*pricing.UnknownCodeError](only, err))
	}
	return &answer[Coupon]{Body: showCoupon(c)}, nil
}

// Codes are many codes that were made at once.
type Codes struct {
	Codes []string `json:"codes" nullable:"false"`
}

type makeCouponsInput struct {
	Keyed
	RuleRef
	Body struct {
		Count  int            `json:"count" minimum:"1" maximum:"10000"`
		Prefix string         `json:"prefix,omitempty" maxLength:"40" example:"MAIL-"`
		Length int            `json:"length,omitempty" minimum:"0" maximum:"40" doc:"Random characters of each code; 0 is 12."`
		Limits pricing.Limits `json:"limits,omitempty" doc:"Of each code, as in one use."`
	}
}

func (a *api) makeCoupons(ctx context.Context, in *makeCouponsInput) (*answer[Codes], error) {
	codes, err := a.shop.Pricing.MakeCoupons(ctx, pricing.MakeCoupons{
		Promotion: in.Rule, Prefix: in.Body.Prefix, Count: in.Body.Count, Length: in.Body.Length, Limits: in.Body.Limits, Key: in.Key,
	})
	if err != nil {
		return nil, err
	}
	return &answer[Codes]{Body: Codes{Codes: codes}}, nil
}
