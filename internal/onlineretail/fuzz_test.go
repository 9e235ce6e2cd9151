package onlineretail_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keelshop/commerce/internal/onlineretail"
)

func addSeeds(f *testing.F) {
	for _, seed := range []string{
		"", header, file(mug), file(mug, quote), file(mug)[:90], file(replace(mug, ",6,", ",-6,")),
		file(row("1", "10000", 3, "1", "7"), row("C2", "10000", -2, "1", "7"), row("1", "POST", 1, "0.001", "7")),
		file(row("A1", "B", 1, "-11062.06", "")), file(`1,2,"a""b",,,,,`), strings.ReplaceAll(file(mug), "\n", "\r\n"),
		"\x1f\x8b", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
	} {
		f.Add([]byte(seed))
	}
}

// FuzzRows reads anything. Whatever is accepted must be what the standard library reads, and within the limits.
func FuzzRows(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := readAll(bytes.NewReader(data))
		if e, ok := errors.AsType[*onlineretail.RowError](err); err != nil && (!ok || e.Line < 1 || e.Problem == "") {
			t.Errorf("got %v, want a *RowError that names a line", err)
		}
		for i, row := range rows {
			if row.Number != i+1 {
				t.Errorf("row %d has the number %d", i+1, row.Number)
			}
			checkLimits(t, row)
		}
		if bytes.HasPrefix(data, []byte("\x1f\x8b")) {
			return
		}
		lines := bytes.SplitAfter(data, []byte("\n"))
		for i, row := range rows {
			record, err := csv.NewReader(bytes.NewReader(lines[i+1])).Read()
			got := []string{row.Invoice, row.SKU, row.Description, row.Customer, row.Country}
			if err != nil || !slices.Equal(got, append(record[:3:3], record[6:]...)) {
				t.Errorf("line %q is read as %q, by encoding/csv as %q (%v)", lines[i+1], got, record, err)
			}
		}
	})
}

func checkLimits(t *testing.T, row onlineretail.Row) {
	t.Helper()
	const most = onlineretail.MaxFieldBytes
	price := row.UnitPrice.Minor()
	ok := row.Invoice != "" && row.SKU != "" && row.Country != "" && !row.At.IsZero() &&
		len(row.Invoice) <= most && len(row.SKU) <= most && len(row.Description) <= most &&
		row.Quantity >= -onlineretail.MaxQuantity && row.Quantity <= onlineretail.MaxQuantity &&
		price >= -onlineretail.MaxUnitPricePence && price <= onlineretail.MaxUnitPricePence &&
		row.UnitPrice.Currency() == onlineretail.Currency && utf8.ValidString(row.Description)
	if !ok {
		t.Errorf("the row is outside the limits: %+v", row)
	}
}

// FuzzNewPlan plans anything that can be read and holds the plan to its promises.
func FuzzNewPlan(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := onlineretail.NewPlan(bytes.NewReader(data))
		if err != nil {
			if _, ok := errors.AsType[*onlineretail.RowError](err); !ok || p != nil {
				t.Errorf("got %v and %v, want no plan and a *RowError", p, err)
			}
			return
		}
		checkPlan(t, p)
		checkTotals(t, carryOut(p))
	})
}
