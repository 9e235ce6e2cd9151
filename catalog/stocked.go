package catalog

import (
	"encoding/json"
	"slices"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
)

// Reserve says when stock of a variant that is counted is set aside for a
// shopper.
type Reserve string

// The ways to reserve. What is Untracked is not counted at all.
const (
	// ReserveOnOrder sets goods aside when a checkout begins.
	ReserveOnOrder Reserve = ""
	// ReserveOnCart sets them aside for a while when they are put in a cart.
	ReserveOnCart Reserve = "on_cart"
	// TrackOnly counts what comes and goes and never refuses a sale for it.
	TrackOnly Reserve = "track_only"
)

// MostHoldMinutes is how long goods in a cart can be set aside: 31 days.
const MostHoldMinutes = 44_640

// Digital says that a variant is delivered over the network and needs no
// shipping.
type Digital struct {
	// Files are what a buyer may download. None means that it is delivered in
	// another way, such as by mail.
	Files []File `json:"files,omitempty" cbor:"1,keyasint,omitempty"`
	// Downloads is how often each file may be downloaded for each unit that
	// was bought; 0 is without limit.
	Downloads int64 `json:"downloads,omitempty" cbor:"2,keyasint,omitempty"`
	// Days is how long after they were first made available, which is when the
	// order was paid unless staff do it; 0 is without limit.
	Days int64 `json:"days,omitempty" cbor:"3,keyasint,omitempty"`
	// GiftCard is there for a gift card. Its Days are how long the card can be
	// paid with.
	GiftCard *GiftCard `json:"gift_card,omitempty" cbor:"4,keyasint,omitempty"`
}

// File is one file of a digital variant.
type File struct {
	Asset assets.ID `json:"asset" cbor:"1,keyasint"`
	Name  string    `json:"name" cbor:"2,keyasint"` // as it is saved, such as "manual.pdf"
}

const (
	mostFiles     = 50
	mostDownloads = 1_000_000
	mostDays      = 36_500
)

func (v PutVariant) checkStocked() error {
	switch v.Reserve {
	case ReserveOnOrder, ReserveOnCart, TrackOnly:
	default:
		return fault.Wrong("reserve", "%q is not a way to reserve %q: on_cart or track_only, or nothing", v.Reserve, v.SKU)
	}
	switch {
	case v.Untracked && v.Reserve != ReserveOnOrder:
		return fault.Wrong("reserve", "the stock of %q is not counted: it cannot be reserved", v.SKU)
	case v.HoldMinutes < 0 || v.HoldMinutes > MostHoldMinutes:
		return fault.Wrong("hold_minutes", "goods in a cart are set aside for 0 to %d minutes, not %d (%q)", MostHoldMinutes, v.HoldMinutes, v.SKU)
	case v.HoldMinutes > 0 && v.Reserve != ReserveOnCart:
		return fault.Wrong("hold_minutes", "%q is not set aside in carts, and has a time for it", v.SKU)
	}
	return firstError(checkComponents(v), v.Digital.check(v.SKU))
}

func (d *Digital) check(sku SKU) error {
	if d == nil {
		return nil
	}
	if d.Downloads < 0 || d.Downloads > mostDownloads {
		return fault.Wrong("digital.downloads", "%q has %d downloads: the limit is %d", sku, d.Downloads, mostDownloads)
	}
	if d.Days < 0 || d.Days > mostDays {
		return fault.Wrong("digital.days", "%q can be downloaded for %d days: the limit is %d", sku, d.Days, mostDays)
	}
	if len(d.Files) > mostFiles {
		return fault.Wrong("digital.files", "%q has %d files: the limit is %d", sku, len(d.Files), mostFiles)
	}
	if err := d.checkGiftCard(sku); err != nil {
		return err
	}
	for i, f := range d.Files {
		if err := firstError(fault.InField("asset", f.Asset.Check()), checkName("name", "name of a file", f.Name)); err != nil {
			return fault.InField(fault.Item("digital.files", i), err)
		}
	}
	return nil
}

// normalized spells no files in one way.
func (d *Digital) normalized() *Digital {
	if d == nil {
		return nil
	}
	out := *d
	out.Files = noneIfEmpty(d.Files)
	if d.GiftCard != nil {
		out.GiftCard = &GiftCard{Ranges: noneIfEmpty(d.GiftCard.Ranges)}
	}
	return &out
}

// Column returns it as a column takes it: JSON, or nil for none.
func (d *Digital) Column() (any, error) {
	if d == nil {
		return nil, nil
	}
	b, err := json.Marshal(d)
	return string(b), err
}

// DecodeDigital reads what Column returns; "" is nil.
func DecodeDigital(text string) (d *Digital, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return nil, fault.Wrap(fault.Broken, err, "reading the files of a variant")
	}
	return d, nil
}

func (d *Digital) equal(other *Digital) bool {
	if d == nil || other == nil {
		return d == other
	}
	return d.Downloads == other.Downloads && d.Days == other.Days && slices.Equal(d.Files, other.Files) && d.GiftCard.equal(other.GiftCard)
}
