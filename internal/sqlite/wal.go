package sqlite

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// WALScan is what [ScanWAL] found.
type WALScan struct {
	Present bool // there is a WAL with anything in it

	// BadHeader: the header is damaged, so SQLite would ignore the whole WAL.
	BadHeader bool

	// Frames is how many frames from the first one on are intact. LastCommit is the number of the last of them that
	// commits, 0 when none does: this is how far SQLite would read. Frames count from 1.
	Frames, LastCommit int

	// BadFrame is the number of the first frame that belongs to this WAL and is damaged, 0 when there is none.
	BadFrame int

	// ValidAfterBad: behind the damage the WAL goes on past a commit. In a file whose commits are synced, data that
	// was synced has rotted, since a power cut only damages what comes after the last synced commit. In a file whose
	// commits are not synced one by one a power cut can have done it, too; in both, commits that were made are lost.
	ValidAfterBad bool
}

// ScanWAL reads the WAL of the database file at path, from the file named path-wal, and tells a torn tail from rot.
// SQLite cannot: it takes the first frame whose checksum is wrong for the end and drops every commit behind it.
//
// Call it after an unclean stop, before [Open]. After opening, truncate the WAL with [Conn.Checkpoint]: what is left
// of a torn tail would look like damage once shorter transactions have overwritten its beginning. Frames that a
// checkpoint has already copied count like all others, since nothing in the WAL says so.
//
// # How it decides
//
// A frame carries the salts of its WAL and a checksum that runs on from the previous frame's, over its page. So a
// frame is intact when its salts are those of the header and its checksum follows from all that came before. Behind
// a damaged frame that cannot hold any more, but a frame is still locally intact when its checksum follows from the
// one *stored* in the frame before it. Chance does not make 128 bits fit.
//
// Frames with other salts are left over from before the WAL last started anew, and normal. A locally intact frame
// with the current salts is not: it was written after the damaged one. If it belongs to the same transaction, a power
// cut may have reordered the writes. If a commit lies between them, then the commit was synced first.
func ScanWAL(path string) (WALScan, error) {
	f, err := os.Open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return WALScan{}, nil
	}
	if err != nil {
		return WALScan{}, fmt.Errorf("sqlite: scan the WAL: %w", err)
	}
	defer f.Close()
	scan, err := scanWAL(f)
	if err != nil {
		return WALScan{}, fmt.Errorf("sqlite: scan the WAL: %w", err)
	}
	return scan, nil
}

func scanWAL(f io.ReadSeeker) (WALScan, error) {
	raw := make([]byte, walHeaderSize)
	_, err := io.ReadFull(f, raw)
	if err == io.EOF {
		return WALScan{}, nil
	}
	if err == io.ErrUnexpectedEOF {
		// No frame follows, so nothing can have been lost.
		return WALScan{Present: true, BadHeader: true}, nil
	}
	if err != nil {
		return WALScan{}, err
	}
	if h, ok := parseWALHeader(raw); ok {
		return scanFrames(f, h)
	}
	return scanHeaderless(f, raw)
}

// scanFrames reads the frames behind an intact header.
func scanFrames(f io.Reader, h walHeader) (WALScan, error) {
	scan := WALScan{Present: true}
	r := newFrameReader(f, h)
	chain := h.sum
	for r.next() {
		computed := r.sum(chain)
		if r.salts() != h.salts || computed != r.stored() || r.pgno() == 0 {
			scan.judge(r, h, chain)
			return scan, r.err
		}
		chain = computed
		scan.Frames = r.number
		if r.commits() {
			scan.LastCommit = r.number
		}
	}
	if r.partial {
		scan.BadFrame = r.number + 1 // a torn tail: nothing can follow it
	}
	return scan, r.err
}

