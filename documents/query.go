package documents

import (
	"context"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Get returns a document with its lines, or a *NotFoundError.
func (s *Service) Get(ctx context.Context, document ID) (d Document, err error) {
	slot, err := slotOf("doc", string(document))
	if err != nil {
		return Document{}, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		d, err = documentTx(tx, document)
		return err
	})
	return d, err
}

// ByNumber returns the document that has a number, or a *NotFoundError.
func (s *Service) ByNumber(ctx context.Context, number string) (Document, error) {
	var found string
	err := s.engine.View(ctx, id.StoreSlot, func(tx *sqlite.Tx) (err error) {
		found, _, err = tx.Text(`SELECT document FROM document_numbers WHERE number = ?`, number)
		return err
	})
	switch {
	case err != nil:
		return Document{}, err
	case found == "" && len(number) > 40:
		return Document{}, &NotFoundError{Document: "with so long a number"}
	case found == "":
		return Document{}, &NotFoundError{Document: number}
	}
	return s.Get(ctx, ID(found))
}

// ByOrder returns the documents of an order, the first one first.
func (s *Service) ByOrder(ctx context.Context, order orders.ID) (out []Document, err error) {
	slot, err := slotOf("ord", string(order))
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
		out, err = byOrderTx(tx, order)
		return err
	})
	return out, err
}

// Contact returns who a document is for, in the clear: the zero Contact if the
// order had none, one that says Erased if the person was erased since.
func (s *Service) Contact(ctx context.Context, d Document) (cart.Contact, error) {
	if d.subject == "" {
		return cart.Contact{}, nil
	}
	slot, err := slotOf("doc", string(d.ID))
	if err != nil {
		return cart.Contact{}, err
	}
	return cart.OpenContact(ctx, s.engine, s.sealer, slot, d.subject, d.contact)
}

// Deliveries returns where the goods of a document's order went, if to several
// places. The first one's address is the contact's of the document.
func (s *Service) Deliveries(ctx context.Context, d Document) ([]cart.DeliveryAddress, error) {
	all, err := s.orders.DeliveryAddresses(ctx, d.Order)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Delivery == cart.FirstDelivery {
			to, err := s.Contact(ctx, d)
			if err != nil {
				return nil, err
			}
			all[i].Address, all[i].Erased = to.ShippingAddress, to.Erased
		}
	}
	return all, nil
}

// Moments returns the documents of an order for its timeline.
func (s *Service) Moments(ctx context.Context, order orders.ID) ([]orders.Moment, error) {
	all, err := s.ByOrder(ctx, order)
	if err != nil {
		return nil, err
	}
	var out []orders.Moment
	for _, d := range all {
		if d.Number != "" {
			out = append(out, orders.Moment{At: d.IssuedAt, Kind: "document." + string(d.Kind), Subject: string(d.ID), Amount: d.Gross, Text: d.Number})
		}
	}
	return out, nil
}

func byOrderTx(tx *sqlite.Tx, order orders.ID) ([]Document, error) {
	var ids []ID
	rows := tx.Query(`SELECT id FROM documents WHERE order_id = ? ORDER BY kind = 'credit_note', at, line_n, grant_n = 0, grant_n, id`, order)
	for rows.Next() {
		ids = append(ids, ID(rows.Text(0)))
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	out := make([]Document, len(ids))
	for i, d := range ids {
		var err error
		if out[i], err = documentTx(tx, d); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func documentTx(tx *sqlite.Tx, document ID) (Document, error) {
	rows := tx.One(`SELECT kind, number, issued_at, order_id, order_number, of, grant_n, reason, currency, tax_included, net, tax, gross,
		taxes, seller, supplied_at, at, contact, contact_subject, coalesce((SELECT i.number FROM documents i WHERE i.id = documents.of), ''), coalesce(payable_until, 0) FROM documents WHERE id = ?`, document)
	if !rows.Next() {
		if err := rows.Close(); err != nil {
			return Document{}, err
		}
		return Document{}, &NotFoundError{Document: string(document)}
	}
	c := money.Currency(rows.Text(8))
	d := Document{
		ID: document, Kind: Kind(rows.Text(0)), Number: rows.Text(1), IssuedAt: instant(rows.Int64(2)), Order: orders.ID(rows.Text(3)), OrderNumber: rows.Text(4),
		Of: ID(rows.Text(5)), Grant: rows.Int(6), Reason: rows.Text(7), Currency: c, TaxIncluded: rows.Bool(9),
		Net: money.New(rows.Int64(10), c), Tax: money.New(rows.Int64(11), c), Gross: money.New(rows.Int64(12), c),
		SuppliedAt: instant(rows.Int64(15)), At: instant(rows.Int64(16)), contact: rows.Blob(17), subject: rows.Text(18), OfNumber: rows.Text(19), PayableUntil: instant(rows.Int64(20)),
	}
	taxes, seller := rows.Blob(13), rows.Blob(14)
	if err := rows.Close(); err != nil {
		return Document{}, err
	}
	if len(taxes) > 0 {
		if err := command.Unmarshal(taxes, &d.Taxes); err != nil {
			return Document{}, fault.Wrap(fault.Broken, err, "reading the taxes of document %s", document)
		}
	}
	if err := command.Unmarshal(seller, &d.Seller); err != nil {
		return Document{}, fault.Wrap(fault.Broken, err, "reading the seller of document %s", document)
	}
	return d, d.readLines(tx)
}

func (d *Document) readLines(tx *sqlite.Tx) error {
	rows := tx.Query(`SELECT kind, line, sku, title, quantity, unit_price, net, tax, gross, delivery FROM document_lines WHERE document = ? ORDER BY n`, d.ID)
	amount := func(col int) money.Amount { return money.New(rows.Int64(col), d.Currency) }
	for rows.Next() {
		d.Lines = append(d.Lines, Line{
			Kind: LineKind(rows.Text(0)), Line: rows.Int(1), SKU: rows.Text(2), Title: rows.Text(3), Quantity: rows.Int64(4),
			UnitPrice: amount(5), Net: amount(6), Tax: amount(7), Gross: amount(8), Delivery: rows.Int(9),
		})
	}
	return rows.Close()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
