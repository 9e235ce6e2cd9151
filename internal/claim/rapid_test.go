package claim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keelshop/commerce/internal/claim"
)

// change is a set of values on its way to an owner, in steps that may be
// interleaved with those of others and may end anywhere.
type change struct {
	owner  int
	base   int64
	values []int
	take   []int
	drop   []int
	r      *claim.Reservation
	sent   bool // the owner's command succeeded
}

// TestNoValueHasTwoOwners interleaves changes of several owners, lets them die
// between any two steps and come late, and looks after every step whether a
// value is held twice. In the end, when all timers have run, claims must say
// exactly who holds what.
func TestNoValueHasTwoOwners(t *testing.T) {
	w := newWorld(t, 3)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		w.prefix = fmt.Sprintf("%d/", run)
		owners := make([]string, 3)
		for i := range owners {
			owners[i] = newOwner(3 * i)
		}
		values := rapid.SliceOfNDistinct(rapid.IntRange(0, 4), 0, 4, rapid.ID)
		var open []*change
		pick := func() *change {
			if len(open) == 0 {
				rt.Skip("no change is under way")
			}
			return open[rapid.IntRange(0, len(open)-1).Draw(rt, "change")]
		}
		rt.Repeat(map[string]func(*rapid.T){
			"reserve": func(rt *rapid.T) {
				c := &change{owner: rapid.IntRange(0, 2).Draw(rt, "owner"), values: values.Draw(rt, "values")}
				have, base, err := w.read(owners[c.owner])
				if err != nil {
					rt.Fatal(err)
				}
				c.base, c.take, c.drop = base, minus(c.values, have), minus(have, c.values)
				if c.r, err = w.reserve(owners[c.owner], c.take, c.drop); err == nil {
					open = append(open, c)
				}
			},
			"run": func(rt *rapid.T) {
				c := pick()
				c.sent = c.sent || w.set(owners[c.owner], c.base, c.r.Deadline, c.values) == nil
			},
			"settle": func(rt *rapid.T) {
				c := pick()
				if !c.sent {
					rt.Skip("not done")
				}
				if err := c.r.Settle(t.Context(), w); err != nil {
					rt.Fatal(err)
				}
			},
			"crash": func(rt *rapid.T) {
				gone := pick()
				open = slices.DeleteFunc(open, func(c *change) bool { return c == gone })
			},
			"wait": func(rt *rapid.T) {
				w.Advance(time.Duration(rapid.IntRange(1, 20_000).Draw(rt, "ms")) * time.Millisecond)
			},
			"timers": func(rt *rapid.T) { w.settleAll() },
			"": func(rt *rapid.T) {
				holders := w.holders(rt, owners)
				for v, h := range holders {
					if owner, _ := w.owner(v); len(h) > 1 || owner != h[0] {
						rt.Fatalf("value %d is held by %v and claimed by %q", v, h, owner)
					}
				}
			},
		})
		for range 3 {
			w.Advance(time.Minute)
			w.settleAll()
		}
		holders := w.holders(rt, owners)
		for v := range 5 {
			owner, confirmed := w.owner(v)
			if h := holders[v]; owner != "" && (len(h) == 0 || h[0] != owner || !confirmed) {
				rt.Fatalf("in the end value %d is held by %v and claimed by %q, confirmed %t", v, h, owner, confirmed)
			}
		}
	})
}

func (w *world) holders(rt *rapid.T, owners []string) map[int][]string {
	holders := map[int][]string{}
	for _, o := range owners {
		values, _, err := w.read(o)
		if err != nil {
			rt.Fatal(err)
		}
		for _, v := range values {
			holders[v] = append(holders[v], o)
		}
	}
	return holders
}

func minus(a, b []int) (rest []int) {
	for _, v := range a {
		if !slices.Contains(b, v) {
			rest = append(rest, v)
		}
	}
	return rest
}
