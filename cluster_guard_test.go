package commerce_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/fault"
)

// TestNobodyTakesTheMajorityAway: a node is neither drained nor removed when the
// others could not go on, and one whose draining comes to nothing goes on.
func TestNobodyTakesTheMajorityAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 1000)
	cluster := f.nodes[0].Cluster()
	refused := func(what string, err error, code fault.Code) {
		t.Helper()
		if fault.CodeOf(err) != code {
			t.Errorf("%s: %v", what, err)
		}
		eventually(t, "it is ready "+what, func() bool { return f.nodes[0].Health(t.Context()).Ready })
		if _, err := buy(t.Context(), f.nodes[0], "mug", 1, checkout.Complete{}); err != nil {
			t.Errorf("buying %s: %v", what, err)
		}
	}
	refused("after draining the only node", cluster.Drain(t.Context(), "node_0"), fault.Refused)

	var full disk
	full.free.Store(1 << 40)
	for _, i := range []int{1, 2} {
		f.lend(i)
		f.open(i, full.option())
	}
	f.voters(3)
	eventually(t, "node 0 leads", func() bool { return len(commerce.Leads(f.nodes[0])) > 0 })
	for _, i := range []int{1, 2} {
		full.set(t, f.nodes[i], 1<<20)
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	refused("when nobody can take over", cluster.Drain(short, "node_0"), fault.Unavailable)

	drained := func() bool {
		return slices.Contains(f.nodes[0].Health(t.Context()).Problems, "the node is being drained")
	}
	drain := func(ctx context.Context) <-chan error {
		done := make(chan error, 1)
		go func() { done <- cluster.Drain(ctx, "node_0") }()
		return done
	}
	impatient, cancel := context.WithCancel(t.Context())
	first := drain(impatient)
	eventually(t, "it is being drained", drained)
	hasty, cancelHasty := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancelHasty()
	if err := cluster.Resume(hasty, "node_0"); fault.CodeOf(err) != fault.Unavailable || !drained() {
		t.Errorf("resuming while it is being drained: %v, drained %v", err, drained())
	}
	long, cancelLong := context.WithTimeout(t.Context(), time.Minute)
	defer cancelLong()
	second := drain(long)
	for range 20 { // it comes while the first one is under way, or else this shows nothing
		_, err := cluster.Status(t.Context())
		must(t, err)
	}
	cancel()
	if err := <-first; err == nil {
		t.Error("a draining that was given up has gone on")
	}
	for _, i := range []int{1, 2} {
		full.set(t, f.nodes[i], 1<<40)
	}
	must(t, <-second)
	if leads := commerce.Leads(f.nodes[0]); !drained() || len(leads) > 0 {
		t.Errorf("after the second of two drainings the node may lead, and leads %v", leads)
	}
	must(t, cluster.Resume(t.Context(), "node_0"))

	must(t, f.nodes[1].Cluster().Drain(t.Context(), "node_1"))
	err := cluster.Drain(t.Context(), "node_0")
	refused("with another one drained", err, fault.Refused)
	if err == nil || !strings.Contains(err.Error(), "resume what is drained already (node_1)") {
		t.Errorf("the cure is not named: %v", err)
	}
	err = cluster.Remove(t.Context(), "node_2")
	refused("after removing another one beside one that is drained", err, fault.Unavailable)
	if err == nil || !strings.Contains(err.Error(), "resume these first (node_1)") {
		t.Errorf("the cure is not named: %v", err)
	}
	must(t, cluster.Drain(t.Context(), "node_1")) // it is already
	must(t, cluster.Resume(t.Context(), "node_1"))
	// Another one is drained after it was asked, while the leaders still answer.
	between := &onSecond{Context: t.Context(), do: func() { must(t, cluster.Drain(t.Context(), "node_1")) }}
	refused("after removing another one beside one that is drained meanwhile", cluster.Remove(between, "node_2"), fault.Unavailable)
	if between.deadlines < 2 {
		t.Error("nothing was drained meanwhile: this shows nothing")
	}
	must(t, cluster.Resume(t.Context(), "node_1"))

	for i := range 50 { // a leader that hangs is asked, and does nothing
		short, cancel := context.WithTimeout(t.Context(), time.Duration(i)*50*time.Microsecond)
		if err := commerce.MayRemove(short, f.nodes[1], "node_2"); err != nil && fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("a question without an answer: %v", err)
		}
		cancel()
	}

	f.stop(2, true)
	refused("with one of three dead", cluster.Drain(t.Context(), "node_0"), fault.Refused)
	eventually(t, "its silence is noticed", func() bool {
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return fault.CodeOf(commerce.MayRemove(short, f.nodes[0], "node_1")) == fault.Unavailable
	})
	short, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	refused("after removing the other one", cluster.Remove(short, "node_1"), fault.Unavailable)
	if got := commerce.Voters(f.nodes[0]); !slices.Equal(got, []int{3, 3}) {
		t.Errorf("the shards have %v voters", got)
	}
	must(t, cluster.Remove(t.Context(), "node_2"))
	f.voters(2)
	refused("with two votes", cluster.Drain(t.Context(), "node_0"), fault.Refused)
	f.check()
}

// onSecond does something when it is asked for its deadline for the second time: a
// Remove asks before its question to all nodes, and then before that to the leaders.
type onSecond struct {
	context.Context
	deadlines int
	do        func()
}

func (c *onSecond) Deadline() (time.Time, bool) {
	if c.deadlines++; c.deadlines == 2 {
		c.do()
	}
	return c.Context.Deadline()
}

// TestNobodyLeadsBeforeItHasCaughtUp: a node with a long queue of entries that it
// has not applied does not take a leadership, and takes one when it has.
func TestNobodyLeadsBeforeItHasCaughtUp(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFleet(t, 1)
	stock(t, f.nodes[0], "mug", 1000)
	f.join(1, 2)
	must(t, f.nodes[2].Cluster().Drain(ctx, "node_2")) // it leads nothing now
	must(t, f.nodes[2].Cluster().Resume(ctx, "node_2"))
	accepts := func() bool { return commerce.Accepts(ctx, f.nodes[0], "node_2", 0) }
	eventually(t, "it would lead", accepts)
	resume := commerce.Pause(f.nodes[2])
	must(t, commerce.TakeCut(ctx, f.nodes[0]))
	for range 120 {
		_, err := f.nodes[0].Carts.AddLine(ctx, cart.AddLine{SKU: "mug", Quantity: 1})
		must(t, err)
	}
	eventually(t, "it has a long queue and would not lead", func() bool { return !accepts() })
	resume()
	eventually(t, "it would lead when it has caught up", accepts)
	f.check()
}
