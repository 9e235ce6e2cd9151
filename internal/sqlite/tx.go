package sqlite

// Tx runs statements on a connection, each within the connection's open transaction.
//
// Arguments may be nil, bool, any integer, string, []byte (a nil slice is NULL), float64, and named types of these.
// An SQL text is prepared once per connection; asking for it again costs a map lookup.
type Tx struct {
	c *Conn
}

// Exec runs one statement to its end. It returns how many rows an INSERT, UPDATE or DELETE itself changed, without
// those of triggers and foreign keys.
func (t *Tx) Exec(query string, args ...any) (changed int64, err error) {
	s, err := t.c.start(query, args)
	if err != nil {
		return 0, err
	}
	before := t.c.TotalChanges()
	for more := true; more && err == nil; {
		more, err = s.step()
	}
	if err == nil && t.c.TotalChanges() != before {
		changed = t.c.changes()
	}
	s.release()
	return changed, err
}

// Query starts a statement that returns rows. Its error surfaces in [Rows.Err] and [Rows.Close].
//
//	rows := tx.Query("SELECT sku, on_hand FROM stock WHERE on_hand < ?", 5)
//	for rows.Next() {
//		… rows.Text(0), rows.Int64(1) …
//	}
//	if err := rows.Err(); err != nil { … }
//
// Close it when the loop may end early.
func (t *Tx) Query(query string, args ...any) *Rows {
	// Small enough to be inlined, so that a Rows that the caller does not pass on lives on the caller's stack.
	r := new(Rows)
	r.start(t.c, query, args)
	return r
}

// One is like [Tx.Query] for a statement that returns at most one row: after one call of Next the caller may read the
// columns, and closes.
func (t *Tx) One(query string, args ...any) *Rows {
	r := new(Rows)
	r.start(t.c, query, args)
	return r
}

// Script runs several statements without parameters, such as a schema. It stops at the first error.
func (t *Tx) Script(sql string) error { return t.c.Script(sql) }

// Int64 returns the first column of the first row; NULL is 0. It is not found when there is no row.
func (t *Tx) Int64(query string, args ...any) (v int64, found bool, err error) {
	var r Rows
	r.start(t.c, query, args)
	if found = r.Next(); found {
		v = r.Int64(0)
	}
	return v, found, r.Close()
}

// Text returns the first column of the first row; NULL is "". It is not found when there is no row.
func (t *Tx) Text(query string, args ...any) (v string, found bool, err error) {
	var r Rows
	r.start(t.c, query, args)
	if found = r.Next(); found {
		v = r.Text(0)
	}
	return v, found, r.Close()
}

// Blob returns a copy of the first column of the first row; NULL is nil. It is not found when there is no row.
func (t *Tx) Blob(query string, args ...any) (v []byte, found bool, err error) {
	var r Rows
	r.start(t.c, query, args)
	if found = r.Next(); found {
		v = r.Blob(0)
	}
	return v, found, r.Close()
}
