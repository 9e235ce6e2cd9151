package replication

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/peer"
)

// TestStrangersAreNotBelieved: who is no member says what only a leader says, in the newest term and in later ones, or
// wants votes, or has members stand for election, which only their leader may. Nobody listens, and nothing changes.
func TestStrangersAreNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		members, net := threeOn(t, 3)
		defer closeAll(t, members)
		leader := members[0].group
		for range 5 {
			if _, err := leader.Propose(t.Context(), []byte("entry")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		stranger := net.Node("x")
		defer stranger.Close()
		term, last := leader.Term(), leader.LastIndex()
		say := func(from peer.Network, name, to string, kind byte, message any, body string) {
			t.Helper()
			data, err := encodeMessage(message)
			if err != nil {
				t.Fatal(err)
			}
			r := peer.Request{Kind: kind, Group: 1, Data: data}
			if body != "" {
				r.Body, r.Size = strings.NewReader(body), int64(len(body))
			}
			if _, err := from.Call(t.Context(), to, r); fault.CodeOf(err) != fault.Denied {
				t.Errorf("%s says to %s, as %T: %v", name, to, message, err)
			}
		}
		for _, to := range []string{"n1", "n2", "n3"} {
			for _, later := range []uint64{0, 1, 1000} {
				head := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte("x"), Addr: []byte("x")}
				entry := &raft.Log{Index: last + 1, Term: term + later, Type: raft.LogCommand, Data: []byte("made up")}
				say(stranger, "x", to, kindAppend, &raft.AppendEntriesRequest{RPCHeader: head, Term: term + later}, "")
				say(stranger, "x", to, kindAppend, &raft.AppendEntriesRequest{
					RPCHeader: head, Term: term + later, PrevLogEntry: last, PrevLogTerm: term, Entries: []*raft.Log{entry}, LeaderCommitIndex: last + 1,
				}, "")
				say(stranger, "x", to, kindVote, &raft.RequestVoteRequest{
					RPCHeader: head, Term: term + later, LastLogIndex: last + 100, LastLogTerm: term + later, LeadershipTransfer: true,
				}, "")
				say(stranger, "x", to, kindInstall, &raft.InstallSnapshotRequest{
					RPCHeader: head, SnapshotVersion: 1, Term: term + later, LastLogIndex: last + 100, LastLogTerm: term, Size: 4, Configuration: raft.EncodeConfiguration(only("x")),
				}, "copy")
				say(stranger, "x", to, kindTimeoutNow, &raft.TimeoutNowRequest{RPCHeader: head}, "")
			}
		}
		own := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte("n3"), Addr: []byte("n3")}
		say(*members[2].node.network.Load(), "n3", "n2", kindTimeoutNow, &raft.TimeoutNowRequest{RPCHeader: own}, "")
		time.Sleep(5 * time.Second)
		for i, m := range members {
			if m.group.Term() != term || m.group.Leader() != "n1" || m.group.LastIndex() != last {
				t.Errorf("member %d is in term %d of %d, follows %q and has %d of %d entries", i+1, m.group.Term(), term, m.group.Leader(), m.group.LastIndex(), last)
			}
		}
		if _, err := leader.Propose(t.Context(), []byte("on")); err != nil {
			t.Error(err)
		}
	})
}
