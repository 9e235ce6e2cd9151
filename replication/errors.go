package replication

import (
	"fmt"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/replication/internal/raftlog"
)

// RottenError says that raft.db has lost or changed what it once confirmed. It counts as fault.Broken.
type RottenError = raftlog.RottenError

// DeadlineError says that a write to raft.db did not finish in time. It counts as fault.Broken.
type DeadlineError = raftlog.DeadlineError

// MisuseError says that Raft asked its log for something that would lose entries. It counts as fault.Broken.
type MisuseError = raftlog.MisuseError

// StoppedError is the answer of a node that has stopped itself. It counts as fault.Broken; Err is the cause.
type StoppedError struct{ Err error }

// Error names the cause.
func (e *StoppedError) Error() string { return "this node has stopped: " + e.Err.Error() }

// Unwrap returns the fault code and the cause, whose own code counts no more.
func (e *StoppedError) Unwrap() error { return fault.Wrap(fault.Broken, e.Err, "") }

// MismatchError says that a group's machine and its log do not belong together: one of the two is an older copy.
// It counts as fault.Broken.
type MismatchError struct {
	Group   uint32
	Path    string // the log's file
	Applied uint64 // the machine's applied index
	First   uint64 // the lowest applied index that a machine of this log can have
	Last    uint64 // the highest
}

// Error says which of the two is behind.
func (e *MismatchError) Error() string {
	what := "the log has lost entries or is an older copy"
	if e.Applied < e.First {
		what = "the machine has lost entries that the log no longer holds, or is an older copy"
	}
	return fmt.Sprintf("the machine of group %d has applied entry %d, and its log in %s allows %d to %d: %s; "+
		"restore the whole directory from one backup", e.Group, e.Applied, e.Path, e.First, e.Last, what)
}

// Unwrap returns the fault code.
func (e *MismatchError) Unwrap() error { return fault.Broken }

// ApplyError says that a machine failed to apply entries. It counts as fault.Broken.
type ApplyError struct {
	Group       uint32
	First, Last uint64 // indexes of the first and the last entry of the batch
	Err         error  // what the machine returned; nil after a panic
	Panic       any    // what it panicked with
	Stack       []byte // where
}

// Error names the group, the entries and the cause.
func (e *ApplyError) Error() string {
	at := fmt.Sprintf("entry %d", e.First)
	if e.Last != e.First {
		at = fmt.Sprintf("entries %d to %d", e.First, e.Last)
	}
	if e.Err == nil {
		return fmt.Sprintf("applying %s of group %d: panic: %v", at, e.Group, e.Panic)
	}
	return fmt.Sprintf("applying %s of group %d: %v", at, e.Group, e.Err)
}

// Unwrap returns the fault code and the cause, whose own code counts no more.
func (e *ApplyError) Unwrap() error { return fault.Wrap(fault.Broken, e.Err, "") }

// HangingMachineError says that a machine did not finish a batch of entries or a checkpoint in time. It counts as
// fault.Broken.
type HangingMachineError struct {
	Group uint32
	Limit time.Duration
}

// Error names the group.
func (e *HangingMachineError) Error() string {
	return fmt.Sprintf("the machine of group %d has not finished its work within %v: its disk hangs", e.Group, e.Limit)
}

// Unwrap returns the fault code.
func (e *HangingMachineError) Unwrap() error { return fault.Broken }

// HangingError says what had not ended when Close gave up. It counts as fault.Broken.
type HangingError struct {
	Limit time.Duration
	Parts []string // what hangs, such as "group 3: raft or its machine"
}

// Error names what hangs.
func (e *HangingError) Error() string {
	return fmt.Sprintf("after %v these have not ended: %s", e.Limit, strings.Join(e.Parts, "; "))
}

// Unwrap returns the fault code.
func (e *HangingError) Unwrap() error { return fault.Broken }
