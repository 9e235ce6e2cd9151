package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
)

// ReadBody reads the body of a request, of most bytes at most, and puts what it
// has read in its place, so that nothing that comes later waits for the client.
// In a server without a ReadTimeout the body has as long as in one of Server's.
// The error is an *http.MaxBytesError if there is more, fault.Unavailable if too
// much is held already (see BoundBodies), and otherwise fault.Invalid: the body has
// not arrived as a whole.
func ReadBody(w http.ResponseWriter, r *http.Request, most int64) (body []byte, err error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ReadTimeout == 0 {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(readTimeout)) // best effort: a test's recorder has none
		defer func() {
			if err == nil { // otherwise net/http would wait for the rest of it, for ever
				_ = control.SetReadDeadline(time.Time{})
			}
		}()
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, err
	}
	if _, full := errors.AsType[*fullError](err); full {
		turnedAway(r.Context())
		w.Header().Set("Retry-After", "1")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // the rest is not waited for; best effort, as above
		return nil, err
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the body did not arrive as a whole")
	}
	r.Body = heldBody{bytes.NewReader(body)}
	return body, nil
}

// heldBody is a body that has been read. It can be read again, from its start.
type heldBody struct{ *bytes.Reader }

func (heldBody) Close() error { return nil }

// BodyAgain returns the body of a request that ReadBody has read, from its start,
// and leaves it as it was. It is empty if nothing has been read.
func BodyAgain(r *http.Request) ([]byte, error) {
	held, ok := r.Body.(heldBody)
	if !ok {
		return nil, nil
	}
	if _, err := held.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(held)
	if err == nil {
		_, err = held.Seek(0, io.SeekStart)
	}
	return body, err
}

// BoundBodies bounds what bodies take, of all clients together and each. Those of
// requests that have not been answered have 64 KiB for each request that may be
// worked on at once, and 32 MiB at least; what would be beyond is answered with 503.
// The first 16 KiB of a body do not count, so that those who send a lot keep nobody
// from buying: a connection takes about as much. Where LimitAddresses stands behind
// it, the bodies of one Network have a quarter of that and 16 MiB at least, which
// is the longest one: who sends most is refused, and not who comes late.
//
// It gives what is sent as long as one of Server's does, in a server
// without a ReadTimeout: net/http waits for what nobody reads, too. Behind it,
// bodies are read with ReadBody and LongBody only, which take that bound away.
func BoundBodies(atOnce int) Middleware {
	most := max(int64(atOnce)*64<<10, 32<<20)
	b := &bodies{most: most, share: max(most/4, 16<<20), by: map[string]int64{}}
	return b.bound
}

// bodies counts the bytes of bodies that are held.
type bodies struct {
	most, share int64 // of all together, and of one network
	mu          sync.Mutex
	held        int64
	by          map[string]int64 // network → what is held of its bodies
}

// take notes that more is held of a network's bodies, and reports whether there is
// room for it.
func (b *bodies) take(network string, more int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held += more
	if network == "" {
		return b.held <= b.most
	}
	b.by[network] += more
	return b.held <= b.most && b.by[network] <= b.share
}

func (b *bodies) release(network string, taken int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= taken
	if b.by[network] -= taken; b.by[network] <= 0 {
		delete(b.by, network)
	}
}

// freeBytes is what of each body does not count.
const freeBytes = 16 << 10

func (b *bodies) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			c := &countedBody{ReadCloser: r.Body, of: b}
			r = r.WithContext(context.WithValue(r.Context(), countedKey{}, c)) // what comes later may wrap the body
			r.Body = c
			defer func() { b.release(c.network, c.taken) }()
		}
		if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ReadTimeout == 0 && r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout)) // best effort, as above
		}
		next.ServeHTTP(w, r)
	})
}

// countedBody counts what is read of one body.
type countedBody struct {
	io.ReadCloser
	of      *bodies
	network string // who sends it; "" if there is no limit for each, see sentBy
	file    bool   // nothing of it is held: see LongBody
	read    int64
	taken   int64 // of the bytes that all may hold
}

// countedKey is the key of a request's *countedBody in its context.
type countedKey struct{}

// sentBy makes a body that nothing has been read of count for a network.
func sentBy(r *http.Request, network string) {
	if c, ok := r.Context().Value(countedKey{}).(*countedBody); ok {
		c.network = network
	}
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.file {
		return n, err
	}
	c.read += int64(n)
	if more := c.read - freeBytes - c.taken; more > 0 {
		c.taken += more
		if !c.of.take(c.network, more) {
			return 0, &fullError{}
		}
	}
	return n, err
}

// fullError says that the bodies of other requests take all that there is for
// them.
type fullError struct{}

func (*fullError) Error() string { return "too much is being sent at once: try again in a moment" }

// Unwrap returns fault.Unavailable.
func (*fullError) Unwrap() error { return fault.Unavailable }

// unread returns a Refuse for requests of whose body nothing has been read: what
// has not come yet is not waited for.
func unread(refuse Refuse) Refuse {
	return func(w http.ResponseWriter, r *http.Request, status int, err error) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // best effort, as above
		}
		refuse(w, r, status, err)
	}
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
// takes as long as the client needs, as long as something comes. Nothing of it has
// been read, and nothing is held, so that it does not count for BoundBodies.
func LongBody(w http.ResponseWriter, r *http.Request, most int64) io.Reader {
	if c, ok := r.Context().Value(countedKey{}).(*countedBody); ok {
		c.file = true
	}
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
		if errors.Is(err, io.EOF) { // otherwise net/http would wait for the rest of it, for ever
			_ = b.control.SetReadDeadline(time.Time{}) // the server goes on to watch the connection
		}
	}
	return n, err
}
