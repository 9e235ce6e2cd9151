package payments_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/payments"
)

func (s *shop) post(it sale, txn string, amounts ...money.Amount) error {
	_, err := command.Do[struct{}](s.ctx, s.engine, &post{Order: it.order, Txn: txn, Amounts: amounts}, command.Call{Slot: it.slot})
	return err
}

func TestUnbalancedPostingStopsTheShard(t *testing.T) {
	s := newShop(t)
	it := s.begin("pm_card_visa", true)
	for name, amounts := range map[string][]money.Amount{
		"one side":         {eur(1)},
		"off by one":       {eur(100), eur(-99)},
		"across curencies": {eur(100), chf(-100)},
		"wraps around":     {eur(math.MinInt64), eur(math.MinInt64)},
		"second currency":  {eur(1), eur(-1), chf(1)},
	} {
		err := s.post(it, name, amounts...)
		if e, ok := errors.AsType[*payments.UnbalancedError](err); !ok || e.Order != it.order || e.Txn != name || !errors.Is(err, fault.Broken) {
			t.Errorf("%s: %v", name, err)
		}
		s.engine.Restart()
	}
	s.wantBooks(it, ledger{})
}

func TestPostingsAreKept(t *testing.T) {
	s := newShop(t)
	it := s.begin("pm_card_visa", true)
	s.must(s.post(it, "pair", eur(5), eur(-5)))
	s.must(s.post(it, "several", eur(5), chf(7), eur(0), eur(-5), chf(-7)))
	s.must(s.post(it, "nothing", eur(0), eur(0)))
	s.must(s.post(it, "ten", eur(1), eur(2), eur(3), eur(4), eur(5), eur(-1), eur(-2), eur(-3), eur(-4), eur(-5)))
	if err := s.post(it, "pair", eur(5), eur(-5)); !errors.Is(err, fault.Refused) {
		t.Errorf("the same name again: %v", err)
	}
	var got []string
	ten := 0
	for p, err := range s.pay.Ledger(s.ctx, payments.Filter{}) {
		s.must(err)
		if p.Txn == "ten" {
			ten += p.Number
			continue
		}
		got = append(got, fmt.Sprintf("%s %d %s %v", p.Txn, p.Number, p.Account, p.Amount))
	}
	want := []string{
		"pair 1 test:0 0.05 EUR", "pair 2 test:1 -0.05 EUR", "several 1 test:0 0.05 EUR",
		"several 2 test:1 0.07 CHF", "several 3 test:3 -0.05 EUR", "several 4 test:4 -0.07 CHF",
	}
	if ten != 1+2+3+4+5+6+7+8+9+10 {
		t.Errorf("the numbers of ten postings add up to %d", ten)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the ledger is %q, want %q", got, want)
	}
	_, err := command.Do[any](s.ctx, s.engine, &damage{SQL: `UPDATE postings SET amount = 1`}, command.Call{Slot: it.slot})
	if !errors.Is(err, fault.Refused) {
		t.Errorf("changing the ledger: %v", err)
	}
}

func TestLedgerAndBalancesOverManyPages(t *testing.T) {
	s := newShop(t)
	const n = 120
	var last sale
	for i := range n {
		last = s.begin("pm_card_visa", true)
		if i%2 == 0 {
			s.ask(last)
		}
		s.must(s.post(last, "x", chf(3), chf(-3)))
	}
	rows, seen := 0, map[string]bool{}
	for p, err := range s.pay.Ledger(s.ctx, payments.Filter{}) {
		s.must(err)
		rows++
		seen[fmt.Sprint(p.Order, p.Txn, p.Number)] = true
	}
	if want := n*2 + n/2*6; rows != want || len(seen) != want {
		t.Errorf("the ledger has %d rows, %d of them different, want %d", rows, len(seen), want)
	}
	for _, f := range []struct {
		filter payments.Filter
		want   int
	}{
		{payments.Filter{Account: payments.Sales}, n / 2}, {payments.Filter{Order: last.order}, 2},
		{payments.Filter{Order: last.order, Account: "test:0"}, 1}, {payments.Filter{Account: "nobody"}, 0},
	} {
		rows := 0
		for _, err := range s.pay.Ledger(s.ctx, f.filter) {
			s.must(err)
			rows++
		}
		if rows != f.want {
			t.Errorf("%+v has %d rows, want %d", f.filter, rows, f.want)
		}
	}
	balances, err := s.pay.Balances(s.ctx)
	s.must(err)
	sums := map[money.Currency]int64{}
	got := map[string]int64{}
	for _, b := range balances {
		sums[b.Amount.Currency()] += b.Amount.Minor()
		got[string(b.Account)+" "+string(b.Amount.Currency())] = b.Amount.Minor()
	}
	if sums["EUR"] != 0 || sums["CHF"] != 0 || len(sums) != 2 {
		t.Errorf("the balances add up to %v", sums)
	}
	if got["provider:simulator EUR"] != n/2*total || got["receivable EUR"] != 0 || got["test:0 CHF"] != 3*n {
		t.Errorf("the balances are %v", got)
	}
	for range s.pay.Ledger(s.ctx, payments.Filter{}) {
		break // a caller may stop
	}
}

// TestBalancesBeyond64Bits: what an account holds may be more than an amount
// can be while it is added up, also on one shard, and not in the end.
func TestBalancesBeyond64Bits(t *testing.T) {
	s := newShop(t)
	it := s.begin("pm_card_visa", true)
	rich := func(txn string, sign int64) {
		for i := range int64(4) {
			s.must(s.plant(it, fmt.Sprintf(`INSERT INTO postings (order_id, txn, n, slot, account, currency, amount, at)
				VALUES ('rich', '%[1]s', %[2]d, 0, 'rich', 'EUR', %[3]d, 0), ('rich', '%[1]s', %[4]d, 0, 'poor', 'EUR', %[5]d, 0)`,
				txn, 2*i+1, sign*(math.MaxInt64-i), 2*i+2, -sign*(math.MaxInt64-i))))
		}
	}
	rich("there", 1)
	if _, err := s.pay.Balances(s.ctx); !errors.Is(err, fault.Refused) {
		t.Errorf("got %v, want a refusal", err)
	}
	rich("and back", -1)
	balances, err := s.pay.Balances(s.ctx)
	s.must(err)
	for _, b := range balances {
		if b.Amount != eur(0) {
			t.Errorf("%s holds %v", b.Account, b.Amount)
		}
	}
	s.must(s.plant(it, `DELETE FROM postings WHERE order_id = 'rich'`))
}

func (s *shop) plant(it sale, sql string) error {
	_, err := command.Do[any](s.ctx, s.engine, &damage{SQL: sql}, command.Call{Slot: it.slot})
	return err
}
