package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// PutPriceList creates a price list or replaces it as a whole, without its
// prices, which PutListPrices sets. Putting what is there already changes
// nothing and does not count as a version. A list that is archived stays, with
// its prices, and does not count.
type PutPriceList struct {
	// ID names the list to replace. If it is "", that is the list with this
	// code, or a new one.
	ID    PriceListID `cbor:"1,keyasint,omitempty"`
	Code  string      `cbor:"2,keyasint"`
	Title string      `cbor:"3,keyasint"`
	// Status is Active if it is "".
	Status Status `cbor:"4,keyasint,omitempty"`
	From   Moment `cbor:"5,keyasint,omitempty"`
	Until  Moment `cbor:"6,keyasint,omitempty"`
	// The rest is as in PriceList.
	Groups              []string `cbor:"7,keyasint,omitempty"`
	Channels            []string `cbor:"8,keyasint,omitempty"`
	Markets             []string `cbor:"9,keyasint,omitempty"`
	Priority            int64    `cbor:"10,keyasint,omitempty"`
	Sale                bool     `cbor:"11,keyasint,omitempty"`
	DiscountBasisPoints int64    `cbor:"12,keyasint,omitempty"`
	Prices              PriceTax `cbor:"15,keyasint,omitempty"`
	// Version is the one that the caller has read; 0 replaces any. See OnlyNew
	// and OnlyThere.
	Version int64 `cbor:"13,keyasint,omitempty"`

	Key string `cbor:"-"`

	// NewID is the list's ID if it is new.
	NewID PriceListID `cbor:"14,keyasint" command:"stamped"`
}

// Kind returns "catalog.put_price_list".
func (PutPriceList) Kind() command.Kind { return "catalog.put_price_list" }

// mostAudience bounds each of the lists that say for whom a price list is.
const mostAudience = 100

// Validate returns fault.Invalid if the list could not be, whatever the store
// holds.
func (c PutPriceList) Validate() error {
	c = c.normalized()
	switch {
	case c.Status != Draft && c.Status != Active && c.Status != Archived:
		return fault.Wrong("status", "%q is not the status of a price list: draft, active or archived", c.Status)
	case emptySpan(c.From, c.Until):
		return fault.Wrong("until", "price list %q ends before it begins", c.Code)
	case c.DiscountBasisPoints < 0 || c.DiscountBasisPoints > 10_000:
		return fault.Wrong("discount_basis_points", "a discount of %d basis points: it is 0 to 10000", c.DiscountBasisPoints)
	}
	if c.ID != "" {
		if err := id.Check("plist", string(c.ID)); err != nil {
			return err
		}
	}
	if c.Prices != AsStore && (c.Sale || c.DiscountBasisPoints > 0) {
		return fault.Wrong("prices", "price list %q compares with the variants' own prices: it cannot contain tax in another way", c.Code)
	}
	return firstError(command.CheckWanted("a price list", c.Version), c.Prices.Check(), checkName("code", "code", c.Code), checkText("title", "title", c.Title, 1, mostTitle),
		checkAudience("group", c.Groups), checkAudience("channel", c.Channels), checkAudience("market", c.Markets))
}

func checkAudience(what string, list []string) error {
	if len(list) > mostAudience {
		return fault.Wrong(what+"s", "the price list names %d %ss; the limit is %d", len(list), what, mostAudience)
	}
	for _, name := range list {
		if err := checkText(what+"s", what, name, 0, mostName); err != nil {
			return err
		}
	}
	return nil
}

func (c PutPriceList) normalized() PutPriceList {
	if c.Status == "" {
		c.Status = Active
	}
	for _, list := range []*[]string{&c.Groups, &c.Channels, &c.Markets} {
		*list = noneIfEmpty(slices.Compact(slices.Sorted(slices.Values(*list))))
	}
	return c
}

func (c PutPriceList) apply(tx *command.Tx) (storedPriceList, error) {
	have, found, err := readPriceList(tx.Tx, c.ID, c.Code)
	switch {
	case err != nil:
		return storedPriceList{}, err
	case !found && c.ID != "":
		return storedPriceList{}, &UnknownPriceListError{List: c.ID}
	case !command.Meets(c.Version, have.Version):
		return storedPriceList{}, &PriceListVersionError{List: have.ID, Have: have.Version, Want: c.Version}
	}
	want := PriceList{
		ID: have.ID, Code: c.Code, Title: c.Title, Status: c.Status, From: c.From, Until: c.Until,
		Groups: c.Groups, Channels: c.Channels, Markets: c.Markets, Priority: c.Priority, Sale: c.Sale, DiscountBasisPoints: c.DiscountBasisPoints, Prices: c.Prices,
		Version: have.Version + 1,
	}
	kind, fields := "price_list.updated", want.differences(have)
	switch {
	case !found:
		want.ID, kind, fields = c.NewID, "price_list.created", nil
	case len(fields) == 0:
		return storedPriceList{ID: have.ID, Version: have.Version}, nil
	}
	other, taken, err := readPriceList(tx.Tx, "", c.Code)
	if err != nil {
		return storedPriceList{}, err
	}
	if taken && other.ID != want.ID {
		return storedPriceList{}, &PriceListCodeError{Code: c.Code, List: other.ID}
	}
	if err := want.store(tx); err != nil {
		return storedPriceList{}, err
	}
	return storedPriceList{ID: want.ID, Version: want.Version}, want.announce(tx, kind, fields)
}

// storedPriceList is the answer to PutPriceList.
type storedPriceList struct {
	ID      PriceListID `cbor:"1,keyasint"`
	Version int64       `cbor:"2,keyasint"`
}

// priceListChanged is the data of the events price_list.created and .updated.
type priceListChanged struct {
	List    PriceListID `json:"price_list"`
	Code    string      `json:"code"`
	Status  Status      `json:"status"`
	From    Moment      `json:"from,omitempty"`
	Until   Moment      `json:"until,omitempty"`
	Version int64       `json:"version"`
}

func (l PriceList) announce(tx *command.Tx, kind string, fields []string) error {
	tx.Touch(priceListsKey)
	if err := remember(tx, kind, string(l.ID), l.Version, fields); err != nil {
		return err
	}
	return tx.Emit(kind, string(l.ID), priceListChanged{List: l.ID, Code: l.Code, Status: l.Status, From: l.From, Until: l.Until, Version: l.Version})
}

// PutPriceList creates a price list or replaces it as a whole, and returns it.
// The errors are *UnknownPriceListError, *PriceListCodeError and
// *PriceListVersionError.
func (s *Service) PutPriceList(ctx context.Context, c PutPriceList) (PriceList, error) {
	c = c.normalized()
	call := command.Call{Key: c.Key, Slot: id.StoreSlot, Prepare: func(stamp command.Stamp) error {
		c.NewID = PriceListID(stamp.NewID("plist"))
		return nil
	}}
	out, err := command.DoThen(ctx, s.engine, &c, call, func(ctx context.Context, done storedPriceList) (l PriceList, err error) {
		err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) error {
			l, _, err = readPriceList(tx, done.ID, "")
			return err
		})
		return l, err
	})
	if err != nil {
		return PriceList{}, fmt.Errorf("putting price list %q: %w", c.Code, err)
	}
	return out, nil
}
