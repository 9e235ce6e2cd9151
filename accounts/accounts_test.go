package accounts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/command/commandtest"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// book is the customers of a test engine.
type book struct {
	testing.TB
	*accounts.Service
	engine *commandtest.Engine
	sealer *seal.Sealer
	ring   *seal.KeyFile
}

func newBook(t testing.TB, shards int) *book {
	t.Helper()
	ring, err := seal.CreateKeyFile(filepath.Join(t.TempDir(), "shop.keys"))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.NewSealer(t.Context(), commandtest.StoreID, ring)
	if err != nil {
		t.Fatal(err)
	}
	e := commandtest.New(t, shards, claim.Module(), subject.Module(), accounts.Module())
	return &book{TB: t, Service: accounts.NewService(e, sealer), engine: e, sealer: sealer, ring: ring}
}

func (b *book) must(c accounts.Register) accounts.Customer {
	b.Helper()
	customer, err := b.Register(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	return customer
}

// settle lets reservations that were left behind end, and compares e-mail
// addresses with claims over all shards.
func (b *book) settle() {
	b.Helper()
	b.engine.Drop = nil
	handler := claim.Timer(b.engine, b.Holds)
	b.engine.Advance(time.Minute)
	for _, timer := range b.engine.Timers(claim.TimerKind) {
		if err := handler(context.Background(), timer); err != nil {
			b.Fatal(err)
		}
	}
	found, err := b.CheckAcross(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for _, v := range found {
		b.Error(v)
	}
}

func ada() accounts.Register {
	return accounts.Register{
		Email: " Ada@Example.org ", Name: "Ada Lovelace", Phone: "+44 20 7946 0000",
		Groups: []string{"wholesale", "press", "wholesale"}, ExternalReference: "erp-1",
		Metadata: json.RawMessage(`{ "color": "blue" }`), PrivateMetadata: json.RawMessage(`{"rating":5}`),
	}
}

func home() accounts.Address {
	return accounts.Address{Name: "Ada Lovelace", Company: "Engines", Line1: "12 St James's Square", Line2: "2nd floor",
		City: "London", Region: "Greater London", Postcode: "SW1Y 4JH", Country: "GB", Phone: "+44 1"}
}

func ptr[T any](v T) *T { return &v }

func TestRegisterAndRead(t *testing.T) {
	b := newBook(t, 4)
	c := b.must(ada())
	if c.Email != " Ada@Example.org " || c.Name != "Ada Lovelace" || c.Phone != "+44 20 7946 0000" || c.Version != 1 || c.Erased {
		t.Errorf("got %+v", c)
	}
	if !slices.Equal(c.Groups, []string{"press", "wholesale"}) || c.ExternalReference != "erp-1" ||
		string(c.Metadata) != `{"color":"blue"}` || string(c.PrivateMetadata) != `{"rating":5}` {
		t.Errorf("got %+v", c)
	}
	for _, email := range []seal.Personal{"ada@example.org", "ADA@EXAMPLE.ORG\n"} {
		if found, err := b.ByEmail(t.Context(), email); err != nil || found.ID != c.ID {
			t.Errorf("by e-mail: got %s, %v; want %s", found.ID, err, c.ID)
		}
	}
	_, err := b.ByEmail(t.Context(), "bob@example.org")
	if _, ok := errors.AsType[*accounts.UnknownCustomerError](err); !ok || !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody's e-mail: got %v", err)
	}
	nobody := b.must(accounts.Register{})
	if nobody.Email != "" || nobody.Groups != nil || nobody.Metadata != nil {
		t.Errorf("got %+v", nobody)
	}
	b.settle()
}

func TestNothingPersonalIsStored(t *testing.T) {
	b := newBook(t, 2)
	c := b.must(ada())
	if _, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: c.ID, Address: home()}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Register(t.Context(), accounts.Register{Email: "ada@example.org", Key: "again"}) // its refusal is recorded
	if err == nil || strings.Contains(strings.ToLower(err.Error()), "ada@") {
		t.Fatalf("got %v", err)
	}
	secrets := []string{"lovelace", "ada@", "7946", "square", "london", "sw1y", "engines"}
	for i := range b.engine.Shards() {
		err := b.engine.View(t.Context(), b.engine.SlotOn(i), func(tx *sqlite.Tx) error {
			tables := tx.Query(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
			for tables.Next() {
				rows := tx.Query(`SELECT * FROM ` + tables.Text(0))
				for rows.Next() {
					line := strings.ToLower(fmt.Sprintf("%s", row(rows)))
					for _, s := range secrets {
						if strings.Contains(line, s) {
							t.Errorf("table %s holds %q", tables.Text(0), s)
						}
					}
				}
				if err := rows.Close(); err != nil {
					return err
				}
			}
			return tables.Close()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func row(rows *sqlite.Rows) (values []any) {
	for i := range rows.Columns() {
		values = append(values, rows.Value(i))
	}
	return values
}

func TestAnEmailHasOneCustomer(t *testing.T) {
	b := newBook(t, 4)
	c := b.must(ada())
	for _, key := range []string{"", "k"} {
		_, err := b.Register(t.Context(), accounts.Register{Email: "ada@EXAMPLE.org", Key: key})
		if _, ok := errors.AsType[*accounts.EmailTakenError](err); !ok || !errors.Is(err, fault.Conflict) {
			t.Errorf("key %q: got %v, want *EmailTakenError", key, err)
		}
	}
	bob := b.must(accounts.Register{Email: "bob@example.org"})
	_, err := b.Update(t.Context(), accounts.Update{Customer: bob.ID, Email: ptr(seal.Personal("ada@example.org"))})
	if !errors.Is(err, fault.Conflict) {
		t.Errorf("taking it by an update: got %v", err)
	}
	b.settle()
	if found, err := b.ByEmail(t.Context(), "bob@example.org"); err != nil || found.ID != bob.ID {
		t.Errorf("after a refused update: got %s, %v", found.ID, err)
	}
	if _, err := b.Update(t.Context(), accounts.Update{Customer: c.ID, Email: ptr(seal.Personal("countess@example.org"))}); err != nil {
		t.Fatal(err)
	}
	again := b.must(accounts.Register{Email: "ada@example.org"})
	if again.ID == c.ID {
		t.Error("a free address still means the old customer")
	}
	b.settle()
}

func TestRegisterAgainWithTheSameKey(t *testing.T) {
	b := newBook(t, 4)
	c := ada()
	c.Key = "signup-1"
	first := b.must(c)
	b.engine.Advance(time.Hour)
	if again := b.must(c); again.ID != first.ID || again.Version != 1 {
		t.Fatalf("got %+v, want %s", again, first.ID)
	}
	b.settle()
	c.Name = "Somebody else"
	if _, err := b.Register(t.Context(), c); !errors.Is(err, fault.Conflict) {
		t.Fatalf("another request under the same key: got %v", err)
	}
	other := ada()
	other.Email, other.Key = "other@example.org", "signup-1"
	if _, err := b.Register(command.WithPrincipal(t.Context(), "another app"), other); err != nil {
		t.Fatalf("the same key of another principal: %v", err)
	}
}

func TestUpdate(t *testing.T) {
	b := newBook(t, 4)
	c := b.must(ada())
	got, err := b.Update(t.Context(), accounts.Update{Customer: c.ID, Name: ptr(seal.Personal("Countess")), Version: 1})
	if err != nil || got.Name != "Countess" || got.Email != c.Email || got.Phone != c.Phone || got.Version != 2 || !slices.Equal(got.Groups, c.Groups) {
		t.Fatalf("got %+v, %v", got, err)
	}
	got, err = b.Update(t.Context(), accounts.Update{
		Customer: c.ID, Email: ptr(seal.Personal("")), Phone: ptr(seal.Personal("")), Groups: &[]string{},
		ExternalReference: ptr(""), Metadata: json.RawMessage(`{}`),
	})
	if err != nil || got.Email != "" || got.Phone != "" || got.Groups != nil || got.ExternalReference != "" ||
		string(got.Metadata) != `{}` || string(got.PrivateMetadata) != `{"rating":5}` || got.Name != "Countess" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := b.ByEmail(t.Context(), "ada@example.org"); !errors.Is(err, fault.NotFound) {
		t.Fatalf("by the dropped e-mail: got %v", err)
	}
	got, err = b.Update(t.Context(), accounts.Update{Customer: c.ID, Email: ptr(seal.Personal("Ada@example.org")), Groups: &[]string{"b", "a"}})
	if err != nil || got.Email != "Ada@example.org" || !slices.Equal(got.Groups, []string{"a", "b"}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	got, err = b.Update(t.Context(), accounts.Update{Customer: c.ID, Email: ptr(seal.Personal("ADA@example.org"))})
	if err != nil || got.Email != "ADA@example.org" {
		t.Fatalf("another spelling: got %+v, %v", got, err)
	}
	_, err = b.Update(t.Context(), accounts.Update{Customer: c.ID, Name: ptr(seal.Personal("X")), Version: 1})
	if v, ok := errors.AsType[*accounts.VersionError](err); !ok || v.Have != got.Version || v.Want != 1 {
		t.Fatalf("an old version: got %v", err)
	}
	b.settle()
}

func TestARecalledAnswerSettlesNothing(t *testing.T) {
	b := newBook(t, 4)
	c := b.must(ada())
	update := accounts.Update{Customer: c.ID, Email: ptr(seal.Personal("second@example.org")), Key: "k"}
	if _, err := b.Update(t.Context(), update); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Update(t.Context(), accounts.Update{Customer: c.ID, Email: ptr(seal.Personal("third@example.org"))}); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Update(t.Context(), update); err != nil || got.Email != "third@example.org" {
		t.Fatalf("the first update happened again: %+v, %v", got, err)
	}
	b.settle()
}

// TestTheOtherWasFaster lets an update slip in between the steps of another
// command, which then must go by what it left.
func TestTheOtherWasFaster(t *testing.T) {
	for name, slow := range map[string]func(*book, accounts.CustomerID) error{
		"erase": func(b *book, id accounts.CustomerID) error {
			return b.Erase(t.Context(), accounts.Erase{Customer: id})
		},
		"update": func(b *book, id accounts.CustomerID) error {
			_, err := b.Update(t.Context(), accounts.Update{Customer: id, Email: ptr(seal.Personal("slow@example.org"))})
			return err
		},
	} {
		for _, had := range []seal.Personal{"", "old@example.org"} {
			b := newBook(t, 3)
			c := b.must(accounts.Register{Email: had})
			once := true
			b.engine.Drop = func(e command.Envelope) bool {
				if once && strings.HasPrefix(string(e.Kind), "accounts.") {
					once = false
					if _, err := b.Update(t.Context(), accounts.Update{Customer: c.ID, Email: ptr(seal.Personal("fast@example.org"))}); err != nil {
						t.Errorf("%s, had %q: %v", name, had.Reveal(), err)
					}
				}
				return false
			}
			if err := slow(b, c.ID); err != nil {
				t.Errorf("%s, had %q: %v", name, had.Reveal(), err)
			}
			b.settle()
			if _, err := b.ByEmail(t.Context(), "fast@example.org"); !errors.Is(err, fault.NotFound) || once {
				t.Errorf("%s, had %q: got %v", name, had.Reveal(), err)
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	b := newBook(t, 2)
	c := b.must(ada())
	first, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: c.ID, Address: home(), Key: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: c.ID, Address: home(), Key: "a"}); err != nil || again != first {
		t.Fatalf("the same key: got %s, %v; want %s", again, err, first)
	}
	b.engine.Advance(time.Second)
	plain := accounts.Address{Line1: "Am Markt 1", Country: "DE"}
	second, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: c.ID, Address: plain})
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Get(t.Context(), c.ID)
	want := []accounts.SavedAddress{{ID: first, Address: home()}, {ID: second, Address: plain}}
	if err != nil || !slices.Equal(got.Addresses, want) || got.Version != 3 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := b.RemoveAddress(t.Context(), accounts.RemoveAddress{Customer: c.ID, Address: first}); err != nil {
		t.Fatal(err)
	}
	err = b.RemoveAddress(t.Context(), accounts.RemoveAddress{Customer: c.ID, Address: first})
	if _, ok := errors.AsType[*accounts.UnknownAddressError](err); !ok {
		t.Fatalf("removing it twice: got %v", err)
	}
	if got, err = b.Get(t.Context(), c.ID); err != nil || !slices.Equal(got.Addresses, want[1:]) {
		t.Fatalf("got %+v, %v", got.Addresses, err)
	}
	stranger := b.must(accounts.Register{})
	err = b.RemoveAddress(t.Context(), accounts.RemoveAddress{Customer: stranger.ID, Address: second})
	if !errors.Is(err, fault.NotFound) {
		t.Fatalf("another's address: got %v", err)
	}
	for range 99 {
		if _, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: c.ID, Address: plain}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: c.ID, Address: plain}); !errors.Is(err, fault.Refused) {
		t.Fatalf("address 101: got %v", err)
	}
}

func TestErase(t *testing.T) {
	b := newBook(t, 4)
	c := b.must(ada())
	if _, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: c.ID, Address: home()}); err != nil {
		t.Fatal(err)
	}
	slot, _ := c.ID.Slot()
	key, wrapped, isNew, err := subject.Key(t.Context(), b.engine, b.sealer, slot, string(c.ID))
	if err != nil || isNew {
		t.Fatalf("got %t, %v", isNew, err)
	}
	for range 2 {
		if err := b.Erase(t.Context(), accounts.Erase{Customer: c.ID}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.Get(t.Context(), c.ID)
	if err != nil || !got.Erased || got.Email != "" || got.Name != "" || got.Phone != "" || got.Addresses != nil || got.Metadata != nil || got.PrivateMetadata != nil {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got.Version != 3 || got.ExternalReference != "erp-1" {
		t.Fatalf("got %+v", got)
	}
	if _, err := b.ByEmail(t.Context(), "ada@example.org"); !errors.Is(err, fault.NotFound) {
		t.Fatalf("by e-mail: got %v", err)
	}
	if _, _, _, err := subject.Key(t.Context(), b.engine, b.sealer, slot, string(c.ID)); !errors.Is(err, fault.Refused) {
		t.Fatalf("the data key of %v (%d bytes): got %v", key, len(wrapped), err)
	}
	for name, do := range map[string]func() error{
		"update": func() error {
			_, err := b.Update(t.Context(), accounts.Update{Customer: c.ID, Name: ptr(seal.Personal("X"))})
			return err
		},
		"add address": func() error {
			_, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: c.ID, Address: home()})
			return err
		},
	} {
		if _, erased := errors.AsType[*accounts.ErasedError](do()); !erased {
			t.Errorf("%s: want *ErasedError", name)
		}
	}
	if again := b.must(ada()); again.ID == c.ID {
		t.Fatal("the address did not become free")
	}
	err = b.Erase(t.Context(), accounts.Erase{Customer: another(c.ID)})
	if !errors.Is(err, fault.NotFound) {
		t.Fatalf("erasing nobody: got %v", err)
	}
	b.settle()
}

func TestInvalid(t *testing.T) {
	b := newBook(t, 1)
	before := b.engine.Submitted()
	long := seal.Personal(strings.Repeat("x", 201))
	for name, c := range map[string]accounts.Register{
		"no at":         {Email: "ada"},
		"two ats":       {Email: "a@b@c"},
		"space":         {Email: "a b@c"},
		"no name":       {Email: "@c"},
		"long":          {Email: "a@" + long + long},
		"not UTF-8":     {Email: "a@\xff"},
		"mask":          {Email: seal.Mask},
		"masked name":   {Name: seal.Mask},
		"long name":     {Name: long},
		"name not UTF8": {Name: "\xff"},
		"phone":         {Phone: long},
		"group":         {Groups: []string{""}},
		"groups":        {Groups: slices.Repeat([]string{"a"}, 51)},
		"reference":     {ExternalReference: string(long)},
		"metadata":      {Metadata: json.RawMessage(`7`)},
	} {
		if _, err := b.Register(t.Context(), c); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want fault.Invalid", name, err)
		}
	}
	for name, change := range map[string]func(*accounts.Address){
		"no line":   func(a *accounts.Address) { a.Line1 = " " },
		"long city": func(a *accounts.Address) { a.City = long },
		"country":   func(a *accounts.Address) { a.Country = "gb" },
		"countries": func(a *accounts.Address) { a.Country = "GBR" },
		"mask":      func(a *accounts.Address) { a.Postcode = seal.Mask },
	} {
		a := home()
		change(&a)
		_, err := b.AddAddress(t.Context(), accounts.AddAddress{Customer: "cus_01KAJ3W7Q8Z5D4F6G7H8J9K0M1", Address: a})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("address, %s: got %v, want fault.Invalid", name, err)
		}
	}
	for _, id := range []accounts.CustomerID{"", "cus_", "ord_01KAJ3W7Q8Z5D4F6G7H8J9K0M1"} {
		if err := b.Erase(t.Context(), accounts.Erase{Customer: id}); !errors.Is(err, fault.Invalid) {
			t.Errorf("ID %q: got %v", id, err)
		}
	}
	if n := b.engine.Submitted() - before; n != 0 {
		t.Errorf("%d commands were logged", n)
	}
}

