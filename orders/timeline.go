package orders

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// Moment is something that happened to an order. A list of them is the order's
// timeline. It is read from what each step has left in the store, which lasts,
// and not from events, which do not.
type Moment struct {
	At   time.Time
	Kind string // as in "order.placed" or "return.approved"
	// Subject is the ID or number of what it happened to, if it is not the order.
	Subject string
	Units   int64        // of goods; 0 if it is about none
	Amount  money.Amount // of money; the zero Amount if it is about none
	// Text is what people said to it: a reason, a note, a tracking number.
	Text string
	// By is the principal who did it, for staff; "" is the program itself or not
	// kept.
	By string
	// Internal says that it is no shopper's business.
	Internal bool
}

// Timeline returns what happened to an order and its goods, in order. It
// returns a *NotFoundError if there is no such order. Store.Timeline has its
// payments and documents, too.
func (s *Service) Timeline(ctx context.Context, o ID) (out []Moment, err error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		out, err = timelineTx(tx, o)
		return err
	})
	return out, err
}

// ForShoppers returns the moments that a shopper is to see, without who did
// what, and without what staff and providers wrote for each other.
func ForShoppers(all []Moment) []Moment {
	out := slices.DeleteFunc(slices.Clone(all), func(m Moment) bool { return m.Internal })
	for i := range out {
		out[i].By = ""
		if !forShoppers(out[i].Kind) {
			out[i].Text = ""
		}
	}
	return out
}

// forShoppers reports whether the text of a moment is written for shoppers.
func forShoppers(kind string) bool {
	for _, about := range []string{"parcel.", "document.", "return."} {
		if strings.HasPrefix(kind, about) {
			return true
		}
	}
	return kind == "order.canceled"
}

// SortMoments brings moments into the order in which they happened.
func SortMoments(all []Moment) {
	slices.SortStableFunc(all, func(a, b Moment) int { return a.At.Compare(b.At) })
}

func timelineTx(tx *sqlite.Tx, id ID) ([]Moment, error) {
	o, err := GetTx(tx, id)
	if err != nil {
		return nil, err
	}
	out := o.moments()
	parcels, err := FulfilmentsTx(tx, id)
	if err != nil {
		return nil, err
	}
	for _, f := range parcels {
		out = append(out, f.moments()...)
	}
	returns, err := ReturnsTx(tx, id)
	if err != nil {
		return nil, err
	}
	for _, r := range returns {
		out = append(out, r.moments()...)
	}
	grants, err := GrantsTx(tx, o)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		out = append(out, g.moments()...)
	}
	changes, err := changesTx(tx, o)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		out = append(out, Moment{At: c.At, Kind: "order.changed", Amount: c.Added, Text: c.Reason, By: c.By})
	}
	letters, err := lettersTx(tx, id)
	if err != nil {
		return nil, err
	}
	for _, l := range letters {
		out = append(out, l.moments()...)
	}
	SortMoments(out)
	return out, nil
}

func (o Order) moments() []Moment {
	out := []Moment{{At: o.CreatedAt, Kind: "order.made", Units: o.Units, Amount: o.Total}}
	if !o.PlacedAt.IsZero() {
		out = append(out, Moment{At: o.PlacedAt, Kind: "order.placed"})
	}
	if !o.OverdueAt.IsZero() {
		out = append(out, Moment{At: o.OverdueAt, Kind: "order.overdue"})
	}
	if !o.CanceledAt.IsZero() {
		out = append(out, Moment{At: o.CanceledAt, Kind: "order.canceled", Text: o.CancelReason})
	}
	return out
}

func (f Fulfilment) moments() []Moment {
	text := strings.TrimSpace(f.Carrier + " " + f.Tracking)
	out := []Moment{{At: f.At, Kind: "parcel.shipped", Subject: f.ID, Units: f.Units, Text: text, By: f.By}}
	for _, e := range f.Events {
		out = append(out, Moment{At: e.At, Kind: "parcel." + string(e.Status), Subject: f.ID, Units: f.Units, Text: e.Note, By: e.By})
	}
	return out
}

func (r RMA) moments() []Moment {
	out := []Moment{{At: r.RequestedAt, Kind: "return.requested", Subject: r.ID, Units: r.units(), Text: r.Reason, By: r.By}}
	switch {
	case r.DecidedAt.IsZero() || r.DecidedAt.Equal(r.RequestedAt):
	case r.State == ReturnReceived || r.State == ReturnApproved:
		out = append(out, Moment{At: r.DecidedAt, Kind: "return.approved", Subject: r.ID, Text: r.Note})
	default:
		out = append(out, Moment{At: r.DecidedAt, Kind: "return." + string(r.State), Subject: r.ID, Text: r.Note})
	}
	if r.ReceivedAt.IsZero() {
		return out
	}
	came := Moment{At: r.ReceivedAt, Kind: "return.received", Subject: r.ID}
	for _, l := range r.Lines {
		came.Units += l.Received
	}
	return append(out, came)
}

func (g Grant) moments() []Moment {
	m := Moment{At: g.At, Kind: "refund.granted", Amount: g.Amount, Text: g.Reason, By: g.By, Internal: g.State != Released}
	if g.Source == FromCancellation {
		m.Kind = "order.lines_canceled"
		for _, l := range g.Lines {
			m.Units += l.Quantity
		}
	}
	out := []Moment{m}
	if !g.DecidedAt.IsZero() && !g.DecidedAt.Equal(g.At) {
		out = append(out, Moment{At: g.DecidedAt, Kind: "refund." + string(g.State), Amount: g.Amount, Internal: true})
	}
	return out
}
