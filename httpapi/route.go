package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/web"
)

// route declares one operation.
type route struct {
	policy  policy
	method  string
	path    string // as in /carts/{cart}
	id      string // the operation's name, as in get-cart
	group   string // the heading on the page
	summary string
	status  int  // of success; 0 is 200, or 204 without a body
	secret  bool // it tries a password or a token
}

// answer is what most routes answer with.
type answer[T any] struct {
	ETag         string `header:"ETag" doc:"The version of what was read, for If-Match and If-None-Match."`
	CacheControl string `header:"Cache-Control"`
	SurrogateKey string `header:"Surrogate-Key" doc:"What a cache in front may purge this by."`
	Location     string `header:"Location"`
	Link         string `header:"Link" doc:"The next page."`
	Body         T
}

// statusAnswer is an answer whose status says how far things have come.
type statusAnswer[T any] struct {
	Status int
	ETag   string `header:"ETag"`
	Body   T
}

// Keyed is what every route takes that changes something.
type Keyed struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"Makes asking again safe: the same key with the same request has one effect and one answer. Guests need 16 characters or more, from a good source of randomness."`
}

// Repeatable is what a route takes that does nothing more when it is asked again,
// so that it needs no key.
type Repeatable struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"Taken, and not needed: asking again is safe without one."`
}

