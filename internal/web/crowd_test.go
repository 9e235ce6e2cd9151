package web_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/web"
)

// TestIdleConnections opens as many connections as the system lets this process
// have, up to 10,000, that send nothing more after their first request. Others
// are still served, and each idle one costs little.
func TestIdleConnections(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	want := 10_000
	if os.Getenv("COMMERCE_LONG") == "" {
		want = 500
		t.Log("500 connections; COMMERCE_LONG=1 opens 10,000")
	}
	if most := (int(min(limit.Cur, 1<<20)) - 400) / 2; want > most { // both ends are in this process
		want = most
		t.Logf("the limit of %d open files allows for %d connections", limit.Cur, most)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	server := web.Server(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "served") }), slog.New(slog.DiscardHandler))
	server.IdleTimeout = 10 * time.Minute // none is closed while others are opened
	done := make(chan error, 1)
	go func() { done <- web.Serve(ctx, server, listener, time.Minute) }()
	before := heap()
	idle := make([]net.Conn, want)
	var all sync.WaitGroup
	for part := range 8 {
		all.Go(func() {
			for i := part; i < want; i += 8 {
				if idle[i], err = net.Dial("tcp", listener.Addr().String()); err != nil {
					t.Errorf("connection %d: %v", i, err)
					return
				}
				if err := ask(idle[i]); err != nil {
					t.Errorf("connection %d: %v", i, err)
					return
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	each := (heap() - before) / int64(want)
	t.Logf("%d idle connections, %d bytes of memory each, both ends", want, each)
	if each > 64<<10 {
		t.Errorf("an idle connection costs %d bytes", each)
	}
	if err := ask(idle[want/2]); err != nil {
		t.Errorf("one that wakes up: %v", err)
	}
	fresh, err := net.Dial("tcp", listener.Addr().String())
	if err == nil {
		err = ask(fresh)
		fresh.Close()
	}
	if err != nil {
		t.Errorf("a newcomer: %v", err)
	}
	stop() // idle ones do not keep the server from ending
	if err := <-done; err != nil {
		t.Errorf("shutting down: %v", err)
	}
	for _, c := range idle {
		c.Close()
	}
}

// ask sends a request over a connection and reads its answer.
func ask(c net.Conn) error {
	if _, err := fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return answer.Body.Close()
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
