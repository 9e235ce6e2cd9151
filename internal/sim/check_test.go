package sim

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/replication/peer"
	"github.com/keelshop/commerce/shard"
)

const soon = 2 * time.Minute // by when everything must work again

// heal ends all trouble and waits until everything works again, on every node and in every shard.
func (w *world) heal() {
	w.net.Heal()
	w.net.SetFaults(peer.Faults{})
	for _, n := range w.nodes {
		if l := n.now.Load(); l != nil && l.broken {
			w.crash(n) // whether it has noticed or not
		}
	}
	w.bury()
	w.add("all is well from here")
	w.eventually("all nodes are members", soon, func() error {
		w.bury()
		if w.t.Failed() {
			return nil
		}
		w.revive(1)
		if len(w.running()) < len(w.nodes) {
			return errors.New("some do not run")
		}
		return w.removeGone(5 * time.Second)
	})
	w.eventually("all nodes have votes and have caught up", soon, w.complete)
	for _, l := range w.running() {
		w.eventually(l.node+" sells in every shard", soon, func() error { return w.sells(l) })
	}
}

// complete reports whether every node has a vote in every shard.
func (w *world) complete() error {
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
	defer cancel()
	status, err := w.running()[0].shop.Cluster().Status(ctx)
	if err != nil {
		return err
	}
	for _, s := range status {
		if !s.Reachable || s.Voter != w.shards || s.Behind > 20 {
			return fmt.Errorf("%+v", s)
		}
	}
	if len(status) != len(w.nodes) {
		return fmt.Errorf("there are %d nodes", len(status))
	}
	return nil
}

// check looks at everything there is, when nothing happens any more.
func (w *world) check() {
	w.settles()
	for _, l := range w.running() {
		w.sound(l)
		w.complains(w.hasAll(l))
		w.complains(w.trailsHold(l))
	}
	w.same()
	w.complains(w.keysHold())
	w.complains(w.stockAgrees())
	all, err := w.allOrders()
	w.complains(err)
	w.complains(w.totalsAgree(all))
	w.everyNow(5*time.Second, "numbers and documents agree with orders", soon, w.papersAgree)
	w.complains(w.moneyAgrees(all))
	w.complains(w.partsAgree(all))
	w.complains(w.codesAgree(all))
	w.complains(w.creditAgrees(all))
	w.complains(w.promisesHold(all))
}

// complains makes an error a violation.
func (w *world) complains(err error) {
	if err != nil {
		w.add("VIOLATION: %v", err)
		w.t.Error(err)
	}
}

// sound verifies all invariants of a node's store, and compares its index with its catalog.
func (w *world) sound(l *life) {
	found, err := l.shop.Verify(w.t.Context())
	w.complains(err)
	for _, v := range found {
		w.complains(fmt.Errorf("%s: %s", l.node, v))
	}
	if l.finder == nil {
		return
	}
	// What has sold out is told by no event, but found by the survey that an index makes every 20 seconds, or later if the
	// last one took long.
	w.eventually("the index of "+l.node+" agrees with the catalog", 15*time.Minute, func() error {
		differ, err := l.finder.Verify(w.t.Context())
		if err == nil && len(differ) > 0 {
			err = errors.New(strings.Join(differ, "; "))
		}
		if err != nil {
			time.Sleep(10 * time.Second)
		}
		return err
	})
}

// hasAll checks that what was confirmed is there, once, and that events have no gaps.
func (w *world) hasAll(l *life) error {
	ctx := w.t.Context()
	confirmed := w.book.Confirmed()
	missing := map[string]string{}
	for key, id := range confirmed {
		if other := missing[id]; other != "" {
			return fmt.Errorf("%s: order %s was confirmed to %s and to %s", l.node, id, key, other)
		}
		missing[id] = key
	}
	carts := map[string]orders.ID{}
	for o, err := range l.shop.Orders.All(ctx, orders.Filter{}) {
		if err != nil {
			return err
		}
		if o.Status == orders.Canceled {
			continue // another may be made of its cart
		}
		if o.Status == orders.Placed {
			delete(missing, string(o.ID))
		}
		if other := carts[o.Cart]; other != "" {
			return fmt.Errorf("%s: the orders %s and %s are of one cart", l.node, o.ID, other)
		}
		carts[o.Cart] = o.ID
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s: confirmed orders are not placed: %v", l.node, missing)
	}
	next := map[int]int64{}
	for e, err := range l.shop.Events(ctx, "") {
		if err != nil {
			return err
		}
		if want := next[e.Shard]; want != 0 && e.Sequence != want {
			return fmt.Errorf("%s: event %d of shard %d follows %d", l.node, e.Sequence, e.Shard, want-1)
		}
		next[e.Shard] = e.Sequence + 1
	}
	return nil
}

