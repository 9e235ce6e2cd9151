package payments

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Account names an account of the ledger.
type Account string

// The accounts. Money that a provider holds is on an account of its own.
const (
	Receivable Account = "receivable"  // what shoppers owe; negative: what they are owed
	Sales      Account = "sales"       // goods with the fees on them, less discounts, without tax
	Shipping   Account = "shipping"    // charged for shipping, without tax
	Fees       Account = "fees"        // charged beside goods and shipping, without tax
	TaxPayable Account = "tax_payable" // charged for the state
	// GiftCardsSold is what gift cards were sold for. It is no income: the card's
	// own books, which may be on another shard, debit it with what the card is
	// then owed for, so that over all shards it adds up to nothing.
	GiftCardsSold Account = "gift_cards_sold"
	Returns       Account = "returns" // granted back: for goods that came back without their tax, and for other reasons
)

// ByHand is where money comes from that people have given back outside of the
// providers: see RecordRefund.
const ByHand Account = "provider:by_hand"

// ProviderAccount returns the account of what a provider holds for the shop.
func ProviderAccount(name string) Account { return Account("provider:" + name) }

// Posting is one row of the ledger.
type Posting struct {
	Order orders.ID // or the balance of package credit that it is about
	// Reference is the order's name in another system; "" if it has none.
	Reference string
	Txn       string // unique within the order
	Number    int    // from 1, within Txn
	Account   Account
	Amount    money.Amount // a debit is positive, a credit negative
	At        int64        // ms since 1970 UTC
}

// transfer debits one account and credits another.
func transfer(debit, credit Account, a money.Amount) []Posting {
	return []Posting{{Account: debit, Amount: a}, {Account: credit, Amount: money.New(-a.Minor(), a.Currency())}}
}

// Post adds a transaction to the ledger. Of the postings it takes Account and
// Amount; those of nothing are left out. It returns an *UnbalancedError unless
// debits equal credits in every currency. Posting a name twice for one order
// is refused by the table.
func Post(tx *command.Tx, txn string, o orders.ID, at int64, postings []Posting) error {
	if err := balanced(txn, o, postings); err != nil {
		return err
	}
	kept := make([]Posting, 0, 8)
	for _, p := range postings {
		if !p.Amount.IsZero() {
			kept = append(kept, p)
		}
	}
	for n := 1; len(kept) > 0; n += postingRows {
		rows := min(len(kept), postingRows)
		args := append(make([]any, 0, 5+3*postingRows), o, txn, tx.Slot, at, n)
		for _, p := range kept[:rows] {
			args = append(args, p.Account, p.Amount.Currency(), p.Amount.Minor())
		}
		if _, err := tx.Exec(insertPostings[rows], args...); err != nil {
			return err
		}
		kept = kept[rows:]
	}
	return nil
}

// A sale's transaction is one statement.
const postingRows = 4

const (
	insertPosting = `INSERT INTO postings (order_id, txn, n, slot, account, currency, amount, at) VALUES (?1, ?2, ?5, ?3, ?6, ?7, ?8, ?4)`
	secondPosting = `, (?1, ?2, ?5 + 1, ?3, ?9, ?10, ?11, ?4)`
	thirdPosting  = `, (?1, ?2, ?5 + 2, ?3, ?12, ?13, ?14, ?4)`
	fourthPosting = `, (?1, ?2, ?5 + 3, ?3, ?15, ?16, ?17, ?4)`
)

// insertPostings holds the statement for each number of rows.
var insertPostings = [...]string{
	1: insertPosting,
	2: insertPosting + secondPosting,
	3: insertPosting + secondPosting + thirdPosting,
	4: insertPosting + secondPosting + thirdPosting + fourthPosting,
}

// balanced adds up each currency in 128 bits, so that nothing can wrap around
// to a balance.
func balanced(txn string, o orders.ID, postings []Posting) error {
	for _, p := range postings {
		c := p.Amount.Currency()
		var hi, lo, carry uint64
		for _, q := range postings {
			if q.Amount.Currency() == c {
				lo, carry = bits.Add64(lo, uint64(q.Amount.Minor()), 0)
				hi, _ = bits.Add64(hi, uint64(q.Amount.Minor()>>63), carry)
			}
		}
		if hi != 0 || lo != 0 {
			return &UnbalancedError{Order: o, Txn: txn, Off: money.New(int64(lo), c)}
		}
	}
	return nil
}

// The transactions that earn: an order's sale, which a free order has none of,
// and by their numbers its changes.
const (
	saleTxn   = "sale"
	changeTxn = "change "
)

// earns reports whether a transaction is a sale or a change.
func earns(txn string) bool { return txn == saleTxn || strings.HasPrefix(txn, changeTxn) }

// PostChange books what a change has added to a placed order, as PostSale books
// the order. What it gave back is booked like any other refund.
func PostChange(tx *command.Tx, c orders.Change) error {
	minus := func(a money.Amount) money.Amount { return money.New(-a.Minor(), a.Currency()) }
	return Post(tx, changeTxn+strconv.Itoa(c.Number), c.Order, tx.At, []Posting{
		{Account: Receivable, Amount: c.Added}, {Account: Sales, Amount: minus(c.Goods)},
		{Account: Shipping, Amount: minus(c.Shipping)}, {Account: TaxPayable, Amount: minus(c.Tax)},
	})
}

// PostSale books a placed order: its total becomes receivable, and income and
// tax are credited. It is called once, when the order is placed.
func PostSale(tx *command.Tx, o orders.Order) error {
	credit := func(a Account, minor int64) Posting {
		return Posting{Account: a, Amount: money.New(-minor, o.Currency)}
	}
	cards, _, err := orders.GiftCardsTx(tx.Tx, o)
	if err != nil {
		return err
	}
	postings := []Posting{{Account: Receivable, Amount: o.Total}, credit(Sales, o.NetGoods().Minor()-cards.Minor()), credit(GiftCardsSold, cards.Minor())}
	if net := o.NetShipping(); !net.IsZero() {
		postings = append(postings, credit(Shipping, net.Minor()))
	}
	if net := o.NetFees(); !net.IsZero() {
		postings = append(postings, credit(Fees, net.Minor()))
	}
	if !o.Tax.IsZero() {
		postings = append(postings, credit(TaxPayable, o.Tax.Minor()))
	}
	return Post(tx, saleTxn, o.ID, tx.At, postings)
}
