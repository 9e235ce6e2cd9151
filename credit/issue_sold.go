package credit

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// issueSold makes a gift card that was bought with an order, once: the same card
// is not made again.
type issueSold struct {
	ID      ID           `cbor:"1,keyasint"`
	Order   orders.ID    `cbor:"2,keyasint"`
	Amount  money.Amount `cbor:"3,keyasint"`
	Last4   string       `cbor:"4,keyasint"`
	Expires int64        `cbor:"5,keyasint,omitempty"`
}

// Kind returns "credit.issue_sold".
func (issueSold) Kind() command.Kind { return "credit.issue_sold" }

// Validate refuses amounts that are not above nothing.
func (c issueSold) Validate() error {
	if _, err := slotOf(c.ID); err != nil {
		return err
	}
	return checkGiven(c.Amount, "")
}

func (c issueSold) apply(tx *command.Tx) (struct{}, error) {
	made, err := insert(tx, Balance{ID: c.ID, Kind: GiftCard, Last4: c.Last4, ExpiresAt: instant(c.Expires)}, c.Amount.Currency())
	if err != nil {
		return struct{}{}, err
	}
	if !made {
		of, err := soldWith(tx, c.ID)
		if err == nil && of != c.Order {
			err = &CodeTakenError{Balance: c.ID}
		}
		return struct{}{}, err
	}
	if _, err := tx.Exec(`UPDATE balances SET order_id = ?, sold = ? WHERE id = ?`, c.Order, c.Amount.Minor(), c.ID); err != nil {
		return struct{}{}, err
	}
	b, err := balanceTx(tx.Tx, c.ID)
	if err != nil {
		return struct{}{}, err
	}
	if err := b.move(tx, change{issued: c.Amount.Minor(), sold: true}); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, b.tell(tx, "credit.issued", c.Amount.Minor(), "")
}

// soldWith returns the order that a balance was bought with; "" if none.
func soldWith(tx *command.Tx, b ID) (o orders.ID, err error) {
	rows := tx.One(`SELECT order_id FROM balances WHERE id = ?`, b)
	if rows.Next() {
		o = orders.ID(rows.Text(0))
	}
	return o, rows.Close()
}
