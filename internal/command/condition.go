package command

import (
	"fmt"

	"github.com/keelshop/commerce/fault"
)

// What a change can be made for beside a version that its caller has read, and
// beside 0, which is any version and none.
const (
	OnlyNew   = -1 // only if the thing is not there yet
	OnlyThere = -2 // only if it is there, at whatever version
	AtStart   = -3 // only at version 0: settings and rules have it until they are put for the first time
)

// Meets reports whether a thing at version have, 0 if it is not there, is what a
// change is made for.
func Meets(want, have int64) bool {
	switch want {
	case 0:
		return true
	case OnlyNew, AtStart:
		return have == 0
	case OnlyThere:
		return have != 0
	}
	return want == have
}

// CheckWanted returns fault.Invalid, in the field version, unless a change can be
// made for want; thing is what has the version, as in "a product".
func CheckWanted(thing string, want int64) error {
	if want < OnlyThere {
		return fault.Wrong("version", "version %d of %s cannot exist", want, thing)
	}
	return nil
}

// Unmet says that a change was not made, since the thing at version have is not
// what it was made for.
func Unmet(thing string, have, want int64) string {
	switch {
	case want == OnlyNew:
		return fmt.Sprintf("%s is there already, at version %d: read it and decide", thing, have)
	case have == 0 && want == OnlyThere:
		return "there is nothing yet that could be replaced: leave the condition out to make it"
	case want == AtStart:
		want = 0
	case have == 0:
		return fmt.Sprintf("there is nothing at version %d that could be replaced: it was removed, or never there", want)
	}
	return fmt.Sprintf("%s is at version %d, not %d: read it again and decide", thing, have, want)
}
