package httpapi

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/internal/seal"
)

// Contact says who buys and where goods and invoice go.
type Contact struct {
	Email    string   `json:"email,omitempty" maxLength:"254"`
	Name     string   `json:"name,omitempty" maxLength:"200"`
	Phone    string   `json:"phone,omitempty" maxLength:"40"`
	Shipping *Address `json:"shipping_address,omitempty"`
	Billing  *Address `json:"billing_address,omitempty" doc:"Missing means the shipping address."`
}

// Address is where goods or invoices go.
type Address struct {
	Name     string `json:"name,omitempty" maxLength:"200"`
	Company  string `json:"company,omitempty" maxLength:"200"`
	Line1    string `json:"line1" minLength:"1" maxLength:"200"`
	Line2    string `json:"line2,omitempty" maxLength:"200"`
	City     string `json:"city" minLength:"1" maxLength:"200"`
	Region   string `json:"region,omitempty" maxLength:"100"`
	Postcode string `json:"postcode,omitempty" maxLength:"20"`
	Country  string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1, two letters." example:"DE"`
	Phone    string `json:"phone,omitempty" maxLength:"40"`
}

type updateCartInput struct {
	Keyed
	Conditional
	CartRef
	Body struct {
		Contact  *Contact `json:"contact,omitempty" doc:"Replaces the whole contact."`
		Shipping *string  `json:"shipping_method,omitempty" maxLength:"64" doc:"One of the cart's shipping_offers; an empty text takes the choice back."`
		Payment  *string  `json:"pay_with,omitempty" maxLength:"64" doc:"How the shopper means to pay, for fees that depend on it; an empty text takes it back."`
		Metadata object   `json:"metadata,omitempty" doc:"Replaces the notes that other systems keep with the cart."`
	}
}

// updateCart runs a command for each part of the body. Each has a key of its
// own, made from the caller's, so that asking again finishes what is missing.
// The version counts for the first: what follows it is ours.
func (a *api) updateCart(ctx context.Context, in *updateCartInput) (*answer[Cart], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	var steps []func(version int64) (cart.Cart, error)
	if c := in.Body.Contact; c != nil {
		steps = append(steps, func(v int64) (cart.Cart, error) {
			return a.shop.Carts.SetContact(ctx, cart.SetContact{Cart: in.id(), Contact: c.contact(), Version: v, Key: part(in.Key, "contact")})
		})
	}
	if s := in.Body.Shipping; s != nil {
		steps = append(steps, func(v int64) (cart.Cart, error) {
			return a.shop.Carts.SetShipping(ctx, cart.SetShipping{Cart: in.id(), Method: *s, Version: v, Key: part(in.Key, "shipping")})
		})
	}
	if p := in.Body.Payment; p != nil {
		steps = append(steps, func(v int64) (cart.Cart, error) {
			return a.shop.Carts.SetPayment(ctx, cart.SetPayment{Cart: in.id(), Payment: *p, Version: v, Key: part(in.Key, "payment")})
		})
	}
	if m := in.Body.Metadata; m != nil {
		steps = append(steps, func(v int64) (cart.Cart, error) {
			return a.shop.Carts.Annotate(ctx, cart.Annotate{Cart: in.id(), Metadata: []byte(m), Version: v, Key: part(in.Key, "metadata")})
		})
	}
	if len(steps) == 0 {
		return nil, &fieldError{"body", "changes nothing"}
	}
	in.choose()
	var c cart.Cart
	for i, step := range steps {
		v := version
		if i > 0 {
			v = 0
		}
		if c, err = step(v); err != nil {
			return nil, ifMatched[*cart.VersionError](v, err)
		}
	}
	return cartAnswer(c), nil
}

// part names one of several commands that a request with a key is made of.
func part(key, name string) string { return key + "/" + name }

type getContactInput struct {
	CartRef
}

func (a *api) getContact(ctx context.Context, in *getContactInput) (*answer[Contact], error) {
	c, err := a.shop.Carts.Contact(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return &answer[Contact]{Body: showContact(c)}, nil
}

func (c Contact) contact() cart.Contact {
	return cart.Contact{
		Email: seal.Personal(c.Email), Name: seal.Personal(c.Name), Phone: seal.Personal(c.Phone),
		ShippingAddress: c.Shipping.address(), BillingAddress: c.Billing.address(),
	}
}

func (a *Address) address() accounts.Address {
	if a == nil {
		return accounts.Address{}
	}
	return accounts.Address{
		Name: seal.Personal(a.Name), Company: seal.Personal(a.Company),
		Line1: seal.Personal(a.Line1), Line2: seal.Personal(a.Line2),
		City: seal.Personal(a.City), Region: seal.Personal(a.Region), Postcode: seal.Personal(a.Postcode),
		Country: a.Country, Phone: seal.Personal(a.Phone),
	}
}

func showContact(c cart.Contact) Contact {
	return Contact{
		Email: c.Email.Reveal(), Name: c.Name.Reveal(), Phone: c.Phone.Reveal(),
		Shipping: showAddress(c.ShippingAddress), Billing: showAddress(c.BillingAddress),
	}
}

func showAddress(a accounts.Address) *Address {
	if a == (accounts.Address{}) {
		return nil
	}
	return &Address{
		Name: a.Name.Reveal(), Company: a.Company.Reveal(), Line1: a.Line1.Reveal(), Line2: a.Line2.Reveal(),
		City: a.City.Reveal(), Region: a.Region.Reveal(), Postcode: a.Postcode.Reveal(), Country: a.Country, Phone: a.Phone.Reveal(),
	}
}
