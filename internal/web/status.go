package web

import (
	"errors"
	"net/http"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
)

// PageStatus returns the HTTP status of a page that could not be made, by the
// code of its error. An API that follows other conventions has its own.
func PageStatus(err error) int {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	if Unserved(err) {
		return http.StatusBadGateway
	}
	switch fault.CodeOf(err) {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Refused:
		return http.StatusUnprocessableEntity
	case fault.Denied:
		return http.StatusForbidden
	case fault.Unavailable, fault.Uncertain:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Unserved reports whether err says that this node cannot serve and another may.
// It is answered with 502, which a proxy takes to the next node; 503 is for what
// another node would turn away, too.
func Unserved(err error) bool {
	_, ok := errors.AsType[*command.UnservedError](err)
	return ok
}
