package sqlite_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/internal/sqlite"
	"pgregory.net/rapid"
)

const (
	headerSize = 32
	frameSize  = 24 + 4096
)

// walFile is a database with a WAL, as bytes.
type walFile struct {
	db, wal []byte
	commits []int // numbers of the frames that commit, the first at index 0; one row each
}

func (w walFile) frames() int { return (len(w.wal) - headerSize) / frameSize }

// lastStart is the number of the first frame of the last transaction.
func (w walFile) lastStart() int { return w.commits[len(w.commits)-2] + 1 }

func (w walFile) offset(frame int) int { return headerSize + (frame-1)*frameSize }

// syncedCommits makes a WAL of n transactions that were synced one by one, of one to four frames each.
func syncedCommits(t testing.TB, n int) walFile {
	path := filepath.Join(t.TempDir(), "test.db")
	c, err := sqlite.Open(path, sqlite.Options{Full: true})
	check(t, err)
	check(t, c.Script("CREATE TABLE v (id INTEGER PRIMARY KEY, body BLOB) STRICT"))
	if _, err := c.Checkpoint(true); err != nil {
		t.Fatal(err)
	}
	w := walFile{}
	for i := range n {
		if _, err := c.Tx().Exec("INSERT INTO v (body) VALUES (?)", bytes.Repeat([]byte{byte(i), 1}, 1500*(i%3)+10)); err != nil {
			t.Fatal(err)
		}
		w.commits = append(w.commits, int(c.WALBytes()/frameSize))
	}
	check(t, c.Close())
	w.db, err = os.ReadFile(path)
	check(t, err)
	w.wal, err = os.ReadFile(path + "-wal")
	check(t, err)
	return w
}

// scan writes the WAL beside the database and scans it.
func (w walFile) scan(t testing.TB, wal []byte) (path string, scan sqlite.WALScan) {
	path = filepath.Join(t.TempDir(), "test.db")
	check(t, os.WriteFile(path, w.db, 0o600))
	check(t, os.WriteFile(path+"-wal", wal, 0o600))
	scan, err := sqlite.ScanWAL(path)
	check(t, err)
	return path, scan
}

func (w walFile) flipped(at int, bit byte) []byte {
	wal := bytes.Clone(w.wal)
	wal[at] ^= bit
	return wal
}

func TestScanOfAnIntactWAL(t *testing.T) {
	w := syncedCommits(t, 20)
	_, scan := w.scan(t, w.wal)
	if want := (sqlite.WALScan{Present: true, Frames: w.frames(), LastCommit: w.frames()}); scan != want {
		t.Errorf("got %+v, want %+v", scan, want)
	}
	if _, scan = w.scan(t, nil); scan != (sqlite.WALScan{}) {
		t.Errorf("an empty WAL gives %+v", scan)
	}
	scan, err := sqlite.ScanWAL(filepath.Join(t.TempDir(), "none.db"))
	if scan != (sqlite.WALScan{}) || err != nil {
		t.Errorf("no WAL gives %+v, %v", scan, err)
	}
}

// The regions of a frame, by their offsets in it.
var regions = map[string][]int{
	"page number": {0, 3}, "commit mark": {4, 7}, "salts": {8, 11, 12, 15}, "checksum": {16, 19, 20, 23},
	"page": {24, 25, 2000, frameSize - 1},
}

func TestRotInSyncedFramesIsFound(t *testing.T) {
	w := syncedCommits(t, 200)
	before := w.commits[len(w.commits)-2] // the last frame that is certain to have been synced
	for name, offsets := range regions {
		t.Run(name, func(t *testing.T) {
			for _, frame := range []int{1, 2, 3, 100, before / 2, before - 2, before - 1} {
				for _, offset := range offsets {
					_, scan := w.scan(t, w.flipped(w.offset(frame)+offset, 0x10))
					if scan.BadFrame != frame || !scan.ValidAfterBad || scan.Frames != frame-1 || scan.LastCommit >= frame {
						t.Errorf("frame %d, byte %d: got %+v", frame, offset, scan)
					}
				}
			}
		})
	}
}

