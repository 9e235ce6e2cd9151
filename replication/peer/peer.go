// Package peer carries requests between the nodes of a cluster.
//
// A [Network] is one node's way to the others. There are two: [TCP], with TLS 1.3 and certificates on both sides, and
// [Memory], which loses, delays, repeats and cuts on demand and works in virtual time. What requests mean is the
// business of those who send and serve them.
package peer

import (
	"context"
	"io"

	"github.com/keelshop/commerce/fault"
)

// MaxData is the size of the largest request or answer without a body, in bytes.
const MaxData = 20 << 20

// LaneBulk is the lane of requests for large answers. Whoever serves them keeps room for BulkBytes of an answer before
// it is made; requests that come when there is none are refused with fault.Unavailable.
const (
	LaneBulk  = 2
	BulkBytes = 5 << 20
)

// A Request is what one node asks another.
type Request struct {
	Kind  byte   // what is asked, for the handler to tell requests apart
	Lane  byte   // requests of one lane share a connection; a slow one holds up only its own lane
	Group uint32 // which group it is for, if any
	Data  []byte
	Body  io.Reader // a stream that follows, on a connection of its own; nil when there is none
	Size  int64     // of Body
}

// A Handler answers requests. It is called on a goroutine for each request; ctx ends when the answer is of no use to
// anybody any more. A request may come twice. When it has a body, the handler reads it before it returns.
//
// The error travels as its code and text.
type Handler func(ctx context.Context, from string, r Request) ([]byte, error)

// A Network is one node's way to the others. All methods are safe for concurrent use.
type Network interface {
	// Serve sets who answers requests that come in. Those that come before it wait for it.
	Serve(Handler)

	// Call sends a request to a node and returns its answer. The error is that of the handler, fault.Unavailable
	// when the handler surely was not called, and fault.Uncertain when it may have been.
	Call(ctx context.Context, to string, r Request) ([]byte, error)

	// Close ends everything that is under way.
	Close() error
}

// A Watcher is a Network that notices when another node's process ends, as far as broken connections show it.
type Watcher interface {
	// OnLost sets who is told, and is called before Serve. It is told on a goroutine of its own, often more than once,
	// and also when a connection has broken for another reason.
	OnLost(func(node string))
}

// handler is a Handler that may be set after the first request has come.
type handler struct {
	set chan struct{} // closed when fn is set
	fn  Handler
}

func newHandler() *handler { return &handler{set: make(chan struct{})} }

func (h *handler) serve(fn Handler) {
	h.fn = fn
	close(h.set)
}

func (h *handler) call(ctx context.Context, from string, r Request) ([]byte, error) {
	select {
	case <-h.set:
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, context.Cause(ctx), "nobody serves requests here yet")
	}
	answer, err := h.fn(ctx, from, r)
	if err == nil && len(answer) > MaxData {
		return nil, fault.New(fault.Invalid, "an answer of %d bytes is larger than the limit of %d", len(answer), MaxData)
	}
	return answer, err
}

func check(r Request) error {
	if len(r.Data) > MaxData {
		return fault.New(fault.Invalid, "a request of %d bytes is larger than the limit of %d", len(r.Data), MaxData)
	}
	return nil
}
