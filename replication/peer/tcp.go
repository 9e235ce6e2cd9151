package peer

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/keelshop/commerce/fault"
)

// Credentials returns a node's certificate and the authorities that it accepts.
type Credentials = func() (tls.Certificate, *x509.CertPool, error)

// TCPConfig says who a node is. Node, Store, Incarnation, Book and Credentials are required.
type TCPConfig struct {
	Node, Store string
	Incarnation uint64 // see NextIncarnation
	Listen      string // the address to listen on; "" means that only this node opens connections
	Advertise   string // the address that others are told; "" means the one listened on
	Book        *Book
	// Credentials returns the node's certificate, which names it by its NodeURI, and the authorities of the others'.
	// It is called for each new connection, so that files may be replaced while the node runs.
	Credentials Credentials
	TrustEvery  time.Duration     // how often open connections are checked against them again; 0 means a minute
	MaxBytes    int64             // of requests that come in, and their answers, that are under way at once; 0 means 256 MiB. What takes more by itself is fault.Invalid. Lane 0 is not counted
	Info        map[string]string // what Greet tells a newcomer of the store
	Logger      *slog.Logger      // gets warnings; nil means none
}

// Time limits of the transport.
const (
	helloLimit = 5 * time.Second  // to greet each other
	frameLimit = 10 * time.Second // to read or write one frame, and for each MiB of it
	deafLimit  = 3 * time.Second  // after which a connection that says nothing is taken for dead
	maxConns   = 64               // from one node
	maxGuests  = 256              // connections that have not greeted yet
	maxOfOne   = 64               // of those, from one address
	maxServed  = 1024             // requests of one connection that are served at once
	maxBytes   = 256 << 20        // see TCPConfig.MaxBytes
)

// TCP is a network over TCP with TLS 1.3, whose both sides show certificates.
type TCP struct {
	conf     TCPConfig
	boot     string
	listener net.Listener
	handler  *handler
	ctx      context.Context // ends with Close
	stop     context.CancelFunc
	work     sync.WaitGroup
	guests   chan struct{}
	places   places
	held     held

	mu    sync.Mutex
	out   map[route]*outgoing
	open  map[net.Conn]string // all connections, with the node at the other side; to be closed
	shown map[net.Conn]tls.ConnectionState
	ended bool
	lost  func(node string) // see OnLost; may be nil
}

type route struct {
	node string
	lane byte
}

// ListenTCP starts a network and listens.
func ListenTCP(c TCPConfig) (*TCP, error) {
	if c.Node == "" || c.Store == "" || c.Incarnation == 0 || c.Book == nil || c.Credentials == nil {
		return nil, fault.New(fault.Invalid, "a node on the network needs a name, a store, an incarnation, a book of addresses and credentials")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.TrustEvery <= 0 {
		c.TrustEvery = trustEvery
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = maxBytes
	}
	cert, _, err := c.Credentials()
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading the node's certificate")
	}
	if name, err := nodeOf(cert); err != nil || name != c.Node {
		return nil, fault.Wrap(fault.Invalid, err, "the certificate names the node %q, and this is %s", name, c.Node)
	}
	n := &TCP{conf: c, boot: rand.Text(), handler: newHandler(), out: map[route]*outgoing{}, open: map[net.Conn]string{}, shown: map[net.Conn]tls.ConnectionState{}, guests: make(chan struct{}, maxGuests)}
	n.held.limit = c.MaxBytes
	n.ctx, n.stop = context.WithCancel(context.Background())
	if c.Listen == "" {
		n.work.Go(n.watchTrust)
		return n, nil
	}
	if n.listener, err = net.Listen("tcp", c.Listen); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "listening on %s", c.Listen)
	}
	if n.conf.Advertise == "" {
		n.conf.Advertise = n.listener.Addr().String()
	}
	n.work.Go(n.accept)
	n.work.Go(n.watchTrust)
	return n, nil
}

func nodeOf(cert tls.Certificate) (string, error) {
	if len(cert.Certificate) == 0 {
		return "", errors.New("there is no certificate")
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return "", err
	}
	return CertifiedNode(leaf), nil
}

// Addr returns the address that others are told, "" when the node does not listen.
func (n *TCP) Addr() string { return n.conf.Advertise }

// Serve sets who answers requests.
func (n *TCP) Serve(h Handler) { n.handler.serve(h) }

// accept takes connections until Close.
func (n *TCP) accept() {
	for {
		raw, err := n.listener.Accept()
		if n.ctx.Err() != nil {
			if err == nil {
				raw.Close()
			}
			return
		}
		if err != nil { // such as too many open files
			wait(n.ctx, 100*time.Millisecond)
			continue
		}
		from := origin(raw)
		if !n.places.take(from) {
			raw.Close()
			continue
		}
		select {
		case n.guests <- struct{}{}:
			n.work.Go(func() { n.welcome(raw, from) })
		default:
			n.places.leave(from)
			raw.Close()
		}
	}
}

