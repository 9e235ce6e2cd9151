package raftlog

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Command is the type of a record that carries a command to the state machine. A record of any other type leaves
// the machine as it is.
const Command uint8 = 0

// Record is one entry of a log.
type Record struct {
	Index uint64
	Term  uint64
	Type  uint8
	At    int64 // when the leader appended it, in microseconds since 1970; for operators only
	Data  []byte
	Ext   []byte
}

// size is what the record counts for in a log's bytes.
func (r *Record) size() int64 { return int64(len(r.Data)+len(r.Ext)) + recordOverhead }

// recordOverhead is roughly what a record takes in the file beside its content.
const recordOverhead = 40

// sum is the record's checksum, given that of the record before it.
func (r *Record) sum(group uint32, before uint64) uint64 {
	var head [53]byte
	binary.LittleEndian.PutUint64(head[0:], before)
	binary.LittleEndian.PutUint32(head[8:], group)
	binary.LittleEndian.PutUint64(head[12:], r.Index)
	binary.LittleEndian.PutUint64(head[20:], r.Term)
	head[28] = r.Type
	binary.LittleEndian.PutUint64(head[29:], uint64(r.At))
	binary.LittleEndian.PutUint64(head[37:], uint64(len(r.Data)))
	binary.LittleEndian.PutUint64(head[45:], uint64(len(r.Ext)))
	var d xxhash.Digest
	d.Reset()
	d.Write(head[:])
	d.Write(r.Data)
	d.Write(r.Ext)
	return d.Sum64()
}

// rowSum is the checksum of a row of the small tables. The kind keeps rows of different tables apart.
func rowSum(kind string, numbers []uint64, texts ...string) int64 {
	var d xxhash.Digest
	d.Reset()
	d.WriteString(kind)
	var word [8]byte
	for _, n := range numbers {
		binary.LittleEndian.PutUint64(word[:], n)
		d.Write(word[:])
	}
	for _, t := range texts {
		binary.LittleEndian.PutUint64(word[:], uint64(len(t)))
		d.Write(word[:])
		d.WriteString(t)
	}
	return int64(d.Sum64())
}

// key is the rowid of a record: records of a group lie together, in order.
func key(group uint32, index uint64) int64 { return int64(group)<<48 | int64(index) }

func groupOf(id int64) uint32 { return uint32(id >> 48) }

func indexOf(id int64) uint64 { return uint64(id) & maxIndex }
