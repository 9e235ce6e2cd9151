package peer

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
)

// held counts the bytes of requests that a node has received and not answered yet, and of their answers that have not
// gone yet. Those of lane 0 are not counted: they are few, and what keeps a group alive must not wait behind the rest.
type held struct {
	limit int64
	bytes atomic.Int64
}

// take reports whether there was room for more. Who has taken some gives it back.
func (h *held) take(bytes int) bool {
	if h.bytes.Add(int64(bytes)) <= h.limit {
		return true
	}
	h.give(bytes)
	return false
}

// more counts what is there already, like an answer, and cannot be refused, beside what was taken for it.
func (h *held) more(bytes int) { h.bytes.Add(int64(bytes)) }

func (h *held) give(bytes int) { h.bytes.Add(-int64(bytes)) }

// errFull is the answer to a request for which there was no room: nobody has seen it. It is not to be tried again when
// there never is.
func (h *held) errFull(bytes int) error {
	if int64(bytes) > h.limit {
		return fault.New(fault.Invalid, "a request that takes %d bytes is larger than all that this node may hold, %d", bytes, h.limit)
	}
	return &FullError{Limit: h.limit, Wait: fullWait}
}

// fullWait is when whom a node has no room for may ask it again.
const fullWait = time.Second

// FullError says that a node holds as many requests and answers as it may: it has not looked at this one. Come back after
// Wait. It counts as fault.Unavailable.
type FullError struct {
	Limit int64 // in bytes
	Wait  time.Duration
}

func (e *FullError) Error() string {
	return fmt.Sprintf("this node has more than %d MiB of requests under way: try again in %v", e.Limit>>20, e.Wait)
}

// Unwrap returns fault.Unavailable.
func (e *FullError) Unwrap() error { return fault.Unavailable }
