package pricing

import (
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// What the Version of a Put can be beside one that was read. The rule that it makes or replaces is not
// asked for its version then.
const (
	OnlyNew   = command.OnlyNew   // make it: it must not be there
	OnlyThere = command.OnlyThere // replace it: it must be there
	AtStart   = command.AtStart   // no rule was ever put: their version is 0
)

// unversioned refuses a version of what has none.
func unversioned(thing string, version int64) error {
	if version != 0 && version != OnlyNew && version != OnlyThere {
		return fault.Wrong("version", "%s has no versions: it can be OnlyNew or OnlyThere", thing)
	}
	return nil
}
