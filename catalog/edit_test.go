package catalog_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/keelshop/commerce/catalog"
)

// TestPutLosesNothing fills every field of a product and looks for each in what
// would put it again.
func TestPutLosesNothing(t *testing.T) {
	var v catalog.Variant
	fill(reflect.ValueOf(&v).Elem())
	var p catalog.Product
	fill(reflect.ValueOf(&p).Elem())
	p.Variants = []catalog.Variant{v}
	for _, c := range []struct {
		put  any
		free []string // what an edit does not carry over
	}{
		{p.Put(), []string{"ForgetHandles", "SKU", "Price", "Key"}},
		{p.Put().Variants[0], nil},
	} {
		value := reflect.ValueOf(c.put)
		for i := range value.NumField() {
			f := value.Type().Field(i)
			if f.Tag.Get("command") == "stamped" || slices.Contains(c.free, f.Name) {
				continue
			}
			if value.Field(i).IsZero() {
				t.Errorf("%s.%s is lost", value.Type().Name(), f.Name)
			}
		}
	}
}

// fill gives every field that it can a value that is not zero.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Struct:
			if f.CanSet() && f.Type().PkgPath() != "time" {
				fill(f)
			}
		}
	}
}
