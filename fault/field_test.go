package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/keelshop/commerce/fault"
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
