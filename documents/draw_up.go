package documents

import (
	"context"
	"fmt"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
)

// drawUp writes the documents that an order lacks: its invoice, and a credit
// note for each refund that was released since, and for what a canceled order
// had left. Applied twice it does nothing more.
type drawUp struct {
	Order  orders.ID `cbor:"1,keyasint"`
	Number string    `cbor:"2,keyasint"` // the order's
	Seller Seller    `cbor:"3,keyasint"`
	IDs    []ID      `cbor:"4,keyasint"` // for what is new; if they are too few, it is done again
}

// mostNew is how many documents one command draws up.
const mostNew = 16

// drawn lists what was drawn up.
type drawn struct {
	New  []ID `cbor:"1,keyasint,omitempty"`
	More bool `cbor:"2,keyasint,omitempty"` // there is more to draw up
}

func (drawUp) Kind() command.Kind { return "documents.draw_up" }

// Validate returns nil: Issue has checked.
func (drawUp) Validate() error { return nil }

func (c drawUp) apply(tx *command.Tx) (drawn, error) {
	s, err := stateOf(tx.Tx, c.Order)
	if err != nil {
		return drawn{}, err
	}
	var out drawn
	for _, d := range s.lacking() {
		if len(out.New) == len(c.IDs) {
			out.More = true
			break
		}
		d.ID, d.Order, d.OrderNumber, d.Seller, d.At = c.IDs[len(out.New)], c.Order, c.Number, c.Seller, tx.Time()
		if d.Kind == CreditNote {
			d.Of = s.invoice.ID
		} else if s.invoice.ID == "" {
			s.invoice = d.Document
		}
		d.contact, d.subject = s.contact, s.subject
		if err := d.insert(tx); err != nil {
			return drawn{}, err
		}
		out.New = append(out.New, d.ID)
	}
	return out, nil
}

// state is all that the documents of an order depend on.
type state struct {
	order     orders.Order
	grants    []orders.Grant // that were released
	covered   map[int]ID     // by the number of the grant
	documents []Document
	invoice   Document // the zero Document if there is none
	changes   int64    // of the order, in all
	change    int64    // up to which its invoices go
	line      int64    // up to which its invoices go
	shipping  [2]int64 // what changes after that have added to what it costs to send: without tax, and the tax
	supplied  int64
	contact   seal.Sealed
	subject   string
}

func stateOf(tx *sqlite.Tx, o orders.ID) (s state, err error) {
	if s.order, err = orders.GetTx(tx, o); err != nil {
		return s, err
	}
	if s.order.Lines, err = orders.LinesTx(tx, o, s.order.Currency); err != nil {
		return s, err
	}
	if s.order.Fees, err = orders.FeesTx(tx, s.order); err != nil {
		return s, err
	}
	if s.order.Deliveries, err = orders.DeliveriesTx(tx, s.order); err != nil {
		return s, err
	}
	all, err := orders.GrantsTx(tx, s.order)
	if err != nil {
		return s, err
	}
	for _, g := range all {
		if g.State == orders.Released {
			s.grants = append(s.grants, g)
		}
	}
	if s.documents, err = byOrderTx(tx, o); err != nil {
		return s, err
	}
	for _, d := range s.documents {
		if d.Kind == Invoice && s.invoice.ID == "" {
			s.invoice = d
		}
	}
	if err := s.readInvoiced(tx); err != nil {
		return s, err
	}
	s.covered = map[int]ID{}
	rows := tx.Query(`SELECT n, document FROM documented_grants WHERE order_id = ?`, o)
	for rows.Next() {
		s.covered[rows.Int(0)] = ID(rows.Text(1))
	}
	if err := rows.Close(); err != nil {
		return s, err
	}
	if s.supplied, _, err = tx.Int64(`SELECT min(at) FROM fulfilments WHERE order_id = ?`, o); err != nil {
		return s, err
	}
	s.contact, s.subject, err = orders.SealedContactTx(tx, o)
	return s, err
}

// lacking returns the documents that the order lacks, the invoice first.
func (s *state) lacking() []draft {
	if s.order.PlacedAt.IsZero() {
		return nil
	}
	var out []draft
	if s.invoice.ID == "" {
		if s.order.Status == orders.Canceled {
			return nil // nothing was invoiced, and nothing is owed
		}
		return []draft{s.draftInvoice()}
	}
	if d := s.draftAdded(); len(d.Lines) > 0 && s.order.Status != orders.Canceled {
		out = append(out, d)
	}
	for _, g := range s.grants {
		if s.covered[g.Number] == "" && g.Amount.IsPositive() {
			out = append(out, s.draftCredit(g))
		}
	}
	if len(out) == 0 && s.order.Status == orders.Canceled {
		if d := s.draftRest(); d.Gross.IsPositive() {
			out = append(out, d)
		}
	}
	return out
}

// Issue draws up what documents an order lacks and has them numbered: its
// invoice, and credit notes for what was paid back since. It returns all
// documents of the order, the first one first; one whose number has to wait is
// numbered in the background. It may be repeated. It returns an
// *orders.NotFoundError, and an *orders.StatusError if the order was never
// placed.
func (s *Service) Issue(ctx context.Context, order orders.ID) ([]Document, error) {
	slot, err := slotOf("ord", string(order))
	if err != nil {
		return nil, err
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return nil, err
	}
	for more := true; more; {
		o, err := s.orders.Get(ctx, order)
		if err != nil {
			return nil, err
		}
		if o.PlacedAt.IsZero() {
			return nil, &orders.StatusError{Order: order, Have: string(o.Status), Want: string(orders.Placed)}
		}
		c := drawUp{Order: order, Number: o.Number, Seller: settings.Seller}
		for range mostNew {
			c.IDs = append(c.IDs, ID(id.New("doc", slot, s.engine.Now())))
		}
		got, err := command.Do[drawn](ctx, s.engine, &c, command.Call{Slot: slot})
		if err != nil {
			return nil, fmt.Errorf("drawing up the documents of order %s: %w", order, err)
		}
		more = got.More || len(got.New) > 0 // an invoice may be followed by credit notes
		for _, d := range got.New {
			_ = s.NumberTimer(ctx, string(d)) // the timer meets its error again and reports it
		}
	}
	return s.ByOrder(ctx, order)
}

func slotOf(prefix, s string) (id.Slot, error) {
	if err := id.Check(prefix, s); err != nil {
		return 0, err
	}
	return id.SlotOf(s)
}
