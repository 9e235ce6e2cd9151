package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/historytest"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

const (
	goods    = 3  // SKUs that are contended for
	initial  = 12 // units of each at first
	attempts = 8 * time.Second
	each     = 2 * time.Second // how long a client waits for one node
)

func sku(i int) catalog.SKU { return catalog.SKU(fmt.Sprint("goods-", i)) }

// client shops on random nodes and notes what it is told.
type client struct {
	*world
	id    int
	r     *rand.Rand
	n     int   // of its operations
	price int64 // as many as there were changes

	doubted  map[money.Amount]bool // prices that were asked for and not confirmed
	customer accounts.CustomerID   // "" before it has logged in
	promised map[orders.ID]promise // what it was told of its orders; the zero promise is in doubt
	seen     commerce.Session      // after the last call that was answered
}

func (c *client) key() string {
	c.n++
	return fmt.Sprintf("client-%d-%d", c.id, c.n)
}

// on calls a random node. Nothing is heard from one that ends meanwhile.
func (c *client) on(call func(context.Context, *commerce.Store) error) error {
	var seen commerce.Session
	err := c.onAny(c.r.IntN, func(ctx context.Context, s *commerce.Store) error {
		err := call(ctx, s)
		seen = s.Session(ctx)
		return err
	})
	if answered(err) {
		c.seen = seen
	}
	return err
}

// look reads on a random node as fresh as is usual, as fresh as can be, or as old as it likes. It returns from when on the
// state is that it may have seen.
func (c *client) look(call func(context.Context, *commerce.Store) error) (since int64, err error) {
	since = c.book.Begin()
	switch c.r.IntN(3) {
	case 0:
		err = c.on(call)
	case 1:
		err = c.on(func(ctx context.Context, s *commerce.Store) error { return call(commerce.Fresh(ctx), s) })
	case 2:
		age := time.Duration(c.r.IntN(3000)) * time.Millisecond
		since = c.book.Ago(age)
		err = c.on(func(ctx context.Context, s *commerce.Store) error { return call(commerce.Stale(ctx, age), s) })
	}
	return since, err
}

// onAny is on with random numbers of the caller's.
func (w *world) onAny(roll func(int) int, call func(context.Context, *commerce.Store) error) error {
	running := w.running()
	if len(running) == 0 {
		time.Sleep(200 * time.Millisecond)
		return fault.New(fault.Unavailable, "no node runs")
	}
	l := running[roll(len(running))]
	ctx, cancel := context.WithTimeout(context.Background(), each)
	defer cancel()
	err := call(ctx, l.shop)
	if l.ended.Load() {
		return fault.New(fault.Uncertain, "node %s has ended", l.node)
	}
	return err
}

// insist calls one node after the other until there is an answer, or for a while.
func (c *client) insist(call func(context.Context, *commerce.Store) error) error {
	for end := time.Now().Add(attempts); ; {
		err := c.on(call)
		if answered(err) || time.Now().After(end) {
			return err
		}
		time.Sleep(time.Duration(10+c.r.IntN(200)) * time.Millisecond)
	}
}

// answered reports whether the error, or its absence, is an answer of the shop.
func answered(err error) bool {
	return err == nil || !fault.Retryable(err) && fault.CodeOf(err) != fault.Broken
}

func isNotFound(err error) bool { return fault.CodeOf(err) == fault.NotFound }

// shop does what clients do until the world stops.
func (c *client) shop(all []cart.ID) {
	for !c.stop.Load() {
		switch c.r.IntN(10) {
		case 0, 1, 2:
			c.buy()
		case 3:
			c.receive()
		case 4:
			c.level()
		case 5, 6:
			c.set(all[c.r.IntN(len(all))])
		case 7:
			c.view(all[c.r.IntN(len(all))])
		case 8:
			c.find()
		case 9:
			c.reprice()
		}
		time.Sleep(time.Duration(c.r.IntN(300)) * time.Millisecond)
	}
}

