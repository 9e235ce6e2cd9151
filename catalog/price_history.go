package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/money"
)

// PriorPriceDays is how many days before a reduction its prior price is looked
// for: Directive 98/6/EC, article 6a, has the lowest price of at least 30 days.
const PriorPriceDays = 30

const priorPriceMillis = PriorPriceDays * 24 * 60 * 60 * 1000

// storePrices writes the prices. One that differs from before goes into the
// history, and the new one knows the lowest of the 30 days before it.
func (v Variant) storePrices(tx *command.Tx) error {
	have, err := readOwnPrices(tx.Tx, v.ID)
	if err != nil {
		return err
	}
	for _, p := range v.Prices {
		if err := v.storePrice(tx, p, priceIn(have, p.Currency())); err != nil {
			return err
		}
	}
	for _, old := range have {
		if _, kept := amountIn(v.Prices, old.currency); kept {
			continue
		}
		if err := old.bury(tx, v.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM prices WHERE variant = ? AND currency = ?`, v.ID, old.currency); err != nil {
			return err
		}
	}
	return nil
}

// storeFirstPrices writes the prices of a variant that the tables did not have.
func (v Variant) storeFirstPrices(tx *command.Tx) error {
	for _, p := range v.Prices {
		if err := v.insertPrice(tx, p, tx.At, nil); err != nil {
			return err
		}
	}
	return nil
}

// compareAt returns the compare-at price as its column takes it.
func (v Variant) compareAt(c money.Currency) any {
	if above, ok := amountIn(v.CompareAt, c); ok {
		return above.Minor()
	}
	return nil
}

func (v Variant) storePrice(tx *command.Tx, p money.Amount, old *ownPrice) error {
	if old != nil && old.amount == p.Minor() {
		_, err := tx.Exec(`UPDATE prices SET compare_at = ? WHERE variant = ? AND currency = ?`, v.compareAt(p.Currency()), v.ID, p.Currency())
		return err
	}
	since := tx.At
	if old != nil {
		if err := old.bury(tx, v.ID); err != nil {
			return err
		}
		since = max(since, old.since)
	}
	lowest, found, err := lowestBetween(tx.Tx, v.ID, p.Currency(), since-priorPriceMillis, since)
	if err != nil {
		return err
	}
	if !found {
		return v.insertPrice(tx, p, since, nil)
	}
	return v.insertPrice(tx, p, since, lowest)
}

func (v Variant) insertPrice(tx *command.Tx, p money.Amount, since int64, prior any) error {
	_, err := tx.Exec(`INSERT INTO prices (variant, currency, amount, compare_at, since, prior, slot) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (variant, currency) DO UPDATE SET amount = excluded.amount, compare_at = excluded.compare_at, since = excluded.since, prior = excluded.prior`,
		v.ID, p.Currency(), p.Minor(), v.compareAt(p.Currency()), since, prior, tx.Slot)
	return err
}

// ownPrice is a price of a variant as it is stored.
type ownPrice struct {
	currency money.Currency
	amount   int64
	since    int64
}

func readOwnPrices(tx *sqlite.Tx, variant VariantID) (prices []ownPrice, err error) {
	rows := tx.Query(`SELECT currency, amount, since FROM prices WHERE variant = ? ORDER BY currency`, variant)
	for rows.Next() {
		prices = append(prices, ownPrice{currency: money.Currency(rows.Text(0)), amount: rows.Int64(1), since: rows.Int64(2)})
	}
	return prices, rows.Close()
}

// priceIn returns nil if there is no price in the currency.
func priceIn(prices []ownPrice, c money.Currency) *ownPrice {
	for i := range prices {
		if prices[i].currency == c {
			return &prices[i]
		}
	}
	return nil
}

// bury writes a price that ends now into the history.
func (p *ownPrice) bury(tx *command.Tx, variant VariantID) error {
	_, err := tx.Exec(`INSERT INTO price_history (variant, currency, since, until, amount, slot) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (variant, currency, until, since) DO UPDATE SET amount = min(amount, excluded.amount)`,
		variant, p.currency, p.since, max(tx.At, p.since), p.amount, tx.Slot)
	return err
}

// lowestBetween returns the lowest price that was in force at some moment of a
// span and is not any more.
func lowestBetween(tx *sqlite.Tx, variant VariantID, c money.Currency, from, until int64) (lowest int64, found bool, err error) {
	rows := tx.One(`SELECT min(amount) FROM price_history WHERE variant = ? AND currency = ? AND until > ? AND since < ?`, variant, c, from, until)
	if rows.Next() && !rows.Null(0) {
		lowest, found = rows.Int64(0), true
	}
	return lowest, found, rows.Close()
}

// LowestPrice returns the lowest price that a variant itself had in a currency
// in the 30 days before a moment, such as the beginning of a sale, and false if
// it had none. What price lists made of it does not count.
func (s *Service) LowestPrice(ctx context.Context, sku SKU, c money.Currency, before time.Time) (lowest money.Amount, found bool, err error) {
	v, err := s.BySKU(ctx, sku)
	if err != nil {
		return money.Amount{}, false, err
	}
	slot, err := v.ID.Slot()
	if err != nil {
		return money.Amount{}, false, err
	}
	until := before.UnixMilli()
	err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) error {
		minor, past, err := lowestBetween(tx, v.ID, c, until-priorPriceMillis, until)
		if err != nil {
			return err
		}
		now, present, err := tx.Int64(`SELECT amount FROM prices WHERE variant = ? AND currency = ? AND since < ?`, v.ID, c, until)
		switch found = past || present; {
		case past && present:
			minor = min(minor, now)
		case present:
			minor = now
		}
		lowest = money.New(minor, c)
		return err
	})
	if err != nil {
		return money.Amount{}, false, fmt.Errorf("reading the price history of %q: %w", sku, err)
	}
	return lowest, found, nil
}
