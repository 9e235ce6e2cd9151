package commerce

import (
	"context"
	"errors"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/payments"
)

// aCard is a public test number of payment providers.
const aCard = "4242 4242 4242 4242"

// mayHoldNumbers are the fields of commands that take any digits, by the last of
// their names, and why. They are tagged `command:"numbers"`.
var mayHoldNumbers = map[string]string{
	"Barcodes":          "a GTIN-14 may look like a card number",
	"ExternalReference": "the program's, for what other systems number; a cart's, which a shopper may write, is refused",
	"Metadata":          "the program's, of goods",
	"PrivateMetadata":   "the program's, of goods",
	"Text":              "an attribute of goods, such as a part's number",
	"Values":            "attributes of goods",
	"Tracking":          "a carrier's number, which staff write",
	"URL":               "of a parcel, with the carrier's number",
	"Bank":              "the seller's account, for invoices",
	"Reference":         "of a transfer between places",
	"Position":          "where an endpoint is in the feed, which the store draws up",
	"Deliveries":        "what receivers answered",
	"Disable":           "what a receiver answered last",
}

// neverNumbers are shoppers' words, which no tag may let through.
var neverNumbers = []string{"cart.", "orders.request_return", "accounts.add_address"}

// TestNoCommandTakesACardNumber: each text of each command that a caller fills
// in refuses a card number, by the field's name and without its digits, before
// anything else is looked at, or is in the list.
func TestNoCommandTakesACardNumber(t *testing.T) {
	set, err := newCommandSet()
	if err != nil {
		t.Fatal(err)
	}
	used, refused := map[string]bool{}, 0
	for _, m := range set.Modules() {
		for _, d := range m.Commands {
			own := !token.IsExported(d.Body.Name())
			for _, f := range texts(d.Body, "", own, "") {
				c := reflect.New(d.Body)
				f.fill(c.Elem())
				_, err := command.Do[any](t.Context(), deaf{}, c.Interface().(command.Command), command.Call{Key: "k"})
				bad, found := errors.AsType[*payments.CardNumberError](err)
				switch {
				case f.numbers != "":
					used[f.numbers] = true
					if found || mayHoldNumbers[f.numbers] == "" {
						t.Errorf("%s.%s may hold numbers: %q, %v", d.Kind, f.name, mayHoldNumbers[f.numbers], err)
					}
					if slices.ContainsFunc(neverNumbers, func(s string) bool { return strings.HasPrefix(string(d.Kind), s) }) {
						t.Errorf("%s.%s is what shoppers write", d.Kind, f.name)
					}
				case !found || bad.Field != f.name || !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), "4242"):
					t.Errorf("%s.%s holding a card number: %v", d.Kind, f.name, err)
				default:
					refused++
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(mayHoldNumbers)) {
		if !used[name] {
			t.Errorf("no field %s holds numbers", name)
		}
	}
	if refused < 200 {
		t.Errorf("%d fields refuse card numbers: the test does not find them", refused)
	}
}

// TestATelephoneNumberIsNoCardNumber: one without a + has the check digit of a
// card by chance, in fields for such numbers only.
func TestATelephoneNumberIsNoCardNumber(t *testing.T) {
	const number = "4915112345678"
	for field, c := range map[string]cart.Contact{
		"": {Phone: number, ShippingAddress: accounts.Address{Phone: number}}, "Contact.Phone": {Phone: aCard}, "Contact.Name": {Name: number},
	} {
		_, err := command.Do[any](t.Context(), deaf{}, &cart.SetContact{Contact: c}, command.Call{Key: "k"})
		bad, found := errors.AsType[*payments.CardNumberError](err)
		if found != (field != "") || found && bad.Field != field {
			t.Errorf("want %q refused, got %v", field, err)
		}
	}
}

func TestNoKeyIsACardNumber(t *testing.T) {
	_, err := command.Do[any](t.Context(), deaf{}, &payments.Void{}, command.Call{Key: "order-" + aCard})
	if bad, ok := errors.AsType[*payments.CardNumberError](err); !ok || bad.Field != "Key" {
		t.Errorf("got %v", err)
	}
}

// deaf is an engine that takes no request.
type deaf struct{ command.Engine }

func (deaf) Before(context.Context, any) error { return nil }
func (deaf) Hash(string, string) [32]byte      { return [32]byte{} }
func (deaf) Now() time.Time                    { return time.Time{} }
func (deaf) Submit(context.Context, command.Envelope) (command.Answer, error) {
	return command.Answer{}, errors.New("it was let through")
}

// A text is a way to one text within a command.
type text struct {
	name    string // as in "Lines.Note"
	fill    func(reflect.Value)
	numbers string // the field that lets it look like a card number
}

// texts returns the texts of a type that callers fill in. Named types, such as
// SKUs and IDs, have rules of their own, personal data excepted; secrets are
// kept as hashes at most. own says that the store makes such values itself.
func texts(typ reflect.Type, name string, own bool, numbers string) (out []text) {
	switch kind := typ.Kind(); {
	case kind == reflect.String && (typ.PkgPath() == "" || typ.Name() == "Personal"):
		if !own {
			out = append(out, text{name, func(v reflect.Value) { v.SetString("x " + aCard) }, numbers})
		}
	case kind == reflect.Slice && typ.Elem().Kind() == reflect.Uint8:
		if !own {
			out = append(out, text{name, func(v reflect.Value) { v.SetBytes([]byte(`{"a":"` + aCard + `"}`)) }, numbers})
		}
	case kind == reflect.Pointer:
		for _, f := range texts(typ.Elem(), name, own, numbers) {
			out = append(out, text{f.name, func(v reflect.Value) { v.Set(reflect.New(typ.Elem())); f.fill(v.Elem()) }, f.numbers})
		}
	case kind == reflect.Slice:
		for _, f := range texts(typ.Elem(), name, own, numbers) {
			out = append(out, text{f.name, func(v reflect.Value) { v.Set(reflect.MakeSlice(typ, 1, 1)); f.fill(v.Index(0)) }, f.numbers})
		}
	case kind == reflect.Struct:
		for i := range typ.NumField() {
			field, tag := typ.Field(i), typ.Field(i).Tag.Get("command")
			if tag == "stamped" || tag == "secret" || field.Name == "Key" || !field.IsExported() {
				continue
			}
			within := numbers
			if tag == "numbers" {
				within = field.Name
			}
			for _, f := range texts(field.Type, strings.TrimPrefix(name+"."+field.Name, "."), own && tag != "asked", within) {
				out = append(out, text{f.name, func(v reflect.Value) { f.fill(v.Field(i)) }, f.numbers})
			}
		}
	}
	return out
}
