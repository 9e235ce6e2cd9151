package fault_test

import (
	"errors"
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
	if fault.InField("email", nil) != nil {
		t.Error("no error became one")
	}
}
