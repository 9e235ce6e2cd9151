package credit

import (
	"context"
	"fmt"
	"slices"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
)

// CheckAcross reports where an order and a balance contradict each other about
// a payment: an order never has more of it than the balance has given, and has
// all of it unless a timer of the order or of the payment sees to the rest. It is exact on an open
// store: what receives is read before what sends, and what was to be told of
// after it was.
func CheckAcross(ctx context.Context, e command.Engine) ([]command.Violation, error) {
	before, err := readSides(ctx, e, ofOrders)
	if err != nil {
		return nil, err
	}
	given, err := readSides(ctx, e, ofBalances)
	if err != nil {
		return nil, err
	}
	after, err := readSides(ctx, e, ofOrders)
	if err != nil {
		return nil, err
	}
	var out []command.Violation
	report := func(rule, payment string, order, balance side) {
		out = append(out, command.Violation{Rule: rule, Subject: payment,
			Detail: fmt.Sprintf("the order has %d captured, %d refunded and %d held, the balance %d, %d and %d",
				order.captured, order.refunded, order.held, balance.captured, balance.refunded, balance.held)})
	}
	for _, payment := range sorted(before) {
		order, balance := before[payment], given[payment]
		if order.authorized > balance.authorized || order.captured > balance.captured || order.refunded > balance.refunded {
			report("credit.order_within_balance", payment, order, balance)
		}
	}
	for _, payment := range sorted(given) {
		order, balance := after[payment], given[payment]
		if !order.watched && (order.captured < balance.captured || order.refunded < balance.refunded || order.held < balance.held) {
			report("credit.balance_has_an_order", payment, order, balance)
		}
	}
	return out, nil
}

// side is how one side sees a payment, in minor units.
type side struct {
	authorized, captured, refunded, held int64
	watched                              bool // a timer sees to the order, or to a further payment for it
}

const (
	ofOrders = `SELECT a.id, a.authorized, a.captured, a.refunded, a.authorized - a.captured - a.voided, a.order_id IN (SELECT subject FROM timers) OR a.id IN (SELECT subject FROM timers)
		FROM attempts a WHERE a.provider = 'gift_card' OR a.provider = 'store_credit'`
	ofBalances = `SELECT id, authorized, captured, refunded, authorized - captured - voided, 0 FROM balance_payments`
)

func readSides(ctx context.Context, e command.Engine, query string) (map[string]side, error) {
	out := map[string]side{}
	for shard := range e.Shards() {
		err := e.View(ctx, e.SlotOn(shard), func(tx *sqlite.Tx) error {
			rows := tx.Query(query)
			for rows.Next() {
				out[rows.Text(0)] = side{rows.Int64(1), rows.Int64(2), rows.Int64(3), rows.Int64(4), rows.Bool(5)}
			}
			return rows.Close()
		})
		if err != nil {
			return nil, fmt.Errorf("reading the payments of shard %d: %w", shard, err)
		}
	}
	return out, nil
}

func sorted(sides map[string]side) []string {
	keys := make([]string, 0, len(sides))
	for k := range sides {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
