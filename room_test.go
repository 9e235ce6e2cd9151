package commerce_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments/simulator"
)

// disk is one that a test fills.
type disk struct{ free atomic.Int64 }

func (d *disk) option() commerce.Option {
	return commerce.WithFreeBytes(func(string) (int64, error) { return d.free.Load(), nil })
}

func (d *disk) set(t *testing.T, shop *commerce.Store, free int64) {
	t.Helper()
	d.free.Store(free)
	must(t, commerce.LookAtRoom(shop))
}

// TestTheDiskIsNeverFull: before it is, customers are refused, in a way that
// they may try again; what has begun is finished; in the end nothing is written.
func TestTheDiskIsNeverFull(t *testing.T) {
	var d disk
	d.free.Store(1000)
	bank := simulator.New()
	shop := commercetest.OpenAt(t, filepath.Join(t.TempDir(), "shop"), d.option(), commerce.WithReserve(100), commerce.WithPayments(bank))
	stock(t, shop, "mug", 10)
	var waits []orders.ID
	for range 2 {
		r, err := buy(t.Context(), shop, "mug", 1, checkout.Complete{PayWith: "simulator", Token: challenges})
		if err != nil || r.Status != orders.Pending {
			t.Fatalf("%v, %v", r.Status, err)
		}
		waits = append(waits, r.ID)
	}
	full := func() error {
		_, err := shop.Carts.AddLine(t.Context(), cart.AddLine{SKU: "mug", Quantity: 1})
		return err
	}
	d.set(t, shop, 99)
	err := full()
	if e, ok := errors.AsType[*commerce.LowDiskError](err); !ok || e.Free != 99 || e.Reserve != 100 || !fault.Retryable(err) {
		t.Errorf("got %v", err)
	}
	if _, err := shop.Orders.Get(t.Context(), waits[0]); err != nil {
		t.Errorf("reading: %v", err)
	}
	finish := func(o orders.ID) error {
		_, err := shop.Checkout.Resume(t.Context(), o)
		return err
	}
	for _, c := range bank.Charges() {
		must(t, bank.Confirm(c.Key, true))
	}
	must(t, finish(waits[0]))
	if got := statusOf(t, shop, waits[0]); got != orders.Placed {
		t.Errorf("what has begun is %s", got)
	}
	d.set(t, shop, 24)
	if err := finish(waits[1]); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("with next to nothing left: %v", err)
	}
	d.set(t, shop, 100)
	must(t, full())
	must(t, finish(waits[1]))
}

// TestANodeWithoutRoomDoesNotLead: the others do, and take what it passes on.
func TestANodeWithoutRoomDoesNotLead(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 100)
	f.join(1, 2)
	var d disk
	d.free.Store(1 << 40)
	f.stop(1, false)
	f.open(1, d.option())
	eventually(t, "it leads", func() bool { return len(commerce.Leads(f.nodes[1])) > 0 })
	d.set(t, f.nodes[1], 1<<20)
	eventually(t, "it does not lead any more", func() bool { return len(commerce.Leads(f.nodes[1])) == 0 })
	order, err := buy(t.Context(), f.nodes[1], "mug", 1, checkout.Complete{})
	must(t, err)
	if got, err := f.nodes[1].Orders.Get(t.Context(), order.ID); err != nil || got.ID != order.ID {
		t.Errorf("reading there: %v", err)
	}
	status, err := f.nodes[2].Cluster().Status(t.Context())
	if err != nil || !status[1].LowDisk || status[0].LowDisk {
		t.Errorf("the nodes: %+v, %v", status, err)
	}
	h := f.nodes[1].Health(t.Context())
	if !h.Ready || len(h.Problems) != 1 {
		t.Errorf("its health: %+v", h)
	}
	f.check()
}

// TestACopyForOthersNeedsRoom: a node whose copy of a shard would not fit on its
// disk makes none, and goes on. It need not fit twice, for it is packed to be
// sent, and a store without a reserve does not ask.
func TestACopyForOthersNeedsRoom(t *testing.T) {
	var d disk
	d.free.Store(1 << 40)
	dir := filepath.Join(t.TempDir(), "shop")
	shop := commercetest.OpenAt(t, dir, d.option(), commerce.WithReserve(100))
	stock(t, shop, "mug", 10)
	path := filepath.Join(t.TempDir(), "copy")
	d.free.Store(100 << 10)
	if err := commerce.CopyForOthers(shop, 0, path); !fault.Retryable(err) {
		t.Errorf("without room: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is something: %v", err)
	}
	d.free.Store(size(t, filepath.Join(dir, "shard-000.db")) + size(t, filepath.Join(dir, "shard-000.db-wal")) + 100)
	must(t, commerce.CopyForOthers(shop, 0, path))

	d.free.Store(1 << 40)
	asked := commercetest.OpenAt(t, filepath.Join(t.TempDir(), "shop"), d.option(), commerce.WithReserve(0))
	d.free.Store(0)
	must(t, commerce.CopyForOthers(asked, 0, path+"-2"))
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}

// TestADistrustedCopyIsNotSpread: not to a node that raft sends a copy either.
func TestADistrustedCopyIsNotSpread(t *testing.T) {
	shop := commercetest.Open(t)
	commerce.Distrust(shop, 0)
	err := commerce.CopyForOthers(shop, 0, filepath.Join(t.TempDir(), "copy"))
	if e, ok := errors.AsType[*commerce.UntrustedError](err); !ok || e.Shard != 0 {
		t.Errorf("got %v", err)
	}
	commerce.Trust(shop, 0)
}

// TestHealth: of a node that is well, drained, cut off and closed.
func TestHealth(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 10)
	f.join(1, 2)
	for _, s := range f.nodes {
		eventually(t, "it serves all shards", func() bool {
			h := s.Health(t.Context())
			return h.Live && h.Ready && len(h.Problems) == 0 && len(h.Shards) == 2 && h.Shards[1].Serves && h.Shards[1].Leader != ""
		})
	}
	must(t, f.nodes[0].Cluster().Drain(t.Context(), "node_1"))
	if h := f.nodes[1].Health(t.Context()); !h.Live || h.Ready || len(h.Problems) != 1 {
		t.Errorf("drained: %+v", h)
	}
	must(t, f.nodes[0].Cluster().Resume(t.Context(), "node_1"))
	must(t, commerce.CutOff(f.nodes[1]))
	eventually(t, "it serves nothing", func() bool {
		h := f.nodes[1].Health(t.Context())
		return h.Live && !h.Ready && !h.Shards[0].Serves && len(h.Problems) == 2
	})
	last := f.nodes[1]
	f.stop(1, false)
	if h := last.Health(t.Context()); h.Live || h.Ready || len(h.Problems) != 1 {
		t.Errorf("closed: %+v", h)
	}
	alone := commercetest.Open(t)
	if h := alone.Health(t.Context()); !h.Ready || len(h.Problems) > 0 {
		t.Errorf("a store of one node: %+v", h)
	}
}
