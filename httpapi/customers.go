package httpapi

import (
	"context"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/web"
)

// Customer is a customer as they see themselves.
type Customer struct {
	ID        string         `json:"id"`
	Email     string         `json:"email,omitempty"`
	Name      string         `json:"name,omitempty"`
	Phone     string         `json:"phone,omitempty"`
	Addresses []SavedAddress `json:"addresses" nullable:"false"`
	Metadata  object         `json:"metadata,omitempty"`
	Version   int64          `json:"version"`
}

// SavedAddress is an address in a customer's address book.
type SavedAddress struct {
	ID string `json:"id"`
	Address
}

func (a *api) addCustomers() {
	add(a, route{forCustomer, "GET", "/customers/me", "get-me", "Customers", "Get oneself", 0, false}, a.getMe)
	add(a, route{forCustomer, "PATCH", "/customers/me", "update-me", "Customers", "Change one's name, phone or e-mail address", 0, false}, a.updateMe)
	add(a, route{forCustomer, "DELETE", "/customers/me", "erase-me", "Customers", "Make everything personal of oneself unreadable for good", 204, false}, a.eraseMe)
	add(a, route{forCustomer, "POST", "/customers/me/addresses", "add-address", "Customers", "Add an address to one's address book", 201, false}, a.addAddress)
	add(a, route{forCustomer, "DELETE", "/customers/me/addresses/{address}", "remove-address", "Customers", "Remove an address from one's address book", 204, false}, a.removeAddress)
}

func (a *api) getMe(ctx context.Context, in *Read) (*answer[Customer], error) {
	c, err := a.shop.Accounts.Get(ctx, callerOf(ctx).Customer)
	if err != nil {
		return nil, err
	}
	out := customerAnswer(c)
	out.ETag = web.ETag(c.Version, variantOf(ctx))
	if err := out.unlessMatched(in.IfNoneMatch); err != nil {
		return nil, err
	}
	return out, nil
}

type updateMeInput struct {
	Keyed
	Conditional
	Body struct {
		Email    *string `json:"email,omitempty" maxLength:"254" doc:"It needs the password, if there is one."`
		Password string  `json:"password,omitempty" maxLength:"1000"`
		Name     *string `json:"name,omitempty" maxLength:"200"`
		Phone    *string `json:"phone,omitempty" maxLength:"40"`
	}
}

func (a *api) updateMe(ctx context.Context, in *updateMeInput) (*answer[Customer], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	if in.Body.Email != nil {
		if err := a.shop.Accounts.Prove(ctx, callerOf(ctx).Customer, seal.Personal(in.Body.Password)); err != nil {
			return nil, err
		}
	}
	c, err := a.shop.Accounts.Update(ctx, accounts.Update{
		Customer: callerOf(ctx).Customer, Email: (*seal.Personal)(in.Body.Email), Name: (*seal.Personal)(in.Body.Name),
		Phone: (*seal.Personal)(in.Body.Phone), Version: version, Key: in.Key,
	})
	if err != nil {
		return nil, ifMatched[*accounts.VersionError](version, err)
	}
	return customerAnswer(c), nil
}

func (a *api) eraseMe(ctx context.Context, in *Keyed) (*struct{}, error) {
	return nil, a.erase(ctx, accounts.Erase{Customer: callerOf(ctx).Customer, Key: in.Key})
}

// erase erases a customer, and first what payment providers keep of them and
// what they bought as a guest.
func (a *api) erase(ctx context.Context, c accounts.Erase) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := a.shop.Payments.ForgetCustomer(ctx, c.Customer); err != nil {
		return err
	}
	if err := a.shop.EraseJoined(ctx, c.Customer); err != nil {
		return err
	}
	if err := a.shop.Accounts.Erase(ctx, c); err != nil {
		return err
	}
	return a.shop.EraseJoined(ctx, c.Customer) // what was joined meanwhile
}

type addAddressInput struct {
	Keyed
	Conditional
	Body Address
}

func (a *api) addAddress(ctx context.Context, in *addAddressInput) (*answer[SavedAddress], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	id, err := a.shop.Accounts.AddAddress(ctx, accounts.AddAddress{
		Customer: callerOf(ctx).Customer, Address: in.Body.address(), Version: version, Key: in.Key,
	})
	if err != nil {
		return nil, ifMatched[*accounts.VersionError](version, err)
	}
	return &answer[SavedAddress]{Body: SavedAddress{string(id), in.Body}}, nil
}

type removeAddressInput struct {
	Keyed
	Conditional
	Address string `path:"address" maxLength:"64"`
}

func (a *api) removeAddress(ctx context.Context, in *removeAddressInput) (*struct{}, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	err = a.shop.Accounts.RemoveAddress(ctx, accounts.RemoveAddress{
		Customer: callerOf(ctx).Customer, Address: accounts.AddressID(in.Address), Version: version, Key: in.Key,
	})
	return nil, ifMatched[*accounts.VersionError](version, err)
}

func customerAnswer(c accounts.Customer) *answer[Customer] {
	return &answer[Customer]{ETag: web.ETag(c.Version, ""), Body: showCustomer(c)}
}

func showCustomer(c accounts.Customer) Customer {
	out := Customer{
		ID: string(c.ID), Email: c.Email.Reveal(), Name: c.Name.Reveal(), Phone: c.Phone.Reveal(),
		Addresses: make([]SavedAddress, 0, len(c.Addresses)), Metadata: object(c.Metadata), Version: c.Version,
	}
	for _, saved := range c.Addresses {
		if shown := showAddress(saved.Address); shown != nil {
			out.Addresses = append(out.Addresses, SavedAddress{string(saved.ID), *shown})
		}
	}
	return out
}
