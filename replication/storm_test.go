package replication_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/replication/peer"
)

// TestAStormOfTransfers: the leadership is handed on five times a second, to voters that have everything, that lack
// entries, or that do not hear of it, and by leaders that are cut off in the middle of it, while clients write and read on
// all nodes. Porcupine looks at what they were told. Then each node takes the leadership again and uses it: none has been
// left in between. COMMERCE_LONG=1 does it for 1,000 seeds.
func TestAStormOfTransfers(t *testing.T) {
	seeds := uint64(4)
	if os.Getenv("COMMERCE_LONG") != "" {
		seeds = 1000
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			var s storm
			var r *registers
			synctest.Test(t, func(t *testing.T) { r = useRegisters(t, seed%4 == 3, seed, s.blow) })
			r.check(t)
			t.Logf("the leadership was handed over %d times and not %d times", s.moved.Load(), s.refused.Load())
			if s.moved.Load() < 8 {
				t.Errorf("the leadership was handed over %d times only", s.moved.Load())
			}
		})
	}
}

// storm hands the leadership on.
type storm struct{ moved, refused atomic.Int64 }

// blow is a second and a half of it, with something in its way or nothing.
func (s *storm) blow(c *cluster, net *peer.Memory, random *rand.Rand) {
	var all sync.WaitGroup
	for i := range 6 {
		leader, target := leading(c), c.names[random.IntN(3)]
		switch {
		case leader == "" || i%3 > 0:
		case i == 0:
			net.Heal()
			net.SetFaults(peer.Faults{})
			s.hinder(net, random, leader, target)
		case random.IntN(3) == 0: // the lease is lost while the target does not have everything
			net.Isolate(leader)
		}
		if leader != "" {
			all.Go(func() { s.move(c, leader, target) })
		}
		time.Sleep(200*time.Millisecond + time.Duration(random.IntN(100))*time.Millisecond)
	}
	all.Wait()
	net.Heal()
	net.SetFaults(peer.Faults{})
}

// hinder gets into the way of what a leader and its next one say to each other.
func (s *storm) hinder(net *peer.Memory, random *rand.Rand, leader, target string) {
	late := time.Duration(random.IntN(900)) * time.Millisecond
	switch random.IntN(6) {
	case 0:
		net.Slow(leader, target, late)
	case 1:
		net.Slow(target, leader, late)
	case 2:
		net.Cut(leader, target)
	case 3:
		net.SetFaults(peer.Faults{Loss: 0.05, Duplicate: 0.2, Late: 3 * time.Second, MaxDelay: 50 * time.Millisecond})
	}
}

func (s *storm) move(c *cluster, from, to string) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	term := c.groups[from].Term()
	if err := c.groups[from].Transfer(ctx, to); err == nil && c.groups[from].Term() > term {
		s.moved.Add(1)
	} else if err != nil {
		s.refused.Add(1)
	}
}

// leading returns the node that leads in the newest term; "" when none does.
func leading(c *cluster) (name string) {
	var newest uint64
	for _, n := range c.names {
		if g := c.groups[n]; g.Leading() && g.Term() >= newest {
			name, newest = n, g.Term()
		}
	}
	return name
}

// usable has each node lead in turn, and propose.
func usable(c *cluster) {
	for _, name := range c.names {
		c.try(func() error {
			if leader := leading(c); leader != "" && leader != name {
				return errors.Join(c.groups[leader].Transfer(c.t.Context(), name), errors.New("another node leads"))
			}
			_, err := c.groups[name].Propose(c.t.Context(), []byte("it leads"))
			return err
		})
	}
}
