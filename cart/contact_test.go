package cart_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// ada fills in every field, each with another value.
func ada() cart.Contact {
	return cart.Contact{
		Email: "ada@example.com", Name: "Ada L", Phone: "+44 1",
		ShippingAddress: accounts.Address{
			Name: "Ada S", Company: "Engines Ltd", Line1: "1 Main St", Line2: "Flat 2", City: "London",
			Region: "LDN", Postcode: "N1 1AA", Country: "GB", Phone: "+44 2",
		},
		BillingAddress: accounts.Address{
			Name: "Ada B", Company: "Bills Ltd", Line1: "3 Rue X", Line2: "Étage 4", City: "Paris",
			Region: "IDF", Postcode: "75001", Country: "FR", Phone: "+33 3",
		},
	}
}

func (s *shop) setContact(c cart.ID, contact cart.Contact) cart.Cart {
	s.Helper()
	got, err := s.carts.SetContact(s.Context(), cart.SetContact{Cart: c, Contact: contact})
	if err != nil {
		s.Fatal(err)
	}
	return got
}

func (s *shop) hasContact(c cart.ID, want cart.Contact) {
	s.Helper()
	got, err := s.carts.Contact(s.Context(), c)
	if err != nil || got != want {
		s.Errorf("the contact of %s: equal %t, erased %t, error %v", c, got == want, got.Erased, err)
	}
}

func TestContactIsSealed(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customer("ada@example.com")
	for name, test := range map[string]struct {
		customer accounts.CustomerID
	}{"guest": {}, "customer": {who}} {
		t.Run(name, func(t *testing.T) {
			c := s.add(cart.AddLines{Customer: test.customer, Lines: one("mug", 1)})
			s.hasContact(c.ID, cart.Contact{})
			got := s.setContact(c.ID, ada())
			if got.Version != 2 || got.ShippingCountry != "GB" || got.BillingCountry != "FR" {
				t.Errorf("got %+v", got)
			}
			s.hasContact(c.ID, ada())
			second := ada()
			second.Name = "Ada M"
			s.setContact(c.ID, second)
			s.hasContact(c.ID, second)
			s.view(c.ID, func(tx *sqlite.Tx) error {
				stored, err := cart.GetTx(tx, c.ID)
				sealed, owner := stored.Contact, stored.ContactSubject
				want := string(c.ID)
				if test.customer != "" {
					want = string(test.customer)
				}
				if owner != want || bytes.Contains(sealed, []byte("Ada")) {
					t.Errorf("the owner is %s, want %s; the blob is %q", owner, want, sealed)
				}
				return err
			})
			got = s.setContact(c.ID, cart.Contact{}) // removes it
			if got.ShippingCountry != "" {
				t.Errorf("countries are left: %+v", got)
			}
			s.hasContact(c.ID, cart.Contact{})
		})
	}
}

// No log entry and no table holds a contact in the clear.
func TestContactStaysOutOfTheLog(t *testing.T) {
	s := newShop(t, 1)
	var leaked []string
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind == "cart.set_contact" && bytes.Contains(e.Body, []byte("Ada")) {
			leaked = append(leaked, string(e.Kind))
		}
		return false
	}
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.setContact(c.ID, ada())
	if len(leaked) > 0 {
		t.Errorf("in the clear: %v", leaked)
	}
	if text := fmt.Sprintf("%+v %v %#v", ada(), ada(), ada()); strings.Contains(text, "Ada") {
		t.Errorf("a contact prints as %s", text)
	}
}

// The plaintext under the seal is a disk format: it must stay readable.
func TestContactFormatGolden(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.setContact(c.ID, ada())
	var sealed seal.Sealed
	s.view(c.ID, func(tx *sqlite.Tx) (err error) {
		stored, err := cart.GetTx(tx, c.ID)
		sealed = stored.Contact
		return err
	})
	slot, _ := id.SlotOf(string(c.ID))
	key, _, _, err := subject.Key(t.Context(), s.engine, s.sealer, slot, string(c.ID))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := s.sealer.Open(key, string(c.ID), "contact", sealed)
	if err != nil {
		t.Fatal(err)
	}
	got := hex.EncodeToString(plain) + "\n"
	const golden = "testdata/contact.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("the format has changed (%v):\n%s", err, got)
	}
}

