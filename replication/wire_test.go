package replication

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

var sampleHead = raft.RPCHeader{ProtocolVersion: 3, ID: []byte("n1"), Addr: []byte("n1")}

var sampleRequests = map[byte]any{
	kindAppend: &raft.AppendEntriesRequest{
		RPCHeader: sampleHead, Term: 7, PrevLogEntry: 300, PrevLogTerm: 6, LeaderCommitIndex: 299,
		Entries: []*raft.Log{
			{Index: 301, Term: 7, Type: raft.LogCommand, Data: []byte("data"), AppendedAt: time.UnixMicro(1_700_000_000_000_001)},
			{Index: 302, Term: 7, Type: raft.LogNoop, Extensions: []byte("ext"), AppendedAt: time.UnixMicro(0)},
		},
	},
	kindVote:       &raft.RequestVoteRequest{RPCHeader: sampleHead, Term: 8, LastLogIndex: 302, LastLogTerm: 7, LeadershipTransfer: true},
	kindPreVote:    &raft.RequestPreVoteRequest{RPCHeader: sampleHead, Term: 8, LastLogIndex: 302, LastLogTerm: 7},
	kindTimeoutNow: &raft.TimeoutNowRequest{RPCHeader: sampleHead},
	kindInstall: &raft.InstallSnapshotRequest{
		RPCHeader: sampleHead, SnapshotVersion: 1, Term: 8, LastLogIndex: 302, LastLogTerm: 7, ConfigurationIndex: 1, Size: 1 << 40,
		Configuration: raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{{ID: "n1", Address: "n1"}}}),
	},
}

func TestMessagesComeBackAlike(t *testing.T) {
	for kind, m := range sampleRequests {
		data, err := encodeMessage(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeRequest(kind, data)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v came back as %+v, %v", m, got, err)
		}
		for i := range data {
			if _, err := decodeRequest(kind, data[:i]); err == nil {
				t.Errorf("%T was read although it ends after %d of %d bytes", m, i, len(data))
			}
		}
	}
	for _, m := range []any{
		&raft.AppendEntriesResponse{RPCHeader: sampleHead, Term: 9, LastLog: 4, Success: true, NoRetryBackoff: true},
		&raft.RequestVoteResponse{RPCHeader: sampleHead, Term: 9, Granted: true},
		&raft.RequestPreVoteResponse{RPCHeader: sampleHead, Term: 9, Granted: true},
		&raft.TimeoutNowResponse{RPCHeader: sampleHead},
		&raft.InstallSnapshotResponse{RPCHeader: sampleHead, Term: 9, Success: true},
	} {
		data, err := encodeMessage(m)
		if err != nil {
			t.Fatal(err)
		}
		got := reflect.New(reflect.TypeOf(m).Elem()).Interface()
		if err := decodeResponse(data, got); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v came back as %+v, %v", m, got, err)
		}
	}
}

func TestALargeRequestIsSentInParts(t *testing.T) {
	m := &raft.AppendEntriesRequest{}
	for i := range 10 {
		m.Entries = append(m.Entries, &raft.Log{Index: uint64(i + 1), Data: make([]byte, 1<<20)})
	}
	if trim(m); len(m.Entries) != 4 || matched(m) != 4 {
		t.Errorf("%d entries are sent, up to %d", len(m.Entries), matched(m))
	}
	m.Entries = []*raft.Log{{Index: 1, Data: make([]byte, MaxEntry)}, {Index: 2}}
	if trim(m); len(m.Entries) != 1 {
		t.Errorf("%d entries are sent with a very large one", len(m.Entries))
	}
}

func FuzzMessage(f *testing.F) {
	for kind, m := range sampleRequests {
		data, err := encodeMessage(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(kind, data)
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		m, err := decodeRequest(kind, data)
		if err != nil {
			return
		}
		again, err := encodeMessage(m)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := decodeRequest(kind, again)
		if err != nil || !reflect.DeepEqual(m, twice) {
			t.Errorf("%+v came back as %+v, %v", m, twice, err)
		}
		if third, _ := encodeMessage(twice); !bytes.Equal(again, third) {
			t.Errorf("%x was written as %x", again, third)
		}
	})
}
