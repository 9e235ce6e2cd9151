package shard

import "errors"

// A refusal leaves nothing of its command. Most commands are not refused, and
// most of those that are have changed nothing yet. So a transaction runs
// without savepoints at first: one for each command would cost a copy of every
// page that the command changes. When a command is refused that has something
// to undo, the whole transaction is undone and runs again with savepoints, and
// so do some that follow, since what refuses once often does again. Which way
// it went cannot be seen in what was applied.

// carefulFor is how many transactions run with savepoints after one that
// needed them.
const carefulFor = 64

// errUndo says that there is something to undo and no savepoint.
var errUndo = errors.New("a refused command has something to undo")

// undo is where a refused command goes back to.
type undo struct {
	shard   *Shard
	saved   bool  // there is a savepoint
	changes int64 // rows changed before, without one
}

func (s *Shard) undoPoint() (undo, error) {
	if s.careful == 0 {
		return undo{shard: s, changes: s.conn.TotalChanges()}, nil
	}
	return undo{shard: s, saved: true}, s.conn.Savepoint()
}

// keep is called when the command was not refused.
func (u undo) keep() error {
	if u.saved {
		return u.shard.conn.Release()
	}
	return nil
}

// back undoes what the command has changed, or returns errUndo.
func (u undo) back() error {
	switch {
	case u.saved:
		return u.shard.conn.RollbackTo()
	case u.shard.conn.TotalChanges() != u.changes:
		return errUndo
	}
	return nil
}
