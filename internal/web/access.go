package web

import (
	"github.com/keelshop/commerce/internal/pan"
	"log/slog"
	"net/http"
	"time"
)

// Served tells of a request that was answered. It holds nothing personal: no
// address, no path, no query.
type Served struct {
	ID       string
	Method   string
	Route    string // as in "GET /products/{product}"; "" if no route took it
	Status   int
	Bytes    int64 // of the body, as it was sent
	Duration time.Duration
	Kept     Kept // whether a page that may be kept was there already
}

// Observe calls see after each request. It stands behind RequestID and before
// everything else.
func Observe(see func(*http.Request, Served)) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			rec := &recorder{ResponseWriter: w, note: noteOf(r.Context())}
			defer func() {
				s := Served{Method: r.Method, Route: r.Pattern, Status: rec.status, Bytes: rec.bytes, Duration: time.Since(start)}
				if n := rec.note; n != nil {
					s.ID, s.Kept = n.id, n.kept
					if n.route != "" {
						s.Route = n.route
					}
				}
				if s.Status == 0 {
					s.Status = http.StatusOK // nothing was written, which net/http takes for this
				}
				see(r, s)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

// LogTo returns a function for Observe that writes one line for each request.
// Answers of 500 and more are warnings. Requests that are turned away because
// there are too many go to the level Debug: a flood should not fill the log, and
// Observe counts them.
func LogTo(l *slog.Logger) func(*http.Request, Served) {
	l = pan.Logger(l)
	return func(r *http.Request, s Served) {
		level := slog.LevelInfo
		if n := noteOf(r.Context()); n != nil && n.turned {
			level = slog.LevelDebug
		} else if s.Status >= http.StatusInternalServerError {
			level = slog.LevelWarn
		}
		l.LogAttrs(r.Context(), level, "request",
			slog.String("id", s.ID), slog.String("method", s.Method), slog.String("route", s.Route),
			slog.Int("status", s.Status), slog.Int64("bytes", s.Bytes), slog.Duration("took", s.Duration))
	}
}

// recorder notes what a handler answers.
type recorder struct {
	http.ResponseWriter
	note   *note // nil outside of RequestID
	status int
	bytes  int64
}

// sending says that what follows waits for the client.
func (r *recorder) sending() {
	if r.note != nil && r.note.admission != nil {
		r.note.admission.Done()
	}
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK { // 1xx may come before
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.sending()
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush is for handlers that look for an http.Flusher themselves.
func (r *recorder) Flush() {
	r.sending()
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}
