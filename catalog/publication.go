package catalog

import (
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// Moment is a point in time in milliseconds since 1970 UTC. 0 stands for no
// bound: from ever, for ever.
type Moment int64

// MomentOf returns the moment of a time; the zero time is no bound.
func MomentOf(t time.Time) Moment {
	if t.IsZero() {
		return 0
	}
	return Moment(t.UnixMilli())
}

// Time returns the moment as a UTC time, the zero time for no bound.
func (m Moment) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// within reports whether at is in the span from one moment up to another.
func within(at, from, until Moment) (early, late bool) {
	return from != 0 && at < from, until != 0 && at >= until
}

// Publication says when a product is offered through a channel, such as a web
// shop or a till. A product without publications is offered everywhere, and
// one with some only through their channels.
type Publication struct {
	Channel          string `cbor:"1,keyasint,omitempty" json:"channel"` // "" is the shop's own
	VisibleFrom      Moment `cbor:"2,keyasint,omitempty" json:"visible_from,omitempty"`
	VisibleUntil     Moment `cbor:"3,keyasint,omitempty" json:"visible_until,omitempty"`
	PurchasableFrom  Moment `cbor:"4,keyasint,omitempty" json:"purchasable_from,omitempty"`
	PurchasableUntil Moment `cbor:"5,keyasint,omitempty" json:"purchasable_until,omitempty"`
}

// Ask says how a shopper looks at a variant.
type Ask struct {
	Channel  string // "" is the shop's own
	Market   string // "" is none in particular
	Groups   []string
	At       time.Time
	Currency money.Currency // "" does not ask for a price
	Quantity int64          // units of the variant in the whole cart; 0 means 1
}

// Offer is what a shopper may do with a variant. The three facts stand for
// themselves: a product may be shown before it can be bought, and be bought by
// those who know its address while it is not shown.
type Offer struct {
	Visible     bool
	Purchasable bool
	Priced      bool
	WhyNot      []Reason // one for each reason why one of them is false
}

// Reason says why a variant is not visible, not purchasable or has no price.
type Reason string

// The reasons.
const (
	IsDraft           Reason = "draft"                 // neither visible nor purchasable
	IsArchived        Reason = "archived"              // neither visible nor purchasable
	NotInChannel      Reason = "not_in_channel"        // neither visible nor purchasable
	NotYetVisible     Reason = "not_yet_visible"       //
	NoLongerVisible   Reason = "no_longer_visible"     //
	NotYetPurchasable Reason = "not_yet_purchasable"   //
	NoLongerOnSale    Reason = "no_longer_purchasable" //
	NoPriceInCurrency Reason = "no_price_in_currency"  // nothing is converted
)

// Offered says what a shopper may do with the variant, and why not. It goes by
// the variant's own prices, not by price lists.
func (v Variant) Offered(ask Ask) Offer {
	o := offered(v.Status, v.Publications, ask)
	if ask.Currency != "" {
		if _, o.Priced = v.Price(ask.Currency); !o.Priced {
			o.WhyNot = append(o.WhyNot, NoPriceInCurrency)
		}
	}
	return o
}

// MayBuy reports whether the Offer to who asks says Purchasable. It copies
// nothing.
func (v *Variant) MayBuy(ask *Ask) bool {
	return offered(v.Status, v.Publications, *ask).Purchasable
}

// Offered says what a shopper may do with the product, and why not. It is
// priced if one of its variants is.
func (p Product) Offered(ask Ask) Offer {
	o := offered(p.Status, p.Publications, ask)
	if ask.Currency != "" {
		o.Priced = slices.ContainsFunc(p.Variants, func(v Variant) bool { _, ok := v.Price(ask.Currency); return ok })
		if !o.Priced {
			o.WhyNot = append(o.WhyNot, NoPriceInCurrency)
		}
	}
	return o
}

func offered(status Status, publications []Publication, ask Ask) Offer {
	switch status {
	case Draft:
		return Offer{WhyNot: []Reason{IsDraft}}
	case Archived:
		return Offer{WhyNot: []Reason{IsArchived}}
	}
	if len(publications) == 0 {
		return Offer{Visible: true, Purchasable: true}
	}
	i := slices.IndexFunc(publications, func(p Publication) bool { return p.Channel == ask.Channel })
	if i < 0 {
		return Offer{WhyNot: []Reason{NotInChannel}}
	}
	return publications[i].offered(MomentOf(ask.At))
}

func (p Publication) offered(at Moment) (o Offer) {
	early, late := within(at, p.VisibleFrom, p.VisibleUntil)
	if o.Visible = !early && !late; early {
		o.WhyNot = append(o.WhyNot, NotYetVisible)
	} else if late {
		o.WhyNot = append(o.WhyNot, NoLongerVisible)
	}
	early, late = within(at, p.PurchasableFrom, p.PurchasableUntil)
	if o.Purchasable = !early && !late; early {
		o.WhyNot = append(o.WhyNot, NotYetPurchasable)
	} else if late {
		o.WhyNot = append(o.WhyNot, NoLongerOnSale)
	}
	return o
}

// normalPublications returns publications sorted by channel, nil for none.
func normalPublications(list []Publication) []Publication {
	list = slices.Clone(noneIfEmpty(list))
	slices.SortStableFunc(list, func(a, b Publication) int { return strings.Compare(a.Channel, b.Channel) })
	return list
}

// checkPublications takes what normalPublications returned.
func checkPublications(list []Publication) error {
	if len(list) > mostChannels {
		return fault.Wrong("publications", "there are %d publications; the limit is %d", len(list), mostChannels)
	}
	for i, p := range list {
		if err := checkText("channel", "channel", p.Channel, 0, mostName); err != nil {
			return fault.InField("publications", err)
		}
		if i > 0 && list[i-1].Channel == p.Channel {
			return fault.Wrong("publications.channel", "there are two publications for the channel %q", p.Channel)
		}
		if emptySpan(p.VisibleFrom, p.VisibleUntil) || emptySpan(p.PurchasableFrom, p.PurchasableUntil) {
			return fault.Wrong("publications", "the publication for the channel %q ends before it begins", p.Channel)
		}
	}
	return nil
}

func emptySpan(from, until Moment) bool { return from < 0 || until < 0 || until != 0 && until <= from }
