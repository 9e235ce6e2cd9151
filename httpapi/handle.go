package httpapi

import "strings"

// checkHandle refuses a handle at which nothing could be asked for: one that
// reads like an ID, and those that an address on the web means otherwise. Whoever
// puts something by its ID would make a second one.
func checkHandle(at, handle, prefix string) error {
	switch {
	case strings.HasPrefix(handle, prefix):
		return &fieldError{at, "reads like an ID: things are put by their handle, and no handle begins with " + prefix}
	case handle == "." || handle == "..":
		return &fieldError{at, "cannot stand in an address"}
	}
	return nil
}
