package httpapi

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// Rules are what carts are priced by. They are read as they are put, so that
// what was read can be changed and put back.
type Rules struct {
	Version       int64                  `json:"version" doc:"Counts the changes of all rules; it is the ETag of each of them."`
	Settings      pricing.Settings       `json:"settings"`
	TaxZones      []pricing.TaxZone      `json:"tax_zones" nullable:"false"`
	ShippingZones []pricing.ShippingZone `json:"shipping_zones" nullable:"false"`
	Promotions    []pricing.Promotion    `json:"promotions" nullable:"false"`
	QuantityRules []pricing.QuantityRule `json:"quantity_rules" nullable:"false"`
	Fees          []pricing.Fee          `json:"fees" nullable:"false"`
}

func (a *api) addStaffRules() {
	const group = "Prices, tax and shipping"
	add(a, route{forStaff, "GET", "/staff/rules", "get-rules", group, "Get all that carts are priced by", 0, false}, a.getRules)
	add(a, route{forStaff, "PUT", "/staff/settings", "put-settings", group, "Replace the settings of the shop", 0, false}, a.putSettings)
	add(a, route{forStaff, "PUT", "/staff/tax-zones/{rule}", "put-tax-zone", group, "Make or replace a tax zone", 0, false}, putRule(func(r *pricing.TaxZone) *string { return &r.ID }, a.putTaxZone))
	add(a, route{forStaff, "DELETE", "/staff/tax-zones/{rule}", "remove-tax-zone", group, "Remove a tax zone", 204, false}, a.removeRule(pricing.KindTaxZone))
	add(a, route{forStaff, "PUT", "/staff/shipping-zones/{rule}", "put-shipping-zone", group, "Make or replace a shipping zone", 0, false}, putRule(func(r *pricing.ShippingZone) *string { return &r.ID }, a.putShippingZone))
	add(a, route{forStaff, "DELETE", "/staff/shipping-zones/{rule}", "remove-shipping-zone", group, "Remove a shipping zone", 204, false}, a.removeRule(pricing.KindShippingZone))
	add(a, route{forStaff, "PUT", "/staff/promotions/{rule}", "put-promotion", group, "Make or replace a promotion", 0, false}, putRule(func(r *pricing.Promotion) *string { return &r.ID }, a.putPromotion))
	add(a, route{forStaff, "DELETE", "/staff/promotions/{rule}", "remove-promotion", group, "Remove a promotion", 204, false}, a.removeRule(pricing.KindPromotion))
	add(a, route{forStaff, "PUT", "/staff/quantity-rules/{rule}", "put-quantity-rule", group, "Make or replace a rule for quantities", 0, false}, putRule(func(r *pricing.QuantityRule) *string { return &r.ID }, a.putQuantityRule))
	add(a, route{forStaff, "DELETE", "/staff/quantity-rules/{rule}", "remove-quantity-rule", group, "Remove a rule for quantities", 204, false}, a.removeRule(pricing.KindQuantityRule))
	add(a, route{forStaff, "PUT", "/staff/fees/{rule}", "put-fee", group, "Make or replace a fee", 0, false}, putRule(func(r *pricing.Fee) *string { return &r.ID }, a.putFee))
	add(a, route{forStaff, "DELETE", "/staff/fees/{rule}", "remove-fee", group, "Remove a fee", 204, false}, a.removeRule(pricing.KindFee))
}

// ruleTypes tells huma how types that write themselves look in JSON, and keeps
// names of package pricing apart from those of the API.
func ruleTypes() huma.Registry {
	types := huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if strings.HasSuffix(t.PkgPath(), "/pricing") && !strings.HasPrefix(name, "List") {
			return "Rule" + name
		}
		return name
	})
	types.RegisterTypeAlias(reflect.TypeFor[money.Amount](), reflect.TypeFor[MoneyInput]())
	types.RegisterTypeAlias(reflect.TypeFor[money.Rate](), reflect.TypeFor[string]())
	types.RegisterTypeAlias(reflect.TypeFor[money.Rounding](), reflect.TypeFor[string]())
	types.RegisterTypeAlias(reflect.TypeFor[pricing.Moment](), reflect.TypeFor[time.Time]())
	return types
}

func rulesAnswer(r *pricing.Rules) *answer[Rules] {
	return &answer[Rules]{ETag: web.ETag(r.Version, ""), Body: Rules{
		Version: r.Version, Settings: r.Settings, TaxZones: none(r.TaxZones()), ShippingZones: none(r.ShippingZones()),
		Promotions: none(r.Promotions()), QuantityRules: none(r.QuantityRules()), Fees: none(r.Fees()),
	}}
}

