package commerce_test

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// olistFile holds the payments of 99,440 orders of a Brazilian marketplace.
const olistFile = "../shared/data/olist/olist_order_payments_dataset.csv.gz"

// olistRule is how something in the file is dealt with that a store has no
// place for.
type olistRule string

const (
	zeroPart       olistRule = "zero_part"       // a payment of nothing is none
	zeroOrder      olistRule = "zero_order"      // an order of nothing is placed without a payment
	sequenceGap    olistRule = "sequence_gap"    // payments are numbered anew, in the file's order
	noInstallments olistRule = "no_installments" // 0 installments are recorded as not known
)

// olistPart is one payment of the file.
type olistPart struct {
	sequence, installments int
	kind                   string
	cents                  int64
}

// olistOrder is one order of the file, its payments in sequence.
type olistOrder struct {
	id    string
	parts []olistPart
}

func (o olistOrder) total() (cents int64) {
	for _, p := range o.parts {
		cents += p.cents
	}
	return cents
}

// odd says which rules an order needs.
func (o olistOrder) odd() (rules []olistRule) {
	for i, p := range o.parts {
		if p.cents == 0 {
			rules = append(rules, zeroPart)
		}
		if p.installments == 0 && p.kind != "not_defined" {
			rules = append(rules, noInstallments)
		}
		if i == len(o.parts)-1 && p.sequence != len(o.parts) {
			rules = append(rules, sequenceGap)
		}
	}
	if o.total() == 0 {
		rules = append(rules, zeroOrder)
	}
	return rules
}

// readOlist reads the file, its orders sorted by ID.
func readOlist(t *testing.T) []olistOrder {
	t.Helper()
	f, err := os.Open(olistFile)
	if errors.Is(err, os.ErrNotExist) && !long() {
		t.Skipf("the real data is not here: %v", err)
	}
	must(t, err)
	defer f.Close()
	plain, err := gzip.NewReader(f)
	must(t, err)
	rows := csv.NewReader(bufio.NewReader(plain))
	_, err = rows.Read()
	must(t, err)
	byID := map[string]*olistOrder{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		value, err := money.ParseDecimal(row[4], "BRL")
		must(t, err)
		part := olistPart{sequence: number(t, row[1]), installments: number(t, row[3]), kind: row[2], cents: value.Minor()}
		o := byID[row[0]]
		if o == nil {
			o = &olistOrder{id: row[0]}
			byID[row[0]] = o
		}
		o.parts = append(o.parts, part)
	}
	var out []olistOrder
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		o := byID[id]
		slices.SortFunc(o.parts, func(a, b olistPart) int { return cmp.Compare(a.sequence, b.sequence) })
		out = append(out, *o)
	}
	return out
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	must(t, err)
	return n
}

// olist is the store that takes the orders, with a bank for each way of paying.
// Vouchers are gift cards.
type olist struct {
	*commerce.Store
	banks map[string]*simulator.Simulator
}

func openOlist(t *testing.T, dir string) olist {
	s := olist{banks: map[string]*simulator.Simulator{}}
	opts := []commerce.Option{commerce.WithShards(4)}
	for _, kind := range []string{"credit_card", "debit_card", "boleto"} {
		s.banks[kind] = simulator.New(simulator.WithName(kind))
		opts = append(opts, commerce.WithPayments(s.banks[kind]))
	}
	s.Store = commercetest.OpenAt(t, dir, opts...)
	_, err := s.Catalog.PutProduct(t.Context(), catalog.PutProduct{Variants: []catalog.PutVariant{{SKU: "order", Untracked: true,
		Prices: []money.Amount{money.New(1, "BRL")}}}, Title: "An order"})
	must(t, err)
	return s
}