// The commit of the last transaction but one was synced, and all that follows is one transaction. Only its own commit
// mark says so.
func TestRotInTheLastSyncedCommitIsFound(t *testing.T) {
	found := 0
	for n := 30; n < 40; n++ {
		w := syncedCommits(t, n)
		commit := w.commits[n-2]
		for _, offset := range []int{3, 8, 12, 16, 20, 24, 3000} {
			_, scan := w.scan(t, w.flipped(w.offset(commit)+offset, 1))
			if scan.ValidAfterBad {
				found++
			} else if at := w.offset(commit); (at+4)/512 == (at+15)/512 {
				t.Errorf("frame %d, byte %d: got %+v", commit, offset, scan)
			}
		}
	}
	if found < 50 {
		t.Errorf("found %d of 70", found)
	}
}

func TestDamageToTheLastTransactionIsATornTail(t *testing.T) {
	w := syncedCommits(t, 30) // the last transaction has several frames
	for frame := w.lastStart(); frame <= w.frames(); frame++ {
		for name, offsets := range regions {
			for _, offset := range offsets {
				_, scan := w.scan(t, w.flipped(w.offset(frame)+offset, 0x10))
				if scan.ValidAfterBad || scan.LastCommit != w.commits[len(w.commits)-2] {
					t.Errorf("%s of frame %d, byte %d: got %+v", name, frame, offset, scan)
				}
			}
		}
	}
}

func TestATailTornAtAnySectorIsNoRot(t *testing.T) {
	w := syncedCommits(t, 30)
	want := w.commits[len(w.commits)-2]
	for size := w.offset(w.lastStart()); size < len(w.wal); size += 512 {
		_, scan := w.scan(t, w.wal[:size])
		if scan.ValidAfterBad || scan.LastCommit != want {
			t.Errorf("%d bytes: got %+v", size, scan)
		}
		if torn := size > w.offset(w.lastStart()); torn != (scan.BadFrame != 0) && (size-headerSize)%frameSize != 0 {
			t.Errorf("%d bytes: got %+v", size, scan)
		}
	}
}

func TestSectorsOfTheLastTransactionInAnyOrderAreNoRot(t *testing.T) {
	w := syncedCommits(t, 30)
	start, want := w.offset(w.lastStart()), w.commits[len(w.commits)-2]
	rapid.Check(t, func(r *rapid.T) {
		wal := bytes.Clone(w.wal)
		lost := 0
		for at := start; at < len(wal); {
			next := min(at/512*512+512, len(wal))
			if rapid.Bool().Draw(r, "lost") {
				clear(wal[at:next])
				lost++
			}
			at = next
		}
		_, scan := w.scan(t, wal)
		if scan.ValidAfterBad || scan.LastCommit < want || lost == 0 && scan.BadFrame != 0 {
			r.Fatalf("got %+v", scan)
		}
	})
}

func TestADamagedHeaderIsRot(t *testing.T) {
	for _, n := range []int{1, 2, 30} {
		w := walFileOf(t, n)
		for at := range headerSize {
			_, scan := w.scan(t, w.flipped(at, 1))
			if !scan.BadHeader || !scan.ValidAfterBad {
				t.Errorf("%d commits, byte %d: got %+v", n, at, scan)
			}
		}
		wal := bytes.Clone(w.wal)
		clear(wal[:headerSize])
		if _, scan := w.scan(t, wal); n > 1 && !scan.ValidAfterBad {
			t.Errorf("%d commits, header cleared: got %+v", n, scan)
		}
	}
}

func walFileOf(t *testing.T, n int) walFile {
	w := syncedCommits(t, max(n, 2))
	w.commits = w.commits[:n]
	w.wal = w.wal[:w.offset(w.commits[n-1]+1)]
	return w
}

