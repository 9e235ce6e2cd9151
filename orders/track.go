package orders

import (
	"context"
	"net/url"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Fulfilment is goods of an order that left together, as one parcel.
type Fulfilment struct {
	ID     string // as in ful_01KAJ3W7Q8Z5D4F6G7H8J9K0M1
	Order  ID
	Status ParcelStatus
	Units  int64
	Lines  []LineQuantity
	// Delivery is the number of the delivery that it is of.
	Delivery int

	Carrier, Tracking string
	URL               string // where the parcel can be followed; "" if unknown
	By                string // the principal who shipped
	At                time.Time
	Events            []ParcelEvent // what became of it, the first event first
}

// ParcelEvent is something that happened to a parcel on its way.
type ParcelEvent struct {
	Status ParcelStatus
	Note   string
	By     string // the principal who told; "" is the program itself
	At     time.Time
}

// ParcelStatus says where a parcel is.
type ParcelStatus string

// The statuses of a parcel. They may follow each other in any order, as
// carriers tell them; units of parcels that are delivered count as such.
const (
	ParcelShipped          ParcelStatus = "shipped"
	ParcelInTransit        ParcelStatus = "in_transit"
	ParcelDelivered        ParcelStatus = "delivered"
	ParcelFailedAttempt    ParcelStatus = "failed_attempt"
	ParcelUndeliverable    ParcelStatus = "undeliverable"
	ParcelReturnedToSender ParcelStatus = "returned_to_sender"
)

func (s ParcelStatus) known() bool {
	switch s {
	case ParcelShipped, ParcelInTransit, ParcelDelivered, ParcelFailedAttempt, ParcelUndeliverable, ParcelReturnedToSender:
		return true
	}
	return false
}

// Track records what became of a parcel. What is empty of Carrier, Tracking and
// URL stays as it is.
type Track struct {
	Fulfilment string       `cbor:"1,keyasint"`
	Status     ParcelStatus `cbor:"2,keyasint"`
	Note       string       `cbor:"3,keyasint,omitempty"` // nothing personal: it is not sealed
	Carrier    string       `cbor:"4,keyasint,omitempty"`
	Tracking   string       `cbor:"5,keyasint,omitempty" command:"numbers"`
	URL        string       `cbor:"6,keyasint,omitempty" command:"numbers"`
	// OccurredAt is when it happened, in milliseconds since 1970 UTC; 0 is now.
	OccurredAt int64  `cbor:"7,keyasint,omitempty"`
	Key        string `cbor:"-"`
}

// ParcelEventData is the data of the event order.parcel.
type ParcelEventData struct {
	Order      ID           `json:"order"`
	Fulfilment string       `json:"fulfilment"`
	Status     ParcelStatus `json:"status"`
	Delivered  bool         `json:"delivered"` // all of the order has arrived
}

// Kind returns "orders.track".
func (Track) Kind() command.Kind { return "orders.track" }

// Validate checks the status and the lengths.
func (c Track) Validate() error {
	if _, err := slotOfFulfilment(c.Fulfilment); err != nil {
		return err
	}
	if !c.Status.known() {
		return fault.Wrong("status", "a parcel cannot be %.30q", c.Status)
	}
	if len(c.Note) > maxReason || c.OccurredAt < 0 || c.OccurredAt > maxMillis {
		return fault.Wrong("note", "the note is longer than %d bytes, or the time is none", maxReason)
	}
	return checkTracking(c.Carrier, c.Tracking, c.URL)
}

// maxMillis is the end of the year 9999.
const maxMillis = 253402300799999

// checkTracking refuses what is too long, and addresses that a page must not
// link to.
func checkTracking(carrier, tracking, address string) error {
	if len(carrier) > 100 || len(tracking) > maxReason || len(address) > 1000 {
		return fault.Wrong("tracking", "carrier, tracking number and address are up to 100, %d and 1000 bytes long", maxReason)
	}
	if address == "" {
		return nil
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fault.Wrong("url", "%.60q is not the address of a page to follow a parcel on", address)
	}
	return nil
}

func (c Track) apply(tx *command.Tx) (Receipt, error) {
	f, err := fulfilmentTx(tx.Tx, c.Fulfilment)
	if err != nil {
		return Receipt{}, err
	}
	o, err := GetTx(tx.Tx, f.Order)
	if err != nil {
		return Receipt{}, err
	}
	at := c.OccurredAt
	if at == 0 {
		at = tx.At
	}
	if _, err := tx.Exec(`INSERT INTO fulfilment_events (fulfilment, n, slot, status, note, by, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		f.ID, len(f.Events)+1, tx.Slot, c.Status, c.Note, tx.Principal, at); err != nil {
		return Receipt{}, err
	}
	if _, err := tx.Exec(`UPDATE fulfilments SET status = ?, carrier = iif(? = '', carrier, ?), tracking = iif(? = '', tracking, ?), url = iif(? = '', url, ?) WHERE id = ?`,
		c.Status, c.Carrier, c.Carrier, c.Tracking, c.Tracking, c.URL, c.URL, f.ID); err != nil {
		return Receipt{}, err
	}
	if f.Status == ParcelDelivered {
		o.Delivered -= f.Units
	}
	if c.Status == ParcelDelivered {
		o.Delivered += f.Units
	}
	if err := Save(tx, &o); err != nil {
		return Receipt{}, err
	}
	return Receipt{Order: o.ID, Version: o.Version, Made: f.ID}, tx.Emit("order.parcel", string(o.ID), ParcelEventData{
		Order: o.ID, Fulfilment: f.ID, Status: c.Status, Delivered: o.FulfilmentStatus == Delivered,
	})
}

// Track runs the command and returns the parcel. It returns fault.NotFound if
// there is no such parcel.
func (s *Service) Track(ctx context.Context, c Track) (Fulfilment, error) {
	slot, err := slotOfFulfilment(c.Fulfilment)
	if err != nil {
		return Fulfilment{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, func(ctx context.Context, r Receipt) (f Fulfilment, err error) {
		err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
			f, err = fulfilmentTx(tx, r.Made)
			return err
		})
		return f, err
	})
}

// Fulfilments returns the parcels of an order, the first one first. It returns
// a *NotFoundError if there is no such order.
func (s *Service) Fulfilments(ctx context.Context, o ID) (out []Fulfilment, err error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		if _, err := GetTx(tx, o); err != nil {
			return err
		}
		out, err = FulfilmentsTx(tx, o)
		return err
	})
	return out, err
}

// FulfilmentsTx returns the parcels of an order, the first one first.
func FulfilmentsTx(tx *sqlite.Tx, o ID) ([]Fulfilment, error) {
	var ids []string
	rows := tx.Query(`SELECT id FROM fulfilments WHERE order_id = ? ORDER BY id`, o)
	for rows.Next() {
		ids = append(ids, rows.Text(0))
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	out := make([]Fulfilment, len(ids))
	for i, f := range ids {
		var err error
		if out[i], err = fulfilmentTx(tx, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func fulfilmentTx(tx *sqlite.Tx, ful string) (Fulfilment, error) {
	rows := tx.One(`SELECT order_id, units, status, carrier, tracking, url, by, at FROM fulfilments WHERE id = ?`, ful)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Fulfilment{}, err
		}
		return Fulfilment{}, fault.New(fault.NotFound, "there is no fulfilment %s", ful)
	}
	f := Fulfilment{
		ID: ful, Order: ID(rows.Text(0)), Units: rows.Int64(1), Status: ParcelStatus(rows.Text(2)),
		Carrier: rows.Text(3), Tracking: rows.Text(4), URL: rows.Text(5), By: rows.Text(6), At: instant(rows.Int64(7)),
	}
	if err := rows.Close(); err != nil {
		return Fulfilment{}, err
	}
	rows = tx.Query(`SELECT w.line, w.quantity, l.delivery FROM fulfilment_lines w JOIN order_lines l ON l.order_id = ? AND l.line = w.line
		WHERE w.fulfilment = ? ORDER BY w.line`, f.Order, ful)
	for rows.Next() {
		f.Lines = append(f.Lines, LineQuantity{Line: rows.Int(0), Quantity: rows.Int64(1)})
		f.Delivery = rows.Int(2)
	}
	if err := rows.Close(); err != nil {
		return Fulfilment{}, err
	}
	rows = tx.Query(`SELECT status, note, by, at FROM fulfilment_events WHERE fulfilment = ? ORDER BY n`, ful)
	for rows.Next() {
		f.Events = append(f.Events, ParcelEvent{Status: ParcelStatus(rows.Text(0)), Note: rows.Text(1), By: rows.Text(2), At: instant(rows.Int64(3))})
	}
	return f, rows.Close()
}

func slotOfFulfilment(ful string) (id.Slot, error) {
	if err := id.Check("ful", ful); err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "fulfilment")
	}
	return id.SlotOf(ful)
}
