package commerce_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/internal/sqlite"
)

// tamper stops a node, changes its copy of each shard by hand, and starts it.
func (f *fleet) tamper(i int, sql string) {
	f.t.Helper()
	f.stop(i, false)
	f.tamperStopped(i, sql)
	f.open(i)
}

func (f *fleet) tamperStopped(i int, sql string) {
	f.t.Helper()
	files, err := filepath.Glob(filepath.Join(f.path(i), "shard-*.db"))
	must(f.t, err)
	for _, path := range files {
		conn, err := sqlite.Open(path, sqlite.Options{})
		must(f.t, err)
		_, err = conn.Tx().Exec(sql)
		if err == nil {
			_, err = conn.Checkpoint(true)
		}
		must(f.t, errors.Join(err, conn.Close()))
	}
}

const wrongTitle = `UPDATE products SET title = 'Cup'`

// audit has a node compare all copies.
func (f *fleet) audit(i int) commerce.Audit {
	f.t.Helper()
	var a commerce.Audit
	eventually(f.t, "all copies are compared", func() (done bool) {
		var err error
		a, err = f.nodes[i].Cluster().Audit(f.t.Context())
		return err == nil && !slices.ContainsFunc(a.Shards, func(s commerce.AuditShard) bool { return len(s.Missing) > 0 })
	})
	return a
}

// TestACopyThatDiffersIsRebuilt: on a node that follows, and on one that leads,
// while customers buy.
func TestACopyThatDiffersIsRebuilt(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 2)
	stock(t, f.nodes[0], "mug", 100_000)
	f.join(1, 2)
	load := f.shop(1, "mug")
	if a := f.audit(1); !a.Sound() || len(a.Shards) != 2 || len(a.Shards[1].Agree) != 3 {
		t.Errorf("of equal copies: %+v", a)
	}
	load.stop()
	for _, victim := range []int{2, 0} {
		f.tamper(victim, wrongTitle)
		eventually(t, "the node leads again", func() bool { return len(commerce.Leads(f.nodes[victim])) > 0 || victim == 2 })
		load := f.shop(2, "mug")
		before := load.placed.Load()
		a := f.audit(1)
		name := fmt.Sprint("node_", victim)
		differs := 0
		for _, s := range a.Shards {
			if len(s.Differ) > 0 && (len(s.Differ) != 1 || s.Differ[0] != name || len(s.Agree) != 2) {
				t.Errorf("node %d was changed: %+v", victim, s)
			}
			differs += len(s.Differ)
		}
		if differs == 0 || a.Sound() {
			t.Errorf("node %d was changed, and nobody noticed: %+v", victim, a)
		}
		eventually(t, "it is rebuilt", func() bool {
			status, err := f.nodes[1].Cluster().Status(t.Context())
			return err == nil && len(status) == 3 && status[victim].Reachable && len(status[victim].Rebuilding) == 0
		})
		eventually(t, "orders are placed", func() bool { return load.placed.Load() > before })
		load.stop()
		v, err := f.nodes[victim].Catalog.BySKU(t.Context(), "mug")
		if err != nil || v.Title != "Thing mug" {
			t.Errorf("node %d shows %q, %v", victim, v.Title, err)
		}
		if a := f.audit(0); !a.Sound() {
			t.Errorf("after that: %+v", a)
		}
		f.check()
	}
	left, err := filepath.Glob(filepath.Join(f.dir, "*", "*-differs"))
	if err != nil || len(left) > 0 {
		t.Errorf("still distrusted: %v, %v", left, err)
	}
}

// TestNobodyKnowsWhoIsRight: when no majority agrees, nothing is thrown away.
func TestNobodyKnowsWhoIsRight(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	stock(t, f.nodes[0], "mug", 10)
	f.join(1, 2)
	f.tamper(1, wrongTitle)
	f.tamper(2, `UPDATE products SET title = 'Bowl'`)
	a := f.audit(0)
	if a.Sound() || !a.Shards[0].Undecided || len(a.Shards[0].Differ) > 0 {
		t.Errorf("got %+v", a)
	}
	for _, s := range f.running() {
		_, err := s.Catalog.BySKU(t.Context(), catalog.SKU("mug"))
		must(t, err)
	}
}

