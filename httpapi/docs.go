package httpapi

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/keelshop/commerce/fault"
	"github.com/keelshop/commerce/internal/web"
)

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsStyle []byte

// addDocs serves the OpenAPI document and the page that is made of it. Each is
// made once, when somebody asks for it: that takes longer than the rest of New.
func (a *api) addDocs() {
	doc := a.openAPI()
	a.static("/openapi.json", "application/openapi+json", func() ([]byte, error) { return json.Marshal(doc) })
	a.static("/docs", "text/html; charset=utf-8", a.docsPage)
	a.static("/docs.css", "text/css; charset=utf-8", func() ([]byte, error) { return docsStyle, nil })
}

// written is a file that the API makes of itself.
type written struct {
	tag  string
	body []byte
}

func (a *api) static(path, kind string, write func() ([]byte, error)) {
	once := sync.OnceValues(func() (written, error) {
		body, err := write()
		return written{`"` + shortHash(string(body)) + `"`, body}, err
	})
	a.mux.HandleFunc("GET "+a.options.Prefix+path, func(w http.ResponseWriter, r *http.Request) {
		web.SetRoute(r.Context(), "GET "+path)
		file, err := once()
		if err != nil {
			a.options.Logger.LogAttrs(r.Context(), slog.LevelError, "a page about the API cannot be written", slog.String("path", path), slog.Any("error", err))
			a.refuse(w, r, http.StatusInternalServerError, fault.New(fault.Broken, "the shop cannot do this now: somebody must look at it"))
			return
		}
		tag, body := file.tag, file.body
		h := w.Header()
		h.Set("ETag", tag)
		h.Set("Cache-Control", "public, max-age=300")
		if web.MatchETag(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", kind)
		_, _ = w.Write(body) // the client has gone if this fails
	})
}

// openAPI returns the document without what huma adds for its own errors. It is
// called before the first request: requests read what it changes.
func (a *api) openAPI() *huma.OpenAPI {
	doc := a.huma.OpenAPI()
	delete(doc.Components.Schemas.Map(), "ErrorModel")
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
	return doc
}

// docsOperation is one operation on the page.
type docsOperation struct {
	ID, Method, Path, Summary, Policy string
	Params                            []docsField
	Body, Answer                      []docsField
	Status                            string
}

// docsField is one parameter or member.
type docsField struct {
	Name, Kind, Doc string
	Required        bool
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsSchema struct {
	Name   string
	Fields []docsField
}

func (a *api) docsPage() ([]byte, error) {
	t, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = t.Execute(&page, map[string]any{
		"Prefix": a.options.Prefix, "Groups": a.docsGroups(), "Schemas": a.docsSchemas(),
		"Codes": docsCodes(), "Errors": a.types.Names(),
	})
	return page.Bytes(), err
}

// docsGroups lists the operations in the order in which they were added.
func (a *api) docsGroups() []docsGroup {
	var groups []docsGroup
	for _, r := range a.routes {
		i := slices.IndexFunc(groups, func(g docsGroup) bool { return g.Name == r.group })
		if i < 0 {
			i = len(groups)
			groups = append(groups, docsGroup{Name: r.group})
		}
		groups[i].Operations = append(groups[i].Operations, a.docsOperation(r))
	}
	return groups
}

func (a *api) docsOperation(r route) docsOperation {
	op := a.operation(r)
	out := docsOperation{ID: r.id, Method: r.method, Path: r.path, Summary: r.summary, Policy: r.policy.String()}
	for _, p := range op.Parameters {
		out.Params = append(out.Params, docsField{p.In + " " + p.Name, a.kindOf(p.Schema), p.Description, p.Required})
	}
	if op.RequestBody != nil {
		out.Body = a.fieldsOf(op.RequestBody.Content["application/json"].Schema)
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if strings.HasPrefix(status, "2") {
			out.Status = status
		}
	}
	if schema := responseSchema(op); schema != nil {
		out.Answer = a.fieldsOf(schema)
	}
	return out
}

// operation returns the OpenAPI operation of a route.
func (a *api) operation(r route) *huma.Operation {
	item := a.huma.OpenAPI().Paths[r.path]
	return map[string]*huma.Operation{
		"GET": item.Get, "PUT": item.Put, "POST": item.Post, "PATCH": item.Patch, "DELETE": item.Delete,
	}[r.method]
}

func (a *api) docsSchemas() []docsSchema {
	all := a.huma.OpenAPI().Components.Schemas.Map()
	var out []docsSchema
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if fields := a.fieldsOf(all[name]); len(fields) > 0 && !strings.HasPrefix(name, "List") && !strings.HasSuffix(name, "Body") {
			out = append(out, docsSchema{name, fields})
		}
	}
	return out
}

func (a *api) fieldsOf(s *huma.Schema) []docsField {
	if s.Ref != "" {
		s = a.resolve(s)
	}
	var out []docsField
	for name, p := range s.Properties {
		out = append(out, docsField{name, a.kindOf(p), p.Description, slices.Contains(s.Required, name)})
	}
	slices.SortFunc(out, func(x, y docsField) int { return cmp.Compare(x.Name, y.Name) })
	return out
}

// kindOf says in a few words what a value is.
func (a *api) kindOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	case s.Items != nil:
		return "list of " + a.kindOf(s.Items)
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, word := range s.Enum {
			words[i] = fmt.Sprint(word)
		}
		return strings.Join(words, " | ")
	case s.Format == "date-time":
		return "time"
	}
	return s.Type
}

type docsCode struct {
	Name   string
	Status int
	Doc    string
}

// docsCodes explains the codes of problems.
func docsCodes() []docsCode {
	var out []docsCode
	for _, c := range []struct {
		code fault.Code
		doc  string
	}{
		{fault.Invalid, "The request can never work: mend it. fields says where."},
		{fault.NotFound, "There is no such thing, or you may not know of it."},
		{fault.Conflict, "It has changed, or the key was used for another request: read again and decide. 412 if it was asked for with If-Match."},
		{fault.Refused, "A rule of the shop says no, as in out of stock or declined."},
		{fault.Denied, "Not permitted. 401 means: log in."},
		{fault.Unavailable, "Nothing happened: try again later. 429 means: less often."},
		{fault.Uncertain, "It may have happened: ask again with the same Idempotency-Key, which is in key."},
		{fault.Broken, "Somebody must look at the shop."},
	} {
		out = append(out, docsCode{c.code.String(), statusOf(c.code), c.doc})
	}
	return out
}
