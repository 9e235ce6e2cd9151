package claim

import "github.com/keelshop/commerce/internal/command"

// row is one claim. Its zero value, which has no owner, is one that nobody has.
type row struct {
	kind     string
	hash     Hash
	owner    string
	reserved bool
	token    string
	due      int64
}

func find(tx *command.Tx, kind string, h Hash) (row, error) {
	c := row{kind: kind, hash: h}
	rows := tx.One(`SELECT owner, state = 'reserved', token, due FROM claims WHERE kind = ? AND hash = ?`, kind, h[:])
	if rows.Next() {
		c.owner, c.reserved, c.token, c.due = rows.Text(0), rows.Bool(1), rows.Text(2), rows.Int64(3)
	}
	return c, rows.Close()
}

// taken is what anybody but the owner is told.
func (c row) taken() error {
	if c.reserved {
		return &BusyError{Kind: c.kind, Hash: c.hash}
	}
	return &TakenError{Kind: c.kind, Hash: c.hash, Owner: c.owner}
}

// reserve stores the claim as reserved, whatever it was before.
func (c row) reserve(tx *command.Tx, owner, token string, deadline int64) error {
	if err := c.stopTimer(tx); err != nil {
		return err
	}
	due := tx.Clock + settleAfter
	_, err := tx.Exec(`INSERT INTO claims (kind, hash, owner, slot, state, token, deadline, due) VALUES (?, ?, ?, ?, 'reserved', ?, ?, ?)
		ON CONFLICT (kind, hash) DO UPDATE SET state = 'reserved', token = excluded.token, deadline = excluded.deadline, due = excluded.due`,
		c.kind, c.hash[:], owner, c.hash.Slot(), token, deadline, due)
	if err != nil {
		return err
	}
	own := *tx // the timer belongs to the claim's slot, not to the command's
	own.Slot = c.hash.Slot()
	return own.SetTimer(due, TimerKind, subject(c.kind, c.hash))
}

func (c row) confirm(tx *command.Tx) error {
	if !c.reserved {
		return nil
	}
	if err := c.stopTimer(tx); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE claims SET state = 'confirmed', token = '', deadline = 0, due = 0 WHERE kind = ? AND hash = ?`, c.kind, c.hash[:])
	return err
}

func (c row) release(tx *command.Tx) error {
	if err := c.stopTimer(tx); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM claims WHERE kind = ? AND hash = ?`, c.kind, c.hash[:])
	return err
}

func (c row) stopTimer(tx *command.Tx) error {
	if !c.reserved {
		return nil
	}
	return tx.ClearTimer(c.due, TimerKind, subject(c.kind, c.hash))
}
