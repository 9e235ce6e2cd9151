package shard_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/shard"
)

// stuckLog takes entries and answers none of them before it is released.
type stuckLog struct {
	mu       sync.Mutex
	entries  int
	largest  int
	released chan struct{}
}

func (l *stuckLog) Propose(entry []byte) func() ([]shard.Reply, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries++
	l.largest = max(l.largest, len(entry))
	return func() ([]shard.Reply, error) {
		<-l.released
		return make([]shard.Reply, 256), nil
	}
}

// TestWhatWaitsIsBounded: while the log does not answer, two entries of a mebibyte are under way and 64 MiB wait. What
// comes then is refused at once, as something that may be tried again, and taken when there is room.
func TestWhatWaitsIsBounded(t *testing.T) {
	const each, room = 256 << 10, 64 << 20
	log := &stuckLog{released: make(chan struct{})}
	p := shard.NewProposer(log, func() int64 { return 0 }, func() uint64 { return 0 }, new(shard.Backlog))
	defer p.Stop(fault.New(fault.Unavailable, "the test is over"))
	release := sync.OnceFunc(func() { close(log.released) })
	defer release()
	raw := make([]byte, each)
	results := make(chan error, 1024)
	started := 0
	for refused := false; !refused; started++ {
		if started > 2*room/each {
			t.Fatal("everything is taken")
		}
		go func() {
			_, err := p.Submit(t.Context(), raw)
			results <- err
		}()
		for taken := false; !taken && !refused; { // until it waits or is refused
			select {
			case err := <-results:
				if fault.CodeOf(err) != fault.Unavailable || !fault.Retryable(err) {
					t.Fatalf("got %v", err)
				}
				if full, ok := errors.AsType[*command.OverloadedError](err); !ok || full.Wait < time.Second || full.Wait > 30*time.Second {
					t.Fatalf("nobody is told when to come back: %v", err)
				}
				refused = true
			default:
				log.mu.Lock()
				sent := log.entries
				log.mu.Unlock()
				taken = p.Waiting()+4*sent >= started-8 // entries hold up to four of them
			}
		}
	}
	log.mu.Lock()
	if log.entries > 2 || log.largest > 1<<20+1024 {
		t.Errorf("%d entries are under way, the largest of %d bytes", log.entries, log.largest)
	}
	log.mu.Unlock()
	if n := p.Waiting(); n > room/each {
		t.Errorf("%d commands of %d bytes wait", n, each)
	}
	release()
	refused := 1
	for range started - 1 {
		if err := <-results; err != nil {
			refused++
		}
	}
	if refused > 16 {
		t.Errorf("%d of %d commands were refused", refused, started)
	}
	if _, err := p.Submit(t.Context(), raw); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

// TestWhoIsRefusedForOthersWaitsForThem: a shard goes on with little while all room is taken by others that are stuck,
// and who wants more is told to come back when those may have gone on, which nothing says about its own shard.
func TestWhoIsRefusedForOthersWaitsForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var backlog shard.Backlog
		over := fault.New(fault.Unavailable, "the test is over")
		proposer := func(log *stuckLog) *shard.Proposer {
			return shard.NewProposer(log, func() int64 { return 0 }, func() uint64 { return 0 }, &backlog)
		}
		little, much := []byte("x"), make([]byte, 32<<20)
		held, free := &stuckLog{released: make(chan struct{})}, &stuckLog{released: make(chan struct{})}
		close(free.released)
		all := []*shard.Proposer{proposer(free)}
		for range 8 {
			p := proposer(held)
			all = append(all, p)
			for _, raw := range [][]byte{little, little, much, much} {
				go p.Submit(t.Context(), raw)
				synctest.Wait()
			}
		}
		for _, c := range []struct{ after, wait time.Duration }{{0, time.Second}, {time.Second, 15 * time.Second}, {time.Minute, 30 * time.Second}} {
			time.Sleep(c.after)
			if _, err := all[0].Submit(t.Context(), little); err != nil {
				t.Errorf("what needs no room: %v", err)
			}
			_, err := all[0].Submit(t.Context(), much)
			if full, ok := errors.AsType[*command.OverloadedError](err); !ok || full.Wait < c.wait || full.Wait > 30*time.Second {
				t.Errorf("after %v it is %v", c.after, err)
			}
		}
		for _, p := range all {
			go p.Stop(over)
		}
		synctest.Wait()
		close(held.released)
	})
}

// TestWhatWaitsForAllShardsIsBounded: eight shards that do not answer may have as much waiting as each of them may; a
// ninth is refused much then, although nothing waits for it, until one has gone on. Closing the others gives all room back.
func TestWhatWaitsForAllShardsIsBounded(t *testing.T) {
	var backlog shard.Backlog
	over := fault.New(fault.Unavailable, "the test is over")
	proposer := func(log *stuckLog) *shard.Proposer {
		return shard.NewProposer(log, func() int64 { return 0 }, func() uint64 { return 0 }, &backlog)
	}
	little, much := []byte("x"), make([]byte, 32<<20)
	free := &stuckLog{released: make(chan struct{})}
	close(free.released)
	ninth := proposer(free)
	defer ninth.Stop(over)
	for range 2 {
		answers := make(chan error, 64)
		submit := func(p *shard.Proposer, raw []byte) {
			go func() {
				_, err := p.Submit(t.Context(), raw)
				answers <- err
			}()
		}
		until := func(so func() bool) {
			for !so() {
				select {
				case err := <-answers:
					t.Fatalf("there is no room: %v", err)
				default:
					runtime.Gosched()
				}
			}
		}
		var stuck []*shard.Proposer
		var logs []*stuckLog
		for range 8 {
			log := &stuckLog{released: make(chan struct{})}
			p := proposer(log)
			stuck, logs = append(stuck, p), append(logs, log)
			for n := 1; n <= 2; n++ { // under way
				submit(p, little)
				until(func() bool {
					log.mu.Lock()
					defer log.mu.Unlock()
					return log.entries == n
				})
			}
			submit(p, much)
			submit(p, much)
			until(func() bool { return p.Waiting() == 2 })
		}
		if _, err := ninth.Submit(t.Context(), much); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("with 512 MiB waiting elsewhere: %v", err)
		}
		close(logs[0].released)
		for range 4 {
			if err := <-answers; err != nil {
				t.Error(err)
			}
		}
		if _, err := ninth.Submit(t.Context(), much); err != nil {
			t.Errorf("when one shard has gone on: %v", err)
		}
		for i, p := range stuck {
			if i > 0 {
				go func() {
					for p.Waiting() > 0 { // until Stop has withdrawn them
						runtime.Gosched()
					}
					close(logs[i].released)
				}()
			}
			p.Stop(over)
		}
		for range 7 * 4 {
			<-answers
		}
	}
}
