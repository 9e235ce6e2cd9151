package chaos

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/shard"
)

// settings is what a node is started with.
type settings struct {
	Dir, Listen, Advertise, Join string
	Cert, Key, Authorities       string
	Shards                       int
}

// request is what a client asks a node, a line of JSON on its standard input.
type request struct {
	ID     int64
	Op     string
	SKU    string
	N      int64
	Shard  int
	Key    string
	Cart   string
	Order  string
	Millis int64
}

// reply is the answer, a line on its standard output.
type reply struct {
	ID    int64
	Error string // "" for an answer
	Again bool   // the error may pass: ask again with the same key
	Short bool   // there is not enough stock
	None  bool   // there is no such thing
	N     int64
	Cart  string
	Order string
	List  []string
}

// The exit codes of a node.
const (
	exitOK     = 0
	exitOpen   = 1
	exitFailed = 3 // the store has stopped itself
)

// runNode is the process that holds a store. It ends when its standard input does.
func runNode(s settings, in io.Reader, out io.Writer) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	cc := commerce.ClusterConfig{Listen: s.Listen, Advertise: s.Advertise, Cert: s.Cert, Key: s.Key, Authorities: s.Authorities}
	if s.Join != "" {
		cc.Join = []string{s.Join}
	}
	shop, err := commerce.Open(ctx, s.Dir, commerce.WithShards(s.Shards), commerce.WithCluster(cc),
		commerce.WithReserve(0)) // disks are to be full
	if err != nil {
		fmt.Fprintln(os.Stderr, "open:", err)
		return exitOpen
	}
	n := &server{shop: shop, out: json.NewEncoder(out)}
	n.say(reply{ID: 0}) // it is open
	asked := make(chan request)
	go func() {
		defer close(asked)
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			var r request
			if json.Unmarshal(lines.Bytes(), &r) == nil {
				asked <- r
			}
		}
	}()
	var work sync.WaitGroup
	for {
		select {
		case r, ok := <-asked:
			if !ok {
				work.Wait()
				if err := shop.Close(); err != nil {
					fmt.Fprintln(os.Stderr, "close:", err)
					return exitFailed
				}
				return exitOK
			}
			work.Go(func() { n.answer(ctx, r) })
		case <-shop.Failed():
			fmt.Fprintln(os.Stderr, "failed:", shop.Err())
			return exitFailed
		}
	}
}

type server struct {
	shop *commerce.Store
	mu   sync.Mutex
	out  *json.Encoder
}

func (n *server) say(r reply) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_ = n.out.Encode(r) // the other side hears nothing then, and knows
}

func (n *server) answer(ctx context.Context, r request) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.Millis)*time.Millisecond)
	defer cancel()
	got, err := n.do(ctx, r)
	got.ID = r.ID
	if err != nil {
		_, got.Short = errors.AsType[*inventory.OutOfStockError](err)
		got.Error, got.None = err.Error(), fault.CodeOf(err) == fault.NotFound
		got.Again = fault.Retryable(err) || fault.CodeOf(err) == fault.Broken
	}
	n.say(got)
}

func (n *server) do(ctx context.Context, r request) (got reply, err error) {
	switch r.Op {
	case "put":
		_, err = n.shop.Catalog.PutProduct(ctx, catalog.PutProduct{SKU: catalog.SKU(r.SKU), Title: r.SKU, Price: money.New(1000, "EUR"), Key: r.Key})
	case "receive":
		_, err = n.shop.Inventory.Receive(ctx, inventory.Receive{SKU: catalog.SKU(r.SKU), Quantity: r.N, Reason: "chaos", Key: r.Key})
	case "fill":
		var c cart.Cart
		c, err = n.shop.Carts.AddLine(ctx, cart.AddLine{SKU: catalog.SKU(r.SKU), Quantity: r.N, Key: r.Key})
		got.Cart = string(c.ID)
	case "set":
		_, err = n.shop.Carts.SetQuantity(ctx, cart.SetQuantity{Cart: cart.ID(r.Cart), SKU: catalog.SKU(r.SKU), Quantity: r.N, Key: r.Key})
	case "view":
		var c cart.Cart
		if c, err = n.shop.Carts.Get(ctx, cart.ID(r.Cart)); err == nil {
			got.N = c.Lines[0].Quantity
		}
	case "buy":
		var o checkout.Result
		o, err = n.shop.Checkout.Complete(ctx, checkout.Complete{Cart: cart.ID(r.Cart), Key: r.Key})
		if err == nil && o.Status != orders.Placed {
			err = fault.New(fault.Unavailable, "the order is %s", o.Status)
		}
		got.Order = string(o.ID)
	case "find":
		_, err = n.shop.Orders.Get(ctx, orders.ID(r.Order))
	case "digest":
		got.List, err = n.digests()
	case "cluster":
		return n.cluster(ctx)
	case "leads":
		nodes, err := n.shop.Cluster().Status(ctx)
		for _, s := range nodes {
			if s.Leads > 0 {
				got.N++
			}
		}
		return got, err
	case "orders":
		for o, err := range n.shop.Orders.All(ctx, orders.Filter{Status: orders.Placed}) {
			if err != nil {
				return got, err
			}
			got.List = append(got.List, string(o.ID))
		}
	}
	return got, err
}

// cluster counts the votes of all nodes that answer and are not behind.
func (n *server) cluster(ctx context.Context) (got reply, err error) {
	nodes, err := n.shop.Cluster().Status(ctx)
	for _, s := range nodes {
		if s.Reachable && s.Behind < 50 {
			got.N += int64(s.Voter)
		}
		got.List = append(got.List, fmt.Sprintf("%+v", s))
	}
	return got, err
}

func (n *server) digests() (list []string, err error) {
	for _, s := range n.shop.Status().Shards {
		conn, err := sqlite.Open(filepath.Join(n.shop.Dir(), fmt.Sprintf("shard-%03d.db", s.Shard)), sqlite.Options{ReadOnly: true})
		if err != nil {
			return nil, err
		}
		err = conn.Begin()
		if err == nil {
			sum, applied, failed := shard.Digest(conn.Tx())
			list, err = append(list, fmt.Sprintf("%d %s", applied, hex.EncodeToString(sum[:6]))), failed
			err = errors.Join(err, conn.Rollback())
		}
		if err := errors.Join(err, conn.Close()); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// shardOf is the shard of a cart.
func shardOf(shards int, c string) (int, error) {
	slot, err := id.SlotOf(c)
	if err != nil {
		return 0, err
	}
	m, err := shard.NewMap(shards)
	if err != nil {
		return 0, err
	}
	return m.Owner(slot), nil
}
