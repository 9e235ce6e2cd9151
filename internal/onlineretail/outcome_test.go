package onlineretail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/onlineretail"
)

// everyFate has at least one row of every kind that TestReportGolden and TestSummary count.
func everyFate(t testing.TB) *onlineretail.Plan {
	return plan(t,
		row("1", "10000", 3, "2.55", "7"),
		row("1", "10000", 2, "2.55", "7"),
		row("1", "POST", 1, "18", "7"),
		row("2", "10000", 4, "2.55", "7"),
		row("3", "10001", 1, "0", ""),
		row("3", "10001", -1, "0", ""),
		row("C4", "10000", -7, "2.55", "7"),
		row("C4", "POST", -1, "18", "7"),
		row("C4", "POST", -1, "18", "7"),
		row("A5", "B", 1, "-11062.06", ""),
		row("6", "PADS", 1, "0.001", "8"))
}

func TestReportGolden(t *testing.T) {
	golden, err := os.ReadFile("testdata/report.csv")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := carryOut(everyFate(t)).WriteReport(&b); err != nil {
		t.Fatal(err)
	}
	if b.String() != string(golden) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), golden)
	}
}

func TestSummaryGolden(t *testing.T) {
	golden, err := os.ReadFile("testdata/summary.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := carryOut(everyFate(t)).Summary(3 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if string(text)+"\n" != string(golden) {
		t.Errorf("got\n%s\nwant\n%s", text, golden)
	}
}

func TestSummaryOfNothing(t *testing.T) {
	s, err := plan(t).NewOutcome().Summary(0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Gross["GBP"] != "0.00" || s.OrdersPerSecond != 0 || s.Refused == nil {
		t.Errorf("got %+v", s)
	}
}

func TestNothingIsReportedBeforeTheEnd(t *testing.T) {
	p := plan(t, row("1", "10000", 3, "1", "7"), row("C2", "10000", -3, "1", "7"))
	o := p.NewOutcome()
	order, ret := p.Sequences[0].Operations[0].Place, p.Sequences[0].Operations[1].Return
	unfinished(t, o, "1-1")
	o.Placed(order, "ord_1")
	unfinished(t, o, "C2-2")
	o.Returned(ret)
	if _, err := o.Summary(0); err != nil {
		t.Error(err)
	}
}

func unfinished(t *testing.T, o *onlineretail.Outcome, key string) {
	t.Helper()
	var b strings.Builder
	_, err := o.Summary(0)
	for _, err := range []error{err, o.WriteReport(&b)} {
		e, ok := errors.AsType[*onlineretail.UnfinishedError](err)
		if !ok || e.Key != key || !errors.Is(err, fault.Conflict) {
			t.Errorf("got %v, want an *UnfinishedError for %s", err, key)
		}
	}
	if b.Len() > 0 {
		t.Errorf("%q was written", b.String())
	}
}

// When the shop itself refuses a line, whatever would have come back from it is refused too, and nothing else.
func TestRefusalsOfTheShop(t *testing.T) {
	p := plan(t,
		row("1", "10000", 2, "1", "7"),
		row("1", "10000", 1, "1", "7"),
		row("1", "10001", 2, "1", "7"),
		row("2", "10000", 2, "1", "7"),
		row("C3", "10000", -4, "1", "7"),
		row("C3", "10001", -1, "1", "7"),
		row("C4", "10000", -1, "1", "7"),
		row("5", "10000", 9, "1", ""))
	operations := p.Sequences[0].Operations
	o := p.NewOutcome()
	o.LineRefused(operations[0].Place, 0, onlineretail.OutOfStock)
	o.Placed(operations[0].Place, "ord_1")
	o.Placed(operations[1].Place, "ord_2")
	for _, operation := range operations[2:] {
		o.Returned(operation.Return)
	}
	o.OrderRefused(p.Sequences[1].Operations[0].Place, onlineretail.OutOfStock)

	got := strings.Join(report(t, o), "\n")
	want := `1,1,refused,out_of_stock,,0.00
2,1,refused,out_of_stock,,0.00
3,1,accepted,,ord_1,2.00
4,2,accepted,,ord_2,2.00
5,C3,refused,return_without_sale,,0.00
6,C3,accepted,,ord_1,-1.00
7,C4,accepted,,ord_2,-1.00
8,5,refused,out_of_stock,,0.00`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	refunds := o.Refunds(operations[2].Return)
	if len(refunds) != 1 || refunds[0].Order.Key != "1-1" || refunds[0].Amount != pence(100) || refunds[0].Lines[0].Line != 1 {
		t.Errorf("the refunds are %+v, want one unit of the second line of order 1", refunds)
	}
	s, err := o.Summary(time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if s.OrdersPlaced != 2 || s.Returns != 2 || s.Refunds != 2 || s.Accepted != 4 || s.Refused[onlineretail.OutOfStock] != 3 ||
		s.Gross["GBP"] != "4.00" || s.Refunded["GBP"] != "2.00" || s.Net["GBP"] != "2.00" {
		t.Errorf("got %+v", s)
	}
}

// Sequences may end on many goroutines; the race detector watches this one.
func TestSequencesEndConcurrently(t *testing.T) {
	var rows []string
	for i := range 100 {
		customer := fmt.Sprint(i % 10)
		rows = append(rows, row(fmt.Sprint(i), "10000", 2, "1", customer), row(fmt.Sprintf("C%d", i), "10000", -1, "1", customer))
	}
	p := plan(t, rows...)
	o := p.NewOutcome()
	var wg sync.WaitGroup
	for _, sequence := range p.Sequences {
		wg.Go(func() {
			for _, operation := range sequence.Operations {
				if operation.Place != nil {
					o.Placed(operation.Place, "ord_"+operation.Place.Key)
					continue
				}
				o.Refunds(operation.Return)
				o.Returned(operation.Return)
			}
		})
	}
	wg.Wait()
	if got, want := report(t, o), report(t, carryOut(p)); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Error("the report depends on the order in which the sequences ended")
	}
}

// failing accepts some bytes and then no more.
type failing struct{ left int }

var errFull = errors.New("the disk is full")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestReportPassesOnTheErrorOfItsWriter(t *testing.T) {
	var rows []string
	for i := range 1000 {
		rows = append(rows, row(fmt.Sprint(i), "10000", 1, "1", ""))
	}
	o := carryOut(plan(t, rows...))
	for _, left := range []int{0, 5000} {
		if err := o.WriteReport(&failing{left: left}); !errors.Is(err, errFull) {
			t.Errorf("a writer with room for %d bytes: got %v, want its error", left, err)
		}
	}
	if err := o.WriteReport(io.Discard); err != nil {
		t.Error(err)
	}
}
