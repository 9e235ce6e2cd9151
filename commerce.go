package commerce

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/cart"
	"github.com/keelshop/commerce/catalog"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/checkout"
	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/documents"
	"github.com/keelshop/commerce/downloads"
	"github.com/keelshop/commerce/endpoints"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/cache"
	"github.com/keelshop/commerce/internal/claim"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/seal"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/merchandising"
	"github.com/keelshop/commerce/orders"
	"github.com/keelshop/commerce/payments"
	"github.com/keelshop/commerce/payments/manual"
	"github.com/keelshop/commerce/pricing"
	"github.com/keelshop/commerce/replication"
	"github.com/keelshop/commerce/shard"
)

// Store is a whole shop. Its fields are the services that sell; they and all
// methods are safe for concurrent use.
type Store struct {
	Accounts  *accounts.Service
	Catalog   *catalog.Service
	Inventory *inventory.Service
	Pricing   *pricing.Service
	Carts     *cart.Service
	Orders    *orders.Service
	Documents *documents.Service
	Downloads *downloads.Service // the files of digital goods
	Payments  *payments.Service
	Credit    *credit.Service
	Checkout  *checkout.Service
	Endpoints *endpoints.Service // package webhooks sends to them
	// Merchandising is what a merchant wants shoppers to find; package search
	// goes by it.
	Merchandising *merchandising.Service
	// Assets keeps the files that the catalog names, such as pictures. In a
	// cluster each node has a copy of its own, or gets one from another node
	// when the file is first opened there.
	Assets assets.Store

	dir    string
	id     identity
	config config
	set    *command.Set
	engine *engine
	cache  *cache.Cache
	lock   *flock.Flock
	files  *assets.DirStore // nil unless Assets is the directory's own

	queries *gate // every Query while its rows are read
	opening *opening
	stop    context.CancelFunc // ends the workers
	workers sync.WaitGroup
	ending  sync.Once
	copying sync.Mutex // held while a Copy is being made
	watch   atomic.Pointer[cutWatch]
	exports exports
	digests *digests
	closing chan struct{} // closed when Close begins
	opened  chan struct{} // closed when the shards are open
	cluster *Cluster
	running context.Context // of the workers
	failed  chan struct{}
	closeE  error
}

// Open opens the store in dir and creates it if dir is missing or empty. When
// it returns, everything that was ever acknowledged is there, and work that a
// crash left half done is being finished in the background.
//
// It returns a *LockedError if the directory is open elsewhere, fault.Invalid
// if dir or the options cannot be meant, and fault.Broken, naming the file, if
// something in the directory is damaged or was written by a newer version. A
// damaged file is never repaired by dropping what it held.
func Open(ctx context.Context, dir string, opts ...Option) (*Store, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the store's directory")
	}
	it, lock, err := openDir(dir, c.shards, c.newIdentity(ctx))
	if err != nil {
		return nil, err
	}
	s := &Store{
		dir: dir, id: it, config: c, lock: lock, queries: newGate(), stop: func() {},
		failed: make(chan struct{}), closing: make(chan struct{}), opened: make(chan struct{}),
	}
	s.cluster = &Cluster{store: s, drains: make(chan struct{}, 1)}
	err = s.prepare(ctx)
	if err == nil {
		err = s.watchOpening(func() error { return s.open(ctx) })
	}
	if _, hangs := errors.AsType[*HangingError](err); hangs {
		return nil, err
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store %s: %w", dir, diagnose(err)), s.Close())
	}
	if c.cluster != nil {
		err := s.cluster.keepRole()
		if err == nil {
			err = s.cluster.join(ctx, c.cluster.Join)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("opening the store %s: %w", dir, err), s.Close())
		}
	}
	return s, nil
}

// prepare makes what needs no file of the store.
func (s *Store) prepare(ctx context.Context) error {
	err := removeExports(s.dir)
	if err != nil {
		return err
	}
	if s.set, err = newCommandSet(s.config.rig.Modules...); err != nil {
		return err
	}
	if s.cache, err = cache.New(s.config.cacheBytes); err != nil {
		return err
	}
	sealer, err := s.newSealer(ctx)
	if err != nil {
		return err
	}
	slots, err := shard.NewMap(s.id.Shards)
	if err != nil {
		return err
	}
	s.opening = newOpening(s.id.Shards)
	s.digests = newDigests(s.id.Shards)
	s.engine = &engine{
		slots: slots, sealer: sealer, types: s.set.Errors(), set: s.set, clock: s.config.clock, hooks: s.config.hooks,
		tell: s.config.observer.Command, self: s.id.Node, began: time.Now(),
		room: room{dir: s.dir, reserve: s.config.reserve, look: s.config.free},
	}
	return nil
}

