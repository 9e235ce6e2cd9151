package replication

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// A Copier is a [Machine] of which other nodes can get a copy. Without it a member that lacks entries which have left
// the log cannot catch up.
type Copier interface {
	// Copy writes a consistent copy of the state to a new file at path and returns what it has applied. It runs
	// beside ApplyBatch and does not hold it up.
	Copy(path string) (applied uint64, err error)

	// Replace makes the copy in the file at path the state, all of it or nothing, durably before it returns. The file
	// is on the same disk as the machine and may be moved. It is called like ApplyBatch.
	Replace(path string) error
}

// file returns the path of one of the group's files beside raft.db.
func (g *Group) file(name string) string {
	return filepath.Join(g.node.conf.Dir, fmt.Sprintf("group-%d.%s", g.id, name))
}

// Files of a copy that goes out, and of one that comes in. Only fileIncoming outlives a restart: it is complete and
// checked, and will take the place of the machine.
const (
	fileOutgoing    = "outgoing"
	fileOutgoingRaw = "outgoing-raw"
	fileReceiving   = "receiving"
	fileIncoming    = "incoming"
	fileIncomingRaw = "incoming-raw"
)

// copyOut makes a copy of the machine that holds everything up to an index of the log. A leader that is not ready makes
// one too: it becomes ready only with the acknowledgement of a majority, and that may need this copy.
func (g *Group) copyOut() (head copyHead, path string, err error) {
	if g.copier == nil {
		return head, "", fault.New(fault.Unavailable, "the machine of group %d cannot be copied", g.id)
	}
	index := g.Applied() // before the copy, which may hold more but not less
	raw := g.file(fileOutgoingRaw)
	defer os.Remove(raw)
	if err := removeIfThere(raw); err != nil {
		return head, "", err
	}
	applied, err := g.copier.Copy(raw)
	if err != nil {
		return head, "", fmt.Errorf("copying the machine of group %d: %w", g.id, err)
	}
	info, err := os.Stat(raw)
	if err != nil {
		return head, "", err
	}
	head = copyHead{Store: g.node.conf.StoreID, Group: g.id, Index: max(index, applied), Applied: applied, Bytes: info.Size()}
	if head.Term, err = g.termAt(head.Index); err != nil {
		return head, "", err
	}
	members := g.committed.Load()
	if members == nil || members.index > head.Index {
		return head, "", fault.New(fault.Unavailable, "the members of group %d are changing: try again in a moment", g.id)
	}
	head.Configuration, head.ConfigurationIndex = raft.EncodeConfiguration(members.Configuration), members.index
	path = g.file(fileOutgoing)
	if err := writeCopy(path, head, raw, g.node.conf.Room); err != nil {
		return head, "", errors.Join(fmt.Errorf("packing a copy of group %d: %w", g.id, err), removeIfThere(path))
	}
	return head, path, nil
}

func (g *Group) termAt(index uint64) (uint64, error) {
	if m := g.log.Marker(); index == m.Index {
		return m.Term, nil
	}
	rec, err := g.log.Get(index)
	if err != nil {
		return 0, fault.Wrap(fault.Unavailable, err, "entry %d of group %d has left the log meanwhile", index, g.id)
	}
	return rec.Term, nil
}

// install puts the received copy in the place of the machine and of the log. It can be repeated after a crash at any
// point, and does nothing when there is none.
func (g *Group) install(m Machine, replace func(raw string) error) error {
	path := g.file(fileIncoming)
	head, err := checkCopy(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = g.suits(head)
	}
	if err != nil {
		return fault.Wrap(fault.Broken, err, "the copy %s cannot be used", path)
	}
	if head.Index > g.log.Marker().Index {
		if m.Applied() < head.Applied {
			if err := g.swap(path, replace); err != nil {
				return err
			}
		}
		g.marking.Lock()
		err := g.log.Reset(raftlog.Marker{
			Index: head.Index, Term: head.Term, Durable: head.Applied,
			Configuration: head.Configuration, ConfigurationIndex: head.ConfigurationIndex,
		})
		g.marking.Unlock()
		if err != nil {
			return err
		}
		g.committed.Store(&electorate{head.ConfigurationIndex, raft.DecodeConfiguration(head.Configuration)})
	}
	g.advance(head.Index)
	return removeIfThere(path)
}

