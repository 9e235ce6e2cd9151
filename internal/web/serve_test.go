package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/internal/web"
)

// pipes is a listener whose connections are in memory, so that their
// deadlines run in virtual time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// serve runs a server in the bubble and returns a function that stops it and
// gives Serve's error.
func serve(t *testing.T, l net.Listener, h http.Handler) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- web.Serve(ctx, web.Server(h, slog.New(slog.DiscardHandler)), l, 10*time.Second) }()
	return func() error { cancel(); return <-ended }
}

func TestASlowClientIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		stop := serve(t, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				w.WriteHeader(http.StatusRequestTimeout)
			}
		}))
		for name, sent := range map[string]string{
			"in its headers": "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
			"in its body":    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this",
		} {
			start := time.Now()
			c := l.dial()
			if _, err := io.WriteString(c, sent); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, c) // until the server hangs up
			if took := time.Since(start); took == 0 || took > time.Minute {
				t.Errorf("a client that stops %s is cut off after %s", name, took)
			}
		}
		if err := stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

func TestServeFinishesWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, begun := newPipes(), make(chan struct{})
		stop := serve(t, l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(begun)
			time.Sleep(5 * time.Second) // virtual
			_, _ = io.WriteString(w, "done")
		}))
		c := l.dial()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-begun
		answered := make(chan string)
		go func() {
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				answered <- err.Error()
				return
			}
			body, _ := io.ReadAll(answer.Body)
			answered <- string(body)
		}()
		stopped := make(chan error, 1)
		go func() { stopped <- stop() }()
		if got := <-answered; got != "done" {
			t.Errorf("the request that ran got %q", got)
		}
		if err := <-stopped; err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})
}

func TestServeDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, begun := newPipes(), make(chan struct{})
		stop := serve(t, l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(begun)
			<-r.Context().Done()
		}))
		c := l.dial()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-begun
		go func() { _, _ = io.Copy(io.Discard, c) }()
		if err := stop(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Serve returned %v, want that it gave up", err)
		}
	})
}

func TestHealth(t *testing.T) {
	mux := http.NewServeMux()
	var sick error
	web.Health(mux, func(context.Context) error { return sick })
	ask := func(path string) int {
		r, err := http.NewRequestWithContext(t.Context(), "GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := &status{}
		mux.ServeHTTP(w, r)
		return w.code
	}
	if ask("/healthz") != 200 || ask("/readyz") != 200 {
		t.Error("a healthy program does not say so")
	}
	if sick = errors.New("no disk"); ask("/healthz") != 200 || ask("/readyz") != 503 {
		t.Error("a sick program does not say so")
	}
}

type status struct{ code int }

func (s *status) Header() http.Header         { return http.Header{} }
func (s *status) Write(b []byte) (int, error) { return len(b), nil }
func (s *status) WriteHeader(code int)        { s.code = code }

// TestHTTP2: the server speaks HTTP/2 with TLS, and without it to a proxy that
// knows, on one connection for many requests.
func TestHTTP2(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	for _, secure := range []bool{true, false} {
		listener := httptest.NewUnstartedServer(echo)
		listener.Config = web.Server(echo, slog.New(slog.DiscardHandler))
		listener.EnableHTTP2 = secure
		if secure {
			listener.StartTLS()
		} else {
			listener.Start()
		}
		transport := &http.Transport{Protocols: new(http.Protocols)}
		if secure {
			transport = listener.Client().Transport.(*http.Transport)
		} else {
			transport.Protocols.SetUnencryptedHTTP2(true)
		}
		for range 3 {
			answer, err := (&http.Client{Transport: transport}).Get(listener.URL)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || string(body) != "HTTP/2.0" {
				t.Errorf("with TLS: %t, it speaks %q (%v)", secure, body, err)
			}
		}
		transport.CloseIdleConnections()
		listener.Close()
	}
}
