package web

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/keelshop/commerce/internal/pan"
)

// Bounds on what one connection may take. A client that sends its headers or
// its body byte by byte is cut off by the clock.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 32 << 10
	maxStreams    = 250 // of one HTTP/2 connection
)

// Server returns an http.Server for h with bounds on time and size, which
// speaks HTTP/1.1 and HTTP/2: with TLS, and without it to a proxy that knows.
func Server(h http.Handler, l *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		Protocols:         new(http.Protocols),
		ErrorLog:          log.New(nameless{pan.Logger(l)}, "", 0),
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	return s
}

// nameless logs what net/http says clients do wrong, without their addresses.
type nameless struct{ log *slog.Logger }

func (n nameless) Write(line []byte) (int, error) {
	words := strings.Fields(strings.ReplaceAll(string(line), "->", " -> ")) // between the two ends of a connection
	for i, word := range words {
		if _, err := netip.ParseAddrPort(strings.TrimRight(word, ":;,.")); err == nil {
			words[i] = "a client:"
		}
	}
	n.log.Debug(strings.Join(words, " "))
	return len(line), nil
}

// Serve answers on listener until ctx ends. Then it takes no new connections
// and gives requests that are running up to grace to finish. It returns nil
// if all did. The listener is closed when it returns.
func Serve(ctx context.Context, s *http.Server, listener net.Listener, grace time.Duration) error {
	ended := make(chan error, 1)
	go func() {
		if s.TLSConfig != nil {
			ended <- s.ServeTLS(listener, "", "")
			return
		}
		ended <- s.Serve(listener)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := s.Shutdown(limit)
	if err != nil {
		err = errors.Join(err, s.Close())
	}
	<-ended // http.ErrServerClosed
	return err
}
