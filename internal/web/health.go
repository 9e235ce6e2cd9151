package web

import (
	"context"
	"io"
	"net/http"
)

// Health adds what load balancers ask: GET /healthz answers 200 while the
// program lives, GET /readyz while it can serve, that is while ready returns
// nil, and 503 otherwise. What is wrong is for the log, not for the answer.
func Health(mux *http.ServeMux, ready func(context.Context) error) {
	answer := func(w http.ResponseWriter, status int, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text+"\n") // the client has gone if this fails
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context()); err != nil {
			answer(w, http.StatusServiceUnavailable, "not ready")
			return
		}
		answer(w, http.StatusOK, "ready")
	})
}
