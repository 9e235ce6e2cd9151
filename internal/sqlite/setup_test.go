package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keelshop/commerce/internal/sqlite"
)

func TestEveryConnectionIsSetUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	common := map[string]string{
		"journal_mode": "wal", "page_size": "4096", "wal_autocheckpoint": "0", "journal_size_limit": "67108864",
		"mmap_size": "0", "temp_store": "2", "foreign_keys": "1", "busy_timeout": "5000", "trusted_schema": "0",
		"cell_size_check": "1", "secure_delete": "2", "recursive_triggers": "1",
	}
	for _, test := range []struct {
		name string
		o    sqlite.Options
		want map[string]string
	}{
		{"writer", sqlite.Options{}, map[string]string{"synchronous": "1", "cache_size": "-4096", "query_only": "0"}},
		{"synced writer", sqlite.Options{Full: true}, map[string]string{"synchronous": "2", "query_only": "0"}},
		{"small writer", sqlite.Options{CacheKiB: 512}, map[string]string{"cache_size": "-512"}},
		{"reader", sqlite.Options{ReadOnly: true}, map[string]string{"cache_size": "-2048", "query_only": "1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := openAt(t, path, test.o)
			for _, settings := range []map[string]string{common, test.want} {
				for name, want := range settings {
					if got, _, err := c.Tx().Text("PRAGMA " + name); got != want || err != nil {
						t.Errorf("%s is %q, want %q (%v)", name, got, want, err)
					}
				}
			}
		})
	}
}

func TestDangerousSQLIsRefused(t *testing.T) {
	c := open(t, sqlite.Options{})
	exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	for name, sql := range map[string]string{
		"a misspelt column is not a text": `SELECT "nn" FROM n`,
		"the same in a schema":            `CREATE INDEX i ON n ("nn")`,
		"the schema is not writable":      "UPDATE sqlite_schema SET sql = 'x'",
	} {
		if _, err := c.Tx().Exec(sql); err == nil {
			t.Error(name, "is not so")
		}
	}
}

func TestAReaderCannotWrite(t *testing.T) {
	w := open(t, sqlite.Options{})
	exec(t, w, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	r := openAt(t, w.Path(), sqlite.Options{ReadOnly: true})
	if _, err := r.Tx().Exec("INSERT INTO n VALUES (1)"); err == nil {
		t.Error("a reader writes")
	}
}

func TestAReaderKeepsItsSnapshot(t *testing.T) {
	w := open(t, sqlite.Options{})
	exec(t, w, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	r := openAt(t, w.Path(), sqlite.Options{ReadOnly: true})
	check(t, r.Begin())
	exec(t, w, "INSERT INTO n VALUES (1)")
	if n := count(t, r.Tx(), "n"); n != 0 {
		t.Errorf("a snapshot sees %d rows that came later", n)
	}
	check(t, r.Rollback())
	check(t, r.Begin())
	if n := count(t, r.Tx(), "n"); n != 1 {
		t.Errorf("a new snapshot sees %d rows, want 1", n)
	}
	check(t, r.Rollback())
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	check(t, os.WriteFile(foreign, []byte(strings.Repeat("this is no database ", 500)), 0o600))
	for _, test := range []struct {
		name, path string
		o          sqlite.Options
		want       string
	}{
		{"a reader of nothing", filepath.Join(dir, "none.db"), sqlite.Options{ReadOnly: true}, "open"},
		{"a directory that is not there", filepath.Join(dir, "no", "where.db"), sqlite.Options{}, "open"},
		{"a VFS that is not there", filepath.Join(dir, "a.db"), sqlite.Options{VFS: "nonsense"}, "open"},
		{"another kind of file", foreign, sqlite.Options{}, "PRAGMA"},
		{"a NUL in the path", "a\x00b", sqlite.Options{}, "open"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := sqlite.Open(test.path, test.o)
			e, ok := errors.AsType[*sqlite.Error](err)
			if c != nil || !ok || e.Path != test.path || !strings.HasPrefix(e.Op, test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMemoryIsAFileName(t *testing.T) {
	t.Chdir(t.TempDir())
	c := openAt(t, ":memory:", sqlite.Options{})
	exec(t, c, "CREATE TABLE n (n INTEGER PRIMARY KEY) STRICT")
	if _, err := os.Stat(":memory:"); err != nil {
		t.Error(err)
	}
}

// With a plan that depends on the value, SQLite would plan anew whenever a parameter is bound to or from 0 or 1. A
// partial index shows which it is: it suits one value only.
func TestPlansDoNotDependOnValues(t *testing.T) {
	c := open(t, sqlite.Options{})
	check(t, c.Script("CREATE TABLE v (id INTEGER PRIMARY KEY, live INTEGER) STRICT; CREATE INDEX lives ON v (live) WHERE live = 1"))
	plan := func(query string, args ...any) (plan string) {
		rows := c.Tx().Query("EXPLAIN QUERY PLAN "+query, args...)
		for rows.Next() {
			plan += rows.Text(3)
		}
		check(t, rows.Err())
		return plan
	}
	if got := plan("SELECT id FROM v WHERE live = ?", 1); strings.Contains(got, "lives") {
		t.Errorf("the plan for 1 is %q", got)
	}
	if got := plan("SELECT id FROM v WHERE live = 1"); !strings.Contains(got, "lives") {
		t.Errorf("the plan for a constant is %q", got)
	}
}
