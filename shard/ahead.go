package shard

import (
	"bytes"
	"errors"
	"slices"

	"github.com/keelshop/commerce/internal/command"
)

// Syncing an entry to the log takes about as long as applying it. So the writer
// of a shard that has nothing else to do applies an entry while the log syncs
// it, and leaves the transaction open: nobody can see what is in it. When the
// log holds the entry, what is left to do is the commit. When another entry
// comes in its place, as after a change of leaders, the transaction is rolled
// back and nothing has happened.

// ahead is a transaction that is open, and the entries that were applied in it.
// nil is none.
type ahead struct {
	transaction *transaction
	entries     []Entry
	replies     [][]Reply
}

// begins reports whether entries begin with those that were applied ahead.
func (a *ahead) begins(entries []Entry) bool {
	return a != nil && len(a.entries) <= len(entries) && slices.EqualFunc(a.entries, entries[:len(a.entries)], func(x, y Entry) bool {
		return x.Index == y.Index && x.Term == y.Term && bytes.Equal(x.Data, y.Data)
	})
}

// Prepare applies entries that follow directly on what is applied and that the
// log may not hold yet, so that ApplyBatch has less to do if they are the next
// that it gets. It shows nothing of them to anybody. What cannot be applied
// ahead, such as an entry from behind a higher cut, is left to ApplyBatch and
// is no error. An error means that the shard must stop. It is called like
// ApplyBatch.
func (s *Shard) Prepare(entries []Entry) error {
	defer s.use()()
	if err := s.forget(); err != nil || s.careful > 0 {
		return err
	}
	batches := make([]command.Batch, len(entries))
	for i, e := range entries {
		var err error
		if batches[i], err = command.DecodeBatch(e.Data); err != nil || batches[i].Cut > s.state.cut || e.Index <= s.state.applied {
			return nil
		}
	}
	t, err := s.begin(entries[0])
	if err != nil {
		return err
	}
	a := &ahead{transaction: t, entries: entries, replies: make([][]Reply, len(entries))}
	switch _, err := s.applyIn(t, entries, batches, a.replies); {
	case err == errUndo:
		return s.drop(a)
	case err != nil:
		return s.rollback(t, entries[0], err)
	}
	s.ahead = a
	return nil
}

// resume goes on with the transaction of entries that were applied ahead. They
// are the first of those whose replies are wanted.
func (s *Shard) resume(replies [][]Reply) (t *transaction, done int) {
	if s.ahead == nil {
		return nil, 0
	}
	t, done = s.ahead.transaction, copy(replies, s.ahead.replies)
	s.ahead = nil
	return t, done
}

// forget rolls back what was applied ahead.
func (s *Shard) forget() error {
	a := s.ahead
	if a == nil {
		return nil
	}
	s.ahead = nil
	return s.drop(a)
}

// errDropped is why a transaction is rolled back that was begun ahead.
var errDropped = errors.New("what was applied ahead is not kept")

func (s *Shard) drop(a *ahead) error {
	if err := s.rollback(a.transaction, a.entries[0], errDropped); err != errDropped {
		return err
	}
	return nil
}
