package pricing

import (
	"fmt"

	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
)

// Redemption is one use of what has a limit. It is enforced where the order is
// made: uses and budgets are units of pools that run out like goods, and an
// order holds them with its goods.
type Redemption struct {
	Of          string `cbor:"1,keyasint"` // the ID of a coupon or of a promotion's limits
	Promotion   string `cbor:"2,keyasint"`
	Code        string `cbor:"3,keyasint,omitempty"`
	Amount      int64  `cbor:"4,keyasint,omitempty"` // minor units
	PerCustomer int64  `cbor:"5,keyasint,omitempty"`
	Uses        bool   `cbor:"6,keyasint,omitempty"`
	Budget      bool   `cbor:"7,keyasint,omitempty"`
	// FirstOrder says that the promotion is for the customer's first order only.
	FirstOrder bool `cbor:"8,keyasint,omitempty"`
	// Units are how many units of SKU are bought, of a use of a QuantityRule; Of
	// names the rule and the SKU. Otherwise it is one use.
	Units int64       `cbor:"9,keyasint,omitempty"`
	SKU   catalog.SKU `cbor:"10,keyasint,omitempty"`
}

// usesOf and budgetOf name the pools of a limit.
func usesOf(of string) inventory.PoolID { return inventory.LimitPool(of, "uses") }
func budgetOf(of string, c money.Currency) inventory.PoolID {
	return inventory.LimitPool(of, inventory.Location(c))
}

// setLimits makes the pools of a limit hold what it says. A limit that is
// taken away leaves its pool behind, of which nobody takes any more.
func setLimits(tx *command.Tx, of, label string, l Limits) error {
	if l.Uses > 0 {
		if err := inventory.SetLimit(tx, usesOf(of), catalog.SKU(label), l.Uses); err != nil {
			return err
		}
	}
	for _, b := range l.Budget {
		if err := inventory.SetLimit(tx, budgetOf(of, b.Currency()), catalog.SKU(label), b.Minor()); err != nil {
			return err
		}
	}
	return nil
}

// Redemptions returns what a quote uses of limits. coupons are those of its
// input.
func (s *Service) Redemptions(r *Rules, q *Quote, coupons []Coupon) []Redemption {
	var out []Redemption
	add := func(of string, l Limits, a Applied, first bool) {
		if !l.any() && !first {
			return
		}
		out = append(out, Redemption{
			Of: of, Promotion: a.Promotion, Code: a.Code, Amount: a.Amount, PerCustomer: l.PerCustomer,
			Uses: l.Uses > 0, Budget: len(l.Budget) > 0, // in another currency there is none to be had
			FirstOrder: first,
		})
	}
	for _, a := range q.Promotions {
		if p, ok := r.Promotion(a.Promotion); ok {
			add(s.limitID(a.Promotion), p.Limits, a, p.If.FirstOrder)
		}
		for _, c := range coupons {
			if a.Code != "" && c.Code == a.Code {
				add(string(c.ID), c.Limits, a, false)
			}
		}
	}
	return out
}