// open opens the files.
func (s *Store) open(ctx context.Context) error {
	if err := s.opening.rest.run(s.lookAtRoom); err != nil {
		return err
	}
	if err := s.opening.log.run(func() error { return s.openNode(ctx) }); err != nil {
		return err
	}
	if err := s.openLanes(ctx); err != nil {
		return err
	}
	return s.opening.rest.run(s.begin)
}

// openNode opens the log, and the way to other nodes.
func (s *Store) openNode(ctx context.Context) error {
	conf := replication.Config{
		Dir: s.dir, NodeID: s.id.Node, StoreID: s.id.Store, VFS: s.config.vfs, Logger: s.config.logger,
		SnapshotBytes: s.config.logLimit, OnFailed: s.fail, Steps: &s.opening.log.steps, Joining: s.id.Joined, Handle: s.handle, Pipeline: s.config.rig.Pipeline,
		Room: func(bytes int64) error { return s.engine.room.holds(s.dir, bytes) },
	}
	if s.config.cluster != nil {
		if err := s.cluster.listen(*s.config.cluster); err != nil {
			return err
		}
		conf.Network = s.cluster.in().net
	}
	var err error
	if s.engine.node, err = replication.Start(ctx, conf); err != nil {
		return errors.Join(err, s.cluster.abandon())
	}
	return nil
}

// begin begins what the store does by itself, when all files are open.
func (s *Store) begin() error {
	s.newServices()
	if s.config.rig.Engine != nil {
		s.config.rig.Engine(s.engine)
	}
	close(s.opened)
	s.running, s.stop = context.WithCancel(context.Background())
	if s.config.cluster != nil {
		s.cluster.run()
	}
	if !s.config.atRest {
		s.startWorkers()
	}
	return s.born()
}

// background runs something until the store closes.
func (s *Store) background(work func(context.Context)) {
	s.workers.Go(func() { work(s.running) })
}

// born notes that the store is complete. From then on a missing log is a loss
// and not a store that is yet to be made.
func (s *Store) born() error {
	if s.id.Born {
		return nil
	}
	s.id.Born = true
	return s.id.write(s.dir)
}

// newSealer opens the key ring. The default key file is made with the store
// and never again: a store without its keys must not quietly get new ones.
func (s *Store) newSealer(ctx context.Context) (*seal.Sealer, error) {
	ring := s.config.ring
	if ring == nil {
		file, err := s.openKeys()
		if err != nil {
			return nil, err
		}
		ring = file
	}
	sealer, err := seal.NewSealer(ctx, s.id.Store, ring)
	if err != nil {
		return nil, err
	}
	keys := nameOfKeys(sealer)
	switch s.id.Keys {
	case keys:
		return sealer, nil
	case "":
		s.id.Keys = keys
		return sealer, s.id.write(s.dir)
	}
	return nil, fault.New(fault.Broken, "the key ring is not the one that the store %s was made with: bring back its own keys", s.dir)
}

// nameOfKeys tells a key ring from others, without giving it away.
func nameOfKeys(sealer *seal.Sealer) string {
	print := sealer.Fingerprint()
	return hex.EncodeToString(print[:16])
}

func (s *Store) openKeys() (*seal.KeyFile, error) {
	path := s.dir + ".keys"
	if s.id.Keys != "" {
		return seal.OpenKeyFile(path)
	}
	file, err := seal.CreateKeyFile(path)
	if errors.Is(err, fault.Conflict) { // a crash came between the keys and store.json
		return seal.OpenKeyFile(path)
	}
	return file, err
}