// Read is what the route of one thing takes.
type Read struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"400" doc:"Answer 304 if the ETag is still this."`
}

// add registers an operation and the function that carries it out.
func add[I, O any](a *api, r route, do func(context.Context, *I) (*O, error)) {
	a.routes = append(a.routes, r)
	in := reflect.TypeFor[I]()
	if body, ok := in.FieldByName("Body"); ok {
		a.bodies[r.id] = body.Type
	}
	a.mistakes = append(a.mistakes, hiddenFields(r, in), unkeyed(r, in))
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary, Tags: []string{r.group},
		DefaultStatus: r.status, MaxBodyBytes: r.maxBody() + 1,
		BodyReadTimeout: -1, // guard has read it; a deadline now would end what runs when it passes
		Extensions:      map[string]any{"x-policy": r.policy.String()},
		Middlewares:     huma.Middlewares{a.guard(r, conditionsOf(in))},
		Responses:       map[string]*huma.Response{"default": a.problemResponse()},
	}
	if r.policy == forCustomer || r.policy == forSession || r.policy == forOrderOwner || r.policy == forStaff {
		op.Security = []map[string][]string{{"session": {}}}
	}
	op.Parameters = []*huma.Param{positionParam()}
	if answersJSON(reflect.TypeFor[O]()) {
		op.Parameters = append(op.Parameters, fieldsParam())
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := carryOut(in, func() (*O, error) { return do(ctx, in) })
		a.tellPosition(ctx)
		if err != nil {
			return nil, a.problemOf(ctx, placed(in, err))
		}
		return out, nil
	})
}

// answersJSON reports whether an answer has a body that is encoded.
func answersJSON(out reflect.Type) bool {
	body, ok := out.FieldByName("Body")
	return ok && body.Type.Kind() != reflect.Func
}

// check refuses routes that do not say who may use them, whether they were
// registered by add or past it.
func (a *api) check() error {
	var bad []error
	declared := map[string]bool{}
	for _, r := range a.routes {
		declared[r.method+" "+r.path] = r.policy.String() != policy(0).String()
	}
	for path, item := range a.huma.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{
			"GET": item.Get, "PUT": item.Put, "POST": item.Post, "PATCH": item.Patch,
			"DELETE": item.Delete, "HEAD": item.Head, "OPTIONS": item.Options, "TRACE": item.Trace,
		} {
			if op != nil && !declared[method+" "+path] {
				bad = append(bad, fmt.Errorf("%s %s does not say who may use it", method, path))
			}
		}
	}
	return errors.Join(append(bad, a.mistakes...)...)
}

// hiddenFields returns an error if an input embeds a struct that huma cannot
// see: what a client sends in its fields would be lost without a word.
func hiddenFields(r route, in reflect.Type) error {
	for i := range in.NumField() {
		if f := in.Field(i); f.Anonymous && !f.IsExported() {
			return fmt.Errorf("%s %s: the input embeds %s, which is not exported", r.method, r.path, f.Name)
		}
	}
	return nil
}

// unkeyed returns an error if a route that may change something does not take an
// Idempotency-Key: one that a client sends would be lost without a word. What a
// payment provider sends bears a name of its own.
func unkeyed(r route, in reflect.Type) error {
	if r.method == http.MethodGet || r.policy == forProvider {
		return nil
	}
	if f, ok := in.FieldByName("Key"); ok && f.Tag.Get("header") == "Idempotency-Key" {
		return nil
	}
	return fmt.Errorf("%s %s takes no Idempotency-Key", r.method, r.path)
}

// guard is what every operation passes: who asks, whether they may, how often,
// and whether what they send can be read.
func (a *api) guard(r route, takes conditions) func(huma.Context, func(huma.Context)) {
	name := r.method + " " + r.path
	return func(hc huma.Context, next func(huma.Context)) {
		req, w := humago.Unwrap(hc)
		ctx := hc.Context()
		web.SetRoute(ctx, name)
		var body []byte
		var unread error
		if r.policy != forStaff { // it comes before anything is taken up
			body, unread = a.readBody(w, req, r)
		}
		running, ok := a.shed.Admit(w, req, r.essential())
		if !ok {
			return
		}
		defer func() { running.Done() }()
		if r.policy != forAll {
			w.Header().Set("Cache-Control", "no-store")
		}
		ctx, err := a.since(ctx, req)
		var caller Caller
		if err == nil {
			caller, err = a.caller(ctx, r, req)
		}
		if err == nil {
			err = r.policy.placed(a.permit(ctx, r.policy, caller, hc.Param))
		}
		if err == nil {
			err = checkKey(caller, req)
		}
		joinTags(req)
		if err == nil {
			err = takes.check(req)
		}
		if err == nil {
			err = checkQuery(hc.Operation(), req)
		}
		var fields string
		if err == nil {
			fields, err = a.takeFields(hc.Operation(), req)
		}
		if err == nil && r.policy == forStaff && r.method != http.MethodGet { // what they send may be long
			running.Done()
			body, unread = a.readBody(w, req, r)
			again, ok := a.shed.Admit(w, req, r.essential())
			if !ok {
				return
			}
			running = again
		}
		if err == nil {
			err = unread
		}
		if err == nil && r.path != notices { // a signature covers the bytes as they come
			err = checkEncoding(req)
		}
		if err == nil && !r.raw() {
			err = a.checkBody(hc.Operation(), req, body)
		}
		if err != nil {
			a.write(hc, a.problemOf(ctx, err))
			return
		}
		if !a.account.Allow(w, req, string(caller.Customer)) {
			return
		}
		if (r.secret || (r.id == checkOutID || r.id == payOrderID) && offersGiftCard(req)) && !a.secret.Allow(w, req, web.Network(web.Proxies(a.options.Proxies).Client(req))) {
			return
		}
		ctx = context.WithValue(caller.asks(ctx), callerKey{}, caller)
		if r.policy != forAll && a.shop.Cluster().Addr() != "" {
			ctx = context.WithValue(ctx, writerKey{}, w)
		}
		if fields != "" {
			ctx = context.WithValue(ctx, fieldsKey{}, fields)
		}
		next(huma.WithContext(hc, ctx))
	}
}

// These take bodies that are not JSON.
const (
	uploads = "/staff/assets"
	notices = "/webhooks/{provider}"
)

func (r route) raw() bool { return r.path == uploads || r.path == notices }

// maxBody returns how long the body of a request may be, in bytes.
func (r route) maxBody() int64 {
	if r.path == notices {
		return maxWebhook
	}
	switch r.id {
	case putProductID, putProductsID, putVariantsID:
		return maxGoods
	}
	return maxBody
}

// essential reports whether the route is part of buying, from the first thing in
// a cart to the payment. Under load, others are turned away first.
func (r route) essential() bool {
	switch r.id {
	case createCartID, payOrderID, resumePaymentID:
		return true
	}
	return r.policy == forCartHolder || r.policy == forProvider
}

// caller returns who asks, if the route wants to know.
func (a *api) caller(ctx context.Context, r route, req *http.Request) (Caller, error) {
	switch r.policy {
	case forAll, forProvider:
		return Caller{}, nil
	case forSession:
		token, err := bearer(req)
		if err == nil && token == "" {
			err = &anonymousError{"this is for customers who are logged in"}
		}
		return Caller{}, err
	}
	if ctx != req.Context() {
		req = req.WithContext(ctx)
	}
	return a.options.Auth.Authenticate(req)
}

// minGuestKey keeps two guests from choosing the same key, and one from
// guessing another's.
const minGuestKey = 16

func checkKey(c Caller, r *http.Request) error {
	if key := r.Header.Get("Idempotency-Key"); key != "" && !c.known() && len(key) < minGuestKey {
		return &fieldError{"header.Idempotency-Key", "must have 16 characters or more when nobody is logged in, so that no two guests use the same"}
	}
	if !utf8.ValidString(r.Header.Get("Idempotency-Key")) {
		return &fieldError{"header.Idempotency-Key", "is not UTF-8"}
	}
	if pan.Within(r.Header.Get("Idempotency-Key")) {
		return &placedError{"header.Idempotency-Key", &pan.Error{Field: "Key"}}
	}
	if len(r.Header.Values("Idempotency-Key")) > 1 {
		return &fieldError{"header.Idempotency-Key", "is there more than once"}
	}
	return nil
}

// checkQuery refuses a query that cannot be read, and a parameter that is there
// twice: which of the values counts would be a guess.
func checkQuery(op *huma.Operation, r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &fieldError{"query", "cannot be read: it is not escaped as it should be"}
	}
	for name, values := range query {
		if len(values) > 1 && !slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool {
			return p.In == "query" && p.Name == name && p.Schema.Type == huma.TypeArray
		}) {
			return &fieldError{"query." + short(name), "is there more than once"}
		}
	}
	return nil
}

// fieldError says what is wrong with one field of a request.
type fieldError struct {
	location string // as in body.lines[0].sku
	message  string
}

func (e *fieldError) Error() string { return e.location + " " + e.message }

// Unwrap returns fault.Invalid.
func (e *fieldError) Unwrap() error { return fault.Invalid }

// unlessMatched returns the answer 304 if the client has what it would get.
func (o *answer[T]) unlessMatched(ifNoneMatch string) error {
	if !web.MatchETag(ifNoneMatch, o.ETag) {
		return nil
	}
	h := http.Header{"Etag": {o.ETag}}
	if o.CacheControl != "" {
		h.Set("Cache-Control", o.CacheControl)
	}
	return &notModified{h}
}
