package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/keelshop/commerce"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// small is a shop's day with one of everything: several prices of a code, a
// service, a guest, an invoice number that comes twice, SKUs that differ in
// case, returns that are covered by one order, by two and by none, and a row
// for each rule that can refuse one.
const small = header + `536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536365,85123A,HOLDER,2,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,85123A,HOLDER,1,2010-12-01 08:26:00,2.95,17850,United Kingdom
536366,85123a,OTHER HOLDER,3,2010-12-01 08:28:00,2.55,17850,United Kingdom
536367,POST,POSTAGE,1,2010-12-01 08:34:00,18.00,13047,France
536367,22745,"POPPY'S PLAYHOUSE, BEDROOM",600,2010-12-01 08:34:00,2.10,13047,France
536368,22745,"POPPY'S PLAYHOUSE, BEDROOM",1,2010-12-01 08:35:00,4.21,,United Kingdom
536368,22139,,10,2010-12-01 08:35:00,0,,United Kingdom
536369,71053,LANTERN,4,2010-12-01 08:40:00,3.39,17850,United Kingdom
C536370,71053,LANTERN,-9,2010-12-01 09:00:00,3.39,17850,United Kingdom
C536370,POST,POSTAGE,-1,2010-12-01 09:00:00,18.00,17850,United Kingdom
536371,22139,damaged,-4,2010-12-01 09:10:00,0,,United Kingdom
A536372,B,Adjust bad debt,1,2010-12-01 09:20:00,11062.06,,United Kingdom
536373,PADS,PADS TO MATCH,1,2010-12-01 09:30:00,0.001,13047,France
536365,71053,LANTERN,1,2010-12-01 09:40:00,3.39,17850,United Kingdom
C536374,POST,POSTAGE,-1,2010-12-01 09:50:00,18.00,13047,France
`

// summary is the JSON object that replay prints.
type summary struct {
	LinesIn      int               `json:"lines_in"`
	Accepted     int               `json:"accepted"`
	Refused      map[string]int    `json:"refused"`
	OrdersPlaced int               `json:"orders_placed"`
	Returns      int               `json:"returns"`
	Refunds      int               `json:"refunds"`
	Gross        map[string]string `json:"gross"`
	Refunded     map[string]string `json:"refunded"`
	Net          map[string]string `json:"net"`
}

