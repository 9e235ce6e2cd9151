package admin

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// termsPage lists the payment terms, with a form for further ones or, once they
// were chosen, for those that are to be changed.
type termsPage struct {
	page
	Terms  []orders.Terms
	Form   form
	Was    string       // the name of those that are changed; "" is further ones
	Seen   int64        // the version of the terms that the page shows
	Limits []termsLimit // a field for each currency
}

// termsLimit is the field for what customers may owe in one currency.
type termsLimit struct {
	Field    string
	Currency money.Currency
}

func listTerms(v *visit) error {
	all, version, err := v.site.shop.Orders.TermsAndVersion(v.ctx())
	if err != nil {
		return err
	}
	f, err := v.form()
	if err != nil {
		return err
	}
	was := v.r.URL.Query().Get("change")
	if was != "" {
		i := slices.IndexFunc(all, func(t orders.Terms) bool { return t.Name == was })
		if i < 0 {
			return fault.New(fault.NotFound, "there are no payment terms %.40q", was)
		}
		f = termsForm(all[i])
	}
	return v.showTerms(200, all, version, f, was)
}

func (v *visit) showTerms(status int, all []orders.Terms, seen int64, f form, was string) error {
	data := termsPage{page: v.page("Payment terms", "terms"), Terms: all, Seen: seen, Form: f, Was: was}
	for _, c := range v.limitCurrencies(all) {
		data.Limits = append(data.Limits, termsLimit{"limit-" + string(c), c})
	}
	return v.show(status, "terms", data)
}

// limitCurrencies returns the currencies of the shop, and those that have a limit
// all the same.
func (v *visit) limitCurrencies(all []orders.Terms) []money.Currency {
	out := slices.Clone(v.site.Currencies)
	for _, t := range all {
		for _, l := range t.Limits {
			if !slices.Contains(out, l.Currency()) {
				out = append(out, l.Currency())
			}
		}
	}
	return out
}

// termsForm shows terms in the form.
func termsForm(t orders.Terms) form {
	f := form{map[string][]string{}, map[string]string{}}
	f.values.Set("name", t.Name)
	f.values.Set("days", strconv.Itoa(t.Days))
	f.values.Set("groups", strings.Join(t.Groups, ", "))
	customers := make([]string, len(t.Customers))
	for i, c := range t.Customers {
		customers[i] = string(c)
	}
	f.values.Set("customers", strings.Join(customers, "\n"))
	for _, l := range t.Limits {
		f.values.Set("limit-"+string(l.Currency()), l.Decimal())
	}
	return f
}

// putTerms adds payment terms, or changes or removes those that the form was made
// for. The others stay as they are.
func putTerms(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	all, version, err := v.site.shop.Orders.TermsAndVersion(v.ctx())
	if err != nil {
		return err
	}
	seen, err := strconv.ParseInt(f.Value("seen"), 10, 64)
	if err != nil || seen < 0 {
		return fault.New(fault.Invalid, "the form does not say which version it was made for")
	}
	was := f.Value("was")
	t, err := v.readTerms(f, all)
	if err != nil {
		return err
	}
	remove := f.Value("remove") != ""
	then := t.Name // what they are called once that is done
	if remove {
		then = was
		clear(f.wrongs)
	}
	wanted := changedTerms(all, was, t, remove)
	if seen != version {
		if reflect.DeepEqual(all, changedTerms(all, then, t, remove)) { // the form was sent twice
			return v.done("/terms", "saved")
		}
		return v.showNewTerms(f, was)
	}
	if len(f.wrongs) > 0 {
		return v.showTerms(422, all, version, f, was)
	}
	if seen == 0 {
		seen = orders.TermsAtStart
	}
	_, err = v.site.shop.Orders.SetTerms(v.ctx(), orders.SetTerms{Terms: wanted, Version: seen, Key: v.key()})
	if _, stale := errors.AsType[*orders.TermsVersionError](err); stale {
		return v.showNewTerms(f, was)
	}
	if fault.CodeOf(err) == fault.Invalid {
		f.blameTerms(err)
		return v.showTerms(422, all, version, f, was)
	}
	if err != nil {
		return err
	}
	return v.done("/terms", "saved")
}

// showNewTerms shows a form again that was made for other terms than there are.
func (v *visit) showNewTerms(f form, was string) error {
	all, version, err := v.site.shop.Orders.TermsAndVersion(v.ctx())
	if err != nil {
		return err
	}
	f.wrong(problem, "Somebody has changed the payment terms meanwhile. Look at them below and send the form again.")
	return v.showTerms(409, all, version, f, was)
}

// changedTerms returns all terms with those named was in another form, or without
// them. Terms that there are none of yet come last.
func changedTerms(all []orders.Terms, was string, t orders.Terms, remove bool) []orders.Terms {
	out := slices.Clone(all)
	i := slices.IndexFunc(out, func(o orders.Terms) bool { return o.Name == was })
	switch {
	case remove && i >= 0:
		return slices.Delete(out, i, i+1)
	case remove:
		return out
	case i >= 0:
		out[i] = t
		return out
	}
	return append(out, t)
}

// blameTerms says beside its field what the store has refused.
func (f form) blameTerms(err error) {
	field := problem
	if e, ok := errors.AsType[*fault.FieldError](err); ok {
		switch _, name, _ := strings.Cut(e.Field, "]."); name {
		case "name", "days", "groups", "customers":
			field = name
		}
	}
	f.wrong(field, pan.Masked(err.Error()))
}

// readTerms reads the form. Customers are named by ID or by e-mail address.
func (v *visit) readTerms(f form, all []orders.Terms) (t orders.Terms, err error) {
	t = orders.Terms{Name: f.Value("name"), Groups: words(f.Value("groups"))}
	days, err := strconv.Atoi(f.Value("days"))
	if err != nil {
		f.wrong("days", "Say after how many days an order is to be paid; 0 is at once.")
	}
	t.Days = days
	for _, c := range split(strings.ReplaceAll(strings.ReplaceAll(f.Value("customers"), "\r", " "), "\n", " ")) {
		id := accounts.CustomerID(c)
		if strings.Contains(c, "@") {
			customer, err := v.site.shop.Accounts.ByEmail(v.ctx(), commerce.Personal(c))
			if code := fault.CodeOf(err); code == fault.NotFound || code == fault.Invalid {
				f.wrong("customers", "No customer has the address "+pan.Masked(c)+".")
				continue
			}
			if err != nil {
				return t, err
			}
			id = customer.ID
		}
		if !slices.Contains(t.Customers, id) {
			t.Customers = append(t.Customers, id)
		}
	}
	for _, c := range v.limitCurrencies(all) {
		if limit, ok := f.price("limit-"+string(c), c); ok {
			t.Limits = append(t.Limits, limit)
		}
	}
	return t, nil
}

// words takes a list of names apart, which may have spaces in them.
func words(s string) (out []string) {
	for _, w := range strings.Split(s, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}
