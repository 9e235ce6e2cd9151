package commerce

import (
	"context"
	"log/slog"
	"time"

	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/rig"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/pricing"
)

// DefaultShards is the number of shards of a store that is made without
// WithShards.
const DefaultShards = 8

// Option changes how a store is opened. Options are made by the With…
// functions.
type Option interface{ set(*config) }

type option func(*config)

func (o option) set(c *config) { o(c) }

// config is what Open works from, complete and checked.
type config struct {
	shards     int // 0 = as the directory has it, or DefaultShards
	cacheBytes int64
	logger     *slog.Logger
	ring       seal.Ring
	passwords  accounts.Passwords
	providers  map[string]payments.Provider
	giveBack   payments.GiveBack
	assets     assets.Store // nil for the directory's own
	pricing    pricing.Options
	hooks      []Hook
	observer   Observer
	clock      Clock
	vfs        string
	logLimit   int64
	reserve    int64 // bytes of the disk that stay free
	free       func(dir string) (int64, error)
	cluster    *ClusterConfig // nil = none
	rig        rig.Rig        // zero = the machine
	atRest     bool           // no workers: nothing happens that nobody asked for
	bad        string         // what is wrong with an option
}

// WithShards sets the number of shards of a store that is created: 1 to 256.
// It defaults to DefaultShards and must match a directory that exists.
func WithShards(n int) Option { return option(func(c *config) { c.shards = n }) }

// WithCacheBytes bounds the memory of the read cache. It defaults to 64 MiB;
// 0 turns the cache off.
func WithCacheBytes(n int64) Option { return option(func(c *config) { c.cacheBytes = n }) }

// WithPricing has taxes and shipping rates worked out by services outside the
// store: see pricing.TaxProvider and pricing.RateProvider.
func WithPricing(o pricing.Options) Option { return option(func(c *config) { c.pricing = o }) }

// WithLogger sets where the store tells of things that no caller hears of. It
// defaults to slog.DiscardHandler. What looks like a card number is masked in
// messages and attributes.
func WithLogger(l *slog.Logger) Option { return option(func(c *config) { c.logger = l }) }

// KeyRing holds the keys that personal data hangs from. The default is a file
// beside the store's directory; an adapter to a key management service is
// another implementation.
type KeyRing = seal.Ring

// Personal is a personal field, such as a name or an e-mail address, in the
// clear. It prints, logs and encodes as ***; its Reveal method returns the
// text. The store seals it before it is logged.
type Personal = seal.Personal

// KeyEpoch numbers a key-encryption key of a KeyRing.
type KeyEpoch = seal.Epoch

// KeyEpochError says that a KeyRing does not hold an epoch: it was dropped, or
// the ring is behind.
type KeyEpochError = seal.EpochError

// WithKeyRing sets the key ring. It defaults to the file DIR.keys beside the
// store's directory, made with the store. Whoever holds both the directory and
// its keys can read everything; without the keys nobody can.
func WithKeyRing(r KeyRing) Option { return option(func(c *config) { c.ring = r }) }

// WithPasswords says how passwords are hashed and which are refused. The
// default is that of a zero accounts.Passwords.
func WithPasswords(p accounts.Passwords) Option { return option(func(c *config) { c.passwords = p }) }

// WithPayments adds a payment provider under the name it gives itself.
// "manual", "gift_card" and "store_credit" are always present.
func WithPayments(p payments.Provider) Option {
	return option(func(c *config) {
		if p == nil {
			c.bad = "the payment provider is nil"
			return
		}
		if name := p.Name(); name == credit.GiftCards || name == credit.StoreCredit {
			c.bad = "a payment provider cannot be named " + name + ": that is the store's own"
			return
		}
		c.providers[p.Name()] = p
	})
}

// WithGiveBack says when payments are given back that the store has made and
// does not know, since it was restored from a backup. Without it that is a day
// after the event payment.discrepancy told of them.
func WithGiveBack(g payments.GiveBack) Option { return option(func(c *config) { c.giveBack = g }) }

// WithAssets sets where the files of the shop are kept. It defaults to
// assets.Dir of DIR/assets. What is set here stays open when the store closes.
func WithAssets(files assets.Store) Option {
	return option(func(c *config) {
		if files == nil {
			c.bad = "the store of assets is nil"
			return
		}
		c.assets = files
	})
}

