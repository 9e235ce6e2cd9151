package shard

import (
	"fmt"

	"github.com/keelshop/commerce/internal/id"
)

// MaxShards is the largest number of shards of a store.
const MaxShards = 256

// Map assigns every slot to a shard. It is a value: a changed map is a new one
// with a higher version.
type Map struct {
	Version uint64
	shards  int
	owner   [id.Slots]uint8
}

// NewMap returns the first map of a store with n shards: equal ranges of
// slots, in order.
func NewMap(n int) (*Map, error) {
	if n < 1 || n > MaxShards {
		return nil, fmt.Errorf("a store has 1 to %d shards, not %d", MaxShards, n)
	}
	m := &Map{Version: 1, shards: n}
	for s := range m.owner {
		m.owner[s] = uint8(s * n / id.Slots)
	}
	return m, nil
}

// Shards returns the number of shards.
func (m *Map) Shards() int { return m.shards }

// Owner returns the shard that owns slot.
func (m *Map) Owner(slot id.Slot) int { return int(m.owner[slot]) }

// Ranges returns the slots that a shard owns, as ranges with both ends
// included, in order.
func (m *Map) Ranges(shard int) [][2]id.Slot {
	var out [][2]id.Slot
	for s := range m.owner {
		if int(m.owner[s]) != shard {
			continue
		}
		slot := id.Slot(s)
		if n := len(out); n > 0 && out[n-1][1]+1 == slot {
			out[n-1][1] = slot
			continue
		}
		out = append(out, [2]id.Slot{slot, slot})
	}
	return out
}
