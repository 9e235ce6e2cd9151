package inventory

import (
	"context"
	"sync"

	"github.com/keelshop/commerce/fault"
)

// locks lets one caller of this process at a time do something: take goods of a
// pool from shards, under the name of the pool, or lend some of its authority's
// to a shard, under the name of the pool at the shard. Who needs both has let
// go of the latter before. It saves work and is not needed for safety: legs
// that overlap, from other processes say, are told apart by their totals.
type locks struct {
	mu   sync.Mutex
	held map[string]*poolLock
}

type poolLock struct {
	token chan struct{} // holds one value while the name is locked
	users int           // who hold it, wait for it, or were let go

	credit int64         // how many goods nobody who was let go will take
	going  int           // who were let go to take goods and are not done
	idle   chan struct{} // closed when nobody is going; nil if nobody waits for that
}

// try locks all the names and returns how to unlock them, or false if one is
// locked already.
func (l *locks) try(names []string) (unlock func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range names {
		if l.held[p] != nil {
			return nil, false
		}
	}
	for _, p := range names {
		k := &poolLock{token: make(chan struct{}, 1), users: 1}
		k.token <- struct{}{}
		l.held[p] = k
	}
	return func() { l.unlock(names) }, true
}

// lock locks names, which are sorted so that callers cannot wait for each
// other in a circle. It waits until ctx ends.
func (l *locks) lock(ctx context.Context, names []string) (unlock func(), err error) {
	for i, p := range names {
		k := l.join(p)
		select {
		case k.token <- struct{}{}:
		case <-ctx.Done():
			l.leave(p)
			l.unlock(names[:i])
			return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "waiting for the stock of %s", p)
		}
	}
	return func() { l.unlock(names) }, nil
}

func (l *locks) unlock(names []string) {
	for _, p := range names {
		l.mu.Lock()
		k := l.held[p]
		l.mu.Unlock()
		<-k.token
		l.leave(p)
	}
}

func (l *locks) join(p string) *poolLock {
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

// waiting returns how many wait for a name that somebody has locked.
func (l *locks) waiting(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.held[name]; k != nil {
		return max(k.users-k.going-1, 0)
	}
	return 0
}

// take lets go a caller who has locked the names, if there are enough goods
// besides what those take who were let go before. The caller calls done once
// the goods are taken, or nil if there are not enough.
func (l *locks) take(names []string, lines []Short) (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range names {
		if l.held[p].credit < lines[i].Want {
			return nil
		}
	}
	return l.letGo(names, lines)
}

// share is take for the first of those who share what was found at a shard.
func (l *locks) share(names []string, lines []Short, have []int64) (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range names {
		l.held[p].credit = have[i]
	}
	return l.letGo(names, lines)
}

func (l *locks) letGo(names []string, lines []Short) (done func()) {
	for i, p := range names {
		k := l.held[p]
		k.credit -= lines[i].Want
		k.going++
		k.users++
	}
	return func() {
		for _, p := range names {
			l.done(p)
		}
	}
}

func (l *locks) done(p string) {
	l.mu.Lock()
	k := l.held[p]
	if k.going--; k.going == 0 && k.idle != nil {
		close(k.idle)
		k.idle = nil
	}
	l.mu.Unlock()
	l.leave(p)
}

// idle waits until all who were let go are done.
func (l *locks) idle(ctx context.Context, names []string) error {
	for _, p := range names {
		l.mu.Lock()
		k := l.held[p]
		if k.going == 0 {
			l.mu.Unlock()
			continue
		}
		if k.idle == nil {
			k.idle = make(chan struct{})
		}
		idle := k.idle
		l.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, ctx.Err(), "waiting for the stock of %s", p)
		}
	}
	return nil
}

func (l *locks) leave(p string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[p].users--; l.held[p].users == 0 {
		delete(l.held, p)
	}
}
