package command

import (
	"encoding/binary"
	"fmt"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/id"
)

// MaxBytes is the largest encoded command. Larger work is several commands.
const MaxBytes = 256 << 10

// An Envelope is a command as it is logged. Its fields are a wire format that
// is fixed from the first version on: fields are added, never changed.
type Envelope struct {
	Kind    Kind    `cbor:"1,keyasint"`
	Version uint16  `cbor:"2,keyasint,omitempty"`
	Level   uint32  `cbor:"3,keyasint,omitempty"` // logic level the proposer ran at
	Slot    id.Slot `cbor:"4,keyasint"`
	// At is the proposer's wall clock, in milliseconds since 1970 UTC.
	At        int64  `cbor:"5,keyasint"`
	Principal string `cbor:"6,keyasint,omitempty"`
	Key       string `cbor:"7,keyasint,omitempty"`
	// Fingerprint tells a retry from another request under the same key.
	Fingerprint []byte `cbor:"8,keyasint,omitempty"`
	// Cut is the cut number of a sender on another node: see Batch.
	Cut uint64 `cbor:"9,keyasint,omitempty"`
	// Skippable marks a command that a replica may ignore when it does not
	// know the kind. It was decided by the writer, never by the reader.
	Skippable bool   `cbor:"10,keyasint,omitempty"`
	Body      []byte `cbor:"11,keyasint"`
	// Staff says that the principal works for the shop: the shard notes the
	// command in its trail.
	Staff bool `cbor:"12,keyasint,omitempty"`
}

// Encode returns the envelope's bytes, or a *TooLargeError.
func (e Envelope) Encode() ([]byte, error) {
	b, err := Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encoding command %s: %w", e.Kind, err)
	}
	if len(b) > MaxBytes {
		return nil, &TooLargeError{Kind: e.Kind, Bytes: len(b)}
	}
	return b, nil
}

// TooLargeError says that a command is larger than MaxBytes. Nothing of it has
// happened.
type TooLargeError struct {
	Kind  Kind
	Bytes int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("command %s is %d bytes; the limit is %d: split the work into several commands", e.Kind, e.Bytes, MaxBytes)
}

// Unwrap returns fault.Invalid.
func (e *TooLargeError) Unwrap() error { return fault.Invalid }

// DecodeEnvelope reads what Encode wrote. Unknown fields are an error.
func DecodeEnvelope(b []byte) (Envelope, error) {
	var e Envelope
	if err := Unmarshal(b, &e); err != nil {
		return Envelope{}, &UndecodableError{Kind: "(envelope)", Err: err}
	}
	return e, nil
}

// A Batch is what one log entry holds: the commands that were waiting when the
// entry was proposed, and the shard clock that its proposer read.
type Batch struct {
	// Clock is the leader's shard clock in milliseconds: see package shard.
	Clock int64
	// Cut is the highest cut number of the batch's senders. A shard that is
	// behind it takes the cut before it applies the batch.
	Cut      uint64
	Commands [][]byte // encoded envelopes
}

const batchFormat = 1

// AppendBatch appends the encoding of b to dst: a format byte, the clock, the
// cut, the number of commands, then each command behind its length, all as
// uvarints.
func AppendBatch(dst []byte, b Batch) []byte {
	dst = append(dst, batchFormat)
	dst = binary.AppendUvarint(dst, uint64(b.Clock))
	dst = binary.AppendUvarint(dst, b.Cut)
	dst = binary.AppendUvarint(dst, uint64(len(b.Commands)))
	for _, c := range b.Commands {
		dst = binary.AppendUvarint(dst, uint64(len(c)))
		dst = append(dst, c...)
	}
	return dst
}

// DecodeBatch reads what AppendBatch wrote. The commands alias p.
func DecodeBatch(p []byte) (Batch, error) {
	bad := func(what string) (Batch, error) {
		return Batch{}, &UndecodableError{Kind: "(batch)", Err: fmt.Errorf("%s", what)}
	}
	if len(p) == 0 || p[0] != batchFormat {
		return bad("unknown batch format")
	}
	p = p[1:]
	clock, p, ok := uvarint(p)
	if !ok || clock > 1<<62 {
		return bad("bad clock")
	}
	cut, p, ok := uvarint(p)
	if !ok {
		return bad("bad cut")
	}
	n, p, ok := uvarint(p)
	if !ok || n > uint64(len(p)) {
		return bad("bad command count")
	}
	b := Batch{Clock: int64(clock), Cut: cut, Commands: make([][]byte, 0, n)}
	for range n {
		var size uint64
		size, p, ok = uvarint(p)
		if !ok || size > uint64(len(p)) {
			return bad("a command is cut short")
		}
		b.Commands = append(b.Commands, p[:size:size])
		p = p[size:]
	}
	if len(p) > 0 {
		return bad("bytes after the last command")
	}
	return b, nil
}

// uvarint reads one minimally encoded uvarint from the front of p.
func uvarint(p []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(p)
	if n <= 0 || n > 1 && p[n-1] == 0 {
		return 0, nil, false
	}
	return v, p[n:], true
}
