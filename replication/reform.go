package replication

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/hashicorp/raft"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// A Standing is what the log of a node that is not running says of a group.
type Standing struct {
	Group   uint32
	Last    uint64 // the newest index in the log
	Term    uint64 // of that entry; of two nodes the one with the higher term has more, and if those are equal the one with the higher index
	Members []Member
}

// Inspect returns what the log of a node that is not running says of its groups, which are numbered from 0.
func Inspect(c Config, groups int) (list []Standing, err error) {
	file, err := openLog(c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return standings(file, groups)
}

func standings(file *raftlog.File, groups int) ([]Standing, error) {
	var list []Standing
	for id := range groups {
		s, err := standing(file.Log(uint32(id)), uint32(id))
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// standing looks for the newest configuration, committed or not: that is the one raft goes by.
func standing(log *raftlog.Log, id uint32) (Standing, error) {
	m := log.Marker()
	s := Standing{Group: id, Last: max(log.Last(), m.Index), Term: m.Term}
	members := m.Configuration
	for i := log.Last(); i > m.Index; i-- {
		rec, err := log.Get(i)
		if err != nil {
			return s, err
		}
		if i == s.Last {
			s.Term = rec.Term
		}
		if raft.LogType(rec.Type) == raft.LogConfiguration {
			members = rec.Data
			break
		}
	}
	if members == nil {
		return s, fault.New(fault.Refused, "group %d has no members yet: this node never held it", id)
	}
	for _, server := range raft.DecodeConfiguration(members).Servers {
		s.Members = append(s.Members, Member{Node: string(server.ID), Voter: server.Suffrage == raft.Voter})
	}
	return s, nil
}

// Reform makes a node that is not running the only member of its groups, with all that is in its log, after the others
// were lost for ever. What only the others had is lost. Should one of those still run, the groups are there twice.
//
// It does nothing that raft does not: it appends an entry with the new members, in a term of its own. It can be
// repeated, also after a crash in between.
func Reform(c Config, groups int) (list []Standing, err error) {
	file, err := openLog(c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if list, err = standings(file, groups); err != nil {
		return nil, err
	}
	for _, s := range list {
		log := file.Log(s.Group)
		term := s.Term
		if value := log.Value(keyTerm); len(value) == 8 {
			term = max(term, binary.BigEndian.Uint64(value))
		}
		if err := log.SetValue(keyTerm, number(term+1)); err != nil {
			return nil, err
		}
		entry := raft.Log{
			Index: s.Last + 1, Term: term + 1, Type: raft.LogConfiguration, AppendedAt: time.Now(),
			Data: raft.EncodeConfiguration(only(c.NodeID)),
		}
		if err := log.Append([]raftlog.Record{record(&entry)}); err != nil {
			return nil, err
		}
	}
	return list, nil
}
