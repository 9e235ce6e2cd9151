package sqlite

// Script runs several statements, such as a schema, within the connection's
// open transaction. It stops at the first error.
func (t *Tx) Script(sql string) error { return t.c.Script(sql) }
