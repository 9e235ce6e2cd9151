package commerce_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/commercetest"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
	"github.com/keelshop/commerce/orders"
)

// TestOneOfThreeGoesOn: two nodes are lost for ever. The third goes on alone
// once an operator says so, and becomes three again; a lost one that comes back
// after all is a stranger.
func TestOneOfThreeGoesOn(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 1000)
	_, err := commerce.RecoverCluster(t.Context(), f.path(0), commerce.Recover{Store: f.nodes[0].ID()})
	wantCode(t, err, fault.Unavailable) // it is open
	f.join(1, 2)
	order, err := buy(t.Context(), f.nodes[1], "mug", 2, checkout.Complete{})
	must(t, err)
	f.check()
	store := f.nodes[2].ID()
	f.stop(2, true)

	s, err := commerce.InspectSurvivor(t.Context(), f.path(2))
	if err != nil || len(s.Shards) != 2 || s.Shards[1].Last == 0 || !s.Shards[1].Voter || len(s.Others) != 2 || !s.Others[0].Answers {
		t.Errorf("while the others run: %+v, %v", s, err)
	}
	_, err = commerce.RecoverCluster(t.Context(), f.path(2), commerce.Recover{Store: store})
	wantCode(t, err, fault.Refused)
	if err := commerce.RecoverCutShort(t.Context(), f.path(2), commerce.Recover{Store: store, OthersAreGone: true}); err == nil {
		t.Error("a recovery that was cut short says that it was not")
	}
	_, err = commerce.RecoverCluster(t.Context(), f.path(2), commerce.Recover{Store: store})
	wantCode(t, err, fault.Refused) // the others still run
	f.stop(0, true)
	f.stop(1, true)
	_, err = commerce.RecoverCluster(t.Context(), f.path(2), commerce.Recover{})
	wantCode(t, err, fault.Invalid)
	note := filepath.Join(f.path(2), "shard-001.db-differs") // as the comparison of copies leaves it
	must(t, os.WriteFile(note, nil, 0o600))
	_, err = commerce.RecoverCluster(t.Context(), f.path(2), commerce.Recover{Store: store})
	wantCode(t, err, fault.Refused)
	must(t, os.Remove(note))
	note = filepath.Join(f.path(2), "rolled-back") // as a node leaves it that was put back to an earlier state
	must(t, os.WriteFile(note, nil, 0o600))
	_, err = commerce.RecoverCluster(t.Context(), f.path(2), commerce.Recover{Store: store})
	wantCode(t, err, fault.Refused)
	if older, err := commerce.InspectSurvivor(t.Context(), f.path(2)); err != nil || older.Older != note {
		t.Errorf("an older copy is %+v, %v", older, err)
	}
	must(t, os.Remove(note))
	seen, err := commerce.InspectSurvivor(t.Context(), f.path(2))
	must(t, err)
	if len(seen.Shards) != 2 {
		t.Errorf("a refused recovery has left %+v", seen)
	}
	_, err = commerce.RecoverCluster(t.Context(), f.path(2), commerce.Recover{Store: store})
	must(t, err)
	must(t, os.RemoveAll(f.path(0)))

	f.addrs[0], f.addrs[1] = f.addrs[2], f.addrs[2] // whoever joins asks the third
	f.open(2)
	got, err := f.nodes[2].Orders.Get(t.Context(), order.ID)
	if err != nil || got.Status != orders.Placed {
		t.Fatalf("an order of before: %v, %v", got.Status, err)
	}
	_, err = buy(t.Context(), f.nodes[2], "mug", 1, checkout.Complete{})
	must(t, err)
	commercetest.Verify(t, f.nodes[2])
	_, err = commerce.RecoverCluster(t.Context(), t.TempDir(), commerce.Recover{Store: store})
	wantCode(t, err, fault.NotFound)

	f.addrs[0], f.addrs[1] = f.addrs[2], f.addrs[2]
	f.open(1) // it is lost, and comes back
	status, err := f.nodes[2].Cluster().Status(t.Context())
	if err != nil || len(status) != 1 {
		t.Errorf("the nodes are %+v, %v", status, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := f.nodes[1].Catalog.PutProduct(short, catalog.PutProduct{SKU: "bowl", Title: "Bowl", Price: money.New(100, "EUR")}); fault.CodeOf(err) != fault.Unavailable && fault.CodeOf(err) != fault.Uncertain {
		t.Errorf("the lost node takes writes: %v", err)
	}
	f.stop(1, true)

	for _, i := range []int{3, 4} {
		f.lend(i)
		f.open(i)
	}
	f.voters(3)
	_, err = buy(t.Context(), f.nodes[4], "mug", 1, checkout.Complete{})
	must(t, err)
	f.check()
	f.stop(2, false)
	_, err = commerce.RecoverCluster(t.Context(), f.path(2), commerce.Recover{Store: store, OthersAreGone: true})
	must(t, err)
	f.nodes[2] = open(t, f.path(2)) // also without a cluster
	_, err = buy(t.Context(), f.nodes[2], "mug", 1, checkout.Complete{})
	must(t, err)
	must(t, f.nodes[2].Close())
	_, err = commerce.RecoverCluster(t.Context(), f.path(2), commerce.Recover{Store: store})
	wantCode(t, err, fault.Refused) // it is the only one
	f.nodes[2] = nil
}
