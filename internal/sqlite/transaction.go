package sqlite

import (
	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Begin starts a transaction. A writer takes the write lock at once. A reader's snapshot is fixed when Begin returns:
// it sees what was committed by then and nothing later.
func (c *Conn) Begin() error {
	c.interrupted.Store(0)
	if !c.reader {
		return c.run("BEGIN IMMEDIATE")
	}
	if err := c.beginLazily(); err != nil {
		return err
	}
	// SQLite takes the snapshot at the first read.
	if err := c.run("SELECT 1 FROM sqlite_schema LIMIT 1"); err != nil {
		c.Rollback()
		return err
	}
	return nil
}

// beginLazily starts a reader's transaction whose snapshot is fixed by the first read.
func (c *Conn) beginLazily() error {
	c.interrupted.Store(0)
	return c.run("BEGIN")
}

// Commit ends the transaction and makes it visible to others. After an error the transaction may still be open: roll
// it back. Rows that are still being read end.
func (c *Conn) Commit() error {
	c.resetAll()
	c.interrupted.Store(0)
	return c.run("COMMIT")
}

// Rollback ends the transaction as if nothing had happened in it. Rows that are still being read end. It does nothing
// when no transaction is open, since SQLite rolls back by itself after some errors.
func (c *Conn) Rollback() error {
	c.resetAll()
	c.interrupted.Store(0)
	if c.db != 0 && lib.Xsqlite3_get_autocommit(c.tls, c.db) != 0 {
		return nil
	}
	return c.run("ROLLBACK")
}

// Savepoint marks a point in the transaction to which [Conn.RollbackTo] can return. There is one at a time.
func (c *Conn) Savepoint() error { return c.run("SAVEPOINT step") }

// Release keeps what happened since the savepoint and forgets the savepoint.
func (c *Conn) Release() error { return c.run("RELEASE step") }

// RollbackTo undoes what happened since the savepoint and forgets the savepoint.
func (c *Conn) RollbackTo() error {
	if err := c.run("ROLLBACK TO step"); err != nil {
		return err
	}
	return c.Release()
}

// run runs one of the statements above.
func (c *Conn) run(sql string) error {
	s, err := c.start(sql, nil)
	if err != nil {
		return err
	}
	_, err = s.step()
	s.release()
	return err
}

// Script runs several statements, such as a schema. It stops at the first error; what ran before stays, so call it
// within a transaction.
func (c *Conn) Script(sql string) error {
	if c.db == 0 {
		return c.shut(sql)
	}
	text, err := c.cstring(sql)
	if err != nil {
		return c.fail(sql, err)
	}
	defer c.free(text)
	for rest := text; *(*byte)(ptr(rest)) != 0; {
		here := libc.GoString(rest)
		p, tail, err := c.prepareFirst(here, rest, 0)
		if err != nil {
			return err
		}
		if p != 0 {
			if err := c.once(here, p); err != nil {
				return err
			}
		}
		rest = tail
	}
	return nil
}

// once runs a statement to its end and finalizes it.
func (c *Conn) once(sql string, p uintptr) error {
	defer lib.Xsqlite3_finalize(c.tls, p)
	for {
		switch rc := lib.Xsqlite3_step(c.tls, p); rc {
		case lib.SQLITE_ROW:
			c.stepped()
		case lib.SQLITE_DONE:
			c.stepped()
			return nil
		default:
			return c.failed(sql, rc)
		}
	}
}

func (c *Conn) changes() int64 { return lib.Xsqlite3_changes64(c.tls, c.db) }
