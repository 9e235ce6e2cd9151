package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/keelshop/commerce"
	"github.com/keelshop/commerce/accounts"
	"github.com/keelshop/commerce/catalog/assets"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/command"
	"github.com/keelshop/commerce/internal/pan"
	"github.com/keelshop/commerce/internal/web"
	"github.com/keelshop/commerce/payments"
)

// Problem is an error as a client gets it: a problem document (RFC 9457).
type Problem struct {
	Type   string `json:"type" format:"uri-reference" doc:"Where the kind of problem is explained."`
	Title  string `json:"title" doc:"The status in words."`
	Status int    `json:"status" doc:"The HTTP status."`
	Detail string `json:"detail,omitempty" doc:"What is the matter, in one sentence."`
	// Code is the name of a fault code.
	Code string `json:"code" enum:"invalid,not_found,conflict,refused,denied,unavailable,uncertain,broken" doc:"What to do: mend the request (invalid), read again and decide (conflict), accept a no (refused), log in or ask for the permission (denied), try again later (unavailable), ask again with the same Idempotency-Key (uncertain)."`
	// Error is the name of a typed error, as in inventory.out_of_stock.
	Error string `json:"error,omitempty" doc:"The kind of problem, as in inventory.out_of_stock."`
	// About holds what the typed error says, as in sku, want and have.
	About object `json:"about,omitempty" doc:"What the problem is about, as in sku, want and have."`
	// Fields lists what is wrong with the request.
	Fields []FieldProblem `json:"fields,omitempty" nullable:"false" doc:"What is wrong with the request."`
	// Key is the Idempotency-Key to ask again with when Code is uncertain.
	Key     string `json:"key,omitempty" doc:"The Idempotency-Key to ask again with."`
	Request string `json:"request,omitempty" doc:"The ID of the request, as in the server's log."`
}

// FieldProblem says what is wrong with one field.
type FieldProblem struct {
	Location string `json:"location" doc:"Where, as in body.lines[0].sku."`
	Message  string `json:"message"`
}

// failure is a Problem on its way out. It is an error to huma.
type failure struct {
	Problem
	anonymous bool
	wait      time.Duration
}

// Error returns the detail.
func (f *failure) Error() string { return f.Detail }

// GetStatus is for huma.
func (f *failure) GetStatus() int { return f.Status }

// ContentType is for huma.
func (f *failure) ContentType(string) string { return "application/problem+json" }

// GetHeaders is for huma.
func (f *failure) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	switch {
	case f.Status == http.StatusServiceUnavailable, f.Status == http.StatusBadGateway, f.wait > 0:
		h.Set("Retry-After", strconv.Itoa(max(1, int(f.wait.Seconds()))))
	case f.anonymous:
		h.Set("WWW-Authenticate", `Bearer realm="shop"`)
	}
	return h
}

// notModified is the answer to a read whose If-None-Match matches.
type notModified struct{ headers http.Header }

func (*notModified) Error() string             { return "not modified" }
func (*notModified) GetStatus() int            { return http.StatusNotModified }
func (n *notModified) GetHeaders() http.Header { return n.headers }