// Redeem records an order's uses and returns what it must hold beside its
// goods. It returns a *LimitError if the customer has used up theirs. It is
// called in apply on the order's slot.
func Redeem(tx *command.Tx, order, customer string, c money.Currency, uses []Redemption) ([]inventory.Demand, error) {
	var demands []inventory.Demand
	for _, u := range uses {
		if u.PerCustomer == 0 && !u.Uses && !u.Budget {
			continue // whether it is the first order, the caller has seen
		}
		if u.PerCustomer > 0 {
			n, _, err := tx.Int64(`SELECT coalesce(sum(units), 0) FROM redemptions WHERE customer = ? AND customer <> '' AND of = ?`, customer, u.Of)
			if err != nil {
				return nil, err
			}
			if u.Units > 0 && (customer == "" || n+u.Units > u.PerCustomer) {
				return nil, &BoughtError{SKU: u.SKU, Customer: customer, Want: u.Units, Left: max(0, u.PerCustomer-n)}
			}
			if u.Units == 0 && (n >= u.PerCustomer || customer == "") {
				return nil, &LimitError{Of: u.Of, Promotion: u.Promotion, Code: u.Code, Customer: customer}
			}
		}
		budget := money.Currency("")
		if u.Budget {
			budget = c
		}
		if _, err := tx.Exec(`INSERT INTO redemptions (order_id, of, slot, customer, code, amount, at, uses, budget, per_customer, units) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			order, u.Of, tx.Slot, customer, u.Code, u.Amount, tx.At, u.Uses, budget, u.PerCustomer, max(u.Units, 1)); err != nil {
			return nil, err
		}
		label := catalog.SKU("promotion " + u.Promotion)
		if u.Uses {
			demands = append(demands, inventory.Demand{Pool: usesOf(u.Of), SKU: label, Quantity: 1})
		}
		if u.Budget && u.Amount > 0 {
			demands = append(demands, inventory.Demand{Pool: budgetOf(u.Of, c), SKU: label, Quantity: u.Amount})
		}
	}
	return demands, nil
}

// Uses is how often a customer has used what has a limit, by the IDs of coupons
// and of promotions' limits, and how many units they have bought by quantity rules.
type Uses map[string]int64

// usedUp reports whether the customer has had theirs.
func (u Uses) usedUp(of string, l Limits) bool { return l.PerCustomer > 0 && u[of] >= l.PerCustomer }

// UsesTx returns what a customer has used.
func UsesTx(tx *sqlite.Tx, customer string) (Uses, error) {
	uses := Uses{}
	rows := tx.Query(`SELECT of, sum(units) FROM redemptions WHERE customer = ? AND customer <> '' GROUP BY of`, customer)
	for rows.Next() {
		uses[rows.Text(0)] = rows.Int64(1)
	}
	return uses, rows.Close()
}

// Unredeem gives back the uses of an order that failed or was canceled. What
// it held of pools goes back with its goods. It is called in apply.
func Unredeem(tx *command.Tx, order string) error {
	_, err := tx.Exec(`DELETE FROM redemptions WHERE order_id = ?`, order)
	return err
}

// UsedUp returns the *LimitError of the use whose pool does not hold enough any
// more but left, or nil if pool is not one of theirs.
func UsedUp(pool inventory.PoolID, left int64, c money.Currency, uses []Redemption) *LimitError {
	for _, u := range uses {
		err := &LimitError{Of: u.Of, Promotion: u.Promotion, Code: u.Code, Everybody: left <= 0}
		switch pool {
		case usesOf(u.Of):
			return err
		case budgetOf(u.Of, c):
			err.Left = money.New(max(left, 0), c)
			return err
		}
	}
	return nil
}

// LimitError says that a promotion or code cannot be used any more, in all or
// by a customer.
type LimitError struct {
	Of        string // the ID of a coupon or of a promotion's limits
	Promotion string
	Code      string // "" if none was needed
	Customer  string // who has used it as often as one may; "" is a guest, or everybody
	Everybody bool   // nobody can use it, whoever they are
	// Left is what there is of a budget that the order needs more of; the zero
	// Amount if it is no budget that keeps the order from being made.
	Left money.Amount
}

func (e *LimitError) Error() string {
	what := fmt.Sprintf("promotion %q", e.Promotion)
	if e.Code != "" {
		what = fmt.Sprintf("code %q", e.Code)
	}
	switch {
	case e.Everybody:
		return what + " is used up"
	case e.Left.IsPositive():
		return fmt.Sprintf("%s has only %v left", what, e.Left)
	case e.Customer == "":
		return what + " is for customers who are logged in"
	}
	return fmt.Sprintf("customer %s has used %s as often as one may", e.Customer, what)
}

// Unwrap returns fault.Refused.
func (e *LimitError) Unwrap() error { return fault.Refused }