// smallSummary was added up by hand.
var smallSummary = summary{
	LinesIn: 17, Accepted: 13,
	Refused:      map[string]int{"return_without_sale": 1, "negative_on_invoice": 1, "bad_debt_adjustment": 1, "price_precision": 1},
	OrdersPlaced: 6, Returns: 2, Refunds: 3,
	Gross:    map[string]string{"GBP": "1350.50"},
	Refunded: map[string]string{"GBP": "48.51"},
	Net:      map[string]string{"GBP": "1301.99"},
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// summaryOf reads the last line of standard output.
func summaryOf(t *testing.T, stdout string) summary {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	last := lines[len(lines)-1]
	var s summary
	if err := json.Unmarshal([]byte(last), &s); err != nil {
		t.Fatalf("the last line is no JSON object: %q", last)
	}
	for _, field := range []string{"seconds", "orders_per_second", "lines_per_second"} {
		if !strings.Contains(last, `"`+field+`":`) {
			t.Errorf("%s is missing in %s", field, last)
		}
	}
	refused := 0
	for _, n := range s.Refused {
		refused += n
	}
	if s.LinesIn != s.Accepted+refused {
		t.Errorf("%d lines in, %d accepted and %d refused", s.LinesIn, s.Accepted, refused)
	}
	return s
}

func sound(t *testing.T, dir string) {
	t.Helper()
	if r := command(t, "verify", dir); r.code != exitOK || r.stdout != "" {
		t.Errorf("verify: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestReplaySmall(t *testing.T) {
	dir, report := filepath.Join(t.TempDir(), "shop"), filepath.Join(t.TempDir(), "report.csv")
	r := succeed(t, "replay", "--dir", dir, "--shards", "2", "--report", report, write(t, small))
	if got := summaryOf(t, r.stdout); !reflect.DeepEqual(got, smallSummary) {
		t.Errorf("the summary is\n%+v\nwant\n%+v", got, smallSummary)
	}
	checkReport(t, report, smallSummary)
	sound(t, dir)
}

// checkReport adds the report's rows up by itself.
func checkReport(t *testing.T, path string, want summary) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != "line,invoice,fate,rule,order_id,amount" {
		t.Errorf("the header is %q", got)
	}
	net, accepted, refused, ids := new(big.Rat), 0, map[string]int{}, map[string]bool{}
	for i, row := range rows[1:] {
		if row[0] != fmt.Sprint(i+1) {
			t.Fatalf("row %d is for line %s", i+1, row[0])
		}
		amount, ok := new(big.Rat).SetString(row[5])
		if !ok {
			t.Fatalf("line %s has the amount %q", row[0], row[5])
		}
		net.Add(net, amount)
		if row[2] == "refused" {
			refused[row[3]]++
			continue
		}
		accepted++
		for id := range strings.SplitSeq(row[4], ";") {
			ids[id] = true
		}
	}
	if accepted != want.Accepted || !maps.Equal(refused, want.Refused) || net.FloatString(2) != want.Net["GBP"] || len(ids) != want.OrdersPlaced {
		t.Errorf("the report has %d accepted, refused %v, %s net in %d orders; the summary says %+v",
			accepted, refused, net.FloatString(2), len(ids), want)
	}
}

// position says how much has ever happened in a store.
func position(t *testing.T, dir string) commerce.Position {
	t.Helper()
	shop, err := commerce.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close()
	return shop.Latest()
}

func TestReplayAgainChangesNothing(t *testing.T) {
	dir, file := filepath.Join(t.TempDir(), "shop"), write(t, small)
	reports := [2]string{filepath.Join(t.TempDir(), "1.csv"), filepath.Join(t.TempDir(), "2.csv")}
	succeed(t, "replay", "--dir", dir, "--shards", "2", "--report", reports[0], file)
	before := position(t, dir)
	r := succeed(t, "replay", "--dir", dir, "--report", reports[1], "--concurrency", "3", file)
	if got := summaryOf(t, r.stdout); !reflect.DeepEqual(got, smallSummary) {
		t.Errorf("the second summary is\n%+v\nwant\n%+v", got, smallSummary)
	}
	if after := position(t, dir); after != before {
		t.Errorf("the second run made events: %s became %s", before, after)
	}
	if a, b := read(t, reports[0]), read(t, reports[1]); a != b {
		t.Errorf("the reports differ:\n%s\n%s", a, b)
	}
	sound(t, dir)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The totals do not depend on shards and concurrency.
func TestReplayAnyConcurrency(t *testing.T) {
	file := write(t, small)
	for _, flags := range [][]string{{"--shards", "1", "--concurrency", "1"}, {"--shards", "5", "--concurrency", "100"}} {
		dir := filepath.Join(t.TempDir(), "shop")
		r := succeed(t, append([]string{"replay", "--dir", dir, file}, flags...)...)
		if got := summaryOf(t, r.stdout); !reflect.DeepEqual(got, smallSummary) {
			t.Errorf("with %v the summary is\n%+v\nwant\n%+v", flags, got, smallSummary)
		}
	}
}

// With few units of each SKU, some lines cannot be filled. The others of their
// invoices can, and so can a smaller line of the same SKU at another price. A
// return of what was not sold is refused.
func TestReplayOverselling(t *testing.T) {
	for _, test := range []struct {
		stock string
		want  summary
	}{
		{"5", summary{
			LinesIn: 17, Accepted: 7,
			// The lines that want 8 and 6 (three rows), 600 and 10.
			Refused:      map[string]int{"out_of_stock": 5, "return_without_sale": 2, "negative_on_invoice": 1, "bad_debt_adjustment": 1, "price_precision": 1},
			OrdersPlaced: 6, Returns: 1, Refunds: 1,
			Gross: map[string]string{"GBP": "49.76"}, Refunded: map[string]string{"GBP": "18.00"}, Net: map[string]string{"GBP": "31.76"},
		}},
		{"0", summary{ // only postage has no stock to run out of
			LinesIn: 17, Accepted: 2,
			Refused:      map[string]int{"out_of_stock": 10, "return_without_sale": 2, "negative_on_invoice": 1, "bad_debt_adjustment": 1, "price_precision": 1},
			OrdersPlaced: 1, Returns: 1, Refunds: 1,
			Gross: map[string]string{"GBP": "18.00"}, Refunded: map[string]string{"GBP": "18.00"}, Net: map[string]string{"GBP": "0.00"},
		}},
	} {
		t.Run(test.stock, func(t *testing.T) {
			dir, report := filepath.Join(t.TempDir(), "shop"), filepath.Join(t.TempDir(), "report.csv")
			file := write(t, small)
			for range 2 { // the second run finds all of it done
				r := succeed(t, "replay", "--dir", dir, "--shards", "3", "--stock", test.stock, "--report", report, file)
				if got := summaryOf(t, r.stdout); !reflect.DeepEqual(got, test.want) {
					t.Errorf("the summary is\n%+v\nwant\n%+v", got, test.want)
				}
				checkReport(t, report, test.want)
			}
			sound(t, dir)
		})
	}
}

func TestReplayOtherStockIsRefused(t *testing.T) {
	dir, file := filepath.Join(t.TempDir(), "shop"), write(t, small)
	succeed(t, "replay", "--dir", dir, "--shards", "1", file)
	r := command(t, "replay", "--dir", dir, "--stock", "7", file)
	if r.code != exitFailed || !strings.Contains(r.stderr, "another --stock") || r.stdout != "" {
		t.Errorf("exit code %d: %s%s", r.code, r.stdout, r.stderr)
	}
	sound(t, dir)
}

// An invoice with more lines than one command may carry is one order.
func TestReplayLargeInvoice(t *testing.T) {
	var b strings.Builder
	b.WriteString(header)
	for i := range 1200 {
		fmt.Fprintf(&b, "536365,%05d,THING %d,%d,2010-12-01 08:26:00,1.25,17850,United Kingdom\n", i, i, 1+i%3)
	}
	b.WriteString("C536366,01199,THING,-1,2010-12-01 09:26:00,1.25,17850,United Kingdom\n")
	dir := filepath.Join(t.TempDir(), "shop")
	r := succeed(t, "replay", "--dir", dir, "--shards", "4", write(t, b.String()))
	if got := summaryOf(t, r.stdout); got.OrdersPlaced != 1 || got.Accepted != 1201 || got.Gross["GBP"] != "3000.00" || got.Refunded["GBP"] != "1.25" {
		t.Errorf("the summary is %+v", got)
	}
	sound(t, dir)
}

func TestReplayBadInput(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"missing", filepath.Join(t.TempDir(), "none.csv"), "none.csv"},
		{"empty", write(t, ""), "line 1"},
		{"cut off", write(t, small[:len(small)-9]), "line 18"},
		{"not UTF-8", write(t, header+"1,85123A,H\xffLDER,1,2010-12-01 08:26:00,1.00,17850,Spain\n"), "line 2"},
		{"huge quantity", write(t, header+"1,85123A,HOLDER,99999999999,2010-12-01 08:26:00,1.00,17850,Spain\n"), "line 2"},
		{"more than a cart line holds", write(t, header+"1,85123A,HOLDER,5000000,2010-12-01 08:26:00,1.00,17850,Spain\n"), "5000000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := filepath.Join(t.TempDir(), "report.csv")
			r := command(t, "replay", "--dir", filepath.Join(t.TempDir(), "shop"), "--shards", "1", "--report", report, test.file)
			if r.code != exitFailed || !strings.Contains(r.stderr, test.want) || r.stdout != "" {
				t.Errorf("exit code %d, want 1 and %q: %s%s", r.code, test.want, r.stdout, r.stderr)
			}
			if left, _ := filepath.Glob(report + "*"); len(left) > 0 {
				t.Errorf("it left %v behind", left)
			}
		})
	}
}

func TestReplayForeignDirectory(t *testing.T) {
	file := write(t, small)
	r := command(t, "replay", "--dir", filepath.Dir(file), file)
	if r.code != exitFailed || !strings.Contains(r.stderr, "orders.csv") {
		t.Errorf("exit code %d, want 1 and what is in the directory: %s", r.code, r.stderr)
	}
}

func TestReplayInterrupted(t *testing.T) {
	dir, file := filepath.Join(t.TempDir(), "shop"), write(t, small)
	var stdout, stderr strings.Builder
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := run(ctx, []string{"replay", "--dir", dir, "--shards", "2", file}, &stdout, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "the same command goes on from here") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	r := succeed(t, "replay", "--dir", dir, "--shards", "2", file)
	if got := summaryOf(t, r.stdout); !reflect.DeepEqual(got, smallSummary) {
		t.Errorf("the summary is\n%+v\nwant\n%+v", got, smallSummary)
	}
	sound(t, dir)
}
