package inventory

import (
	"context"
	"sync"

	"github.com/keelshop/commerce/fault"
)

// locks lets one caller of this process at a time move the goods of a pool
// between shards. It saves work and is not needed for safety: legs that
// overlap, from other processes say, are told apart by their totals.
type locks struct {
	mu   sync.Mutex
	held map[PoolID]*poolLock
}

type poolLock struct {
	token chan struct{} // holds one value while the pool is locked
	users int           // who hold it or wait for it
}

// try locks all the pools and returns how to unlock them, or false if one is
// locked already.
func (l *locks) try(pools []PoolID) (unlock func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range pools {
		if l.held[p] != nil {
			return nil, false
		}
	}
	for _, p := range pools {
		k := &poolLock{token: make(chan struct{}, 1), users: 1}
		k.token <- struct{}{}
		l.held[p] = k
	}
	return func() { l.unlock(pools) }, true
}

// lock locks pools, which are sorted so that callers cannot wait for each
// other in a circle. It waits until ctx ends.
func (l *locks) lock(ctx context.Context, pools []PoolID) (unlock func(), err error) {
	for i, p := range pools {
		k := l.join(p)
		select {
		case k.token <- struct{}{}:
		case <-ctx.Done():
			l.leave(p)
			l.unlock(pools[:i])
			return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "waiting for the stock of %s", p)
		}
	}
	return func() { l.unlock(pools) }, nil
}

func (l *locks) unlock(pools []PoolID) {
	for _, p := range pools {
		l.mu.Lock()
		k := l.held[p]
		l.mu.Unlock()
		<-k.token
		l.leave(p)
	}
}

func (l *locks) join(p PoolID) *poolLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.held[p]
	if k == nil {
		k = &poolLock{token: make(chan struct{}, 1)}
		l.held[p] = k
	}
	k.users++
	return k
}

func (l *locks) leave(p PoolID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[p].users--; l.held[p].users == 0 {
		delete(l.held, p)
	}
}
