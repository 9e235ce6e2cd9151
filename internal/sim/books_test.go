package sim

import (
	"fmt"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/simulator"
)

// allOrders reads every order with its lines.
func (w *world) allOrders() (list []orders.Order, err error) {
	s := w.running()[0].shop
	for o, err := range s.Orders.All(w.t.Context(), orders.Filter{}) {
		if err != nil {
			return nil, err
		}
		full, err := s.Orders.Get(w.t.Context(), o.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, full)
	}
	return list, nil
}

// totalsAgree computes every order again: each thing costs the same, less a tenth with each code, with its tax.
func (w *world) totalsAgree(all []orders.Order) error {
	for _, o := range all {
		total, taxes := int64(0), int64(0)
		for _, l := range o.Lines {
			goods, off := price*l.Quantity, int64(0)
			for range o.Promotions {
				if l.SKU != card {
					off += (goods - off) / 10
				}
			}
			costs, tax := w.taxed(goods - off)
			if l.SKU == card {
				costs, tax = goods, 0
			}
			if l.Total.Minor() != goods || l.Discount.Minor() != off || l.Tax.Minor() != tax || l.Gross.Minor() != costs {
				return fmt.Errorf("order %s with %v: %d of %s should cost %d with a tax of %d: %+v", o.ID, o.Promotions, l.Quantity, l.SKU, costs, tax, l)
			}
			total, taxes = total+costs, taxes+tax
		}
		if o.Total.Minor() != total || o.Tax.Minor() != taxes {
			return fmt.Errorf("order %s is %v with a tax of %v, and should be %d with %d", o.ID, o.Total, o.Tax, total, taxes)
		}
	}
	return nil
}

// taxed returns what something costs and the tax on it.
func (w *world) taxed(minor int64) (costs, tax int64) {
	if w.included {
		return minor, halfEven(minor*vat, 100+vat)
	}
	tax = halfEven(minor*vat, 100)
	return minor + tax, tax
}

// halfEven divides and rounds, halves to the even neighbour.
func halfEven(n, by int64) int64 {
	q, rest := n/by, n%by
	if 2*rest > by || 2*rest == by && q%2 == 1 {
		q++
	}
	return q
}

// moneyAgrees compares the bank's books with the shop's, in all and for each payment: nobody has paid for nothing, twice,
// or too much, and nobody got back what they are not owed.
func (w *world) moneyAgrees(all []orders.Order) error {
	held, err := w.bank.Held("EUR")
	if err != nil {
		return err
	}
	balances, err := w.running()[0].shop.Payments.Balances(w.t.Context())
	if err != nil {
		return err
	}
	booked := int64(0)
	for _, b := range balances {
		switch b.Account {
		case payments.ProviderAccount(w.bank.Name()):
			booked = b.Amount.Minor()
		case payments.ProviderAccount(credit.GiftCards), payments.ProviderAccount(credit.StoreCredit):
			if !b.Amount.IsZero() {
				return fmt.Errorf("%v are left in %s", b.Amount, b.Account)
			}
		}
	}
	if held.Minor() != booked {
		return fmt.Errorf("the bank holds %v, the ledger says %d minor units", held, booked)
	}
	charges := map[string]simulator.Charge{}
	for _, c := range w.bank.Charges() {
		charges[c.Key] = c
	}
	for _, o := range all {
		if err := w.paid(o, charges); err != nil {
			return fmt.Errorf("order %s of %v: %w", o.ID, o.Total, err)
		}
	}
	for key, c := range charges {
		return fmt.Errorf("the bank has %s of %v, %s, for the order %s, and the shop knows nothing of it", key, c.Asked, c.State, c.Order)
	}
	return nil
}

// paid compares an order's payments with what the bank says of them, which is taken out of its books.
func (w *world) paid(o orders.Order, charges map[string]simulator.Charge) error {
	attempts, err := w.running()[0].shop.Payments.ByOrder(w.t.Context(), o.ID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		c, ok := charges[string(a.ID)]
		delete(charges, string(a.ID))
		if a.Provider != w.bank.Name() || !ok && a.Authorized.IsZero() {
			continue
		}
		if !ok || c.Authorized != a.Authorized || c.Captured != a.Captured || c.Voided != a.Voided || c.Refunded != a.Refunded {
			return fmt.Errorf("the payment %s is %+v, the bank has %+v", a.ID, a, c)
		}
	}
	if kept := o.Captured.Minor() - o.Refunded.Minor(); kept != due(o) {
		return fmt.Errorf("%d minor units are kept of what is %s, and %d are due", kept, o.Status, due(o))
	}
	return nil
}

