// Package pan finds what looks like a card number (a primary account number)
// in text, so that none is kept, logged or handed on. The shop pays by tokens.
package pan

import "github.com/keelshop/commerce/fault"

// Error says that a text looks like it holds a card number. It does not repeat
// the text.
type Error struct {
	// Field is where the text was, such as "Contact.Name"; "" if there is one
	// text only.
	Field string
}

func (e *Error) Error() string {
	where := "this"
	if e.Field != "" {
		where = "the field " + e.Field
	}
	return where + " looks like a card number: send the provider's token instead, and keep card numbers out of the shop"
}

// Unwrap returns fault.Invalid.
func (e *Error) Unwrap() error { return fault.Invalid }

// Lengths of card numbers, in digits.
const (
	shortest = 13
	longest  = 19
)

// Within reports whether s holds something that looks like a card number: 13
// to 19 digits, perhaps in groups divided by single spaces or dashes, whose
// check digit is right (ISO/IEC 7812-1) and which begin as cards of that length
// do. A barcode of 13 digits with the check digit of one, a telephone number
// after a +, a UUID, a ULID and a hash in hexadecimal do not look so.
func Within(s string) bool {
	_, _, found := next(s, 0)
	return found
}

// Masked returns s with a * for each digit of what looks like a card number.
func Masked(s string) string {
	from, to, found := next(s, 0)
	if !found {
		return s
	}
	b := []byte(s)
	for ; found; from, to, found = next(s, to) {
		for i := from; i < to; i++ {
			if digit(s[i]) {
				b[i] = '*'
			}
		}
	}
	return string(b)
}

// next returns where the first card number stands in s from i on.
func next(s string, i int) (from, to int, found bool) {
	for len(s)-i >= shortest {
		if !digit(s[i]) {
			i++
			continue
		}
		if n := at(s[i:]); n > 0 && !phone(s, i, n) && !random(s, i, i+n) {
			return i, i + n, true
		}
		for i < len(s) && digit(s[i]) { // to the next group
			i++
		}
	}
	return 0, 0, false
}

// at returns the length of the card number at the front of s which ends where
// a group of digits ends, 0 if there is none.
func at(s string) int {
	var digits [longest]byte
	n := 0
	for i := 0; i < len(s); i++ {
		switch {
		case digit(s[i]):
			if n == longest {
				return 0
			}
			digits[n] = s[i] - '0'
			n++
			if groupEnds(s, i) && n >= shortest && luhn(digits[:n]) && issued(digits[:n]) && !barcode(digits[:n]) {
				return i + 1
			}
		case !divider(s[i]) || !digit(s[i-1]):
			return 0
		}
	}
	return 0
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

// issued reports whether a network issues cards of this length that begin so.
// Times in seconds, milliseconds and microseconds begin with 1: no card does.
func issued(digits []byte) bool {
	n, head := len(digits), 0
	for _, d := range digits[:4] {
		head = head*10 + int(d)
	}
	switch two := head / 100; {
	case digits[0] == 4: // Visa
		return n == 13 || n >= 16
	case digits[0] == 5, digits[0] == 6: // Mastercard, Maestro, Discover, UnionPay, RuPay, Elo
		return n >= 14
	case two == 34 || two == 37: // American Express
		return n == 15
	case two == 36, two == 38, two == 39, head >= 3000 && head <= 3059, head >= 3090 && head <= 3099: // Diners Club
		return n >= 14
	case head >= 3528 && head <= 3589: // JCB
		return n >= 16
	case head >= 2200 && head <= 2204: // Mir
		return n >= 16
	case head >= 2221 && head <= 2720: // Mastercard
		return n == 16
	case two == 81 || two == 82: // UnionPay, RuPay
		return n >= 16
	default:
		return head == 9792 && n == 16 // Troy
	}
}

// longestPhone is the most digits of a telephone number (ITU-T E.164).
const longestPhone = 15

// phone reports whether the n bytes of s from i on are a telephone number in
// international form.
func phone(s string, i, n int) bool {
	digits := 0
	for _, c := range []byte(s[i : i+n]) {
		if digit(c) {
			digits++
		}
	}
	return i > 0 && s[i-1] == '+' && digits <= longestPhone
}

// barcode reports whether the digits are a GTIN-13, which one in ten numbers
// is by chance. Cards of 13 digits have not been issued for long.
func barcode(digits []byte) bool {
	if len(digits) != 13 {
		return false
	}
	sum := 0
	for i, d := range digits {
		sum += int(d) * (1 + 2*(i%2))
	}
	return sum%10 == 0
}
