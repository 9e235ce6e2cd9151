package catalog

import (
	"cmp"
	"encoding/json"

	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
)

// PutProduct creates a product or replaces it as a whole: variants, prices and
// texts that are not named are gone afterwards. Putting what is there already
// changes nothing and does not count as a version, so that an import may
// simply be run again.
//
// A product that is too large for one command, with some hundred variants, is
// put in several. Until the last of them a reader sees a part of the change.
type PutProduct struct {
	// ID names the product to replace. If it is "", that is the product with
	// this handle, or a new one.
	ID ProductID `cbor:"1,keyasint,omitempty"`
	// Handle is the product's own name, as in an address on the web. ""
	// means the first variant's SKU.
	Handle      string `cbor:"2,keyasint,omitempty"`
	Title       string `cbor:"3,keyasint"`
	Description string `cbor:"4,keyasint,omitempty"`
	// Status is Active if it is "".
	Status Status `cbor:"5,keyasint,omitempty"`
	// Variants are what a shopper chooses from. A variant is the same as
	// before if its SKU is.
	Variants []PutVariant `cbor:"6,keyasint,omitempty"`
	// ExternalReference is its name in another system, such as an ERP. No
	// other product has the same.
	ExternalReference string          `cbor:"7,keyasint,omitempty" command:"numbers"`
	Metadata          json.RawMessage `cbor:"8,keyasint,omitempty" command:"numbers"`
	PrivateMetadata   json.RawMessage `cbor:"9,keyasint,omitempty" command:"numbers"`
	// Version is the one that the caller has read; 0 replaces any. See OnlyNew
	// and OnlyThere.
	Version int64 `cbor:"10,keyasint,omitempty"`
	// Brand is who makes it, as shoppers know it.
	Brand string `cbor:"15,keyasint,omitempty"`
	// Categories that the product is in, the main one first. They must exist.
	Categories []CategoryID `cbor:"16,keyasint,omitempty"`
	// Media are shown in this order.
	Media []Media `cbor:"17,keyasint,omitempty"`
	// Attributes are what all variants have in common. Names are unique.
	Attributes []Attribute `cbor:"18,keyasint,omitempty"`
	SEO        SEO         `cbor:"19,keyasint,omitempty"`
	// FormerHandles lead to the product as well, as those do that it had
	// before, which need not be named. 20 are kept, the newest.
	FormerHandles []string `cbor:"20,keyasint,omitempty"`
	// ForgetHandles are former handles that are free again for others.
	ForgetHandles []string `cbor:"21,keyasint,omitempty"`
	// Translations are the texts in other languages, one for each locale.
	Translations []Translation `cbor:"22,keyasint,omitempty"`
	// Publications say through which channels the product is offered, and
	// when. None means everywhere, always.
	Publications []Publication `cbor:"23,keyasint,omitempty"`
	// Type says which attributes it has. Without one they are free.
	Type ProductTypeID `cbor:"24,keyasint,omitempty"`

	// SKU and Price are short for one variant without options.
	SKU   SKU          `cbor:"-"`
	Price money.Amount `cbor:"-"`

	// Key makes asking again safe; "" generates one.
	Key string `cbor:"-"`

	// NewID is the product's ID if it is new.
	NewID ProductID `cbor:"11,keyasint" command:"stamped"`
	// Claim is the handle's.
	Claim claim.Hash `cbor:"12,keyasint" command:"stamped"`
	// Target is the product that was found by its handle on another shard.
	Target ProductID `cbor:"13,keyasint,omitempty" command:"stamped"`
	// ReferenceClaim and FormerClaims are those of ExternalReference and
	// FormerHandles.
	ReferenceClaim claim.Hash   `cbor:"25,keyasint,omitzero" command:"stamped"`
	FormerClaims   []claim.Hash `cbor:"26,keyasint,omitempty" command:"stamped"`
	// More says that the product has more variants than these, which stay.
	More bool `cbor:"27,keyasint,omitempty" command:"stamped"`
	// Reserved is there if names on other slots are taken or dropped.
	Reserved *Reserved `cbor:"14,keyasint,omitempty" command:"stamped"`
}

// PutVariant is one variant of a PutProduct.
type PutVariant struct {
	SKU     SKU            `cbor:"1,keyasint"`
	Options []Option       `cbor:"2,keyasint,omitempty"`
	Prices  []money.Amount `cbor:"3,keyasint,omitempty"` // at most one in a currency
	// Untracked is for services, and for goods whose stock is not counted.
	Untracked bool `cbor:"4,keyasint,omitempty"`
	// Barcodes are GTINs or other codes, each once: see CheckBarcode.
	Barcodes        []string        `cbor:"5,keyasint,omitempty" command:"numbers"`
	Metadata        json.RawMessage `cbor:"6,keyasint,omitempty" command:"numbers"`
	PrivateMetadata json.RawMessage `cbor:"7,keyasint,omitempty" command:"numbers"`

	// CompareAt are what Prices are shown against, as for a sale. Each needs a
	// price in its currency.
	CompareAt []money.Amount `cbor:"9,keyasint,omitempty"`
	// Attributes are what this variant does not share with the others. A name
	// that the product has too means this value for this variant.
	Attributes  []Attribute `cbor:"10,keyasint,omitempty"`
	WeightGrams int64       `cbor:"11,keyasint,omitempty"` // with its packaging; 0 if not known
	LengthMM    int64       `cbor:"12,keyasint,omitempty"` // of the packaging; 0 if not known
	WidthMM     int64       `cbor:"13,keyasint,omitempty"`
	HeightMM    int64       `cbor:"14,keyasint,omitempty"`
	// TaxCategory names the tax rates that are on it, as in "books"; "" is the
	// standard one.
	TaxCategory string `cbor:"15,keyasint,omitempty"`
	// Components make the variant a kit.
	Components []Component `cbor:"16,keyasint,omitempty"`
	// Reserve says when its stock is set aside for a shopper.
	Reserve Reserve `cbor:"17,keyasint,omitempty"`
	// HoldMinutes is how long it is set aside in a cart, with ReserveOnCart; 0
	// is ten minutes.
	HoldMinutes int64 `cbor:"18,keyasint,omitempty"`
	// Digital is for what is delivered over the network; nil if it is shipped.
	Digital *Digital `cbor:"19,keyasint,omitempty"`

	// Claim is the SKU's.
	Claim claim.Hash `cbor:"8,keyasint" command:"stamped"`
}

