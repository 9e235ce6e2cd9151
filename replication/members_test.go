package replication

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
	"github.com/keelshop/commerce/replication/peer"
)

// These tests look inside: a group of several members cannot be made from outside yet, and what its log store and its
// goroutines do when a disk fails must hold for leaders and followers alike.

// counter counts the entries it has applied.
type counter struct {
	applied uint64
	entries int
	count   atomic.Int64 // the same, for other goroutines
	broken  atomic.Bool
}

func (m *counter) ApplyBatch(entries []Entry) ([]any, error) {
	if m.broken.Load() {
		return nil, errors.New("broken")
	}
	m.applied = entries[len(entries)-1].Index
	m.entries += len(entries)
	m.count.Store(int64(m.entries))
	return make([]any, len(entries)), nil
}

func (m *counter) Applied() uint64 { return m.applied }

func (m *counter) Checkpoint() (uint64, error) { return m.applied, nil }

// member is one of three nodes with one group.
type member struct {
	fs      *faultvfs.FS
	node    *Node
	group   *Group
	machine *counter
	log     bytes.Buffer // of raft's warnings; to be read when everything waits
}

// three makes a group of three members in one process and starts the first n of them. The first one leads.
func three(t *testing.T, n int) []*member {
	members, _ := threeOn(t, n)
	return members
}

func threeOn(t *testing.T, n int, edits ...func(*Config)) ([]*member, *peer.Memory) {
	return groupOn(t, []string{"n1", "n2", "n3"}, n, edits...)
}

// groupOn makes a group of the named members in one process, with the configuration as the edits leave it, and starts
// the first n of them. The first one leads.
func groupOn(t *testing.T, names []string, n int, edits ...func(*Config)) ([]*member, *peer.Memory) {
	net := peer.NewMemory(1)
	members := make([]*member, len(names))
	for i, name := range names {
		m := &member{fs: faultvfs.New(t.Name() + name), machine: &counter{}}
		c := Config{Dir: t.TempDir(), NodeID: name, VFS: m.fs.Name(), Network: net.Node(name), Logger: slog.New(slog.NewTextHandler(&m.log, nil))}
		for _, edit := range edits {
			edit(&c)
		}
		var err error
		m.node, err = Start(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		m.group = newGroup(m.node, 1)
		if err := m.group.bootstrap(names...); err != nil {
			t.Fatal(err)
		}
		members[i] = m
	}
	for _, m := range members[:n] {
		m.start(t)
	}
	if err := members[0].group.trans.lead(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-members[0].group.led
	return members, net
}

func closeAll(t *testing.T, members []*member) {
	for i, m := range members {
		if err := m.node.Close(); err != nil {
			t.Errorf("member %d: close: %v", i+1, err)
		}
		m.fs.Close()
	}
}

func (m *member) start(t *testing.T) {
	t.Helper()
	if err := errors.Join(m.group.start(m.machine), m.node.add(m.group)); err != nil {
		t.Fatal(err)
	}
}

func TestADiskFailsOnLeaderOrFollower(t *testing.T) {
	nothing := func() {}
	for _, victim := range []int{0, 1} {
		for name, harm := range map[string]func(*member) (undo func()){
			"writing": func(m *member) func() {
				m.fs.FailAt(1, faultvfs.Write, faultvfs.IOErr|faultvfs.Always)
				return nothing
			},
			"syncing": func(m *member) func() {
				m.fs.FailAt(1, faultvfs.Sync, faultvfs.FsyncErr)
				return nothing
			},
			"hanging":  func(m *member) func() { return m.fs.HangAt(1, faultvfs.Sync) },
			"applying": func(m *member) func() { m.machine.broken.Store(true); return nothing },
			"voting": func(m *member) func() { // raft cannot store the term, and would panic
				m.fs.FailAt(1, faultvfs.Write, faultvfs.IOErr|faultvfs.Always)
				m.group.trans.lead(context.Background())
				return nothing
			},
		} {
			t.Run(fmt.Sprintf("member %d, %s", victim+1, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { failOne(t, victim, harm) })
			})
		}
	}
}

// failOne harms one member. It stops, the others go on with a leader of their own, and everything can be closed.
func failOne(t *testing.T, victim int, harm func(*member) (undo func())) {
	members := three(t, 3)
	for range 50 {
		if _, err := members[0].group.Propose(t.Context(), []byte("before")); err != nil {
			t.Fatal(err)
		}
	}
	undo := harm(members[victim])
	go members[0].group.Propose(t.Context(), []byte("meanwhile"))
	<-members[victim].node.Failed()

	confirmed := 0
	for confirmed < 20 {
		for i, m := range members {
			if i == victim {
				continue
			}
			if _, err := m.group.Propose(t.Context(), []byte("after")); err == nil {
				confirmed++
			} else if code := fault.CodeOf(err); code != fault.Unavailable && code != fault.Uncertain {
				t.Fatalf("member %d: %v", i+1, err)
			}
		}
		time.Sleep(patience / 4) // the bubble's time, in which elections happen
	}
	undo()
	for _, m := range members {
		m.fs.Reset()
	}
	for i, m := range members {
		if err := m.node.Close(); err != nil {
			t.Errorf("member %d: close: %v", i+1, err)
		}
	}
	for i, m := range members {
		if i != victim && m.machine.entries < 50+confirmed {
			t.Errorf("member %d has applied %d entries, %d were confirmed", i+1, m.machine.entries, 50+confirmed)
		}
		m.fs.Close()
	}
}

// TestAReadOfTheLogHangs: a leader whose disk does not answer when it reads for a follower stops itself, and everything of
// it can be closed once the disk is back.
func TestAReadOfTheLogHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		members := three(t, 2)
		for range 600 { // more than the leader keeps in memory
			if _, err := members[0].group.Propose(t.Context(), []byte("before")); err != nil {
				t.Fatal(err)
			}
		}
		release := members[0].fs.HangAt(1, faultvfs.Read)
		began := time.Now()
		members[2].start(t)
		<-members[0].node.Failed()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		if err := members[0].node.Err(); err == nil || !strings.Contains(err.Error(), "a read of") {
			t.Errorf("the node says %v", err)
		}
		next := members[1].group
		for !next.Ready() {
			time.Sleep(patience / 10)
		}
		if _, err := next.Propose(t.Context(), []byte("after")); err != nil {
			t.Error(err)
		}
		members[0].fs.Reset()
		release()
		closeAll(t, members)
	})
}

// TestTheLeaderCannotReadWhatAFollowerLacks: the error comes up on a goroutine that sends entries to the follower.
func TestTheLeaderCannotReadWhatAFollowerLacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		members := three(t, 2)
		for range 600 { // more than the leader keeps in memory
			if _, err := members[0].group.Propose(t.Context(), []byte("before")); err != nil {
				t.Fatal(err)
			}
		}
		members[0].fs.FailAt(1, faultvfs.Read, faultvfs.IOErr|faultvfs.Always)
		members[2].start(t)
		<-members[0].node.Failed()
		synctest.Wait()
		if !strings.Contains(members[0].log.String(), "failed to get log") {
			t.Errorf("raft has not heard of it: %s", &members[0].log)
		}
		for i, m := range members {
			if err := m.node.Close(); err != nil {
				t.Errorf("member %d: close: %v", i+1, err)
			}
			m.fs.Close()
		}
	})
}
