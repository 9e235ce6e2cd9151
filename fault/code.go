package fault

import "fmt"

// Code says what the caller of a failed operation can do. The zero Code means that there is no error.
// The numbers and names are part of the wire format and never change.
type Code uint8

const (
	// Invalid: the request can never work as it is. Fix it.
	Invalid Code = iota + 1

	// NotFound: the thing named in the request does not exist, or the caller may not know that it does.
	NotFound

	// Conflict: the state or version has moved on, or the idempotency key was used for another request.
	// Read again and decide.
	Conflict

	// Refused: the request is well-formed and a business rule says no, such as out of stock or declined.
	// Asking again changes nothing until the world does.
	Refused

	// Denied: the caller is not permitted to do this, or is not known. Sign in, or ask for the permission.
	Denied

	// Unavailable: nothing happened. Retry later, or elsewhere.
	Unavailable

	// Uncertain: it may have happened. Ask again with the same idempotency key to learn the outcome.
	Uncertain

	// Broken: the store has stopped, its data is damaged, or it met something that it was never meant to.
	// An operator must act; retrying does not help.
	Broken
)

var names = [...]string{
	Invalid:     "invalid",
	NotFound:    "not_found",
	Conflict:    "conflict",
	Refused:     "refused",
	Denied:      "denied",
	Unavailable: "unavailable",
	Uncertain:   "uncertain",
	Broken:      "broken",
}

// String returns the code's name as it appears on the wire, in logs and in metrics, such as "not_found".
// It is "none" for the zero Code.
func (c Code) String() string {
	switch {
	case c == 0:
		return "none"
	case !c.known():
		return fmt.Sprintf("code_%d", uint8(c))
	}
	return names[c]
}

// MarshalText returns the code's name. It refuses the zero Code and unknown ones.
func (c Code) MarshalText() ([]byte, error) {
	if !c.known() {
		return nil, New(Invalid, "fault code %d has no name", uint8(c))
	}
	return []byte(names[c]), nil
}

// UnmarshalText accepts the name of a code and nothing else.
func (c *Code) UnmarshalText(text []byte) error {
	for code := Invalid; code.known(); code++ {
		if names[code] == string(text) {
			*c = code
			return nil
		}
	}
	return New(Invalid, "there is no fault code %q", text)
}

func (c Code) known() bool { return c > 0 && int(c) < len(names) }

func (c Code) orBroken() Code {
	if !c.known() {
		return Broken
	}
	return c
}