// Hook sees a request before it is proposed: a pointer to the struct that the
// caller filled in, such as *cart.AddLines or *checkout.Complete. It may adjust the fields, or refuse
// by returning an error, which the caller gets as it is. Hooks run in the
// caller's goroutine and never inside apply, so they may do as they like.
type Hook func(ctx context.Context, command any) error

// WithHook adds a hook. Hooks run in the order in which they were added.
func WithHook(h Hook) Option {
	return option(func(c *config) {
		if h == nil {
			c.bad = "a hook is nil"
			return
		}
		c.hooks = append(c.hooks, h)
	})
}

// Clock is where a store reads time. Both functions are called from many
// goroutines.
type Clock struct {
	// Wall returns the time that people read. It may jump.
	Wall func() time.Time
	// Elapsed returns the time since some fixed moment and never goes back.
	// Holds and timers run by it.
	Elapsed func() time.Duration
	// Poll is how often timers are looked at. It defaults to 250 ms.
	Poll time.Duration
}

// WithClock replaces the system's clock, for tests: see package commercetest.
func WithClock(k Clock) Option { return option(func(c *config) { c.clock = k }) }

// WithRig puts a store on something else than the machine. It is for the
// simulation of this module, which alone can make its argument.
func WithRig(r rig.Rig) Option {
	return option(func(c *config) {
		c.rig = r
		if r.VFS != "" {
			c.vfs = r.VFS
		}
		if r.LogBytes > 0 {
			c.logLimit = r.LogBytes
		}
	})
}

// atRest opens a store that does nothing by itself.
func atRest() Option { return option(func(c *config) { c.atRest = true }) }

// withVFS names the SQLite VFS of all files, for tests that break the disk.
func withVFS(name string) Option { return option(func(c *config) { c.vfs = name }) }

// withLogLimit sets how many bytes of log a shard keeps before it checkpoints
// and truncates.
func withLogLimit(bytes int64) Option { return option(func(c *config) { c.logLimit = bytes }) }

func newConfig(opts []Option) (config, error) {
	started := time.Now()
	c := config{
		cacheBytes: 64 << 20,
		logger:     slog.New(slog.DiscardHandler),
		providers:  map[string]payments.Provider{},
		// Without Round, differences would go by the monotonic clock and never
		// show that the wall clock has jumped.
		clock:    Clock{Wall: func() time.Time { return time.Now().Round(0) }, Elapsed: func() time.Duration { return time.Since(started) }},
		logLimit: 64 << 20,
		reserve:  DefaultReserve,
		free:     freeBytes,
	}
	for _, o := range opts {
		if o == nil {
			return c, fault.New(fault.Invalid, "an option is nil")
		}
		o.set(&c)
	}
	if c.clock.Poll == 0 {
		c.clock.Poll = 250 * time.Millisecond
	}
	if err := c.check(); err != nil {
		return c, err
	}
	c.logger = pan.Logger(c.logger)
	return c, nil
}

// check is the one place where options are judged.
func (c config) check() error {
	switch {
	case c.bad != "":
		return fault.New(fault.Invalid, "%s", c.bad)
	case c.clock.Poll < 0:
		return fault.New(fault.Invalid, "a clock cannot be polled every %v", c.clock.Poll)
	case c.shards < 0 || c.shards > 256:
		return fault.New(fault.Invalid, "a store has 1 to 256 shards, not %d", c.shards)
	case c.cacheBytes < 0:
		return fault.New(fault.Invalid, "the cache cannot have %d bytes", c.cacheBytes)
	case c.reserve < 0:
		return fault.New(fault.Invalid, "a store cannot leave %d bytes free", c.reserve)
	case c.logger == nil:
		return fault.New(fault.Invalid, "the logger is nil: leave WithLogger out for silence")
	case c.giveBack.After < 0:
		return fault.New(fault.Invalid, "payments cannot be given back %v after they were found: payments.GiveBack.ReportOnly gives none back", c.giveBack.After)
	case c.clock.Wall == nil || c.clock.Elapsed == nil:
		return fault.New(fault.Invalid, "a clock needs both Wall and Elapsed")
	}
	if c.cluster != nil && c.rig.Network == nil {
		if err := c.cluster.check(); err != nil {
			return err
		}
	}
	for name := range c.providers {
		if name == "" {
			return fault.New(fault.Invalid, "a payment provider has no name")
		}
	}
	return c.passwords.Validate()
}
