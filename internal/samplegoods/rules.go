package samplegoods

import (
	"context"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/pricing"
)

// taxes are the value-added taxes of some countries, in percent: the standard
// rate and that on food. They were so in 2026.
var taxes = []struct {
	country        string
	standard, food string
}{
	{"DE", "19%", "7%"}, {"AT", "20%", "10%"}, {"FR", "20%", "5.5%"}, {"NL", "21%", "9%"}, {"BE", "21%", "6%"},
	{"IT", "22%", "10%"}, {"ES", "21%", "10%"}, {"DK", "25%", "25%"}, {"SE", "25%", "12%"}, {"PL", "23%", "5%"},
	{"IE", "23%", "0%"}, {"LU", "17%", "3%"}, {"GB", "20%", "0%"}, {"CH", "8.1%", "2.6%"},
}

// putRules puts taxes and shipping. Prices have their tax in them, as shoppers
// in Europe expect.
func putRules(ctx context.Context, shop *commerce.Store) error {
	_, err := shop.Pricing.PutSettings(ctx, pricing.PutSettings{Settings: pricing.Settings{
		Currencies: []money.Currency{"EUR", "USD", "GBP"}, TaxIncluded: true, TaxRounding: money.HalfUp, Home: pricing.Address{Country: "DE"},
	}})
	if err != nil {
		return err
	}
	for _, t := range taxes {
		zone := pricing.TaxZone{ID: "vat-" + t.country, Name: "VAT " + t.country, Areas: []pricing.Area{{Country: t.country}}}
		for _, r := range []struct{ category, percent string }{{"", t.standard}, {"food", t.food}} {
			rate, err := money.ParseRate(r.percent)
			if err != nil {
				return err
			}
			zone.Rates = append(zone.Rates, pricing.TaxRate{Name: "VAT", Category: r.category, Rate: rate})
		}
		if _, err := shop.Pricing.PutTaxZone(ctx, pricing.PutTaxZone{Zone: zone}); err != nil {
			return err
		}
	}
	for _, zone := range shippingZones() {
		if _, err := shop.Pricing.PutShippingZone(ctx, pricing.PutShippingZone{Zone: zone}); err != nil {
			return err
		}
	}
	if err := putSeller(ctx, shop); err != nil {
		return err
	}
	return putWelcome(ctx, shop)
}

// putSeller says who invoices what has left.
func putSeller(ctx context.Context, shop *commerce.Store) error {
	_, err := shop.Documents.PutSettings(ctx, documents.PutSettings{Settings: documents.Settings{Invoice: documents.OnShip, Seller: documents.Seller{
		Name: Brand, Address: []string{"Slipway 4", "24103 Kiel"}, Country: "DE", Contact: []string{"hello@juniper.example", "juniper.example"},
		Note: "A sample: nothing is sold, and nothing is to be paid.",
	}}})
	return err
}

// putWelcome puts the code WELCOME10, good for carts from twenty euros on.
func putWelcome(ctx context.Context, shop *commerce.Store) error {
	_, err := shop.Pricing.PutPromotion(ctx, pricing.PutPromotion{Promotion: pricing.Promotion{
		ID: "welcome", Name: "10 % for a first visit", NeedsCode: true, If: pricing.Conditions{MinSubtotal: prices(2000)},
		Effect: pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(10)},
	}})
	if err != nil {
		return err
	}
	_, err = shop.Pricing.PutCoupon(ctx, pricing.PutCoupon{Code: "WELCOME10", Promotion: "welcome"})
	return err
}

func shippingZones() []pricing.ShippingZone {
	parcel := func(days, mostDays int, cents, freeFrom int64) pricing.ShippingMethod {
		return pricing.ShippingMethod{ID: "parcel", Name: "Parcel", MinDays: days, MaxDays: mostDays, Rates: rates(cents, freeFrom)}
	}
	home := pricing.ShippingZone{ID: "home", Name: "Germany", Areas: []pricing.Area{{Country: "DE"}}, Methods: []pricing.ShippingMethod{
		parcel(2, 4, 490, 7500),
		{ID: "express", Name: "Express", MinDays: 1, MaxDays: 1, Rates: rates(1290, 0)},
		{ID: "pickup", Name: "Collect in our workshop", Pickup: true, MinDays: 1, MaxDays: 2, Rates: rates(0, 0)},
	}}
	near := pricing.ShippingZone{ID: "near", Name: "Europe", Methods: []pricing.ShippingMethod{parcel(3, 7, 990, 15000)}}
	for _, t := range taxes[1:] {
		near.Areas = append(near.Areas, pricing.Area{Country: t.country})
	}
	far := pricing.ShippingZone{ID: "far", Name: "Elsewhere", Areas: []pricing.Area{{}}, Methods: []pricing.ShippingMethod{parcel(6, 12, 1990, 30000)}}
	return []pricing.ShippingZone{home, near, far}
}

// rates are what a method costs in each currency.
func rates(cents, freeFrom int64) []pricing.ShippingRate {
	list := make([]pricing.ShippingRate, 0, 3)
	free := prices(freeFrom)
	for i, price := range prices(cents) {
		list = append(list, pricing.ShippingRate{
			Currency: price.Currency(), Tiers: []pricing.ShippingTier{{Price: price.Minor()}}, FreeFrom: free[i].Minor(),
		})
	}
	return list
}
