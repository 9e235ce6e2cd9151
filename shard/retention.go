package shard

import (
	"time"

	"github.com/keelshop/commerce/internal/sqlite"
)

// Retention says how long a shard keeps what grows without bound.
//
// Answers are kept for AnswerAge. Should those of a shard, or of one principal
// on it, take up more than their bound before that, the oldest go first, but
// none that is younger than AnswerMin. Only beyond four times the bound do
// younger ones go, too: then somebody writes so fast that a retry has little
// use of an answer anyway. The answers of the newest minute always stay.
//
// An answer that made an order, a payment or a refund under a key that the
// caller chose is none of these: it stays as long as what it made, so that
// asking again, after years too, finds the first one and makes no second.
type Retention struct {
	AnswerAge time.Duration
	AnswerMin time.Duration
	EventAge  time.Duration
	// Bytes bounds the answers of a shard, OwnerBytes those of one principal
	// on it. The program itself, which asks without a principal, is bound by
	// Bytes alone.
	Bytes, OwnerBytes int64
}

const (
	answerOverhead = 80 // bytes of an answer besides its body
	mostOwners     = 64 // in one round of pruning
	hardBound      = 4  // times the bound
)

// Plan returns the first step of a round of pruning at wall-clock time now.
func (r Retention) Plan(tx *sqlite.Tx, now time.Time) (Prune, error) {
	p := Prune{AnswersBefore: now.Add(-r.AnswerAge).UnixMilli(), EventsBefore: now.Add(-r.EventAge).UnixMilli()}
	before, err := r.cut(tx, now, r.Bytes, `SELECT at / 60000, sum(length(body) + ?) FROM answers WHERE lasting = 0 GROUP BY 1 ORDER BY 1 DESC`)
	if err != nil {
		return p, err
	}
	p.AnswersBefore = max(p.AnswersBefore, before)
	owners, err := r.tooMany(tx)
	if err != nil {
		return p, err
	}
	for _, o := range owners {
		before, err := r.cut(tx, now, r.OwnerBytes,
			`SELECT at / 60000, sum(length(body) + ?) FROM answers WHERE lasting = 0 AND owner = ? GROUP BY 1 ORDER BY 1 DESC`, o)
		if err != nil {
			return p, err
		}
		if before > p.AnswersBefore {
			p.Owners = append(p.Owners, OwnerCut{Owner: o, Before: before})
		}
	}
	return p, nil
}

// tooMany returns who has more answers than their bound, the worst first.
func (r Retention) tooMany(tx *sqlite.Tx) ([]int64, error) {
	rows := tx.Query(`SELECT owner, sum(length(body) + ?) AS bytes FROM answers WHERE lasting = 0 AND owner <> 0
		GROUP BY owner HAVING bytes > ? ORDER BY bytes DESC, owner LIMIT ?`, answerOverhead, r.OwnerBytes, mostOwners)
	var owners []int64
	for rows.Next() {
		owners = append(owners, rows.Int64(0))
	}
	return owners, rows.Close()
}

// cut returns the time before which answers must go so that a bound is kept,
// given a query for bytes by minute, the newest first; 0 if nothing must go.
func (r Retention) cut(tx *sqlite.Tx, now time.Time, bound int64, query string, args ...any) (int64, error) {
	var bytes, soft, hard int64
	newest := now.UnixMilli()/minute - 1
	rows := tx.Query(query, append([]any{answerOverhead}, args...)...)
	for rows.Next() {
		at := rows.Int64(0)
		bytes += rows.Int64(1)
		if at >= newest {
			continue
		}
		if bytes > bound && soft == 0 {
			soft = (at + 1) * minute
		}
		if bytes > hardBound*bound && hard == 0 {
			hard = (at + 1) * minute
		}
	}
	if err := rows.Close(); err != nil {
		return 0, err
	}
	return max(min(soft, now.Add(-r.AnswerMin).UnixMilli()), hard), nil
}

const minute = 60_000 // ms
