package storefront

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
)

// form is what a shopper filled in, and what is wrong with it, by field.
type form struct {
	Values map[string]string
	Errors map[string]string
}

// contactFields are the fields of the address form in the order in which they
// stand there.
var contactFields = []string{"email", "name", "company", "line1", "line2", "postcode", "city", "country", "phone"}

// billing begins the names of the fields of the invoice's address.
const billing = "bill_"

// billingFields are those of an address that the invoice goes to. Empty ones
// mean that it goes where the goods go.
var billingFields = []string{"bill_name", "bill_company", "bill_line1", "bill_line2", "bill_postcode", "bill_city", "bill_country"}

// readForm takes the named fields from what was posted.
func (v *visit) readForm(fields ...string) form {
	f := form{Values: map[string]string{}, Errors: map[string]string{}}
	for _, name := range fields {
		f.Values[name] = strings.TrimSpace(v.r.PostFormValue(name))
	}
	return f
}

func (f form) wrong(field, text string) {
	if f.Errors[field] == "" {
		f.Errors[field] = text
	}
}

// mostField bounds every field, in bytes.
const mostField = 200

var postcodes = map[string]*regexp.Regexp{
	"DE": regexp.MustCompile(`^\d{5}$`), "AT": regexp.MustCompile(`^\d{4}$`), "CH": regexp.MustCompile(`^\d{4}$`),
	"US": regexp.MustCompile(`^\d{5}(-\d{4})?$`), "FR": regexp.MustCompile(`^\d{5}$`),
}

// Billed reports whether an address for the invoice was filled in.
func (f form) Billed() bool {
	for _, name := range billingFields {
		if name != billing+"country" && f.Values[name] != "" {
			return true
		}
	}
	return false
}

// checkAddress finds what is missing in an address form, whose fields begin with
// prefix.
func (v *visit) checkAddress(f form, prefix string) {
	for _, name := range []string{"name", "line1", "postcode", "city", "country"} {
		if f.Values[prefix+name] == "" {
			f.wrong(prefix+name, v.locale.text("Please fill this in."))
		}
	}
	for name, value := range f.Values {
		if len(value) > mostField || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
			f.wrong(name, v.locale.text("That is too long or holds signs that cannot be printed."))
		}
	}
	country, postcode := f.Values[prefix+"country"], f.Values[prefix+"postcode"]
	if p := postcodes[country]; p != nil && postcode != "" && !p.MatchString(postcode) {
		f.wrong(prefix+"postcode", v.locale.text("That is not a postcode of this country."))
	}
	if !slices.Contains(v.site.Countries, country) {
		f.wrong(prefix+"country", v.locale.text("We do not send goods there."))
	}
}

func (v *visit) checkEmail(f form) {
	a, err := mail.ParseAddress(f.Values["email"])
	if err != nil || a.Address != f.Values["email"] || len(a.Address) > mostField {
		f.wrong("email", v.locale.text("Please enter an e-mail address, as in name@example.com."))
	}
}

// contactForm shows a contact in the form.
func contactForm(c cart.Contact) form {
	f := addressForm(c.ShippingAddress)
	f.Values["email"] = c.Email.Reveal()
	for name, value := range addressForm(c.BillingAddress).Values {
		f.Values[billing+name] = value
	}
	return f
}

func addressForm(a accounts.Address) form {
	return form{Errors: map[string]string{}, Values: map[string]string{
		"name": a.Name.Reveal(), "company": a.Company.Reveal(), "line1": a.Line1.Reveal(), "line2": a.Line2.Reveal(),
		"postcode": a.Postcode.Reveal(), "city": a.City.Reveal(), "country": a.Country, "phone": a.Phone.Reveal(),
	}}
}

// address is what was filled in, in the fields that begin with prefix.
func (f form) address(prefix string) accounts.Address {
	p := func(name string) commerce.Personal { return commerce.Personal(f.Values[prefix+name]) }
	return accounts.Address{
		Name: p("name"), Company: p("company"), Line1: p("line1"), Line2: p("line2"),
		Postcode: p("postcode"), City: p("city"), Country: f.Values[prefix+"country"], Phone: p("phone"),
	}
}

func (f form) contact() cart.Contact {
	a := f.address("")
	c := cart.Contact{Email: commerce.Personal(f.Values["email"]), Name: a.Name, Phone: a.Phone, ShippingAddress: a}
	if f.Billed() {
		c.BillingAddress = f.address(billing)
	}
	return c
}
