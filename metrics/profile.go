package metrics

import (
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// maxProfile bounds how long a profile may run.
const maxProfile = time.Minute

// addProfiles serves what `go tool pprof` and `go tool trace` ask for. It does
// not import net/http/pprof, which adds itself to http.DefaultServeMux: a
// program that serves that to shoppers would serve profiles too.
func addProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/{name}", func(w http.ResponseWriter, r *http.Request) {
		profile := pprof.Lookup(r.PathValue("name"))
		if profile == nil {
			http.NotFound(w, r)
			return
		}
		debug, _ := strconv.Atoi(r.FormValue("debug")) // 0 is the binary form
		w.Header().Set("Content-Type", "application/octet-stream")
		_ = profile.WriteTo(w, debug) // the client has gone if this fails
	})
	mux.HandleFunc("GET /debug/pprof/profile", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if err := pprof.StartCPUProfile(w); err != nil {
			http.Error(w, "a profile is running already", http.StatusConflict)
			return
		}
		wait(r)
		pprof.StopCPUProfile()
	})
	mux.HandleFunc("GET /debug/pprof/trace", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if err := trace.Start(w); err != nil {
			http.Error(w, "a trace is running already", http.StatusConflict)
			return
		}
		wait(r)
		trace.Stop()
	})
}

// wait waits for as many seconds as a request asks for, 10 if it does not say.
func wait(r *http.Request) {
	seconds, err := strconv.Atoi(r.FormValue("seconds"))
	if err != nil || seconds < 1 {
		seconds = 10
	}
	select {
	case <-time.After(min(time.Duration(seconds)*time.Second, maxProfile)):
	case <-r.Context().Done():
	}
}
