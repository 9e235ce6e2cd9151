package downloads

import (
	"context"
	"errors"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
)

// File is a file that the buyer of an order may download.
type File struct {
	Order orders.ID
	Line  int // of the order, from 1
	File  int // of the line, from 1
	SKU   catalog.SKU
	Title string // of the line
	Name  string // as it is saved, such as "manual.pdf"
	Asset assets.ID

	// Limit is how often it may be downloaded in all, for the units that the
	// buyer keeps; 0 is without limit. Used is how often it was.
	Limit, Used int64
	// Until is when that ends; zero is never, or not known before it is delivered.
	Until time.Time
	State State
}

// State says whether a file can be downloaded.
type State string

// The states of a file.
const (
	Waiting   State = "waiting" // for the payment, or for staff to deliver it
	Ready     State = "ready"
	UsedUp    State = "used_up"
	Expired   State = "expired"
	Withdrawn State = "withdrawn" // canceled, returned or paid back
)

// Left returns how many more times the file can be downloaded, and false if
// there is no limit.
func (f File) Left() (int64, bool) { return max(f.Limit-f.Used, 0), f.Limit > 0 }

// refusal returns why the file cannot be downloaded; nil if it can.
func (f File) refusal() error {
	switch f.State {
	case Waiting:
		return &NotReadyError{Order: f.Order, Line: f.Line}
	case UsedUp:
		return &UsedUpError{Order: f.Order, Name: f.Name, Limit: f.Limit}
	case Expired:
		return &ExpiredError{Order: f.Order, Name: f.Name, Until: f.Until}
	case Withdrawn:
		return &WithdrawnError{Order: f.Order, Name: f.Name}
	}
	return nil
}

// ByOrder returns the files of an order's lines, in their order, or an
// *orders.NotFoundError.
func (s *Service) ByOrder(ctx context.Context, o orders.ID) (out []File, err error) {
	slot, err := slotOf(o)
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		out, err = filesTx(tx, o, s.engine.Now().UnixMilli())
		return err
	})
	return out, err
}

// filesTx returns the files of an order as they are at a time.
func filesTx(tx *sqlite.Tx, order orders.ID, now int64) ([]File, error) {
	o, err := orders.GetTx(tx, order)
	if err != nil || !o.Digital {
		return nil, err
	}
	lines, err := orders.LinesTx(tx, order, o.Currency)
	if err != nil {
		return nil, err
	}
	var out []File
	for _, l := range lines {
		if !l.Downloadable() {
			continue
		}
		files, err := lineTx(tx, o, l, now)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	return out, nil
}

// lineTx returns the files of one line.
func lineTx(tx *sqlite.Tx, o orders.Order, l orders.Line, now int64) ([]File, error) {
	units, since, err := orders.KeptTx(tx, o, l)
	if err != nil {
		return nil, err
	}
	until := time.Time{}
	if !since.IsZero() && l.Digital.Days > 0 {
		until = since.AddDate(0, 0, int(l.Digital.Days))
	}
	used := make([]int64, len(l.Digital.Files))
	rows := tx.Query(`SELECT file, used FROM download_counts WHERE order_id = ? AND line = ?`, o.ID, l.Number)
	for rows.Next() {
		if n := rows.Int(0); n <= len(used) {
			used[n-1] = rows.Int64(1)
		}
	}
	out := make([]File, len(used))
	for i, f := range l.Digital.Files {
		out[i] = File{
			Order: o.ID, Line: l.Number, File: i + 1, SKU: l.SKU, Title: l.Title, Name: f.Name, Asset: f.Asset,
			Limit: l.Digital.Downloads * max(units, 0), Used: used[i], Until: until,
		}
		out[i].State = state(out[i], o, l, units, now)
	}
	return out, rows.Close()
}

// state derives whether a file can be downloaded at a time.
func state(f File, o orders.Order, l orders.Line, units, now int64) State {
	switch {
	case o.Status == orders.Canceled, l.Shipped > 0 && units <= 0, l.Quantity == l.Canceled:
		return Withdrawn
	case l.Shipped == 0:
		return Waiting
	case !f.Until.IsZero() && now >= f.Until.UnixMilli():
		return Expired
	case l.Digital.Downloads > 0 && f.Used >= f.Limit:
		return UsedUp
	}
	return Ready
}

// fileTx returns one file of an order, or a *NotFoundError.
func fileTx(tx *sqlite.Tx, order orders.ID, line, file int, now int64) (File, error) {
	all, err := filesTx(tx, order, now)
	if err != nil {
		return File{}, err
	}
	for _, f := range all {
		if f.Line == line && f.File == file {
			return f, nil
		}
	}
	return File{}, &NotFoundError{Order: order, Line: line, File: file}
}

// countTx adds one to how often a file was downloaded.
func (f File) countTx(tx *command.Tx) error {
	_, err := tx.Exec(`INSERT INTO download_counts (order_id, line, file, slot, used, first_at, last_at) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5)
		ON CONFLICT (order_id, line, file) DO UPDATE SET used = used + 1, last_at = max(last_at, excluded.last_at)`, f.Order, f.Line, f.File, tx.Slot, tx.At)
	return err
}

func slotOf(o orders.ID) (id.Slot, error) {
	if err := id.Check("ord", string(o)); err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "order")
	}
	return id.SlotOf(string(o))
}

// missing says of an asset that is not there that the shop has lost it.
func (f File) missing(err error) error {
	if _, ok := errors.AsType[*assets.NotFoundError](err); ok {
		return &MissingError{Order: f.Order, Name: f.Name, Asset: f.Asset}
	}
	return err
}
