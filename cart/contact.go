package cart

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/subject"
)

// Contact says who buys and where goods and invoice go.
type Contact struct {
	Email           seal.Personal
	Name            seal.Personal
	Phone           seal.Personal `command:"phone"`
	ShippingAddress accounts.Address
	BillingAddress  accounts.Address // all empty means the shipping address
	Note            seal.Personal    // to the shop, or a message to go with a gift

	// Erased is true when the person was erased: everything else but the
	// countries is empty for good. It is not read from a SetContact.
	Erased bool
}

// SetContact replaces a cart's contact. An empty Contact removes it.
type SetContact struct {
	Cart    ID      `cbor:"1,keyasint"`
	Contact Contact `cbor:"-"`
	Version int64   `cbor:"2,keyasint,omitempty"` // 0 does not check
	Key     string  `cbor:"-"`

	// Sealed is the Contact under the data key of the cart's subject.
	Sealed seal.Sealed `cbor:"3,keyasint,omitempty" command:"stamped"`
	// Wrapped is that key, if this command brings it along.
	Wrapped         seal.WrappedKey `cbor:"4,keyasint,omitempty" command:"stamped"`
	ShippingCountry string          `cbor:"5,keyasint,omitempty" command:"stamped"`
	BillingCountry  string          `cbor:"6,keyasint,omitempty" command:"stamped"`
	// EmailHash is that of the contact's address, by which a guest's orders are
	// found when somebody shows that it is theirs.
	EmailHash *claim.Hash `cbor:"7,keyasint,omitempty" command:"stamped"`
}

// contactField names the contact to the seal, in carts and in orders.
const contactField = "contact"

// mostField bounds each field of a contact, in bytes.
const mostField = 500

// Kind returns "cart.set_contact".
func (SetContact) Kind() command.Kind { return "cart.set_contact" }

// Validate checks the form of the contact: lengths, countries, and that no
// field holds the mask that a printed personal value leaves behind.
func (c SetContact) Validate() error {
	if _, err := slotOf(c.Cart); err != nil {
		return err
	}
	return c.Contact.Check()
}

// Check returns fault.Invalid for a contact that cannot be kept: fields that are
// too long or hold control characters, an e-mail address or a country that is none, or the mask that a printed personal value
// leaves behind.
func (c Contact) Check() error {
	for i, f := range c.Fields() {
		if err := checkField(f.Reveal(), fieldNames[i] == noteName); err != nil {
			return fault.InField("contact", fault.InField(fieldNames[i], err))
		}
	}
	if c.Email != "" {
		if err := accounts.CheckEmail(c.Email); err != nil {
			return fault.InField("contact", err)
		}
	}
	if err := checkCountry("shipping_address", c.ShippingAddress.Country); err != nil {
		return err
	}
	return checkCountry("billing_address", c.BillingAddress.Country)
}

func checkCountry(address, country string) error {
	if country == "" || isCountry(country) {
		return nil
	}
	err := fault.New(fault.Invalid, "country %.10q is not two capital letters as in ISO 3166-1", country)
	return fault.InField("contact", fault.InField(address, fault.InField("country", err)))
}

// checkField refuses what no field of a contact can be. Only a note has lines: a
// line break elsewhere would end a header of the letter that it is put into.
func checkField(text string, lines bool) error {
	switch {
	case text == seal.Mask:
		return fault.New(fault.Invalid, "it holds the mask %s in place of a value", seal.Mask)
	case len(text) > mostField:
		return fault.New(fault.Invalid, "it is longer than %d bytes", mostField)
	case !utf8.ValidString(text):
		return fault.New(fault.Invalid, "it is not UTF-8")
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !(lines && strings.ContainsRune("\n\r\t", r)) }):
		return fault.New(fault.Invalid, "it holds a control character or a line break")
	}
	return nil
}

const noteName = "note"

// fieldNames are the names of what Fields returns.
var fieldNames = fieldNamesOf("shipping_address", "billing_address")

func fieldNamesOf(addresses ...string) []string {
	out := []string{"email", "name", "phone", noteName}
	for _, a := range addresses {
		for _, f := range []string{"name", "company", "line1", "line2", "city", "region", "postcode", "phone"} {
			out = append(out, a+"."+f)
		}
	}
	return out
}

// Fields returns the contact's personal fields, in an order that stays.
func (c Contact) Fields() []seal.Personal {
	out := []seal.Personal{c.Email, c.Name, c.Phone, c.Note}
	for _, a := range []accounts.Address{c.ShippingAddress, c.BillingAddress} {
		out = append(out, a.Name, a.Company, a.Line1, a.Line2, a.City, a.Region, a.Postcode, a.Phone)
	}
	return out
}

