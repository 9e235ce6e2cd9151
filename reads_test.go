package commerce_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/money"
)

// retitle gives the mug another title, through one node.
func retitle(t *testing.T, shop *commerce.Store, title string) {
	t.Helper()
	_, err := shop.Catalog.PutProduct(t.Context(), catalog.PutProduct{SKU: "mug", Title: title, Price: money.New(1250, "EUR")})
	must(t, err)
}

// title reads it, for a short time.
func title(ctx context.Context, shop *commerce.Store) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	v, err := shop.Catalog.BySKU(ctx, "mug")
	return v.Title, err
}

// behind is three nodes of which the last has not applied the newest title.
func behind(t *testing.T) (f *fleet, resume func()) {
	t.Helper()
	f = newFleet(t, 1)
	stock(t, f.nodes[0], "mug", 100)
	f.join(1, 2)
	must(t, f.nodes[2].Cluster().Drain(t.Context(), "node_2"))
	eventually(t, "the last node shows the product", func() bool {
		got, err := title(t.Context(), f.nodes[2])
		return err == nil && got == "Thing mug"
	})
	resume = commerce.Pause(f.nodes[2])
	must(t, commerce.TakeCut(t.Context(), f.nodes[0]))
	retitle(t, f.nodes[0], "Cup")
	return f, resume
}

// TestStaleReadsAreBounded: a node that is behind shows what is old for no
// longer than the reader allows, then it refuses.
func TestStaleReadsAreBounded(t *testing.T) {
	t.Parallel()
	f, resume := behind(t)
	confirmed := time.Now()
	node := f.nodes[2]
	got, err := title(commerce.Stale(t.Context(), time.Hour), node)
	if err != nil || got != "Thing mug" {
		t.Errorf("with an hour: %q, %v", got, err)
	}
	if got, err := title(commerce.Fresh(t.Context()), node); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("fresh: %q, %v", got, err)
	}
	if got, err := title(commerce.Stale(t.Context(), 0), node); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("at most 0 old: %q, %v", got, err)
	}
	for _, bound := range []struct {
		age time.Duration
		ctx context.Context
	}{{commerce.MaxBehind, t.Context()}, {commerce.MaxBehind / 2, commerce.Stale(t.Context(), commerce.MaxBehind/2)}} {
		for {
			began := time.Now()
			got, err := title(bound.ctx, node)
			if fault.CodeOf(err) == fault.Unavailable {
				break
			}
			if err != nil || got == "Thing mug" && began.Sub(confirmed) > bound.age {
				t.Fatalf("%v after the change was confirmed, of at most %v: %q, %v", began.Sub(confirmed), bound.age, got, err)
			}
		}
	}
	if got, err := title(commerce.Stale(t.Context(), time.Hour), node); err != nil || got != "Thing mug" {
		t.Errorf("with an hour, later: %q, %v", got, err)
	}
	ahead := f.nodes[0].Latest() // a position that the node has not come to
	if err := readFrom(t, node, ahead); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("events from where another node is: %v", err)
	}
	resume()
	if v, err := node.Catalog.BySKU(commerce.Fresh(t.Context()), "mug"); err != nil || v.Title != "Cup" {
		t.Errorf("after it has caught up: %q, %v", v.Title, err)
	}
	if v, err := node.Catalog.BySKU(t.Context(), "mug"); err != nil || v.Title != "Cup" {
		t.Errorf("after it has caught up: %q, %v", v.Title, err)
	}
	eventually(t, "it reads on from another node's position", func() bool { return readFrom(t, node, ahead) == nil })
	must(t, node.Cluster().Resume(t.Context(), "node_2"))
	f.check()
}

// readFrom reads the events behind a position.
func readFrom(t *testing.T, shop *commerce.Store, from commerce.Position) error {
	for _, err := range shop.Events(t.Context(), from) {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestASessionSeesWhatItWrote: whichever node answers, also with reads that may
// be old; and so does the node that passed the write on.
func TestASessionSeesWhatItWrote(t *testing.T) {
	t.Parallel()
	f, resume := behind(t)
	node := f.nodes[2]
	old := commerce.Stale(t.Context(), time.Hour)
	mine, err := node.Since(old, f.nodes[0].Session(t.Context()))
	must(t, err)
	if got, err := title(mine, node); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a session that has written shows %q, %v", got, err)
	}
	if got, err := title(old, node); err != nil || got != "Thing mug" {
		t.Errorf("another session shows %q, %v", got, err)
	}
	another := f.nodes[1]
	catchUp := commerce.Pause(another) // it does not hold what is written from now on
	must(t, commerce.TakeCut(t.Context(), f.nodes[0]))
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	// It is passed on and done; what has become of it cannot be read here yet.
	_, err = node.Catalog.PutProduct(short, catalog.PutProduct{SKU: "mug", Title: "Bowl", Price: money.New(1250, "EUR")})
	wantCode(t, err, fault.Uncertain)
	eventually(t, "another node shows it", func() bool {
		got, err := title(commerce.Fresh(t.Context()), f.nodes[0])
		return err == nil && got == "Bowl"
	})
	if got, err := title(old, node); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("the node that has passed a write on shows %q, %v", got, err)
	}
	// What was written through a node that is behind is in its session, for other nodes.
	passed, err := another.Since(old, node.Session(t.Context()))
	must(t, err)
	if got, err := title(passed, another); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("another node shows a session that has written %q, %v", got, err)
	}
	catchUp()
	if v, err := another.Catalog.BySKU(passed, "mug"); err != nil || v.Title != "Bowl" {
		t.Errorf("another node, later, shows a session that has written %q, %v", v.Title, err)
	}
	resume()
	if v, err := node.Catalog.BySKU(mine, "mug"); err != nil || v.Title == "Thing mug" {
		t.Errorf("a session that has written shows %q, %v", v.Title, err)
	}
	if v, err := node.Catalog.BySKU(old, "mug"); err != nil || v.Title != "Bowl" {
		t.Errorf("the node that has passed a write on shows %q, %v", v.Title, err)
	}
	for _, bad := range []commerce.Session{"x", "s1.x.1", f.nodes[0].Session(t.Context()) + "x!", f.nodes[0].Session(t.Context()) + ".1"} {
		if _, err := node.Since(t.Context(), bad); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	madeUp, err := node.Since(old, commerce.Session(strings.Join(strings.Split(string(f.nodes[0].Session(t.Context())), ".")[:2], ".")+".zzzzzzzz"))
	must(t, err)
	if v, err := node.Catalog.BySKU(madeUp, "mug"); err != nil || v.Title != "Bowl" {
		t.Errorf("a session that nobody was given shows %q, %v", v.Title, err)
	}
	if got := node.Session(madeUp); !strings.HasSuffix(string(got), ".zzzzzzzz") {
		t.Errorf("what a session has seen elsewhere is lost: %s", got)
	}
	none, err := node.Since(t.Context(), "")
	must(t, err)
	if v, err := node.Catalog.BySKU(none, "mug"); err != nil || v.Title != "Bowl" {
		t.Errorf("a new session shows %q, %v", v.Title, err)
	}
}

