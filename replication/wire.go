package replication

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
)

// Raft's messages between nodes: their fields in a fixed order, numbers as uvarints, bytes behind their length. The
// first byte is the format.
const wireFormat = 1

// maxAppend is about how many bytes of entries one message carries. A larger entry travels alone.
const maxAppend = 4 << 20

// encoder writes a message.
type encoder struct{ b []byte }

func (e *encoder) uint(v uint64)  { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) bytes(v []byte) { e.uint(uint64(len(v))); e.b = append(e.b, v...) }

func (e *encoder) bool(v bool) {
	if v {
		e.uint(1)
	} else {
		e.uint(0)
	}
}

func (e *encoder) head(h raft.RPCHeader) {
	e.uint(uint64(h.ProtocolVersion))
	e.bytes(h.ID)
	e.bytes(h.Addr)
}

// decoder reads a message. The first error stays, and what is read after it is zero.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fault.New(fault.Invalid, "a message between nodes is damaged: %s", what)
	}
	d.b = nil
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("a number is cut short")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes() []byte {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail("bytes are cut short")
		return nil
	}
	if n == 0 {
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) bool() bool {
	v := d.uint()
	if v > 1 {
		d.fail("a truth value is neither 0 nor 1")
	}
	return v == 1
}

func (d *decoder) head() raft.RPCHeader {
	return raft.RPCHeader{ProtocolVersion: raft.ProtocolVersion(d.uint()), ID: d.bytes(), Addr: d.bytes()}
}

// end reports whether everything was read, and nothing but that was there.
func (d *decoder) end() error {
	if d.err == nil && len(d.b) > 0 {
		d.fail("there are bytes behind its end")
	}
	return d.err
}

func (d *decoder) begin() {
	if d.uint() != wireFormat {
		d.fail("its format is unknown")
	}
}

// encodeMessage writes one of raft's requests or responses.
func encodeMessage(message any) ([]byte, error) {
	e := &encoder{b: make([]byte, 0, 128)}
	e.uint(wireFormat)
	switch m := message.(type) {
	case *raft.AppendEntriesRequest:
		e.append(m)
	case *raft.AppendEntriesResponse:
		e.head(m.RPCHeader)
		e.uint(m.Term)
		e.uint(m.LastLog)
		e.bool(m.Success)
		e.bool(m.NoRetryBackoff)
	case *raft.RequestVoteRequest:
		e.head(m.RPCHeader)
		e.uint(m.Term)
		e.uint(m.LastLogIndex)
		e.uint(m.LastLogTerm)
		e.bool(m.LeadershipTransfer)
	case *raft.RequestVoteResponse:
		e.head(m.RPCHeader)
		e.uint(m.Term)
		e.bool(m.Granted)
	case *raft.RequestPreVoteRequest:
		e.head(m.RPCHeader)
		e.uint(m.Term)
		e.uint(m.LastLogIndex)
		e.uint(m.LastLogTerm)
	case *raft.RequestPreVoteResponse:
		e.head(m.RPCHeader)
		e.uint(m.Term)
		e.bool(m.Granted)
	case *raft.TimeoutNowRequest:
		e.head(m.RPCHeader)
	case *raft.TimeoutNowResponse:
		e.head(m.RPCHeader)
	case *raft.InstallSnapshotRequest:
		e.install(m)
	case *raft.InstallSnapshotResponse:
		e.head(m.RPCHeader)
		e.uint(m.Term)
		e.bool(m.Success)
	default:
		return nil, fmt.Errorf("a %T cannot be sent", message)
	}
	return e.b, nil
}

func (e *encoder) append(m *raft.AppendEntriesRequest) {
	size := 0
	for _, entry := range m.Entries {
		size += len(entry.Data) + len(entry.Extensions) + 32
	}
	b := make([]byte, 0, size+256)
	e.b = append(b, e.b...)
	e.head(m.RPCHeader)
	e.uint(m.Term)
	e.uint(m.PrevLogEntry)
	e.uint(m.PrevLogTerm)
	e.uint(m.LeaderCommitIndex)
	e.uint(uint64(len(m.Entries)))
	for _, entry := range m.Entries {
		e.uint(entry.Index)
		e.uint(entry.Term)
		e.uint(uint64(entry.Type))
		e.uint(uint64(max(entry.AppendedAt.UnixMicro(), 0)))
		e.bytes(entry.Data)
		e.bytes(entry.Extensions)
	}
}

