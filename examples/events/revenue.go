package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	_ "modernc.org/sqlite" // the app's own database; any other with transactions does
)

// The app's own tables. The position stands beside what was made of the
// events up to it, so that one transaction moves both.
const schema = `
CREATE TABLE IF NOT EXISTS revenue (
	day      TEXT    NOT NULL,
	currency TEXT    NOT NULL,
	orders   INTEGER NOT NULL,
	minor    INTEGER NOT NULL, -- of the currency, less what was granted back
	PRIMARY KEY (day, currency)
) STRICT;
CREATE TABLE IF NOT EXISTS feed (
	one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	position TEXT    NOT NULL
) STRICT;
INSERT OR IGNORE INTO feed (one, position) VALUES (1, '');`

// revenue is the app's own table.
type revenue struct{ db *sql.DB }

func openRevenue(ctx context.Context, path string) (revenue, error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return revenue{}, err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return revenue{}, errors.Join(err, db.Close())
	}
	return revenue{db}, nil
}

func (r revenue) close() error { return r.db.Close() }

// A feed is Store.Events or Store.Follow.
type feed func(context.Context, commerce.Position) iter.Seq2[commerce.Event, error]

// keepInStep reads on from where the table stands.
func (r revenue) keepInStep(ctx context.Context, read feed) error {
	var position commerce.Position
	if err := r.db.QueryRowContext(ctx, `SELECT position FROM feed`).Scan(&position); err != nil {
		return err
	}
	for event, err := range read(ctx, position) {
		if err != nil {
			return err
		}
		if err := r.take(ctx, event); err != nil {
			return fmt.Errorf("event %d of shard %d: %w", event.Sequence, event.Shard, err)
		}
	}
	return nil
}

// take books one event and moves the position past it, both or neither.
func (r revenue) take(ctx context.Context, e commerce.Event) error {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if err := book(ctx, tx, e); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE feed SET position = ?`, e.Position); err != nil {
		return err
	}
	return tx.Commit()
}

func book(ctx context.Context, tx *sql.Tx, e commerce.Event) error {
	var count, minor int64
	var currency money.Currency
	switch e.Kind {
	case "order.placed":
		var o orders.PlacedEvent
		if err := json.Unmarshal(e.Data, &o); err != nil {
			return err
		}
		count, minor, currency = 1, o.Total, o.Currency
	case "order.returned":
		var o orders.ReturnedEvent
		if err := json.Unmarshal(e.Data, &o); err != nil {
			return err
		}
		minor, currency = -o.Amount, o.Currency
	default:
		return nil // of no interest to this table
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO revenue (day, currency, orders, minor) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET orders = orders + excluded.orders, minor = minor + excluded.minor`,
		e.At.Format("2006-01-02"), currency, count, minor)
	return err
}

func (r revenue) print(ctx context.Context, w io.Writer) error {
	rows, err := r.db.QueryContext(ctx, `SELECT day, currency, orders, minor FROM revenue ORDER BY day, currency`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var day string
		var currency money.Currency
		var count, minor int64
		if err := rows.Scan(&day, &currency, &count, &minor); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %d orders, %v\n", day, count, money.New(minor, currency))
	}
	return rows.Err()
}
