package downloads

import (
	"context"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/orders"
)

// Link makes a link to a file of an order. Who asks must be known to be the
// buyer or staff; whoever has the link may use it. Without a key, ask
// again after an uncertain outcome: a link whose token nobody got to know harms
// nobody.
type Link struct {
	Order orders.ID `cbor:"1,keyasint"`
	Line  int       `cbor:"2,keyasint"` // from 1
	File  int       `cbor:"3,keyasint"` // of the line, from 1
	Key   string    `cbor:"-"`          // with it, asking again gives the same link

	Token []byte `cbor:"4,keyasint" command:"stamped"` // its SHA-256
}

// Linked is a link, and the file that it leads to.
type Linked struct {
	File
	// Token goes into the link: a secret of 256 random bits. Only this answer
	// has it; the store does not know it.
	Token seal.Personal
}

// mostLinks is how many links to one file work at a time. One more ends the
// oldest.
const mostLinks = 20

// Kind returns "downloads.link".
func (Link) Kind() command.Kind { return "downloads.link" }

// Validate checks the form of the order and the numbers.
func (c Link) Validate() error {
	if _, err := slotOf(c.Order); err != nil {
		return err
	}
	if c.Line < 1 || c.File < 1 {
		return fault.Wrong("file", "line %d and file %d: both count from 1", c.Line, c.File)
	}
	return nil
}

func (c Link) apply(tx *command.Tx) (struct{}, error) {
	f, err := fileTx(tx.Tx, c.Order, c.Line, c.File, tx.At)
	if err != nil {
		return struct{}{}, err
	}
	if err := f.refusal(); err != nil {
		return struct{}{}, err
	}
	if _, err := tx.Exec(`DELETE FROM download_links WHERE token IN (SELECT token FROM download_links WHERE order_id = ? AND line = ? AND file = ?
		ORDER BY at DESC, token LIMIT -1 OFFSET ?)`, c.Order, c.Line, c.File, mostLinks-1); err != nil {
		return struct{}{}, err
	}
	_, err = tx.Exec(`INSERT INTO download_links (token, order_id, line, file, slot, by, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.Token, c.Order, c.Line, c.File, tx.Slot, tx.Principal, tx.At)
	return struct{}{}, err
}

// Link runs the command. The error is a *NotFoundError if the order has no such
// file, and a *NotReadyError, *UsedUpError, *ExpiredError or *WithdrawnError if
// it cannot be downloaded.
func (s *Service) Link(ctx context.Context, c Link) (Linked, error) {
	if err := c.Validate(); err != nil {
		return Linked{}, err
	}
	slot, err := slotOf(c.Order)
	if err != nil {
		return Linked{}, err
	}
	token := newToken(slot)
	if c.Key != "" { // by the store's keyed hash: so it need not be kept to be told again
		token = tokenWith(slot, s.engine.Hash("download link of a key", command.PrincipalOf(ctx)+"\x00"+c.Key))
	}
	call := command.Call{Key: c.Key, Slot: slot, Prepare: func(command.Stamp) error {
		c.Token = hashOf(token)
		return nil
	}}
	if _, err := command.Do[struct{}](ctx, s.engine, &c, call); err != nil {
		return Linked{}, err
	}
	f, err := s.file(ctx, c.Order, c.Line, c.File)
	return Linked{File: f, Token: token}, err
}