// trailsHold checks that every change of staff that was confirmed is noted, once, and nothing that nobody asked for. That
// nothing of it was changed afterwards is found by Verify.
func (w *world) trailsHold(l *life) error {
	noted := map[string]int{}
	for row, err := range l.shop.Query(w.t.Context(), `SELECT principal FROM trail WHERE kind = 'catalog.put_product' AND refused = ''`) {
		if err != nil {
			return err
		}
		noted[fmt.Sprint(row.Values[0])]++
	}
	for _, c := range w.shoppers {
		sure := int(c.price) - len(c.doubted)
		if n := noted[c.name()]; n < sure || n > int(c.price) {
			return fmt.Errorf("%s: %s has made %d changes, of which %d are in doubt; %d are in the trail", l.node, c.name(), c.price, len(c.doubted), n)
		}
	}
	return nil
}

// same waits until all nodes have applied the same, and compares every table.
func (w *world) same() {
	w.eventually("all nodes hold the same", soon, func() error {
		var first []string
		for _, l := range w.running() {
			got, err := w.digests(l)
			if err != nil {
				return err
			}
			if first == nil {
				first = got
			}
			if !slices.Equal(first, got) {
				return fmt.Errorf("%v and %v", first, got)
			}
		}
		return nil
	})
}

func (w *world) digests(l *life) (list []string, err error) {
	err = w.eachShard(l, func(tx *sqlite.Tx, _ int) error {
		sum, applied, err := shard.Digest(tx)
		list = append(list, fmt.Sprintf("%d %s", applied, hex.EncodeToString(sum[:6])))
		return err
	})
	return list, err
}

// keysHold asks again for what was confirmed.
func (w *world) keysHold() error {
	asked := 0
	for key, id := range w.book.Confirmed() {
		if asked++; asked > 5 {
			return nil
		}
		l := w.running()[asked%len(w.running())]
		o, err := l.shop.Orders.Get(w.t.Context(), orders.ID(id))
		if err != nil {
			return err
		}
		r, err := l.shop.Checkout.Complete(w.t.Context(), completeAgain(o, key, w.bank.Name()))
		if err != nil || string(r.ID) != id {
			return fmt.Errorf("%s: %s made order %s, and asked again %s, %w", l.node, key, id, r.ID, err)
		}
	}
	return nil
}

func completeAgain(o orders.Order, key, provider string) checkout.Complete {
	return checkout.Complete{Cart: cart.ID(o.Cart), Key: key, PayWith: provider, Token: "pm_card_visa"}
}

// stockAgrees counts the goods: what was received is sold or left.
func (w *world) stockAgrees() error {
	s := w.running()[0].shop
	for i := range goods {
		l, err := s.Inventory.Level(w.t.Context(), sku(i), "")
		if err != nil {
			return err
		}
		sold := int64(0)
		for o, err := range s.Orders.All(w.t.Context(), orders.Filter{Status: orders.Placed}) {
			if err != nil {
				return err
			}
			full, err := s.Orders.Get(w.t.Context(), o.ID)
			if err != nil {
				return err
			}
			for _, line := range full.Lines {
				if line.SKU == sku(i) {
					sold += line.Quantity
				}
			}
		}
		if l.Available+sold != l.OnHand || l.Available < 0 || l.Held != 0 {
			return fmt.Errorf("%s: %d are on hand, %d sold, %d available, %d held", sku(i), l.OnHand, sold, l.Available, l.Held)
		}
	}
	return nil
}

// sells puts something into the cart of every shard through a node.
func (w *world) sells(l *life) error {
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
	defer cancel()
	for i := range 4 * w.shards { // carts lie on random shards
		_, err := l.shop.Inventory.Receive(ctx, inventory.Receive{SKU: "common", Quantity: 1, Reason: "sale"})
		if err != nil {
			return err
		}
		if _, err := purchase(ctx, l.shop, "common", fmt.Sprintf("sale-%s-%d-%d", l.node, i, time.Now().UnixNano()), w.bank.Name()); err != nil {
			return err
		}
	}
	return nil
}