func TestContactOfAnErasedPerson(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customer("ada@example.com")
	mine := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	guest := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.setContact(mine.ID, ada())
	s.setContact(guest.ID, ada())
	if err := s.people.Erase(t.Context(), accounts.Erase{Customer: who}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.carts.EraseGuest(t.Context(), cart.EraseGuest{Cart: guest.ID}); err != nil {
			t.Fatal(err)
		}
	}
	want := cart.Contact{Erased: true}
	want.ShippingAddress.Country, want.BillingAddress.Country = "GB", "FR"
	for _, c := range []cart.ID{mine.ID, guest.ID} {
		s.hasContact(c, want)
		_, err := s.carts.SetContact(t.Context(), cart.SetContact{Cart: c, Contact: ada()})
		wantsError(t, err, &cart.ErasedError{Cart: c})
	}
	wantsError(t, s.carts.EraseGuest(t.Context(), cart.EraseGuest{Cart: mine.ID}), &cart.OwnerError{Cart: mine.ID})
}

// Erasing a guest after a merge reaches what stayed with the guest's cart.
func TestContactStaysWithTheGuestsCart(t *testing.T) {
	s := newShop(t, 2)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customer("ada@example.com")
	guest := s.add(cart.AddLines{Lines: one("mug", 1)})
	s.setContact(guest.ID, ada())
	into, err := s.carts.Merge(t.Context(), guest.ID, who)
	if err != nil {
		t.Fatal(err)
	}
	s.hasContact(into.ID, cart.Contact{})
	s.hasContact(guest.ID, ada())
	if err := s.carts.EraseGuest(t.Context(), cart.EraseGuest{Cart: guest.ID}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.carts.Contact(t.Context(), guest.ID); err != nil || !got.Erased {
		t.Errorf("the contact is not erased, %v", err)
	}
}

// Two commands may bring a key for the same person at the same time: the one
// that comes second seals anew under the first one's.
func TestContactIsSealedAnewWhenAnotherKeyCameFirst(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	who := s.customerOn(0)
	a := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	b := s.add(cart.AddLines{Customer: who, Lines: one("mug", 1)})
	raced := false
	s.engine.Drop = func(e command.Envelope) bool {
		if e.Kind == "cart.set_contact" && !raced {
			raced = true
			s.setContact(b.ID, ada())
		}
		return false
	}
	other := ada()
	other.Name = "Ada K"
	s.setContact(a.ID, other)
	if !raced {
		t.Fatal("the race did not take place")
	}
	s.hasContact(a.ID, other)
	s.hasContact(b.ID, ada())
}

func TestSetContactValidates(t *testing.T) {
	s := newShop(t, 1)
	s.sells(map[catalog.SKU]int64{"mug": 1250})
	c := s.add(cart.AddLines{Lines: one("mug", 1)})
	for name, contact := range map[string]cart.Contact{
		"mask":           {Name: seal.Mask},
		"mask inside":    {Name: "A", BillingAddress: accounts.Address{City: seal.Mask}},
		"long":           {Phone: seal.Personal(strings.Repeat("1", 501))},
		"no @":           {Email: "ada"},
		"@ first":        {Email: "@ada"},
		"@ last":         {Email: "ada@"},
		"small country":  {ShippingAddress: accounts.Address{Country: "gb"}},
		"long country":   {BillingAddress: accounts.Address{Country: "GBR"}},
		"foreign letter": {BillingAddress: accounts.Address{Country: "É"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.carts.SetContact(t.Context(), cart.SetContact{Cart: c.ID, Contact: contact})
			wants(t, err, fault.Invalid)
		})
	}
	gone := cart.ID("cart_01KAJ3W7Q8Z5D4F6G7H8J9K0M1")
	_, err := s.carts.SetContact(t.Context(), cart.SetContact{Cart: gone, Contact: ada()})
	wantsError(t, err, &cart.NotFoundError{Cart: gone})
	_, err = s.carts.Contact(t.Context(), gone)
	wantsError(t, err, &cart.NotFoundError{Cart: gone})
	_, err = s.carts.SetContact(t.Context(), cart.SetContact{Cart: c.ID, Contact: ada(), Version: 5})
	wantsError(t, err, &cart.VersionError{Cart: c.ID, Want: 5, Have: 1})
}
