package payments

import "github.com/keelshop/commerce/fault"

// CardNumberError says that a text looks like it holds a card number. It does
// not repeat the text.
type CardNumberError struct{}

func (e *CardNumberError) Error() string {
	return "this looks like a card number: send the provider's token instead, and keep card numbers out of the shop"
}

// Unwrap returns fault.Invalid.
func (e *CardNumberError) Unwrap() error { return fault.Invalid }

// Lengths of card numbers, in digits.
const (
	shortestPAN = 13
	longestPAN  = 19
)

// RefusePAN returns a *CardNumberError if s holds something that looks like a
// card number: 13 to 19 digits, perhaps in groups divided by single spaces or
// dashes, whose check digit is right. One in ten other numbers of that length
// looks so too.
func RefusePAN(s string) error {
	for i := 0; i < len(s); {
		if !digit(s[i]) {
			i++
			continue
		}
		if panAt(s[i:]) {
			return &CardNumberError{}
		}
		for i < len(s) && digit(s[i]) { // to the next group
			i++
		}
	}
	return nil
}

// panAt reports whether a card number begins at the front of s and ends where
// a group of digits ends.
func panAt(s string) bool {
	var digits [longestPAN]byte
	n := 0
	for i := 0; i < len(s); i++ {
		switch {
		case digit(s[i]):
			if n == longestPAN {
				return false
			}
			digits[n] = s[i] - '0'
			n++
			if groupEnds(s, i) && n >= shortestPAN && luhn(digits[:n]) {
				return true
			}
		case !divider(s[i]) || !digit(s[i-1]):
			return false
		}
	}
	return false
}

func groupEnds(s string, i int) bool { return i+1 == len(s) || !digit(s[i+1]) }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func divider(c byte) bool { return c == ' ' || c == '-' }

// luhn reports whether the last digit checks the others (ISO/IEC 7812-1).
func luhn(digits []byte) bool {
	sum := 0
	for i, d := range digits {
		v := int(d)
		if (len(digits)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}
