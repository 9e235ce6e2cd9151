package commerce

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
)

// UntrustedError says that a node's copy of a shard was found to differ from
// the others, so that the node does not serve it until it is rebuilt. Another
// node answers. It counts as fault.Unavailable.
type UntrustedError struct{ Shard int }

// Error says what happens.
func (e *UntrustedError) Error() string {
	return fmt.Sprintf("this node's copy of shard %d differs from the others and is being rebuilt: ask another node", e.Shard)
}

// Unwrap returns fault.Unavailable.
func (e *UntrustedError) Unwrap() error { return fault.Unavailable }

// trusted returns an UntrustedError while the lane's copy is not to be used.
func (l *lane) trusted() error {
	if l.distrusted.Load() {
		return &UntrustedError{Shard: l.number}
	}
	return nil
}

// distrustFile notes that a copy is not to be used, for the case that the node
// ends before it is rebuilt.
func (l *lane) distrustFile() string { return l.shard.Path() + "-differs" }

const rebuildPause = 2 * time.Second

// distrust takes this node's copy of a shard out of service and begins to
// rebuild it, first from the node that is named.
func (s *Store) distrust(l *lane, good string) error {
	if !l.distrusted.CompareAndSwap(false, true) {
		return nil // it is being rebuilt
	}
	s.cache.BumpAll()
	if err := durable.Write(l.distrustFile(), []byte("This copy differs from those of other nodes. It is rebuilt when the node runs.\n")); err != nil {
		s.config.logger.Error("what is distrusted could not be noted", "shard", l.number, "error", err)
	}
	s.background(func(ctx context.Context) { s.rebuild(ctx, l, good) })
	return nil
}

// resumeRebuild goes on where an earlier life of the node was cut short.
func (s *Store) resumeRebuild(l *lane) {
	if l.distrusted.Load() {
		s.background(func(ctx context.Context) { s.rebuild(ctx, l, "") })
	}
}

// rebuild tries one node after the other until the shard is rebuilt.
func (s *Store) rebuild(ctx context.Context, l *lane, good string) {
	for ctx.Err() == nil {
		for _, node := range append([]string{good}, s.cluster.others()...) {
			if node == "" || node == s.engine.self {
				continue
			}
			err := s.rebuildFrom(ctx, l, node)
			if err == nil {
				s.cache.BumpAll()
				l.distrusted.Store(false)
				s.config.logger.Warn("a copy that differed was rebuilt", "shard", l.number, "from", node)
				return
			}
			if ctx.Err() == nil {
				s.config.logger.Warn("a copy could not be rebuilt and will be again", "shard", l.number, "from", node, "error", err)
			}
		}
		pause(ctx, rebuildPause)
	}
}

// rebuildFrom fetches a copy of the shard, waits until this node's log reaches
// as far, and has what the log holds beyond it applied again.
func (s *Store) rebuildFrom(ctx context.Context, l *lane, node string) (err error) {
	if l.group.Leading() {
		if err := s.cluster.hand(ctx, l); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(s.dir, exportPrefix)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "making room for a copy")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ask := asker(func(ctx context.Context, c call) (answered, error) { return s.engine.ask(ctx, node, c) })
	c, err := ask.copyFrom(ctx, call{Op: callShard, Shard: l.number}, dir)
	if err != nil {
		return err
	}
	if len(c.Files) != 1 {
		return fault.New(fault.Unavailable, "node %s gave %d files for one shard", node, len(c.Files))
	}
	wait, cancel := context.WithTimeout(ctx, pinLimit)
	defer cancel()
	if err := l.group.WaitApplied(wait, c.Files[0].Applied); err != nil {
		return err
	}
	if err := l.group.Rebuild(filepath.Join(dir, c.Files[0].Name)); err != nil {
		return err
	}
	if err := os.Remove(l.distrustFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(fault.Unavailable, err, "noting that the copy was rebuilt")
	}
	return nil
}

// exportShard is callShard.
func (s *Store) exportShard(l *lane) (answered, error) {
	return s.exportTo(func(dir string) (Copy, error) {
		name := filepath.Base(l.shard.Path())
		applied, err := machine{l.shard, l}.Copy(filepath.Join(dir, name))
		return Copy{Store: s.id.Store, Files: []CopyFile{{Name: name, Applied: applied}}}, err
	})
}

// audits compares the nodes' copies again and again. The leader of the first
// shard does.
func (c *Cluster) audits(ctx context.Context) {
	every := c.in().conf.AuditEvery
	if every == 0 {
		every = time.Hour
	}
	for every > 0 && pause(ctx, every) {
		l := c.store.engine.lanes[0]
		if !l.group.Ready() || len(l.group.Members()) < 2 {
			continue
		}
		a, err := c.Audit(ctx)
		missing := slices.ContainsFunc(a.Shards, func(s AuditShard) bool { return len(s.Missing) > 0 })
		if (err != nil || missing) && ctx.Err() == nil {
			c.store.config.logger.Warn("not all copies could be compared", "error", err)
		}
	}
}
