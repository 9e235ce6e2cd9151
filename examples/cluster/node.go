package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/httpserver"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/storefront"
)

// settings is what a node is told.
type settings struct {
	Dir, Listen            string
	Web                    string // where the node serves the shop's pages
	Join                   []string
	Cert, Key, Authorities string
	Shoppers               int
	Confirmed              string // a file that gets the ID of each confirmed order
	List                   string // a file that gets the IDs of all orders at the start; "" means none
}

// report is what a node says of itself, twice a second.
type report struct {
	Leads  []int
	Orders int64 // confirmed to its shoppers since it started
	Rate   float64
	Behind uint64
}

const sku = catalog.SKU("mug-blue")

// node is a process that holds the shop, and in which shoppers buy.
func node(given string, in io.Reader, out io.Writer) (err error) {
	var s settings
	if err := json.Unmarshal([]byte(given), &s); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, in) // until the watching process is gone
		stop()
	}()
	shop, err := commerce.Open(ctx, s.Dir, commerce.WithShards(4), commerce.WithCluster(commerce.ClusterConfig{
		Listen: s.Listen, Join: s.Join, Cert: s.Cert, Key: s.Key, Authorities: s.Authorities,
	}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	if err := fill(ctx, shop); err != nil {
		return err
	}
	pages, err := serve(shop, s.Web)
	if err != nil {
		return err
	}
	defer pages.Close()
	if s.List != "" {
		if err := list(ctx, shop, s.List); err != nil {
			return err
		}
	}
	confirmed, err := os.OpenFile(s.Confirmed, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, confirmed.Close()) }()
	var sold atomic.Int64
	var all sync.WaitGroup
	defer all.Wait()
	for range s.Shoppers {
		all.Go(func() {
			for ctx.Err() == nil {
				if id, err := buy(ctx, shop); err == nil {
					fmt.Fprintln(confirmed, id)
					sold.Add(1)
				}
			}
		})
	}
	return tell(ctx, shop, &sold, out)
}

// fill puts one product up for sale. Every node does, with the same keys.
func fill(ctx context.Context, shop *commerce.Store) error {
	_, err := shop.Catalog.PutProduct(ctx, catalog.PutProduct{SKU: sku, Title: "Blue mug", Price: money.New(1250, "EUR"), Key: "put"})
	if err != nil {
		return err
	}
	_, err = shop.Inventory.Receive(ctx, inventory.Receive{SKU: sku, Quantity: 1_000_000, Reason: "delivery", Key: "receive"})
	return err
}

// serve serves the shop's pages until the server is closed.
func serve(shop *commerce.Store, addr string) (*http.Server, error) {
	pages, err := storefront.New(shop, storefront.Options{
		Name: "Three nodes", Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, // the balancer
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	server := httpserver.New(pages, slog.New(slog.DiscardHandler))
	go server.Serve(listener) // until it is closed
	return server, nil
}

// list writes the IDs of all orders to a file.
func list(ctx context.Context, shop *commerce.Store, path string) error {
	var ids []byte
	for o, err := range shop.Orders.All(ctx, orders.Filter{}) {
		if err != nil {
			return err
		}
		ids = fmt.Appendln(ids, o.ID)
	}
	if err := os.WriteFile(path+".tmp", ids, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// buy is one purchase. What may have happened is asked again with the same key.
func buy(ctx context.Context, shop *commerce.Store) (orders.ID, error) {
	basket, err := again(ctx, func() (cart.Cart, error) {
		return shop.Carts.AddLine(ctx, cart.AddLine{SKU: sku, Quantity: 1})
	})
	if err != nil {
		return "", err
	}
	order, err := again(ctx, func() (checkout.Result, error) {
		return shop.Checkout.Complete(ctx, checkout.Complete{Cart: basket.ID, Key: "buy " + string(basket.ID)})
	})
	if err == nil && order.Status != orders.Placed {
		err = fmt.Errorf("order %s is %s", order.ID, order.Status)
	}
	return order.ID, err
}

func again[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for {
		v, err := do()
		if !fault.Retryable(err) || ctx.Err() != nil {
			return v, err
		}
	}
}

// tell says how the node does until ctx ends.
func tell(ctx context.Context, shop *commerce.Store, sold *atomic.Int64, out io.Writer) error {
	every := time.NewTicker(500 * time.Millisecond)
	defer every.Stop()
	say := json.NewEncoder(out)
	for before := int64(0); ; {
		now := sold.Load()
		r := report{Orders: now, Rate: float64(now-before) * 2}
		before = now
		for _, s := range shop.Status().Shards {
			if s.Leading {
				r.Leads = append(r.Leads, s.Shard)
			}
			r.Behind = max(r.Behind, s.Log-min(s.Log, s.Applied))
		}
		if err := say.Encode(r); err != nil {
			return nil // nobody listens any more
		}
		select {
		case <-every.C:
		case <-shop.Failed():
			return shop.Err()
		case <-ctx.Done():
			return nil
		}
	}
}