// welcome greets a connection from outside and serves it.
func (n *TCP) welcome(raw net.Conn, from string) {
	defer raw.Close()
	greeted := func() {
		<-n.guests
		n.places.leave(from)
	}
	if !n.note(raw, "") {
		greeted()
		return
	}
	defer n.drop(raw)
	conn, h, err := n.greetGuest(raw)
	greeted()
	if err != nil {
		n.conf.Logger.Warn("a connection was refused", "from", raw.RemoteAddr().String(), "error", err)
		return
	}
	if !n.note(raw, h.Node) {
		return
	}
	if h.Stream {
		n.serveStream(conn, h.Node)
		return
	}
	n.serve(conn, h)
	n.lose(h.Node)
}

// OnLost is Watcher.OnLost.
func (n *TCP) OnLost(lost func(node string)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lost = lost
}

// lose tells that a connection of a node has ended, unless this node ends.
func (n *TCP) lose(node string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lost != nil && !n.ended {
		go n.lost(node)
	}
}

func (n *TCP) greetGuest(raw net.Conn) (*tls.Conn, hello, error) {
	conn, err := n.secure(raw, tls.Server)
	if err != nil {
		return nil, hello{}, err
	}
	h, err := readHello(conn)
	if err != nil {
		return nil, hello{}, err
	}
	mine := n.hello(h.Node)
	refusal := n.judge(conn.ConnectionState(), h, "")
	if refusal != nil {
		mine = hello{Refused: refusal.Error(), Store: n.conf.Store, Node: n.conf.Node, Info: n.conf.Info}
	}
	if err := errors.Join(refusal, writeHello(conn, mine)); err != nil {
		return nil, hello{}, err
	}
	n.show(raw, conn.ConnectionState())
	return conn, h, conn.SetDeadline(time.Time{})
}

// secure shakes hands. The deadline stays until the greeting is done.
func (n *TCP) secure(raw net.Conn, side func(net.Conn, *tls.Config) *tls.Conn) (*tls.Conn, error) {
	return secure(n.ctx, raw, n.conf.Credentials, side)
}

func secure(ctx context.Context, raw net.Conn, credentials Credentials, side func(net.Conn, *tls.Config) *tls.Conn) (*tls.Conn, error) {
	cert, roots, err := credentials()
	if err != nil {
		return nil, fault.Wrap(fault.Broken, err, "reading the node's certificate")
	}
	if err := raw.SetDeadline(time.Now().Add(helloLimit)); err != nil {
		return nil, err
	}
	conn := side(raw, &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert,
		InsecureSkipVerify: true, VerifyConnection: verify(roots), // verify does all of it
		SessionTicketsDisabled: true,
	})
	return conn, conn.HandshakeContext(ctx)
}

func (n *TCP) hello(to string) hello {
	return hello{
		Store: n.conf.Store, Node: n.conf.Node, To: to, Incarnation: n.conf.Incarnation, Boot: n.boot,
		Addr: n.conf.Advertise, Addrs: n.conf.Book.Addrs(),
	}
}

// judge decides whether to talk to the other side. want is the node that should be there, if that is known.
func (n *TCP) judge(state tls.ConnectionState, h hello, want string) error {
	switch {
	case h.Refused != "":
		return fmt.Errorf("it refuses this node: %s", h.Refused)
	case h.Store != n.conf.Store:
		return fmt.Errorf("it belongs to the store %s, not to %s", h.Store, n.conf.Store)
	case h.Node == n.conf.Node:
		return errors.New("it has this node's own name")
	case want != "" && h.Node != want:
		return fmt.Errorf("it is node %s, and %s was expected there", h.Node, want)
	case h.To != "" && h.To != n.conf.Node:
		return fmt.Errorf("it looks for node %s, and this is %s", h.To, n.conf.Node)
	case h.Incarnation == 0 || h.Boot == "":
		return errors.New("it does not say how often it has started")
	}
	if err := certified(state, h); err != nil {
		return err
	}
	if h.Addr == "" {
		return nil // a tool: it has no directory that could be an older copy, and knows no addresses
	}
	err := n.conf.Book.Meet(h.Node, Entry{Addr: h.Addr, Incarnation: h.Incarnation, Boot: h.Boot})
	if _, old := errors.AsType[*RolledBackError](err); old {
		return err
	}
	for node, addr := range h.Addrs {
		if node == n.conf.Node || node == h.Node {
			continue
		}
		err = errors.Join(err, n.conf.Book.Hear(node, addr))
	}
	if err != nil { // what was said is known all the same, while this node runs
		n.conf.Logger.Warn("the addresses of nodes could not be written", "node", h.Node, "error", err)
	}
	return nil
}