// none is a list that is never null.
func none[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type getRulesInput struct {
	Read
}

func (a *api) getRules(ctx context.Context, in *getRulesInput) (*answer[Rules], error) {
	r, err := a.shop.Pricing.Rules(ctx)
	if err != nil {
		return nil, err
	}
	out := rulesAnswer(r)
	out.ETag = web.ETag(r.Version, variantOf(ctx))
	return out, out.unlessMatched(in.IfNoneMatch)
}

// rulesChanged is the answer to a change of the rules.
func rulesChanged(r *pricing.Rules, version int64, err error) (*answer[Rules], error) {
	if err != nil {
		return nil, ifMatched[*pricing.VersionError](version, err)
	}
	return rulesAnswer(r), nil
}

type RuleRef struct {
	Rule string `path:"rule" maxLength:"100" doc:"The rule's ID."`
}

// named checks that a body names no other rule than the path.
func (r RuleRef) named(id string) error {
	if id != "" && id != r.Rule {
		return &fieldError{"body.id", fmt.Sprintf("is not %q, which the path names", r.Rule)}
	}
	return nil
}

type putSettingsInput struct {
	Keyed
	Conditional
	Body pricing.Settings
}

func (a *api) putSettings(ctx context.Context, in *putSettingsInput) (*answer[Rules], error) {
	version, err := in.ofAll()
	if err != nil {
		return nil, err
	}
	r, err := a.shop.Pricing.PutSettings(ctx, pricing.PutSettings{Settings: in.Body, Version: version, Key: in.Key})
	return rulesChanged(r, version, err)
}

type putRuleInput[T any] struct {
	Keyed
	Creating
	RuleRef
	Body T
}

// putRule handles the change of a rule that a path names. idOf is where the
// rule keeps its ID.
func putRule[T any](idOf func(*T) *string, put func(context.Context, T, int64, string) (*pricing.Rules, error)) func(context.Context, *putRuleInput[T]) (*answer[Rules], error) {
	return func(ctx context.Context, in *putRuleInput[T]) (*answer[Rules], error) {
		version, err := in.ofAll()
		if err == nil {
			err = in.named(*idOf(&in.Body))
		}
		if err != nil {
			return nil, err
		}
		*idOf(&in.Body) = in.Rule
		r, err := put(ctx, in.Body, version, in.Key)
		err = ifMatched[*pricing.ExistsError](version, ifMatched[*pricing.NotFoundError](version, err))
		return rulesChanged(r, version, err)
	}
}

func (a *api) putTaxZone(ctx context.Context, z pricing.TaxZone, version int64, key string) (*pricing.Rules, error) {
	return a.shop.Pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: z, Version: version, Key: key})
}

func (a *api) putShippingZone(ctx context.Context, z pricing.ShippingZone, version int64, key string) (*pricing.Rules, error) {
	return a.shop.Pricing.PutShippingZone(ctx, pricing.PutShippingZone{Zone: z, Version: version, Key: key})
}

func (a *api) putPromotion(ctx context.Context, p pricing.Promotion, version int64, key string) (*pricing.Rules, error) {
	return a.shop.Pricing.PutPromotion(ctx, pricing.PutPromotion{Promotion: p, Version: version, Key: key})
}

func (a *api) putQuantityRule(ctx context.Context, q pricing.QuantityRule, version int64, key string) (*pricing.Rules, error) {
	return a.shop.Pricing.PutQuantityRule(ctx, pricing.PutQuantityRule{Rule: q, Version: version, Key: key})
}

func (a *api) putFee(ctx context.Context, f pricing.Fee, version int64, key string) (*pricing.Rules, error) {
	return a.shop.Pricing.PutFee(ctx, pricing.PutFee{Fee: f, Version: version, Key: key})
}

type removeRuleInput struct {
	Keyed
	Conditional
	RuleRef
}

func (a *api) removeRule(kind pricing.Kind) func(context.Context, *removeRuleInput) (*struct{}, error) {
	return func(ctx context.Context, in *removeRuleInput) (*struct{}, error) {
		version, err := in.ofAll()
		if err != nil {
			return nil, err
		}
		_, err = a.shop.Pricing.Remove(ctx, pricing.Remove{Rule: kind, ID: in.Rule, Version: version, Key: in.Key})
		return nil, ifMatched[*pricing.VersionError](version, err)
	}
}