// TestADistrustedCopyStaysSo: also when its node is stopped before it has been
// rebuilt.
func TestADistrustedCopyStaysSo(t *testing.T) {
	t.Parallel()
	f := newFleet(t, 1)
	stock(t, f.nodes[0], "mug", 10)
	f.join(1, 2)
	f.stop(2, false)
	must(t, os.WriteFile(filepath.Join(f.path(2), "shard-000.db-differs"), nil, 0o600))
	f.tamperStopped(2, wrongTitle)
	f.open(2)
	eventually(t, "it is rebuilt", func() bool {
		v, err := f.nodes[2].Catalog.BySKU(t.Context(), "mug")
		if err == nil && v.Title != "Thing mug" {
			t.Fatalf("it shows %q", v.Title)
		}
		return err == nil
	})
	f.check()
}

// TestVotersDecideWhichCopyIsRight: more than half of all voters, whether or not they answer.
func TestVotersDecideWhichCopyIsRight(t *testing.T) {
	says := func(node, sum string) commerce.Ballot { return commerce.Ballot{Node: node, Voter: true, Sum: sum} }
	replica := func(node, sum string) commerce.Ballot { return commerce.Ballot{Node: node, Sum: sum} }
	silent := func(node string) commerce.Ballot { return commerce.Ballot{Node: node, Voter: true, Missing: true} }
	for name, c := range map[string]struct {
		ballots   []commerce.Ballot
		agree     []string
		differ    []string
		undecided bool
	}{
		"all alike":                        {[]commerce.Ballot{says("a", "x"), says("b", "x"), says("c", "x")}, []string{"a", "b", "c"}, nil, false},
		"one of three differs":             {[]commerce.Ballot{says("a", "y"), says("b", "x"), says("c", "x")}, []string{"b", "c"}, []string{"a"}, false},
		"three ways":                       {[]commerce.Ballot{says("a", "x"), says("b", "y"), says("c", "z")}, nil, nil, true},
		"two differ, the third is silent":  {[]commerce.Ballot{says("a", "x"), says("b", "y"), silent("c")}, nil, nil, true},
		"two of three that answer of five": {[]commerce.Ballot{says("a", "x"), says("b", "x"), says("c", "y"), silent("d"), silent("e")}, nil, nil, true},
		"three of four that answer":        {[]commerce.Ballot{says("a", "x"), says("b", "y"), says("c", "x"), says("d", "x"), silent("e")}, []string{"a", "c", "d"}, []string{"b"}, false},
		"replicas do not outvote":          {[]commerce.Ballot{replica("p", "y"), replica("q", "y"), replica("r", "y"), replica("s", "y"), says("a", "x"), says("b", "x"), says("c", "x")}, []string{"a", "b", "c"}, []string{"p", "q", "r", "s"}, false},
		"nor make a majority":              {[]commerce.Ballot{replica("p", "x"), says("a", "x"), says("b", "y"), silent("c")}, nil, nil, true},
		"silent replicas do not count":     {[]commerce.Ballot{{Node: "p", Missing: true}, {Node: "q", Missing: true}, says("a", "x"), says("b", "x"), says("c", "y")}, []string{"a", "b"}, []string{"c"}, false},
		"voters are taken for a source":    {[]commerce.Ballot{replica("p", "x"), says("a", "x"), replica("q", "y")}, []string{"a", "p"}, []string{"q"}, false},
	} {
		s := commerce.Judge(c.ballots...)
		if !slices.Equal(s.Agree, c.agree) || !slices.Equal(s.Differ, c.differ) || s.Undecided != c.undecided {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
