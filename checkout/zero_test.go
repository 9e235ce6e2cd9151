package checkout_test

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/pricing"
)

// TestNothingIsLeftToPay: whatever brings what a card has to pay to nothing, a
// discount, a gift card, store credit or some of them together, places the
// order, takes from each what is due and asks no bank.
func TestNothingIsLeftToPay(t *testing.T) {
	s := newShop(t, 4)
	s.sells("mug", 100)
	s.promotes("half", func(p *pricing.Promotion) {
		p.NeedsCode, p.Effect = true, pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(50)}
	})
	s.promotes("all", func(p *pricing.Promotion) {
		p.NeedsCode, p.Effect = true, pricing.Effect{Kind: pricing.PercentOff, Rate: money.Percent(100)}
	})
	s.coupon("half", "half", pricing.Limits{})
	s.coupon("all", "all", pricing.Limits{})
	const full = 4 * price
	for _, test := range []struct {
		code               string // of the discount
		card, credit       int64  // what is on them; 0 is none
		fromCard, fromCred int64
	}{
		{"all", 0, 0, 0, 0},
		{"all", 1000, 0, 0, 0},
		{"all", 0, 1000, 0, 0},
		{"all", 1000, 1000, 0, 0},
		{"", full, 0, full, 0},
		{"", 0, full, 0, full},
		{"", full - 1, 1, full - 1, 1},
		{"", full + 500, 700, full, 0},
		{"half", full / 2, 0, full / 2, 0},
		{"half", 0, full / 2, 0, full / 2},
		{"half", 1, full/2 - 1, 1, full/2 - 1},
	} {
		t.Run(fmt.Sprintf("%s %d %d", test.code, test.card, test.credit), func(t *testing.T) {
			before := len(s.bank.Charges())
			ann := s.customer(seal.Personal(fmt.Sprintf("%s@example.com", strings.ReplaceAll(path.Base(t.Name()), " ", "."))))
			if test.credit > 0 {
				_, err := s.credit.Grant(s.ctx(), credit.Grant{Customer: ann, Amount: euro(test.credit), Reason: "test"})
				s.must(err)
			}
			buy := checkout.Complete{Cart: s.basketFor(ann, 4), Key: t.Name()}
			if test.code != "" {
				s.enters(buy.Cart, test.code)
			}
			var card credit.Issued
			if test.card > 0 {
				card = s.card(test.card)
				buy.Tenders = append(buy.Tenders, checkout.Tender{PayWith: credit.GiftCards, Token: card.Code})
			}
			if test.credit > 0 {
				buy.Tenders = append(buy.Tenders, checkout.Tender{PayWith: credit.StoreCredit})
			}
			buy.Tenders = append(buy.Tenders, byCard(approves)) // for what is left
			for range 2 {
				r, err := s.checkout.Complete(s.ctx(), buy)
				if err != nil || r.Status != orders.Placed || r.PaymentStatus != orders.Paid {
					t.Fatalf("the order is %s, %s, %v", r.Status, r.PaymentStatus, err)
				}
				if want := test.fromCard + test.fromCred; r.Captured.Minor() != want || r.Total.Minor() != want {
					t.Errorf("captured %v of %v, want %d", r.Captured, r.Total, want)
				}
			}
			if n := len(s.bank.Charges()) - before; n > 0 {
				t.Errorf("the bank was asked for %d payments", n)
			}
			if test.card > 0 {
				s.holds(card.ID, test.card-test.fromCard, 0, test.fromCard)
			}
			if test.credit > 0 {
				balance, err := s.credit.OfCustomer(s.ctx(), ann, "EUR")
				s.must(err)
				s.holds(balance.ID, test.credit-test.fromCred, 0, test.fromCred)
			}
		})
	}
	s.clears()
	for _, found := range s.audit() {
		t.Error(found)
	}
}
