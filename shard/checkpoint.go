package shard

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
	"github.com/keelshop/commerce/internal/sqlite"
	"github.com/keelshop/commerce/internal/watchdog"
)

// Checkpoint moves what was applied into the file proper, makes it durable and
// returns the index that is durable now. It is called between batches and does
// not wait: a reader that holds an old snapshot keeps the index where it was.
func (s *Shard) Checkpoint() (durable uint64, err error) {
	defer s.use()()
	if err := s.forget(); err != nil {
		return 0, err
	}
	return s.checkpoint()
}

func (s *Shard) checkpoint() (durable uint64, err error) {
	if _, err := s.copyWAL(); err != nil {
		return 0, fmt.Errorf("checkpointing shard %d: %w", s.cfg.Shard, err)
	}
	return s.durable, nil
}

// Trim checkpoints if the -wal has grown large. It is called between batches.
// An error means that the shard must stop.
func (s *Shard) Trim() error {
	defer s.use()()
	if s.conn.WALBytes() <= s.nextCheckpoint {
		return nil
	}
	if err := s.forget(); err != nil {
		return err
	}
	if _, err := s.checkpoint(); err != nil {
		return s.stopped(Entry{Index: s.state.applied}, "", err)
	}
	return nil
}

// maxWALBytes is the size of the -wal at which a shard checkpoints. A larger
// one saves writes of pages that change often; a smaller one makes reads and
// recovery faster.
const maxWALBytes = 32 << 20

// copyWAL copies the -wal into the file, after noting durably which frames of
// it the file depends on from now on.
//
// Commits of a shard are not synced one by one, so a power cut may leave holes
// in the -wal, and the log replays what SQLite then drops. It is another matter
// with frames that are being copied: the file is a mixture until all of them
// are in it, and an older prefix of the -wal would lay old pages over new ones
// afterwards. SQLite takes a damaged frame for the end of the -wal and cannot
// tell the two apart; the note can.
func (s *Shard) copyWAL() (note, error) {
	bytes := s.conn.WALBytes()
	if err := s.slowly(bytes, s.syncWAL); err != nil {
		return note{}, err
	}
	header, err := sqlite.ReadWALHeader(s.cfg.Path)
	if err != nil {
		return note{}, err
	}
	n := note{wal: header, frames: uint64(s.conn.WALBytes() / frameBytes)}
	if err := n.store(s.cfg.Path); err != nil {
		return note{}, err
	}
	var r sqlite.Checkpointed
	err = s.slowly(bytes, func() (err error) {
		r, err = s.conn.Checkpoint(false)
		return err
	})
	if err != nil {
		return note{}, err
	}
	if n.copied = r.Complete(); n.copied {
		s.durable = s.state.applied
	}
	s.nextCheckpoint = s.conn.WALBytes() + maxWALBytes // what a reader held back waits as long again
	return n, nil
}

// slowly runs work on so many bytes that is a single call to SQLite or the disk.
// A hanging disk is noticed sooner by the log, whose writes are short.
func (s *Shard) slowly(bytes int64, work func() error) error {
	return watchdog.Allow(s.cfg.Steps, bytes/pieceBytes, work)
}

// pieceBytes is how much of a checkpoint a disk may take the time of a piece for.
const pieceBytes = 1 << 20

// emptyWAL copies the -wal into the file and cuts it to nothing. Nobody may be
// reading.
func (s *Shard) emptyWAL() error {
	header, err := sqlite.ReadWALHeader(s.cfg.Path)
	if err != nil || header == (sqlite.WALHeader{}) {
		return err
	}
	n, err := s.copyWAL()
	if err != nil {
		return err
	}
	if !n.copied {
		return fault.New(fault.Broken, "%s could not be checkpointed: another program is reading it", s.cfg.Path)
	}
	// From here on the -wal may be gone.
	if err := n.store(s.cfg.Path); err != nil {
		return err
	}
	_, err = s.conn.Checkpoint(true)
	return err
}

// syncWAL makes all that was committed durable in the -wal: a commit under FULL
// syncs it. The pragmas are run as a script since a pragma takes effect when it
// is prepared; the one in the middle is a commit that changes nothing.
func (s *Shard) syncWAL() error {
	return s.conn.Script(`PRAGMA synchronous = FULL; PRAGMA user_version = 0; PRAGMA synchronous = NORMAL;`)
}

// A note says which frames of a -wal have been synced, and that the file
// depends on them. It counts for the -wal with that header: SQLite gives the
// -wal a new one when it starts over, which it only does once all of its
// frames are in the file, and syncs it before the first new frame.
type note struct {
	wal    sqlite.WALHeader
	frames uint64
	copied bool // all of them are in the file, synced
}

const (
	headerBytes = len(sqlite.WALHeader{})
	frameBytes  = 24 + 4096 // a frame of the -wal: its header and a page

	noteMagic = "shopckp1"
	noteBytes = len(noteMagic) + headerBytes + 8 + 1 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func notePath(path string) string { return path + "-ckpt" }

func (n note) encode() []byte {
	b := append(make([]byte, 0, noteBytes), noteMagic...)
	b = append(b, n.wal[:]...)
	b = binary.BigEndian.AppendUint64(b, n.frames)
	copied := byte(0)
	if n.copied {
		copied = 1
	}
	b = append(b, copied)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeNote reports false for anything but what encode makes.
func decodeNote(b []byte) (n note, ok bool) {
	if len(b) != noteBytes {
		return note{}, false
	}
	rest := b[len(noteMagic):]
	n.wal = sqlite.WALHeader(rest)
	n.frames = binary.BigEndian.Uint64(rest[headerBytes:])
	n.copied = rest[headerBytes+8] == 1
	return n, bytes.Equal(n.encode(), b)
}

// store replaces the note of the shard file at path; when it returns, the new
// one is durable.
func (n note) store(path string) error {
	if err := durable.Write(notePath(path), n.encode()); err != nil {
		return fault.Wrap(fault.Broken, err, "noting a checkpoint of %s", path)
	}
	return nil
}

// contradiction says what is wrong with a -wal, given the note; "" if nothing
// that the file depends on is missing. A power cut alone never leads to one.
func (n note) contradiction(header sqlite.WALHeader, scan sqlite.WALScan) string {
	readable := scan.Present && !scan.BadHeader
	switch {
	case !readable && !n.copied:
		return "it is missing or its header has changed, while a checkpoint was copying it"
	case readable && header == n.wal && uint64(scan.Frames) < n.frames:
		return fmt.Sprintf("only %d of the %d frames that a checkpoint has synced are intact", scan.Frames, n.frames)
	}
	return ""
}
