package httpapi

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/orders"
)

// PaymentTerms let some customers place orders unpaid.
type PaymentTerms struct {
	Name      string       `json:"name" maxLength:"40" doc:"Such as net_30: a–z, 0–9, _ and -."`
	Days      int          `json:"days" minimum:"0" maximum:"365" doc:"After the order was placed; 0 is at receipt."`
	Groups    []string     `json:"groups,omitempty" nullable:"false" maxItems:"1000" doc:"The groups of customers who may use them."`
	Customers []string     `json:"customers,omitempty" nullable:"false" maxItems:"1000" doc:"Customers who may, beside the groups."`
	Limits    []MoneyInput `json:"limits,omitempty" nullable:"false" maxItems:"20" doc:"The most that a customer may owe, one for each currency. Others are not limited."`
}

func (a *api) getTerms(ctx context.Context, _ *struct{}) (*answer[List[PaymentTerms]], error) {
	all, version, err := a.shop.Orders.TermsAndVersion(ctx)
	if err != nil {
		return nil, err
	}
	out := List[PaymentTerms]{Items: []PaymentTerms{}}
	for _, t := range all {
		shown := PaymentTerms{Name: t.Name, Days: t.Days, Groups: t.Groups}
		for _, c := range t.Customers {
			shown.Customers = append(shown.Customers, string(c))
		}
		for _, l := range t.Limits {
			shown.Limits = append(shown.Limits, MoneyInput{Minor: l.Minor(), Currency: string(l.Currency())})
		}
		out.Items = append(out.Items, shown)
	}
	return &answer[List[PaymentTerms]]{ETag: web.ETag(version, ""), Body: out}, nil
}

type setTermsInput struct {
	Keyed
	Conditional
	Body struct {
		Items []PaymentTerms `json:"items" nullable:"false" maxItems:"100"`
	}
}

func (a *api) setTerms(ctx context.Context, in *setTermsInput) (*answer[List[PaymentTerms]], error) {
	version, err := in.ofAll()
	if err != nil {
		return nil, err
	}
	var all []orders.Terms
	for i, t := range in.Body.Items {
		terms := orders.Terms{Name: t.Name, Days: t.Days, Groups: t.Groups}
		for _, c := range t.Customers {
			terms.Customers = append(terms.Customers, accounts.CustomerID(c))
		}
		for j, l := range t.Limits {
			limit, err := l.amount(fmt.Sprintf("body.items[%d].limits[%d]", i, j))
			if err != nil {
				return nil, err
			}
			terms.Limits = append(terms.Limits, limit)
		}
		all = append(all, terms)
	}
	if _, err := a.shop.Orders.SetTerms(ctx, orders.SetTerms{Terms: all, Version: version, Key: in.Key}); err != nil {
		return nil, ifMatched[*orders.TermsVersionError](version, err)
	}
	return a.getTerms(ctx, nil)
}
