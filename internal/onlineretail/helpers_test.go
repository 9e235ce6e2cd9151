package onlineretail_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/keelshop/commerce/internal/onlineretail"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// file joins rows to a file.
func file(rows ...string) string { return header + strings.Join(append(rows, ""), "\n") }

func compress(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll returns the rows before the first error, and the error.
func readAll(src io.Reader) (rows []onlineretail.Row, err error) {
	for row, err := range onlineretail.Rows(src) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func plan(t testing.TB, rows ...string) *onlineretail.Plan {
	t.Helper()
	p, err := onlineretail.NewPlan(strings.NewReader(file(rows...)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// carryOut ends every operation as a shop with endless stock would.
func carryOut(p *onlineretail.Plan) *onlineretail.Outcome {
	o := p.NewOutcome()
	for _, sequence := range p.Sequences {
		for _, operation := range sequence.Operations {
			if operation.Place != nil {
				o.Placed(operation.Place, "ord_"+operation.Place.Key)
				continue
			}
			o.Returned(operation.Return)
		}
	}
	return o
}

// report returns the report's rows without the header.
func report(t testing.TB, o *onlineretail.Outcome) []string {
	t.Helper()
	var b strings.Builder
	if err := o.WriteReport(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if want := "line,invoice,fate,rule,order_id,amount"; lines[0] != want {
		t.Errorf("the report begins with %q, want %q", lines[0], want)
	}
	return lines[1:]
}