// Reserved says what a PutProduct with names on other slots went by.
type Reserved struct {
	Base     int64     `cbor:"1,keyasint,omitempty"` // the product's version; 0 if it is new
	Deadline int64     `cbor:"2,keyasint,omitempty"`
	Token    string    `cbor:"3,keyasint,omitempty"`
	Taken    string    `cbor:"4,keyasint,omitempty"` // a name that another product has
	TakenBy  ProductID `cbor:"5,keyasint,omitempty"` // "" if that may change in a moment
	// Reference says that Taken is an external reference.
	Reference bool `cbor:"6,keyasint,omitempty"`
}

// stored is the answer to a put.
type stored struct {
	ID      ProductID `cbor:"1,keyasint"`
	Version int64     `cbor:"2,keyasint"`
	Token   string    `cbor:"3,keyasint,omitempty"`
}

// Kind returns "catalog.put_product".
func (PutProduct) Kind() command.Kind { return "catalog.put_product" }

func (c PutProduct) apply(tx *command.Tx) (stored, error) {
	var token string
	if c.Reserved != nil {
		if err := c.Reserved.check(tx); err != nil {
			return stored{}, err
		}
		token = c.Reserved.Token
	}
	have, err := c.find(tx)
	if err != nil {
		return stored{}, err
	}
	if !command.Meets(c.Version, have.Version) {
		return stored{}, &VersionError{Product: have.ID, Have: have.Version, Want: c.Version}
	}
	if c.Reserved != nil && c.Reserved.Base != have.Version {
		return stored{}, &movedError{Product: have.ID}
	}
	want := c.record(tx, have)
	if want.same(have) {
		return stored{ID: have.ID, Version: have.Version, Token: token}, finish(tx, have.ID, c.More)
	}
	if err := c.moveNames(tx, have, want); err != nil {
		return stored{}, err
	}
	want.Version++
	if err := want.store(tx, have); err != nil {
		return stored{}, err
	}
	if c.More || have.ID != "" {
		if err := finish(tx, want.ID, c.More); err != nil {
			return stored{}, err
		}
	}
	return stored{ID: want.ID, Version: want.Version, Token: token}, want.announce(tx, have)
}

func (r *Reserved) check(tx *command.Tx) error {
	switch {
	case r.Taken != "" && r.TakenBy != "" && r.Reference:
		return &ReferenceTakenError{Reference: r.Taken, Product: r.TakenBy}
	case r.Taken != "" && r.TakenBy != "":
		return &NameTakenError{Name: r.Taken, Product: r.TakenBy}
	case r.Taken != "":
		return &NameBusyError{Name: r.Taken}
	}
	return claim.InTime(tx, r.Deadline)
}

// find returns the product to replace, and a zero record if it is new.
func (c PutProduct) find(tx *command.Tx) (record, error) {
	if id := cmp.Or(c.ID, c.Target); id != "" {
		have, found, err := readRecord(tx.Tx, id)
		switch {
		case err != nil:
			return record{}, err
		case !found:
			return record{}, &UnknownProductError{Product: id}
		case c.Target != "" && have.Handle != c.Handle:
			return record{}, &movedError{Product: id}
		}
		return have, nil
	}
	if c.Claim.Slot() != tx.Slot {
		return record{}, nil // reserved, so it is new
	}
	owner, confirmed, err := claim.OwnerTx(tx.Tx, ClaimKind, c.Claim)
	if err != nil || owner == "" {
		return record{}, err
	}
	have, found, err := readRecord(tx.Tx, ProductID(owner))
	switch {
	case err != nil:
		return record{}, err
	case !found && !confirmed:
		return record{}, &NameBusyError{Name: c.Handle}
	case !found:
		return record{}, &movedError{Product: ProductID(owner)}
	case have.Handle != c.Handle:
		return record{}, &NameTakenError{Name: c.Handle, Product: have.ID}
	}
	return have, nil
}

// moveNames takes the names that are new and drops those that are gone, where
// they live on the product's own slot. The others have been reserved.
func (c PutProduct) moveNames(tx *command.Tx, have, want record) error {
	take, drop := changedNames(have.names(), c.names(have))
	if c.Reserved == nil && len(beyond(tx.Slot, take))+len(beyond(tx.Slot, drop)) > 0 {
		return &movedError{Product: want.ID}
	}
	for _, n := range drop {
		if n.claim.Slot() != tx.Slot {
			continue
		}
		if err := claim.ReleaseTx(tx, ClaimKind, n.claim, string(want.ID)); err != nil {
			return err
		}
	}
	for _, n := range take {
		if n.claim.Slot() != tx.Slot {
			continue
		}
		if err := claim.TakeTx(tx, ClaimKind, n.claim, string(want.ID)); err != nil {
			return nameError(n, err)
		}
	}
	return nil
}
