// Package commandtest is an engine for the tests of domain packages: real
// shard files and the real apply path, without Raft and without a store
// around them.
package commandtest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/id"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/shard"
)

// StoreID is the ID of every test engine's store.
const StoreID = "sto_01TEST0000000000000000000"

// Engine applies commands straight to shard files. It is safe for concurrent
// use. When the test ends it runs the checks of all modules, and compares each
// shard with a fresh replay of its log.
type Engine struct {
	t     testing.TB
	set   *command.Set
	dir   string
	vfs   string
	m     *shard.Map
	first []id.Slot    // one slot of each shard
	mu    []sync.Mutex // one per shard: its writer
	file  []*shard.Shard
	log   [][]shard.Entry
	from  []template // what each shard is a copy of; without a file, of nothing

	now       atomic.Int64 // ms since 1970
	submitted atomic.Int64
	// OnTouch is called with the keys that a commit made stale. Set it before use.
	OnTouch func(keys []string)
	// Drop, when it says so, makes Submit fail with fault.Unavailable before
	// the command is logged: a crash between two steps. Set it before use.
	Drop func(command.Envelope) bool
}

// New opens an engine with the given number of shards and the modules' tables.
// Only the first engine of a process with these tables and shards makes them, and
// replays its logs from empty files at its end. The others copy the files that it
// made, and replay from those, without the first entry.
func New(t testing.TB, shards int, modules ...command.Module) *Engine {
	t.Helper()
	vfs := faultvfs.UnsyncedName()
	if _, measured := t.(*testing.B); measured {
		vfs = faultvfs.SystemName()
	}
	all := append([]command.Module{shard.Module(modules...)}, modules...)
	set, err := command.NewSet(all...)
	if err != nil {
		t.Fatal(err)
	}
	m, err := shard.NewMap(shards)
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{t: t, set: set, dir: t.TempDir(), vfs: vfs, m: m, mu: make([]sync.Mutex, shards), log: make([][]shard.Entry, shards), from: make([]template, shards)}
	e.now.Store(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).UnixMilli())
	e.file = make([]*shard.Shard, shards)
	for i := range e.file {
		e.first = append(e.first, m.Ranges(i)[0][0])
		e.begin(i)
	}
	t.Cleanup(func() {
		e.verify()
		for _, f := range e.file {
			f.Close()
		}
	})
	return e
}

func (e *Engine) path(i int) string { return filepath.Join(e.dir, fmt.Sprintf("shard-%d.db", i)) }

