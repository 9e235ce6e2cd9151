package payments

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
)

// How far giving a lost payment back has come.
const (
	backAsked   = "asked" // decided; the provider may or may not have been asked
	backGiven   = "given"
	backRefused = "refused" // by the provider: somebody has to look
)

// returnLost decides how much of a lost payment is given back, before the
// provider is asked. Asking again tells what was decided.
type returnLost struct {
	Provider string       `cbor:"1,keyasint"`
	Payment  string       `cbor:"2,keyasint"`
	Amount   money.Amount `cbor:"3,keyasint"` // to refund; nothing if it is only held
	After    int64        `cbor:"4,keyasint"` // ms by the shard's clock since it was found
}

// lostDecision is its answer: Number is 0 if nothing is given back, or not yet.
type lostDecision struct {
	Number int          `cbor:"1,keyasint"`
	Amount money.Amount `cbor:"2,keyasint"`
}

// Kind returns "payments.return_lost".
func (returnLost) Kind() command.Kind { return "payments.return_lost" }

// Validate returns nil: GiveBackLost has checked.
func (returnLost) Validate() error { return nil }

func (c returnLost) apply(tx *command.Tx) (lostDecision, error) {
	if _, err := AttemptTx(tx.Tx, ID(c.Payment)); !errors.Is(err, fault.NotFound) {
		return lostDecision{}, err // it is not lost
	}
	r, err := readLost(tx, c.Provider, c.Payment)
	if err != nil || r.cleared || r.state == backRefused || r.foundClock+c.After > tx.Clock {
		return lostDecision{}, err
	}
	if r.state == backAsked {
		return lostDecision{Number: r.number, Amount: r.amount}, nil
	}
	_, err = tx.Exec(`UPDATE discrepancies SET back_state = ?, back_n = ?, back_amount = ? WHERE provider = ? AND key = ? AND kind = ?`,
		backAsked, r.number+1, c.Amount.Minor(), c.Provider, c.Payment, LostPayment)
	return lostDecision{Number: r.number + 1, Amount: c.Amount}, err
}

// lostRow is what is written down of a lost payment.
type lostRow struct {
	state      string
	number     int
	amount     money.Amount
	foundClock int64
	cleared    bool
}

// readLost returns the row of a lost payment; one that is not there is cleared.
func readLost(tx *command.Tx, provider, key string) (lostRow, error) {
	r := lostRow{cleared: true}
	rows := tx.Query(`SELECT back_state, back_n, back_amount, currency, found_clock, cleared_at FROM discrepancies WHERE provider = ? AND key = ? AND kind = ?`,
		provider, key, LostPayment)
	if rows.Next() {
		r = lostRow{state: rows.Text(0), number: rows.Int(1), amount: money.New(rows.Int64(2), money.Currency(rows.Text(3))),
			foundClock: rows.Int64(4), cleared: rows.Int64(5) > 0}
	}
	return r, rows.Close()
}

// GivenBackEvent is the data of the event payment.given_back: of a LostPayment
// something was refunded, or let go of.
type GivenBackEvent struct {
	Provider string         `json:"provider"`
	Payment  string         `json:"payment"`
	Currency money.Currency `json:"currency"`
	Refunded int64          `json:"refunded"` // by this request, minor units; nothing if it was only held, or gone already
}

// returnedLost records what a provider said when it was asked to give a lost payment
// back.
type returnedLost struct {
	Provider string  `cbor:"1,keyasint"`
	Payment  string  `cbor:"2,keyasint"`
	Number   int     `cbor:"3,keyasint"`
	Outcome  Outcome `cbor:"4,keyasint"`
}

// Kind returns "payments.returned_lost".
func (returnedLost) Kind() command.Kind { return "payments.returned_lost" }

// Validate returns nil: GiveBackLost has checked.
func (returnedLost) Validate() error { return nil }

// apply reports whether that was the end of it.
func (c returnedLost) apply(tx *command.Tx) (bool, error) {
	r, err := readLost(tx, c.Provider, c.Payment)
	if err != nil || r.state != backAsked || r.number != c.Number {
		return false, err
	}
	state, gone, note := r.judge(c.Outcome)
	cleared := int64(0)
	if state == backGiven {
		cleared = tx.At
	}
	// What somebody has cleared in between keeps their note.
	_, err = tx.Exec(`UPDATE discrepancies SET back_state = ?, note = iif(cleared_at > 0, note, ?), cleared_at = iif(cleared_at > 0, cleared_at, ?)
		WHERE provider = ? AND key = ? AND kind = ?`, state, note, cleared, c.Provider, c.Payment, LostPayment)
	if err != nil || state != backGiven && !gone.IsPositive() {
		return false, err
	}
	return state == backGiven, tx.Emit("payment.given_back", c.Payment, GivenBackEvent{
		Provider: c.Provider, Payment: c.Payment, Currency: gone.Currency(), Refunded: gone.Minor(),
	})
}

// judge says how far an answer brings what was asked for, how much has gone back
// by it, and what there is to note. The state "" is decided about again.
func (r lostRow) judge(said Outcome) (state string, gone money.Amount, note string) {
	none := money.Zero(r.amount.Currency())
	switch refund := r.amount.IsPositive(); {
	case refund && said.State == Refunded && said.Amount.IsPositive() && said.Amount.Minor() < r.amount.Minor():
		return "", said.Amount, ""
	case refund && said.State == Refunded:
		return backGiven, r.amount, fmt.Sprintf("given back by itself: refunded %v", r.amount)
	case refund:
		return backRefused, none, "the provider refuses to refund it: " + cmp.Or(said.Raw, string(said.Decline), string(said.State))
	case said.State == Captured, said.State == Authorized: // it was captured meanwhile, or is held still
		return "", none, ""
	case said.State == Declined:
		return backRefused, none, "the provider has not let go of it: " + cmp.Or(said.Raw, string(said.Decline))
	}
	return backGiven, none, "given back by itself: nothing is held any more"
}
