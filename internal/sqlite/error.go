package sqlite

import (
	"errors"
	"strings"

	"github.com/keelshop/commerce/fault"
	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Error is a failure that SQLite reported, or a misuse of this package that would have become one.
//
// A constraint that a statement violated counts as [fault.Refused]; everything else as [fault.Broken].
type Error struct {
	Path string // the file
	Op   string // what was being done: the beginning of the SQL, or a word such as "open"
	Code int    // SQLite's extended result code
	Msg  string // SQLite's text
}

// Error returns the file, what was being done, and SQLite's text.
func (e *Error) Error() string { return "sqlite: " + e.Path + ": " + e.Op + ": " + e.Msg }

// FaultCode says what the caller can do.
func (e *Error) FaultCode() fault.Code {
	if e.constraint() {
		return fault.Refused
	}
	return fault.Broken
}

// Unwrap returns the fault code, for errors.Is.
func (e *Error) Unwrap() error { return e.FaultCode() }

func (e *Error) constraint() bool { return e.Code&0xff == lib.SQLITE_CONSTRAINT }

// IsConstraint reports whether err is the violation of a constraint of any kind: CHECK, UNIQUE, NOT NULL, a foreign
// key, the type of a STRICT column, or RAISE in a trigger. Given the same data every replica of a store meets it, so
// these are the only errors of this package that may become the result of a command.
func IsConstraint(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.constraint()
}

// CorruptError says that a file is damaged. It counts as [fault.Broken].
type CorruptError struct {
	Path   string // the file
	Detail string // what is wrong with it
}

// Error returns the file and what is wrong with it.
func (e *CorruptError) Error() string { return "sqlite: " + e.Path + " is damaged: " + e.Detail }

// FaultCode says what the caller can do.
func (e *CorruptError) FaultCode() fault.Code { return fault.Broken }

// Unwrap returns the fault code, for errors.Is.
func (e *CorruptError) Unwrap() error { return e.FaultCode() }

// failed makes an error of the result code rc, with the text that the connection has for it.
func (c *Conn) failed(op string, rc int32) error {
	text := lib.Xsqlite3_errstr(c.tls, rc)
	if c.db != 0 && lib.Xsqlite3_extended_errcode(c.tls, c.db) == rc {
		text = lib.Xsqlite3_errmsg(c.tls, c.db)
	}
	return &Error{Path: c.path, Op: brief(op), Code: int(rc), Msg: libc.GoString(text)}
}

// misused makes an error of a call that this package refuses to pass on.
func (c *Conn) misused(op, msg string) error {
	return &Error{Path: c.path, Op: brief(op), Code: lib.SQLITE_MISUSE, Msg: msg}
}

func (c *Conn) fail(op string, err error) error { return c.misused(op, err.Error()) }

// shut is the error of a call on a closed connection.
func (c *Conn) shut(op string) error { return c.misused(op, "the connection is closed") }

// brief is the beginning of an SQL text on one line. It holds no data: values are bound, not written into the SQL.
func brief(sql string) string {
	const most = 80
	if len(sql) > 4*most {
		sql = sql[:4*most]
	}
	sql = strings.Join(strings.Fields(sql), " ")
	if len(sql) > most {
		sql = strings.ToValidUTF8(sql[:most], "") + "…"
	}
	return sql
}