func isCountry(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

// prepare seals the contact.
func (c *SetContact) prepare(ctx context.Context, s *Service, st command.Stamp) error {
	c.Contact.Erased = false
	c.Sealed, c.Wrapped, c.EmailHash = nil, nil, accounts.HashOf(s.engine, c.Contact.Email)
	c.ShippingCountry, c.BillingCountry = c.Contact.ShippingAddress.Country, c.Contact.BillingAddress.Country
	if c.Contact == (Contact{}) {
		return nil
	}
	plain, err := encodeContact(c.Contact)
	if err != nil {
		return err
	}
	c.Sealed, c.Wrapped, err = s.seal(ctx, st.Slot, c.Cart, contactField, plain)
	return err
}

// seal seals a field under the data key of the cart's subject, and returns that
// key, too, if it is a new one.
func (s *Service) seal(ctx context.Context, slot id.Slot, cart ID, field string, plain []byte) (sealed seal.Sealed, brought seal.WrappedKey, err error) {
	h, err := s.header(ctx, cart)
	if err != nil {
		return nil, nil, err
	}
	key, wrapped, isNew, err := subject.Key(ctx, s.engine, s.sealer, slot, h.subject())
	if err != nil {
		return nil, nil, h.erased(err)
	}
	if isNew {
		brought = wrapped
	}
	sealed, err = s.sealer.Seal(key, h.subject(), field, plain)
	return sealed, brought, err
}

// subject names who the cart's contact belongs to.
func (h header) subject() string {
	if h.customer != "" {
		return string(h.customer)
	}
	return string(h.id)
}

// erased says of a cart what err says of its subject.
func (h header) erased(err error) error {
	if _, ok := errors.AsType[*subject.ErasedError](err); ok {
		return &ErasedError{Cart: h.id}
	}
	return err
}

func (c SetContact) apply(tx *command.Tx) (Receipt, error) {
	h, err := loadHeader(tx.Tx, c.Cart)
	if err != nil {
		return Receipt{}, err
	}
	if err := h.changeable(c.Version); err != nil {
		return Receipt{}, err
	}
	owner := ""
	if len(c.Sealed) > 0 {
		owner = h.subject()
		if err := ensureKey(tx, owner, c.Wrapped); err != nil {
			return Receipt{}, h.erased(err)
		}
	}
	var hash []byte
	if c.EmailHash != nil && h.customer == "" {
		hash = c.EmailHash[:]
	}
	if _, err := tx.Exec(`UPDATE carts SET contact = ?, contact_subject = ?, email_hash = ?, shipping_country = ?, billing_country = ? WHERE id = ?`,
		[]byte(c.Sealed), owner, hash, c.ShippingCountry, c.BillingCountry, c.Cart); err != nil {
		return Receipt{}, err
	}
	return h.save(tx)
}

// ensureKey stores a key that came along, and refuses a subject who was erased
// since the contact was sealed.
func ensureKey(tx *command.Tx, owner string, wrapped seal.WrappedKey) error {
	if len(wrapped) > 0 {
		return subject.EnsureTx(tx, owner, wrapped)
	}
	_, err := subject.WrappedTx(tx.Tx, owner)
	return err
}

// sealTries bounds how often a contact is sealed anew because the subject got
// its key from somebody else meanwhile. Once is enough: a key stays.
const sealTries = 3

// SetContact runs the command and returns the whole cart as it is then. It
// returns a *VersionError or a *StatusError as AddLines does, and an
// *ErasedError if the customer or guest was erased.
func (s *Service) SetContact(ctx context.Context, c SetContact) (Cart, error) {
	slot, err := slotOf(c.Cart)
	if err != nil {
		return Cart{}, err
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(st command.Stamp) error { return c.prepare(ctx, s, st) }}
	for try := 1; ; try++ {
		got, err := command.DoThen(ctx, s.engine, &c, call, s.read)
		if _, raced := errors.AsType[*subject.KeyExistsError](err); raced && try < sealTries {
			continue
		}
		return got, err
	}
}

// Contact returns a cart's contact in the clear: the zero Contact if none was
// set, one that says Erased if the person was erased. It returns a
// *NotFoundError if there is no such cart.
func (s *Service) Contact(ctx context.Context, cart ID) (Contact, error) {
	slot, err := slotOf(cart)
	if err != nil {
		return Contact{}, err
	}
	var c Stored
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		c, err = GetTx(tx, cart)
		return err
	})
	if err != nil || c.ContactSubject == "" {
		return Contact{}, err
	}
	out, err := OpenContact(ctx, s.engine, s.sealer, slot, c.ContactSubject, c.Contact)
	if out.Erased {
		out.ShippingAddress.Country, out.BillingAddress.Country = c.ShippingCountry, c.BillingCountry
	}
	return out, err
}

// SealContact seals a contact under the key of an owner who has one. It returns
// fault.Refused if the owner was erased.
func SealContact(ctx context.Context, e command.Engine, sealer *seal.Sealer, slot id.Slot, owner string, c Contact) (seal.Sealed, error) {
	c.Erased = false
	plain, err := encodeContact(c)
	if err != nil {
		return nil, err
	}
	return sealUnder(ctx, e, sealer, slot, owner, contactField, plain)
}

// sealUnder seals a field under the key of an owner who has one.
func sealUnder(ctx context.Context, e command.Engine, sealer *seal.Sealer, slot id.Slot, owner, field string, plain []byte) (seal.Sealed, error) {
	key, _, isNew, err := subject.Key(ctx, e, sealer, slot, owner)
	if err != nil {
		return nil, err
	}
	if isNew {
		return nil, fault.New(fault.Refused, "%s has no key to seal a contact under", owner)
	}
	return sealer.Seal(key, owner, field, plain)
}

// OpenContact opens the contact of a Stored cart, or a copy of it. owner's key is
// looked up on slot. A Contact that says Erased, and no error, means that the
// key was deleted.
func OpenContact(ctx context.Context, e command.Engine, sealer *seal.Sealer, slot id.Slot, owner string, sealed seal.Sealed) (Contact, error) {
	key, _, isNew, err := subject.Key(ctx, e, sealer, slot, owner)
	if _, erased := errors.AsType[*subject.ErasedError](err); erased {
		return Contact{Erased: true}, nil
	}
	if err != nil {
		return Contact{}, err
	}
	if isNew {
		return Contact{}, fault.New(fault.Broken, "the contact of %s is sealed and its data key is missing", owner)
	}
	plain, err := sealer.Open(key, owner, contactField, sealed)
	if err != nil {
		return Contact{}, err
	}
	return decodeContact(plain)
}
