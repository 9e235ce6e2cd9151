package inventory

import (
	"context"
	"time"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// TransferID identifies a transfer, as in trf_01KAJ3W7Q8Z5D4F6G7H8J9K0M1.
type TransferID string

// Transfer is goods of one SKU on their way from one location to another.
// Sent = Received + Lost + what is on its way.
type Transfer struct {
	ID                   TransferID
	SKU                  catalog.SKU
	From, To             Location
	Sent, Received, Lost int64
	Reference            string // groups the transfers of one lorry, say
	At                   time.Time
}

// OnItsWay is how many have left and not arrived.
func (t Transfer) OnItsWay() int64 { return t.Sent - t.Received - t.Lost }

// SendTransfer takes goods off one location for another. They are on neither
// until they are received there.
type SendTransfer struct {
	SKU       catalog.SKU `cbor:"1,keyasint"`
	From      Location    `cbor:"2,keyasint,omitempty"` // "" is Main
	To        Location    `cbor:"3,keyasint,omitempty"` // "" is Main
	Quantity  int64       `cbor:"4,keyasint"`
	Reference string      `cbor:"5,keyasint,omitempty" command:"numbers"`
	Key       string      `cbor:"-"`

	ID     TransferID `cbor:"6,keyasint" command:"stamped"`
	Source PoolID     `cbor:"7,keyasint" command:"stamped"`
	Target PoolID     `cbor:"8,keyasint" command:"stamped"`
}

// Kind returns "inventory.send_transfer".
func (SendTransfer) Kind() command.Kind { return "inventory.send_transfer" }

// Validate reports quantities and locations that cannot be meant.
func (c SendTransfer) Validate() error {
	switch {
	case c.Quantity < 1 || c.Quantity > maxQuantity:
		return fault.Wrong("quantity", "%d of %q cannot be sent: it is 1 to %d", c.Quantity, c.SKU, int64(maxQuantity))
	case c.From.orMain() == c.To.orMain():
		return fault.Wrong("to", "%q cannot be sent from %s to itself", c.SKU, c.From.orMain())
	}
	if err := c.To.named("to"); err != nil {
		return err
	}
	if err := c.From.named("from"); err != nil {
		return err
	}
	return validateStock(c.SKU, c.From, c.Reference)
}

func (c SendTransfer) apply(tx *command.Tx) (TransferID, error) {
	s, err := stockTx(tx.Tx, c.Source)
	if err != nil {
		return "", err
	}
	if s.Unallocated < c.Quantity {
		lack := Short{Pool: c.Source, SKU: c.SKU, Want: c.Quantity, Have: s.Unallocated}
		return "", &OutOfStockError{SKU: lack.SKU, Want: lack.Want, Have: lack.Have, Lines: []Short{lack}}
	}
	s.Unallocated -= c.Quantity
	if err := s.move(tx, MovedTransferred, -c.Quantity, string(c.ID)); err != nil {
		return "", err
	}
	if err := s.save(tx); err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO transfers (id, slot, sku, source, target, sent, received, lost, reference, at) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?)`,
		c.ID, tx.Slot, c.SKU, c.Source, c.Target, c.Quantity, c.Reference, tx.At)
	if err != nil {
		return "", err
	}
	return c.ID, tx.Emit("inventory.sent", string(c.ID), moved{c.SKU, -c.Quantity, s.OnHand, s.Version})
}

// SendTransfer runs the command and returns the transfer. Goods that shards
// could sell are taken back for it as far as they are needed. It returns an
// *OutOfStockError if too few are there that nobody was promised.
func (s *Service) SendTransfer(ctx context.Context, c SendTransfer) (Transfer, error) {
	if err := c.Validate(); err != nil {
		return Transfer{}, err
	}
	key := command.KeyOr(s.engine, c.Key)
	pools, err := s.route(ctx, key, "send", c, []catalog.SKU{c.SKU, c.SKU}, []Location{c.From, c.To})
	if err != nil {
		return Transfer{}, err
	}
	slot, err := pools[0].Slot()
	if err != nil {
		return Transfer{}, err
	}
	call := command.Call{Key: key, Slot: slot, Prepare: func(st command.Stamp) error {
		c.ID, c.Source, c.Target = TransferID(st.NewID("trf")), pools[0], pools[1]
		views, err := s.newViews(pools[:1])
		if err == nil {
			err = s.readAuthority(ctx, views)
		}
		if err == nil && views[0].stock.Unallocated < c.Quantity {
			s.takeBack(ctx, pools[0], c.Quantity-views[0].stock.Unallocated)
		}
		return err
	}}
	return command.DoThen(ctx, s.engine, &c, call, s.Transfer)
}

// ReceiveTransfer takes goods of a transfer in where they were sent to.
type ReceiveTransfer struct {
	Transfer TransferID `cbor:"1,keyasint"`
	Quantity int64      `cbor:"2,keyasint,omitempty"` // that have arrived now
	Lost     int64      `cbor:"3,keyasint,omitempty"` // that will not arrive any more
	Key      string     `cbor:"-"`
}

// Kind returns "inventory.receive_transfer".
func (ReceiveTransfer) Kind() command.Kind { return "inventory.receive_transfer" }

// Validate reports quantities that cannot be meant.
func (c ReceiveTransfer) Validate() error {
	if c.Quantity < 0 || c.Lost < 0 || c.Quantity+c.Lost < 1 || c.Quantity > maxQuantity || c.Lost > maxQuantity {
		return fault.Wrong("quantity", "%d received and %d lost of transfer %s: there is nothing to book", c.Quantity, c.Lost, c.Transfer)
	}
	return id.Check("trf", string(c.Transfer))
}

func (c ReceiveTransfer) apply(tx *command.Tx) (TransferID, error) {
	t, target, err := transferTx(tx.Tx, c.Transfer)
	if err != nil {
		return "", err
	}
	if left := t.OnItsWay(); c.Quantity+c.Lost > left {
		return "", fault.New(fault.Refused, "%d of transfer %s are on their way, not %d: receive those, and the others as goods of their own", left, c.Transfer, c.Quantity+c.Lost)
	}
	if _, err := tx.Exec(`UPDATE transfers SET received = received + ?, lost = lost + ? WHERE id = ?`, c.Quantity, c.Lost, c.Transfer); err != nil || c.Quantity == 0 {
		return c.Transfer, err
	}
	s, err := stockTx(tx.Tx, target)
	if err != nil {
		return "", err
	}
	s.SKU = t.SKU
	s.add(c.Quantity)
	if err := s.move(tx, MovedTransferred, c.Quantity, string(c.Transfer)); err != nil {
		return "", err
	}
	if err := s.save(tx); err != nil {
		return "", err
	}
	return c.Transfer, tx.Emit("inventory.arrived", string(c.Transfer), moved{t.SKU, c.Quantity, s.OnHand, s.Version})
}

// ReceiveTransfer runs the command and returns the transfer as it is then. It
// returns fault.NotFound for an unknown one and fault.Refused for more than is
// on its way.
func (s *Service) ReceiveTransfer(ctx context.Context, c ReceiveTransfer) (Transfer, error) {
	if err := c.Validate(); err != nil {
		return Transfer{}, err
	}
	slot, err := id.SlotOf(string(c.Transfer))
	if err != nil {
		return Transfer{}, err
	}
	return command.DoThen(ctx, s.engine, &c, command.Call{Key: c.Key, Slot: slot}, s.Transfer)
}

// Transfer returns a transfer, or fault.NotFound.
func (s *Service) Transfer(ctx context.Context, transfer TransferID) (t Transfer, err error) {
	slot, err := id.SlotOf(string(transfer))
	if err != nil {
		return Transfer{}, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		t, _, err = transferTx(tx, transfer)
		return err
	})
	return t, err
}

// TransfersTo returns the transfers of a SKU that are on their way to a
// location, the oldest first.
func (s *Service) TransfersTo(ctx context.Context, sku catalog.SKU, l Location) (out []Transfer, err error) {
	pools, err := s.poolsOf(ctx, []catalog.SKU{sku}, []Location{l})
	if err != nil {
		return nil, err
	}
	slot, err := pools[0].Slot()
	if err != nil {
		return nil, err
	}
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		rows := tx.Query(selectTransfer+` WHERE target = ? AND sent > received + lost ORDER BY id`, pools[0])
		for rows.Next() {
			t, _ := scanTransfer(rows)
			out = append(out, t)
		}
		return rows.Close()
	})
	return out, err
}

const selectTransfer = `SELECT id, sku, source, target, sent, received, lost, reference, at FROM transfers`

func scanTransfer(rows *sqlite.Rows) (Transfer, PoolID) {
	target := PoolID(rows.Text(3))
	return Transfer{
		ID: TransferID(rows.Text(0)), SKU: catalog.SKU(rows.Text(1)), From: PoolID(rows.Text(2)).Location(), To: target.Location(),
		Sent: rows.Int64(4), Received: rows.Int64(5), Lost: rows.Int64(6), Reference: rows.Text(7), At: time.UnixMilli(rows.Int64(8)).UTC(),
	}, target
}

func transferTx(tx *sqlite.Tx, transfer TransferID) (t Transfer, target PoolID, err error) {
	rows := tx.One(selectTransfer+` WHERE id = ?`, transfer)
	if rows.Next() {
		t, target = scanTransfer(rows)
	}
	if err := rows.Close(); err != nil {
		return Transfer{}, "", err
	}
	if t.ID == "" {
		return t, "", fault.New(fault.NotFound, "there is no transfer %s", transfer)
	}
	return t, target, nil
}
