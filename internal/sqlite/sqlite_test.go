package sqlite_test

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite"
	"pgregory.net/rapid"
)

func open(t *testing.T, o sqlite.Options) *sqlite.Conn {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "test.db"), o)
}

func openAt(t *testing.T, path string, o sqlite.Options) *sqlite.Conn {
	t.Helper()
	c, err := sqlite.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func exec(t *testing.T, c *sqlite.Conn, query string, args ...any) int64 {
	t.Helper()
	changed, err := c.Tx().Exec(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func count(t *testing.T, tx *sqlite.Tx, table string) int64 {
	t.Helper()
	n, _, err := tx.Int64("SELECT count(*) FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEveryTypeComesBack(t *testing.T) {
	type (
		sku    string
		cents  int64
		slot   uint16
		sealed []byte
		flag   bool
		ratio  float32
	)
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE v (v ANY) STRICT")
	for _, test := range []struct {
		name string
		in   any
		want any
	}{
		{"nil", nil, nil},
		{"false", false, int64(0)},
		{"true", true, int64(1)},
		{"int", -5, int64(-5)},
		{"int8", int8(-8), int64(-8)},
		{"int16", int16(-16), int64(-16)},
		{"int32", int32(-32), int64(-32)},
		{"smallest int64", int64(math.MinInt64), int64(math.MinInt64)},
		{"largest int64", int64(math.MaxInt64), int64(math.MaxInt64)},
		{"uint", uint(5), int64(5)},
		{"uint8", uint8(8), int64(8)},
		{"uint16", uint16(16), int64(16)},
		{"uint32", uint32(math.MaxUint32), int64(math.MaxUint32)},
		{"uint64", uint64(math.MaxInt64), int64(math.MaxInt64)},
		{"float", 1.5, 1.5},
		{"text", "Grüße", "Grüße"},
		{"empty text", "", ""},
		{"text with a NUL", "a\x00b", "a\x00b"},
		{"long text", strings.Repeat("x", 100_000), strings.Repeat("x", 100_000)},
		{"blob", []byte{0, 1, 255}, []byte{0, 1, 255}},
		{"empty blob", []byte{}, []byte{}},
		{"nil blob", []byte(nil), nil},
		{"named text", sku("TEE"), "TEE"},
		{"named int", cents(-1999), int64(-1999)},
		{"named uint", slot(4095), int64(4095)},
		{"named blob", sealed{7}, []byte{7}},
		{"named nil blob", sealed(nil), nil},
		{"named bool", flag(true), int64(1)},
		{"named float", ratio(0.5), 0.5},
	} {
		t.Run(test.name, func(t *testing.T) {
			exec(t, c, "DELETE FROM v")
			exec(t, c, "INSERT INTO v (v) VALUES (?)", test.in)
			rows := c.Tx().Query("SELECT v FROM v")
			if !rows.Next() {
				t.Fatal("no row", rows.Err())
			}
			if got := rows.Value(0); !equal(got, test.want) {
				t.Errorf("got %T %v, want %T %v", got, got, test.want, test.want)
			}
			if rows.Null(0) != (test.want == nil) {
				t.Errorf("Null is %v", rows.Null(0))
			}
			check(t, rows.Close())
		})
	}
}

func equal(a, b any) bool {
	x, ok1 := a.([]byte)
	y, ok2 := b.([]byte)
	if ok1 && ok2 {
		return bytes.Equal(x, y) && (x == nil) == (y == nil)
	}
	return !ok1 && !ok2 && a == b
}

func TestValuesSurviveReuseOfStatements(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE v (id INTEGER PRIMARY KEY, a TEXT, b BLOB, n INTEGER) STRICT")
	id := 0
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.String().Draw(r, "a"), rapid.SliceOf(rapid.Byte()).Draw(r, "b")
		n := rapid.Int64().Draw(r, "n")
		id++
		if _, err := c.Tx().Exec("INSERT INTO v (id, a, b, n) VALUES (?, ?, ?, ?)", id, a, b, n); err != nil {
			r.Fatal(err)
		}
		rows := c.Tx().One("SELECT a, b, n FROM v WHERE id = ?", id)
		if !rows.Next() {
			r.Fatal("no row", rows.Err())
		}
		if rows.Text(0) != a || !bytes.Equal(rows.Blob(1), b) || rows.Int64(2) != n {
			r.Fatalf("got %q %v %d", rows.Text(0), rows.Blob(1), rows.Int64(2))
		}
		if err := rows.Close(); err != nil {
			r.Fatal(err)
		}
	})
}

func TestUnsuitableArgumentsAreRefused(t *testing.T) {
	c := open(t, sqlite.Options{})
	for _, test := range []struct {
		name string
		args []any
		want string
	}{
		{"too few", nil, "0 arguments for 1 parameters"},
		{"too many", []any{1, 2}, "2 arguments for 1 parameters"},
		{"unsigned and too large", []any{uint64(math.MaxUint64)}, "larger than the largest int64"},
		{"a struct", []any{struct{}{}}, "has the type struct {}"},
		{"a slice of numbers", []any{[]int{1}}, "has the type []int"},
		{"a pointer", []any{new(int)}, "has the type *int"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := c.Tx().Int64("SELECT ?", test.args...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if !errors.Is(err, fault.Broken) {
				t.Errorf("%v is not Broken", err)
			}
		})
	}
}

func TestExecCountsOnlyWhatItChanged(t *testing.T) {
	c := open(t, sqlite.Options{})
	for _, step := range []struct {
		sql  string
		want int64
	}{
		{"CREATE TABLE v (n INTEGER) STRICT", 0},
		{"INSERT INTO v VALUES (1), (2), (3)", 3},
		{"CREATE INDEX v_n ON v (n)", 0},
		{"UPDATE v SET n = n + 1 WHERE n > 1", 2},
		{"UPDATE v SET n = 0 WHERE n > 100", 0},
		{"SELECT n FROM v", 0},
		{"DELETE FROM v WHERE n = 1 RETURNING n", 1},
	} {
		if got := exec(t, c, step.sql); got != step.want {
			t.Errorf("%s: %d rows changed, want %d", step.sql, got, step.want)
		}
	}
	if c.TotalChanges() != 6 {
		t.Errorf("%d changes in total, want 6", c.TotalChanges())
	}
}

func TestOneSQLCanBeReadWhileItIsRead(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	for i := range 5 {
		exec(t, c, "INSERT INTO n VALUES (?)", i)
	}
	var pairs int
	const query = "SELECT n FROM n WHERE n >= ? ORDER BY n"
	for range 2 { // the second round finds the spare instances
		pairs = 0
		outer := c.Tx().Query(query, 0)
		for outer.Next() {
			inner := c.Tx().Query(query, outer.Int64(0))
			for inner.Next() {
				pairs++
				if inner.Int64(0) < outer.Int64(0) {
					t.Fatalf("%d inside of %d", inner.Int64(0), outer.Int64(0))
				}
			}
			check(t, inner.Err())
		}
		check(t, outer.Err())
	}
	if pairs != 15 {
		t.Errorf("%d pairs, want 15", pairs)
	}
}

func TestRowsThatHaveEndedTouchNobody(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	exec(t, c, "INSERT INTO n VALUES (1), (2)")
	const query = "SELECT n FROM n ORDER BY n"
	old := c.Tx().Query(query)
	for old.Next() {
	}
	rows := c.Tx().Query(query) // runs on the statement that old had
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	check(t, old.Close())
	check(t, old.Close())
	if old.Next() || old.Int64(0) != 0 || old.Text(0) != "" || old.Value(0) != nil || old.Columns() != nil {
		t.Error("rows that have ended still give values")
	}
	if !rows.Next() || rows.Int64(0) != 2 || rows.Next() {
		t.Error("rows were cut short by others that had ended")
	}
}

func TestRowsEndWithTheirTransaction(t *testing.T) {
	for name, end := range map[string]func(*sqlite.Conn) error{
		"commit": (*sqlite.Conn).Commit, "rollback": (*sqlite.Conn).Rollback,
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, sqlite.Options{})
			exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
			exec(t, c, "INSERT INTO n VALUES (1), (2)")
			check(t, c.Begin())
			rows := c.Tx().Query("SELECT n FROM n")
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
			check(t, end(c))
			if rows.Next() || rows.Close() == nil {
				t.Error("a reader outlives its transaction without an error")
			}
		})
	}
}

