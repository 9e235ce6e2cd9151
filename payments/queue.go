package payments

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/keelshop/commerce/internal/listing"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// Trouble is something about a payment that the store has not been able to find
// out or to do for so long that somebody has to look.
type Trouble struct {
	Kind      TroubleKind
	Order     orders.ID
	Payment   ID  // "" if it is about the order
	Operation int // its number; 0 is the payment itself
	Provider  string
	Amount    money.Amount
	State     string      // of the payment or the operation
	Decline   DeclineCode // why a refund fails
	Failed    int         // how often it has
	Since     time.Time
}

// TroubleKind says what somebody has to look at.
type TroubleKind string

// The kinds. What books do not agree about is a Discrepancy.
const (
	// StaysUnknown is a payment, or something that was asked of a provider
	// afterwards, whose outcome no provider has told of for a day: checkout.Resolve
	// says what it was.
	StaysUnknown TroubleKind = "stays_unknown"
	// RefundFails is money that is owed back and that the provider has refused to
	// give back several times: RecordRefund says that it was given back otherwise.
	RefundFails TroubleKind = "refund_fails"
	// Overcharged is money that a placed order has beyond what it costs and that
	// nobody has granted back: Refund does. It is of no payment in particular.
	Overcharged TroubleKind = "overcharged"
)

// When somebody has to look.
const (
	unknownFor   = 24 * time.Hour
	failedRefund = 3 // times
)

// Troubles returns what somebody has to look at, by order. The store goes on
// trying meanwhile.
func (s *Service) Troubles(ctx context.Context) iter.Seq2[Trouble, error] {
	before := s.engine.Now().Add(-unknownFor).UnixMilli()
	list := listing.List[Trouble]{
		Engine: s.engine,
		Key:    func(t Trouble) string { return fmt.Sprintf("%s %s %06d", t.Order, t.Payment, t.Operation) },
		Page: func(tx *sqlite.Tx, after string, limit int) (page []Trouble, err error) {
			rows := tx.Query(`SELECT kind, order_id, attempt, n, provider, currency, amount, state, decline, failed, since FROM (
				SELECT 'stays_unknown' AS kind, order_id, id AS attempt, 0 AS n, provider, currency, amount, state, '' AS decline, 0 AS failed, created_at AS since
					FROM attempts WHERE state IN ('created', 'unknown') AND created_at < ?1
				UNION ALL SELECT 'stays_unknown', o.order_id, o.attempt, o.n, a.provider, o.currency, o.amount, o.state, '', 0, o.created_at
					FROM operations o JOIN attempts a ON a.id = o.attempt WHERE o.state IN ('intent', 'unknown') AND o.created_at < ?1
				UNION ALL SELECT 'refund_fails', o.order_id, o.attempt, max(o.n), a.provider, o.currency, o.amount, o.state, o.decline_code, count(*), min(o.created_at)
					FROM operations o JOIN attempts a ON a.id = o.attempt JOIN orders r ON r.id = o.order_id
					WHERE o.kind = 'refund' AND o.state = 'failed' AND r.refund_granted > r.refunded
						AND o.n > coalesce((SELECT max(n) FROM operations d WHERE d.attempt = o.attempt AND d.kind = 'refund' AND d.state = 'succeeded'), 0)
					GROUP BY o.attempt HAVING count(*) >= ?2
				UNION ALL SELECT 'overcharged', id, '', 0, '', currency, captured - excess_granted - total, payment_status, '', 0, placed_at
					FROM orders WHERE payment_status = 'overcharged' AND status = 'placed' AND captured - excess_granted > total)
				WHERE format('%s %s %06d', order_id, attempt, n) > ?3 ORDER BY order_id, attempt, n LIMIT ?4`, before, failedRefund, after, limit)
			for rows.Next() {
				page = append(page, Trouble{
					Kind: TroubleKind(rows.Text(0)), Order: orders.ID(rows.Text(1)), Payment: ID(rows.Text(2)), Operation: rows.Int(3), Provider: rows.Text(4),
					Amount: money.New(rows.Int64(6), money.Currency(rows.Text(5))), State: rows.Text(7), Decline: DeclineCode(rows.Text(8)),
					Failed: rows.Int(9), Since: instant(rows.Int64(10)),
				})
			}
			return page, rows.Close()
		},
	}
	return list.All(ctx)
}
