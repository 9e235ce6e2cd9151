package peer_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/peer"
)

// TestWhatIsUnderWayIsBounded: requests of all nodes together, and their answers, that a node holds at once have a bound.
// What comes then is refused before anybody has seen it, as something that may be tried again, and taken when there is
// room. Lane 0 goes on meanwhile.
func TestWhatIsUnderWayIsBounded(t *testing.T) {
	ca := authority(t)
	host := config(t, ca, "host")
	host.MaxBytes = 1 << 20
	h := listen(t, host)
	var guests []*peer.TCP
	for _, name := range []string{"a", "b"} {
		c := config(t, ca, name)
		if err := c.Book.Learn("host", h.Addr()); err != nil {
			t.Fatal(err)
		}
		guests = append(guests, listen(t, c))
	}
	var seen atomic.Int64
	inside, release := make(chan struct{}, 16), make(chan struct{})
	h.Serve(func(ctx context.Context, _ string, r peer.Request) ([]byte, error) {
		seen.Add(1)
		if r.Kind == 1 {
			return r.Data, nil
		}
		inside <- struct{}{}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil, nil
	})
	data := make([]byte, 300<<10)
	call := func(guest int, kind, lane byte) error {
		_, err := guests[guest].Call(t.Context(), "host", peer.Request{Kind: kind, Lane: lane, Data: data})
		return err
	}
	for range 2 {
		done := make(chan error, 3)
		for i := range 3 {
			go func() {
				err := call(i%2, 2, 1)
				for tries := 0; fault.CodeOf(err) == fault.Unavailable && tries < 10_000; tries++ { // the last answers may still be counted
					err = call(i%2, 2, 1)
				}
				done <- err
			}()
		}
		for range 3 {
			select {
			case <-inside:
			case err := <-done:
				t.Fatalf("there is no room: %v", err)
			}
		}
		before := seen.Load()
		for i := range 20 {
			err := call(i%2, 1, 1)
			if full, ok := errors.AsType[*peer.FullError](err); !ok || full.Wait < time.Second || fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "under way") {
				t.Fatalf("with nearly a mebibyte under way: %v", err)
			}
		}
		if n := seen.Load(); n != before {
			t.Errorf("%d of the requests that were refused have been seen", n-before)
		}
		if err := call(0, 1, 0); err != nil {
			t.Errorf("on lane 0: %v", err)
		}
		for range 3 {
			release <- struct{}{}
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for range 20 {
			if err := call(1, 1, 1); err != nil && fault.CodeOf(err) != fault.Unavailable {
				t.Error(err)
			}
		}
	}
}

// TestLargeAnswersHaveTheirRoomBefore: of requests for large answers only as many are let in as have room for those, and
// what has been let in gives all of it back. A request that never has room is not told to come back.
func TestLargeAnswersHaveTheirRoomBefore(t *testing.T) {
	ca := authority(t)
	host := config(t, ca, "host")
	host.MaxBytes = 3*peer.BulkBytes + 1<<20
	h := listen(t, host)
	guest := config(t, ca, "a")
	if err := guest.Book.Learn("host", h.Addr()); err != nil {
		t.Fatal(err)
	}
	a := listen(t, guest)
	inside, release := make(chan struct{}, 64), make(chan struct{})
	h.Serve(func(ctx context.Context, _ string, r peer.Request) ([]byte, error) {
		inside <- struct{}{}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return make([]byte, r.Kind), nil
	})
	call := func(lane byte, bytes int) error {
		_, err := a.Call(t.Context(), "host", peer.Request{Kind: 100, Lane: lane, Data: make([]byte, bytes)})
		return err
	}
	for round := range 3 {
		done := make(chan error, 3)
		for range 3 {
			go func() {
				err := call(peer.LaneBulk, 10)
				for tries := 0; round > 0 && fault.CodeOf(err) == fault.Unavailable && tries < 10_000; tries++ { // the last answers may still be counted
					err = call(peer.LaneBulk, 10)
				}
				done <- err
			}()
		}
		for range 3 {
			select {
			case <-inside:
			case err := <-done:
				t.Fatalf("there is no room: %v", err)
			}
		}
		for range 5 {
			go func() { done <- call(peer.LaneBulk, 10) }()
			select {
			case <-inside:
				t.Fatal("a fourth has been let in, whose answer has no room")
			case err := <-done:
				if fault.CodeOf(err) != fault.Unavailable {
					t.Fatalf("without room for the answer: %v", err)
				}
			}
		}
		for range 3 {
			release <- struct{}{}
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	if err := call(1, peer.MaxData); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a request larger than all room there is: %v", err)
	}
}
