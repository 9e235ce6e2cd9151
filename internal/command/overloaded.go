package command

import (
	"fmt"
	"time"

	"github.com/keelshop/commerce/fault"
)

// OverloadedError says that a command was not taken, since too many wait for
// its shard: nothing of it has happened. Come back after Wait.
type OverloadedError struct {
	Wait time.Duration
}

func (e *OverloadedError) Error() string {
	return fmt.Sprintf("too many commands are waiting: try again in %v", e.Wait)
}

// Unwrap returns fault.Unavailable.
func (e *OverloadedError) Unwrap() error { return fault.Unavailable }
