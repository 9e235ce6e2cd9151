package cart_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
)

func TestAnnotateLeavesWhatIsNil(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	c := s.add(cart.AddLines{Lines: one("mug", 1), ExternalReference: "first"})
	annotate := func(a cart.Annotate) cart.Cart {
		t.Helper()
		a.Cart = c.ID
		got, err := s.carts.Annotate(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	is := func(got cart.Cart, public, private, reference string) {
		t.Helper()
		if string(got.Metadata) != public || string(got.PrivateMetadata) != private || got.ExternalReference != reference {
			t.Errorf("got %s, %s, %q; want %s, %s, %q", got.Metadata, got.PrivateMetadata, got.ExternalReference, public, private, reference)
		}
	}
	is(c, "", "", "first")
	is(annotate(cart.Annotate{Metadata: json.RawMessage(`{"a":1}`)}), `{"a":1}`, "", "first")
	is(annotate(cart.Annotate{PrivateMetadata: json.RawMessage(` {"b":2}`), ExternalReference: new("second")}), `{"a":1}`, `{"b":2}`, "second")
	if err := s.step("lock", c.ID, 0, "ord_1"); err != nil {
		t.Fatal(err)
	}
	got := annotate(cart.Annotate{Metadata: json.RawMessage(`{}`), ExternalReference: new(""), Version: 4}) // in any status
	is(got, `{}`, `{"b":2}`, "")
	if got.Version != 5 || got.Status != cart.Locking {
		t.Errorf("got %s at version %d", got.Status, got.Version)
	}
	_, err := s.carts.Annotate(t.Context(), cart.Annotate{Cart: c.ID, Version: 4})
	wantsError(t, err, &cart.VersionError{Cart: c.ID, Want: 4, Have: 5})
}

func TestAnnotateValidates(t *testing.T) {
	s := newShop(t, 1)
	large := `{"a":"` + strings.Repeat("x", 16<<10) + `"}`
	for name, bad := range map[string]string{
		"empty": "", "null": "null", "array": "[]", "text": `"a"`, "cut": `{"a":`, "two": "{}{}", "not UTF-8": "{\"\xff\":1}", "large": large,
	} {
		t.Run(name, func(t *testing.T) {
			id := cart.ID("cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
			_, err := s.carts.Annotate(t.Context(), cart.Annotate{Cart: id, Metadata: json.RawMessage(bad)})
			wants(t, err, fault.Invalid)
			_, err = s.carts.Annotate(t.Context(), cart.Annotate{Cart: id, PrivateMetadata: json.RawMessage(bad)})
			wants(t, err, fault.Invalid)
			_, err = s.carts.Annotate(t.Context(), cart.Annotate{Cart: id, ExternalReference: new(strings.Repeat("x", 201))})
			wants(t, err, fault.Invalid)
		})
	}
}
