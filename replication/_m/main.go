package main
import ("fmt";"os";"path/filepath";"time";"crypto/rand"
"github.com/keelshop/commerce/internal/sqlite")
func must(e error){ if e!=nil {panic(e)} }
func one(name, ddl, ins, sel, del string, size, per, n int, packed bool){
 d,_:=os.MkdirTemp("","m"); defer os.RemoveAll(d)
 c,e:=sqlite.Open(filepath.Join(d,"x.db"),sqlite.Options{Full:true,CacheKiB:8192}); must(e); defer c.Close()
 must(c.Script(ddl)); data:=make([]byte,size); rand.Read(data)
 t:=time.Now(); var fs time.Duration; cks:=0; tx:=c.Tx()
 for i:=0;i<n;{ must(c.Begin()); for k:=0;k<per;k++ { for g:=0; g<8; g++ { var er error; if packed { _,er=tx.Exec(ins,int64(g)<<48|int64(i),1,0,time.Now().UnixMicro(),int64(-77777777777777)+int64(i),data,[]byte{}) } else { _,er=tx.Exec(ins,g,i,1,0,time.Now().UnixMicro(),int64(-77777777777777)+int64(i),data,[]byte{}) }; must(er)}; i++ }
  t0:=time.Now(); must(c.Commit()); fs+=time.Since(t0)
  if c.WALBytes()>8<<20 { _,e:=c.Checkpoint(false); must(e); cks++ } }
 w:=time.Since(t)
 t=time.Now(); 
 for g:=0; g<8; g++ { for i:=0;i<n;i+=64 { must(c.Begin()); if packed { _,e=tx.Exec(del,int64(g)<<48|int64(i),int64(g)<<48|int64(i+63)) } else { _,e=tx.Exec(del,g,i,i+63) }; must(e); must(c.Commit()); if c.WALBytes()>8<<20 { _,e:=c.Checkpoint(false); must(e) } } }
 dd:=time.Since(t)
 st,_:=os.Stat(filepath.Join(d,"x.db"))
 fmt.Printf("%-12s size %6d per %2d: insert %8.1fµs/record (commit share %.0f%%), %d checkpoints; delete %6.1fµs/record, file %d MB for %d MB\n",name,size,per,float64(w.Microseconds())/float64(n*8),100*float64(fs)/float64(w),cks,float64(dd.Microseconds())/float64(n*8),st.Size()>>20,n*8*size>>20)
}
func main(){ for _,x:=range []struct{size,per,n int}{{200,1,1024},{200,8,4096},{4000,2,1024},{100000,1,128}} {
 one("rowid","CREATE TABLE log(id INTEGER PRIMARY KEY, term INTEGER NOT NULL, type INTEGER NOT NULL, at INTEGER NOT NULL, sum INTEGER NOT NULL, data BLOB NOT NULL, ext BLOB NOT NULL) STRICT","INSERT INTO log VALUES(?,?,?,?,?,?,?)","","DELETE FROM log WHERE id BETWEEN ? AND ?",x.size,x.per,x.n,true)
 one("norowid","CREATE TABLE log(grp INTEGER NOT NULL, idx INTEGER NOT NULL, term INTEGER NOT NULL, type INTEGER NOT NULL, at INTEGER NOT NULL, sum INTEGER NOT NULL, data BLOB NOT NULL, ext BLOB NOT NULL, PRIMARY KEY(grp,idx)) STRICT, WITHOUT ROWID","INSERT INTO log VALUES(?,?,?,?,?,?,?,?)","","DELETE FROM log WHERE grp=? AND idx BETWEEN ? AND ?",x.size,x.per,x.n,false)
}}