func (e *Engine) open(path string, i int) *shard.Shard {
	f, err := shard.Open(shard.Config{
		Path: path, Store: StoreID, Shard: i, Map: e.m, Commands: e.set, VFS: e.vfs,
		Committed: func(keys []string) {
			if e.OnTouch != nil {
				e.OnTouch(keys)
			}
		},
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return f
}

// Submit applies one command as a log entry of its own.
func (e *Engine) Submit(ctx context.Context, env command.Envelope) (command.Answer, error) {
	if err := ctx.Err(); err != nil {
		return command.Answer{}, fault.Wrap(fault.Unavailable, err, "submitting %s", env.Kind)
	}
	if e.Drop != nil && e.Drop(env) {
		return command.Answer{}, fault.New(fault.Unavailable, "%s was dropped by the test", env.Kind)
	}
	raw, err := env.Encode()
	if err != nil {
		return command.Answer{}, err
	}
	i := e.ShardOf(env.Slot)
	e.mu[i].Lock()
	defer e.mu[i].Unlock()
	entry := shard.Entry{
		Index: uint64(len(e.log[i]) + 1), Term: 1,
		Data: command.AppendBatch(nil, command.Batch{Clock: e.now.Load(), Commands: [][]byte{raw}}),
	}
	replies, err := e.file[i].ApplyBatch([]shard.Entry{entry})
	if err != nil {
		return command.Answer{}, err
	}
	e.log[i] = append(e.log[i], entry)
	e.submitted.Add(1)
	return replies[0][0].Answer, replies[0][0].Err
}

// Recall returns the answer that the same request was given before.
func (e *Engine) Recall(ctx context.Context, env command.Envelope) (a command.Answer, found bool, err error) {
	var reply shard.Reply
	err = e.View(ctx, env.Slot, func(tx *sqlite.Tx) (err error) {
		reply, found, err = shard.Recall(tx, e.set.Errors(), env)
		return err
	})
	if err != nil || !found {
		return command.Answer{}, false, err
	}
	return reply.Answer, true, reply.Err
}

// View runs fn on a snapshot of the shard that owns slot.
func (e *Engine) View(ctx context.Context, slot id.Slot, fn func(*sqlite.Tx) error) error {
	return e.file[e.ShardOf(slot)].View(ctx, fn)
}

// Shards returns the number of shards.
func (e *Engine) Shards() int { return e.m.Shards() }

// ShardOf returns the shard that owns slot.
func (e *Engine) ShardOf(slot id.Slot) int { return e.m.Owner(slot) }

// SlotOn returns a slot that shard owns.
func (e *Engine) SlotOn(shard int) id.Slot { return e.first[shard] }

// Hash returns a keyed hash with a fixed key.
func (e *Engine) Hash(purpose, value string) [32]byte {
	h := hmac.New(sha256.New, []byte("commandtest"))
	fmt.Fprintf(h, "%d:%s:%s", len(purpose), purpose, value)
	return [32]byte(h.Sum(nil))
}

// Now returns the engine's clock.
func (e *Engine) Now() time.Time { return time.UnixMilli(e.now.Load()).UTC() }

// Before runs no hooks.
func (e *Engine) Before(context.Context, any) error { return nil }

// Advance moves the clock.
func (e *Engine) Advance(d time.Duration) { e.now.Add(d.Milliseconds()) }

// Submitted returns how many commands were logged so far.
func (e *Engine) Submitted() int64 { return e.submitted.Load() }

// Restart closes and reopens every shard file.
func (e *Engine) Restart() {
	for i := range e.file {
		e.mu[i].Lock()
		if err := e.file[i].Close(); err != nil {
			e.t.Error(err)
		}
		e.file[i] = e.open(e.path(i), i)
		e.mu[i].Unlock()
	}
}

// Timers returns the subjects of the timers of a kind that are due, over all
// shards.
func (e *Engine) Timers(kind string) []string {
	e.t.Helper()
	var out []string
	for i := range e.file {
		err := e.file[i].View(context.Background(), func(tx *sqlite.Tx) error {
			rows := tx.Query(`SELECT subject FROM timers WHERE kind = ? AND due <= ? ORDER BY due, subject`, kind, e.now.Load())
			for rows.Next() {
				out = append(out, rows.Text(0))
			}
			return rows.Close()
		})
		if err != nil {
			e.t.Fatal(err)
		}
	}
	return out
}

func (e *Engine) verify() {
	ctx := context.Background()
	for i, f := range e.file {
		err := f.View(ctx, func(tx *sqlite.Tx) error {
			for _, m := range e.set.Modules() {
				if m.Check == nil {
					continue
				}
				found, err := m.Check(tx)
				if err != nil {
					return fmt.Errorf("checking %s: %w", m.Name, err)
				}
				for _, v := range found {
					e.t.Errorf("shard %d: %v", i, v)
				}
			}
			return nil
		})
		if err != nil {
			e.t.Error(err)
		}
		e.compareWithReplay(i)
	}
}

// compareWithReplay applies the shard's log to a new file in one batch and
// compares the tables: apply must not depend on anything but the log.
func (e *Engine) compareWithReplay(i int) {
	ctx := context.Background()
	path, log := filepath.Join(e.dir, fmt.Sprintf("replay-%d.db", i)), e.log[i]
	if e.from[i].file != nil {
		e.copyTemplate(i, path)
		log = log[1:]
	}
	fresh := e.open(path, i)
	defer fresh.Close()
	if _, err := fresh.ApplyBatch(log); err != nil {
		e.t.Errorf("replaying shard %d: %v", i, err)
		return
	}
	var got, want map[string][32]byte
	read := func(f *shard.Shard, to *map[string][32]byte) {
		err := f.View(ctx, func(tx *sqlite.Tx) (err error) { *to, err = shard.TableDigests(tx); return err })
		if err != nil {
			e.t.Error(err)
		}
	}
	read(e.file[i], &want)
	read(fresh, &got)
	for name := range want {
		if got[name] != want[name] {
			e.t.Errorf("shard %d: table %s differs from a replay of the log", i, name)
		}
	}
}

// Several reports that nobody else writes.
func (*Engine) Several() bool { return false }

// Recent returns nil: there is one copy.
func (*Engine) Recent(context.Context, id.Slot) error { return nil }