// due is what an order costs in the end, in minor units.
func due(o orders.Order) int64 {
	if o.Status != orders.Placed {
		return 0
	}
	return o.Total.Minor() - o.RefundGranted.Minor()
}

// papersAgree reads the numbers and documents of orders: a number of the sequence is in its order and in no other, invoices
// less credit notes are what is due, and gift cards were made for those who have bought them.
func (w *world) papersAgree() error {
	s := w.running()[0].shop
	numbers, err := w.numbers()
	if err != nil {
		return err
	}
	all, err := w.allOrders()
	if err != nil {
		return err
	}
	for _, o := range all {
		if n, ok := numbers[o.ID]; ok && n != o.Number {
			return fmt.Errorf("order %s has the number %s, and the sequence has %s for it", o.ID, o.Number, n)
		}
		papers, err := s.Documents.ByOrder(w.t.Context(), o.ID)
		if err != nil {
			return err
		}
		sum := int64(0)
		for _, d := range papers {
			if d.Number == "" {
				return fmt.Errorf("order %s: the document %s has no number", o.ID, d.ID)
			}
			if d.Kind == documents.Invoice {
				sum += d.Gross.Minor()
			} else {
				sum -= d.Gross.Minor()
			}
		}
		if sum != due(o) {
			return fmt.Errorf("order %s, %s: its documents make %d, and %d are due: %+v", o.ID, o.Status, sum, due(o), papers)
		}
		if err := w.cardsAgree(o); err != nil {
			return err
		}
	}
	return nil
}

// cardsAgree counts the gift cards that were made for an order.
func (w *world) cardsAgree(o orders.Order) error {
	want := int64(0)
	for _, l := range o.Lines {
		if l.SKU == card && o.Status == orders.Placed {
			want += l.Quantity
		}
	}
	cards, err := w.running()[0].shop.Credit.Sold(w.t.Context(), o.ID)
	if err != nil {
		return err
	}
	for _, c := range cards {
		if c.State == credit.CardIssued && c.Amount == euro(price) {
			want--
		}
	}
	if want != 0 {
		return fmt.Errorf("order %s lacks %d gift cards: it has %+v", o.ID, want, cards)
	}
	return nil
}

// partsAgree counts what buyers want: what was received is there or left with orders, and what is sold and not shipped is
// what orders say, with all parts of kits.
func (w *world) partsAgree(all []orders.Order) error {
	left, sold := map[catalog.SKU]int64{}, map[catalog.SKU]int64{}
	for _, o := range all {
		if o.Status != orders.Placed {
			continue
		}
		for _, l := range o.Lines {
			if err := whole(l); err != nil {
				return fmt.Errorf("order %s: %w", o.ID, err)
			}
			for _, d := range l.Demands(l.Returned, l.Shipped) {
				left[d.SKU] += d.Quantity
			}
			for _, d := range l.Demands(l.Shipped, l.Quantity-l.Canceled) {
				sold[d.SKU] += d.Quantity
			}
		}
	}
	for _, sku := range []catalog.SKU{ticket, cup, saucer} {
		if err := w.countsAgree(sku, left[sku], sold[sku]); err != nil {
			return err
		}
	}
	return nil
}

// whole reports whether a line takes all the parts that a kit has.
func whole(l orders.Line) error {
	if l.SKU != teaSet {
		return nil
	}
	takes := map[catalog.SKU]int64{}
	for _, d := range l.Demands(0, l.Quantity) {
		takes[d.SKU] += d.Quantity
	}
	if takes[cup] != 2*l.Quantity || takes[saucer] != l.Quantity || len(takes) != 2 {
		return fmt.Errorf("%d of %s take %v", l.Quantity, l.SKU, takes)
	}
	return nil
}

