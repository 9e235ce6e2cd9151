package credit

import (
	"errors"
	"strconv"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
)

// ID identifies a balance, as in gft_01KAJ3W7Q8Z5D4F6G7H8J9K0M1 for a gift
// card and scr_… for store credit. It is no secret and pays for nothing.
type ID string

const (
	giftCardPrefix    = "gft"
	storeCreditPrefix = "scr"
)

// Kind says what a balance is.
type Kind string

// The kinds.
const (
	GiftCard       Kind = "gift_card"
	CustomerCredit Kind = "store_credit"
)

// Balance is what the shop owes to whoever has it. It is plain data: changing
// it changes nothing in the store.
type Balance struct {
	ID       ID
	Kind     Kind
	Customer accounts.CustomerID // of store credit; "" for a gift card
	Last4    string              // the end of a gift card's code
	// Issued = Left + Held + Spent, always.
	Issued, Held, Spent money.Amount
	Left                money.Amount // what can be paid with
	ExpiresAt           time.Time    // zero is never
	Disabled            bool         // it cannot pay any more
	Version             int64

	CreatedAt, UpdatedAt time.Time
}

// Usable reports whether the balance can pay for something at a time.
func (b Balance) Usable(at time.Time) bool {
	return !b.Disabled && b.Left.IsPositive() && (b.ExpiresAt.IsZero() || at.Before(b.ExpiresAt))
}

// owed returns the account on which the balance is owed.
func (b Balance) owed() payments.Account {
	if b.Kind == GiftCard {
		return GiftCardsOwed
	}
	return StoreCreditOwed
}

// clearing returns the account where its books meet those of orders.
func (b Balance) clearing() payments.Account { return payments.ProviderAccount(string(b.Kind)) }

const selectBalance = `SELECT id, kind, customer, last4, currency, issued, held, spent, expires_at, disabled, version, created_at, updated_at FROM balances`

func scanBalance(r *sqlite.Rows) Balance {
	c := money.Currency(r.Text(4))
	issued, held, spent := r.Int64(5), r.Int64(6), r.Int64(7)
	return Balance{
		ID: ID(r.Text(0)), Kind: Kind(r.Text(1)), Customer: accounts.CustomerID(r.Text(2)), Last4: r.Text(3),
		Issued: money.New(issued, c), Held: money.New(held, c), Spent: money.New(spent, c), Left: money.New(issued-held-spent, c),
		ExpiresAt: instant(r.Int64(8)), Disabled: r.Bool(9), Version: r.Int64(10),
		CreatedAt: instant(r.Int64(11)), UpdatedAt: instant(r.Int64(12)),
	}
}

func balanceTx(tx *sqlite.Tx, b ID) (Balance, error) {
	rows := tx.One(selectBalance+` WHERE id = ?`, b)
	if !rows.Next() {
		return Balance{}, errors.Join(&NotFoundError{Balance: b}, rows.Close())
	}
	out := scanBalance(rows)
	return out, rows.Close()
}

// insert makes a balance that holds nothing yet.
func insert(tx *command.Tx, b Balance, c money.Currency) (made bool, err error) {
	n, err := tx.Exec(`INSERT INTO balances (id, slot, kind, customer, last4, currency, issued, held, spent, expires_at, disabled, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, ?, 0, 1, ?, ?) ON CONFLICT DO NOTHING`,
		b.ID, tx.Slot, b.Kind, b.Customer, b.Last4, c, millis(b.ExpiresAt), tx.At, tx.At)
	return n == 1, err
}

// change is what a transaction does to a balance, in minor units. What is issued
// is debited to Granted, but what was sold with an order to what it was sold for.
type change struct {
	issued, held, spent int64
	sold                bool
}

// move changes a balance and books what the change of Issued or Spent means.
// It returns a *ShortError if there is not enough.
func (b *Balance) move(tx *command.Tx, d change) error {
	c := b.Issued.Currency()
	issued, held, spent := b.Issued.Minor()+d.issued, b.Held.Minor()+d.held, b.Spent.Minor()+d.spent
	if issued > payments.MaxAmount || issued < held+spent || held < 0 || spent < 0 {
		return &ShortError{Balance: b.ID, Want: money.New(max(d.held+d.spent, -d.issued), c), Have: b.Left}
	}
	b.Issued, b.Held, b.Spent, b.Left = money.New(issued, c), money.New(held, c), money.New(spent, c), money.New(issued-held-spent, c)
	b.Version++
	if _, err := tx.Exec(`UPDATE balances SET issued = ?, held = ?, spent = ?, version = ?, updated_at = ? WHERE id = ?`,
		issued, held, spent, b.Version, tx.At, b.ID); err != nil {
		return err
	}
	source := Granted
	if d.sold {
		source = payments.GiftCardsSold
	}
	return payments.Post(tx, "change "+strconv.FormatInt(b.Version, 10), orders.ID(b.ID), tx.At, []payments.Posting{
		{Account: b.owed(), Amount: money.New(d.spent-d.issued, c)},
		{Account: source, Amount: money.New(d.issued, c)},
		{Account: b.clearing(), Amount: money.New(-d.spent, c)},
	})
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
