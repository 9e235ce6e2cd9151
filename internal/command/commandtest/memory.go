package commandtest

import (
	"sync"

	"github.com/keelshop/commerce/internal/id"
)

// memory keeps values of slots until a command of the slot was carried out, and
// never drops one before.
type memory struct {
	mu      sync.Mutex
	version map[id.Slot]int
	values  map[id.Slot]map[string]any
}

func (m *memory) get(slot id.Slot, key string) (value any, version int, found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, found = m.values[slot][key]
	return value, m.version[slot], found
}

// put keeps a value that was read at a version of the slot or later.
func (m *memory) put(slot id.Slot, key string, version int, value any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version[slot] != version {
		return
	}
	if m.values == nil {
		m.values = map[id.Slot]map[string]any{}
	}
	if m.values[slot] == nil {
		m.values[slot] = map[string]any{}
	}
	m.values[slot][key] = value
}

func (m *memory) forget(slots []id.Slot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version == nil {
		m.version = map[id.Slot]int{}
	}
	for _, slot := range slots {
		m.version[slot]++
		delete(m.values, slot)
	}
}
