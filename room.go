package commerce

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// DefaultReserve is how many bytes of its disk a store leaves free.
const DefaultReserve = 256 << 20

// WithReserve sets how many bytes of its disk the store leaves free: with less
// left, requests that change something are refused with a *LowDiskError, and
// what has begun is still finished; with a quarter of it left nothing is written
// any more. A disk that is full stops a store instead, and may stop it anywhere.
// A node of a cluster hands over what it leads then, and passes requests on. For
// copies that are made for other nodes or come from one there must be room, too.
// It defaults to DefaultReserve; 0 turns it off. It does nothing on systems that
// do not say how much is free.
func WithReserve(bytes int64) Option { return option(func(c *config) { c.reserve = bytes }) }

// withFreeBytes says how much is free on a disk, for tests.
func withFreeBytes(free func(dir string) (int64, error)) Option {
	return option(func(c *config) { c.free = free })
}

// LowDiskError says that a change was refused because the disk of this node is
// nearly full: see WithReserve. Nothing has happened. It passes when there is
// room, and another node may have room now. It counts as fault.Unavailable.
type LowDiskError struct {
	Dir           string
	Free, Reserve int64 // bytes
}

// Error says what to do.
func (e *LowDiskError) Error() string {
	return fmt.Sprintf("the disk of %s has %d bytes free, and the store leaves %d free: make room", e.Dir, e.Free, e.Reserve)
}

// Unwrap returns fault.Unavailable.
func (e *LowDiskError) Unwrap() error { return fault.Unavailable }

const roomEvery = time.Second // between looks at the disk

// room is what a node knows of its disk.
type room struct {
	dir     string
	reserve int64
	look    func(dir string) (int64, error)
	free    atomic.Int64 // when it was looked at last
}

// holds refuses to put that many more bytes on a disk without room for them
// beside what is to stay free, unless that is turned off.
func (r *room) holds(dir string, bytes int64) error {
	if r.reserve == 0 {
		return nil
	}
	free, err := r.look(dir)
	if err == nil && free < bytes+r.reserve {
		err = fault.New(fault.Unavailable, "%s has %d bytes free, and a copy takes %d with %d to stay free: make room or name another disk", dir, free, bytes, r.reserve)
	}
	return err
}

// low returns a LowDiskError if requests are to be refused.
func (r *room) low() error { return r.below(r.reserve) }

// spent returns a LowDiskError if nothing is to be written.
func (r *room) spent() error { return r.below(r.reserve / 4) }

func (r *room) below(limit int64) error {
	if free := r.free.Load(); r.reserve > 0 && free < limit {
		return &LowDiskError{Dir: r.dir, Free: free, Reserve: r.reserve}
	}
	return nil
}

// watchRoom looks at the disk again and again.
func (s *Store) watchRoom(ctx context.Context) {
	for pause(ctx, roomEvery) {
		was := s.engine.room.low() != nil
		if err := s.lookAtRoom(); err != nil {
			s.config.logger.Warn("how much of the disk is free cannot be told", "error", err)
		}
		if now := s.engine.room.low(); now != nil && !was {
			s.config.logger.Error("requests that change something are refused", "cause", now)
		}
	}
}

func (s *Store) lookAtRoom() error {
	free, err := s.engine.room.look(s.dir)
	if err == nil {
		s.engine.room.free.Store(free)
	}
	return err
}

// own reports whether a command is the store's own housekeeping, which makes
// room in the end.
func own(k command.Kind) bool { return strings.HasPrefix(string(k), "shard.") }

// roomFor refuses to copy the store to a disk without room for it.
func (s *Store) roomFor(dir string) error {
	var need int64
	for _, l := range s.engine.lanes {
		need += l.bytes()
	}
	return s.engine.room.holds(dir, need)
}

// bytes returns how large the shard's files are.
func (l *lane) bytes() (n int64) {
	for _, path := range []string{l.shard.Path(), l.shard.Path() + "-wal"} {
		if info, err := os.Stat(path); err == nil {
			n += info.Size()
		}
	}
	return n
}
