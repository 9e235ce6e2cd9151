package payments

import "github.com/keelshop/commerce/internal/pan"

// CardNumberError says that a text looks like it holds a card number. It names
// the field, if it was one of several, and does not repeat the text. It unwraps
// to fault.Invalid.
type CardNumberError = pan.Error

// RefusePAN returns a *CardNumberError if s holds something that looks like a
// card number: 13 to 19 digits, perhaps in groups divided by single spaces or
// dashes, whose check digit is right and which begin as a card network's do.
// Barcodes of 13 digits, UUIDs and the store's own IDs do not look so.
// Every command refuses card numbers in the fields that a caller fills in:
// this is for texts that go elsewhere.
func RefusePAN(s string) error {
	if pan.Within(s) {
		return &CardNumberError{}
	}
	return nil
}