// statusOf returns the HTTP status for a fault code.
func statusOf(err error) int {
	if web.Unserved(err) {
		return http.StatusBadGateway
	}
	switch fault.CodeOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict, fault.Refused:
		return http.StatusConflict
	case fault.Denied:
		return http.StatusForbidden
	case fault.Unavailable, fault.Uncertain: // ask again, with the same key
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// errorTypes returns the typed errors of commands, and those that services
// return without one.
func errorTypes(shop *commerce.Store) *fault.Types {
	types := shop.ErrorTypes()
	types = name[*accounts.NoSessionError](types, "accounts.no_session")
	types = name[*accounts.OutgrownPasswordError](types, "accounts.outgrown_password")
	types = name[*accounts.PasswordError](types, "accounts.password")
	types = name[*accounts.ThrottledError](types, "accounts.throttled")
	types = name[*payments.ThrottledError](types, "payments.throttled")
	types = name[*accounts.WrongPasswordError](types, "accounts.wrong_password")
	types = name[*assets.NotFoundError](types, "assets.not_found")
	types = name[*payments.BusyError](types, "payments.busy")
	types = name[*payments.CardNumberError](types, "payments.card_number")
	types = name[*payments.ElsewhereError](types, "payments.elsewhere")
	return name[*payments.UnknownProviderError](types, "payments.unknown_provider")
}

// name adds a type to the table, unless it has that name already.
func name[E error](types *fault.Types, name string) *fault.Types {
	if slices.Contains(types.Names(), name) {
		return types
	}
	return types.With(fault.Typed[E](name))
}

// problemOf turns an error into what the client gets.
func (a *api) problemOf(ctx context.Context, err error) error {
	if n, ok := errors.AsType[*notModified](err); ok {
		return n
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	f := &failure{}
	f.Status, f.Detail, f.Code = statusOf(err), pan.Masked(a.plain(err.Error())), fault.CodeOf(err).String()
	f.Request = web.ID(ctx)
	a.describe(f, err)
	if bad, ok := errors.AsType[*fieldError](err); ok {
		f.Fields = []FieldProblem{{pan.Masked(bad.location), pan.Masked(bad.message)}}
	}
	if bad, ok := errors.AsType[*preconditionError](err); ok {
		f.Status, f.Fields = http.StatusPreconditionFailed, []FieldProblem{{bad.at, bad.message}}
	}
	if bad, ok := errors.AsType[*placedError](err); ok {
		f.Fields = []FieldProblem{{pan.Masked(bad.at), pan.Masked(a.plain(bad.Error()))}}
	}
	if bad, ok := errors.AsType[*bodyError](err); ok {
		f.Status, f.Fields = bad.status, []FieldProblem{{bad.location, bad.message}}
	}
	if unsure, ok := errors.AsType[*command.UncertainError](err); ok {
		f.Key = unsure.Key
	}
	if _, ok := errors.AsType[*staleError](err); ok {
		f.Status = http.StatusPreconditionFailed
	}
	if throttled, ok := errors.AsType[*accounts.ThrottledError](err); ok {
		f.Status, f.wait = http.StatusTooManyRequests, throttled.Wait
	}
	if throttled, ok := errors.AsType[*payments.ThrottledError](err); ok {
		f.wait = throttled.Wait
	}
	if overloaded, ok := errors.AsType[*command.OverloadedError](err); ok {
		f.wait = overloaded.Wait
	}
	if unauthenticated(err) {
		f.Status, f.anonymous = http.StatusUnauthorized, true
	}
	if f.Status == http.StatusInternalServerError {
		a.options.Logger.LogAttrs(ctx, slog.LevelError, "a request failed", slog.String("id", f.Request), slog.String("error", web.Keyless(err)))
		f.Detail, f.About = "the shop cannot do this now: somebody must look at it", nil
	}
	f.finish(a.options.Prefix)
	return f
}

// unauthenticated reports whether somebody must log in first.
func unauthenticated(err error) bool {
	_, nobody := errors.AsType[*anonymousError](err)
	_, noSession := errors.AsType[*accounts.NoSessionError](err)
	_, wrong := errors.AsType[*accounts.WrongPasswordError](err)
	return nobody || noSession || wrong
}

// finish fills in what follows from the rest.
func (f *failure) finish(prefix string) {
	f.Title = http.StatusText(f.Status)
	kind := f.Problem.Error
	if kind == "" {
		kind = f.Code
	}
	f.Type = prefix + problemTypes + kind
}

// problemTypes is where types of problems are explained, below the prefix.
const problemTypes = "/docs#"

// describe adds the name and the fields of a typed error that err holds.
func (a *api) describe(f *failure, err error) {
	var known struct {
		Types []struct {
			Name   string
			Fields json.RawMessage
		}
	}
	if json.Unmarshal(a.types.Encode(err), &known) != nil || len(known.Types) == 0 {
		return // it is no typed error
	}
	f.Problem.Error = known.Types[0].Name
	f.About = snakeCase(known.Types[0].Fields)
}

// snakeCase renames the members of a JSON object as the API writes them, and
// leaves out those that say nothing. Card numbers are masked.
func snakeCase(fields json.RawMessage) object {
	d := json.NewDecoder(bytes.NewReader(fields))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	renamed, ok := rename(v).(map[string]any)
	if !ok || len(renamed) == 0 {
		return nil
	}
	out, err := json.Marshal(renamed)
	if err != nil {
		return nil // it was JSON before
	}
	return out
}

func rename(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			if member != nil && member != "" {
				out[snake(name)] = rename(member)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = rename(v[i])
		}
	case string:
		return pan.Masked(v)
	}
	return v
}

// plain takes the names of commands out of an error's text: they are for logs.
func (a *api) plain(text string) string {
	parts := strings.Split(text, ": ")
	kept := make([]string, 0, len(parts))
	for i, part := range parts {
		if i == len(parts)-1 || !a.isKind(part) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ": ")
}

// isKind reports whether a text reads like the kind of a command, as in cart.create:
// its module is one that has errors.
func (a *api) isKind(text string) bool {
	module, rest, ok := strings.Cut(text, ".")
	return ok && a.modules[module] && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz_.") == ""
}

// modulesOf returns the packages that typed errors belong to.
func modulesOf(types *fault.Types) map[string]bool {
	modules := map[string]bool{}
	for _, name := range types.Names() {
		module, _, _ := strings.Cut(name, ".")
		modules[module] = true
	}
	return modules
}

// snake returns the name of a Go field as the API writes it: SKU is sku,
// UnitPrice is unit_price.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// problems is the transformer that puts what huma itself refuses into our
// words. It repeats no values: they may be personal.
func (a *api) problems(hc huma.Context, _ string, v any) (any, error) {
	if f, ok := v.(*failure); ok {
		return f.Problem, nil
	}
	refused, ok := v.(huma.StatusError)
	if !ok {
		return v, nil
	}
	f := &failure{}
	f.Status, f.Detail, f.Request = refused.GetStatus(), pan.Masked(refused.Error()), web.ID(hc.Context())
	f.Code = fault.Invalid.String()
	if f.Status >= http.StatusInternalServerError {
		f.Code = fault.Broken.String()
	}
	if model, ok := v.(*huma.ErrorModel); ok {
		for _, d := range model.Errors {
			f.Fields = append(f.Fields, a.fieldProblem(hc, d))
		}
	}
	if len(f.Fields) == 0 && f.Code == fault.Invalid.String() { // huma says of bodies only that they are missing or cannot be read
		f.Fields = []FieldProblem{{"body", f.Detail}}
	}
	f.finish(a.options.Prefix)
	return f.Problem, nil
}

// write answers with a problem from outside of an operation.
func (a *api) write(hc huma.Context, err error) {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return // problemOf makes nothing else of an error before the operation
	}
	for name, values := range f.GetHeaders() {
		hc.SetHeader(name, values[0])
	}
	hc.SetHeader("Content-Type", f.ContentType(""))
	hc.SetStatus(f.Status)
	_ = json.NewEncoder(hc.BodyWriter()).Encode(f.Problem) // the client has gone if this fails
}

// problemResponse describes problems in the OpenAPI document.
func (a *api) problemResponse() *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	return &huma.Response{
		Description: "A problem.",
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
	}
}

// staleError says that a change was made for a version that has passed.
type staleError struct{ err error }

func (e *staleError) Error() string { return e.err.Error() }
func (e *staleError) Unwrap() error { return e.err }

// ifMatched marks a conflict of a change with an If-Match header as stale, if
// the conflict is one of versions.
func ifMatched[E error](version int64, err error) error {
	if _, ok := errors.AsType[E](err); ok && version != 0 {
		return &staleError{err}
	}
	return err
}
