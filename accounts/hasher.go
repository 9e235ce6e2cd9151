package accounts

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/seal"
)

// hashWait is how long a log-in waits for memory before it is turned away.
const hashWait = time.Second

// hasher computes password hashes, as many at once as memory allows.
type hasher struct {
	cost   cost
	limit  int64 // KiB
	memory *semaphore.Weighted
	refuse func(context.Context, seal.Personal) error
}

// Validate returns fault.Invalid if no hash could be computed like this.
func (p Passwords) Validate() error {
	c := p.cost()
	switch {
	case c.kib < 8*uint32(c.threads) || c.kib > 4<<20:
		return fault.New(fault.Invalid, "argon2id takes 8 KiB a thread to 4 GiB of memory, not %d KiB", c.kib)
	case c.passes > 100:
		return fault.New(fault.Invalid, "argon2id takes at most 100 passes here, not %d", c.passes)
	case p.LimitKiB < 0 || p.LimitKiB > 0 && p.LimitKiB < int64(c.kib):
		return fault.New(fault.Invalid, "%d KiB are not enough for one hash of %d KiB", p.LimitKiB, c.kib)
	}
	return nil
}

func (p Passwords) cost() cost {
	c := cost{kib: p.MemoryKiB, passes: p.Passes, threads: p.Threads}
	if c.kib == 0 {
		c.kib = 64 << 10
	}
	if c.passes == 0 {
		c.passes = 3
	}
	if c.threads == 0 {
		c.threads = 1
	}
	return c
}

func newHasher(p Passwords) *hasher {
	c := p.cost()
	limit := p.LimitKiB
	if limit == 0 {
		limit = int64(c.kib) * int64(runtime.GOMAXPROCS(0))
	}
	return &hasher{cost: c, limit: limit, memory: semaphore.NewWeighted(limit), refuse: p.Refuse}
}

// reserve waits for the memory of one hash. The error is fault.Unavailable.
func (h *hasher) reserve(ctx context.Context, c cost) (release func(), err error) {
	n := min(int64(c.kib), h.limit)
	waiting, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	if err := h.memory.Acquire(waiting, n); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "too many passwords are being checked: try again in a few seconds")
	}
	return func() { h.memory.Release(n) }, nil
}

// hash hashes a new password.
func (h *hasher) hash(ctx context.Context, p seal.Personal) (seal.Personal, error) {
	release, err := h.reserve(ctx, h.cost)
	if err != nil {
		return "", err
	}
	defer release()
	return seal.Personal(newHash(h.cost, normalizePassword(p)).String()), nil
}
