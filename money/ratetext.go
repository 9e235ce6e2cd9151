package money

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// maxRateDigits is how many decimal digits the ratio of a decimal rate can have: 10¹⁸ is the largest power of ten
// in an int64.
const maxRateDigits = 18

// ParseRate reads a rate: a percentage such as "9.975%", a decimal such as "0.09975", or a fraction such as "1/3".
// It accepts no spaces, no exponent and no plus sign, and refuses a rate that it cannot keep exactly.
func ParseRate(s string) (Rate, error) {
	if num, den, ok := strings.Cut(s, "/"); ok {
		return parseFraction(s, num, den)
	}
	number, percent := strings.CutSuffix(s, "%")
	d, ok := scanDecimal(number)
	if !ok {
		return Rate{}, rateError(s, `write it like "9.975%", "0.09975" or "1/3"`)
	}
	frac := strings.TrimRight(d.frac, "0")
	scale := len(frac)
	if percent {
		scale += 2
	}
	mag, fits := digitsToUint(d.whole, frac)
	num, fitsToo := signed(mag, d.neg)
	if !fits || !fitsToo || scale > maxRateDigits {
		return Rate{}, rateError(s, "it has too many digits")
	}
	return NewRate(num, pow10(scale))
}

func parseFraction(s, num, den string) (Rate, error) {
	n, ok1 := scanInt(num)
	d, ok2 := scanInt(den)
	if !ok1 || !ok2 {
		return Rate{}, rateError(s, "numerator and denominator have to be whole numbers of 64 bits")
	}
	return NewRate(n, d)
}

// String returns the rate as a percentage where that is exact and short, such as "9.975%", and as a fraction such as
// "1/3" otherwise. [ParseRate] reads both.
func (r Rate) String() string {
	for places := range maxRateDigits - 1 {
		unit := pow10(places + 2)
		if unit%r.Den() != 0 {
			continue
		}
		if scaled, ok := mul(r.num, unit/r.Den()); ok {
			return formatDecimal(scaled, places) + "%"
		}
		break
	}
	return fraction(r.num, r.Den())
}

// MarshalText returns the rate as [Rate.String] does.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what [ParseRate] reads.
func (r *Rate) UnmarshalText(text []byte) error {
	parsed, err := ParseRate(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// MarshalBinary returns the numerator as a varint and the denominator as an unsigned one; 0 % is no bytes at all.
func (r Rate) MarshalBinary() ([]byte, error) {
	if r.num == 0 {
		return nil, nil
	}
	return binary.AppendUvarint(binary.AppendVarint(nil, r.num), uint64(r.den)), nil
}

// UnmarshalBinary accepts exactly what [Rate.MarshalBinary] writes.
func (r *Rate) UnmarshalBinary(data []byte) error {
	if len(data) == 0 {
		*r = Rate{}
		return nil
	}
	num, n := binary.Varint(data)
	den, _ := binary.Uvarint(data[max(n, 0):])
	decoded, err := NewRate(num, int64(den))
	if err != nil {
		return damaged("a rate", data)
	}
	again, _ := decoded.MarshalBinary() // never fails
	if !bytes.Equal(again, data) {      // not in lowest terms, or a longer spelling of a varint
		return damaged("a rate", data)
	}
	*r = decoded
	return nil
}

func rateError(input, reason string) error {
	return parseError("a rate", input, reason)
}

func fraction(num, den int64) string {
	return strconv.FormatInt(num, 10) + "/" + strconv.FormatInt(den, 10)
}

func damaged(want string, data []byte) error {
	return parseError(want+" in binary", hex.EncodeToString(data), "the bytes are damaged")
}
