package chaos

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/internal/historytest"
)

const (
	goods   = 3
	initial = 20
	each    = 3 * time.Second  // how long a client waits for one node
	insists = 15 * time.Second // and for any
)

// sku is one of the goods of this shift.
func (f *fleet) sku(i int) string { return fmt.Sprintf("goods-%d-%d", f.shifts, i) }

// client shops on random nodes and notes what it is told.
type client struct {
	*fleet
	book  *historytest.History
	id    int
	n     int
	r     *rand.Rand
	pause time.Duration
	stop  *atomic.Bool
	carts []string
}

func (c *client) key() string {
	c.n++
	return fmt.Sprintf("client-%d-%d-%d", c.shifts, c.id, c.n)
}

// insist asks one node after the other with the same key until there is an answer, or for a while.
func (c *client) insist(r request) (got reply, known bool) {
	for end := time.Now().Add(insists); ; {
		got, err := c.nodes[c.r.IntN(len(c.nodes))].ask(r, each)
		if err == nil && !got.Again {
			return got, true
		}
		if time.Now().After(end) {
			return got, false
		}
		time.Sleep(time.Duration(10+c.r.IntN(150)) * time.Millisecond)
	}
}

// shop does what clients do until they are stopped.
func (c *client) shop() {
	for !c.stop.Load() {
		switch c.r.IntN(8) {
		case 0, 1, 2:
			c.buy()
		case 3:
			c.receive()
		case 4:
			c.set()
		case 5, 6:
			c.view()
		case 7:
			c.find()
		}
		time.Sleep(time.Duration(c.r.Int64N(int64(2*c.pause) + 1)))
	}
}

func (c *client) unexpected(doing string, got reply, known bool) bool {
	if known && got.Error != "" {
		c.t.Errorf("client %d, %s: %s", c.id, doing, got.Error)
	}
	return known && got.Error == ""
}

func (c *client) buy() {
	key, what, n := c.key(), c.sku(c.r.IntN(goods)), int64(1+c.r.IntN(3))
	basket, known := c.insist(request{Op: "fill", SKU: what, N: n, Key: key})
	if !c.unexpected("filling a cart", basket, known) {
		return
	}
	began := c.book.Begin()
	got, known := c.insist(request{Op: "buy", Cart: basket.Cart, Key: key})
	switch {
	case known && got.Short:
		c.book.Stock(what, c.id, began, historytest.Take{N: n}, historytest.Took{})
	case c.unexpected("buying", got, known):
		c.book.Stock(what, c.id, began, historytest.Take{N: n}, historytest.Took{OK: true})
		c.book.Order(key, c.id, began, historytest.Make{}, historytest.Made{ID: got.Order})
		c.book.Confirm(key, got.Order)
		if again, known := c.insist(request{Op: "buy", Cart: basket.Cart, Key: key}); known { // clicks twice
			c.book.Order(key, c.id, began, historytest.Make{}, historytest.Made{ID: again.Order})
		}
	default:
		c.book.Stock(what, c.id, began, historytest.Take{N: n}, historytest.Took{Unknown: true})
	}
}

func (c *client) receive() {
	key, what, n := c.key(), c.sku(c.r.IntN(goods)), int64(1+c.r.IntN(4))
	began := c.book.Begin()
	got, known := c.insist(request{Op: "receive", SKU: what, N: n, Key: key})
	c.book.Stock(what, c.id, began, historytest.Put{N: n}, historytest.Done{Unknown: !c.unexpected("receiving", got, known)})
}

func (c *client) set() {
	basket, key := c.carts[c.r.IntN(len(c.carts))], c.key()
	n := int64(c.id*100_000 + c.n)
	began := c.book.Begin()
	got, known := c.insist(request{Op: "set", Cart: basket, SKU: c.sku(0), N: n, Key: key})
	c.book.Cart(basket, c.id, began, historytest.Set{N: n}, historytest.Done{Unknown: !c.unexpected("changing a cart", got, known)})
}

func (c *client) view() {
	basket := c.carts[c.r.IntN(len(c.carts))]
	began := c.book.Begin()
	got, err := c.nodes[c.r.IntN(len(c.nodes))].ask(request{Op: "view", Cart: basket}, each)
	if err == nil && !got.Again && c.unexpected("reading a cart", got, true) {
		c.book.Cart(basket, c.id, began, historytest.Look{}, historytest.Seen{N: got.N})
	}
}

// find looks for any order that was confirmed to anybody.
func (c *client) find() {
	for key, id := range c.book.Confirmed() {
		began := c.book.Begin()
		got, err := c.nodes[c.r.IntN(len(c.nodes))].ask(request{Op: "find", Order: id}, each)
		if err == nil && !got.Again {
			c.book.Order(key, c.id, began, historytest.Find{ID: id}, historytest.Found{There: !got.None})
		}
		return
	}
}
