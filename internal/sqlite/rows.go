package sqlite

import (
	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Rows is the result of a query, read from the first row to the last. Columns count from 0 and may be read while
// [Rows.Next] last returned true. SQLite converts: a number read as text is its decimal form, NULL is the zero value.
type Rows struct {
	s   *stmt   // nil when there is nothing more to read
	p   uintptr // the statement of s for the column methods; 0 makes SQLite answer NULL
	gen uint64  // the use of s that this is
	err error
}

func (r *Rows) start(c *Conn, query string, args []any) {
	s, err := c.start(query, args)
	if err != nil {
		r.err = err
		return
	}
	r.s, r.p, r.gen = s, s.p, s.gen
}

// Next moves to the next row, the first one at first. It returns false after the last row and after an error, and
// then gives the statement back, so that a loop that runs to its end needs no Close.
func (r *Rows) Next() bool {
	if r.s == nil {
		return false
	}
	if r.s.gen != r.gen {
		// The transaction ended under the reader, which took the statement back.
		r.err = r.s.c.misused(r.s.sql, "the transaction ended before the last row was read")
		r.s, r.p = nil, 0
		return false
	}
	more, err := r.s.step()
	if !more {
		r.err = err
		r.end()
	}
	return more
}

func (r *Rows) end() {
	if r.s != nil && r.s.gen == r.gen {
		rc := r.s.release()
		if rc != lib.SQLITE_OK && r.err == nil {
			r.err = r.s.c.failed(r.s.sql, rc)
		}
	}
	r.s, r.p = nil, 0
}

// Close gives the statement back and returns the error that ended the reading, nil if there was none. It may be
// called more than once.
func (r *Rows) Close() error {
	r.end()
	return r.err
}

// Err returns the error that ended the reading, or nil.
func (r *Rows) Err() error { return r.err }

// Int64 returns a column as a number.
func (r *Rows) Int64(col int) int64 {
	if r.s == nil {
		return 0
	}
	return lib.Xsqlite3_column_int64(r.s.c.tls, r.p, int32(col))
}

// Int returns a column as a number.
func (r *Rows) Int(col int) int { return int(r.Int64(col)) }

// Bool returns whether a column is a number other than 0.
func (r *Rows) Bool(col int) bool { return r.Int64(col) != 0 }

// Text returns a copy of a column's text.
func (r *Rows) Text(col int) string {
	if r.s == nil {
		return ""
	}
	p := lib.Xsqlite3_column_text(r.s.c.tls, r.p, int32(col))
	if p == 0 {
		return ""
	}
	return string(view(p, int(lib.Xsqlite3_column_bytes(r.s.c.tls, r.p, int32(col)))))
}

// Blob returns a copy of a column's bytes. It is nil for NULL only.
func (r *Rows) Blob(col int) []byte {
	if r.s == nil || r.Null(col) {
		return nil
	}
	p := lib.Xsqlite3_column_blob(r.s.c.tls, r.p, int32(col))
	if p == 0 {
		return []byte{}
	}
	return append([]byte{}, view(p, int(lib.Xsqlite3_column_bytes(r.s.c.tls, r.p, int32(col))))...)
}

// Null reports whether a column is NULL.
func (r *Rows) Null(col int) bool { return r.kind(col) == lib.SQLITE_NULL }

func (r *Rows) kind(col int) int32 {
	if r.s == nil {
		return lib.SQLITE_NULL
	}
	return lib.Xsqlite3_column_type(r.s.c.tls, r.p, int32(col))
}

// Columns returns the names of the columns. It is empty once the rows have ended.
func (r *Rows) Columns() []string {
	if r.s == nil {
		return nil
	}
	names := make([]string, lib.Xsqlite3_column_count(r.s.c.tls, r.p))
	for i := range names {
		names[i] = libc.GoString(lib.Xsqlite3_column_name(r.s.c.tls, r.p, int32(i)))
	}
	return names
}

// Value returns a column as SQLite stores it: int64, float64, string, []byte or nil.
func (r *Rows) Value(col int) any {
	switch r.kind(col) {
	case lib.SQLITE_INTEGER:
		return r.Int64(col)
	case lib.SQLITE_FLOAT:
		return lib.Xsqlite3_column_double(r.s.c.tls, r.p, int32(col))
	case lib.SQLITE_TEXT:
		return r.Text(col)
	case lib.SQLITE_BLOB:
		return r.Blob(col)
	}
	return nil
}
