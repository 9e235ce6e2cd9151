package web_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keelshop/commerce/internal/web"
)

// slowly reads what a server sends, 16 KiB in a second of virtual time.
func slowly(c net.Conn) io.Reader { return &slow{c} }

type slow struct{ net.Conn }

func (s *slow) Read(b []byte) (int, error) {
	time.Sleep(time.Second)
	return s.Conn.Read(b[:min(len(b), 16<<10)])
}

// TestAFileTakesAsLongAsItsClient: a file of 4 MiB arrives as a whole at 16 KiB
// a second, in four minutes, in a server that gives other answers one.
func TestAFileTakesAsLongAsItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 4 << 20
		l := newPipes()
		stop := serve(t, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			web.ServeFile(w, r, bytes.NewReader(make([]byte, size)))
		}))
		c := l.dial()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		answer, err := http.ReadResponse(bufio.NewReaderSize(slowly(c), 16<<10), nil)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, answer.Body)
		if n != size || err != nil {
			t.Errorf("%d of %d bytes arrive: %v", n, size, err)
		}
		if took := time.Since(start); took < 2*time.Minute {
			t.Errorf("it took %s, which shows nothing", took)
		}
		if err := stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

// TestAFileDoesNotWaitForEver: who reads nothing more is cut off.
func TestAFileDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ended := newPipes(), make(chan struct{})
		stop := serve(t, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			web.ServeFile(w, r, bytes.NewReader(make([]byte, 1<<20)))
		}))
		start := time.Now()
		if _, err := io.WriteString(l.dial(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-ended
		if took := time.Since(start); took > 2*time.Minute {
			t.Errorf("it took %s", took)
		}
		if err := stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

// TestAnUploadTakesAsLongAsItsClient: so does a file that is sent, in a server
// that gives other bodies half a minute.
func TestAnUploadTakesAsLongAsItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const part, parts = 16 << 10, 100
		l, got := newPipes(), make(chan int64, 2)
		stop := serve(t, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, web.LongBody(w, r, part*parts))
			if err != nil {
				t.Error(err)
			}
			time.Sleep(5 * time.Minute) // what comes after may last
			if r.Context().Err() != nil {
				t.Error("the request ended while it was worked on")
			}
			got <- n
		}))
		c := l.dial()
		go func() { _, _ = io.Copy(io.Discard, c) }()
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1638400\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		for range parts {
			time.Sleep(time.Second)
			if _, err := c.Write(make([]byte, part)); err != nil {
				t.Fatal(err)
			}
		}
		if n := <-got; n != part*parts {
			t.Errorf("%d bytes arrive", n)
		}
		if err := stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

