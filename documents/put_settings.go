package documents

import (
	"context"
	"fmt"
	"strings"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Settings are how a store's documents are made. The zero value draws none up
// by itself.
type Settings struct {
	Seller Seller `cbor:"1,keyasint"`
	// Invoice says when an order is invoiced without being asked to; credit
	// notes for invoiced orders follow their refunds then.
	Invoice When `cbor:"2,keyasint,omitempty"`
	// InvoicePrefix and CreditPrefix begin the numbers of the two series. They
	// default to INV and CN.
	InvoicePrefix string `cbor:"3,keyasint,omitempty"`
	CreditPrefix  string `cbor:"4,keyasint,omitempty"`
	Version       int64  `cbor:"-"` // counts the changes
}

// When says at which point of an order's life something is done.
type When string

// The points.
const (
	Never     When = ""
	OnPayment When = "payment"  // when all of it is paid
	OnShip    When = "shipment" // when something of it has left
)

const (
	defaultInvoice = "INV"
	defaultCredit  = "CN"
	maxText        = 500 // bytes of one text
	maxRows        = 12  // of an address and the like
)

// PutSettings replaces the settings. Documents that were drawn up stay as they
// are.
type PutSettings struct {
	Settings Settings `cbor:"1,keyasint"`
	Version  int64    `cbor:"2,keyasint,omitempty"` // of the settings; 0 does not check
	Key      string   `cbor:"-"`
}

// Kind returns "documents.put_settings".
func (PutSettings) Kind() command.Kind { return "documents.put_settings" }

// Validate checks prefixes and lengths.
func (c PutSettings) Validate() error {
	s := c.Settings
	switch {
	case s.Invoice != Never && s.Invoice != OnPayment && s.Invoice != OnShip:
		return fault.Wrong("invoice", "an order is invoiced on payment, on shipment or never, not %.20q", s.Invoice)
	case !isPrefix(s.InvoicePrefix):
		return fault.Wrong("invoice_prefix", "a prefix of document numbers has up to 8 characters of A–Z, 0–9")
	case !isPrefix(s.CreditPrefix):
		return fault.Wrong("credit_prefix", "a prefix of document numbers has up to 8 characters of A–Z, 0–9")
	case s.withDefaults().InvoicePrefix == s.withDefaults().CreditPrefix:
		return fault.Wrong("credit_prefix", "invoices and credit notes need prefixes of their own")
	}
	texts := append([]string{s.Seller.Name, s.Seller.Country, s.Seller.TaxID, s.Seller.Note}, s.Seller.Address...)
	texts = append(append(texts, s.Seller.Contact...), s.Seller.Bank...)
	if len(texts) > 4+3*maxRows {
		return fault.Wrong("seller", "the seller has more than %d rows of address, contact or bank", maxRows)
	}
	for _, t := range texts {
		if len(t) > maxText {
			return fault.Wrong("seller", "a text about the seller is longer than %d bytes", maxText)
		}
	}
	return nil
}

func isPrefix(s string) bool {
	return len(s) <= 8 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func (s Settings) withDefaults() Settings {
	if s.InvoicePrefix == "" {
		s.InvoicePrefix = defaultInvoice
	}
	if s.CreditPrefix == "" {
		s.CreditPrefix = defaultCredit
	}
	return s
}

func (c PutSettings) apply(tx *command.Tx) (struct{}, error) {
	have, err := settingsTx(tx.Tx)
	if err != nil {
		return struct{}{}, err
	}
	if !command.Meets(c.Version, have.Version) {
		return struct{}{}, &VersionError{Have: have.Version, Want: c.Version}
	}
	body, err := command.Marshal(c.Settings)
	if err != nil {
		return struct{}{}, err
	}
	_, err = tx.Exec(`INSERT INTO document_settings (one, slot, body, version) VALUES (1, ?, ?, ?)
		ON CONFLICT (one) DO UPDATE SET body = excluded.body, version = excluded.version`, tx.Slot, body, have.Version+1)
	return struct{}{}, err
}

// VersionError says that the settings were changed since they were read.
type VersionError struct{ Have, Want int64 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("the settings of documents are at version %d, not %d: read them again and decide", e.Have, max(0, e.Want))
}

// Unwrap returns fault.Conflict.
func (e *VersionError) Unwrap() error { return fault.Conflict }

// AtStart is the Version of a change for settings that were never put: theirs is
// 0.
const AtStart = command.AtStart

// settingsTx returns the settings as they are on the store's slot.
func settingsTx(tx *sqlite.Tx) (Settings, error) {
	var s Settings
	rows := tx.One(`SELECT body, version FROM document_settings WHERE one = 1`)
	var body []byte
	if rows.Next() {
		body, s.Version = rows.Blob(0), rows.Int64(1)
	}
	if err := rows.Close(); err != nil {
		return Settings{}, err
	}
	if body != nil {
		version := s.Version
		if err := command.Unmarshal(body, &s); err != nil {
			return Settings{}, fault.Wrap(fault.Broken, err, "reading the settings of documents")
		}
		s.Version = version
	}
	return s.withDefaults(), nil
}

// PutSettings runs the command and returns the settings as they are then, or a
// *VersionError.
func (s *Service) PutSettings(ctx context.Context, c PutSettings) (Settings, error) {
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: id.StoreSlot}, func(ctx context.Context, _ struct{}) (Settings, error) {
		return s.Settings(ctx)
	})
}

// Settings returns how the store's documents are made.
func (s *Service) Settings(ctx context.Context) (out Settings, err error) {
	err = s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		out, err = settingsTx(tx)
		return err
	})
	return out, err
}
