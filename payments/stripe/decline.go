package stripe

import (
	"github.com/keelshop/commerce/payments"
	stripe "github.com/stripe/stripe-go/v85"
)

// declines maps Stripe's decline codes (docs.stripe.com/declines/codes) and
// error codes to the store's neutral ones. What is not listed is generic.
var declines = map[string]payments.DeclineCode{
	"insufficient_funds":                    payments.DeclineInsufficientFunds,
	"invalid_account":                       payments.DeclineUnsupported,
	"expired_card":                          payments.DeclineExpired,
	"invalid_expiry_month":                  payments.DeclineIncorrectDetails,
	"invalid_expiry_year":                   payments.DeclineIncorrectDetails,
	"incorrect_number":                      payments.DeclineIncorrectDetails,
	"invalid_number":                        payments.DeclineIncorrectDetails,
	"incorrect_cvc":                         payments.DeclineIncorrectDetails,
	"invalid_cvc":                           payments.DeclineIncorrectDetails,
	"incorrect_zip":                         payments.DeclineIncorrectDetails,
	"incorrect_address":                     payments.DeclineIncorrectDetails,
	"incorrect_pin":                         payments.DeclineIncorrectDetails,
	"invalid_pin":                           payments.DeclineIncorrectDetails,
	"fraudulent":                            payments.DeclineFraud,
	"lost_card":                             payments.DeclineFraud,
	"stolen_card":                           payments.DeclineFraud,
	"pickup_card":                           payments.DeclineFraud,
	"merchant_blacklist":                    payments.DeclineFraud,
	"highest_risk_level":                    payments.DeclineFraud,
	"security_violation":                    payments.DeclineFraud,
	"restricted_card":                       payments.DeclineFraud,
	"card_velocity_exceeded":                payments.DeclineLimit,
	"withdrawal_count_limit_exceeded":       payments.DeclineLimit,
	"pin_try_exceeded":                      payments.DeclineLimit,
	"authentication_required":               payments.DeclineAuthentication,
	"authentication_not_handled":            payments.DeclineAuthentication,
	"payment_intent_authentication_failure": payments.DeclineAuthentication,
	"offline_pin_required":                  payments.DeclineAuthentication,
	"card_not_supported":                    payments.DeclineUnsupported,
	"currency_not_supported":                payments.DeclineUnsupported,
	"invalid_amount":                        payments.DeclineUnsupported,
	"amount_too_small":                      payments.DeclineUnsupported,
	"amount_too_large":                      payments.DeclineUnsupported,
	"resource_missing":                      payments.DeclineUnsupported,
	"service_not_allowed":                   payments.DeclineUnsupported,
	"transaction_not_allowed":               payments.DeclineUnsupported,
	"processing_error":                      payments.DeclineProcessing,
	"issuer_not_available":                  payments.DeclineProcessing,
	"try_again_later":                       payments.DeclineProcessing,
	"reenter_transaction":                   payments.DeclineProcessing,
	"approve_with_id":                       payments.DeclineProcessing,
	"payment_intent_unexpected_state":       payments.DeclineState,
	"charge_already_refunded":               payments.DeclineState,
	"charge_already_captured":               payments.DeclineState,
	"charge_not_refundable":                 payments.DeclineState,
	"charge_disputed":                       payments.DeclineState,
}

// decline says in the store's words why Stripe refused.
func decline(e *stripe.Error) payments.DeclineCode {
	if c, ok := declines[string(e.DeclineCode)]; ok {
		return c
	}
	if c, ok := declines[string(e.Code)]; ok {
		return c
	}
	return payments.DeclineGeneric
}
