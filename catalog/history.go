package catalog

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Change tells of one version of a product, category or another thing of the
// catalog: who made it, when, and what differs from the version before.
type Change struct {
	Subject   string // the ID of what was changed
	Version   int64
	At        time.Time
	Principal string   // who asked; "" is the program itself
	Kind      string   // that of the event, as in "product.updated"
	Fields    []string // names of the fields that differ, as in "title"; none for a new thing
}

// History returns the changes of a product, category or another thing of the
// catalog, by its ID, from the oldest on. They are kept for ever, also those of
// what was removed.
func (s *Service) History(ctx context.Context, subject string) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		slot, err := id.SlotOf(subject)
		for after := int64(0); err == nil; {
			var page []Change
			err = s.engine.View(ctx, slot, func(tx *sqlite.Tx) (err error) {
				page, err = readChanges(tx, subject, after)
				return err
			})
			for _, c := range page {
				if after = c.Version; !yield(c, nil) {
					return
				}
			}
			if err == nil && len(page) < changesPage {
				return
			}
		}
		yield(Change{}, fmt.Errorf("reading the history of %s: %w", subject, err))
	}
}

const changesPage = 100

func readChanges(tx *sqlite.Tx, subject string, after int64) (page []Change, err error) {
	rows := tx.Query(`SELECT version, at, principal, kind, fields FROM catalog_changes
		WHERE subject = ? AND version > ? ORDER BY version LIMIT ?`, subject, after, changesPage)
	for rows.Next() {
		page = append(page, Change{
			Subject: subject, Version: rows.Int64(0), At: timeOf(rows, 1), Principal: rows.Text(2),
			Kind: rows.Text(3), Fields: strings.Fields(rows.Text(4)),
		})
	}
	return page, rows.Close()
}

// remember records who made a version of something and what it changed.
func remember(tx *command.Tx, kind, subject string, version int64, fields []string) error {
	_, err := tx.Exec(`INSERT INTO catalog_changes (subject, version, slot, at, principal, kind, fields) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		subject, version, tx.Slot, tx.At, tx.Principal, kind, strings.Join(fields, " "))
	return err
}

// differences lists the names of what differs.
type differences []string

func (d *differences) note(name string, same bool) {
	if !same {
		*d = append(*d, name)
	}
}
