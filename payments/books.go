package payments

import (
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/orders"
)

// books is all that is known about one order's money.
type books struct {
	order      orders.Order
	attempts   []Attempt
	operations []Operation
}

func readBooks(tx *command.Tx, o orders.ID) (books, error) {
	var b books
	var err error
	if b.order, err = orders.HeadTx(tx.Tx, o); err != nil {
		return books{}, err
	}
	if b.attempts, err = AttemptsTx(tx.Tx, o); err != nil {
		return books{}, err
	}
	b.operations, err = OperationsTx(tx.Tx, o)
	return b, err
}

// under returns the money of an attempt's operations of a kind that are not
// final, in minor units.
func (b *books) under(a ID, kind OperationKind) int64 {
	sum := int64(0)
	for _, op := range b.operations {
		if op.Attempt == a && op.Kind == kind && !op.State.Final() {
			sum += op.Amount.Minor()
		}
	}
	return sum
}

// retryAt returns when an operation may be asked for again by the shard's
// clock: not long after the last one of the same kind failed.
func (b *books) retryAt(a ID, kind OperationKind) int64 {
	at := int64(0)
	for _, op := range b.operations {
		if op.Attempt == a && op.Kind == kind && op.State == OpFailed {
			at = max(at, op.retryAt)
		}
	}
	return at
}

// add records a new operation on an attempt. Of op it takes Kind, Amount,
// Reason and Final.
func (b *books) add(tx *command.Tx, a Attempt, op Operation) error {
	op.Attempt, op.Number, op.Order, op.State = a.ID, 1, a.Order, OpIntent
	for _, other := range b.operations {
		if other.Attempt == a.ID {
			op.Number = max(op.Number, other.Number+1)
		}
	}
	b.operations = append(b.operations, op)
	return insertOperation(tx, op)
}

// income is how an order stands on the ledger's income side.
type income struct {
	accounts map[Account]int64 // balances
	txns     int               // how many transactions the order has
	sold     bool
}

// incomeAccounts are the accounts that a sale credits and what undoes it
// debits.
var incomeAccounts = [...]Account{Sales, GiftCardsSold, Shipping, Fees, TaxPayable, Returns}

func readIncome(tx *command.Tx, o orders.ID) (income, error) {
	in := income{accounts: map[Account]int64{}}
	rows := tx.Query(`SELECT txn, n, account, amount FROM postings WHERE order_id = ?`, o)
	for rows.Next() {
		if rows.Int(1) == 1 {
			in.txns++
		}
		in.sold = in.sold || earns(rows.Text(0))
		in.accounts[Account(rows.Text(2))] += rows.Int64(3)
	}
	return in, rows.Close()
}

// total returns what the income accounts were credited.
func (in income) total() int64 {
	sum := int64(0)
	for _, a := range incomeAccounts {
		sum -= in.accounts[a]
	}
	return sum
}
