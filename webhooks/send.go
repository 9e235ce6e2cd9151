package webhooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"code.dny.dev/ssrf"

	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/endpoints"
)

const (
	mostAnswer     = 64 << 10 // bytes that are read of an answer
	mostRetryAfter = time.Hour
)

// sender makes single attempts.
type sender struct {
	client *http.Client
	opt    Options
}

func newSender(opt Options) *sender {
	dialer := &net.Dialer{Timeout: opt.Timeout}
	if !opt.AllowPrivate {
		// Looked at when the address is dialed, after every look-up of the name.
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	return &sender{opt: opt, client: &http.Client{
		Timeout: opt.Timeout,
		Transport: &http.Transport{ // no proxy: it would dial for us, unguarded
			DialContext: dialer.DialContext, TLSHandshakeTimeout: opt.Timeout, MaxResponseHeaderBytes: mostAnswer,
			MaxIdleConns: 100, MaxIdleConnsPerHost: opt.Parallel, IdleConnTimeout: time.Minute, DisableCompression: true, ForceAttemptHTTP2: true,
		},
		// A redirect could lead anywhere, and would lose the body.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *sender) close() { s.client.CloseIdleConnections() }

// result is the outcome of one attempt.
type result struct {
	status     int // 0 if there was no answer
	problem    string
	took       time.Duration
	retryAfter time.Duration // that the endpoint asked for
	canceled   bool          // by us
}

func (r result) ok() bool   { return r.status >= 200 && r.status < 300 }
func (r result) gone() bool { return r.status == http.StatusGone }

func (r result) delivery(e commerce.Event, attempt int64, outcome endpoints.Outcome, began time.Time) endpoints.Delivery {
	return endpoints.Delivery{
		Message: MessageID(e), Kind: e.Kind, Subject: e.Subject, Outcome: outcome, Attempt: attempt,
		Status: int64(r.status), Error: r.problem, Millis: r.took.Milliseconds(), At: began.UnixMilli(),
	}
}

// send makes one attempt to deliver an event.
func (s *sender) send(ctx context.Context, to target, e commerce.Event) result {
	began := time.Now()
	r := s.try(ctx, to, e)
	r.took = time.Since(began)
	r.canceled = ctx.Err() != nil && !r.ok()
	return r
}

func (s *sender) try(ctx context.Context, to target, e commerce.Event) result {
	request, err := s.request(ctx, to, e)
	if err != nil {
		return result{problem: plain(err)}
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return result{problem: plain(err)}
	}
	defer answer.Body.Close()
	io.CopyN(io.Discard, answer.Body, mostAnswer) // so that the connection can be used again
	r := result{status: answer.StatusCode}
	if !r.ok() {
		r.problem = "it answered " + strconv.Itoa(r.status)
		r.retryAfter = retryAfter(answer.Header)
	}
	return r
}

func (s *sender) request(ctx context.Context, to target, e commerce.Event) (*http.Request, error) {
	body, err := bodyOf(e)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL.Reveal(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("its address cannot be used")
	}
	if request.URL.Scheme != "https" && !s.opt.AllowPrivate {
		return nil, errors.New("its address is not https")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "commerce-webhooks/1")
	return request, sign(request.Header, MessageID(e), time.Now(), body, to.secrets)
}

// plain returns what went wrong without the address, which may hold a token,
// and short.
func plain(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	text := strings.ToValidUTF8(err.Error(), "?")
	for len(text) > 300 || !utf8.ValidString(text) {
		text = text[:min(len(text)-1, 300)]
	}
	return text
}

// retryAfter returns for how many seconds an endpoint asks to be left alone.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, mostRetryAfter)
}

// MessageID returns the webhook-id of an event. It is the same in every attempt,
// to every endpoint.
func MessageID(e commerce.Event) string {
	return fmt.Sprintf("evt_%d_%d_%s", e.Shard, e.Sequence, strconv.FormatInt(e.At.UnixMilli(), 36))
}
