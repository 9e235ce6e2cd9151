package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
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
type Union struct {
	c      *Conn
	views  map[string]bool
	tables map[string]bool // that views read
	// inner is what the names of the views begin with that read the tables. Nobody can guess it: SQLite tells the
	// authorizer which view a table is read for, and takes a name that the query itself defines for a view, too.
	inner string
	ask   func(tls *libc.TLS, arg uintptr, action int32, one, two, three, four uintptr) int32

	hand *hand         // makes all calls
	left bool          // a call hangs, and closes the connection when it ends
	hung chan struct{} // closed when a call has hung for too long
	over chan struct{} // closed by Close
}

// OpenUnion opens files for reading and makes the views. It returns [fault.Invalid] for more than [MaxUnion] files, and
// a [*HangingReadError] when one of them hangs until ctx ends.
func OpenUnion(ctx context.Context, paths []string, views []View, vfs string) (*Union, error) {
	if len(paths) > MaxUnion {
		return nil, fault.New(fault.Invalid, "%d files cannot be queried together; the limit is %d", len(paths), MaxUnion)
	}
	u := &Union{views: map[string]bool{}, tables: map[string]bool{}, inner: "inner_" + rand.Text() + "_", hand: newHand(),
		hung: make(chan struct{}), over: make(chan struct{})}
	u.ask = u.authorize
	var err error
	if hangs := u.do(ctx, paths[0], func() { err = u.open(paths, views, vfs) }); hangs != nil {
		err = hangs
	}
	if err != nil {
		u.Close()
		return nil, err
	}
	return u, nil
}

func (u *Union) open(paths []string, views []View, vfs string) (err error) {
	if u.c, err = Open(paths[0], Options{ReadOnly: true, VFS: vfs}); err != nil {
		return err
	}
	u.c.dog = &u.hand.dog
	return u.attach(paths, views)
}

// do has the hand do a job, and gives the connection up if that hangs.
func (u *Union) do(ctx context.Context, path string, job func()) error {
	interrupt := func() {}
	if c := u.c; c != nil {
		interrupt = c.Interrupt
	}
	hangs := u.hand.do(ctx, u.hung, path, interrupt, job)
	if hangs != nil {
		u.left = true
		go func() {
			<-u.hand.done
			u.close()
		}()
	}
	return hangs
}

var tableNames = regexp.MustCompile(`\$\.(\w+)`)

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
		fmt.Fprintf(&script, "CREATE TEMP VIEW %s%s AS %s;\n", u.inner, v.Name, strings.Join(parts, " UNION ALL "))
		fmt.Fprintf(&script, "CREATE TEMP VIEW %s AS SELECT * FROM %s%s;\n", v.Name, u.inner, v.Name)
		for _, table := range tableNames.FindAllStringSubmatch(v.Query, -1) {
			u.tables[table[1]] = true
		}
		u.views[v.Name], u.views[u.inner+v.Name] = true, true
	}
	script.WriteString("PRAGMA query_only = ON;\n")
	return u.c.Script(script.String())
}

// authorize is asked for everything that a statement would do, when it is prepared. It allows reading views and what
// they are made of, and nothing else.
func (u *Union) authorize(_ *libc.TLS, _ uintptr, action int32, one, two, three, four uintptr) int32 {
	allowed := false
	switch action {
	case lib.SQLITE_SELECT, lib.SQLITE_RECURSIVE:
		allowed = true
	case lib.SQLITE_READ:
		// Without the name of a file, that of a view is the view: temporary ones come first.
		table, column, file := libc.GoString(one), libc.GoString(two), libc.GoString(three)
		// Counting the rows of a table looks the same through a view, once SQLite has put the two into each other.
		allowed = column == "" && u.tables[table] || u.views[table] && (file == "temp" || file == "") || table == "json_each" || table == "json_tree" ||
			four != 0 && strings.HasPrefix(libc.GoString(four), u.inner)
	case lib.SQLITE_FUNCTION:
		allowed = libc.GoString(two) != "load_extension"
	}
	if allowed {
		return lib.SQLITE_OK
	}
	return lib.SQLITE_DENY
}

// guard puts the authorizer in place until the function that it returns is called.
func (u *Union) guard() (end func()) {
	lib.Xsqlite3_set_authorizer(u.c.tls, u.c.db, code(&u.ask), 0)
	return func() { lib.Xsqlite3_set_authorizer(u.c.tls, u.c.db, 0, 0) }
}

// Columns returns the names of a statement's columns.
func (u *Union) Columns(query string) ([]string, error) {
	defer u.guard()()
	rows := u.c.tx.Query(query)
	names := rows.Columns()
	return names, rows.Close()
}

// Query runs one statement, which may only read the views, and calls row for each of its rows until row returns false
// or ctx ends. The files may hang: then it returns a [*HangingReadError] when ctx ends.
func (u *Union) Query(ctx context.Context, query string, args []any, row func(*Rows) bool) error {
	var rows *Rows
	var end func()
	var err error
	more := true
	start := func() {
		if err = u.c.Begin(); err == nil {
			end = u.guard()
			rows = u.c.tx.Query(query, args...)
		}
	}
	next := func() { more = ctx.Err() == nil && rows.Next() }
	if hangs := u.do(ctx, u.c.path, start); hangs != nil || err != nil {
		return errors.Join(hangs, err)
	}
	for more {
		if hangs := u.do(ctx, u.c.path, next); hangs != nil {
			return hangs
		}
		if more && !row(rows) {
			break
		}
	}
	err = rows.Close()
	end()
	if err := u.c.Rollback(); err != nil {
		return err
	}
	if ctx.Err() != nil && (err == nil || interrupted(err)) {
		return fault.Wrap(fault.Unavailable, ctx.Err(), "the query was stopped")
	}
	return err
}

// Watch is [Pool.Watch] for a Union.
func (u *Union) Watch(limit time.Duration, hangs func(error)) {
	go func() {
		if u.hand.dog.Watch(limit, u.over, nil) {
			close(u.hung)
			hangs(&HangingReadError{Path: u.c.path})
		}
	}()
}

// Close closes the connection.
func (u *Union) Close() error {
	close(u.over)
	if u.left {
		return nil
	}
	return u.close()
}

func (u *Union) close() error {
	close(u.hand.jobs)
	if u.c == nil {
		return nil
	}
	return u.c.Close()
}
