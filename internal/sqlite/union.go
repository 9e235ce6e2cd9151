package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/keelshop/commerce/fault"
)

// MaxUnion is the largest number of files that a [Union] can read together: one and as many as SQLite attaches.
const MaxUnion = 11

// A View is a query that a [Union] runs on each of its files. The rows of all files are those of the view.
type View struct {
	Name  string // how queries call it
	Query string // a SELECT whose tables are named "$.table"
}

// Union reads several files with the same tables as if they were one. Its snapshots of the files are taken one after
// the other, so it does not see one moment of all of them. It belongs to one goroutine at a time.
type Union struct{ c *Conn }

// OpenUnion opens files for reading and makes the views. It returns [fault.Invalid] for more than [MaxUnion] files.
func OpenUnion(paths []string, views []View, vfs string) (*Union, error) {
	if len(paths) > MaxUnion {
		return nil, fault.New(fault.Invalid, "%d files cannot be queried together; the limit is %d", len(paths), MaxUnion)
	}
	c, err := Open(paths[0], Options{ReadOnly: true, VFS: vfs})
	if err != nil {
		return nil, err
	}
	u := &Union{c}
	if err := u.attach(paths, views); err != nil {
		c.Close()
		return nil, err
	}
	return u, nil
}

func (u *Union) attach(paths []string, views []View) error {
	names := []string{"main"}
	for i, path := range paths[1:] {
		names = append(names, fmt.Sprintf("s%d", i+1))
		if _, err := u.c.tx.Exec(`ATTACH ? AS `+names[i+1], path); err != nil {
			return err
		}
	}
	// Temporary views count as writing, though nothing is written to the files.
	var script strings.Builder
	script.WriteString("PRAGMA query_only = OFF;\n")
	for _, v := range views {
		parts := make([]string, len(names))
		for i, name := range names {
			parts[i] = strings.ReplaceAll(v.Query, "$.", name+".")
		}
		fmt.Fprintf(&script, "CREATE TEMP VIEW %s AS %s;\n", v.Name, strings.Join(parts, " UNION ALL "))
	}
	script.WriteString("PRAGMA query_only = ON;\n")
	return u.c.Script(script.String())
}

// Query runs one statement, which must only read, and calls row for each of its rows until row returns false or ctx
// ends.
func (u *Union) Query(ctx context.Context, query string, args []any, row func(*Rows) bool) error {
	if err := u.c.Begin(); err != nil {
		return err
	}
	defer u.c.Rollback()
	if ctx.Done() != nil {
		defer interruptAfter(ctx, u.c)()
	}
	rows := u.c.tx.Query(query, args...)
	for rows.Next() {
		if !row(rows) {
			break
		}
	}
	err := rows.Close()
	if interrupted(err) && ctx.Err() != nil {
		return fault.Wrap(fault.Unavailable, ctx.Err(), "the query was stopped")
	}
	return err
}

// Close closes the connection.
func (u *Union) Close() error { return u.c.Close() }
