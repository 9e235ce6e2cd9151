package peer

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/keelshop/commerce/fault"
)

// A frame is one message of a connection: its length, then a head of fixed size, then data.
type frame struct {
	typ   byte
	kind  byte
	group uint32
	id    uint64 // an answer has that of its request
	size  uint64 // of the body that follows; 0 when there is none
	data  []byte
}

const (
	frameRequest = 1
	frameAnswer  = 2
	frameError   = 3 // an answer whose data is an error

	headBytes  = 1 + 1 + 4 + 8 + 8
	chunkBytes = 64 << 10
)

func (f frame) encode() []byte {
	b := make([]byte, 0, 4+headBytes+len(f.data))
	b = binary.BigEndian.AppendUint32(b, uint32(headBytes+len(f.data)))
	b = append(b, f.typ, f.kind)
	b = binary.BigEndian.AppendUint32(b, f.group)
	b = binary.BigEndian.AppendUint64(b, f.id)
	b = binary.BigEndian.AppendUint64(b, f.size)
	return append(b, f.data...)
}

// readLength reads the length of the next frame.
func readLength(r io.Reader) (int, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n < headBytes || n > headBytes+MaxData {
		return 0, fault.New(fault.Invalid, "a frame of %d bytes is outside the limits", n)
	}
	return int(n), nil
}

// readFrame reads a frame whose length is known. Memory is taken as the bytes come, not as the length promises.
func readFrame(r io.Reader, length int) (frame, error) {
	var buf bytes.Buffer
	buf.Grow(min(length, chunkBytes))
	if _, err := io.CopyN(&buf, r, int64(length)); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return frame{}, err
	}
	b := buf.Bytes()
	f := frame{
		typ: b[0], kind: b[1], group: binary.BigEndian.Uint32(b[2:]),
		id: binary.BigEndian.Uint64(b[6:]), size: binary.BigEndian.Uint64(b[14:]), data: b[headBytes:],
	}
	if f.typ < frameRequest || f.typ > frameError {
		return frame{}, fault.New(fault.Invalid, "a frame has the unknown type %d", f.typ)
	}
	return f, nil
}
