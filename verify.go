package commerce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/keelshop/commerce/credit"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/inventory"
	"github.com/keelshop/commerce/shard"
)

// Violation is a broken invariant: the rule's name, what breaks it, and what
// was found. It prints on one line.
type Violation = command.Violation

// Verify checks every invariant of the store and returns all violations; none
// means that the store is sound. It may run while the store sells: each
// shard's rules are checked in one snapshot, and rules between shards read the
// receiver before the sender, so what it reports is never a race. The error
// says that something could not be checked.
func (s *Store) Verify(ctx context.Context) ([]Violation, error) {
	var out []Violation
	for _, l := range s.engine.lanes {
		found, err := s.verifyShard(ctx, l)
		if err != nil {
			return out, fmt.Errorf("verifying shard %d: %w", l.number, err)
		}
		out = append(out, found...)
	}
	found, err := inventory.CheckAcross(ctx, s.engine)
	if err != nil {
		return out, fmt.Errorf("verifying stock between shards: %w", err)
	}
	out = append(out, found...)
	if found, err = credit.CheckAcross(ctx, s.engine); err != nil {
		return out, fmt.Errorf("verifying gift cards and store credit: %w", err)
	}
	out = append(out, found...)
	if found, err = s.Orders.CheckNumbers(ctx); err != nil {
		return out, fmt.Errorf("verifying the numbers of orders: %w", err)
	}
	out = append(out, found...)
	if found, err = s.Orders.CheckJoins(ctx); err != nil {
		return out, fmt.Errorf("verifying the orders of guests that were joined to accounts: %w", err)
	}
	out = append(out, found...)
	if found, err = s.Documents.CheckNumbers(ctx); err != nil {
		return out, fmt.Errorf("verifying the numbers of documents: %w", err)
	}
	out = append(out, found...)
	if found, err = s.Catalog.CheckReferences(ctx); err != nil {
		return out, fmt.Errorf("verifying what products name: %w", err)
	}
	out = append(out, found...)
	if found, err = s.Catalog.CheckCollections(ctx); err != nil {
		return out, fmt.Errorf("verifying collections: %w", err)
	}
	out = append(out, found...)
	if found, err = s.verifyClaims(ctx); err != nil {
		return out, fmt.Errorf("verifying claims: %w", err)
	}
	out = append(out, found...)
	for _, l := range s.engine.lanes {
		if found, err = s.verifyReplay(ctx, l); err != nil {
			return out, fmt.Errorf("replaying shard %d: %w", l.number, err)
		}
		out = append(out, found...)
	}
	return out, nil
}

// Verify opens the store in dir, which must exist and not be open, and checks
// it: see Store.Verify. No payment is asked about and no timer runs meanwhile.
func Verify(ctx context.Context, dir string, opts ...Option) (found []Violation, err error) {
	s, err := OpenAtRest(ctx, dir, opts...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Verify(ctx)
}

// OpenAtRest is Open for tools that look at a store or copy it: the directory
// must hold one, and nothing happens that nobody asks for, such as timers.
func OpenAtRest(ctx context.Context, dir string, opts ...Option) (*Store, error) {
	if _, err := os.Stat(filepath.Join(dir, identityFile)); err != nil {
		return nil, fault.Wrap(fault.NotFound, err, "%s is not a store", dir)
	}
	return Open(ctx, dir, append(opts, atRest())...)
}

// verifyShard runs every package's checks in one snapshot.
func (s *Store) verifyShard(ctx context.Context, l *lane) ([]Violation, error) {
	var out []Violation
	last := l.group.LastIndex() // read before the snapshot: later entries may be in it
	err := l.shard.View(ctx, func(tx *sqlite.Tx) error {
		for _, m := range s.set.Modules() {
			if m.Check == nil {
				continue
			}
			found, err := m.Check(tx)
			if err != nil {
				return fmt.Errorf("%s: %w", m.Name, err)
			}
			out = append(out, found...)
		}
		return nil
	})
	if applied := l.shard.Applied(); err == nil && applied > max(last, l.group.LastIndex()) {
		out = append(out, Violation{Rule: "replication.applied_is_in_the_log", Subject: l.shard.Path(),
			Detail: fmt.Sprintf("entry %d is applied, the log ends at %d", applied, last)})
	}
	return out, err
}

// verifyReplay applies the shard's log to an empty file and compares every
// table. It can only be done while the log still reaches back to the start.
func (s *Store) verifyReplay(ctx context.Context, l *lane) (out []Violation, err error) {
	dir, err := os.MkdirTemp("", "commerce-verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var have map[string][32]byte
	var upTo uint64
	err = l.shard.View(ctx, func(tx *sqlite.Tx) error {
		applied, _, err := tx.Int64(`SELECT applied FROM meta WHERE one = 1`)
		if err != nil {
			return err
		}
		upTo = uint64(applied)
		have, err = shard.TableDigests(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	fresh, err := shard.Open(shard.Config{
		Path: filepath.Join(dir, "replay.db"), Store: s.id.Store, Shard: l.number, Map: s.engine.slots, Commands: s.set, Readers: 1,
	})
	if err != nil {
		return nil, err
	}
	fresh.Abandon() // nobody needs it on the disk
	defer func() { err = errors.Join(err, fresh.Close()) }()
	complete, err := s.replay(ctx, l, fresh, upTo)
	if err != nil || !complete {
		return nil, err
	}
	var got map[string][32]byte
	if err := fresh.View(ctx, func(tx *sqlite.Tx) (err error) { got, err = shard.TableDigests(tx); return err }); err != nil {
		return nil, err
	}
	for name, sum := range have {
		if got[name] != sum {
			out = append(out, Violation{Rule: "shard.replay_equals_state", Subject: l.shard.Path(),
				Detail: fmt.Sprintf("table %s differs from a fresh replay of the log up to entry %d", name, upTo)})
		}
	}
	return out, nil
}

// replayEntries is how many log entries a replay applies in one transaction.
const replayEntries = 256

// replay applies the log up to an index to an empty shard. It reports false if
// the log does not reach back to the start any more.
func (s *Store) replay(ctx context.Context, l *lane, fresh *shard.Shard, upTo uint64) (complete bool, err error) {
	batch := make([]shard.Entry, 0, replayEntries)
	for e, err := range l.group.Entries(ctx) {
		if errors.Is(err, fault.NotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if e.Index > upTo {
			break
		}
		if batch = append(batch, shard.Entry(e)); len(batch) < replayEntries {
			continue
		}
		if _, err := fresh.ApplyBatch(batch); err != nil {
			return false, err
		}
		if err := fresh.Trim(); err != nil {
			return false, err
		}
		batch = batch[:0]
	}
	if len(batch) > 0 {
		if _, err := fresh.ApplyBatch(batch); err != nil {
			return false, err
		}
	}
	return fresh.Applied() == upTo, nil
}