func TestAHeaderWithoutFramesIsNoRot(t *testing.T) {
	w := syncedCommits(t, 2)
	for size := range headerSize {
		if _, scan := w.scan(t, w.wal[:size]); scan.ValidAfterBad || scan.BadHeader != (size > 0) || scan.Frames != 0 {
			t.Errorf("%d bytes: got %+v", size, scan)
		}
	}
}

func TestStaleFramesAreNormal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	c := openAt(t, path, sqlite.Options{Full: true})
	fill(t, c, 50)
	if done, err := c.Checkpoint(false); err != nil || !done.Complete() {
		t.Fatal(done, err)
	}
	fill(t, c, 5) // overwrites the beginning
	want := int(c.WALBytes() / frameSize)
	scan, err := sqlite.ScanWAL(path)
	if got := (sqlite.WALScan{Present: true, Frames: want, LastCommit: want}); scan != got || err != nil {
		t.Errorf("got %+v, %v, want %+v", scan, err, got)
	}
	check(t, c.Close())

	wal, err := os.ReadFile(path + "-wal")
	check(t, err)
	db, err := os.ReadFile(path)
	check(t, err)
	w := walFile{db: db, wal: wal}
	if _, scan := w.scan(t, w.flipped(w.offset(2)+100, 1)); !scan.ValidAfterBad || scan.BadFrame != 2 {
		t.Errorf("rot before stale frames: got %+v", scan)
	}
	if _, scan := w.scan(t, w.flipped(w.offset(want+10)+100, 1)); scan.ValidAfterBad || scan.BadFrame != 0 {
		t.Errorf("rot in stale frames: got %+v", scan)
	}
}

// A transaction that is larger than the cache writes frames before it commits. Rolled back, they stay behind the next
// commit with the current salts.
func TestFramesOfARolledBackTransactionAreNormal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	c := openAt(t, path, sqlite.Options{Full: true, CacheKiB: 64})
	fill(t, c, 5)
	check(t, c.Begin())
	fill(t, c, 200)
	check(t, c.Rollback())
	fill(t, c, 2)
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() < c.WALBytes()+50*frameSize {
		t.Fatal("the transaction did not spill", err)
	}
	scan, err := sqlite.ScanWAL(path)
	if err != nil || scan.ValidAfterBad || scan.LastCommit != int(c.WALBytes()/frameSize) {
		t.Errorf("got %+v, %v", scan, err)
	}
}

// The order of the checksum's words depends on the machine that made the WAL.
func TestTheOtherByteOrder(t *testing.T) {
	w := syncedCommits(t, 10)
	swap(w.wal)
	path, scan := w.scan(t, w.wal)
	if scan.LastCommit != w.frames() || scan.BadFrame != 0 {
		t.Errorf("got %+v", scan)
	}
	if n := count(t, openAt(t, path, sqlite.Options{}).Tx(), "v"); n != 10 {
		t.Errorf("SQLite reads %d rows, want 10", n)
	}
	if _, scan := w.scan(t, w.flipped(w.offset(3)+500, 1)); scan.BadFrame != 3 || !scan.ValidAfterBad {
		t.Errorf("got %+v", scan)
	}
	if _, scan := w.scan(t, w.flipped(3, 1)); !scan.BadHeader || !scan.ValidAfterBad {
		t.Errorf("got %+v", scan)
	}
}

// swap rewrites a little-endian WAL as a big-endian one.
func swap(wal []byte) {
	wal[3] |= 1
	seal(wal, frameSize)
}

// seal computes the checksums of a big-endian WAL.
func seal(wal []byte, frameSize int) {
	var a, b uint32
	add := func(data []byte) {
		for ; len(data) > 0; data = data[8:] {
			a += binary.BigEndian.Uint32(data) + b
			b += binary.BigEndian.Uint32(data[4:]) + a
		}
	}
	put := func(at []byte) {
		binary.BigEndian.PutUint32(at, a)
		binary.BigEndian.PutUint32(at[4:], b)
	}
	add(wal[:24])
	put(wal[24:])
	for frame := wal[headerSize:]; len(frame) >= frameSize; frame = frame[frameSize:] {
		add(frame[:8])
		add(frame[24:frameSize])
		put(frame[16:])
	}
}

