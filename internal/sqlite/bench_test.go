package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"sync"
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

var note = []byte("wrapped as a gift")

// BenchmarkInsert measures a row of four columns, 256 to a transaction, here and through database/sql.
func BenchmarkInsert(b *testing.B) {
	var own float64
	b.Run("conn", func(b *testing.B) {
		c := openBench(b)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			check(b, insertOne(c, i))
		}
		own = nsPerOp(b)
	})
	b.Run("database-sql", func(b *testing.B) {
		db := openSQL(b)
		insert, err := db.Prepare(benchInsert)
		check(b, err)
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
		b.ReportMetric(nsPerOp(b)/own, "times-conn")
		tx.Rollback()
	})
}

// insertOne inserts row i, and begins and commits where it is due.
func insertOne(c *sqlite.Conn, i int) error {
	if i%perTransaction == 0 {
		if err := c.Begin(); err != nil {
			return err
		}
	}
	if _, err := c.Tx().Exec(benchInsert, "TEE-RED-M", i+1, int64(1999), note); err != nil {
		return err
	}
	if i%perTransaction < perTransaction-1 {
		return nil
	}
	if err := c.Commit(); err != nil {
		return err
	}
	if c.WALBytes() < 4<<20 {
		return nil
	}
	_, err := c.Checkpoint(false)
	return err
}

// BenchmarkPointRead measures a row read by its primary key within a transaction, here and through database/sql.
func BenchmarkPointRead(b *testing.B) {
	var own float64
	b.Run("conn", func(b *testing.B) {
		c := openBench(b)
		for i := range benchRows / perTransaction * perTransaction {
			check(b, insertOne(c, i))
		}
		check(b, c.Begin())
		b.ReportAllocs()
		var sum int64
		for i := 0; b.Loop(); i++ {
			rows := c.Tx().One(benchSelect, i%9000+1)
			if !rows.Next() {
				b.Fatal("no row", rows.Err())
			}
			sum += rows.Int64(1) + rows.Int64(2) + int64(len(rows.Text(0)))
			check(b, rows.Close())
		}
		own = nsPerOp(b)
	})
	b.Run("database-sql", func(b *testing.B) {
		db := openSQL(b)
		tx, err := db.Begin()
		check(b, err)
		for i := range benchRows {
			if _, err := tx.Exec(benchInsert, "TEE-RED-M", i+1, int64(1999), note); err != nil {
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
			check(b, read.QueryRow(i%9000+1).Scan(&sku, &qty, &price))
			sum += qty + price + int64(len(sku))
		}
		b.ReportMetric(nsPerOp(b)/own, "times-conn")
		check(b, tx.Rollback())
	})
}

// BenchmarkSavepoint measures what a command costs beside its own statements.
func BenchmarkSavepoint(b *testing.B) {
	c := openBench(b)
	check(b, c.Begin())
	b.ReportAllocs()
	for b.Loop() {
		check(b, c.Savepoint())
		check(b, c.Release())
	}
}

// BenchmarkView measures what a snapshot costs beside its own statements.
func BenchmarkView(b *testing.B) {
	c := openBench(b)
	p, err := sqlite.NewPool(c.Path(), 1, sqlite.Options{})
	check(b, err)
	defer p.Close()
	b.ReportAllocs()
	for b.Loop() {
		check(b, p.View(b.Context(), func(*sqlite.Tx) error { return nil }))
	}
}

// BenchmarkConnections measures inserts into several files at once, a goroutine each. With enough cores, rows/s grows
// with the files.
func BenchmarkConnections(b *testing.B) {
	for name, n := range map[string]int{"1": 1, "2": 2} {
		b.Run(name, func(b *testing.B) {
			var conns []*sqlite.Conn
			for range n {
				conns = append(conns, openBench(b))
			}
			var wg sync.WaitGroup
			b.ResetTimer()
			for _, c := range conns {
				wg.Go(func() {
					for i := range b.N {
						if err := insertOne(c, i); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func nsPerOp(b *testing.B) float64 { return float64(b.Elapsed().Nanoseconds()) / float64(b.N) }

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
	if err != nil {
		tb.Helper() // only here: it is slow
		tb.Fatal(err)
	}
}