func TestColumns(t *testing.T) {
	c := open(t, sqlite.Options{})
	rows := c.Tx().Query("SELECT 1 AS a, 'x' AS b, NULL AS c, '12' AS d, 0 AS e")
	defer rows.Close()
	if got := rows.Columns(); !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) {
		t.Errorf("columns %v", got)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if rows.Int(0) != 1 || !rows.Bool(0) || rows.Bool(4) || rows.Text(1) != "x" || rows.Blob(2) != nil || rows.Int64(3) != 12 ||
		rows.Text(0) != "1" || rows.Text(2) != "" || rows.Int64(99) != 0 {
		t.Error("a column came back as something else")
	}
}

func TestSingleValues(t *testing.T) {
	c := open(t, sqlite.Options{})
	if v, found, err := c.Tx().Int64("SELECT 7"); v != 7 || !found || err != nil {
		t.Error(v, found, err)
	}
	if v, found, err := c.Tx().Text("SELECT 'a' WHERE 0"); v != "" || found || err != nil {
		t.Error(v, found, err)
	}
	if v, found, err := c.Tx().Blob("SELECT x'00ff' UNION ALL SELECT x'01'"); !bytes.Equal(v, []byte{0, 255}) || !found || err != nil {
		t.Error(v, found, err)
	}
	if v, found, err := c.Tx().Blob("SELECT NULL"); v != nil || !found || err != nil {
		t.Error(v, found, err)
	}
	if _, found, err := c.Tx().Int64("SELECT nonsense"); found || err == nil {
		t.Error(found, err)
	}
}

