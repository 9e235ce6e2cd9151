// Package historytest writes down what clients ask of a shop and are told, and checks with porcupine that there is an order
// of these events in which a simple model would have answered the same: that the shop is linearizable.
package historytest

import (
	"maps"
	"math"
	"sort"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// History is what clients have asked for and were told, by object.
type History struct {
	mu     sync.Mutex
	times  []time.Time       // of the moments so far
	stock  objects           // by SKU
	carts  objects           // by cart
	orders objects           // by key of the purchase
	doubts int               // operations of which the outcome is not known
	placed map[string]string // key of a purchase → order, as it was confirmed
}

// objects are operations by the object that they are about.
type objects map[string][]porcupine.Operation

// forever is when an operation ends whose outcome is not known: it may take effect at any time.
const forever = math.MaxInt64

// Begin returns the moment at which an operation begins. Moments rise with everything that is begun or ends, so they
// order what virtual time does not.
func (h *History) Begin() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.next()
}

// Ago returns the moment that was a time ago: a read that may be so old may have begun then.
func (h *History) Ago(age time.Duration) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	then := time.Now().Add(-age)
	return 1 + 2*int64(sort.Search(len(h.times), func(i int) bool { return !h.times[i].Before(then) }))
}

func (h *History) next() int64 {
	h.times = append(h.times, time.Now())
	return 2 * int64(len(h.times)) // between two there is room for Ago
}

// Stock notes an operation on a SKU that has just ended: a Take, a Put or a Look.
func (h *History) Stock(sku string, client int, began int64, input, output any) {
	h.note(&h.stock, sku, client, began, input, output)
}

// Cart notes an operation on a line of a cart that has just ended: a Set or a Look.
func (h *History) Cart(id string, client int, began int64, input, output any) {
	h.note(&h.carts, id, client, began, input, output)
}

// Order notes that an order was made or looked for, under the key of its purchase: a Make or a Find.
func (h *History) Order(key string, client int, began int64, input, output any) {
	h.note(&h.orders, key, client, began, input, output)
}

func (h *History) note(in *objects, object string, client int, began int64, input, output any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if *in == nil {
		*in = objects{}
	}
	ended := h.next()
	if unknown(output) {
		h.doubts++
		ended = forever
	}
	(*in)[object] = append((*in)[object], porcupine.Operation{ClientId: client, Input: input, Output: output, Call: began, Return: ended})
}

// Confirm notes that an order was confirmed to the one who used a key.
func (h *History) Confirm(key, order string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.placed == nil {
		h.placed = map[string]string{}
	}
	h.placed[key] = order
}

// Confirmed returns all orders that were confirmed so far, by the key of the purchase.
func (h *History) Confirmed() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.placed)
}

// Doubts returns how many operations have an outcome that nobody knows.
func (h *History) Doubts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.doubts
}
