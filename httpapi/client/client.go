// Package client calls a shop's REST API, as package httpapi serves it.
//
//	shop := client.New("https://shop.example.com/api", client.WithToken(token))
//	cart, err := shop.CreateCart(ctx, client.CreateCartBody{Lines: []client.LineInput{{SKU: "mug", Quantity: 2}}})
//
// There is one method for each operation, and one type for each schema of the
// API's OpenAPI document, from which both are generated.
//
// A call that changes something gets an idempotency key, if it was given none,
// and is sent again with the same key when the answer is lost or says to try
// again. So whatever an error says, nothing has happened twice.
//
// A client sees what it has written itself, whichever node of the shop answers:
// it takes the position of each answer along to the next call.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keelshop/commerce/fault"
)

// Client calls one API. It is safe for concurrent use.
type Client struct {
	base  string
	http  *http.Client
	token string
	// seen is what answers have told of their positions.
	seen position
}

// Setting changes how a client is made.
type Setting func(*Client)

// WithToken makes calls in a session: see LogIn.
func WithToken(token string) Setting { return func(c *Client) { c.token = token } }

// WithHTTPClient sends requests through h. The default has a time limit of a
// minute for each.
func WithHTTPClient(h *http.Client) Setting { return func(c *Client) { c.http = h } }

// New returns a client of the API at base, as in https://shop.example.com/api.
func New(base string, settings ...Setting) *Client {
	c := &Client{base: strings.TrimSuffix(base, "/"), http: &http.Client{Timeout: time.Minute}}
	for _, set := range settings {
		set(c)
	}
	return c
}

// CallOption changes one call.
type CallOption func(*call)

// Key sets the idempotency key of a call that changes something.
func Key(key string) CallOption { return func(c *call) { c.key = key } }

// IfVersion makes a change only if the thing is still at this version;
// otherwise the error is fault.Conflict.
func IfVersion(version int64) CallOption {
	return func(c *call) { c.header.Set("If-Match", strconv.Quote(strconv.FormatInt(version, 10))) }
}

// IfNew makes a change that creates or replaces only if the thing is not there
// yet; otherwise the error is fault.Conflict.
func IfNew() CallOption { return func(c *call) { c.header.Set("If-None-Match", "*") } }

// IfThere makes a change that creates or replaces only if the thing is there, at
// whatever version; otherwise the error is fault.Conflict.
func IfThere() CallOption { return func(c *call) { c.header.Set("If-Match", "*") } }

// Fields asks for a part of the answer, as in "id", "lines.sku". The other
// fields of the result are zero.
func Fields(names ...string) CallOption {
	return func(c *call) { c.query.Set("fields", strings.Join(names, ",")) }
}

// Problem says what is wrong with one of many things.
type Problem = Error

// FieldProblem says what is wrong with one field of a request.
type FieldProblem struct {
	Location string `json:"location"` // as in body.lines[0].sku
	Message  string `json:"message"`
}

// Error is a problem that the API answered with. errors.Is finds its fault
// code in it, as if the store had been called directly.
type Error struct {
	Status  int             `json:"status"`
	Detail  string          `json:"detail"`
	Code    string          `json:"code"`  // the name of a fault code
	Name    string          `json:"error"` // as in inventory.out_of_stock
	About   json.RawMessage `json:"about"` // a JSON object, or nil
	Fields  []FieldProblem  `json:"fields"`
	Request string          `json:"request"` // its ID in the server's log
}

// Error returns what is the matter, with the field if there is one.
func (e *Error) Error() string {
	text := e.Detail
	for _, f := range e.Fields {
		text += fmt.Sprintf(" (%s: %s)", f.Location, f.Message)
	}
	return text
}

// Unwrap returns the fault code.
func (e *Error) Unwrap() error {
	code := fault.Broken
	_ = code.UnmarshalText([]byte(e.Code)) // an unknown name leaves Broken in place
	return code
}

// call is one request.
type call struct {
	method string
	path   string
	query  url.Values
	header http.Header
	key    string
	body   any // nil is none
}

// maxTries is how often a call is sent before its error is returned.
const maxTries = 4

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 64 << 20

// do sends a call until it has an answer, and decodes it into out unless that
// is nil.
func (c *Client) do(ctx context.Context, k call, opts []CallOption, out any) error {
	if k.query == nil {
		k.query = url.Values{}
	}
	k.header = http.Header{}
	for _, o := range opts {
		o(&k)
	}
	if k.method != http.MethodGet && k.key == "" {
		k.key = rand.Text()
	}
	body, err := encode(k.body)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "encoding the request")
	}
	for try := 1; ; try++ {
		wait, err := c.send(ctx, k, body, out)
		if ofPosition(err) && try < maxTries {
			continue // without it
		}
		if err == nil || try == maxTries || !fault.Retryable(err) {
			return err
		}
		select {
		case <-time.After(max(wait, time.Duration(1<<try)*50*time.Millisecond)):
		case <-ctx.Done():
			return err
		}
	}
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	return json.Marshal(body)
}

// send sends a call once. wait is how long the server wants to be left alone.
func (c *Client) send(ctx context.Context, k call, body []byte, out any) (wait time.Duration, err error) {
	address := c.base + k.path
	if len(k.query) > 0 {
		address += "?" + k.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, k.method, address, bytes.NewReader(body))
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "making the request")
	}
	r.Header = k.header.Clone()
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if k.key != "" {
		r.Header.Set("Idempotency-Key", k.key)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	seen := c.seen.Load()
	if seen != nil {
		r.Header.Set(positionHeader, *seen)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, c.lost(k, err)
	}
	defer answer.Body.Close()
	c.seen.reached(answer.Header.Get(positionHeader))
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return 0, c.lost(k, err)
	}
	if answer.StatusCode >= http.StatusBadRequest {
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // 0 if there is none
		err := problem(answer.StatusCode, text)
		if ofPosition(err) {
			c.seen.CompareAndSwap(seen, nil)
		}
		return time.Duration(seconds) * time.Second, err
	}
	if out == nil || len(text) == 0 {
		return 0, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return 0, fault.Wrap(fault.Broken, err, "reading the answer to %s %s", k.method, k.path)
	}
	return 0, nil
}

// lost says that no answer came: what was to be changed may have changed.
func (c *Client) lost(k call, err error) error {
	if k.method == http.MethodGet {
		return fault.Wrap(fault.Unavailable, err, "no answer")
	}
	return fault.Wrap(fault.Uncertain, err, "no answer: ask again with the key %q", k.key)
}

func problem(status int, text []byte) error {
	e := &Error{}
	if json.Unmarshal(text, e) != nil || e.Code == "" {
		return &Error{Status: status, Code: fault.Broken.String(), Detail: "the server answered " + http.StatusText(status)}
	}
	return e
}

// ofPosition reports whether err refuses the position that was sent, as a shop
// does that is another one by now. Nothing has been done then.
func ofPosition(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.ContainsFunc(e.Fields, func(f FieldProblem) bool { return f.Location == "header."+positionHeader })
}

// NameOf returns the name of the API's typed error that err holds, as in
// checkout.declined, or "".
func NameOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Name
	}
	return ""
}
