package replication

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// Entries returns what the machine was given from the first entry ever, for a
// replay. Its error is fault.NotFound when the log does not reach back that
// far any more; entries that are not yet committed may be among the last.
func (g *Group) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if g.log.First() > 1 || g.log.Marker().Index > 0 {
			yield(Entry{}, fault.New(fault.NotFound, "the log of group %d begins at entry %d", g.id, g.log.First()))
			return
		}
		for index := uint64(1); index <= g.log.Last(); index++ {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, fault.Wrap(fault.Unavailable, err, "reading the log of group %d", g.id))
				return
			}
			rec, err := g.log.Get(index)
			if errors.Is(err, raftlog.ErrNotFound) {
				err = fault.New(fault.NotFound, "the log of group %d was truncated meanwhile", g.id)
			}
			if err != nil {
				yield(Entry{}, fmt.Errorf("reading entry %d of group %d: %w", index, g.id, err))
				return
			}
			if rec.Type != raftlog.Command {
				continue
			}
			if !yield(Entry{Index: rec.Index, Term: rec.Term, Data: rec.Data}, nil) {
				return
			}
		}
	}
}
