package credit

import (
	"context"
	"fmt"
	"maps"
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
	sold, err := checkSold(ctx, e)
	return append(out, sold...), err
}

// checkSold reports where an order and the gift cards that it has bought
// contradict each other, reading in the same way: what is told of after it was
// done is read before it.
func checkSold(ctx context.Context, e command.Engine) (out []command.Violation, err error) {
	before, err := readCards(ctx, e, cardsOfOrders)
	if err != nil {
		return nil, err
	}
	made, err := readCards(ctx, e, cardsMade)
	if err != nil {
		return nil, err
	}
	after, err := readCards(ctx, e, cardsOfOrders)
	if err != nil {
		return nil, err
	}
	report := func(card, detail string) {
		out = append(out, command.Violation{Rule: "credit.sold_card_is_there", Subject: card, Detail: detail})
	}
	for _, card := range slices.Sorted(maps.Keys(before)) {
		of, there := made[card]
		switch state := CardState(before[card].state); {
		case state != CardDue && (!there || of.order != before[card].order):
			report(card, "order "+before[card].order+" says "+string(state)+", and no such card was bought with it")
		case state == CardTakenBack && of.sold > 0:
			report(card, "order "+before[card].order+" has taken it back, and the card holds its money")
		}
	}
	for _, card := range slices.Sorted(maps.Keys(made)) {
		of := after[card]
		switch state := CardState(of.state); {
		case of.order != made[card].order:
			report(card, "bought with order "+made[card].order+", which knows nothing of it")
		case made[card].sold == 0 && state == CardIssued:
			report(card, "its money was taken off, and order "+of.order+" says that it is issued")
		}
	}
	return out, nil
}

// boughtCard is how one side sees a gift card that was bought.
type boughtCard struct {
	order, state string
	sold         int64
}

const (
	cardsOfOrders = `SELECT balance, order_id, state, 0 FROM sold_cards`
	cardsMade     = `SELECT id, order_id, '', sold FROM balances WHERE order_id <> ''`
)

func readCards(ctx context.Context, e command.Engine, query string) (map[string]boughtCard, error) {
	out := map[string]boughtCard{}
	for shard := range e.Shards() {
		err := e.View(ctx, e.SlotOn(shard), func(tx *sqlite.Tx) error {
			rows := tx.Query(query)
			for rows.Next() {
				out[rows.Text(0)] = boughtCard{order: rows.Text(1), state: rows.Text(2), sold: rows.Int64(3)}
			}
			return rows.Close()
		})
		if err != nil {
			return nil, fmt.Errorf("reading the gift cards of shard %d: %w", shard, err)
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
