package simulator

import (
	"strings"

	"github.com/keelshop/commerce/payments"
)

// Tokens of the simulator's own, besides the public test tokens of Stripe that
// cards lists. Any other token is declined as unsupported.
const (
	TokenLostAnswer = "sim_lost_answer" // approved, but the first answer never arrives
	TokenPending    = "sim_pending"     // undecided until Decide
	TokenVoucher    = "sim_voucher"     // undecided until Decide, for the shopper to pay elsewhere
	TokenUnreached  = "sim_unreached"   // no request to pay with it ever arrives
)

// card is what stands behind a token.
type card struct {
	decline    payments.DeclineCode // "" approves
	raw        string
	challenge  bool // 3-D Secure before the decision
	pending    bool // undecided until Decide
	voucher    bool // and the shopper's to pay
	lostAnswer bool
	unreached  bool
	refund     payments.State // what a refund comes to; "" is Refunded
}

func declined(c payments.DeclineCode, raw string) card { return card{decline: c, raw: raw} }

// cards lists the test cards by what their tokens share: tok_visa, pm_card_visa
// and so on.
var cards = map[string]card{
	"visa": {}, "visa_debit": {}, "mastercard": {}, "mastercard_debit": {}, "mastercard_prepaid": {},
	"amex": {}, "discover": {}, "diners": {}, "jcb": {}, "unionpay": {}, "bypassPending": {},

	"chargeDeclined":                      declined(payments.DeclineGeneric, "generic_decline"),
	"chargeDeclinedInsufficientFunds":     declined(payments.DeclineInsufficientFunds, "insufficient_funds"),
	"chargeDeclinedLostCard":              declined(payments.DeclineFraud, "lost_card"),
	"chargeDeclinedStolenCard":            declined(payments.DeclineFraud, "stolen_card"),
	"chargeDeclinedFraudulent":            declined(payments.DeclineFraud, "fraudulent"),
	"chargeDeclinedExpiredCard":           declined(payments.DeclineExpired, "expired_card"),
	"chargeDeclinedIncorrectCvc":          declined(payments.DeclineIncorrectDetails, "incorrect_cvc"),
	"chargeDeclinedProcessingError":       declined(payments.DeclineProcessing, "processing_error"),
	"chargeDeclinedVelocityLimitExceeded": declined(payments.DeclineLimit, "card_velocity_exceeded"),

	"threeDSecureRequired":                                  declined3DS("", ""),
	"threeDSecure2Required":                                 declined3DS("", ""),
	"authenticationRequired":                                declined3DS("", ""),
	"authenticationRequiredOnSetup":                         declined3DS("", ""),
	"threeDSecureRequiredChargeDeclined":                    declined3DS(payments.DeclineGeneric, "generic_decline"),
	"threeDSecureRequiredProcessingError":                   declined3DS(payments.DeclineProcessing, "processing_error"),
	"authenticationRequiredChargeDeclinedInsufficientFunds": declined3DS(payments.DeclineInsufficientFunds, "insufficient_funds"),

	"pendingRefund": {refund: payments.Pending},
	"refundFail":    {refund: payments.Declined},
}

// declined3DS is a card that asks for 3-D Secure and then approves, or declines
// if it has a code.
func declined3DS(c payments.DeclineCode, raw string) card {
	return card{decline: c, raw: raw, challenge: true}
}

func cardOf(token string) card {
	switch token {
	case TokenLostAnswer:
		return card{lostAnswer: true}
	case TokenPending:
		return card{pending: true}
	case TokenVoucher:
		return card{pending: true, voucher: true}
	case TokenUnreached:
		return card{unreached: true}
	}
	name, ok := strings.CutPrefix(token, "pm_card_")
	if !ok {
		name, ok = strings.CutPrefix(token, "tok_")
	}
	// Some public names carry the brand, such as visa_chargeDeclined.
	if brand, rest, found := strings.Cut(name, "_"); found && (brand == "visa" || brand == "mastercard") && strings.HasPrefix(rest, "charge") {
		name = rest
	}
	c, known := cards[name]
	if !ok || !known {
		return declined(payments.DeclineUnsupported, "unknown_token")
	}
	return c
}

// numbers maps the public test card numbers to tokens.
var numbers = map[string]string{
	"4242424242424242": "pm_card_visa",
	"4000056655665556": "pm_card_visa_debit",
	"5555555555554444": "pm_card_mastercard",
	"378282246310005":  "pm_card_amex",
	"6011111111111117": "pm_card_discover",
	"4000000000000077": "pm_card_bypassPending",
	"4000000000000002": "pm_card_visa_chargeDeclined",
	"4000000000009995": "pm_card_visa_chargeDeclinedInsufficientFunds",
	"4000000000009987": "pm_card_visa_chargeDeclinedLostCard",
	"4000000000009979": "pm_card_visa_chargeDeclinedStolenCard",
	"4000000000000069": "pm_card_chargeDeclinedExpiredCard",
	"4000000000000127": "pm_card_chargeDeclinedIncorrectCvc",
	"4000000000000119": "pm_card_chargeDeclinedProcessingError",
	"4000000000006975": "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
	"4000000000003220": "pm_card_threeDSecure2Required",
	"4000002760003184": "pm_card_authenticationRequired",
	"4000002500003155": "pm_card_authenticationRequiredOnSetup",
	"4000008400001629": "pm_card_threeDSecureRequiredChargeDeclined",
	"4000008260003178": "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
	"4000000000007726": "pm_card_pendingRefund",
	"4000000000005126": "pm_card_refundFail",
}

// Token returns the token of a public test card number, as the provider's own
// field in a browser would. It is the only place that takes a card number, and
// it knows none that is real.
func Token(number string) (token string, ok bool) {
	token, ok = numbers[strings.NewReplacer(" ", "", "-", "").Replace(number)]
	return token, ok
}
