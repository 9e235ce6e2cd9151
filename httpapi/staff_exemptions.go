package httpapi

import (
	"context"
	"errors"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/pricing"
)

func (a *api) addStaffExemptions() {
	const group = "Customers for staff"
	add(a, route{forStaff, "GET", "/staff/customers/{customer}/exemptions", "list-exemptions", group, "List where a customer owes no tax", 0, false}, a.listExemptions)
	add(a, route{forStaff, "PUT", "/staff/customers/{customer}/exemptions/{certificate}", "put-exemption", group, "Exempt a customer from tax by a certificate", 204, false}, a.putExemption)
	add(a, route{forStaff, "DELETE", "/staff/customers/{customer}/exemptions/{certificate}", "withdraw-exemption", group, "Withdraw an exemption from tax", 204, false}, a.withdrawExemption)
}

// CertificateRef names an exemption of a customer.
type CertificateRef struct {
	CustomerRef
	Certificate string `path:"certificate" maxLength:"200" doc:"The number of the certificate."`
}

type listExemptionsInput struct {
	CustomerRef
}

func (a *api) listExemptions(ctx context.Context, in *listExemptionsInput) (*answer[List[pricing.Exemption]], error) {
	all, err := a.shop.Pricing.Exemptions(ctx, accounts.CustomerID(in.Customer))
	if err != nil {
		return nil, err
	}
	return &answer[List[pricing.Exemption]]{Body: List[pricing.Exemption]{Items: none(all)}}, nil
}

type putExemptionInput struct {
	Keyed
	Creating
	CertificateRef
	Body struct {
		Reason string         `json:"reason,omitempty" maxLength:"200"`
		Areas  []pricing.Area `json:"areas" minItems:"1" maxItems:"100" nullable:"false" doc:"Where no tax is due; an area without a country is everywhere."`
		Period pricing.Period `json:"period,omitempty"`
	}
}

func (a *api) putExemption(ctx context.Context, in *putExemptionInput) (*struct{}, error) {
	only, err := in.unversioned()
	if err != nil {
		return nil, err
	}
	err = a.shop.Pricing.PutExemption(ctx, pricing.PutExemption{
		Customer: accounts.CustomerID(in.Customer), Version: only, Key: in.Key,
		Exemption: pricing.Exemption{Certificate: in.Certificate, Reason: in.Body.Reason, Areas: in.Body.Areas, Period: in.Body.Period},
	})
	if missing, ok := errors.AsType[*pricing.NotFoundError](err); ok && missing.Kind == pricing.KindExemption {
		err = ifMatched[*pricing.NotFoundError](only, err)
	}
	return nil, ifMatched[*pricing.ExistsError](only, err)
}

type withdrawExemptionInput struct {
	Keyed
	CertificateRef
}

func (a *api) withdrawExemption(ctx context.Context, in *withdrawExemptionInput) (*struct{}, error) {
	return nil, a.shop.Pricing.PutExemption(ctx, pricing.PutExemption{
		Customer: accounts.CustomerID(in.Customer), Exemption: pricing.Exemption{Certificate: in.Certificate}, Withdraw: true, Key: in.Key,
	})
}
