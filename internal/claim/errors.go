package claim

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// TakenError says that another owner has a value for certain. The package that
// knows the value turns it into an error of its own.
type TakenError struct {
	Kind  string
	Hash  Hash
	Owner string
}

func (e *TakenError) Error() string { return fmt.Sprintf("this %s belongs to %s", e.Kind, e.Owner) }

// Unwrap returns fault.Conflict.
func (e *TakenError) Unwrap() error { return fault.Conflict }

// BusyError says that another owner is taking or dropping a value just now.
// Which of the two comes true is known within seconds.
type BusyError struct {
	Kind string
	Hash Hash
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("this %s is being taken or given up by another right now: try again in a few seconds", e.Kind)
}

// Unwrap returns fault.Unavailable.
func (e *BusyError) Unwrap() error { return fault.Unavailable }

// LateError says that a command came after the deadline of its reservation.
// Nothing happened; reserving again and running it again is safe.
type LateError struct {
	Deadline, Clock int64 // ms, by the clock of the owner's shard
}

func (e *LateError) Error() string {
	return fmt.Sprintf("the command came %d ms after the deadline of its claims: try again", e.Clock-e.Deadline)
}

// Unwrap returns fault.Unavailable.
func (e *LateError) Unwrap() error { return fault.Unavailable }
