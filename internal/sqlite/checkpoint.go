package sqlite

import (
	"os"
	"strconv"
	"unsafe"

	lib "modernc.org/sqlite/lib"
)

// Checkpointed says how far a checkpoint came.
type Checkpointed struct {
	Frames int  // frames in the WAL when the checkpoint ended
	Done   int  // of these, frames whose pages are in the database file
	Busy   bool // a reader or another checkpoint was in the way
}

// Complete reports whether everything committed is in the database file, synced.
func (c Checkpointed) Complete() bool { return !c.Busy && c.Frames == c.Done }

// Checkpoint copies committed pages from the WAL into the database file and syncs both.
//
// Without truncate it does what it can without waiting for readers, and the caller looks at the result. With
// truncate it waits for readers and other connections, up to the busy timeout of 5 seconds, and cuts the WAL to
// nothing; that this did not come about is an error. It may not run inside a transaction.
func (c *Conn) Checkpoint(truncate bool) (Checkpointed, error) {
	mode, op := int32(lib.SQLITE_CHECKPOINT_PASSIVE), "checkpoint"
	if truncate {
		mode, op = lib.SQLITE_CHECKPOINT_TRUNCATE, "checkpoint and truncate"
	}
	if c.db == 0 {
		return Checkpointed{}, c.shut(op)
	}
	out := (*[2]int32)(ptr(c.out))
	rc := lib.Xsqlite3_wal_checkpoint_v2(c.tls, c.db, 0, mode, c.out, c.out+unsafe.Sizeof(out[0]))
	done := Checkpointed{Frames: int(out[0]), Done: int(out[1]), Busy: rc&0xff == lib.SQLITE_BUSY}
	if rc != lib.SQLITE_OK && !done.Busy {
		return done, c.failed(op, rc)
	}
	if truncate && !done.Complete() {
		return done, &Error{Path: c.path, Op: op, Code: lib.SQLITE_BUSY, Msg: "a reader was in the way: " +
			strconv.Itoa(done.Done) + " of " + strconv.Itoa(done.Frames) + " frames were copied"}
	}
	c.stepped()
	c.frames = int32(done.Frames)
	if done.Complete() {
		c.frames = 0 // the next commit starts the WAL over
	}
	return done, nil
}

// WALBytes returns how many bytes of the WAL a checkpoint has still to deal with, as of the last commit or checkpoint
// of this connection. It is cheap enough to ask after every commit. Before this connection has done either, it is the
// size of the file, and 0 when there is none.
func (c *Conn) WALBytes() int64 {
	if frames := int64(c.frames); frames >= 0 {
		return frames * (frameHeader + c.page)
	}
	info, err := os.Stat(c.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// QuickCheck reads the whole file and checks that its pages, rows and constraints hold together. It returns a
// [*CorruptError] with the first damage found. It does not compare indexes with tables.
func (c *Conn) QuickCheck() error {
	text, _, err := c.tx.Text("PRAGMA quick_check(1)")
	if err != nil {
		if e, ok := err.(*Error); ok && damaged(e.Code) {
			return &CorruptError{Path: c.path, Detail: e.Msg}
		}
		return err
	}
	if text != "ok" {
		return &CorruptError{Path: c.path, Detail: text}
	}
	return nil
}

func damaged(code int) bool { return code&0xff == lib.SQLITE_CORRUPT || code&0xff == lib.SQLITE_NOTADB }

// VacuumInto writes a defragmented copy of what is committed to a new file at path, which must not exist or be
// empty. The copy is one file without a WAL. It is not synced; the caller does that before relying on it. On a reader
// it does not hold up the writer. It may not run inside a transaction.
func (c *Conn) VacuumInto(path string) error {
	if c.reader {
		// query_only forbids writing the copy, too. The file itself stays protected: it is open for reading only.
		if err := c.run("PRAGMA query_only = OFF"); err != nil {
			return err
		}
		defer c.run("PRAGMA query_only = ON")
	}
	_, err := c.tx.Exec("VACUUM INTO ?", path)
	return err
}
