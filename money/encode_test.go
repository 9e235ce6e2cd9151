package money_test

import (
	"encoding"
	"encoding/hex"
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/money"
)

// Both types have every form, and no form depends on a pointer.
var (
	_ encoding.BinaryMarshaler   = money.Amount{}
	_ encoding.BinaryAppender    = money.Amount{}
	_ encoding.BinaryUnmarshaler = new(money.Amount)
	_ encoding.TextMarshaler     = money.Amount{}
	_ encoding.TextUnmarshaler   = new(money.Amount)
	_ json.Marshaler             = money.Amount{}
	_ json.Unmarshaler           = new(money.Amount)
	_ encoding.BinaryMarshaler   = money.Rate{}
	_ encoding.BinaryUnmarshaler = new(money.Rate)
	_ encoding.TextMarshaler     = money.Rate{}
	_ encoding.TextUnmarshaler   = new(money.Rate)
)

func TestFormsOfAnAmount(t *testing.T) {
	for _, test := range []struct {
		amount             money.Amount
		binary, text, json string
	}{
		{eur(1250), "c413455552", "12.50 EUR", `{"minor":1250,"currency":"EUR"}`},
		{eur(-1), "01455552", "-0.01 EUR", `{"minor":-1,"currency":"EUR"}`},
		{money.Zero("JPY"), "004a5059", "0 JPY", `{"minor":0,"currency":"JPY"}`},
		{eur(math.MinInt64), "ffffffffffffffffff01455552", "-92233720368547758.08 EUR",
			`{"minor":-9223372036854775808,"currency":"EUR"}`},
		{money.Amount{}, "", "", "null"},
	} {
		if got, err := test.amount.MarshalBinary(); err != nil || hex.EncodeToString(got) != test.binary {
			t.Errorf("%v in binary is %x, %v", test.amount, got, err)
		}
		if got, err := test.amount.MarshalText(); err != nil || string(got) != test.text {
			t.Errorf("%v in text is %q, %v", test.amount, got, err)
		}
		if got, err := json.Marshal(test.amount); err != nil || string(got) != test.json {
			t.Errorf("%v in JSON is %s, %v", test.amount, got, err)
		}
	}
}

func TestFormsOfARate(t *testing.T) {
	for in, want := range map[string]string{"0%": "", "19%": "2664", "9.975%": "9e06a01f", "-1/3": "0103"} {
		r, err := money.ParseRate(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.MarshalBinary(); err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%v in binary is %x, %v", r, got, err)
		}
		if got, err := json.Marshal(r); err != nil || string(got) != `"`+in+`"` {
			t.Errorf("%v in JSON is %s, %v", r, got, err)
		}
	}
}

func TestEveryFormComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAmount().Draw(t, "amount")
		if rapid.Bool().Draw(t, "none") {
			a = money.Amount{}
		}
		r := genRate().Draw(t, "rate")
		comesBack(t, "binary", a, money.Amount.MarshalBinary, (*money.Amount).UnmarshalBinary)
		comesBack(t, "text", a, money.Amount.MarshalText, (*money.Amount).UnmarshalText)
		comesBack(t, "json", a, money.Amount.MarshalJSON, (*money.Amount).UnmarshalJSON)
		comesBack(t, "binary", r, money.Rate.MarshalBinary, (*money.Rate).UnmarshalBinary)
		comesBack(t, "text", r, money.Rate.MarshalText, (*money.Rate).UnmarshalText)
	})
}

func comesBack[T comparable](t *rapid.T, form string, v T, out func(T) ([]byte, error), in func(*T, []byte) error) {
	data, err := out(v)
	if err != nil {
		t.Fatalf("%v to %s: %v", v, form, err)
	}
	var back T
	if err := in(&back, data); err != nil || back != v {
		t.Fatalf("%v came back from %s as %v, %v", v, form, back, err)
	}
}

func TestAnAmountOverwritesWhatWasThere(t *testing.T) {
	for form, in := range map[string]func(*money.Amount) error{
		"binary": func(a *money.Amount) error { return a.UnmarshalBinary(nil) },
		"text":   func(a *money.Amount) error { return a.UnmarshalText(nil) },
		"json":   func(a *money.Amount) error { return json.Unmarshal([]byte("null"), a) },
	} {
		a := eur(5)
		if err := in(&a); err != nil || a != (money.Amount{}) {
			t.Errorf("%s: no money over 0.05 EUR leaves %v, %v", form, a, err)
		}
	}
}