// note keeps a connection for Close. It reports false when the network has ended, or the node has too many.
func (n *TCP) note(c net.Conn, node string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	same := 0
	for _, other := range n.open {
		if node != "" && other == node {
			same++
		}
	}
	if n.ended || same >= maxConns {
		return false
	}
	n.open[c] = node
	return true
}

func (n *TCP) drop(c net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.open, c)
	delete(n.shown, c)
}

// Close ends the listener and all connections, and waits for the handlers.
func (n *TCP) Close() error {
	n.stop()
	n.mu.Lock()
	n.ended = true
	for c := range n.open {
		c.Close()
	}
	n.mu.Unlock()
	var err error
	if n.listener != nil {
		err = n.listener.Close()
	}
	n.work.Wait()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

// dial connects to a node and greets it.
func (n *TCP) dial(ctx context.Context, to route, stream bool) (*tls.Conn, error) {
	addr := n.conf.Book.Addr(to.node)
	if addr == "" {
		return nil, fault.New(fault.Unavailable, "node %s cannot be reached: its address is not known here", to.node)
	}
	conn, _, err := n.dialAddr(ctx, addr, to, stream)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "connecting to node %s at %s", to.node, addr)
	}
	return conn, nil
}

func (n *TCP) dialAddr(ctx context.Context, addr string, to route, stream bool) (*tls.Conn, hello, error) {
	ctx, cancel := context.WithTimeout(ctx, helloLimit)
	defer cancel()
	defer context.AfterFunc(n.ctx, cancel)()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, hello{}, err
	}
	if !n.note(raw, "") {
		raw.Close()
		return nil, hello{}, errors.New("the network is closed")
	}
	defer context.AfterFunc(ctx, func() { raw.SetDeadline(time.Now()) })()
	conn, h, err := n.greetHost(raw, to, stream)
	if err != nil {
		n.drop(raw)
		raw.Close()
	}
	return conn, h, err
}

func (n *TCP) greetHost(raw net.Conn, to route, stream bool) (*tls.Conn, hello, error) {
	conn, err := n.secure(raw, tls.Client)
	if err != nil {
		return nil, hello{}, err
	}
	mine := n.hello(to.node)
	mine.Stream, mine.Lane = stream, to.lane
	if err := writeHello(conn, mine); err != nil {
		return nil, hello{}, err
	}
	h, err := readHello(conn)
	if err != nil {
		return nil, hello{}, err
	}
	if err := n.judge(conn.ConnectionState(), h, to.node); err != nil {
		return nil, hello{}, err
	}
	n.show(raw, conn.ConnectionState())
	return conn, h, conn.SetDeadline(time.Time{})
}

// Discover connects to an address and returns which node is there. Its address and those it knows are in the book
// then.
func (n *TCP) Discover(ctx context.Context, addr string) (node string, err error) {
	conn, h, err := n.dialAddr(ctx, addr, route{}, false)
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "asking who is at %s", addr)
	}
	n.drop(conn.NetConn())
	conn.Close()
	return h.Node, n.conf.Book.Hear(h.Node, addr)
}

// Greeting is what a node tells a newcomer.
type Greeting struct {
	Store, Node string
	Info        map[string]string // see TCPConfig.Info
}

// Greet asks who is at an address and which store is there, before this node belongs to it. Only nodes whose
// certificates both sides accept talk to each other.
func Greet(ctx context.Context, addr string, credentials Credentials) (Greeting, error) {
	ctx, cancel := context.WithTimeout(ctx, helloLimit)
	defer cancel()
	cert, _, err := credentials()
	if err != nil {
		return Greeting{}, fault.Wrap(fault.Invalid, err, "reading the node's certificate")
	}
	me, err := nodeOf(cert)
	if err != nil {
		return Greeting{}, fault.Wrap(fault.Invalid, err, "reading the node's certificate")
	}
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return Greeting{}, fault.Wrap(fault.Unavailable, err, "asking who is at %s", addr)
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	conn, err := secure(ctx, raw, credentials, tls.Client)
	if err == nil {
		err = writeHello(conn, hello{Node: me})
	}
	var h hello
	if err == nil {
		h, err = readHello(conn)
	}
	if err == nil {
		err = certified(conn.ConnectionState(), h)
	}
	if err != nil {
		return Greeting{}, fault.Wrap(fault.Unavailable, err, "asking who is at %s", addr)
	}
	return Greeting{Store: h.Store, Node: h.Node, Info: h.Info}, nil
}

// NodeOf returns the node that a certificate names.
func NodeOf(credentials Credentials) (string, error) {
	cert, _, err := credentials()
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "reading the node's certificate")
	}
	name, err := nodeOf(cert)
	if err != nil || name == "" {
		return "", fault.Wrap(fault.Invalid, err, "the certificate names no node")
	}
	return name, nil
}

// discard reads what is left of a body, so that the answer can be read by the other side.
func discard(r io.Reader) { _, _ = io.Copy(io.Discard, r) }
