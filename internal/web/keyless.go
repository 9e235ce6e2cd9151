package web

import "regexp"

// keys are IDs that open what they name to whoever knows them: a guest's cart,
// and with it the order, and a link to a file.
var keys = regexp.MustCompile(`\b(cart|dwn)_[0-9A-Za-z]+`)

// Keyless returns an error's text for a log, without IDs that are keys.
func Keyless(err error) string { return keys.ReplaceAllString(err.Error(), "${1}_…") }