// place makes an order of the file one of the store's. Each call is made twice.
func (s olist) place(ctx context.Context, o olistOrder) error {
	price := money.New(o.total(), "BRL")
	add := cart.AddLines{Currency: "BRL", Key: o.id + ":cart", Lines: []cart.AddedLine{{SKU: "order", Quantity: 1, AgreedPrice: &price, Reason: "order of the file"}}}
	basket, err := s.Carts.AddLines(ctx, add)
	if err != nil {
		return err
	}
	if again, err := s.Carts.AddLines(ctx, add); err != nil || again.ID != basket.ID || again.Total != price {
		return fmt.Errorf("filling the cart again: %v costs %v, %w", again.ID, again.Total, err)
	}
	buy := checkout.Complete{Cart: basket.ID, ExpectedTotal: &price, ExternalReference: o.id, Key: o.id}
	for _, p := range o.parts {
		if p.cents == 0 {
			continue // zeroPart
		}
		tender, err := s.tender(ctx, o, p)
		if err != nil {
			return err
		}
		buy.Tenders = append(buy.Tenders, tender)
	}
	made, err := s.Checkout.Complete(ctx, buy)
	if err != nil {
		return err
	}
	if again, err := s.Checkout.Complete(ctx, buy); err != nil || again.ID != made.ID {
		return fmt.Errorf("buying again: order %s after %s, %w", again.ID, made.ID, err)
	}
	if err := s.clear(ctx, o, made.ID); err != nil {
		return err
	}
	return s.check(ctx, o, made.ID)
}

// tender is how a payment of the file is paid with.
func (s olist) tender(ctx context.Context, o olistOrder, p olistPart) (checkout.Tender, error) {
	amount := money.New(p.cents, "BRL")
	t := checkout.Tender{PayWith: p.kind, Token: "pm_card_visa", Amount: &amount, Method: p.kind, Installments: p.installments}
	switch p.kind {
	case "boleto":
		t.Token = simulator.TokenPending
	case "voucher":
		issue := credit.Issue{Amount: amount, Reason: "voucher of the file", Key: fmt.Sprintf("%s:%d", o.id, p.sequence)}
		card, err := s.Credit.Issue(ctx, issue)
		if err != nil {
			return t, err
		}
		if again, err := s.Credit.Issue(ctx, issue); err != nil || again.Code != card.Code {
			return t, fmt.Errorf("issuing a voucher again: %w", err)
		}
		t.PayWith, t.Token = credit.GiftCards, card.Code
	}
	return t, nil
}

// clear lets the boleto of an order be paid, and tells the store twice.
func (s olist) clear(ctx context.Context, o olistOrder, made orders.ID) error {
	if !slices.ContainsFunc(o.parts, func(p olistPart) bool { return p.kind == "boleto" }) {
		return nil
	}
	attempts, err := s.Payments.ByOrder(ctx, made)
	if err != nil {
		return err
	}
	slip := payments.Current(attempts)
	if slip.Provider != "boleto" || slip.State != payments.Pending {
		return fmt.Errorf("order %s waits for a payment by %s that is %s", o.id, slip.Provider, slip.State)
	}
	if err := s.banks["boleto"].Decide(string(slip.ID), true); err != nil {
		return err
	}
	for range 2 {
		if r, err := s.Checkout.Resume(ctx, made); err != nil || r.Status != orders.Placed {
			return fmt.Errorf("after its boleto was paid, order %s is %s, %w", o.id, r.Status, err)
		}
	}
	return nil
}

// check compares an order with what the file says of it.
func (s olist) check(ctx context.Context, o olistOrder, made orders.ID) error {
	got, err := s.Orders.Get(ctx, made)
	if err != nil {
		return err
	}
	if got.Status != orders.Placed || got.PaymentStatus != orders.Paid || got.Captured.Minor() != o.total() {
		return fmt.Errorf("order %s is %s and %s, captured %v of %d cents", o.id, got.Status, got.PaymentStatus, got.Captured, o.total())
	}
	attempts, err := s.Payments.ByOrder(ctx, made)
	if err != nil {
		return err
	}
	want := 0
	for _, p := range o.parts {
		if p.cents > 0 {
			want++
		}
		if p.cents > 0 && !slices.ContainsFunc(attempts, func(a payments.Attempt) bool {
			return a.Method == p.kind && a.Captured.Minor() == p.cents && a.Installments == p.installments
		}) {
			return fmt.Errorf("order %s has no payment by %s of %d cents in %d installments", o.id, p.kind, p.cents, p.installments)
		}
	}
	if len(attempts) != want {
		return fmt.Errorf("order %s has %d payments, the file %d", o.id, len(attempts), want)
	}
	return nil
}