func TestErrorsDoNotRepeatWhatIsPersonal(t *testing.T) {
	b := newBook(t, 1)
	_, err := b.Register(t.Context(), accounts.Register{Email: "ada example.org"})
	if err == nil || strings.Contains(err.Error(), "ada") {
		t.Fatalf("got %v", err)
	}
}

func TestAll(t *testing.T) {
	b := newBook(t, 3)
	for i := range 130 {
		b.engine.Advance(time.Millisecond)
		c := accounts.Register{Name: seal.Personal(fmt.Sprint("C", i))}
		if i%3 == 0 {
			c.Groups = []string{"vip"}
		}
		b.must(c)
	}
	var ids []accounts.CustomerID
	for c, err := range b.All(t.Context(), accounts.Filter{}) {
		if err != nil || !strings.HasPrefix(c.Name.Reveal(), "C") {
			t.Fatalf("got %+v, %v", c, err)
		}
		ids = append(ids, c.ID)
	}
	if len(ids) != 130 || !slices.IsSorted(ids) {
		t.Fatalf("got %d customers, sorted %t", len(ids), slices.IsSorted(ids))
	}
	n := 0
	for c, err := range b.All(t.Context(), accounts.Filter{Group: "vip", After: ids[9], Limit: 5}) {
		if err != nil || c.ID <= ids[9] || !slices.Contains(c.Groups, "vip") {
			t.Fatalf("got %+v, %v", c, err)
		}
		n++
	}
	if n != 5 {
		t.Fatalf("got %d customers, want 5", n)
	}
}

func TestRewrapCompletesAnErasure(t *testing.T) {
	b := newBook(t, 3)
	c, gone := b.must(ada()), b.must(accounts.Register{Name: "Gone"})
	if err := b.Erase(t.Context(), accounts.Erase{Customer: gone.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ring.AddEpoch(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if n, err := subject.RewrapAll(t.Context(), b.engine, b.sealer); err != nil || n != want {
			t.Fatalf("got %d, %v; want %d", n, err, want)
		}
	}
	if err := b.ring.DropEpoch(1); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Get(t.Context(), c.ID); err != nil || got.Name != "Ada Lovelace" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

// another returns an ID that nobody has.
func another(c accounts.CustomerID) accounts.CustomerID {
	last := "0"
	if strings.HasSuffix(string(c), last) {
		last = "1"
	}
	return c[:len(c)-1] + accounts.CustomerID(last)
}
