package web

import (
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
)

// Recover turns a panic of a handler into an answer of 500 and a line in the
// log, and keeps the program going. If the answer had begun, the connection
// ends instead, so that nobody takes half of it for the whole. What was
// passed to panic goes to the log, not to the client.
func Recover(l *slog.Logger, refuse Refuse) Middleware {
	l = pan.Logger(l)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, ok := w.(*recorder) // Observe's
			if !ok {
				rec = &recorder{ResponseWriter: w}
			}
			defer func() {
				cause := recover()
				if cause == nil {
					return
				}
				if cause == http.ErrAbortHandler { // net/http compares it so, too
					panic(cause)
				}
				l.LogAttrs(r.Context(), slog.LevelError, "a handler panicked",
					slog.String("id", ID(r.Context())), slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
				if rec.status != 0 {
					panic(http.ErrAbortHandler)
				}
				refuse(w, r, http.StatusInternalServerError, fault.New(fault.Broken, "the server met something that it was not made for"))
			}()
			next.ServeHTTP(rec, r)
		})
	}
}