// buy takes units of something, under the same key until there is an answer.
func (c *client) buy() {
	key, what, n := c.key(), sku(c.r.IntN(goods)), int64(1+c.r.IntN(3))
	var basket cart.Cart
	err := c.insist(func(ctx context.Context, s *commerce.Store) (err error) {
		basket, err = s.Carts.AddLine(ctx, cart.AddLine{SKU: what, Quantity: n, Key: key})
		return err
	})
	if err != nil {
		c.unexpected("filling a cart", err)
		return
	}
	began := c.book.Begin()
	var result checkout.Result
	err = c.insist(func(ctx context.Context, s *commerce.Store) (err error) {
		result, err = s.Checkout.Complete(ctx, checkout.Complete{
			Cart: basket.ID, Key: key, PayWith: c.bank.Name(), Token: "pm_card_visa",
		})
		if err == nil && result.Status == orders.Pending {
			err = fault.New(fault.Unavailable, "the order is pending")
		}
		return err
	})
	short, isShort := errors.AsType[*inventory.OutOfStockError](err)
	switch {
	case err == nil:
		c.book.Stock(string(what), c.id, began, historytest.Take{N: n}, historytest.Took{OK: true})
		c.book.Order(key, c.id, began, historytest.Make{}, historytest.Made{ID: string(result.ID)})
		c.book.Confirm(key, string(result.ID))
		c.add("client %d bought %d of %s: %s", c.id, n, what, result.ID)
		c.again(key, basket.ID)
	case isShort:
		c.book.Stock(string(what), c.id, began, historytest.Take{N: n}, historytest.Took{})
		c.add("client %d finds %s short: %v", c.id, what, short)
	default:
		c.book.Stock(string(what), c.id, began, historytest.Take{N: n}, historytest.Took{Unknown: true})
		c.add("client %d does not know whether it has %d of %s: %v", c.id, n, what, err)
		c.unexpected("buying", err)
	}
}

// again completes a purchase once more, as a shopper does who clicks twice, and looks for the order.
func (c *client) again(key string, basket cart.ID) {
	if c.r.IntN(3) > 0 {
		return
	}
	began := c.book.Begin()
	var result checkout.Result
	err := c.on(func(ctx context.Context, s *commerce.Store) (err error) {
		result, err = s.Checkout.Complete(ctx, checkout.Complete{Cart: basket, Key: key, PayWith: c.bank.Name(), Token: "pm_card_visa"})
		return err
	})
	if err == nil {
		c.book.Order(key, c.id, began, historytest.Make{}, historytest.Made{ID: string(result.ID)})
		return
	}
	c.unexpected("asking for an order again", err)
}

// find looks for an order that was confirmed to anybody.
func (c *client) find() {
	for key, id := range c.book.Confirmed() { // any one
		began, err := c.look(func(ctx context.Context, s *commerce.Store) error {
			if c.r.IntN(4) == 0 {
				return listed(ctx, s, orders.ID(id))
			}
			_, err := s.Orders.Get(ctx, orders.ID(id))
			return err
		})
		if err == nil || isNotFound(err) {
			c.book.Order(key, c.id, began, historytest.Find{ID: id}, historytest.Found{There: err == nil})
		} else {
			c.unexpected("looking for an order", err)
		}
		return
	}
}

// listed looks for an order in the list of all.
func listed(ctx context.Context, s *commerce.Store, id orders.ID) error {
	for o, err := range s.Orders.All(ctx, orders.Filter{}) {
		if err != nil || o.ID == id {
			return err
		}
	}
	return &orders.NotFoundError{Order: id}
}

func (c *client) receive() {
	key, what, n := c.key(), sku(c.r.IntN(goods)), int64(1+c.r.IntN(4))
	began := c.book.Begin()
	err := c.insist(func(ctx context.Context, s *commerce.Store) error {
		_, err := s.Inventory.Receive(ctx, inventory.Receive{SKU: what, Quantity: n, Reason: key, Key: key})
		return err
	})
	c.book.Stock(string(what), c.id, began, historytest.Put{N: n}, historytest.Done{Unknown: err != nil})
	c.add("client %d received %d of %s: %v", c.id, n, what, err)
	c.unexpected("receiving", err)
}

// level reads how many there are. Over several shards that is no one moment.
func (c *client) level() {
	if c.shards > 1 {
		return
	}
	what := sku(c.r.IntN(goods))
	var l inventory.Level
	began, err := c.look(func(ctx context.Context, s *commerce.Store) (err error) {
		l, err = s.Inventory.Level(ctx, what, "")
		return err
	})
	if err == nil {
		c.book.Stock(string(what), c.id, began, historytest.Look{}, historytest.Seen{N: l.Available})
		return
	}
	c.unexpected("reading a level", err)
}

