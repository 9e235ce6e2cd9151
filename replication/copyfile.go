package replication

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/keelshop/commerce/fault"
)

// A copy of a machine travels as one file: a magic text, the length of a head and the head as JSON, the machine's own
// copy compressed, and the SHA-256 of all that.
const (
	copyMagic   = "commerce-copy\x01"
	maxCopyHead = 1 << 20
	sumBytes    = sha256.Size
)

// copyHead says what a copy holds.
type copyHead struct {
	Store              string `json:"store"`
	Group              uint32 `json:"group"`
	Index              uint64 `json:"index"` // of the log, up to which it holds everything
	Term               uint64 `json:"term"`
	Applied            uint64 `json:"applied"` // what the machine has applied in it
	Bytes              int64  `json:"bytes"`   // of the machine's own copy, unpacked
	Configuration      []byte `json:"configuration"`
	ConfigurationIndex uint64 `json:"configuration_index"`
}

// roomEvery is how much of a copy is written between looks at the disk.
const roomEvery = 1 << 20

// roomy looks again and again, while a copy is written, whether the disk has room for more.
type roomy struct {
	to   io.Writer
	room func(bytes int64) error
	due  int64 // bytes that there was room for
}

func (r *roomy) Write(p []byte) (int, error) {
	if r.due < int64(len(p)) {
		if err := r.room(roomEvery); err != nil {
			return 0, err
		}
		r.due = roomEvery
	}
	r.due -= int64(len(p))
	return r.to.Write(p)
}

// writeCopy packs the machine's copy in the file raw into the file at path, as far as there is room, and syncs it. How
// small it becomes is not known before.
func writeCopy(path string, head copyHead, raw string, room func(bytes int64) error) (err error) {
	in, err := os.Open(raw)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(&roomy{to: out, room: room}, sum), 1<<16)
	if err := writeHead(w, head); err != nil {
		return err
	}
	pack, err := flate.NewWriter(w, flate.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.Copy(pack, in); err != nil {
		return err
	}
	if err := errors.Join(pack.Close(), w.Flush()); err != nil {
		return err
	}
	if _, err := out.Write(sum.Sum(nil)); err != nil {
		return err
	}
	return out.Sync()
}

func writeHead(w io.Writer, head copyHead) error {
	data, err := json.Marshal(head)
	if err != nil {
		return err
	}
	b := append([]byte(copyMagic), 0, 0, 0, 0)
	binary.BigEndian.PutUint32(b[len(copyMagic):], uint32(len(data)))
	_, err = w.Write(append(b, data...))
	return err
}

func readHead(r io.Reader) (copyHead, error) {
	start := make([]byte, len(copyMagic)+4)
	if _, err := io.ReadFull(r, start); err != nil {
		return copyHead{}, err
	}
	n := binary.BigEndian.Uint32(start[len(copyMagic):])
	if string(start[:len(copyMagic)]) != copyMagic || n > maxCopyHead {
		return copyHead{}, fault.New(fault.Invalid, "this is not a copy of a group, or one of another version")
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return copyHead{}, err
	}
	var head copyHead
	if err := json.Unmarshal(data, &head); err != nil {
		return copyHead{}, fault.Wrap(fault.Invalid, err, "reading the head of a copy")
	}
	if !decodable(head.Configuration) {
		return copyHead{}, fault.New(fault.Invalid, "the members in a copy cannot be read")
	}
	return head, nil
}

// checkCopy reads the whole file at path and compares its checksum.
func checkCopy(path string) (copyHead, error) {
	f, err := os.Open(path)
	if err != nil {
		return copyHead{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return copyHead{}, err
	}
	if info.Size() < int64(len(copyMagic)+4+sumBytes) {
		return copyHead{}, fault.New(fault.Invalid, "the copy is cut short")
	}
	sum := sha256.New()
	if _, err := io.CopyN(sum, f, info.Size()-sumBytes); err != nil {
		return copyHead{}, err
	}
	want, err := io.ReadAll(f)
	if err != nil {
		return copyHead{}, err
	}
	if !bytes.Equal(sum.Sum(nil), want) {
		return copyHead{}, fault.New(fault.Invalid, "the copy does not match its checksum")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return copyHead{}, err
	}
	return readHead(f)
}

// unpackCopy writes the machine's copy out of the checked file at path into the file raw, and syncs it.
func unpackCopy(path, raw string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	r := bufio.NewReaderSize(in, 1<<16)
	if _, err := readHead(r); err != nil {
		return err
	}
	out, err := os.OpenFile(raw, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, flate.NewReader(r)); err != nil {
		return err
	}
	return out.Sync()
}
