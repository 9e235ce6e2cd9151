package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// balancer sends requests to the nodes by turns. One that does not answer is
// passed over. nginx, HAProxy or a cloud's balancer does the same; a node needs
// nothing of it, since any node takes any request.
type balancer struct {
	nodes []string // host and port
	turn  atomic.Uint64
}

func (b *balancer) handler() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: b.nodes[0]}) // RoundTrip says which
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		Transport: b,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "no node could answer: "+err.Error(), http.StatusBadGateway)
		},
	}
}

// RoundTrip asks one node after the other. What may have reached a node that
// died is not sent again, unless it only reads: the shopper's browser says
// whether to.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	var failed error
	for range b.nodes {
		out := r.Clone(r.Context())
		out.URL.Host = b.nodes[b.turn.Add(1)%uint64(len(b.nodes))]
		if r.Body != nil {
			out.Body = io.NopCloser(r.Body) // the next node may need it
		}
		answer, err := http.DefaultTransport.RoundTrip(out)
		if err == nil {
			return answer, nil
		}
		failed = errors.Join(failed, err)
		if dial, ok := errors.AsType[*net.OpError](err); r.Method != http.MethodGet && !(ok && dial.Op == "dial") {
			break
		}
	}
	return nil, failed
}
