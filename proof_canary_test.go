package commerce_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
)

// canaries are personal data that no file may hold.
var canaries = []string{
	"Wilhelmina Quackenbush", "quackenbush.w@example.org", "+49 30 5550199",
	"77 Larkspur Crescent", "Ostfildern-Ruit", "D-73760", "Quackenbush & Sons", "Torvald Ekenstam", "ekenstam@example.net",
	"ocelot umbrella 1815", "marmalade zeppelin 42", "Larkspur tablet",
	"hooks.example.org/in/9f1c-nightjar",
	"4 Threadneedle Mews", "Pfaffenhofen-Hettenshausen",
}

// TestCanary: names, e-mail addresses, phone numbers and addresses of customers
// and guests, passwords, tokens and the secrets of webhooks are found in no file under the store's
// directory, open or closed, as they are, encoded or compressed, and in no event.
func TestCanary(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "shop")
	bank := simulator.New()
	shop := open(t, dir, commerce.WithShards(2), commerce.WithPayments(bank))
	stock(t, shop, "mug", 50)
	who := livePrivately(t, shop)
	texts := append(proveThemselves(t, shop, who), canaries...)

	lookFor(t, "open store", files(t, dir), texts)
	for e, err := range shop.Events(ctx, "") {
		must(t, err)
		for _, c := range texts {
			if strings.Contains(fmt.Sprint(e.Subject, string(e.Data)), c) {
				t.Errorf("event %s of %s holds %q", e.Kind, e.Subject, c)
			}
		}
	}
	must(t, shop.Accounts.Erase(ctx, accounts.Erase{Customer: who}))
	lookFor(t, "store after the erasure", files(t, dir), texts)
	must(t, shop.Close())
	lookFor(t, "closed store", files(t, dir), texts)
}

// proveThemselves logs a customer in and out, in every way there is, and
// returns the tokens.
func proveThemselves(t *testing.T, shop *commerce.Store, who accounts.CustomerID) (tokens []string) {
	t.Helper()
	ctx := context.Background()
	email, first, second, device := seal.Personal(canaries[1]), seal.Personal(canaries[9]), seal.Personal(canaries[10]), seal.Personal(canaries[11])
	got := func(token seal.Personal, err error) seal.Personal {
		t.Helper()
		must(t, err)
		tokens = append(tokens, token.Reveal())
		return token
	}
	must(t, shop.Accounts.SetPassword(ctx, accounts.SetPassword{Customer: who, Password: first}))
	letter, err := shop.Accounts.StartVerification(ctx, accounts.StartVerification{Customer: who})
	_, err2 := shop.Accounts.Verify(ctx, accounts.Verify{Token: got(letter.Token, err)})
	must(t, err2)
	_, err = shop.Accounts.LogIn(ctx, accounts.LogIn{Email: email, Password: second})
	wantCode(t, err, fault.Denied)
	in, err := shop.Accounts.LogIn(ctx, accounts.LogIn{Email: email, Password: first, Device: device})
	got(in.Token, err)
	in, err = shop.Accounts.ChangePassword(ctx, accounts.ChangePassword{Token: in.Token, Old: first, New: second, Device: device})
	got(in.Token, err)
	letter, err = shop.Accounts.StartReset(ctx, accounts.StartReset{Email: email})
	in, err2 = shop.Accounts.Reset(ctx, accounts.Reset{Token: got(letter.Token, err), Password: first})
	got(in.Token, err2)
	must(t, shop.Accounts.LogOut(ctx, accounts.LogOut{Token: in.Token}))
	in, err = shop.Accounts.LogIn(ctx, accounts.LogIn{Email: email, Password: first, Device: device})
	got(in.Token, err)

	e, err := shop.Endpoints.Put(ctx, endpoints.Put{URL: seal.Personal("https://" + canaries[12])})
	must(t, err)
	secrets, err := shop.Endpoints.RotateSecret(ctx, endpoints.RotateSecret{Endpoint: e.ID})
	must(t, err)
	for _, s := range secrets {
		tokens = append(tokens, strings.TrimPrefix(s.Text.Reveal(), endpoints.SecretPrefix))
	}
	return tokens
}

