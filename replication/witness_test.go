package replication_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication"
)

// image is a node's directory and machine as they were.
type image struct {
	dir     string
	machine state
}

func (c *cluster) image(name string) image {
	c.t.Helper()
	i := image{filepath.Join(c.t.TempDir(), "image"), c.machines[name].durable}
	if err := os.CopyFS(i.dir, os.DirFS(c.dirs[name])); err != nil {
		c.t.Fatal(err)
	}
	return i
}

// restore puts a stopped node back to an image.
func (c *cluster) restore(name string, i image) {
	c.t.Helper()
	c.dirs[name] = filepath.Join(c.t.TempDir(), "restored")
	if err := os.CopyFS(c.dirs[name], os.DirFS(i.dir)); err != nil {
		c.t.Fatal(err)
	}
	c.machines[name] = &machine{state: i.machine, durable: i.machine}
}

// TestAnOlderCopyOfANodeIsFound: a node comes back with a directory of before. Whoever has had its acknowledgement tells
// it, whether that one runs all the time or was started again, and the node stops before it helps to elect a leader that
// lacks what was confirmed. It stays so.
func TestAnOlderCopyOfANodeIsFound(t *testing.T) {
	for name, restart := range map[string]bool{"who knows runs": false, "who knows was started again": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { olderCopy(t, restart) })
		})
	}
}

func olderCopy(t *testing.T, restart bool) {
	network, net := onMemory(1)
	c := newCluster(t, network, "a", "b", "c")
	defer c.stopAll()
	c.form()
	c.settle()
	c.stop("c")
	old := c.image("c")
	c.start("c", false)
	c.settle()
	c.stop("b")
	for range 5 {
		c.propose("with a and c only")
	}
	c.settle()
	c.stop("c")
	if restart {
		c.stop("a")
		c.start("a", false)
	}
	before := c.machines["a"].now()

	c.restore("c", old)
	c.start("b", false)
	net.Slow("b", "a", 100*time.Millisecond) // b and c are faster together
	c.start("c", false)
	<-c.nodes["c"].Failed()
	e, ok := errors.AsType[*replication.RolledBackError](c.nodes["c"].Err())
	if !ok || e.HadIndex <= e.HaveIndex || e.Witness != "a" {
		t.Errorf("the older copy has stopped: %v", c.nodes["c"].Err())
	}
	must(t, c.nodes["c"].Close())
	delete(c.nodes, "c")
	delete(c.groups, "c")
	net.Heal()

	c.propose("without it")
	c.settle()
	if now := c.machines["b"].now(); now.entries < before.entries+1 {
		t.Errorf("%d entries are there, of %d that were confirmed", now.entries, before.entries+1)
	}
	_, err := replication.Start(t.Context(), replication.Config{Dir: c.dirs["c"], NodeID: "c"})
	if fault.CodeOf(err) != fault.Broken {
		t.Errorf("it is started again: %v", err)
	}
	must(t, replication.ForgetOthers(c.dirs["c"]))
	again, err := replication.Start(t.Context(), replication.Config{Dir: c.dirs["c"], NodeID: "c"})
	must(t, err)
	must(t, again.Close())
}

// TestNobodyWaitsForAWitness: a node that starts while the only one is silent that knows better takes part soon, since it
// could not be told from one that is sound. When that one is back, either of the two stops: nothing goes on quietly.
func TestNobodyWaitsForAWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, net := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		c.form()
		c.settle()
		c.stop("c")
		old := c.image("c")
		c.start("c", false)
		c.settle()
		net.Isolate("b")
		c.propose("with a and c only")
		c.stop("c")
		net.Heal()
		began := time.Now()
		for _, other := range []string{"b", "c"} {
			net.Cut("a", other)
			net.Cut(other, "a")
		}
		c.restore("c", old)
		c.start("c", false)
		c.try(func() error {
			if !c.groups["b"].Ready() && !c.groups["c"].Ready() {
				return errors.New("nobody leads")
			}
			return nil
		})
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		net.Heal()
		select { // a tells it, or has been asked before to drop what was confirmed, which it does not
		case <-c.nodes["c"].Failed():
			if _, ok := errors.AsType[*replication.RolledBackError](c.nodes["c"].Err()); !ok {
				t.Errorf("the older copy has stopped: %v", c.nodes["c"].Err())
			}
		case <-c.nodes["a"].Failed():
		}
		for _, name := range c.names {
			_ = c.nodes[name].Close()
			delete(c.nodes, name)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAnOlderCopyWaitsForWhoStartsToo: all nodes are started again, one of them with a directory of before, and the only
// one that knows better a moment after the other two. The older copy does not vote before it was asked.
func TestAnOlderCopyWaitsForWhoStartsToo(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			network, net := onMemory(seed)
			c := newCluster(t, network, "a", "b", "c")
			defer c.stopAll()
			c.form()
			c.settle()
			c.stop("c")
			old := c.image("c")
			c.start("c", false)
			c.settle()
			c.stop("b")
			for range 5 {
				c.propose("with a and c only")
			}
			c.settle()
			before := c.machines["a"].now()
			c.stop("c")
			c.stop("a")

			c.restore("c", old)
			net.Slow("b", "a", 100*time.Millisecond) // b and c are faster together
			c.start("b", false)
			c.start("c", false)
			time.Sleep(300 * time.Millisecond)
			c.start("a", false)
			c.try(func() error {
				if c.nodes["c"].Err() == nil && c.nodes["a"].Err() == nil && !c.groups["b"].Ready() {
					return errors.New("nobody leads, and nobody has stopped")
				}
				return nil
			})
			if _, ok := errors.AsType[*replication.RolledBackError](c.nodes["c"].Err()); !ok {
				t.Fatalf("the older copy has stopped: %v", c.nodes["c"].Err())
			}
			_ = c.nodes["c"].Close()
			delete(c.nodes, "c")
			delete(c.groups, "c")
			net.Heal()
			c.propose("without it")
			c.settle()
			if now := c.machines["b"].now(); now.entries < before.entries+1 {
				t.Errorf("%d entries are there, of %d that were confirmed", now.entries, before.entries+1)
			}
		})
	}
}

// TestWhatOthersHaveShownIsSavedAgain: what could not be written is, when the disk works again and nothing new was shown.
func TestWhatOthersHaveShownIsSavedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, _ := onMemory(1)
		c := newCluster(t, network, "a", "b", "c")
		defer c.stopAll()
		path := filepath.Join(c.dirs["a"], "witness.json")
		must(t, os.Mkdir(path+".tmp", 0o700))
		c.form()
		c.settle()
		time.Sleep(30 * time.Second)
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("it was written: %v", err)
		}
		must(t, os.Remove(path+".tmp"))
		time.Sleep(30 * time.Second)
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	})
}
