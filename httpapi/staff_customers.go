package httpapi

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/seal"
)

// StaffCustomer is a customer as staff see them.
type StaffCustomer struct {
	Customer
	Groups            []string `json:"groups" nullable:"false"`
	Erased            bool     `json:"erased"`
	ExternalReference string   `json:"external_reference,omitempty"`
	PrivateMetadata   object   `json:"private_metadata,omitempty"`
}

func (a *api) addStaffCustomers() {
	add(a, route{forStaff, "POST", "/staff/customers/search", "find-customer", "Customers for staff", "Find a customer by e-mail address", 0, false}, a.findCustomer)
	add(a, route{forStaff, "POST", "/staff/customers/search-by-phone", "find-customers-by-phone", "Customers for staff", "Find customers by phone number", 0, false}, a.findByPhone)
	add(a, route{forStaff, "GET", "/staff/customers/{customer}", "get-customer", "Customers for staff", "Get a customer", 0, false}, a.getCustomer)
	add(a, route{forStaff, "DELETE", "/staff/customers/{customer}", "erase-customer", "Customers for staff", "Make everything personal of a customer unreadable for good", 204, false}, a.eraseCustomer)
}

// findCustomerInput has the address in its body, since addresses on the web
// end up in logs.
type findCustomerInput struct {
	Repeatable
	Body struct {
		Email string `json:"email" minLength:"3" maxLength:"254"`
	}
}

func (a *api) findCustomer(ctx context.Context, in *findCustomerInput) (*answer[StaffCustomer], error) {
	c, err := a.shop.Accounts.ByEmail(ctx, seal.Personal(in.Body.Email))
	if err != nil {
		return nil, err
	}
	return staffCustomerAnswer(c), nil
}

type findByPhoneInput struct {
	Repeatable
	Body struct {
		Phone string `json:"phone" minLength:"3" maxLength:"40" doc:"The whole number; what is between its digits does not matter."`
	}
}

// mostByPhone bounds how many customers a phone number finds.
const mostByPhone = 20

func (a *api) findByPhone(ctx context.Context, in *findByPhoneInput) (*answer[List[StaffCustomer]], error) {
	out := List[StaffCustomer]{Items: []StaffCustomer{}}
	for c, err := range a.shop.Accounts.All(ctx, accounts.Filter{Phone: seal.Personal(in.Body.Phone), Limit: mostByPhone}) {
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, staffCustomerAnswer(c).Body)
	}
	return &answer[List[StaffCustomer]]{Body: out}, nil
}

type CustomerRef struct {
	Customer string `path:"customer" maxLength:"64" doc:"A customer's ID."`
}

type getCustomerInput struct {
	CustomerRef
}

func (a *api) getCustomer(ctx context.Context, in *getCustomerInput) (*answer[StaffCustomer], error) {
	c, err := a.shop.Accounts.Get(ctx, accounts.CustomerID(in.Customer))
	if err != nil {
		return nil, err
	}
	return staffCustomerAnswer(c), nil
}

type eraseCustomerInput struct {
	Keyed
	CustomerRef
}

func (a *api) eraseCustomer(ctx context.Context, in *eraseCustomerInput) (*struct{}, error) {
	return nil, a.erase(ctx, accounts.Erase{Customer: accounts.CustomerID(in.Customer), Key: in.Key})
}

func staffCustomerAnswer(c accounts.Customer) *answer[StaffCustomer] {
	out := StaffCustomer{
		Customer: showCustomer(c), Groups: c.Groups, Erased: c.Erased,
		ExternalReference: c.ExternalReference, PrivateMetadata: object(c.PrivateMetadata),
	}
	if out.Groups == nil {
		out.Groups = []string{}
	}
	return &answer[StaffCustomer]{ETag: customerAnswer(c).ETag, Body: out}
}