// TestOlist puts the orders of a marketplace through a store, several payments
// to an order, every call twice, and compares the exported ledger with the
// file. COMMERCE_LONG=1 takes all 99,440 orders, and COMMERCE_OLIST_LEDGER names
// the file that the ledger is left in for other programs.
func TestOlist(t *testing.T) {
	all := readOlist(t)
	var odd []olistOrder
	rules := map[olistRule]int{}
	most := 0
	for _, o := range all {
		needs := o.odd()
		for _, r := range needs {
			rules[r]++
		}
		if len(needs) > 0 && (len(odd) < 40 || !slices.Contains(needs, sequenceGap)) || len(o.parts) > most {
			odd = append(odd, o)
		}
		most = max(most, len(o.parts))
	}
	if want := map[olistRule]int{zeroPart: 9, zeroOrder: 3, sequenceGap: 80, noInstallments: 2}; !maps.Equal(rules, want) || len(all) != 99_440 {
		t.Errorf("the rules apply %v times, want %v; %d orders", rules, want, len(all))
	}
	take := all
	if !long() {
		take = odd
		for i := 0; i < len(all); i += 1000 {
			take = append(take, all[i])
		}
		slices.SortFunc(take, func(a, b olistOrder) int { return strings.Compare(a.id, b.id) })
		take = slices.CompactFunc(take, func(a, b olistOrder) bool { return a.id == b.id })
	}
	isOlist(t, all)
	s := openOlist(t, filepath.Join(t.TempDir(), "shop"))
	placeAll(t, s, take)
	export := os.Getenv("COMMERCE_OLIST_LEDGER")
	if export == "" {
		export = filepath.Join(t.TempDir(), "ledger.csv")
	}
	f, err := os.Create(export)
	must(t, err)
	must(t, s.Payments.WriteLedger(t.Context(), f, payments.Filter{}))
	must(t, f.Close())
	compareLedger(t, export, take)
	for kind, bank := range s.banks {
		for _, c := range bank.Charges() {
			if c.Captured != c.Asked || !c.Refunded.IsZero() {
				t.Errorf("%s: of %v asked for, %v were captured and %v refunded", kind, c.Asked, c.Captured, c.Refunded)
			}
		}
	}
}

// isOlist makes sure that nothing of the file was lost when it was read.
func isOlist(t *testing.T, all []olistOrder) {
	t.Helper()
	kinds, sum := map[string]int{}, int64(0)
	for _, o := range all {
		for _, p := range o.parts {
			kinds[p.kind]++
		}
		sum += o.total()
	}
	want := map[string]int{"credit_card": 76_795, "boleto": 19_784, "voucher": 5_775, "debit_card": 1_529, "not_defined": 3}
	if !maps.Equal(kinds, want) || sum != 1_600_887_212 {
		t.Errorf("the file has %v payments of %d cents, want %v of 1600887212", kinds, sum, want)
	}
}

func placeAll(t *testing.T, s olist, take []olistOrder) {
	t.Helper()
	work := make(chan olistOrder)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for o := range work {
				if err := s.place(t.Context(), o); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, o := range take {
		work <- o
		if i%10_000 == 9_999 {
			t.Logf("%d orders", i+1)
		}
	}
	close(work)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// compareLedger reads an exported ledger as a stranger would, with a CSV reader
// and nothing of the project, and compares it with the file.
func compareLedger(t *testing.T, path string, take []olistOrder) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	rows, err := csv.NewReader(bufio.NewReader(f)).ReadAll()
	must(t, err)
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	got, want := map[[2]string]int64{}, map[[2]string]int64{}
	trial, sales := int64(0), map[string]int64{}
	for _, row := range rows[1:] {
		minor, err := strconv.ParseInt(row[column["minor"]], 10, 64)
		must(t, err)
		trial += minor
		order, account := row[column["reference"]], row[column["account"]]
		if kind, paid := strings.CutPrefix(account, "provider:"); paid && order != "" {
			got[[2]string{order, strings.Replace(kind, "gift_card", "voucher", 1)}] += minor
		}
		if account == "sales" {
			sales[order] -= minor
		}
	}
	sum := int64(0)
	for _, o := range take {
		for _, p := range o.parts {
			if p.cents > 0 {
				want[[2]string{o.id, p.kind}] += p.cents
			}
		}
		if sales[o.id] != o.total() {
			t.Errorf("order %s was sold for %d cents, the ledger says %d", o.id, o.total(), sales[o.id])
		}
		sum += o.total()
	}
	if !maps.Equal(got, want) {
		t.Errorf("the ledger has %d sums by order and type, the file %d, and they differ", len(got), len(want))
	}
	if trial != 0 {
		t.Errorf("the trial balance is %d", trial)
	}
	t.Logf("%d orders, %d postings, %d cents", len(take), len(rows)-1, sum)
}
