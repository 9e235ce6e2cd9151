package peer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"sync"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/durable"
)

// An Entry is what is known of a node.
type Entry struct {
	Addr        string `json:"addr"`           // where it listens
	Incarnation uint64 `json:"incarnation"`    // how often it has started, as it said itself when it was last met
	Boot        string `json:"boot"`           // a random name of that start
	Gone        bool   `json:"gone,omitempty"` // it is no member any more, and its address is of no use
}

// A Book holds where the nodes of a cluster are and how often each has started, in a file. It is safe for concurrent
// use.
type Book struct {
	path string

	mu      sync.Mutex
	entries map[string]Entry
	unsaved bool // the file lacks something, since it could not be written
}

// OpenBook reads a book; one that is not there is empty, and one without a path is kept in memory.
func OpenBook(path string) (*Book, error) {
	b := &Book{path: path, entries: map[string]Entry{}}
	if path == "" {
		return b, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "reading the addresses of nodes")
	}
	if err := json.Unmarshal(data, &b.entries); err != nil {
		return nil, fault.New(fault.Broken, "%s is damaged: restore it from a backup of this directory", path)
	}
	return b, nil
}

// RolledBackError says that a node came with an older incarnation than it had before, or with the same one and
// another boot: its directory is an older copy, or a copy of another node's. It counts as fault.Broken.
type RolledBackError struct {
	Node      string
	Have, Was uint64
}

// Error says what to do.
func (e *RolledBackError) Error() string {
	return fmt.Sprintf("node %s came with incarnation %d and has had %d: its directory is an older copy or is used twice; "+
		"remove the node from the cluster and let it join again with an empty directory", e.Node, e.Have, e.Was)
}

// Unwrap returns fault.Broken.
func (e *RolledBackError) Unwrap() error { return fault.Broken }

// Meet notes what a node has said of itself. It is refused with a [*RolledBackError] when the node has been met later
// in its life. Any other error says that it is known now but could not be written; that is tried again with the next.
func (b *Book) Meet(node string, e Entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.entries[node]
	if e.Incarnation < old.Incarnation || e.Incarnation == old.Incarnation && old.Boot != "" && e.Boot != old.Boot {
		return &RolledBackError{Node: node, Have: e.Incarnation, Was: old.Incarnation}
	}
	if e.Addr == "" {
		e.Addr = old.Addr
	}
	e.Gone = old.Gone
	if e == old && !b.unsaved {
		return nil
	}
	return b.put(node, e)
}

// Learn notes where a node is that is to be reached. What the node itself has said counts more.
func (b *Book) Learn(node, addr string) error { return b.learn(node, addr, true) }

// Hear is Learn for what somebody else has said, who may not know that the node is no member any more.
func (b *Book) Hear(node, addr string) error { return b.learn(node, addr, false) }

func (b *Book) learn(node, addr string, sure bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, known := b.entries[node]
	if addr == "" || old.Gone && !sure {
		return nil
	}
	next := old
	next.Gone = false
	if !known || old.Boot == "" || old.Addr == "" {
		next.Addr = addr
	}
	if known && next == old {
		return nil
	}
	return b.put(node, next)
}

// Forget drops the address of a node that is no member any more, and Recall brings it back when it is one again. The
// node's incarnation stays.
func (b *Book) Forget(node string) error { return b.leave(node, true) }

// Recall is the opposite of Forget.
func (b *Book) Recall(node string) error { return b.leave(node, false) }

func (b *Book) leave(node string, gone bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, known := b.entries[node]
	if !known || e.Gone == gone {
		return nil
	}
	e.Gone = gone
	return b.put(node, e)
}

// put notes it also when the file cannot be written: a disk that is full is no reason to talk to nobody.
func (b *Book) put(node string, e Entry) error {
	b.entries = maps.Clone(b.entries)
	b.entries[node] = e
	data, err := json.MarshalIndent(b.entries, "", "\t")
	if err == nil && b.path != "" {
		err = durable.Write(b.path, append(data, '\n'))
	}
	if b.unsaved = err != nil; b.unsaved {
		return fault.Wrap(fault.Broken, err, "writing the addresses of nodes")
	}
	return nil
}

// Addr returns where a node listens, "" when that is not known.
func (b *Book) Addr(node string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[node]; !e.Gone {
		return e.Addr
	}
	return ""
}

// Addrs returns where the nodes listen.
func (b *Book) Addrs() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]string{}
	for node, e := range b.entries {
		if e.Addr != "" && !e.Gone {
			out[node] = e.Addr
		}
	}
	return out
}

// NextIncarnation returns a number one higher than the last time, kept in the file at path before it is returned.
func NextIncarnation(path string) (uint64, error) {
	var n uint64
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &n)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return 0, fault.Wrap(fault.Broken, err, "reading the incarnation number in %s", path)
	}
	n++
	if err := durable.Write(path, fmt.Appendln(nil, n)); err != nil {
		return 0, fault.Wrap(fault.Broken, err, "writing the incarnation number")
	}
	return n, nil
}
