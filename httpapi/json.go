package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/keelshop/commerce/money"
)

// Money is an amount of money in answers.
type Money struct {
	Minor     int64  `json:"minor" doc:"The amount in minor units, such as cents."`
	Currency  string `json:"currency" doc:"ISO 4217." example:"EUR"`
	Formatted string `json:"formatted" doc:"The amount for people." example:"12.50 EUR"`
}

func moneyOf(a money.Amount) Money {
	return Money{Minor: a.Minor(), Currency: string(a.Currency()), Formatted: a.String()}
}

// moneyOr returns nil for the zero Amount.
func moneyOr(a money.Amount) *Money {
	if a == (money.Amount{}) {
		return nil
	}
	m := moneyOf(a)
	return &m
}

func moneysOf(amounts []money.Amount) []Money {
	out := make([]Money, len(amounts))
	for i, a := range amounts {
		out[i] = moneyOf(a)
	}
	return out
}

// MoneyInput is an amount of money in requests.
type MoneyInput struct {
	Minor    int64  `json:"minor" minimum:"-4503599627370496" maximum:"4503599627370496" doc:"The amount in minor units, such as cents."`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217." example:"EUR"`
}

// amount returns the amount; at names the field in an error.
func (m MoneyInput) amount(at string) (money.Amount, error) {
	c, err := money.ParseCurrency(m.Currency)
	if err != nil {
		return money.Amount{}, &fieldError{at + ".currency", "is not a currency"}
	}
	return money.New(m.Minor, c), nil
}

// currencyOf returns the currency of a query, "" if it names none.
func currencyOf(text string) (money.Currency, error) {
	if text == "" {
		return "", nil
	}
	c, err := money.ParseCurrency(text)
	if err != nil {
		return "", &fieldError{"query.currency", "is not a currency"}
	}
	return c, nil
}

// object is a JSON object whose members the API does not know: metadata.
type object json.RawMessage

// Schema is for huma.
func (object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// MarshalJSON returns the object, and null for none.
func (o object) MarshalJSON() ([]byte, error) { return json.RawMessage(o).MarshalJSON() }

// UnmarshalJSON keeps the object's text.
func (o *object) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(o).UnmarshalJSON(b) }

// shortHash returns a few characters that tell texts apart.
func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// jsonObject returns members as an object.
func jsonObject(members map[string]string) object {
	b, err := json.Marshal(members)
	if err != nil {
		return nil // strings do encode
	}
	return b
}
