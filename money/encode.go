package money

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// The text and JSON forms come from people and other systems, and are read strictly: their currency is in the table.
// The binary form and the writing of JSON ask only that a currency be three capital letters. Replicas of different
// versions, whose tables differ by a new currency, must do the same with the same command.

// MarshalText returns the amount as [Amount.String] does, and no bytes for the zero Amount.
func (a Amount) MarshalText() ([]byte, error) {
	if a == (Amount{}) {
		return []byte{}, nil
	}
	return []byte(a.String()), a.Check()
}

// UnmarshalText reads what [Parse] reads, and the empty text as the zero Amount.
func (a *Amount) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = Amount{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// MarshalJSON returns an object such as {"minor":1250,"currency":"EUR"}, and null for the zero Amount.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a == (Amount{}) {
		return []byte("null"), nil
	}
	if !a.currency.wellFormed() {
		return nil, unknownCurrency(a.currency)
	}
	return fmt.Appendf(nil, `{"minor":%d,"currency":"%s"}`, a.minor, a.currency), nil
}

// UnmarshalJSON reads what [Amount.MarshalJSON] writes. Both fields are required and no other is allowed; null is
// the zero Amount.
func (a *Amount) UnmarshalJSON(data []byte) error {
	var fields *struct {
		Minor    *int64   `json:"minor"`
		Currency Currency `json:"currency"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&fields); err != nil {
		return fmt.Errorf(`read an amount like {"minor":1250,"currency":"EUR"}: %w`, err)
	}
	if fields == nil {
		*a = Amount{}
		return nil
	}
	if fields.Minor == nil {
		return amountError(string(data), `the field "minor" is missing`)
	}
	if err := fields.Currency.Check(); err != nil {
		return err
	}
	*a = Amount{*fields.Minor, fields.Currency}
	return nil
}

// AppendBinary appends what [Amount.MarshalBinary] returns.
func (a Amount) AppendBinary(b []byte) ([]byte, error) {
	if a == (Amount{}) {
		return b, nil
	}
	if !a.currency.wellFormed() {
		return nil, unknownCurrency(a.currency)
	}
	return append(binary.AppendVarint(b, a.minor), a.currency...), nil
}

// MarshalBinary returns the minor units as a varint and the three letters of the currency; the zero Amount is no
// bytes at all. Equal amounts give equal bytes. The format never changes.
func (a Amount) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary accepts exactly what [Amount.MarshalBinary] writes.
func (a *Amount) UnmarshalBinary(data []byte) error {
	if len(data) == 0 {
		*a = Amount{}
		return nil
	}
	minor, n := binary.Varint(data)
	if n <= 0 {
		return damaged("an amount", data)
	}
	decoded := Amount{minor, Currency(data[n:])}
	again, err := decoded.MarshalBinary()
	if err != nil || !bytes.Equal(again, data) { // a varint has longer spellings
		return damaged("an amount", data)
	}
	*a = decoded
	return nil
}