// TestACutOffNodeStopsServing: what is linearizable at once, the rest when its
// bound is over.
func TestACutOffNodeStopsServing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	stock(t, f.nodes[0], "mug", 100)
	f.join(1, 2)
	order, err := buy(t.Context(), f.nodes[1], "mug", 1, checkout.Complete{})
	must(t, err)
	for _, s := range f.nodes {
		_, err := s.Orders.Get(t.Context(), order.ID)
		must(t, err)
	}
	must(t, commerce.CutOff(f.nodes[1]))
	eventually(t, "it does not lead any more", func() bool { return len(commerce.Leads(f.nodes[1])) == 0 })
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = f.nodes[1].Orders.Get(short, order.ID)
	wantCode(t, err, fault.Unavailable)
	got, err := f.nodes[1].Orders.Get(commerce.Stale(t.Context(), time.Hour), order.ID)
	if err != nil || got.ID != order.ID {
		t.Errorf("of the last hour: %v, %v", got.ID, err)
	}
	eventually(t, "its bound is over", func() bool {
		_, err := title(t.Context(), f.nodes[1])
		return fault.CodeOf(err) == fault.Unavailable
	})
	if _, err := f.nodes[0].Orders.Get(t.Context(), order.ID); err != nil {
		t.Errorf("on the others: %v", err)
	}
}

// TestAReplicaNeverVotes: it answers and passes on, and neither votes nor leads,
// also after a restart; the others do not wait for it.
func TestAReplicaNeverVotes(t *testing.T) {
	t.Parallel()
	f := newTunedFleet(t, 2, func(i int, c *commerce.ClusterConfig) { c.Replica = i == 3 })
	stock(t, f.nodes[0], "mug", 100)
	f.join(1, 2)
	f.lend(3)
	f.open(3)
	replica := f.nodes[3]
	order, err := buy(t.Context(), replica, "mug", 1, checkout.Complete{})
	must(t, err)
	for range 2 {
		status, err := f.nodes[0].Cluster().Status(t.Context())
		if err != nil || len(status) != 4 || !status[3].Replica || status[3].Voter != 0 || status[3].Member != 2 || status[0].Voter != 2 {
			t.Errorf("the nodes: %+v, %v", status, err)
		}
		got, err := f.nodes[3].Orders.Get(t.Context(), order.ID)
		if err != nil || got.ID != order.ID {
			t.Errorf("it shows %v, %v", got.ID, err)
		}
		if n := commerce.Voters(f.nodes[0]); n[0] != 3 || n[1] != 3 {
			t.Errorf("there are %v voters", n)
		}
		f.check()
		f.stop(3, true)
		_, err = buy(t.Context(), f.nodes[0], "mug", 1, checkout.Complete{})
		must(t, err)
		f.open(3)
	}
	// Who votes cannot become one, and no store begins with one.
	f.stop(1, false)
	f.tune = func(_ int, c *commerce.ClusterConfig) { c.Replica = true }
	_, err = commerce.Open(t.Context(), f.path(1), commerce.WithCluster(f.config(1)))
	wantCode(t, err, fault.Conflict)
	_, err = commerce.Open(t.Context(), t.TempDir(), commerce.WithCluster(f.config(0)))
	wantCode(t, err, fault.Invalid)

	// Nobody waited for it, so it is the last that goes on alone.
	f.stop(3, true)
	how := commerce.Recover{Store: f.nodes[0].ID(), OthersAreGone: true}
	if _, err := commerce.RecoverCluster(t.Context(), f.path(3), how); fault.CodeOf(err) != fault.Refused || !strings.Contains(err.Error(), "no vote") {
		t.Errorf("it goes on alone: %v", err)
	}
	how.WithoutVote = true
	_, err = commerce.RecoverCluster(t.Context(), f.path(3), how)
	must(t, err)
	if s, err := commerce.InspectSurvivor(t.Context(), f.path(3)); err != nil || !s.Shards[0].Voter || len(s.Others) > 0 {
		t.Errorf("alone: %+v, %v", s, err)
	}
}