func TestStatementsBuiltAtRunTimeAreBounded(t *testing.T) {
	c := open(t, sqlite.Options{})
	held := c.Tx().Query("SELECT 1 UNION ALL SELECT 2")
	if !held.Next() {
		t.Fatal(held.Err())
	}
	for i := range 3000 {
		v, _, err := c.Tx().Int64("SELECT ? + 0"+strings.Repeat(" ", i), i)
		if v != int64(i) || err != nil {
			t.Fatal(v, err)
		}
	}
	if !held.Next() || held.Int64(0) != 2 {
		t.Error("a statement was dropped while it was being read")
	}
	check(t, held.Close())
}

func TestOneStatementPerText(t *testing.T) {
	c := open(t, sqlite.Options{})
	for sql, want := range map[string]bool{
		"SELECT 1":                 true,
		"SELECT 1; -- and no more": true,
		"SELECT 1; SELECT 2":       false,
		"SELECT 1; nonsense":       false,
		"-- nothing":               false,
		"":                         false,
		"SELECT '\x00'":            false,
	} {
		if _, _, err := c.Tx().Int64(sql); (err == nil) != want {
			t.Errorf("%q: %v", sql, err)
		}
	}
}

func TestErrorsNameFileAndStatement(t *testing.T) {
	c := open(t, sqlite.Options{})
	_, err := c.Tx().Exec("INSERT INTO\n\t nowhere VALUES (1)")
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok || e.Path != c.Path() || e.Op != "INSERT INTO nowhere VALUES (1)" || e.Code != 1 || !strings.Contains(e.Msg, "no such table: nowhere") {
		t.Errorf("got %+v", e)
	}
	if fault.CodeOf(err) != fault.Broken || sqlite.IsConstraint(err) {
		t.Errorf("%v counts as %v", err, fault.CodeOf(err))
	}
	_, err = c.Tx().Exec("SELECT " + strings.Repeat("é", 1000))
	if e, _ := errors.AsType[*sqlite.Error](err); len(e.Op) > 90 || !strings.HasSuffix(e.Op, "…") {
		t.Errorf("the statement is not shortened: %q", e.Op)
	}
}

func TestConstraints(t *testing.T) {
	c := open(t, sqlite.Options{})
	check(t, c.Script(`
		CREATE TABLE stock (sku TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0)) STRICT;
		CREATE TABLE line (id INTEGER PRIMARY KEY, sku TEXT REFERENCES stock) STRICT;
		CREATE TRIGGER no_removal BEFORE DELETE ON stock BEGIN SELECT RAISE(ABORT, 'stock stays'); END;
		INSERT INTO stock VALUES ('A', 1); -- a comment at the end`))
	for name, sql := range map[string]string{
		"check":       "UPDATE stock SET n = n - 2",
		"unique":      "INSERT INTO stock VALUES ('A', 2)",
		"not null":    "INSERT INTO stock VALUES ('B', NULL)",
		"foreign key": "INSERT INTO line VALUES (1, 'Z')",
		"type":        "INSERT INTO stock VALUES ('B', 'many')",
		"raise":       "DELETE FROM stock",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Tx().Exec(sql)
			if !sqlite.IsConstraint(err) || !errors.Is(err, fault.Refused) || fault.CodeOf(err) != fault.Refused {
				t.Errorf("%v is not a constraint", err)
			}
		})
	}
	if sqlite.IsConstraint(nil) || sqlite.IsConstraint(fault.Refused) {
		t.Error("anything passes for a constraint")
	}
}

