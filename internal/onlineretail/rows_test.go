package onlineretail_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/onlineretail"
	"github.com/keelshop/commerce/money"
)

const (
	mug   = "536365,85123A,WHITE MUG,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"
	quote = `C536379,gift_0001_20,"SAYS ""HELLO"", TWICE ",-1,2010-12-01 09:41:00,0.5,,EIRE`
)

func TestRows(t *testing.T) {
	want := []onlineretail.Row{
		{Number: 1, Invoice: "536365", SKU: "85123A", Description: "WHITE MUG", Quantity: 6,
			At: time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC), Customer: "17850", Country: "United Kingdom",
			UnitPrice: money.New(255, "GBP")},
		{Number: 2, Invoice: "C536379", SKU: "gift_0001_20", Description: `SAYS "HELLO", TWICE `, Quantity: -1,
			At: time.Date(2010, 12, 1, 9, 41, 0, 0, time.UTC), Country: "EIRE", UnitPrice: money.New(50, "GBP")},
	}
	text := file(mug, quote)
	for name, src := range map[string]io.Reader{
		"plain":              strings.NewReader(text),
		"gzip":               bytes.NewReader(compress(t, text)),
		"gzip in two parts":  bytes.NewReader(append(compress(t, header+mug+"\n"), compress(t, quote+"\n")...)),
		"carriage returns":   strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")),
		"one byte at a time": iotest.OneByteReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := readAll(src)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != len(want) {
				t.Fatalf("%d rows, want %d", len(rows), len(want))
			}
			for i := range want {
				if rows[i] != want[i] {
					t.Errorf("row %d is\n%+v, want\n%+v", i+1, rows[i], want[i])
				}
			}
		})
	}
}

func TestRowsOfHeaderAlone(t *testing.T) {
	rows, err := readAll(strings.NewReader(header))
	if err != nil || rows != nil {
		t.Errorf("got %v, %v; want no row and no error", rows, err)
	}
}

func TestPrices(t *testing.T) {
	for text, want := range map[string]struct {
		pence    int64
		subPenny bool
	}{
		"0": {0, false}, "2": {200, false}, "2.5": {250, false}, "2.55": {255, false}, "2.550": {255, false},
		"0.001": {0, true}, "1.999": {199, true}, "-11062.06": {-1106206, false}, "-0.001": {0, true},
		"10000000": {1_000_000_000, false}, "007.10": {710, false},
	} {
		rows, err := readAll(strings.NewReader(file(replace(mug, "2.55", text))))
		if err != nil {
			t.Errorf("price %q: %v", text, err)
			continue
		}
		if rows[0].UnitPrice != money.New(want.pence, "GBP") || rows[0].SubPenny != want.subPenny {
			t.Errorf("price %q is %v, sub-penny %v; want %+v", text, rows[0].UnitPrice, rows[0].SubPenny, want)
		}
	}
}

func replace(row, old, with string) string { return strings.Replace(row, old, with, 1) }

