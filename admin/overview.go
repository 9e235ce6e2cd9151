package admin

import "time"

type overviewPage struct {
	page
	ToSend  []map[string]any // placed and not sent yet, the oldest first
	Waiting int64            // orders whose payment is not decided
	Sales   []map[string]any // of the last 30 days, by currency
	Short   []map[string]any // variants with little stock, the least first
}

// few is how little stock is worth mentioning.
const few = 5

func overview(v *visit) error {
	data := overviewPage{page: v.page("Overview", "overview")}
	var err error
	data.ToSend, err = v.query(`SELECT id, number, total, currency, placed_at, units, shipped, payment_status FROM orders
		WHERE status = 'placed' AND fulfilment_status IN ('unfulfilled', 'partial') ORDER BY placed_at, id LIMIT 20`)
	if err != nil {
		return err
	}
	name(data.ToSend)
	waiting, err := v.query(`SELECT count(*) AS n FROM orders WHERE status = 'pending'`)
	if err != nil {
		return err
	}
	data.Waiting, _ = waiting[0]["n"].(int64)
	month := time.Now().AddDate(0, 0, -30).UnixMilli()
	data.Sales, err = v.query(`SELECT currency, count(*) AS orders, sum(total) AS total, sum(refunded) AS refunded FROM orders
		WHERE status = 'placed' AND placed_at >= ? GROUP BY currency ORDER BY orders DESC`, month)
	if err != nil {
		return err
	}
	data.Short, err = v.query(`SELECT sku, on_hand FROM stock WHERE on_hand <= ? ORDER BY on_hand, sku LIMIT 12`, int64(few))
	if err != nil {
		return err
	}
	return v.show(200, "overview", data)
}
