package sqlite

import (
	"strconv"

	lib "modernc.org/sqlite/lib"
)

// stmt is one prepared statement. It is kept for as long as its connection lives.
type stmt struct {
	c      *Conn
	sql    string
	p      uintptr // sqlite3_stmt*
	params int
	gen    uint64 // counts the uses, so that an old Rows cannot touch a newer one
	busy   bool
	next   *stmt // a further instance of the same SQL, made when it was asked for while it was being read

	arena uintptr // bound texts and blobs, in the C heap
	room  int     // size of the arena in bytes
	used  int     // bytes of it that are taken
}

const (
	// mostStmts bounds what a connection keeps. A program's own statements are far fewer; only SQL that is put
	// together at run time comes near it.
	mostStmts = 1024

	// mostArena is how much memory for bound values an idle statement keeps, in bytes.
	mostArena = 64 << 10
)

// take returns an idle statement for the SQL and marks it busy. Whoever takes it releases it.
func (c *Conn) take(sql string) (*stmt, error) {
	first := c.stmts[sql]
	for s := first; s != nil; s = s.next {
		if !s.busy {
			s.busy = true
			c.busy++
			return s, nil
		}
	}
	if c.live >= mostStmts {
		c.finalizeIdle()
		first = c.stmts[sql]
	}
	s, err := c.prepare(sql)
	if err != nil {
		return nil, err
	}
	if first == nil {
		c.stmts[sql] = s
	} else {
		s.next, first.next = first.next, s
	}
	c.live++
	c.busy++
	s.busy = true
	return s, nil
}

// release makes the statement ready for its next use. It returns SQLite's result code, which repeats the error of the
// last step; without one, it is what ending a statement halfway came to.
func (s *stmt) release() int32 {
	s.gen++
	s.busy = false
	s.c.busy--
	rc := lib.Xsqlite3_reset(s.c.tls, s.p)
	if s.room > mostArena {
		s.c.free(s.arena)
		s.arena, s.room = 0, 0
	}
	return rc
}

func (c *Conn) prepare(sql string) (*stmt, error) {
	if c.db == 0 {
		return nil, c.shut(sql)
	}
	text, err := c.cstring(sql)
	if err != nil {
		return nil, c.fail(sql, err)
	}
	defer c.free(text)
	if c.dog != nil { // the first statement reads the schema
		c.dog.Begin()
		defer c.dog.End()
	}
	p, tail, err := c.prepareFirst(sql, text, lib.SQLITE_PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	if p == 0 {
		return nil, c.misused(sql, "there is no statement in the text")
	}
	if !c.blank(tail) {
		lib.Xsqlite3_finalize(c.tls, p)
		return nil, c.misused(sql, "there is more than one statement in the text")
	}
	return &stmt{c: c, sql: sql, p: p, params: int(lib.Xsqlite3_bind_parameter_count(c.tls, p))}, nil
}

// prepareFirst prepares the first statement of the C string text and returns it, 0 when there is none, and the rest.
func (c *Conn) prepareFirst(sql string, text uintptr, flags uint32) (p, tail uintptr, err error) {
	out := (*[2]uintptr)(ptr(c.out))
	rc := lib.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, flags, c.out, c.out+8)
	if rc != lib.SQLITE_OK {
		return 0, 0, c.failed(sql, rc)
	}
	return out[0], out[1], nil
}

// blank reports whether nothing but white space, comments and semicolons follows.
func (c *Conn) blank(tail uintptr) bool {
	for *(*byte)(ptr(tail)) != 0 {
		p, rest, err := c.prepareFirst("", tail, 0)
		if err != nil || p != 0 {
			lib.Xsqlite3_finalize(c.tls, p)
			return false
		}
		tail = rest
	}
	return true
}

// step runs the statement to its next row. It reports whether there is one.
func (s *stmt) step() (bool, error) {
	if d := s.c.dog; d != nil {
		d.Begin()
		defer d.End()
	}
	switch rc := lib.Xsqlite3_step(s.c.tls, s.p); rc {
	case lib.SQLITE_ROW:
		s.c.stepped()
		return true, nil
	case lib.SQLITE_DONE:
		s.c.stepped()
		return false, nil
	default:
		return false, s.c.failed(s.sql, rc)
	}
}

// start takes a statement for the SQL and binds the arguments.
func (c *Conn) start(sql string, args []any) (*stmt, error) {
	s, err := c.take(sql)
	if err != nil {
		return nil, err
	}
	if c.interrupted.Load() != 0 {
		s.release()
		return nil, &Error{Path: c.path, Op: brief(sql), Code: lib.SQLITE_INTERRUPT, Msg: "interrupted"}
	}
	if len(args) != s.params {
		s.release()
		return nil, c.misused(sql, strconv.Itoa(len(args))+" arguments for "+strconv.Itoa(s.params)+" parameters")
	}
	if err := s.bind(args); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// resetAll ends everything that is being read.
func (c *Conn) resetAll() {
	if c.busy == 0 {
		return
	}
	for _, first := range c.stmts {
		for s := first; s != nil; s = s.next {
			if s.busy {
				s.release()
			}
		}
	}
}

// finalizeIdle forgets all statements that are not being read.
func (c *Conn) finalizeIdle() {
	for sql, first := range c.stmts {
		var kept *stmt
		for s := first; s != nil; {
			next := s.next
			if s.busy {
				s.next, kept = kept, s
			} else {
				s.finalize()
			}
			s = next
		}
		if kept == nil {
			delete(c.stmts, sql)
		} else {
			c.stmts[sql] = kept
		}
	}
}

func (c *Conn) finalizeAll() {
	c.resetAll()
	c.finalizeIdle()
}

func (s *stmt) finalize() {
	lib.Xsqlite3_finalize(s.c.tls, s.p)
	s.c.free(s.arena)
	s.c.live--
}
