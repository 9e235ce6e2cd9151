package replication

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// A Seed says what the machine of a group holds that was restored from a copy: everything up to an index of the log.
type Seed struct {
	Group       uint32
	Index, Term uint64
}

// Plant makes the raft.db of a node whose machines were restored from copies. Each group then has this node as its only
// member, and its log goes on behind what its machine holds. There must be no raft.db.
func Plant(c Config, seeds []Seed) (err error) {
	if _, err := os.Stat(filepath.Join(c.Dir, raftlog.Name)); err == nil {
		return fault.New(fault.Conflict, "%s has a %s already", c.Dir, raftlog.Name)
	}
	file, err := openLog(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, s := range seeds {
		if s.Index == 0 || s.Term == 0 {
			return fault.New(fault.Invalid, "the machine of group %d holds nothing", s.Group)
		}
		log := file.Log(s.Group)
		err := log.Reset(raftlog.Marker{
			Index: s.Index, Term: s.Term, Durable: s.Index,
			Configuration: raft.EncodeConfiguration(only(c.NodeID)), ConfigurationIndex: s.Index,
		})
		if err == nil {
			err = log.SetValue(keyTerm, number(s.Term))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keyTerm is under which key raft keeps its term.
const keyTerm = "CurrentTerm"

func only(node string) (c raft.Configuration) {
	c.Servers = []raft.Server{{ID: raft.ServerID(node), Address: raft.ServerAddress(node)}}
	return c
}

func openLog(c Config) (*raftlog.File, error) {
	file, err := raftlog.Open(raftlog.Options{Dir: c.Dir, Node: c.NodeID, Store: c.StoreID, Deadline: c.LogDeadline, VFS: c.VFS, Steps: c.Steps})
	if err != nil {
		return nil, fmt.Errorf("opening the log in %s: %w", c.Dir, err)
	}
	return file, nil
}
