package replication_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/historytest"
	"github.com/keelshop/commerce/replication/peer"
)

// TestReadsAreLinearizable: registers that clients write through the leader and read through every node's read index,
// while leaders are cut off, moved and slowed down and the network is bad. Porcupine looks at the histories. Once with one
// request to a follower at a time, and once with several.
func TestReadsAreLinearizable(t *testing.T) {
	for _, pipelined := range []bool{false, true} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("pipeline=%v/%d", pipelined, seed), func(t *testing.T) {
				var r *registers
				synctest.Test(t, func(t *testing.T) { r = useRegisters(t, pipelined, seed, harass) })
				r.check(t)
			})
		}
	}
}

// registers are values that clients write and read, one after the other, so that histories stay short. An entry holds the
// number of a register and what is written to it.
type registers struct {
	cluster       *cluster
	now           atomic.Uint32 // the register in use
	book          historytest.History
	reads, writes atomic.Int64 // that succeeded
	value         atomic.Int64 // the last one written
	ended         atomic.Bool
}

// check looks at the histories of the registers, and whether there was enough in them.
func (r *registers) check(t *testing.T) {
	operations := r.book.Check(t, 0, 0)
	if reads := r.reads.Load(); reads < 100 || r.writes.Load() < 50 {
		t.Errorf("%d operations, %d reads and %d writes succeeded", operations, reads, r.writes.Load())
	}
}

// useRegisters has clients use registers on three nodes while there is trouble, 15 times, each time another register.
func useRegisters(t *testing.T, pipelined bool, seed uint64, trouble func(*cluster, *peer.Memory, *rand.Rand)) *registers {
	network, net := onMemory(seed)
	c := newCluster(t, network, "a", "b", "c")
	c.pipelined = pipelined
	defer c.stopAll()
	c.form()
	r := &registers{cluster: c}
	left := make(chan struct{})
	const clients = 4
	for i := range clients {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		go func() {
			defer func() { left <- struct{}{} }()
			for !r.ended.Load() {
				r.use(i, random)
			}
		}()
	}
	random := rand.New(rand.NewPCG(seed, 99))
	for range 15 {
		trouble(c, net, random)
		r.now.Add(1)
	}
	r.ended.Store(true)
	for range clients {
		<-left
	}
	usable(c)
	c.settle()
	return r
}

// harass makes trouble for a while, and ends it.
func harass(c *cluster, net *peer.Memory, random *rand.Rand) {
	victim, other := c.names[random.IntN(3)], c.names[random.IntN(3)]
	switch random.IntN(8) {
	case 0:
		net.Isolate(victim)
	case 1:
		net.Cut(victim, other)
	case 2:
		net.Slow(victim, other, time.Duration(random.IntN(1500))*time.Millisecond)
	case 3:
		net.SetFaults(peer.Faults{Loss: 0.1, Duplicate: 0.2, Late: 5 * time.Second, MaxDelay: 50 * time.Millisecond})
	case 4:
		for _, g := range c.groups {
			_ = g.Transfer(c.t.Context(), victim) // refused by all but the leader, and at times by it
		}
	default:
		replace(c, net)
	}
	time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
	net.Heal()
	net.SetFaults(peer.Faults{})
	time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
}

// replace cuts off what a leader says, while it goes on hearing answers to what it said before.
func replace(c *cluster, net *peer.Memory) {
	for _, leader := range c.names {
		if !c.groups[leader].Leading() {
			continue
		}
		for _, other := range c.names {
			net.Slow(other, leader, 900*time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		for _, other := range c.names {
			net.Cut(leader, other)
		}
		time.Sleep(time.Second)
	}
}

// use is one operation of a client.
func (r *registers) use(client int, random *rand.Rand) {
	time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
	ctx, cancel := context.WithTimeout(r.cluster.t.Context(), 2*time.Second)
	defer cancel()
	name, register := r.cluster.names[random.IntN(3)], r.now.Load()
	note := func(began int64, input, output any) {
		r.book.Cart(fmt.Sprint("register ", register), client, began, input, output)
	}
	began := r.book.Begin()
	if random.IntN(3) > 0 {
		if n, err := r.read(ctx, name, register); err == nil {
			note(began, historytest.Look{}, historytest.Seen{N: n})
			r.reads.Add(1)
		}
		return
	}
	for _, leader := range r.cluster.names { // an old leader may still believe in itself
		if r.cluster.groups[leader].Leading() && random.IntN(2) == 0 {
			name = leader
		}
	}
	n := r.value.Add(1)
	_, err := r.cluster.groups[name].Propose(ctx, binary.BigEndian.AppendUint64(nil, uint64(register)<<32|uint64(n)))
	switch {
	case err == nil:
		note(began, historytest.Set{N: n}, historytest.Done{})
		r.writes.Add(1)
	case fault.CodeOf(err) == fault.Uncertain:
		note(began, historytest.Set{N: n}, historytest.Done{Unknown: true})
	}
}

// read returns the last value of a register that a node's machine has applied, once it may be read; 0 at first.
func (r *registers) read(ctx context.Context, name string, register uint32) (int64, error) {
	g := r.cluster.groups[name]
	index, err := g.ReadIndex(ctx)
	if err == nil {
		err = g.WaitApplied(ctx, index)
	}
	if err != nil {
		return 0, err
	}
	m := r.cluster.machines[name]
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range slices.Backward(m.numbers) {
		if uint32(e.N>>32) == register {
			return int64(uint32(e.N)), nil
		}
	}
	return 0, nil
}
