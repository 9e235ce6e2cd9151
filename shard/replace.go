package shard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
	"github.com/keelshop/commerce/internal/sqlite"
)

// Copy writes a consistent copy of the shard to a new file at path, synced, and
// returns the index of the newest entry in it. It runs beside everything else
// and holds nothing up; until it ends, the -wal can grow.
func (s *Shard) Copy(path string) (applied uint64, err error) {
	reader, err := sqlite.Open(s.cfg.Path, sqlite.Options{ReadOnly: true, VFS: s.cfg.VFS})
	if err != nil {
		return 0, fmt.Errorf("copying shard %d: %w", s.cfg.Shard, err)
	}
	err = errors.Join(reader.VacuumInto(path), reader.Close())
	if err != nil {
		return 0, fmt.Errorf("copying shard %d: %w", s.cfg.Shard, err)
	}
	return s.cfg.seal(path)
}

// seal makes a copy a file that can be opened as a shard, and reads what is in
// it.
func (c Config) seal(path string) (applied uint64, err error) {
	conn, err := sqlite.Open(path, sqlite.Options{VFS: c.VFS})
	if err != nil {
		return 0, fmt.Errorf("copying shard %d: %w", c.Shard, err)
	}
	n, _, err := conn.Tx().Int64(`SELECT applied FROM meta WHERE one = 1`)
	if err == nil {
		_, err = conn.Checkpoint(true)
	}
	if err = errors.Join(err, conn.Close(), removeSidecars(path)); err != nil {
		return 0, fmt.Errorf("copying shard %d: %w", c.Shard, err)
	}
	f, err := os.Open(path)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close()) // VACUUM INTO does not sync
	}
	return uint64(n), err
}

// Replace makes the copy at path, which lies in the same directory, the shard.
// A crash leaves the old state or the new one. Reads that are running end
// first; those that begin meanwhile are refused with fault.Unavailable. It is
// called like ApplyBatch; after an error the shard must stop.
func (s *Shard) Replace(path string) error {
	defer s.use()()
	if err := s.forget(); err != nil {
		return err
	}
	if err := s.fits(path, s.state.applied); err != nil {
		return fmt.Errorf("replacing shard %d: %w", s.cfg.Shard, err)
	}
	old := s.pool.Load()
	if err := old.Close(); err != nil {
		return fmt.Errorf("replacing shard %d: %w", s.cfg.Shard, err)
	}
	if err := s.swap(path); err != nil {
		return fmt.Errorf("replacing shard %d: %w", s.cfg.Shard, err)
	}
	s.changed.fire()
	return nil
}

// Rebuild makes the copy at path, which lies on the same disk, the shard, also
// if it holds fewer entries, down to atLeast: the file has turned out to be
// wrong. A copy that does not fit, and a reader that is in the way, are refused
// with fault.Refused or fault.Unavailable, and nothing has changed. After any
// other error the shard must stop. It is called like ApplyBatch.
func (s *Shard) Rebuild(path string, atLeast uint64) error {
	defer s.use()()
	if err := s.forget(); err != nil {
		return err
	}
	if err := s.fits(path, atLeast); err != nil {
		return fault.New(fault.Refused, "rebuilding shard %d: %v", s.cfg.Shard, err)
	}
	if err := s.pool.Load().Close(); err != nil {
		return fmt.Errorf("rebuilding shard %d: %w", s.cfg.Shard, err)
	}
	if err := s.emptyWAL(); err != nil {
		pool, again := s.cfg.readers()
		if again != nil {
			return fmt.Errorf("rebuilding shard %d: %w", s.cfg.Shard, errors.Join(err, again))
		}
		s.pool.Store(pool)
		return fault.New(fault.Unavailable, "rebuilding shard %d: somebody is reading it: %v", s.cfg.Shard, err)
	}
	if err := s.swap(path); err != nil {
		return fmt.Errorf("rebuilding shard %d: %w", s.cfg.Shard, err)
	}
	s.changed.fire()
	return nil
}

// fits checks that a copy is sound, and is one of this shard that holds at least
// the entries up to an index.
func (s *Shard) fits(path string, atLeast uint64) error {
	conn, err := sqlite.Open(path, sqlite.Options{VFS: s.cfg.VFS})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.QuickCheck(); err != nil {
		return err
	}
	rows := conn.Tx().Query(`SELECT format, store, shard, shards, applied, level FROM meta WHERE one = 1`)
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(rows.Err(), fault.New(fault.Broken, "%s is not a shard file", path))
	}
	if rows.Int(0) > Format || rows.Text(1) != s.cfg.Store || rows.Int(2) != s.cfg.Shard || rows.Int(3) != s.cfg.Map.Shards() {
		return fault.New(fault.Broken, "%s is shard %d of %d of store %s in format %d", path, rows.Int(2), rows.Int(3), rows.Text(1), rows.Int(0))
	}
	if applied := uint64(rows.Int64(4)); applied < atLeast {
		return fault.New(fault.Broken, "%s holds entries up to %d, and must hold those up to %d", path, applied, atLeast)
	}
	return s.cfg.knows(uint32(rows.Int64(5)))
}

// swap puts the copy in the file's place. The old -wal must be gone before: laid
// over another file it would destroy it.
func (s *Shard) swap(path string) error {
	if err := s.emptyWAL(); err != nil {
		return err
	}
	if err := s.conn.Close(); err != nil {
		return err
	}
	err := errors.Join(removeSidecars(path), removeSidecars(s.cfg.Path))
	if err == nil {
		err = durable.Rename(path, s.cfg.Path)
	}
	if err != nil {
		return fault.Wrap(fault.Broken, err, "putting a copy in the place of %s", s.cfg.Path)
	}
	if err := dropNote(s.cfg.Path); err != nil {
		return err
	}
	conn, err := s.cfg.open()
	if err != nil {
		return err
	}
	s.conn, s.nextCheckpoint = conn, maxWALBytes
	clear(s.owned[:])
	if err := s.load(false, false); err != nil {
		return err
	}
	s.durable = s.state.applied
	pool, err := s.cfg.readers()
	if err != nil {
		return err
	}
	if s.cfg.Replaced != nil {
		s.cfg.Replaced()
	}
	s.pool.Store(pool)
	return nil
}

// removeSidecars removes the files that SQLite keeps beside one that nobody has
// open, and makes that durable.
func removeSidecars(path string) error {
	var err error
	for _, suffix := range []string{"-wal", "-shm"} {
		if gone := os.Remove(path + suffix); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return errors.Join(err, durable.SyncDir(filepath.Dir(path)))
}