// set changes the quantity in a cart to a number that nobody else uses.
func (c *client) set(basket cart.ID) {
	key := c.key()
	n := int64(c.id*10000 + c.n)
	began := c.book.Begin()
	err := c.insist(func(ctx context.Context, s *commerce.Store) error {
		_, err := s.Carts.SetQuantity(ctx, cart.SetQuantity{Cart: basket, SKU: sku(0), Quantity: n, Key: key})
		return err
	})
	c.book.Cart(string(basket), c.id, began, historytest.Set{N: n}, historytest.Done{Unknown: err != nil})
	c.unexpected("changing a cart", err)
}

func (c *client) view(basket cart.ID) {
	var got cart.Cart
	now := c.book.Begin()
	began, err := c.look(func(ctx context.Context, s *commerce.Store) (err error) {
		got, err = s.Carts.Get(ctx, basket)
		return err
	})
	if isNotFound(err) && began < now {
		return // a read that may be older than the cart
	}
	if err == nil && len(got.Lines) == 1 {
		c.book.Cart(string(basket), c.id, began, historytest.Look{}, historytest.Seen{N: got.Lines[0].Quantity})
		return
	}
	c.unexpected("reading a cart", err)
}

// name is the client's when it works for the shop.
func (c *client) name() string { return fmt.Sprint("staff ", c.id) }

// reprice changes the price of a product that only this client changes, and reads it: on the same node, where its session
// is, on any node as fresh as can be, on any node in the session that has written, and on any node a second later. None may
// be older, from whatever cache it comes.
func (c *client) reprice() {
	c.price++
	want, key := euro(100+c.price), c.key()
	c.doubted[want] = true // until it is confirmed: it may come yet, also after the next
	var here error
	err := c.on(func(ctx context.Context, s *commerce.Store) error {
		ctx = commerce.AsStaff(ctx, c.name())
		change := catalog.PutProduct{SKU: c.mine(), Title: fmt.Sprint("Priced ", c.price), Price: want, Key: key}
		if _, err := s.Catalog.PutProduct(ctx, change); err != nil {
			return err
		}
		here = c.costs(ctx, s, want)
		return nil
	})
	c.unexpected("changing a price", err)
	if err != nil {
		return
	}
	delete(c.doubted, want)
	c.unexpected("reading a price on the same node", here)
	how := c.anyRead()
	if how.after > 0 {
		time.Sleep(how.after)
	}
	c.unexpected("reading a price "+how.name, c.on(func(ctx context.Context, s *commerce.Store) error {
		ctx, err := how.bound(ctx, s)
		if err != nil {
			return err
		}
		return c.costs(ctx, s, want)
	}))
}

// mine is the product that only this client changes.
func (c *client) mine() catalog.SKU { return catalog.SKU(fmt.Sprint("priced-", c.id)) }

// costs reads the price of the client's product.
func (c *client) costs(ctx context.Context, s *commerce.Store, want money.Amount) error {
	v, err := s.Catalog.BySKU(ctx, c.mine())
	if err == nil && (len(v.Prices) != 1 || v.Prices[0] != want && !c.doubted[v.Prices[0]]) {
		err = fault.New(fault.Refused, "a price was set to %v and is %v", want, v.Prices)
	}
	return err
}

// reading is a way to read what was just written on another node.
type reading struct {
	name  string
	after time.Duration // so long after it was written
	bound func(context.Context, *commerce.Store) (context.Context, error)
}

// anyRead draws a kind of read that must see what the client has written, be it a product or an order.
func (c *client) anyRead() reading {
	seen := c.seen
	old := func(age time.Duration) func(context.Context, *commerce.Store) (context.Context, error) {
		return func(ctx context.Context, _ *commerce.Store) (context.Context, error) {
			return commerce.Stale(ctx, age), nil
		}
	}
	since := func(ctx context.Context, s *commerce.Store) (context.Context, error) {
		return s.Since(commerce.Stale(ctx, time.Hour), seen)
	}
	return []reading{
		{"fresh", 0, func(ctx context.Context, _ *commerce.Store) (context.Context, error) { return commerce.Fresh(ctx), nil }},
		{"in the session that has written", 0, since},
		{"a second later", 1001 * time.Millisecond, func(ctx context.Context, _ *commerce.Store) (context.Context, error) { return ctx, nil }},
		{"that may be 100 ms old, 101 ms later", 101 * time.Millisecond, old(100 * time.Millisecond)},
	}[c.r.IntN(4)]
}

// unexpected makes an answer that no client should get a violation.
func (c *client) unexpected(doing string, err error) {
	if err == nil || !answered(err) {
		return
	}
	c.add("VIOLATION: client %d, %s: %v", c.id, doing, err)
	c.t.Errorf("client %d, %s: %v", c.id, doing, err)
}
