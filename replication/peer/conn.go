package peer

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
)

var wire = fault.NewTypes(fault.Typed[*FullError]("peer.full"))

// serve answers the requests of a connection until it breaks.
func (n *TCP) serve(conn *tls.Conn, h hello) {
	ctx, stop := context.WithCancel(n.ctx)
	defer stop()
	out := newSender(conn)
	in := bufio.NewReaderSize(conn, chunkBytes)
	counted := h.Lane > 0
	var served sync.WaitGroup
	defer served.Wait()
	defer stop() // before the wait
	places := make(chan struct{}, maxServed)
	for {
		length, err := await(conn, in)
		if err != nil {
			return
		}
		taken := 0
		if counted {
			taken = length + ahead(h.Lane)
		}
		if counted && !n.held.take(taken) {
			if refuse(in, length, out, n.held.errFull(taken)) != nil {
				return
			}
			continue
		}
		f, err := readFrame(in, length)
		if err != nil || f.typ != frameRequest || f.size > 0 {
			n.held.give(taken)
			return
		}
		places <- struct{}{}
		served.Go(func() {
			defer func() { <-places }()
			answer, err := n.handler.call(ctx, h.Node, Request{Kind: f.kind, Lane: h.Lane, Group: f.group, Data: f.data})
			if counted {
				n.held.more(length + len(answer) - taken)
				defer n.held.give(length + len(answer))
			}
			if out.send(answerTo(f, answer, err)) != nil {
				conn.NetConn().Close()
			}
		})
	}
}

// ahead returns what to take for an answer before it is made.
func ahead(lane byte) int {
	if lane == LaneBulk {
		return BulkBytes
	}
	return 0
}

// refuse answers a request without taking it in.
func refuse(in *bufio.Reader, length int, out *sender, why error) error {
	f, err := readFrame(io.LimitReader(in, headBytes), headBytes)
	if err == nil && (f.typ != frameRequest || f.size > 0) {
		err = fault.New(fault.Invalid, "a frame of type %d is no request", f.typ)
	}
	if err == nil {
		_, err = io.CopyN(io.Discard, in, int64(length-headBytes))
	}
	if err != nil {
		return err
	}
	return out.send(answerTo(f, nil, why))
}

func answerTo(f frame, answer []byte, err error) frame {
	if err != nil {
		return frame{typ: frameError, kind: f.kind, group: f.group, id: f.id, data: wire.Encode(err)}
	}
	return frame{typ: frameAnswer, kind: f.kind, group: f.group, id: f.id, data: answer}
}

// serveStream answers one request with a body.
func (n *TCP) serveStream(conn *tls.Conn, from string) {
	in := bufio.NewReaderSize(&steady{conn: conn}, chunkBytes)
	f, err := receive(conn, in)
	if err != nil || f.typ != frameRequest {
		return
	}
	body := io.LimitReader(in, int64(f.size))
	answer, err := n.handler.call(n.ctx, from, Request{Kind: f.kind, Group: f.group, Data: f.data, Body: body, Size: int64(f.size)})
	discard(body)
	_ = newSender(conn).send(answerTo(f, answer, err)) // the other side notices that there is none
}

// steady reads from a connection and gives up when nothing comes for a while.
type steady struct{ conn net.Conn }

func (s *steady) Read(p []byte) (int, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(frameLimit)); err != nil {
		return 0, err
	}
	return s.conn.Read(p)
}

// receive reads the next frame.
func receive(conn net.Conn, in *bufio.Reader) (frame, error) {
	length, err := await(conn, in)
	if err != nil {
		return frame{}, err
	}
	return readFrame(in, length)
}

// await reads how long the next frame is: it waits for that as long as it takes, and lets the rest take not long.
func await(conn net.Conn, in *bufio.Reader) (length int, err error) {
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return 0, err
	}
	if length, err = readLength(in); err != nil || in.Buffered() >= length {
		return length, err
	}
	return length, conn.SetReadDeadline(time.Now().Add(limit(length)))
}

func limit(bytes int) time.Duration { return frameLimit * time.Duration(1+bytes>>20) }

// sender writes whole frames.
type sender struct {
	busy chan struct{} // a lock that can be waited for with a context
	conn net.Conn
}

func newSender(conn net.Conn) *sender { return &sender{make(chan struct{}, 1), conn} }

// send writes a frame, however long the other side takes.
func (s *sender) send(f frame) error {
	s.busy <- struct{}{}
	defer func() { <-s.busy }()
	return s.write(f.encode())
}