func TestAStatementEndedHalfwayReportsItsFailure(t *testing.T) {
	c := open(t, sqlite.Options{})
	check(t, c.Script(`
		CREATE TABLE stock (sku TEXT PRIMARY KEY) STRICT;
		CREATE TABLE line (sku TEXT REFERENCES stock DEFERRABLE INITIALLY DEFERRED) STRICT`))
	rows := c.Tx().Query("INSERT INTO line VALUES ('Z') RETURNING sku")
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if err := rows.Close(); !sqlite.IsConstraint(err) { // outside of a transaction, closing commits
		t.Errorf("got %v", err)
	}
	if n := count(t, c.Tx(), "line"); n != 0 {
		t.Errorf("%d rows, want 0", n)
	}
}

func TestSavepoints(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	check(t, c.Begin())
	for i := range 10 {
		check(t, c.Savepoint())
		exec(t, c, "INSERT INTO n VALUES (?)", i)
		if i%2 == 0 {
			check(t, c.Release())
		} else {
			check(t, c.RollbackTo())
		}
	}
	check(t, c.Commit())
	if n := count(t, c.Tx(), "n"); n != 5 {
		t.Errorf("%d rows, want 5", n)
	}
	if c.Release() == nil || c.RollbackTo() == nil {
		t.Error("a savepoint that does not exist can be released")
	}
}

func TestRollback(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	check(t, c.Begin())
	exec(t, c, "INSERT INTO n VALUES (1)")
	check(t, c.Rollback())
	check(t, c.Rollback()) // nothing to do
	if n := count(t, c.Tx(), "n"); n != 0 {
		t.Errorf("%d rows, want 0", n)
	}
	if c.Commit() == nil {
		t.Error("commits without a transaction")
	}
}

func TestScriptStopsAtTheFirstError(t *testing.T) {
	c := open(t, sqlite.Options{})
	err := c.Script("CREATE TABLE a (a); CREATE TABLE a (a); CREATE TABLE b (b)")
	if e, ok := errors.AsType[*sqlite.Error](err); !ok || !strings.HasPrefix(e.Op, "CREATE TABLE a") {
		t.Errorf("got %v", err)
	}
	if n := count(t, c.Tx(), "sqlite_schema"); n != 1 {
		t.Errorf("%d tables, want 1", n)
	}
	if err := c.Script("  ;; -- nothing\n"); err != nil {
		t.Error(err)
	}
}

func TestAClosedConnectionRefuses(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	check(t, c.Close())
	check(t, c.Close())
	c.Interrupt()
	if _, err := c.Tx().Exec("INSERT INTO n VALUES (1)"); err == nil {
		t.Error("a closed connection executes")
	}
	for name, call := range map[string]func() error{
		"begin": c.Begin, "commit": c.Commit, "rollback": c.Rollback, "quick check": c.QuickCheck,
		"script":     func() error { return c.Script("SELECT 1") },
		"checkpoint": func() error { _, err := c.Checkpoint(false); return err },
	} {
		if call() == nil {
			t.Errorf("%s works on a closed connection", name)
		}
	}
}

func TestExecDoesNotAllocate(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE v (a, b, c, d)")
	check(t, c.Begin())
	text, blob, n := strings.Repeat("a", 50), []byte("abc"), int64(1<<40)
	insert := func() {
		if _, err := c.Tx().Exec("INSERT INTO v VALUES (?, ?, ?, ?)", text, blob, n, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := testing.AllocsPerRun(1000, insert); got != 0 {
		t.Errorf("Exec allocates %v times", got)
	}
	read := func() {
		n++
		rows := c.Tx().Query("SELECT c FROM v WHERE a = ? LIMIT 1", text)
		defer rows.Close()
		if !rows.Next() || rows.Int64(0) == n {
			t.Fatal(rows.Err())
		}
	}
	if got := testing.AllocsPerRun(1000, read); got != 0 {
		t.Errorf("Query allocates %v times", got)
	}
	check(t, c.Rollback())
}
