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
	"github.com/keelshop/commerce/checkout"
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

// madeOf says of what the store makes the texts of its own commands that nobody
// asks for in so many words, by the beginning of their names. Each was looked at
// where it came from.
var madeOf = map[string]string{
	"cart.take_over.":               "another cart, whose lines were added by commands",
	"checkout.begin.Offered.":       "the store's terms, which staff put",
	"checkout.begin.Parts.Token":    "the tenders, or the store's own names of balances",
	"checkout.begin.Priced.":        "the cart, the catalog and the rules of prices",
	"checkout.change_order.Change.": "a checkout.Change, whose check looks at all of it",
	"checkout.change_order.Request": "a keyed hash of the same",
	"checkout.finish.Outcome.":      "what a payment provider said",
	"checkout.heard.Notices.":       "what a payment provider told, signed",
	"checkout.note.":                "what a payment provider told, signed",
	"checkout.pay_order.Part.Token": "the tender, or the store's own name of a balance",
	"claim.reserve.":                "names of claims, owners and keyed hashes",
	"claim.settle.":                 "names of claims, owners and keyed hashes",
	"credit.hold.":                  "IDs of a payment and its order",
	"credit.issue_sold.Last4":       "the code that the store has drawn",
	"credit.operate.":               "IDs of a payment and its operation",
	"documents.draw_up.":            "the seller that staff put, and its series of numbers",
	"documents.take_number.Number":  "a series of numbers",
	"inventory.route.Request":       "a command, which is looked at when it is sent to its pool; it is not logged here",
	"orders.deliver_due.Fulfilment": "an ID that the store has drawn",
	"orders.take_numbers.Numbers":   "a sequence of numbers",
	"payments.finish_method.Sealed": "what a payment provider said, whose texts Saved.check looks at",
	"payments.identify.ProviderID":  "what a payment provider calls a payment",
	"payments.record_operation.":    "what a payment provider said",
	"payments.report.":              "what a payment provider calls a payment",
	"payments.return_lost.":         "what a payment provider calls a payment",
	"payments.returned_lost.":       "what a payment provider said",
}

// TestNoTextEscapes: each text of the store's own commands, stamped or not, is
// asked for and looked at, or is in the list.
func TestNoTextEscapes(t *testing.T) {
	set, err := newCommandSet()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, m := range set.Modules() {
		for _, d := range m.Commands {
			if token.IsExported(d.Body.Name()) {
				continue
			}
			for _, name := range escapes(d.Body, string(d.Kind)) {
				found := false
				for beginning := range madeOf {
					if strings.HasPrefix(name, beginning) {
						found, used[beginning] = true, true
					}
				}
				if !found {
					t.Errorf("%s: say in madeOf where it was looked at, or tag it as asked", name)
				}
			}
		}
	}
	for _, beginning := range slices.Sorted(maps.Keys(madeOf)) {
		if !used[beginning] {
			t.Errorf("no text begins with %s", beginning)
		}
	}
}

// escapes returns the texts of a type that the filter does not look at.
func escapes(typ reflect.Type, name string) (out []string) {
	switch typ.Kind() {
	case reflect.String:
		if typ.PkgPath() == "" || typ.Name() == "Personal" {
			out = append(out, name)
		}
	case reflect.Map, reflect.Interface:
		out = append(out, name)
	case reflect.Pointer:
		return escapes(typ.Elem(), name)
	case reflect.Slice, reflect.Array:
		if typ.Elem().Kind() == reflect.Uint8 {
			if typ.PkgPath() == "" || typ.Name() == "Sealed" {
				out = append(out, name)
			}
			return out
		}
		return escapes(typ.Elem(), name)
	case reflect.Struct:
		for i := range typ.NumField() {
			if f := typ.Field(i); f.Tag.Get("command") != "asked" {
				out = append(out, escapes(f.Type, name+"."+f.Name)...)
			}
		}
	}
	return out
}

// TestAChangeTakesNoCardNumber: a change of an order is no command itself.
func TestAChangeTakesNoCardNumber(t *testing.T) {
	s := checkout.NewService(deaf{}, nil, nil, nil, nil)
	n := 0
	for _, f := range texts(reflect.TypeFor[checkout.Change](), "", false, "") {
		c := checkout.Change{Version: 1}
		f.fill(reflect.ValueOf(&c).Elem())
		_, confirm := s.Confirm(t.Context(), c)
		_, preview := s.Preview(t.Context(), c)
		for _, err := range []error{confirm, preview} {
			if bad, found := errors.AsType[*payments.CardNumberError](err); !found || bad.Field != f.name {
				t.Errorf("%s holding a card number: %v", f.name, err)
			}
		}
		n++
	}
	if n < 10 {
		t.Errorf("a change has %d texts: the test does not find them", n)
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
