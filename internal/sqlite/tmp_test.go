package sqlite_test
import ("testing";"path/filepath";"sync"
"github.com/keelshop/commerce/internal/sqlite")
func BenchmarkTmpZeroOne(b *testing.B){
	c := openBench(b)
	check(b, c.Script(`CREATE TABLE a (id INTEGER PRIMARY KEY, live INTEGER) STRICT; CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER) STRICT; CREATE INDEX a_live ON a (live); CREATE INDEX b_a ON b (a);`))
	check(b, c.Begin())
	for i := 0; b.Loop(); i++ {
		if err := c.Tx().Query("SELECT a.id FROM a JOIN b ON b.a = a.id WHERE a.live = ? ORDER BY a.id", i%3).Close(); err != nil { b.Fatal(err) }
		r := c.Tx().Query("SELECT a.id FROM a JOIN b ON b.a = a.id WHERE a.live = ? ORDER BY a.id", i%3)
		r.Next(); check0(b, r.Close())
	}
}
func check0(b *testing.B, err error) { if err != nil { b.Fatal(err) } }
func BenchmarkTmpTwo(b *testing.B){
	for _, n := range []int{1,2} {
	b.Run("conns"+string(rune('0'+n)), func(b *testing.B){
		var cs []*sqlite.Conn
		for range n { c, err := sqlite.Open(filepath.Join(b.TempDir(),"x.db"), sqlite.Options{}); check(b, err); check(b, c.Script(benchSchema)); cs = append(cs, c); defer c.Close() }
		var wg sync.WaitGroup
		b.ResetTimer()
		for _, c := range cs { wg.Go(func(){
			for i := 0; i < b.N; i++ {
				if i%256 == 0 { check(b, c.Begin()) }
				if _, err := c.Tx().Exec(benchInsert, "TEE-RED-M", i+1, int64(1999), nil); err != nil { b.Error(err) }
				if i%256 == 255 || i == b.N-1 { check(b, c.Commit()); if c.WALBytes() > 4<<20 { c.Checkpoint(false) } }
			}
		})}
		wg.Wait()
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})}
}