// sendWithin writes a frame unless ctx ends before it is begun: then begun is false. Once begun it is written to its
// end, also when ctx ends meanwhile and the caller has gone; an error is told then to failed.
func (s *sender) sendWithin(ctx context.Context, f frame, failed func()) (begun bool) {
	select {
	case s.busy <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { <-s.busy }()
		if s.write(f.encode()) != nil {
			failed()
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return true
}

func (s *sender) write(b []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(limit(len(b)))); err != nil {
		return err
	}
	_, err := s.conn.Write(b)
	return err
}

// outgoing is the connection of a route. Its lock is held while it is dialed.
type outgoing struct {
	busy chan struct{} // a lock that can be waited for with a context
	link *link         // nil when there is none
}

// link is a connection on which this node asks.
type link struct {
	conn *tls.Conn
	out  *sender

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan reply
	heard   time.Time
	broken  bool
}

// Call sends a request to a node.
func (n *TCP) Call(ctx context.Context, to string, r Request) ([]byte, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	if err := n.ctx.Err(); err != nil {
		return nil, fault.New(fault.Unavailable, "the network is closed")
	}
	if r.Body != nil {
		return n.stream(ctx, to, r)
	}
	l, err := n.link(ctx, route{to, r.Lane})
	if err != nil {
		return nil, err
	}
	id, done, err := l.begin()
	if err != nil {
		return nil, err
	}
	if !l.out.sendWithin(ctx, frame{typ: frameRequest, kind: r.Kind, group: r.Group, id: id, data: r.Data}, l.fail) {
		l.forget(id)
		return nil, fault.Wrap(fault.Unavailable, context.Cause(ctx), "node %s takes nothing: it was not asked", to)
	}
	select {
	case got := <-done:
		return got.answer, got.err
	case <-ctx.Done():
		l.forget(id)
		return nil, fault.Wrap(fault.Uncertain, context.Cause(ctx), "node %s has not answered", to)
	}
}

// link returns the connection of a route and makes one when there is none.
func (n *TCP) link(ctx context.Context, to route) (*link, error) {
	n.mu.Lock()
	o := n.out[to]
	if o == nil {
		o = &outgoing{busy: make(chan struct{}, 1)}
		n.out[to] = o
	}
	n.mu.Unlock()
	select {
	case o.busy <- struct{}{}:
		defer func() { <-o.busy }()
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, context.Cause(ctx), "connecting to node %s", to.node)
	}
	if o.link != nil && !o.link.dead() {
		return o.link, nil
	}
	conn, err := n.dial(ctx, to, false)
	if err != nil {
		return nil, err
	}
	l := &link{conn: conn, out: newSender(conn), waiting: map[uint64]chan reply{}, heard: time.Now()}
	n.work.Go(func() {
		l.read()
		n.drop(conn.NetConn())
		n.lose(to.node)
	})
	o.link = l
	return l, nil
}

func (l *link) dead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

func (l *link) begin() (uint64, <-chan reply, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return 0, nil, fault.New(fault.Unavailable, "the connection has just broken")
	}
	if len(l.waiting) == 0 {
		l.heard = time.Now() // silence counts from here
	}
	l.next++
	done := make(chan reply, 1)
	l.waiting[l.next] = done
	return l.next, done, nil
}

// forget gives an answer up. A connection on which nothing has come for long is given up with it.
func (l *link) forget(id uint64) {
	l.mu.Lock()
	delete(l.waiting, id)
	deaf := time.Since(l.heard) > deafLimit
	l.mu.Unlock()
	if deaf {
		l.fail()
	}
}

// read hands out answers until the connection breaks.
func (l *link) read() {
	defer l.fail()
	in := bufio.NewReaderSize(l.conn, chunkBytes)
	for {
		f, err := receive(l.conn, in)
		if err != nil {
			return
		}
		l.mu.Lock()
		done := l.waiting[f.id]
		delete(l.waiting, f.id)
		l.heard = time.Now()
		l.mu.Unlock()
		if done != nil {
			done <- outcome(f)
		}
	}
}

func outcome(f frame) reply {
	switch f.typ {
	case frameAnswer:
		return reply{answer: f.data}
	case frameError:
		return reply{err: wire.Decode(f.data)}
	}
	return reply{err: fault.New(fault.Uncertain, "the other side does not speak the protocol")}
}

// fail closes the connection and answers who waits.
func (l *link) fail() {
	l.mu.Lock()
	l.broken = true
	waiting := l.waiting
	l.waiting = map[uint64]chan reply{}
	l.mu.Unlock()
	l.conn.NetConn().Close()
	for _, done := range waiting {
		done <- reply{err: fault.New(fault.Uncertain, "the connection broke before the answer came")}
	}
}

// stream sends a request with a body on a connection of its own.
func (n *TCP) stream(ctx context.Context, to string, r Request) ([]byte, error) {
	conn, err := n.dial(ctx, route{to, r.Lane}, true)
	if err != nil {
		return nil, err
	}
	raw := conn.NetConn()
	defer n.drop(raw)
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	out := newSender(conn)
	err = out.send(frame{typ: frameRequest, kind: r.Kind, group: r.Group, id: 1, size: uint64(r.Size), data: r.Data})
	if err == nil {
		_, err = io.CopyN(&patient{conn: conn}, r.Body, r.Size)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Uncertain, err, "sending to node %s", to)
	}
	f, err := receive(conn, bufio.NewReader(conn)) // the handler may take long; ctx bounds it
	if err != nil {
		return nil, fault.Wrap(fault.Uncertain, err, "node %s has not answered", to)
	}
	got := outcome(f)
	return got.answer, got.err
}

// patient writes to a connection and gives up when nothing is taken for a while.
type patient struct{ conn net.Conn }

func (p *patient) Write(b []byte) (int, error) {
	if err := p.conn.SetWriteDeadline(time.Now().Add(frameLimit)); err != nil {
		return 0, err
	}
	return p.conn.Write(b)
}