func TestRowErrors(t *testing.T) {
	long := strings.Repeat("x", onlineretail.MaxFieldBytes+1)
	for _, c := range []struct {
		name    string
		file    string
		problem onlineretail.Problem
		line    int
		column  string
	}{
		{"empty file", "", onlineretail.BadHeader, 1, ""},
		{"other header", "a,b,c\n", onlineretail.BadHeader, 1, ""},
		{"columns in another order", replace(header, "InvoiceNo,StockCode", "StockCode,InvoiceNo"), onlineretail.BadHeader, 1, ""},
		{"a column more", replace(header, "Country", "Country,Note"), onlineretail.BadHeader, 1, ""},
		{"header cut off", header[:20], onlineretail.Truncated, 1, ""},
		{"cut off in a number", file(mug) + mug[:30], onlineretail.Truncated, 3, ""},
		{"cut off in the last field", file(mug, mug)[:len(file(mug, mug))-4], onlineretail.Truncated, 3, ""},
		{"endless line", file(mug, strings.Repeat("x", 1<<20)), onlineretail.LineTooLong, 3, ""},
		{"long field", file(replace(mug, "WHITE MUG", long)), onlineretail.FieldTooLong, 2, "Description"},
		{"bad UTF-8", file(mug, replace(mug, "MUG", "M\xffG")), onlineretail.BadText, 3, ""},
		{"control character", file(replace(mug, "MUG", "M\x00G")), onlineretail.BadText, 2, "Description"},
		{"blank line", file(mug, "", mug), onlineretail.FieldCount, 3, ""},
		{"seven fields", file(replace(mug, ",United Kingdom", "")), onlineretail.FieldCount, 2, ""},
		{"nine fields", file(mug + ",x"), onlineretail.FieldCount, 2, ""},
		{"quote not closed", file(replace(mug, "WHITE MUG", `"WHITE MUG`), mug), onlineretail.BadQuotes, 2, ""},
		{"quote in a bare field", file(replace(mug, "WHITE MUG", `5" MUG`)), onlineretail.BadQuotes, 2, ""},
		{"text after a quote", file(replace(mug, "WHITE MUG", `"WHITE" MUG`)), onlineretail.BadQuotes, 2, ""},
		{"no invoice", file(replace(mug, "536365", "")), onlineretail.BadInvoice, 2, "InvoiceNo"},
		{"other letter", file(replace(mug, "536365", "X536365")), onlineretail.BadInvoice, 2, "InvoiceNo"},
		{"letter alone", file(replace(mug, "536365", "C")), onlineretail.BadInvoice, 2, "InvoiceNo"},
		{"no code", file(replace(mug, "85123A", "")), onlineretail.BadSKU, 2, "StockCode"},
		{"space before a code", file(replace(mug, "85123A", " 85123A")), onlineretail.BadSKU, 2, "StockCode"},
		{"no quantity", file(replace(mug, ",6,", ",,")), onlineretail.BadQuantity, 2, "Quantity"},
		{"fraction of a unit", file(replace(mug, ",6,", ",6.5,")), onlineretail.BadQuantity, 2, "Quantity"},
		{"signed quantity", file(replace(mug, ",6,", ",+6,")), onlineretail.BadQuantity, 2, "Quantity"},
		{"huge quantity", file(replace(mug, ",6,", ",1000000001,")), onlineretail.BadQuantity, 2, "Quantity"},
		{"quantity past int64", file(replace(mug, ",6,", ",-99999999999999999999,")), onlineretail.BadQuantity, 2, "Quantity"},
		{"no price", file(replace(mug, "2.55", "")), onlineretail.BadPrice, 2, "UnitPrice"},
		{"price with a comma", file(replace(mug, "2.55", `"2,55"`)), onlineretail.BadPrice, 2, "UnitPrice"},
		{"price with an exponent", file(replace(mug, "2.55", "2e5")), onlineretail.BadPrice, 2, "UnitPrice"},
		{"price without decimals", file(replace(mug, "2.55", "2.")), onlineretail.BadPrice, 2, "UnitPrice"},
		{"price without pounds", file(replace(mug, "2.55", ".55")), onlineretail.BadPrice, 2, "UnitPrice"},
		{"not a number", file(replace(mug, "2.55", "NaN")), onlineretail.BadPrice, 2, "UnitPrice"},
		{"two signs", file(replace(mug, "2.55", "--2.55")), onlineretail.BadPrice, 2, "UnitPrice"},
		{"huge price", file(replace(mug, "2.55", "10000000.01")), onlineretail.BadPrice, 2, "UnitPrice"},
		{"price past int64", file(replace(mug, "2.55", "99999999999999999999")), onlineretail.BadPrice, 2, "UnitPrice"},
		{"no time", file(replace(mug, "2010-12-01 08:26:00", "")), onlineretail.BadTime, 2, "InvoiceDate"},
		{"other layout", file(replace(mug, "2010-12-01 08:26:00", "01/12/2010 08:26")), onlineretail.BadTime, 2, "InvoiceDate"},
		{"short hour", file(replace(mug, " 08:26:00", " 8:26:00")), onlineretail.BadTime, 2, "InvoiceDate"},
		{"fraction of a second", file(replace(mug, "08:26:00", "08:26:00.5")), onlineretail.BadTime, 2, "InvoiceDate"},
		{"before 1970", file(replace(mug, "2010", "1969")), onlineretail.BadTime, 2, "InvoiceDate"},
		{"no time at all", file(replace(mug, "2010-12-01 08:26:00", "0001-01-01 00:00:00")), onlineretail.BadTime, 2, "InvoiceDate"},
		{"30 February", file(replace(mug, "12-01", "02-30")), onlineretail.BadTime, 2, "InvoiceDate"},
		{"customer with a letter", file(replace(mug, "17850", "17850x")), onlineretail.BadCustomer, 2, "CustomerID"},
		{"no country", file(replace(mug, "United Kingdom", " ")), onlineretail.BadCountry, 2, "Country"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := readAll(strings.NewReader(c.file))
			checkRowError(t, err, c.problem, c.line, c.column)
			if before := max(c.line-2, 0); len(rows) != before {
				t.Errorf("%d rows came before the error, want %d", len(rows), before)
			}
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			if plan, err := onlineretail.NewPlan(strings.NewReader(c.file)); plan != nil || err == nil {
				t.Errorf("NewPlan returned %v and %v, want no plan and the error", plan, err)
			}
		})
	}
}

