package web

import (
	"errors"
	"net/http"

	"github.com/keelshop/commerce/fault"
)

// PageStatus returns the HTTP status of a page that could not be made, by the
// code of its error. An API that follows other conventions has its own.
func PageStatus(err error) int {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
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