// livePrivately registers a customer, fills carts with contacts and buys them,
// one of them as a guest, one to be declined.
func livePrivately(t *testing.T, shop *commerce.Store) accounts.CustomerID {
	t.Helper()
	ctx := context.Background()
	at := accounts.Address{
		Name: seal.Personal(canaries[0]), Company: seal.Personal(canaries[6]), Line1: seal.Personal(canaries[3]),
		City: seal.Personal(canaries[4]), Postcode: seal.Personal(canaries[5]), Country: "DE", Phone: seal.Personal(canaries[2]),
	}
	who, err := shop.Accounts.Register(ctx, accounts.Register{
		Name: seal.Personal(canaries[0]), Email: seal.Personal(canaries[1]), Phone: seal.Personal(canaries[2]),
	})
	must(t, err)
	_, err = shop.Accounts.AddAddress(ctx, accounts.AddAddress{Customer: who.ID, Address: at})
	must(t, err)
	mine := cart.Contact{Name: at.Name, Email: seal.Personal(canaries[1]), Phone: at.Phone, ShippingAddress: at, BillingAddress: at}
	guest := cart.Contact{Name: seal.Personal(canaries[7]), Email: seal.Personal(canaries[8]), ShippingAddress: at}
	for i, c := range []struct {
		customer accounts.CustomerID
		contact  cart.Contact
		token    string
	}{{who.ID, mine, approves}, {"", guest, approves}, {who.ID, mine, declines}, {"", guest, declines}} {
		full, err := shop.Carts.AddLine(ctx, cart.AddLine{Customer: c.customer, SKU: "mug", Quantity: 1})
		must(t, err)
		_, err = shop.Carts.SetContact(ctx, cart.SetContact{Cart: full.ID, Contact: c.contact})
		must(t, err)
		elsewhere := at
		elsewhere.Line1, elsewhere.City = seal.Personal(canaries[13]), seal.Personal(canaries[14])
		_, err = shop.Carts.SetDelivery(ctx, cart.SetDelivery{Cart: full.ID, Address: elsewhere})
		must(t, err)
		_, err = shop.Carts.AssignLines(ctx, cart.AssignLines{Cart: full.ID, Lines: []cart.AssignedLine{{Line: full.Lines[0].ID, Delivery: 2}}})
		must(t, err)
		if got, err := shop.Carts.DeliveryAddresses(ctx, full.ID); err != nil || got[0].Address != elsewhere {
			t.Fatalf("the second delivery goes to %+v, %v", got, err)
		}
		if got, err := shop.Carts.Contact(ctx, full.ID); err != nil || got.Name != c.contact.Name {
			t.Fatalf("the contact is not what was set: %v", err)
		}
		_, err = shop.Checkout.Complete(ctx, checkout.Complete{Cart: full.ID, PayWith: "simulator", Token: c.token, Key: fmt.Sprint(i)})
		if err != nil && c.token == approves {
			t.Fatal(err)
		}
	}
	// What is refused is logged, too.
	_, err = shop.Accounts.Register(ctx, accounts.Register{Email: seal.Personal(strings.ToUpper(canaries[1]))})
	wantCode(t, err, fault.Conflict)
	return who.ID
}

// lookFor fails the test if a file holds one of the texts in any form that is
// not a cipher.
func lookFor(t *testing.T, where string, files map[string][]byte, texts []string) {
	t.Helper()
	for name, data := range files {
		parts := append([][]byte{data}, unpacked(data)...)
		for _, text := range texts {
			for form, needle := range forms(text) {
				for i, part := range parts {
					if bytes.Contains(part, needle) {
						t.Errorf("%s: %s holds %q %s (part %d)", where, name, text, form, i)
					}
				}
			}
		}
	}
}

// forms returns a text as it could be hidden from a plain search. Of base64 it
// takes the middle, which does not depend on what stands before.
func forms(text string) map[string][]byte {
	out := map[string][]byte{
		"as it is":       []byte(text),
		"in lower case":  []byte(strings.ToLower(text)),
		"in upper case":  []byte(strings.ToUpper(text)),
		"in hexadecimal": []byte(hex.EncodeToString([]byte(text))),
	}
	wide := []byte{}
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	out["in UTF-16"] = wide
	for shift := range 3 {
		b := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
		if middle := b[4 : len(b)-4]; len(middle) >= 8 { // fewer letters come up by chance
			out[fmt.Sprint("in base64, shifted by ", shift)] = []byte(middle)
		}
	}
	return out
}

// unpacked returns what is compressed within data.
func unpacked(data []byte) (out [][]byte) {
	for i := 0; i+18 < len(data); i++ {
		switch head := data[i:]; {
		case head[0] == 0x1f && head[1] == 0x8b && head[2] == 8:
			if r, err := gzip.NewReader(bytes.NewReader(head)); err == nil {
				out = append(out, drain(r))
			}
		case head[0] == 0x78 && (head[1] == 0x01 || head[1] == 0x9c || head[1] == 0xda):
			if r, err := zlib.NewReader(bytes.NewReader(head)); err == nil {
				out = append(out, drain(r))
			}
		case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
			// Zstandard: nothing in this program writes it, so it needs no reader.
			out = append(out, []byte("a Zstandard frame: "+canaries[0]))
		}
	}
	return out
}

