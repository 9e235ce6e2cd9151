package replication

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// snapshots is raft's snapshot store for one group. A snapshot is no copy: it is a checkpoint of the machine's own
// file and a marker in raft.db that says up to which entry that file needs no log.
//
// For a member that lacks entries a copy is made when raft opens the snapshot, and what it holds is newer. A copy from
// another node becomes a complete and checked file first; from then on it will take the place of the machine, whatever
// crash comes between.
type snapshots struct {
	log   *raftlog.Log
	fail  func(error)
	group *Group
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

// Open returns the copy that was received last, until it is in place, or else makes one to send.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	f, err := os.Open(s.group.file(fileIncoming))
	if errors.Is(err, fs.ErrNotExist) {
		return s.group.sendable()
	}
	if err != nil {
		return nil, nil, err
	}
	head, err := readHead(f)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return &raft.SnapshotMeta{ID: id, Index: head.Index, Term: head.Term}, f, nil
}

func snapshotID(m raftlog.Marker) string { return fmt.Sprintf("%d-%d", m.Term, m.Index) }

// sink is a snapshot that is being taken.
type sink struct {
	store   *snapshots
	marker  raftlog.Marker
	covered bool     // marker.Durable is set
	copy    *os.File // a copy from another node; nil when there is none
	into    roomy    // copy
}

// ID returns the snapshot's name.
func (s *sink) ID() string { return snapshotID(s.marker) }

// Write takes a part of a copy that another node sends.
func (s *sink) Write(p []byte) (int, error) {
	if s.copy == nil {
		f, err := os.OpenFile(s.store.group.file(fileReceiving), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return 0, err
		}
		s.copy, s.into = f, roomy{to: f, room: s.store.group.node.conf.Room}
	}
	n, err := s.into.Write(p)
	if err != nil {
		return n, fmt.Errorf("receiving a copy of group %d: %w", s.store.group.id, err)
	}
	return n, nil
}

// Close puts the marker on disk: from then on the log up to it may be deleted. A copy from another node is checked and
// gets the name under which it will be put in place.
func (s *sink) Close() error {
	if s.copy != nil {
		return s.keep()
	}
	if !s.covered {
		return fault.New(fault.Broken, "snapshot %s has no checkpoint", s.ID())
	}
	return s.mark()
}

// mark puts the marker on disk, unless a copy that was received meanwhile has taken this node further.
func (s *sink) mark() error {
	if now := s.store.log.Marker(); now.Index > s.marker.Index {
		return fault.New(fault.Conflict, "snapshot %s is of no use: a copy up to %d has been received", s.ID(), now.Index)
	}
	if err := s.store.log.SetMarker(s.marker); err != nil {
		s.store.fail(err)
		return err
	}
	return nil
}

func (s *sink) keep() error {
	if err := errors.Join(s.copy.Sync(), s.copy.Close()); err != nil {
		return err
	}
	head, err := checkCopy(s.copy.Name())
	if err == nil {
		err = s.store.group.suits(head)
	}
	if err == nil && (head.Index != s.marker.Index || head.Term != s.marker.Term) {
		err = fault.New(fault.Invalid, "it is another copy than was announced")
	}
	if err == nil && s.store.group.had(head.Index, head.Term) {
		err = fault.New(fault.Conflict, "this node has got further meanwhile")
	}
	if err == nil {
		err = s.store.group.node.conf.Room(head.Bytes) // it will be unpacked
	}
	if err != nil {
		return errors.Join(fmt.Errorf("receiving a copy of group %d: %w", s.store.group.id, err), removeIfThere(s.copy.Name()))
	}
	return durable.Rename(s.copy.Name(), s.store.group.file(fileIncoming))
}

// Cancel forgets the snapshot.
func (s *sink) Cancel() error {
	if s.copy == nil {
		return nil
	}
	return errors.Join(s.copy.Close(), removeIfThere(s.copy.Name()))
}

// snapshot is a completed checkpoint of the machine on its way to become a marker.
type snapshot struct{ durable uint64 }

// Persist notes what the checkpoint covers. All that the machine was given before the snapshot's index was applied
// by then; the log checks once more that no command lies between.
func (s snapshot) Persist(into raft.SnapshotSink) error {
	out, ok := into.(*sink)
	if !ok {
		return fault.New(fault.Broken, "a %T cannot take a checkpoint", into)
	}
	// Until raft is through with this snapshot, no copy may take its place: raft would go back behind the copy.
	g := out.store.group
	g.marking.Lock()
	g.marked.Store(true)
	out.marker.Durable, out.covered = min(s.durable, out.marker.Index), true
	return out.Close()
}

// Release does nothing: nothing is held.
func (s snapshot) Release() {}
