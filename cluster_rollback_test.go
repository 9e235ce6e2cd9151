package commerce_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/replication"
)

// TestARestoredImageIsNoticed: the directory of a node is put back to what it
// was while it ran, after it has helped to confirm orders. It starts as often as
// that one would have, so nobody refuses to talk to it; but who leads remembers
// what it acknowledged. Without that it and a node that was away would elect a
// leader, and the orders would be lost.
func TestARestoredImageIsNoticed(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 100)
	f.join(1, 2)
	f.check()
	image := filepath.Join(t.TempDir(), "image")
	must(t, os.CopyFS(image, os.DirFS(f.path(2)))) // nothing is being written
	f.stop(1, true)
	var confirmed []orders.ID
	for range 5 {
		order, err := buy(t.Context(), f.nodes[0], "mug", 1, checkout.Complete{})
		must(t, err)
		confirmed = append(confirmed, order.ID)
	}
	f.stop(2, true)
	must(t, os.RemoveAll(f.path(2)))
	must(t, os.Rename(image, f.path(2)))

	older, err := commerce.Open(t.Context(), f.path(2), commerce.WithCluster(f.config(2)))
	if err == nil { // it is told a moment later
		<-older.Failed()
		err = older.Err()
		must(t, older.Close())
	}
	if e, ok := errors.AsType[*replication.RolledBackError](err); !ok || e.Witness != "node_0" {
		t.Errorf("it has stopped: %v", err)
	}
	_, err = commerce.Open(t.Context(), f.path(2), commerce.WithCluster(f.config(2)))
	wantCode(t, err, fault.Broken)
	f.open(1)
	for _, s := range f.running() {
		for _, id := range confirmed {
			if o, err := s.Orders.Get(t.Context(), id); err != nil || o.Status != orders.Placed {
				t.Errorf("a confirmed order: %v, %v", o.Status, err)
			}
		}
	}
	must(t, f.nodes[0].Cluster().Remove(t.Context(), "node_2")) // as the error says
	f.check()
}
