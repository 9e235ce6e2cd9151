package cart

import (
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
)

// contactBlob is a contact in the clear, as it is sealed: CBOR with integer
// keys, like a command. Its numbers never change their meaning.
type contactBlob struct {
	Email    string      `cbor:"1,keyasint,omitempty"`
	Name     string      `cbor:"2,keyasint,omitempty"`
	Phone    string      `cbor:"3,keyasint,omitempty"`
	Shipping addressBlob `cbor:"4,keyasint"`
	Billing  addressBlob `cbor:"5,keyasint"`
	Note     string      `cbor:"6,keyasint,omitempty"`
}

type addressBlob struct {
	Name     string `cbor:"1,keyasint,omitempty"`
	Company  string `cbor:"2,keyasint,omitempty"`
	Line1    string `cbor:"3,keyasint,omitempty"`
	Line2    string `cbor:"4,keyasint,omitempty"`
	City     string `cbor:"5,keyasint,omitempty"`
	Region   string `cbor:"6,keyasint,omitempty"`
	Postcode string `cbor:"7,keyasint,omitempty"`
	Country  string `cbor:"8,keyasint,omitempty"`
	Phone    string `cbor:"9,keyasint,omitempty"`
}

func encodeContact(c Contact) ([]byte, error) {
	return command.Marshal(contactBlob{
		Email: c.Email.Reveal(), Name: c.Name.Reveal(), Phone: c.Phone.Reveal(), Note: c.Note.Reveal(),
		Shipping: blobOf(c.ShippingAddress), Billing: blobOf(c.BillingAddress),
	})
}

func decodeContact(plain []byte) (Contact, error) {
	var b contactBlob
	if err := command.Unmarshal(plain, &b); err != nil {
		return Contact{}, fault.Wrap(fault.Broken, err, "reading a contact")
	}
	return Contact{
		Email: seal.Personal(b.Email), Name: seal.Personal(b.Name), Phone: seal.Personal(b.Phone), Note: seal.Personal(b.Note),
		ShippingAddress: b.Shipping.address(), BillingAddress: b.Billing.address(),
	}, nil
}

func blobOf(a accounts.Address) addressBlob {
	return addressBlob{
		Name: a.Name.Reveal(), Company: a.Company.Reveal(), Line1: a.Line1.Reveal(), Line2: a.Line2.Reveal(), City: a.City.Reveal(),
		Region: a.Region.Reveal(), Postcode: a.Postcode.Reveal(), Country: a.Country, Phone: a.Phone.Reveal(),
	}
}

func (b addressBlob) address() accounts.Address {
	return accounts.Address{
		Name: seal.Personal(b.Name), Company: seal.Personal(b.Company), Line1: seal.Personal(b.Line1), Line2: seal.Personal(b.Line2),
		City: seal.Personal(b.City), Region: seal.Personal(b.Region), Postcode: seal.Personal(b.Postcode),
		Country: b.Country, Phone: seal.Personal(b.Phone),
	}
}
