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
}

func (c *client) key() string {
	c.n++
	return fmt.Sprintf("client-%d-%d", c.id, c.n)
}

// on calls a random node. Nothing is heard from one that ends meanwhile.
func (c *client) on(call func(context.Context, *commerce.Store) error) error {
	return c.onAny(c.r.IntN, call)
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
		began := c.book.Begin()
		err := c.on(func(ctx context.Context, s *commerce.Store) error {
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
	began := c.book.Begin()
	var l inventory.Level
	err := c.on(func(ctx context.Context, s *commerce.Store) (err error) {
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
	began := c.book.Begin()
	var got cart.Cart
	err := c.on(func(ctx context.Context, s *commerce.Store) (err error) {
		got, err = s.Carts.Get(ctx, basket)
		return err
	})
	if err == nil && len(got.Lines) == 1 {
		c.book.Cart(string(basket), c.id, began, historytest.Look{}, historytest.Seen{N: got.Lines[0].Quantity})
		return
	}
	c.unexpected("reading a cart", err)
}

// name is the client's when it works for the shop.
func (c *client) name() string { return fmt.Sprint("staff ", c.id) }

// reprice changes the price of a product that only this client changes, and reads it: on the same node, where its session
// is, on any node as fresh as can be, and on any node in the session that has written. None may be older, from whatever
// cache it comes.
func (c *client) reprice() {
	mine := catalog.SKU(fmt.Sprint("priced-", c.id))
	c.price++
	want, key := money.New(100+c.price, "EUR"), c.key()
	c.doubted[want] = true // until it is confirmed: it may come yet, also after the next
	read := func(ctx context.Context, s *commerce.Store, how string) error {
		v, err := s.Catalog.BySKU(ctx, mine)
		if err == nil && (len(v.Prices) != 1 || v.Prices[0] != want && !c.doubted[v.Prices[0]]) {
			err = fault.New(fault.Refused, "a price was set to %v and is %v, %s", want, v.Prices, how)
		}
		return err
	}
	var seen commerce.Session
	var here error
	err := c.on(func(ctx context.Context, s *commerce.Store) error {
		ctx = commerce.AsStaff(ctx, c.name())
		change := catalog.PutProduct{SKU: mine, Title: fmt.Sprint("Priced ", c.price), Price: want, Key: key}
		if _, err := s.Catalog.PutProduct(ctx, change); err != nil {
			return err
		}
		seen = s.Session(ctx)
		here = read(ctx, s, "on the same node")
		return nil
	})
	c.unexpected("changing a price", err)
	if err != nil {
		return
	}
	delete(c.doubted, want)
	c.unexpected("reading a price", here)
	c.unexpected("reading a price", c.on(func(ctx context.Context, s *commerce.Store) error {
		if c.r.IntN(2) == 0 {
			return read(commerce.Fresh(ctx), s, "on another node, read fresh")
		}
		ctx, err := s.Since(ctx, seen)
		if err != nil {
			return err
		}
		return read(ctx, s, "on another node, in the session that has written")
	}))
}

// unexpected makes an answer that no client should get a violation.
func (c *client) unexpected(doing string, err error) {
	if err == nil || !answered(err) {
		return
	}
	c.add("VIOLATION: client %d, %s: %v", c.id, doing, err)
	c.t.Errorf("client %d, %s: %v", c.id, doing, err)
}