// openLanes opens every shard and starts its group, a few at a time.
func (s *Store) openLanes(ctx context.Context) error {
	e := s.engine
	e.lanes = make([]*lane, s.id.Shards)
	errs := make([]error, s.id.Shards)
	var wg sync.WaitGroup
	gate := make(chan struct{}, 4)
	for i := range e.lanes {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			errs[i] = s.opening.shards[i].run(func() (err error) {
				if e.lanes[i], err = s.openLane(ctx, i); err != nil {
					return err
				}
				return s.raiseLevel(ctx, e.lanes[i])
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *Store) openLane(ctx context.Context, i int) (*lane, error) {
	l := &lane{
		number: i, slot: s.engine.slots.Ranges(i)[0][0], time: s.config.clock, opened: s.config.clock.Elapsed(),
		steps: &s.opening.shards[i].steps, room: &s.engine.room, shared: &s.engine.clustered,
	}
	l.seen.Store(int64(l.opened))
	l.complete.Store(math.MinInt64)
	file, err := shard.Open(shard.Config{
		Path: shardFile(s.dir, i), Store: s.id.Store, Shard: i, Map: s.engine.slots,
		Commands: s.set, VFS: s.config.vfs, Committed: func(touched []string) { s.committed(l, touched) }, AtCut: func(cut uint64) { s.atCut(l, cut) },
		Replaced: func() { s.replaced(l) }, Steps: l.steps, Hangs: s.engine.node.Fail,
	})
	if err != nil {
		return nil, err
	}
	l.shard = file
	if _, err := os.Stat(l.distrustFile()); err == nil {
		l.distrusted.Store(true)
	}
	if l.group, err = s.engine.node.AddGroup(ctx, uint32(i), s.config.machineOf(file, l)); err != nil {
		return l, fmt.Errorf("%s: %w", file.Path(), err)
	}
	s.engine.meetCut(file.Cut())
	l.proposer = shard.NewProposer(groupLog{l.group}, l.clock, s.engine.cut.Load, &s.engine.backlog)
	return l, nil
}

// committed runs after each commit, before the callers hear of it.
func (s *Store) committed(l *lane, touched []string) {
	l.seen.Store(int64(l.time.Elapsed()))
	for _, key := range touched {
		s.cache.Bump(key)
	}
}

// replaced runs when a copy from another node has taken the place of a shard.
func (s *Store) replaced(l *lane) {
	l.seen.Store(int64(l.time.Elapsed()))
	s.cache.BumpAll()
	s.engine.meetCut(l.shard.Cut())
}

// raiseLevel takes a shard that is new to the level of this program. A
// directory of an older version stays at its level until its operator says so.
func (s *Store) raiseLevel(ctx context.Context, l *lane) error {
	// With other members the level is in the log, and this node may not have
	// applied it yet.
	if l.shard.Level() > 0 || s.id.Joined || len(l.group.Members()) > 1 {
		return nil
	}
	body, err := command.Marshal(shard.SetLevel{Level: shard.Newest(s.set.Modules())})
	if err != nil {
		return err
	}
	_, err = l.propose(ctx, command.Envelope{
		Kind: shard.SetLevel{}.Kind(), Slot: l.slot, At: s.config.clock.Wall().UnixMilli(), Body: body,
	})
	return err
}

func (s *Store) newServices() {
	e := s.engine
	if _, ok := s.config.providers["manual"]; !ok {
		s.config.providers["manual"] = manual.New()
	}
	s.Assets = s.config.assets
	if s.Assets == nil {
		s.files = assets.Dir(filepath.Join(s.dir, AssetsDir))
		s.Assets = sharedAssets{s.files, s}
	}
	s.Accounts = accounts.NewService(e, e.sealer).WithPasswords(s.config.passwords)
	s.Catalog = catalog.NewService(e, s.cache)
	s.Inventory = inventory.NewService(e, s.Catalog, s.cache)
	s.Pricing = pricing.NewService(e, s.Catalog, s.cache, s.config.pricing)
	s.Carts = cart.NewService(e, s.Pricing, s.Inventory, e.sealer)
	s.Orders = orders.NewService(e, e.sealer)
	s.Credit = credit.NewService(e)
	for _, p := range s.Credit.Providers() {
		s.config.providers[p.Name()] = p
	}
	s.Documents = documents.NewService(e, s.Orders, e.sealer)
	s.Downloads = downloads.NewService(e, s.Orders, s.Assets)
	s.Payments = payments.NewService(e, s.Orders, s.config.providers, e.sealer).WithGiveBack(s.config.giveBack)
	s.Checkout = checkout.NewService(e, s.Carts, s.Inventory, s.Orders, s.Payments)
	s.Endpoints = endpoints.NewService(e, e.sealer, func() string { return string(s.Latest()) })
	s.Merchandising = merchandising.NewService(e, s.cache)
}

// timerHandlers lists who answers each kind of durable timer.
func (s *Store) timerHandlers() map[string]command.Timer {
	return map[string]command.Timer{
		checkout.TimerRecover: s.Checkout.Recover,
		checkout.TimerHear:    s.Checkout.HearTimer,
		checkout.TimerPay:     s.Checkout.PayTimer,
		payments.TimerSettle:  s.Payments.SettleTimer,
		payments.TimerMethod:  s.Payments.MethodTimer,
		inventory.TimerBook:   s.Inventory.BookTimer,
		inventory.TimerRecall: s.Inventory.RecallTimer,
		cart.TimerMerge:       s.Carts.MergeTimer,
		cart.TimerExpire:      s.Carts.ExpireTimer,
		cart.TimerRelease:     s.Carts.ReleaseTimer,
		documents.TimerNumber: s.Documents.NumberTimer,
		orders.TimerDeliver:   s.deliver,
		credit.TimerIssue:     s.Credit.IssueTimer,
		orders.TimerOverdue:   s.Orders.OverdueTimer,
		accounts.TimerExpire:  s.Accounts.ExpireTimer,
		accounts.TimerForget:  s.Accounts.ForgetTimer,
		claim.TimerKind:       claim.Timer(s.engine, s.holds),
		catalog.TimerLeave:    s.Catalog.LeaveTimer,
		catalog.TimerRules:    s.Catalog.RulesTimer,
		catalog.TimerCollect:  s.Catalog.CollectTimer,
	}
}

// deliver hands over what a paid order has of gift cards and of files, unless
// that is for staff to do.
func (s *Store) deliver(ctx context.Context, order string) error {
	settings, err := s.Downloads.Settings(ctx)
	if err == nil && !settings.ByStaff {
		err = s.Credit.HandOverDue(ctx, orders.ID(order))
	}
	if err != nil {
		return err // the timer stays
	}
	return s.Downloads.DeliverTimer(ctx, order)
}

// fail is called once when the node stops itself.
func (s *Store) fail(cause error) {
	close(s.failed)
	s.config.logger.Error("the store has stopped", "dir", s.dir, "cause", cause)
}

// Failed returns a channel that is closed when the store stops itself, because
// a file could not be written or read as it must. The program around it lives
// on; Err says why, and every call returns that too. Close the store, see to
// the cause and open it again: nothing that was acknowledged is lost.
func (s *Store) Failed() <-chan struct{} { return s.failed }

// Err returns why the store stopped itself, or nil.
func (s *Store) Err() error {
	if s.engine == nil || s.engine.node == nil {
		return nil
	}
	return diagnose(s.engine.node.Err())
}

// Closed reports whether Close was called.
func (s *Store) Closed() bool { return s.engine == nil || s.engine.closed.Load() }

// Dir returns the store's directory as an absolute path.
func (s *Store) Dir() string { return s.dir }

// ID returns the store's ID. It is made with the directory and never changes.
func (s *Store) ID() string { return s.id.Store }

// Node returns the ID of this node of the store. It is made with the directory
// and never changes.
func (s *Store) Node() string { return s.id.Node }

// Close ends the store. What was acknowledged is durable already; calls that
// are running get fault.Unavailable or fault.Uncertain. Closing twice is
// harmless. What has not come ahead for five seconds, or has not ended a minute
// after Close was called, is left as it is, and the error names it.
func (s *Store) Close() error {
	s.ending.Do(func() { s.closeE = s.close() })
	return s.closeE
}

func (s *Store) close() error {
	end := newEnding()
	defer end.stop()
	close(s.closing)
	s.cluster.leave()
	s.stop()
	var errs []error
	if e := s.engine; e != nil {
		e.closed.Store(true)
		errs = append(errs, end.bounded("a Query whose rows are still being read, or a Copy", s.queries.close))
		if e.node != nil {
			errs = append(errs, e.node.CloseWithin(end.left()-closeTime)) // the shards close after it
		}
		errs = append(errs, end.bounded("the store's own work", s.workers.Wait, s.opening.counters()...))
		s.digests.end()
		errs = append(errs, closeLanes(e.lanes, s.Err() != nil, end))
	}
	errs = append(errs, s.exports.close())
	if s.files != nil {
		errs = append(errs, s.files.Close())
	}
	s.cache.Close()
	err := errors.Join(errs...)
	// What hangs may write yet: then the directory stays locked until the
	// process ends.
	_, own := errors.AsType[*HangingError](err)
	_, nodes := errors.AsType[*replication.HangingError](err)
	if s.lock != nil && !own && !nodes {
		err = errors.Join(err, s.lock.Unlock())
	}
	return err
}
