package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/internal/sqlite"
	_ "modernc.org/sqlite"
)

const (
	benchSchema = `CREATE TABLE line (
		id    INTEGER PRIMARY KEY,
		sku   TEXT NOT NULL,
		qty   INTEGER NOT NULL CHECK (qty > 0),
		price INTEGER NOT NULL,
		note  BLOB
	) STRICT`
	benchInsert = "INSERT INTO line (sku, qty, price, note) VALUES (?, ?, ?, ?)"
	benchSelect = "SELECT sku, qty, price FROM line WHERE id = ?"

	perTransaction = 256
	benchRows      = 10_000
)

// BenchmarkInsert measures one row of four columns, 256 to a transaction.
func BenchmarkInsert(b *testing.B) {
	b.Run("conn", func(b *testing.B) {
		c := openBench(b)
		note := []byte("wrapped as a gift")
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%perTransaction == 0 {
				check(b, c.Begin())
			}
			if _, err := c.Tx().Exec(benchInsert, "TEE-RED-M", i+1, int64(1999), note); err != nil {
				b.Fatal(err)
			}
			if i%perTransaction == perTransaction-1 {
				check(b, c.Commit())
				if c.WALBytes() > 4<<20 {
					if _, err := c.Checkpoint(false); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
	})
	b.Run("database-sql", func(b *testing.B) {
		db := openSQL(b)
		insert, err := db.Prepare(benchInsert)
		check(b, err)
		note := []byte("wrapped as a gift")
		var tx *sql.Tx
		var in *sql.Stmt
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%perTransaction == 0 {
				tx, err = db.Begin()
				check(b, err)
				in = tx.Stmt(insert)
			}
			if _, err := in.Exec("TEE-RED-M", i+1, int64(1999), note); err != nil {
				b.Fatal(err)
			}
			if i%perTransaction == perTransaction-1 {
				check(b, tx.Commit())
			}
		}
	})
}

// BenchmarkPointRead measures one row read by its primary key within a transaction.
func BenchmarkPointRead(b *testing.B) {
	b.Run("conn", func(b *testing.B) {
		c := openBench(b)
		check(b, c.Begin())
		for i := range benchRows {
			if _, err := c.Tx().Exec(benchInsert, "TEE-RED-M", i+1, int64(1999), nil); err != nil {
				b.Fatal(err)
			}
		}
		check(b, c.Commit())
		check(b, c.Begin())
		b.ReportAllocs()
		var sum int64
		for i := 0; b.Loop(); i++ {
			rows := c.Tx().One(benchSelect, i%benchRows+1)
			if !rows.Next() {
				b.Fatal("no row", rows.Err())
			}
			sum += rows.Int64(1) + rows.Int64(2) + int64(len(rows.Text(0)))
			check(b, rows.Close())
		}
	})
	b.Run("database-sql", func(b *testing.B) {
		db := openSQL(b)
		tx, err := db.Begin()
		check(b, err)
		for i := range benchRows {
			if _, err := tx.Exec(benchInsert, "TEE-RED-M", i+1, int64(1999), nil); err != nil {
				b.Fatal(err)
			}
		}
		check(b, tx.Commit())
		tx, err = db.Begin()
		check(b, err)
		read, err := tx.Prepare(benchSelect)
		check(b, err)
		b.ReportAllocs()
		var sum int64
		for i := 0; b.Loop(); i++ {
			var sku string
			var qty, price int64
			check(b, read.QueryRow(i%benchRows+1).Scan(&sku, &qty, &price))
			sum += qty + price + int64(len(sku))
		}
		check(b, tx.Rollback())
	})
}

func openBench(b *testing.B) *sqlite.Conn {
	c, err := sqlite.Open(filepath.Join(b.TempDir(), "bench.db"), sqlite.Options{})
	check(b, err)
	b.Cleanup(func() { c.Close() })
	check(b, c.Script(benchSchema))
	return c
}

func openSQL(b *testing.B) *sql.DB {
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bench.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate")
	check(b, err)
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	_, err = db.Exec(benchSchema)
	check(b, err)
	return db
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
