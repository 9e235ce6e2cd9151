package client

import (
	"strconv"
	"strings"
	"sync/atomic"
)

// positionHeader carries what this client has seen and written.
const positionHeader = "Shop-Position"

// position is what answers have told of theirs, all of them together.
type position struct{ atomic.Pointer[string] }

// reached adds what an answer has told; "" is nothing. Answers may come in
// another order than that in which they were made.
func (p *position) reached(told string) {
	if told == "" {
		return
	}
	for {
		have := p.Load()
		next := told
		if have != nil {
			next = later(*have, told)
		}
		if p.CompareAndSwap(have, &next) {
			return
		}
	}
}

// later returns the position that is at least as new as two of one store. A
// position is s1, what stands for the store, and how far each of its shards is
// to the base 36, with dots between them. What cannot be compared, as of a store
// that was restored, is the newer answer's.
func later(have, told string) string {
	old, parts := strings.Split(have, "."), strings.Split(told, ".")
	if len(parts) < 2 || len(old) != len(parts) || parts[0] != "s1" || old[0] != parts[0] || old[1] != parts[1] {
		return told
	}
	for i := 2; i < len(parts); i++ {
		a, errA := strconv.ParseUint(old[i], 36, 63)
		b, errB := strconv.ParseUint(parts[i], 36, 63)
		if errA != nil || errB != nil {
			return told
		}
		if a > b {
			parts[i] = old[i]
		}
	}
	return strings.Join(parts, ".")
}