func (g *Group) swap(path string, replace func(raw string) error) error {
	if g.copier == nil {
		return fault.New(fault.Broken, "the machine of group %d cannot be replaced by a copy", g.id)
	}
	raw := g.file(fileIncomingRaw)
	defer os.Remove(raw)
	if err := unpackCopy(path, raw); err != nil {
		return fmt.Errorf("unpacking a copy of group %d: %w", g.id, err)
	}
	if err := replace(raw); err != nil {
		return fmt.Errorf("replacing the machine of group %d by a copy: %w", g.id, err)
	}
	return nil
}

func (g *Group) suits(head copyHead) error {
	if head.Store != g.node.conf.StoreID || head.Group != g.id {
		return fault.New(fault.Broken, "it is of group %d of the store %s", head.Group, head.Store)
	}
	if head.Applied > head.Index || head.ConfigurationIndex == 0 || head.ConfigurationIndex > head.Index {
		return fault.New(fault.Broken, "it holds more than it says")
	}
	return nil
}

// tidy removes what a crash has left of copies that were not complete.
func (g *Group) tidy() error {
	var err error
	for _, name := range []string{fileOutgoing, fileOutgoingRaw, fileReceiving, fileIncomingRaw} {
		err = errors.Join(err, removeIfThere(g.file(name)))
	}
	return err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// outgoing is a copy that is being sent. Only one at a time is, of each node.
type outgoing struct {
	*os.File
	done func()
}

// Close removes the copy.
func (o *outgoing) Close() error {
	err := errors.Join(o.File.Close(), removeIfThere(o.Name()))
	o.done()
	return err
}

// sendable makes a copy to send, with what raft wants to know of it.
func (g *Group) sendable() (meta *raft.SnapshotMeta, r io.ReadCloser, err error) {
	select {
	case g.node.copying <- struct{}{}:
	default:
		return nil, nil, fault.New(fault.Unavailable, "another copy is being sent")
	}
	began := time.Now()
	done := func() {
		g.kept.copied(time.Since(began))
		<-g.node.copying
	}
	defer func() {
		if err != nil {
			done()
		}
	}()
	head, path, err := g.copyOut()
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return &raft.SnapshotMeta{
		Version: raft.SnapshotVersionMax, ID: snapshotID(raftlog.Marker{Index: head.Index, Term: head.Term}),
		Index: head.Index, Term: head.Term, Size: info.Size(),
		Configuration: raft.DecodeConfiguration(head.Configuration), ConfigurationIndex: head.ConfigurationIndex,
	}, &outgoing{f, done}, nil
}

// had reports whether this node has everything up to a copy's index already: a late duplicate must not take anything
// back, and a log that holds the same entry goes on behind it.
func (g *Group) had(index, term uint64) bool {
	if index <= g.Applied() || index <= g.log.Marker().Index {
		return true
	}
	rec, err := g.log.Get(index)
	return err == nil && rec.Term == term
}

// welcome answers the offer of a copy that is not needed; nil means that raft is to take it. An old leader's offer is
// left to raft, which refuses it.
func (g *Group) welcome(offer *raft.InstallSnapshotRequest) *raft.InstallSnapshotResponse {
	if offer.Term != g.raft.CurrentTerm() || !g.had(offer.LastLogIndex, offer.LastLogTerm) {
		return nil
	}
	return &raft.InstallSnapshotResponse{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(g.trans.self), Addr: []byte(g.trans.self)},
		Term:      offer.Term, Success: true,
	}
}