// TestABodyHasATimeInAnyServer: ReadBody bounds it in a server without a
// ReadTimeout, and takes the bound away again.
func TestABodyHasATimeInAnyServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, failed := newPipes(), make(chan error, 2)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := web.ReadBody(w, r, 1000)
			if err == nil {
				time.Sleep(5 * time.Minute)
				err = r.Context().Err()
			}
			failed <- err
		})}
		go func() { _ = server.Serve(l) }()
		if _, err := io.WriteString(l.dial(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this"); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := <-failed; err == nil || time.Since(start) > time.Minute {
			t.Errorf("a body that stops: %v after %s", err, time.Since(start))
		}
		if _, err := io.WriteString(l.dial(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nthis"); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; err != nil {
			t.Errorf("a body that comes: %v", err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestNobodyWaitsForABody: a body that stops coming is answered and its
// connection ends, whether somebody reads it or nobody does, in a server that
// sets no time at all.
func TestNobodyWaitsForABody(t *testing.T) {
	answer := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
	limit := web.LimitAddresses(web.Rate{Requests: 1, Per: time.Hour}, nil, web.Problem)
	sameOrigin, err := web.SameOrigin(nil, web.Problem)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		h    http.Handler
		most time.Duration
	}{
		"ReadBody": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = web.ReadBody(w, r, 1000)
			answer(w, r)
		}), time.Minute},
		"LongBody": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, web.LongBody(w, r, 1000))
			answer(w, r)
		}), time.Minute},
		"unread":          {web.BoundBodies(1)(http.HandlerFunc(answer)), time.Minute},
		"too many":        {limit(http.HandlerFunc(answer)), time.Second},
		"another origin":  {sameOrigin(http.HandlerFunc(answer)), time.Second},
		"announced large": {web.LimitBody(50, web.Problem)(http.HandlerFunc(answer)), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if name == "too many" {
					r := httptest.NewRequest("GET", "/", nil)
					r.RemoteAddr = "192.0.2.1:1"
					c.h.ServeHTTP(httptest.NewRecorder(), r)
				}
				l := newPipes()
				server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.RemoteAddr = "192.0.2.1:1"
					c.h.ServeHTTP(w, r)
				})}
				go func() { _ = server.Serve(l) }()
				conn, start := l.dial(), time.Now()
				if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nOrigin: https://elsewhere\r\nContent-Length: 100\r\n\r\nonly this"); err != nil {
					t.Fatal(err)
				}
				ending := time.AfterFunc(10*time.Minute, func() { conn.Close() }) // so that a mistake ends, too
				defer ending.Stop()
				got, _ := io.ReadAll(conn)
				if took := time.Since(start); took > c.most || !strings.HasPrefix(string(got), "HTTP/1.1 4") {
					t.Errorf("after %s the answer is %q", took, got)
				}
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// reluctant is a client that takes a second for each piece of an answer.
type reluctant struct{ *httptest.ResponseRecorder }

func (r reluctant) Write(b []byte) (int, error) {
	time.Sleep(time.Second) // virtual
	return r.ResponseRecorder.Write(b)
}

// TestSlowReadersTakeNoPlaces: an answer that is being sent holds no place, and
// its time is not the server's.
func TestSlowReadersTakeNoPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shed := web.NewShedder(4, 100*time.Millisecond, web.Problem)
		h := web.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			running, ok := shed.Admit(w, r, true)
			if !ok {
				return
			}
			defer running.Done()
			_, _ = io.WriteString(w, "one")
			_, _ = io.WriteString(w, "two")
		}), web.RequestID, web.Observe(func(*http.Request, web.Served) {}))
		before := shed.Limit()
		codes := make(chan int)
		for range 200 {
			go func() {
				w := reluctant{httptest.NewRecorder()}
				h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				codes <- w.Code
			}()
			synctest.Wait() // it is at its first piece
		}
		for range 200 {
			if code := <-codes; code != 200 {
				t.Fatalf("a reader got %d", code)
			}
		}
		if shed.Limit() != before {
			t.Errorf("the limit went from %d to %d", before, shed.Limit())
		}
	})
}

// TestOneAddressAtOnce: of one network, a fifth of what may come in a time may be
// under way; others are not held up by it.
func TestOneAddressAtOnce(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 100)
	h := web.LimitAddresses(web.Rate{Requests: 200, Per: time.Minute}, nil, web.Problem)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	ask := func(from string) int {
		r := httptest.NewRequest("POST", "/", strings.NewReader("x"))
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	ended := make(chan int)
	for range 40 {
		go func() { ended <- ask("192.0.2.1:1000") }()
	}
	for range 40 {
		<-arrived
	}
	if code := ask("192.0.2.1:1001"); code != http.StatusTooManyRequests {
		t.Errorf("one more got %d", code)
	}
	go func() { ended <- ask("192.0.2.2:1000") }()
	<-arrived
	close(release)
	for range 41 {
		if code := <-ended; code != 200 {
			t.Errorf("one got %d", code)
		}
	}
	if code := ask("192.0.2.1:1001"); code != 200 {
		t.Errorf("afterwards one got %d", code)
	}
}
