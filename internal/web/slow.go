package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/keelshop/commerce/fault"
)

// ReadBody reads the body of a request, of most bytes at most, and puts what it
// has read in its place, so that nothing that comes later waits for the client.
// In a server without a ReadTimeout the body has as long as in one of Server's.
// The error is an *http.MaxBytesError if there is more, and otherwise
// fault.Invalid: the body has not arrived as a whole.
func ReadBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ReadTimeout == 0 {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(readTimeout)) // best effort: a test's recorder has none
		defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, err
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the body did not arrive as a whole")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// ServeFile answers with a file, or with the part of it that was asked for. It
// takes as long as the client needs, however long that is, as long as it goes on:
// see Server.
func ServeFile(w http.ResponseWriter, r *http.Request, file io.ReadSeeker) {
	http.ServeContent(&longAnswer{w, http.NewResponseController(w)}, r, "", time.Time{}, file)
}

// longAnswer gives each part of an answer the time that Server gives a whole one.
type longAnswer struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (a *longAnswer) Write(b []byte) (int, error) {
	_ = a.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // best effort, as above
	return a.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (a *longAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// LongBody returns the body of a request, of most bytes at most, for a file: it
// takes as long as the client needs, as long as something comes.
func LongBody(w http.ResponseWriter, r *http.Request, most int64) io.Reader {
	return http.MaxBytesReader(w, &longBody{ReadCloser: r.Body, control: http.NewResponseController(w)}, most)
}

// longBody gives each part of a body the time that Server gives a whole one.
type longBody struct {
	io.ReadCloser
	control *http.ResponseController
	over    bool
}

func (b *longBody) Read(p []byte) (int, error) {
	if !b.over {
		_ = b.control.SetReadDeadline(time.Now().Add(readTimeout)) // best effort, as above
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && !b.over {
		b.over = true
		_ = b.control.SetReadDeadline(time.Time{}) // the server goes on to watch the connection
	}
	return n, err
}