func (w *world) countsAgree(sku catalog.SKU, left, sold int64) error {
	s := w.running()[0].shop
	l, err := s.Inventory.Level(w.t.Context(), sku, "")
	if err != nil {
		return err
	}
	came := int64(0)
	for m, err := range s.Inventory.Movements(w.t.Context(), sku, "", 0) {
		if err != nil {
			return err
		}
		if m.Kind == inventory.MovedReceived {
			came += m.Quantity
		}
	}
	if l.OnHand != came-left || l.Committed != sold || l.Held != 0 || l.Available != l.OnHand-sold || l.Available < 0 || l.InTransit != 0 {
		return fmt.Errorf("of %d %s that were received %d have left and %d are sold, but the stock is %+v", came, sku, left, sold, l)
	}
	return nil
}

// codesAgree counts what was used of codes: never more than may be, and what orders that were canceled had used is there
// again.
func (w *world) codesAgree(all []orders.Order) error {
	uses, spent, members := map[string]int64{}, map[string]int64{}, map[string]int64{}
	for _, o := range all {
		if o.Status != orders.Placed {
			continue
		}
		for _, p := range o.Promotions {
			uses[p.Code]++
			spent[p.Code] += p.Amount
			members[p.Code+" "+string(o.Customer)]++
		}
	}
	for code, l := range limits {
		if l.Uses > 0 && uses[code] > l.Uses || len(l.Budget) > 0 && spent[code] > l.Budget[0].Minor() {
			return fmt.Errorf("code %s was used %d times for %d minor units, and may be for %+v", code, uses[code], spent[code], l)
		}
		for _, c := range w.shoppers {
			if n := members[code+" "+string(c.customer)]; l.PerCustomer > 0 && c.customer != "" && n > l.PerCustomer {
				return fmt.Errorf("client %d has used code %s %d times, and may %d times", c.id, code, n, l.PerCustomer)
			}
		}
	}
	return w.poolsAgree(uses, spent)
}

// poolsAgree compares what is reserved of limits with what orders have used.
func (w *world) poolsAgree(uses, spent map[string]int64) error {
	s := w.running()[0].shop
	for code, l := range limits {
		c, err := s.Pricing.Coupon(w.t.Context(), code)
		if err != nil {
			return err
		}
		pool, want := inventory.PoolID(""), int64(0)
		switch {
		case l.Uses > 0:
			pool, want = inventory.LimitPool(string(c.ID), "uses"), uses[code]
		case len(l.Budget) > 0:
			pool, want = inventory.LimitPool(string(c.ID), "EUR"), spent[code]
		default:
			continue
		}
		reserved, err := w.reserved(pool)
		if err != nil {
			return err
		}
		if reserved != want {
			return fmt.Errorf("%d are reserved of the limit of %s, and orders have used %d", reserved, code, want)
		}
	}
	return nil
}

// promisesHold compares every order with what its buyer was told of it, last of all.
func (w *world) promisesHold(all []orders.Order) error {
	by := map[orders.ID]orders.Order{}
	for _, o := range all {
		by[o.ID] = o
	}
	for _, c := range w.shoppers {
		for _, p := range c.promised {
			if p.id == "" {
				continue // in doubt
			}
			if err := p.keeps(by[p.id]); err != nil {
				return fmt.Errorf("client %d: %w", c.id, err)
			}
		}
	}
	return nil
}

// creditAgrees compares what is left of gift cards and store credit with what orders were paid with them.
func (w *world) creditAgrees(all []orders.Order) error {
	s := w.running()[0].shop
	spent := int64(0)
	for b, err := range s.Credit.All(w.t.Context(), credit.Filter{}) {
		if err != nil {
			return err
		}
		if b.Left.IsNegative() || !b.Held.IsZero() || b.Issued.Minor() != b.Left.Minor()+b.Spent.Minor() {
			return fmt.Errorf("the balance %s is %+v", b.ID, b)
		}
		spent += b.Spent.Minor()
	}
	paid := int64(0)
	for _, o := range all {
		attempts, err := s.Payments.ByOrder(w.t.Context(), o.ID)
		if err != nil {
			return err
		}
		for _, a := range attempts {
			if a.Provider != w.bank.Name() {
				paid += a.Captured.Minor() - a.Refunded.Minor()
			}
		}
	}
	if spent != paid {
		return fmt.Errorf("%v of balances are spent, and orders were paid %v with them", euro(spent), money.New(paid, "EUR"))
	}
	return nil
}
