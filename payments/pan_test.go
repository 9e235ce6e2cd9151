package payments_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/payments"
)

func TestRefusePAN(t *testing.T) {
	for text, refused := range map[string]bool{
		"4242424242424242":                      true,
		"4242 4242 4242 4242":                   true,
		"4242-4242-4242-4242":                   true,
		"378282246310005":                       true,
		"3782 822463 10005":                     true,
		"4222222222222":                         true, // 13 digits
		"6304000000000000000":                   true, // 19 digits
		"tok_4242424242424242":                  true,
		"card 4242424242424242, please":         true,
		"on 2026 4242 4242 4242 4242 ok":        true,
		"42 4242 4242 4242 4242":                true, // the last four groups
		"4242424242424242 123":                  true,
		"4242424242424241":                      false, // wrong check digit
		"424242424242":                          false, // 12 digits
		"42424242424242424242424242":            false, // too long for one number
		"4242  4242  4242  4242":                false, // two spaces part numbers
		"4242.4242.4242.4242":                   false,
		"pm_card_visa":                          false,
		"pay_01KAJ3W7Q8Z5D4F6G7H8J9K0M1":        false,
		"":                                      false,
		"-":                                     false,
		"2026-03-01 09:00":                      false,
		"4006381333931":                         false, // a barcode
		"1700000000000004":                      false, // a time: no network issues such
		"0000000000000000":                      false,
		"5e1c4444-2222-4242-8444-424242424242":  false, // a UUID
		"key_01424242424242424242424XYZ":        false, // a ULID
		"4f424242424242424242424242424242":      false, // a hash
		"+4222222222222":                        false, // a telephone number
		"+4242424242424242":                     true,  // too long for one
		"5019717010103742 Visa4000056655665556": true,
	} {
		err := payments.RefusePAN(text)
		if (err != nil) != refused {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil {
			continue
		}
		if _, ok := errors.AsType[*payments.CardNumberError](err); !ok || !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v is the wrong error", text, err)
		}
		if strings.ContainsAny(err.Error(), "0123456789") {
			t.Errorf("the error repeats digits: %v", err)
		}
	}
	if err := payments.CheckToken(strings.Repeat("t", 256)); !errors.Is(err, fault.Invalid) {
		t.Errorf("a long token: %v", err)
	}
}

// A number with a right check digit is found wherever it stands, as long as
// digits do not touch it.
func FuzzRefusePAN(f *testing.F) {
	f.Add("before", "after", uint64(424242424242424))
	f.Add("4", " ", uint64(0))
	f.Fuzz(func(t *testing.T, before, after string, n uint64) {
		_ = payments.RefusePAN(before) // never panics
		number := withCheckDigit(n%1e14 + 4e14)
		if err := payments.RefusePAN(before + "#" + number + "#" + after); err == nil {
			t.Errorf("%q was let through", number)
		}
	})
}

// withCheckDigit returns 15 digits and their check digit.
func withCheckDigit(n uint64) string {
	var b [16]byte
	sum := 0
	for i := 14; i >= 0; i-- {
		d := int(n % 10)
		n /= 10
		b[i] = byte('0' + d)
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	b[15] = byte('0' + (10-sum%10)%10)
	return string(b[:])
}