func checkRowError(t *testing.T, err error, problem onlineretail.Problem, line int, column string) {
	t.Helper()
	e, ok := errors.AsType[*onlineretail.RowError](err)
	if !ok {
		t.Fatalf("got %v, want a *RowError", err)
	}
	if e.Problem != problem || e.Line != line || e.Column != column {
		t.Errorf("got %s on line %d in %q (%v), want %s on line %d in %q",
			e.Problem, e.Line, e.Column, err, problem, line, column)
	}
	if !errors.Is(err, fault.Invalid) {
		t.Errorf("%v does not match fault.Invalid", err)
	}
}

func TestRowErrorText(t *testing.T) {
	_, err := readAll(strings.NewReader(file(mug, replace(mug, ",6,", ",six,"))))
	if want := `line 3, Quantity "six": want a whole number within ±1000000000`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDamagedGzip(t *testing.T) {
	whole := compress(t, file(mug, quote))
	for cut := 2; cut < len(whole); cut++ {
		_, err := readAll(bytes.NewReader(whole[:cut]))
		if e, ok := errors.AsType[*onlineretail.RowError](err); !ok || e.Problem != onlineretail.Truncated {
			t.Errorf("cut to %d of %d bytes: got %v, want truncated", cut, len(whole), err)
		}
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-8] ^= 1 // the checksum
	_, err := readAll(bytes.NewReader(flipped))
	if e, ok := errors.AsType[*onlineretail.RowError](err); !ok || e.Problem != onlineretail.BadGzip {
		t.Errorf("wrong checksum: got %v, want bad_gzip", err)
	}
	_, err = readAll(bytes.NewReader(append(bytes.Clone(whole), "and something more"...)))
	if e, ok := errors.AsType[*onlineretail.RowError](err); !ok || e.Problem != onlineretail.BadGzip {
		t.Errorf("text after the compressed data: got %v, want bad_gzip", err)
	}
}

func TestSourceErrorIsNotARowError(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, text := range []string{"", header, file(mug) + mug[:10]} {
		_, err := readAll(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
		if _, ok := errors.AsType[*onlineretail.RowError](err); ok || !errors.Is(err, broken) {
			t.Errorf("after %d bytes: got %v, want the source's error", len(text), err)
		}
	}
}

// endless is a source without a line break and without an end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.read += len(p)
	return len(p), nil
}

func TestEndlessLineStopsEarly(t *testing.T) {
	var rest endless
	_, err := readAll(io.MultiReader(strings.NewReader(header), &rest))
	checkRowError(t, err, onlineretail.LineTooLong, 2, "")
	if rest.read > 1<<20 {
		t.Errorf("%d bytes were read before the error", rest.read)
	}
}

func TestRowsStopsWhenAsked(t *testing.T) {
	for row, err := range onlineretail.Rows(strings.NewReader(file(mug, "not a row"))) {
		if err != nil || row.Number != 1 {
			t.Fatalf("got row %d and %v, want the first row alone", row.Number, err)
		}
		break
	}
}
