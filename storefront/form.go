package storefront

import (
	"net/mail"
	"regexp"
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

// checkAddress finds what is missing in an address form.
func (v *visit) checkAddress(f form) {
	for _, name := range []string{"name", "line1", "postcode", "city", "country"} {
		if f.Values[name] == "" {
			f.wrong(name, v.locale.text("Please fill this in."))
		}
	}
	for name, value := range f.Values {
		if len(value) > mostField || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
			f.wrong(name, v.locale.text("That is too long or holds signs that cannot be printed."))
		}
	}
	if p := postcodes[f.Values["country"]]; p != nil && f.Values["postcode"] != "" && !p.MatchString(f.Values["postcode"]) {
		f.wrong("postcode", v.locale.text("That is not a postcode of this country."))
	}
	ships := false
	for _, c := range v.site.Countries {
		ships = ships || c == f.Values["country"]
	}
	if !ships {
		f.wrong("country", v.locale.text("We do not send goods there."))
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
	return f
}

func addressForm(a accounts.Address) form {
	return form{Errors: map[string]string{}, Values: map[string]string{
		"name": a.Name.Reveal(), "company": a.Company.Reveal(), "line1": a.Line1.Reveal(), "line2": a.Line2.Reveal(),
		"postcode": a.Postcode.Reveal(), "city": a.City.Reveal(), "country": a.Country, "phone": a.Phone.Reveal(),
	}}
}

func (f form) address() accounts.Address {
	p := func(name string) commerce.Personal { return commerce.Personal(f.Values[name]) }
	return accounts.Address{
		Name: p("name"), Company: p("company"), Line1: p("line1"), Line2: p("line2"),
		Postcode: p("postcode"), City: p("city"), Country: f.Values["country"], Phone: p("phone"),
	}
}

func (f form) contact() cart.Contact {
	a := f.address()
	return cart.Contact{Email: commerce.Personal(f.Values["email"]), Name: a.Name, Phone: a.Phone, ShippingAddress: a}
}
