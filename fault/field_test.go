package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/keelshop/commerce/fault"
	"pgregory.net/rapid"
)

func TestInField(t *testing.T) {
	wrong := fault.New(fault.Invalid, "it is no address")
	err := fault.InField("contact", fault.InField("email", wrong))
	field, ok := errors.AsType[*fault.FieldError](err)
	if !ok || field.Field != "contact.email" || !errors.Is(err, wrong) || fault.CodeOf(err) != fault.Invalid || err.Error() != wrong.Error() {
		t.Errorf("%#v", err)
	}
	err = fault.InField("carts", fault.InField("", fault.InField("[1]", fault.Wrong("sku", "no"))))
	if field, _ := errors.AsType[*fault.FieldError](err); field.Field != "carts[1].sku" {
		t.Errorf("%#v", err)
	}
	gone := fault.New(fault.NotFound, "it is gone")
	if got := fault.InField("cart", gone); got != gone {
		t.Errorf("what is gone is a matter of a field: %#v", got)
	}
	var types fault.Types
	there := types.Decode(types.Encode(fmt.Errorf("putting: %w", fault.Wrong(fault.Item("lines", 2), "no"))))
	if field, ok := errors.AsType[*fault.FieldError](there); !ok || field.Field != "lines[2]" || there.Error() != "putting: no" || fault.CodeOf(there) != fault.Invalid {
		t.Errorf("%#v has come to another node", there)
	}
	if fault.InField("email", nil) != nil {
		t.Error("no error became one")
	}
}

// TestAFieldKeepsTheCode: an error that has the error of a field in it has the same code on every node.
func TestAFieldKeepsTheCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		err := fault.Wrong("email", "it is no address")
		for range rapid.IntRange(1, 4).Draw(t, "layers") {
			code := rapid.SampledFrom(allCodes).Draw(t, "code")
			switch rapid.IntRange(0, 5).Draw(t, "layer") {
			case 0:
				err = fault.Wrap(code, err, "put")
			case 1:
				err = fmt.Errorf("put: %w", err)
			case 2:
				err = errors.Join(code, err)
			case 3:
				err = lineError{Line: 1, Err: err}
			case 4:
				err = fault.InField("contact", err)
			case 5:
				err = &fault.FieldError{Field: "contact", Err: err}
			}
		}
		data := types().Encode(err)
		there := types().Decode(data)
		if there.Error() != err.Error() || fault.CodeOf(there) != fault.CodeOf(err) || !errors.Is(there, fault.CodeOf(err)) {
			t.Fatalf("%s came back as %v (%v)", data, there, fault.CodeOf(there))
		}
		want, _ := errors.AsType[*fault.FieldError](err)
		got, ok := errors.AsType[*fault.FieldError](there)
		if ok != (fault.CodeOf(err) == fault.Invalid) || ok && got.Field != want.Field {
			t.Fatalf("%s came back with the field %+v", data, got)
		}
		if again := types().Encode(there); string(again) != string(data) {
			t.Fatalf("encoded again:\n%s\nfirst\n%s", again, data)
		}
	})
}
