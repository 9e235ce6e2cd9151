package catalog

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// UnknownProductTypeError says that a product type does not exist.
type UnknownProductTypeError struct{ Type ProductTypeID }

func (e *UnknownProductTypeError) Error() string {
	return fmt.Sprintf("there is no product type %s", e.Type)
}

// Unwrap returns fault.NotFound.
func (e *UnknownProductTypeError) Unwrap() error { return fault.NotFound }

// ProductTypeCodeError says that a code belongs to another product type.
type ProductTypeCodeError struct {
	Code string
	Type ProductTypeID // the type that has it
}

func (e *ProductTypeCodeError) Error() string {
	return fmt.Sprintf("%q already names product type %s: choose another code", e.Code, e.Type)
}

// Unwrap returns fault.Conflict.
func (e *ProductTypeCodeError) Unwrap() error { return fault.Conflict }

// ProductTypeVersionError says that a product type was changed since it was
// read.
type ProductTypeVersionError struct {
	Type       ProductTypeID
	Have, Want int64 // its version, and the one that the command was made for
}

func (e *ProductTypeVersionError) Error() string {
	return command.Unmet("product type "+string(e.Type), e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *ProductTypeVersionError) Unwrap() error { return fault.Conflict }

// AttributeKindError says that an attribute of a product type cannot become of
// another kind, since products have values of the old one.
type AttributeKindError struct {
	Type       ProductTypeID
	Attribute  string
	Have, Want AttributeKind
}

func (e *AttributeKindError) Error() string {
	return fmt.Sprintf("attribute %q of product type %s is a %s and cannot become a %s: define another one", e.Attribute, e.Type, e.Have, e.Want)
}

// Unwrap returns fault.Conflict.
func (e *AttributeKindError) Unwrap() error { return fault.Conflict }
