package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
)

// bodyError says that a body cannot be read.
type bodyError struct {
	status   int
	location string // body, or the header that says what it is
	message  string
}

func (e *bodyError) Error() string { return e.message }

// Unwrap returns fault.Invalid.
func (e *bodyError) Unwrap() error { return fault.Invalid }

// readBody reads the body of a request. What is uploaded is left where it is:
// its handler takes it as it comes.
func (a *api) readBody(w http.ResponseWriter, req *http.Request, r route) ([]byte, error) {
	if r.method == http.MethodGet || r.path == uploads {
		return nil, nil
	}
	body, err := web.ReadBody(w, req, r.maxBody())
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, &bodyError{http.StatusRequestEntityTooLarge, "body", fmt.Sprintf("the body is longer than %d KiB", r.maxBody()>>10)}
	}
	if fault.CodeOf(err) == fault.Unavailable {
		return nil, err
	}
	if err != nil {
		return nil, &bodyError{http.StatusBadRequest, "body", "the body did not arrive as a whole"}
	}
	return body, nil
}

// checkBody checks that a body is one JSON value whose objects name no member
// twice, in whatever case. encoding/json takes the last of them, others the
// first: two programs could then read the same request differently.
// null is refused where the schema does not name it: huma takes it for a member
// that is missing.
func (a *api) checkBody(op *huma.Operation, r *http.Request, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if kind := r.Header.Get("Content-Type"); kind != "" {
		kind, more, err := mime.ParseMediaType(kind)
		if err != nil || kind != "application/json" {
			return &bodyError{http.StatusUnsupportedMediaType, "header.Content-Type", "the body must be application/json"}
		}
		if set := more["charset"]; set != "" && !strings.EqualFold(set, "utf-8") && !strings.EqualFold(set, "us-ascii") {
			return &bodyError{http.StatusUnsupportedMediaType, "header.Content-Type", "the body must be in UTF-8"}
		}
		r.Header.Set("Content-Type", "application/json")
	}
	var schema *huma.Schema
	if op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil {
		schema = op.RequestBody.Content["application/json"].Schema
	}
	return a.checkJSON(body, schema)
}

// checkEncoding refuses a body that is compressed: it would be taken as it is.
func checkEncoding(r *http.Request) error {
	for _, value := range r.Header.Values("Content-Encoding") {
		for encoding := range strings.SplitSeq(value, ",") {
			if encoding = strings.TrimSpace(encoding); encoding != "" && !strings.EqualFold(encoding, "identity") {
				return &bodyError{http.StatusUnsupportedMediaType, "header.Content-Encoding", "the body must not be compressed"}
			}
		}
	}
	return nil
}

// maxDepth bounds how deep a body may nest. No route needs more than five.
const maxDepth = 32

// checkJSON refuses what is not one JSON value in UTF-8, what nests too deep,
// and objects that name a member twice.
func (a *api) checkJSON(body []byte, schema *huma.Schema) error {
	if !utf8.Valid(body) {
		return &bodyError{http.StatusBadRequest, "body", "the body is not UTF-8"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	c := jsonCheck{d, a.huma.OpenAPI().Components.Schemas}
	if err := c.value("body", 0, schema); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &bodyError{http.StatusBadRequest, "body", "the body goes on after its JSON value"}
	}
	return nil
}

type jsonCheck struct {
	tokens  *json.Decoder
	schemas huma.Registry
}

// resolve follows a reference; nil is a schema that allows everything.
func (c jsonCheck) resolve(s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return c.schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func (c jsonCheck) value(at string, depth int, schema *huma.Schema) error {
	token, err := c.tokens.Token()
	if err != nil {
		return malformed(at)
	}
	if depth > maxDepth {
		return &fieldError{at, "nests too deep"}
	}
	schema = c.resolve(schema)
	if number, ok := token.(json.Number); ok {
		if _, err := number.Float64(); err != nil {
			return &fieldError{at, "is a number that is too large"}
		}
	}
	switch token {
	case nil:
		if schema != nil && schema.Type != "" && !schema.Nullable {
			return &fieldError{at, "is null: leave it out to say nothing"}
		}
	case json.Delim('{'):
		return c.object(at, depth, schema)
	case json.Delim('['):
		var items *huma.Schema
		if schema != nil {
			items = schema.Items
		}
		for i := 0; c.tokens.More(); i++ {
			if err := c.value(at+"["+strconv.Itoa(i)+"]", depth+1, items); err != nil {
				return err
			}
		}
		return c.end(at)
	}
	return nil
}

func (c jsonCheck) object(at string, depth int, schema *huma.Schema) error {
	var seen []string // few enough that a map would be slower
	for c.tokens.More() {
		token, err := c.tokens.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return malformed(at)
		}
		if slices.ContainsFunc(seen, func(s string) bool { return strings.EqualFold(s, name) }) { // encoding/json does not look at case
			return &fieldError{at + "." + short(name), "is there twice"}
		}
		if len(seen) == maxMembers {
			return &fieldError{at, fmt.Sprintf("has more than %d members", maxMembers)}
		}
		seen = append(seen, name)
		var member *huma.Schema
		if schema != nil {
			member = schema.Properties[name]
		}
		if err := c.value(at+"."+short(name), depth+1, member); err != nil {
			return err
		}
	}
	return c.end(at)
}

// maxMembers bounds an object's members, and with them the work of comparing
// each with all before it.
const maxMembers = 200

func (c jsonCheck) end(at string) error {
	if _, err := c.tokens.Token(); err != nil {
		return malformed(at)
	}
	return nil
}

func malformed(at string) error {
	return &bodyError{http.StatusBadRequest, at, "the body is not JSON, from " + at + " on"}
}

// short cuts a name that a client chose to what is worth repeating.
func short(name string) string {
	if len(name) > 40 {
		return strings.ToValidUTF8(name[:40], "") + "…"
	}
	return name
}
