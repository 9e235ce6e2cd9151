package admin

import (
	"net/url"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// form is what was sent, to be shown again with what is wrong beside the fields.
type form struct {
	values url.Values
	wrongs map[string]string
}

// form reads what was sent; nothing is wrong with it yet.
func (v *visit) form() (form, error) {
	f := form{url.Values{}, map[string]string{}}
	if v.r.Method != "POST" {
		return f, nil
	}
	if v.r.PostForm == nil {
		if err := v.r.ParseForm(); err != nil {
			return f, fault.Wrap(fault.Invalid, err, "reading the form")
		}
	}
	f.values = v.r.PostForm
	return f, nil
}

// Value returns what a field holds, without spaces around it.
func (f form) Value(name string) string { return strings.TrimSpace(f.values.Get(name)) }

// Wrong returns what is wrong with a field, "" if nothing is.
func (f form) Wrong(name string) string { return f.wrongs[name] }

// wrong says what is wrong with a field. The first word counts.
func (f form) wrong(name, why string) {
	if f.wrongs[name] == "" {
		f.wrongs[name] = why
	}
}

// price reads a price. It is false if there is none, or it is wrong.
func (f form) price(name string, c money.Currency) (money.Amount, bool) {
	if f.Value(name) == "" {
		return money.Amount{}, false
	}
	a, err := money.ParseDecimal(f.Value(name), c)
	if err != nil || a.Minor() < 0 {
		f.wrong(name, "This is not a price in "+string(c)+": write it like 12.50.")
		return money.Amount{}, false
	}
	return a, true
}

// problem is where what no field is to blame for is said.
const problem = "problem"

// fieldView is one field as the template "field" shows it.
type fieldView struct{ Name, Label, Hint, Value, Wrong string }

func fieldOf(f form, name, label, hint string) fieldView {
	return fieldView{name, label, hint, f.Value(name), f.Wrong(name)}
}

// cellOf is a field in a table, whose label only screen readers say.
func cellOf(f form, name, label string) fieldView { return fieldOf(f, name, label, "") }
