package main

import (
	"encoding/json"
	"net/http"

	"github.com/keelshop/commerce/fault"
)

// endpoint takes JSON, calls do and answers with JSON. A fault code becomes
// the HTTP status that tells a client to do the same.
func endpoint[In, Out any](do func(*http.Request, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := read[In](w, r)
		var out any
		if err == nil {
			out, err = do(r, in)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(statusOf(err))
			out = map[string]string{"error": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(out) // the client has gone if this fails
	}
}

func read[In any](w http.ResponseWriter, r *http.Request) (in In, err error) {
	if r.ContentLength == 0 {
		return in, nil
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return in, fault.Wrap(fault.Invalid, err, "reading the request")
	}
	return in, nil
}

func statusOf(err error) int {
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
	case fault.Unavailable, fault.Uncertain: // ask again, with the same key
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
