package merchandising

import "github.com/keelshop/commerce/internal/command"

// AtStart is the Version of a change for rules of which none was ever put: theirs
// is 0.
const AtStart = command.AtStart
