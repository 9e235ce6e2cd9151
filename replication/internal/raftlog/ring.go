package raftlog

// Bounds of what a log keeps in memory.
const (
	ringRecords = 256
	ringBytes   = 4 << 20
)

// ring holds the newest records of a log, so that applying what was just appended reads no file.
type ring struct {
	slots [ringRecords]Record
	first uint64 // oldest index in the ring
	next  uint64 // one past the newest; equal to first when the ring is empty
	bytes int64
}

// push adds a record. One that does not follow the newest comes after a truncation, and the ring begins with it.
func (r *ring) push(rec Record) {
	if rec.Index != r.next {
		r.reset(rec.Index)
	}
	if r.next-r.first == ringRecords {
		r.drop()
	}
	r.slots[rec.Index%ringRecords] = rec
	r.next++
	r.bytes += rec.size()
	for r.bytes > ringBytes {
		r.drop()
	}
}

func (r *ring) get(index uint64) (Record, bool) {
	if index < r.first || index >= r.next {
		return Record{}, false
	}
	return r.slots[index%ringRecords], true
}

func (r *ring) drop() {
	slot := &r.slots[r.first%ringRecords]
	r.bytes -= slot.size()
	*slot = Record{}
	r.first++
}

func (r *ring) reset(next uint64) { *r = ring{first: next, next: next} }
