package downloads

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/orders"
)

// Download counts one download of a file: that to which a link leads, or, for
// who is known to be the buyer or staff, one of an order. Asking again with the
// same key within an hour is the same download, so that one which broke off can
// go on.
type Download struct {
	Token seal.Personal `cbor:"-" command:"secret"` // of a link; "" names Order, Line and File
	Order orders.ID     `cbor:"2,keyasint,omitempty"`
	Line  int           `cbor:"3,keyasint,omitempty"`
	File  int           `cbor:"4,keyasint,omitempty"`
	Key   string        `cbor:"-"`

	Hash []byte `cbor:"1,keyasint,omitempty" command:"stamped"` // the token's SHA-256
}

// DownloadedEvent is the data of the event download.made.
type DownloadedEvent struct {
	Order orders.ID `json:"order"`
	Line  int       `json:"line"`
	File  int       `json:"file"`
	Used  int64     `json:"used"`
}

// downloaded is the answer of Download.
type downloaded struct {
	Order orders.ID `cbor:"1,keyasint"`
	Line  int       `cbor:"2,keyasint"`
	File  int       `cbor:"3,keyasint"`
	At    int64     `cbor:"4,keyasint"`
}

// again is how long the key of a download goes on answering for it.
const again = time.Hour

// Kind returns "downloads.download".
func (Download) Kind() command.Kind { return "downloads.download" }

// Validate returns a *NotFoundError if there can be no such token.
func (c Download) Validate() error {
	if c.Token == "" {
		return Link{Order: c.Order, Line: c.Line, File: c.File}.Validate()
	}
	if _, _, ok := parseToken(c.Token); !ok {
		return &NotFoundError{}
	}
	if c.Order != "" || c.Line != 0 || c.File != 0 {
		return fault.New(fault.Invalid, "a download is of a link or of an order, not of both")
	}
	return nil
}

func (c Download) apply(tx *command.Tx) (downloaded, error) {
	f, err := c.fileTx(tx.Tx, tx.At)
	if err != nil {
		return downloaded{}, err
	}
	if err := f.refusal(); err != nil {
		return downloaded{}, err
	}
	if err := f.countTx(tx); err != nil {
		return downloaded{}, err
	}
	return downloaded{Order: f.Order, Line: f.Line, File: f.File, At: tx.At}, tx.Emit("download.made", string(f.Order), DownloadedEvent{
		Order: f.Order, Line: f.Line, File: f.File, Used: f.Used + 1,
	})
}

// fileTx returns the file that is to be downloaded.
func (c Download) fileTx(tx *sqlite.Tx, now int64) (File, error) {
	if len(c.Hash) == 0 {
		return fileTx(tx, c.Order, c.Line, c.File, now)
	}
	order, line, file, err := linkTx(tx, c.Hash)
	if err != nil {
		return File{}, err
	}
	return fileTx(tx, order, line, file, now)
}

// linkTx returns which file of which order a link leads to, or a *NotFoundError.
func linkTx(tx *sqlite.Tx, hash []byte) (order orders.ID, line, file int, err error) {
	rows := tx.One(`SELECT order_id, line, file FROM download_links WHERE token = ?`, hash)
	found := rows.Next()
	if found {
		order, line, file = orders.ID(rows.Text(0)), rows.Int(1), rows.Int(2)
	}
	if err := rows.Close(); err != nil {
		return "", 0, 0, err
	}
	if !found {
		err = &NotFoundError{}
	}
	return order, line, file, err
}

// Opened is a file that is being downloaded. Its caller closes it.
type Opened struct {
	File File
	Body assets.File
}

// Download runs the command and opens the file. The error is a *NotFoundError if
// no link has the token; a *UsedUpError, *ExpiredError or *WithdrawnError; a
// *RepeatedError if the key is of a download more than an hour ago; and a
// *MissingError if the file is not in the store's assets, which does not count.
func (s *Service) Download(ctx context.Context, c Download) (Opened, error) {
	if err := c.Validate(); err != nil {
		return Opened{}, err
	}
	slot, key, err := c.place()
	if err != nil {
		return Opened{}, err
	}
	body, err := s.open(ctx, slot, c)
	if err != nil {
		return Opened{}, err
	}
	call := command.Call{Key: key, Slot: slot}
	done, err := command.Do[downloaded](ctx, s.engine, &c, call)
	var f File
	if err == nil {
		f, err = s.recheck(ctx, done)
	}
	if err != nil {
		return Opened{}, errors.Join(err, body.Close())
	}
	return Opened{File: f, Body: body}, nil
}

// place returns where the download is counted, and under which key. It fills in
// the token's hash.
func (c *Download) place() (slot id.Slot, key string, err error) {
	if c.Token == "" {
		slot, err = slotOf(c.Order)
		return slot, c.Key, err
	}
	slot, c.Hash, _ = parseToken(c.Token)
	if key = c.Key; key != "" { // keys of strangers must not meet
		key = hex.EncodeToString(c.Hash[:12]) + " " + key
	}
	return slot, key, nil
}

// ByToken returns the file that a link leads to, or a *NotFoundError. It counts
// nothing.
func (s *Service) ByToken(ctx context.Context, token seal.Personal) (File, error) {
	c := Download{Token: token}
	if _, _, ok := parseToken(token); !ok {
		return File{}, &NotFoundError{}
	}
	slot, _, err := c.place()
	if err != nil {
		return File{}, err
	}
	return s.view(ctx, slot, c)
}

// view returns a file as it is now.
func (s *Service) view(ctx context.Context, slot id.Slot, c Download) (f File, err error) {
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		f, err = c.fileTx(tx, s.engine.Now().UnixMilli())
		return err
	})
	return f, err
}

// open finds the file in the assets before anything is counted.
func (s *Service) open(ctx context.Context, slot id.Slot, c Download) (body assets.File, err error) {
	f, err := s.view(ctx, slot, c)
	if err != nil {
		return nil, err
	}
	if body, err = s.files.Open(ctx, f.Asset); err != nil {
		return nil, f.missing(err)
	}
	return body, nil
}

// recheck returns the file of a download that was counted, unless that was long
// ago or it was withdrawn since.
func (s *Service) recheck(ctx context.Context, done downloaded) (File, error) {
	at := time.UnixMilli(done.At)
	if s.engine.Now().Sub(at) > again {
		return File{}, &RepeatedError{At: at}
	}
	f, err := s.file(ctx, done.Order, done.Line, done.File)
	if err == nil && f.State == Withdrawn {
		err = f.refusal()
	}
	return f, err
}

func (s *Service) file(ctx context.Context, order orders.ID, line, file int) (File, error) {
	slot, err := slotOf(order)
	if err != nil {
		return File{}, err
	}
	return s.view(ctx, slot, Download{Order: order, Line: line, File: file})
}
