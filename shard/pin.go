package shard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
)

// A Pin is a snapshot of a shard that stays as it was while the shard goes on.
// As long as it is open the -wal cannot be emptied. It belongs to one goroutine
// at a time.
type Pin struct {
	Cut, Applied, Term uint64 // what the shard was at

	cfg  Config
	conn *sqlite.Conn
}

// Pin opens a snapshot of what is applied. Within Config.AtCut that is exactly
// the state at the cut. The caller closes it.
func (s *Shard) Pin() (*Pin, error) {
	p, err := s.cfg.pin()
	if err != nil {
		return nil, fmt.Errorf("opening a snapshot of shard %d: %w", s.cfg.Shard, err)
	}
	return p, nil
}

func (c Config) pin() (*Pin, error) {
	conn, err := sqlite.Open(c.Path, sqlite.Options{ReadOnly: true, VFS: c.VFS})
	if err != nil {
		return nil, err
	}
	p := &Pin{cfg: c, conn: conn}
	if err := conn.Begin(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	rows := conn.Tx().Query(`SELECT cut, applied, term FROM meta WHERE one = 1`)
	for rows.Next() {
		p.Cut, p.Applied, p.Term = uint64(rows.Int64(0)), uint64(rows.Int64(1)), uint64(rows.Int64(2))
	}
	if err := rows.Close(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return p, nil
}

// Tx reads from the snapshot.
func (p *Pin) Tx() *sqlite.Tx { return p.conn.Tx() }

// Digest is the digest of the snapshot: see the function Digest.
func (p *Pin) Digest() ([32]byte, error) {
	sum, _, err := Digest(p.conn.Tx())
	return sum, err
}

// WriteTo writes the snapshot to a new file at path, synced, that can be opened
// as a shard, and returns its size. It copies page by page and holds nothing
// up.
func (p *Pin) WriteTo(ctx context.Context, path string) (bytes int64, err error) {
	bytes, err = p.write(ctx, path)
	if err == nil {
		_, err = p.cfg.seal(path)
	}
	if err != nil {
		return 0, fmt.Errorf("copying shard %d: %w", p.cfg.Shard, errors.Join(err, removeSidecars(path), removeFile(path)))
	}
	return bytes, nil
}

func (p *Pin) write(ctx context.Context, path string) (n int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, fault.Wrap(fault.Broken, err, "making a copy")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<18)
	rows := p.conn.Tx().Query(`SELECT data FROM sqlite_dbpage ORDER BY pgno`)
	for rows.Next() {
		if ctx.Err() != nil {
			return n, errors.Join(fault.Wrap(fault.Unavailable, context.Cause(ctx), "the copy was given up"), rows.Close())
		}
		page := rows.Blob(0)
		if _, err := w.Write(page); err != nil {
			return n, errors.Join(fault.Wrap(fault.Unavailable, err, "writing a copy"), rows.Close())
		}
		n += int64(len(page))
	}
	if err := rows.Close(); err != nil {
		return n, err
	}
	if err := w.Flush(); err != nil {
		return n, fault.Wrap(fault.Unavailable, err, "writing a copy")
	}
	return n, nil
}

// Close ends the snapshot.
func (p *Pin) Close() error { return p.conn.Close() }

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
