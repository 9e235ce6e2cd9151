package payments

// State says how far a payment attempt has come, or how far a provider says
// that it has.
type State string

// The states of an attempt. Only Authorized and Captured hold money.
const (
	Created     State = "created"      // recorded; the provider may or may not have been asked
	Unknown     State = "unknown"      // asked, without an answer
	NeedsAction State = "needs_action" // the shopper must do something, such as 3-D Secure
	Pending     State = "pending"      // the provider is still working on it, or waits for a voucher to be paid
	Declined    State = "declined"
	Canceled    State = "canceled" // given up before there was any money
	Authorized  State = "authorized"
	Voided      State = "voided" // was authorized and let go
	Captured    State = "captured"
)

// What providers say besides.
const (
	Refunded State = "refunded"  // the answer to a refund; of a payment: it was captured
	NotFound State = "not_found" // the provider never saw the request, and surely so
)

// moves are the only ways for an attempt's state to change. They go forward
// only, so that news may come twice, late and out of order. News of money is
// believed even after a decline: it is money that somebody must get back.
var moves = map[State][]State{
	Created:     {Unknown, NeedsAction, Pending, Declined, Canceled, Authorized, Voided, Captured},
	Unknown:     {NeedsAction, Pending, Declined, Canceled, Authorized, Voided, Captured},
	NeedsAction: {Pending, Declined, Canceled, Authorized, Voided, Captured},
	Pending:     {Declined, Canceled, Authorized, Voided, Captured},
	Declined:    {Authorized, Captured},
	Canceled:    {Authorized, Captured},
	Authorized:  {Voided, Captured},
	Voided:      {Captured},
}

// MayBecome reports whether an attempt's state may change from s to next.
func (s State) MayBecome(next State) bool {
	for _, n := range moves[s] {
		if n == next {
			return true
		}
	}
	return false
}

// Settled reports whether the provider has given an answer that decides about
// the purchase: authorized, captured, declined, voided or canceled. Until
// then the attempt is out and its goods stay held.
func (s State) Settled() bool {
	switch s {
	case Declined, Canceled, Authorized, Voided, Captured:
		return true
	}
	return false
}

// Paid reports whether the state is good enough to place an order.
func (s State) Paid() bool { return s == Authorized || s == Captured }

// known reports whether a provider may answer with s.
func (s State) known() bool {
	switch s {
	case Unknown, NeedsAction, Pending, Declined, Canceled, Authorized, Voided, Captured, Refunded, NotFound:
		return true
	}
	return false
}
