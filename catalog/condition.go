package catalog

import "github.com/keelshop/commerce/internal/command"

// What the Version of a Put can be beside one that was read. The thing that it makes or replaces is not
// asked for its version then.
const (
	OnlyNew   = command.OnlyNew   // make it: it must not be there
	OnlyThere = command.OnlyThere // replace it: it must be there
)