func TestUnknownCurrencies(t *testing.T) {
	// A replica whose table lacks a new currency still writes and reads what it is told to.
	future := money.New(5, "QQQ")
	data, err := future.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back money.Amount
	if err := back.UnmarshalBinary(data); err != nil || back != future {
		t.Errorf("came back as %v, %v", back, err)
	}
	data, err = json.Marshal(future)
	if err != nil {
		t.Fatal(err)
	}
	mustErr[*money.UnknownCurrencyError](t, json.Unmarshal(data, &back))
	if text, err := future.MarshalText(); err == nil {
		t.Errorf("text is %q although the digits are unknown", text)
	}
	for _, c := range []money.Currency{"", "EU", "EURO", "eur", "E\"R", "ÄU"} {
		_, err := money.New(5, c).MarshalBinary()
		mustErr[*money.UnknownCurrencyError](t, err)
		_, err = money.New(5, c).MarshalJSON()
		mustErr[*money.UnknownCurrencyError](t, err)
	}
}

func TestDamagedBinaryIsRefused(t *testing.T) {
	for _, data := range []string{
		"00", "455552", "0045555", "c4134555", "c41345555252", "8000455552", "00657572",
		"ffffffffffffffffffff01455552", "ffffffffffffffffffff",
	} {
		b, _ := hex.DecodeString(data)
		a := eur(7)
		if err := a.UnmarshalBinary(b); err == nil || a != eur(7) {
			t.Errorf("amount %s reads as %v, %v", data, a, err)
		}
	}
	for _, data := range []string{"00", "0001", "26", "2600", "02c801ff", "0402", "8200", "26e400", "26ffffffffffffffffff01"} {
		b, _ := hex.DecodeString(data)
		r := money.Percent(7)
		if err := r.UnmarshalBinary(b); err == nil || r != money.Percent(7) {
			t.Errorf("rate %s reads as %v, %v", data, r, err)
		}
	}
}

func TestStrictJSON(t *testing.T) {
	for _, data := range []string{
		`{}`, `[]`, `5`, `""`, `"12.50 EUR"`, `{"minor":1}`, `{"currency":"EUR"}`, `{"minor":null,"currency":"EUR"}`,
		`{"minor":1,"currency":""}`, `{"minor":1,"currency":"eur"}`, `{"minor":1,"currency":"XAU"}`, `{"minor":1.5,"currency":"EUR"}`,
		`{"minor":1e2,"currency":"EUR"}`, `{"minor":"1","currency":"EUR"}`, `{"minor":9223372036854775808,"currency":"EUR"}`,
		`{"minor":1,"currency":"EUR","decimal":"2.00"}`,
	} {
		a := eur(7)
		if err := json.Unmarshal([]byte(data), &a); err == nil || a != eur(7) {
			t.Errorf("%s reads as %v, %v", data, a, err)
		}
	}
}

func FuzzAmountBinary(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00EUR"))
	f.Add([]byte("\x80\x00EUR"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01JPY"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sameBytes(t, data, (*money.Amount).UnmarshalBinary, money.Amount.MarshalBinary)
	})
}

func FuzzRateBinary(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x26, 0x64})
	f.Add([]byte{0x02, 0xc8, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		sameBytes(t, data, (*money.Rate).UnmarshalBinary, money.Rate.MarshalBinary)
	})
}

// sameBytes checks that what is accepted has one spelling only.
func sameBytes[T any](t *testing.T, data []byte, in func(*T, []byte) error, out func(T) ([]byte, error)) {
	var v T
	if in(&v, data) != nil {
		return
	}
	if again, err := out(v); err != nil || string(again) != string(data) {
		t.Errorf("%x reads as %v, which is written as %x, %v", data, v, again, err)
	}
}

func FuzzAmountJSON(f *testing.F) {
	f.Add([]byte(`null`))
	f.Add([]byte(`{"minor":1250,"currency":"EUR"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, back money.Amount
		if json.Unmarshal(data, &a) != nil {
			return
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(again, &back); err != nil || back != a {
			t.Errorf("%s reads as %v, which reads as %v, %v", data, a, back, err)
		}
	})
}
