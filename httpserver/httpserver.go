// Package httpserver serves a shop to the open Internet: an http.Server with
// bounds on what one client may take, and an orderly end.
//
//	listener, err := net.Listen("tcp", ":8080")
//	…
//	err = httpserver.Serve(ctx, httpserver.New(handler, logger), listener, 10*time.Second)
//
// A program that has a server already sets the same bounds on it. Pages and API
// bring what they can themselves: bodies have half a minute in any server, read
// or not, and of one address only so many requests may be under way (see
// PerAddress in storefront.Options and httpapi.Options). The admin, which is for
// staff, leaves bodies to the server's ReadTimeout. What none can bound is how
// long the headers of a request take to arrive, and how long an answer takes to
// be read: a program's own server needs a ReadHeaderTimeout and a WriteTimeout at
// least. Files set their own deadlines, part by part, so a WriteTimeout does not
// cut long ones off.
package httpserver

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/keelshop/commerce/internal/web"
)

// New returns a server for h that speaks HTTP/1.1 and HTTP/2: with TLS, if its
// TLSConfig is set, and without to a proxy that knows. Headers have 5 seconds and
// 32 KiB, a whole request half a minute, an answer a minute, and an idle
// connection is closed after a minute. What clients do wrong goes to logger at
// the level Debug, without their addresses.
func New(h http.Handler, logger *slog.Logger) *http.Server { return web.Server(h, logger) }

// Serve answers on listener until ctx ends. Then it takes no new connections
// and gives requests that are running up to grace to finish. It returns nil
// if all did. The listener is closed when it returns.
func Serve(ctx context.Context, s *http.Server, listener net.Listener, grace time.Duration) error {
	return web.Serve(ctx, s, listener, grace)
}
