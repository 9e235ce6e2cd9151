package metrics

import (
	"time"

	"github.com/keelshop/commerce"
)

// leading knows which shards a node leads. It looks once in a while: events may
// be many. It is for one goroutine.
type leading struct {
	shop   *commerce.Store
	looked time.Time
	shards map[int]bool
}

// look is how long what was seen is believed.
const look = 100 * time.Millisecond

func (l *leading) shard(n int) bool {
	if time.Since(l.looked) > look {
		l.shards, l.looked = map[int]bool{}, time.Now()
		for _, s := range l.shop.Status().Shards {
			l.shards[s.Shard] = s.Leading
		}
	}
	return l.shards[n]
}
