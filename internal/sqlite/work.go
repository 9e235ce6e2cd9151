package sqlite

import lib "modernc.org/sqlite/lib"

// Instructions returns how many instructions of SQLite's machine the statements of this connection have run so far,
// which tells whether a statement looks at more rows than it should, whatever it returns. It asks each statement, so it
// is for tests.
func (t *Tx) Instructions() (sum int64) {
	for _, first := range t.c.stmts {
		for s := first; s != nil; s = s.next {
			sum += int64(lib.Xsqlite3_stmt_status(t.c.tls, s.p, lib.SQLITE_STMTSTATUS_VM_STEP, 0))
		}
	}
	return sum
}