func (d *decoder) append() *raft.AppendEntriesRequest {
	m := &raft.AppendEntriesRequest{
		RPCHeader: d.head(), Term: d.uint(), PrevLogEntry: d.uint(), PrevLogTerm: d.uint(), LeaderCommitIndex: d.uint(),
	}
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail("entries are cut short")
		n = 0
	}
	for range n {
		entry := &raft.Log{Index: d.uint(), Term: d.uint()}
		typ := d.uint()
		if typ > 255 {
			d.fail("an entry has an unknown type")
		}
		entry.Type = raft.LogType(typ)
		entry.AppendedAt = time.UnixMicro(int64(d.uint() &^ (1 << 63)))
		entry.Data, entry.Extensions = d.bytes(), d.bytes()
		if d.err != nil {
			return m
		}
		m.Entries = append(m.Entries, entry)
	}
	return m
}

func (e *encoder) install(m *raft.InstallSnapshotRequest) {
	e.head(m.RPCHeader)
	e.uint(uint64(m.SnapshotVersion))
	e.uint(m.Term)
	e.uint(m.LastLogIndex)
	e.uint(m.LastLogTerm)
	e.bytes(m.Configuration)
	e.uint(m.ConfigurationIndex)
	e.uint(uint64(m.Size))
}

func (d *decoder) install() *raft.InstallSnapshotRequest {
	m := &raft.InstallSnapshotRequest{
		RPCHeader: d.head(), SnapshotVersion: raft.SnapshotVersion(d.uint()), Term: d.uint(),
		LastLogIndex: d.uint(), LastLogTerm: d.uint(), Configuration: d.bytes(), ConfigurationIndex: d.uint(),
	}
	size := d.uint()
	if size > 1<<50 {
		d.fail("a copy has an impossible size")
	}
	m.Size = int64(size)
	if m.SnapshotVersion != raft.SnapshotVersionMax || !decodable(m.Configuration) {
		d.fail("a copy's members cannot be read")
	}
	return m
}

// decodable reports whether raft can read a list of members: it panics when it cannot.
func decodable(configuration []byte) (ok bool) {
	defer func() { ok = recover() == nil }()
	raft.DecodeConfiguration(configuration)
	return true
}

// decodeRequest reads a request of raft's.
func decodeRequest(kind byte, data []byte) (any, error) {
	d := &decoder{b: data}
	d.begin()
	var m any
	switch kind {
	case kindAppend:
		m = d.append()
	case kindVote:
		m = &raft.RequestVoteRequest{RPCHeader: d.head(), Term: d.uint(), LastLogIndex: d.uint(), LastLogTerm: d.uint(), LeadershipTransfer: d.bool()}
	case kindPreVote:
		m = &raft.RequestPreVoteRequest{RPCHeader: d.head(), Term: d.uint(), LastLogIndex: d.uint(), LastLogTerm: d.uint()}
	case kindTimeoutNow:
		m = &raft.TimeoutNowRequest{RPCHeader: d.head()}
	case kindInstall:
		m = d.install()
	default:
		return nil, fault.New(fault.Invalid, "there is no message of kind %d", kind)
	}
	return m, d.end()
}

// decodeResponse reads a response of raft's into a variable of its type.
func decodeResponse(data []byte, into any) error {
	d := &decoder{b: data}
	d.begin()
	switch m := into.(type) {
	case *raft.AppendEntriesResponse:
		*m = raft.AppendEntriesResponse{RPCHeader: d.head(), Term: d.uint(), LastLog: d.uint(), Success: d.bool(), NoRetryBackoff: d.bool()}
	case *raft.RequestVoteResponse:
		*m = raft.RequestVoteResponse{RPCHeader: d.head(), Term: d.uint(), Granted: d.bool()}
	case *raft.RequestPreVoteResponse:
		*m = raft.RequestPreVoteResponse{RPCHeader: d.head(), Term: d.uint(), Granted: d.bool()}
	case *raft.TimeoutNowResponse:
		*m = raft.TimeoutNowResponse{RPCHeader: d.head()}
	case *raft.InstallSnapshotResponse:
		*m = raft.InstallSnapshotResponse{RPCHeader: d.head(), Term: d.uint(), Success: d.bool()}
	default:
		return fmt.Errorf("a %T cannot be received", into)
	}
	return d.end()
}

// trim takes from a request the entries that are too much for one message. Raft reads from the request which entries
// the follower has got, and sends the others next.
func trim(m *raft.AppendEntriesRequest) {
	size := 0
	for i, entry := range m.Entries {
		size += len(entry.Data) + len(entry.Extensions)
		if i > 0 && size > maxAppend {
			m.Entries = m.Entries[:i]
			return
		}
	}
}
