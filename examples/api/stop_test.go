package main

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/keelshop/commerce"
)

// TestItEndsWhenAsked starts the program, asks it something, and ends it: the
// shop is closed then, and can be opened again.
func TestItEndsWhenAsked(t *testing.T) {
	free, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, settings{dir: dir, addr: addr}) }()
	for {
		answer, err := http.Get("http://" + addr + "/")
		if err == nil {
			answer.Body.Close()
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("it ended before it was asked to: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	shop, err := commerce.Open(t.Context(), dir)
	if err != nil {
		t.Fatalf("the shop was not closed: %v", err)
	}
	if err := shop.Close(); err != nil {
		t.Error(err)
	}
}
