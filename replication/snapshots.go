package replication

import (
	"fmt"
	"io"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// snapshots is raft's snapshot store for one group. A snapshot is no copy: it is a checkpoint of the machine's own
// file and a marker in raft.db that says up to which entry that file needs no log.
type snapshots struct {
	log  *raftlog.Log
	fail func(error)
}

// Create begins a snapshot. [snapshot.Persist] finishes it.
func (s *snapshots) Create(_ raft.SnapshotVersion, index, term uint64, members raft.Configuration, membersIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	return &sink{store: s, marker: raftlog.Marker{
		Index: index, Term: term, Configuration: raft.EncodeConfiguration(members), ConfigurationIndex: membersIndex,
	}}, nil
}

// List returns the newest snapshot, if there is one.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	m := s.log.Marker()
	if m.Index == 0 {
		return nil, nil
	}
	return []*raft.SnapshotMeta{{
		Version: raft.SnapshotVersionMax, ID: snapshotID(m), Index: m.Index, Term: m.Term,
		Configuration: raft.DecodeConfiguration(m.Configuration), ConfigurationIndex: m.ConfigurationIndex,
	}}, nil
}

// Open is refused: a lone voter never needs its own snapshot's content, and there is nobody to send it to.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	return nil, nil, fault.New(fault.Unavailable, "snapshot %s is a marker without content", id)
}

func snapshotID(m raftlog.Marker) string { return fmt.Sprintf("%d-%d", m.Term, m.Index) }

// sink is a snapshot that is being taken.
type sink struct {
	store   *snapshots
	marker  raftlog.Marker
	covered bool // marker.Durable is set
}

// ID returns the snapshot's name.
func (s *sink) ID() string { return snapshotID(s.marker) }

// Write is refused: a snapshot has no content.
func (s *sink) Write([]byte) (int, error) {
	return 0, fault.New(fault.Unavailable, "snapshot %s is a marker without content", s.ID())
}

// Close puts the marker on disk. From then on the log up to it may be deleted.
func (s *sink) Close() error {
	if !s.covered {
		return fault.New(fault.Broken, "snapshot %s has no checkpoint", s.ID())
	}
	if err := s.store.log.SetMarker(s.marker); err != nil {
		s.store.fail(err)
		return err
	}
	return nil
}

// Cancel forgets the snapshot.
func (s *sink) Cancel() error { return nil }

// snapshot is a completed checkpoint of the machine on its way to become a marker.
type snapshot struct{ durable uint64 }

// Persist notes what the checkpoint covers. All that the machine was given before the snapshot's index was applied
// by then; the log checks once more that no command lies between.
func (s snapshot) Persist(into raft.SnapshotSink) error {
	out, ok := into.(*sink)
	if !ok {
		return fault.New(fault.Broken, "a %T cannot take a checkpoint", into)
	}
	out.marker.Durable, out.covered = min(s.durable, out.marker.Index), true
	return out.Close()
}

// Release does nothing: nothing is held.
func (s snapshot) Release() {}