// smallWAL is an intact WAL of three commits with pages of 512 bytes, small enough for a fuzzer to play with.
func smallWAL() []byte {
	const frameSize = 24 + 512
	wal := make([]byte, headerSize+3*frameSize)
	for at, word := range map[int]uint32{0: 0x377f0683, 4: 3007000, 8: 512, 16: 0x5a17, 20: 0x5a18} {
		binary.BigEndian.PutUint32(wal[at:], word)
	}
	for i := range 3 {
		frame := wal[headerSize+i*frameSize:]
		for at, word := range map[int]uint32{0: uint32(i + 1), 4: 3, 8: 0x5a17, 12: 0x5a18} {
			binary.BigEndian.PutUint32(frame[at:], word)
		}
	}
	seal(wal, frameSize)
	return wal
}

// Whatever happens to a WAL, the scan says how far SQLite will read it.
func TestTheScanAgreesWithSQLite(t *testing.T) {
	w := syncedCommits(t, 12)
	rows := func(frame int) (n int64) {
		for _, commit := range w.commits {
			if commit <= frame {
				n++
			}
		}
		return n
	}
	rapid.Check(t, func(r *rapid.T) {
		wal := bytes.Clone(w.wal[:rapid.IntRange(headerSize, len(w.wal)).Draw(r, "size")])
		for range rapid.IntRange(0, 3).Draw(r, "flips") {
			// Headers are small and interesting; aim at them half of the time.
			at := rapid.IntRange(0, len(wal)-1).Draw(r, "at")
			if rapid.Bool().Draw(r, "header") {
				at = min(rapid.IntRange(0, len(wal)/frameSize).Draw(r, "frame")*frameSize+rapid.IntRange(0, 60).Draw(r, "byte"), len(wal)-1)
			}
			wal[at] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		}
		path, scan := w.scan(t, wal)
		c, err := sqlite.Open(path, sqlite.Options{})
		if err != nil && scan.BadHeader {
			return // a WAL of an unknown version
		}
		check(t, err)
		defer c.Close()
		if got, want := count(t, c.Tx(), "v"), rows(scan.LastCommit); got != want {
			r.Fatalf("SQLite reads %d rows, the scan %+v promises %d", got, scan, want)
		}
	})
}

func FuzzScanWAL(f *testing.F) {
	wal := smallWAL()
	flip := func(at int) []byte {
		other := bytes.Clone(wal)
		other[at] ^= 1
		return other
	}
	for _, seed := range [][]byte{wal, wal[:headerSize], wal[:headerSize+500], flip(9), flip(headerSize + 4), flip(headerSize + 9), flip(700)} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, wal []byte) {
		path := filepath.Join(dir, fmt.Sprint(os.Getpid()))
		check(t, os.WriteFile(path+"-wal", wal, 0o600))
		scan, err := sqlite.ScanWAL(path)
		check(t, err)
		switch {
		case bytes.Equal(wal, smallWAL()) && scan != (sqlite.WALScan{Present: true, Frames: 3, LastCommit: 3}):
			t.Errorf("an intact WAL gives %+v", scan)
		case scan.Present != (len(wal) > 0):
			t.Errorf("present is %v", scan.Present)
		case scan.LastCommit > scan.Frames,
			scan.BadFrame != 0 && scan.BadFrame != scan.Frames+1,
			scan.BadHeader && scan.Frames != 0,
			scan.ValidAfterBad && scan.BadFrame == 0 && !scan.BadHeader,
			scan.Frames*(512+24) > len(wal):
			t.Errorf("%+v contradicts itself", scan)
		}
	})
}