// drain reads what can be read: what follows compressed data is not its own.
func drain(r io.Reader) []byte {
	b, _ := io.ReadAll(io.LimitReader(r, 16<<20))
	return b
}

// TestCanaryIsFound: the search finds what it looks for, in every form.
func TestCanaryIsFound(t *testing.T) {
	text := canaries[0]
	pack := func(w func(io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		b.WriteString("something before ")
		p := w(&b)
		io.WriteString(p, "a header, "+text+", a footer")
		p.Close()
		b.WriteString(" and something after it, long enough to go on")
		return b.Bytes()
	}
	for name, data := range map[string][]byte{
		"plain":  []byte("x" + text),
		"hex":    []byte(hex.EncodeToString([]byte("x" + text))),
		"base64": []byte(base64.StdEncoding.EncodeToString([]byte(`{"name":"` + text + `"}`))),
		"gzip":   pack(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }),
		"zlib":   pack(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }),
		"best":   pack(func(w io.Writer) io.WriteCloser { p, _ := zlib.NewWriterLevel(w, flate.BestCompression); return p }),
	} {
		t.Run(name, func(t *testing.T) {
			found := false
			for _, part := range append([][]byte{data}, unpacked(data)...) {
				for _, needle := range forms(text) {
					found = found || bytes.Contains(part, needle)
				}
			}
			if !found {
				t.Errorf("%q is not found", text)
			}
		})
	}
}

// TestErasedAtOnce: when Erase has returned, nobody reads the customer's data
// any more: not from the account, the carts or the orders, cached or not.
func TestErasedAtOnce(t *testing.T) {
	ctx := context.Background()
	bank := simulator.New()
	shop := commercetest.Open(t, commerce.WithShards(2), commerce.WithPayments(bank))
	stock(t, shop, "mug", 50)
	who := livePrivately(t, shop)
	var mine []orders.Order
	for o, err := range shop.Orders.All(ctx, orders.Filter{Customer: who}) {
		must(t, err)
		mine = append(mine, o)
	}
	if len(mine) != 2 {
		t.Fatalf("the customer has %d orders, want 2", len(mine))
	}
	if c, err := shop.Orders.Contact(ctx, mine[0].ID); err != nil || c.Name.Reveal() != canaries[0] {
		t.Fatalf("before the erasure: got %q, %v", c.Name.Reveal(), err)
	}
	must(t, shop.Accounts.Erase(ctx, accounts.Erase{Customer: who}))

	c, err := shop.Accounts.Get(ctx, who)
	if err != nil || !c.Erased || c.Name != "" || c.Email != "" || c.Phone != "" || len(c.Addresses) != 0 {
		t.Errorf("the customer is erased and reads as %+v, %v", c, err)
	}
	_, err = shop.Accounts.ByEmail(ctx, seal.Personal(canaries[1]))
	wantCode(t, err, fault.NotFound)
	for _, o := range mine {
		if got, err := shop.Orders.Contact(ctx, o.ID); err != nil || !got.Erased || got.Name != "" || got.ShippingAddress.Line1 != "" {
			t.Errorf("the contact of order %s reads as erased %v, %v", o.ID, got.Erased, err)
		}
		if where, err := shop.Orders.DeliveryAddresses(ctx, o.ID); err != nil || len(where) == 1 && (!where[0].Erased || where[0].Address.Line1 != "") {
			t.Errorf("order %s goes to %+v, %v", o.ID, where, err)
		}
		if got, err := shop.Carts.Contact(ctx, cart.ID(o.Cart)); err != nil || !got.Erased || got.Name != "" {
			t.Errorf("the contact of cart %s reads as erased %v, %v", o.Cart, got.Erased, err)
		}
		if again, err := shop.Orders.Get(ctx, o.ID); err != nil || again.Total != o.Total {
			t.Errorf("the books of order %s changed: %v", o.ID, err)
		}
	}
	// The address is free for somebody else.
	_, err = shop.Accounts.Register(ctx, accounts.Register{Email: seal.Personal(canaries[1])})
	must(t, err)
	// Guests stay as they were.
	n := 0
	for o, err := range shop.Orders.All(ctx, orders.Filter{}) {
		must(t, err)
		if got, err := shop.Orders.Contact(ctx, o.ID); o.Customer == "" && err == nil && got.Name.Reveal() == canaries[7] {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d guests' orders have their contact, want 2", n)
	}
}