// judge looks at what follows the frame in r, the first one that is not intact. Chain is the checksum up to there.
func (s *WALScan) judge(r *frameReader, h walHeader, chain checksum) {
	bad := r.number
	computed := r.sum(chain)
	if r.salts() == h.salts || computed == r.stored() {
		s.BadFrame = bad
	}
	marked := r.commits()
	committed := marked && r.markHolds(chain, h.salts) // a commit is known to lie at or behind the bad frame

	seed := r.stored()
	for r.next() {
		intact := r.salts() == h.salts && r.sum(seed) == r.stored()
		if r.number == bad+1 && !intact && r.salts() == h.salts && r.sum(computed) == r.stored() {
			// Only the stored checksum of the bad frame has changed, so the rest of it can be believed.
			intact, committed = true, marked
		}
		seed = r.stored()
		if !intact {
			continue
		}
		if committed {
			s.BadFrame, s.ValidAfterBad = bad, true
			return
		}
		if r.commits() {
			s.BadFrame, committed = bad, true
		}
	}
}

// scanHeaderless looks for frames behind a damaged header. SQLite syncs the header before it writes the first frame,
// so a power cut leaves no WAL that has frames and no header: frames that belong together and commit mean rot.
func scanHeaderless(f io.ReadSeeker, raw []byte) (WALScan, error) {
	scan := WALScan{Present: true, BadHeader: true}
	for _, h := range guessWALHeaders(raw) {
		if _, err := f.Seek(walHeaderSize, io.SeekStart); err != nil {
			return scan, err
		}
		found, err := belongTogether(f, h)
		if err != nil {
			return scan, err
		}
		if found {
			scan.ValidAfterBad = true
			return scan, nil
		}
	}
	return scan, nil
}

// belongTogether reports whether a frame that commits follows intact from what is stored before it.
func belongTogether(f io.Reader, h walHeader) (bool, error) {
	r := newFrameReader(f, h)
	seed, salts := h.sum, h.salts
	for r.next() {
		if r.number == 1 {
			salts = r.salts() // the first frame is the newest by all means; the header's salts may be what has changed
		}
		if r.commits() && r.salts() == salts && r.sum(seed) == r.stored() {
			return true, nil
		}
		seed = r.stored()
	}
	return false, r.err
}

// frameReader reads one frame after the other.
type frameReader struct {
	r       *bufio.Reader
	h       walHeader
	frame   []byte // header and page of the current frame
	number  int    // of the current frame, from 1
	partial bool   // the file ends within a frame
	err     error
}

func newFrameReader(f io.Reader, h walHeader) *frameReader {
	return &frameReader{r: bufio.NewReaderSize(f, 64<<10), h: h, frame: make([]byte, frameHeader+h.pageSize)}
}

func (r *frameReader) next() bool {
	switch _, err := io.ReadFull(r.r, r.frame); err {
	case nil:
		r.number++
		return true
	case io.EOF:
	case io.ErrUnexpectedEOF:
		r.partial = true
	default:
		r.err = err
	}
	return false
}

func (r *frameReader) pgno() uint32     { return binary.BigEndian.Uint32(r.frame) }
func (r *frameReader) commits() bool    { return binary.BigEndian.Uint32(r.frame[4:]) != 0 }
func (r *frameReader) salts() uint64    { return binary.BigEndian.Uint64(r.frame[8:]) }
func (r *frameReader) stored() checksum { return storedSum(r.frame[16:]) }

// sum is the frame's checksum, running on from the seed. It covers the page number and the commit mark, not the salts.
func (r *frameReader) sum(seed checksum) checksum {
	return seed.add(r.h.order, r.frame[:8]).add(r.h.order, r.frame[frameHeader:])
}

// markHolds reports whether the commit mark of the current frame, which is damaged, can be believed. Chain is the
// checksum up to the frame.
func (r *frameReader) markHolds(chain checksum, salts uint64) bool {
	if r.sum(chain) == r.stored() {
		return true // only the salts have changed
	}
	unmarked := chain.add(r.h.order, []byte{r.frame[0], r.frame[1], r.frame[2], r.frame[3], 0, 0, 0, 0})
	if unmarked.add(r.h.order, r.frame[frameHeader:]) == r.stored() {
		return false // the mark is what has changed
	}
	// A torn write can leave the mark of an older frame, unless the disk wrote it in one sector with the salts.
	const sector = 512
	at := walHeaderSize + int64(r.number-1)*int64(len(r.frame))
	return r.salts() == salts && (at+4)/sector == (at+15)/sector
}
