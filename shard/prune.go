package shard

import "github.com/keelshop/commerce/internal/command"

// Prune deletes answers and events that are older than their retention. It
// looks at a bounded number of answers behind After and returns where the next
// Prune goes on, "" at the end. It is proposed by the shard's leader now and
// then; walking the table in key order spares an index by time.
type Prune struct {
	After []byte `cbor:"1,keyasint,omitempty"`
	// AnswersBefore and EventsBefore are wall-clock milliseconds.
	AnswersBefore int64 `cbor:"2,keyasint"`
	EventsBefore  int64 `cbor:"3,keyasint"`
	// Owners are those who have too many answers.
	Owners []OwnerCut `cbor:"4,keyasint,omitempty"`
}

// OwnerCut says which answers of one principal go.
type OwnerCut struct {
	Owner  int64 `cbor:"1,keyasint"`
	Before int64 `cbor:"2,keyasint"`
}

// Pruned is the answer of Prune.
type Pruned struct {
	Next    []byte `cbor:"1,keyasint,omitempty"`
	Answers int64  `cbor:"2,keyasint"`
	Events  int64  `cbor:"3,keyasint"`
}

// Kind returns "shard.prune".
func (Prune) Kind() command.Kind { return "shard.prune" }

// Validate returns nil.
func (Prune) Validate() error { return nil }

const pruneStep = 1000

func (c Prune) apply(tx *command.Tx) (Pruned, error) {
	var out Pruned
	after := c.After
	if after == nil {
		after = []byte{}
	}
	last, found, err := tx.Blob(`SELECT max(scope) FROM (SELECT scope FROM answers WHERE scope > ? ORDER BY scope LIMIT ?)`, after, pruneStep)
	if err != nil {
		return out, err
	}
	if found && last != nil {
		out.Next = last
		if out.Answers, err = c.deleteAnswers(tx, after, last); err != nil {
			return out, err
		}
	}
	// Events go from the oldest on, so that what is left has no gaps.
	keep, _, err := tx.Int64(`SELECT coalesce(
		(SELECT min(seq) FROM (SELECT seq, at FROM outbox ORDER BY seq LIMIT ?) WHERE at >= ?),
		(SELECT max(seq) + 1 FROM (SELECT seq FROM outbox ORDER BY seq LIMIT ?)), 0)`, pruneStep, c.EventsBefore, pruneStep)
	if err != nil {
		return out, err
	}
	if out.Events, err = tx.Exec(`DELETE FROM outbox WHERE seq < ?`, keep); err != nil || out.Events == 0 {
		return out, err
	}
	// next_event is written at the end of the transaction, and may be behind
	// here: how far depends on where batches were cut, and the outcome must not.
	_, err = tx.Exec(`UPDATE meta SET first_event = ?1, next_event = max(next_event, ?1) WHERE one = 1`, keep)
	return out, err
}

func (c Prune) deleteAnswers(tx *command.Tx, after, last []byte) (int64, error) {
	n, err := tx.Exec(`DELETE FROM answers WHERE scope > ? AND scope <= ? AND at < ? AND lasting = 0`, after, last, c.AnswersBefore)
	for _, o := range c.Owners {
		if err != nil {
			return n, err
		}
		var more int64
		more, err = tx.Exec(`DELETE FROM answers WHERE scope > ? AND scope <= ? AND owner = ? AND at < ? AND lasting = 0`, after, last, o.Owner, o.Before)
		n += more
	}
	return n, err
}
