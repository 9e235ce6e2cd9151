package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// fieldTree is a selection of members: those it holds, and of each of them
// everything if its own tree is empty.
type fieldTree map[string]fieldTree

// parseFields reads a selection such as id,lines.sku,lines.quantity.
func parseFields(text string) fieldTree {
	tree := fieldTree{}
	for path := range strings.SplitSeq(text, ",") {
		node := tree
		for name := range strings.SplitSeq(strings.TrimSpace(path), ".") {
			if node[name] == nil {
				node[name] = fieldTree{}
			}
			node = node[name]
		}
	}
	return tree
}

// maxFields bounds a selection, in bytes.
const maxFields = 400

// fieldsParam describes the selection, which every operation takes that
// answers with JSON. It is taken out of the query before the operation's own
// parameters are looked at.
func fieldsParam() *huma.Param {
	most := maxFields
	return &huma.Param{
		Name: "fields", In: "query", Description: "What the answer should hold, as in id,lines.sku; missing means all.",
		Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &most},
	}
}

type fieldsKey struct{}

// fieldsOf returns the selection of the request of ctx, "" for everything.
func fieldsOf(ctx context.Context) string {
	text, _ := ctx.Value(fieldsKey{}).(string)
	return text
}

// takeFields takes the selection out of a request's query. It refuses one that
// names what the answer does not have.
func (a *api) takeFields(op *huma.Operation, r *http.Request) (string, error) {
	if r.URL.RawQuery == "" {
		return "", nil
	}
	query := r.URL.Query()
	if !query.Has("fields") {
		return "", nil
	}
	text, schema := query.Get("fields"), responseSchema(op)
	switch {
	case text == "":
		return "", &fieldError{"query.fields", "names nothing: leave it out for everything"}
	case schema == nil:
		return "", &fieldError{"query.fields", "selects nothing: the answer has no body"}
	case len(text) > maxFields:
		return "", &fieldError{"query.fields", "is too long"}
	}
	query.Del("fields")
	rest := *r.URL
	rest.RawQuery = query.Encode()
	r.URL = &rest
	return text, a.checkTree(parseFields(text), schema, "")
}

func (a *api) checkTree(tree fieldTree, schema *huma.Schema, at string) error {
	schema = a.resolve(schema)
	for name, below := range tree {
		property := schema.Properties[name]
		if property == nil {
			return &fieldError{"query.fields", fmt.Sprintf("names %q, which the answer does not have", at+short(name))}
		}
		if len(below) == 0 {
			continue
		}
		if err := a.checkTree(below, property, at+name+"."); err != nil {
			return err
		}
	}
	return nil
}

// resolve follows references and lists to the schema of what is in them.
func (a *api) resolve(s *huma.Schema) *huma.Schema {
	for {
		switch {
		case s.Ref != "":
			s = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
		case s.Items != nil:
			s = s.Items
		default:
			return s
		}
	}
}

// responseSchema returns the schema of an operation's answer, or nil.
func responseSchema(op *huma.Operation) *huma.Schema {
	for _, status := range []string{"200", "201", "202"} {
		if response := op.Responses[status]; response != nil && response.Content["application/json"] != nil {
			return response.Content["application/json"].Schema
		}
	}
	return nil
}

// selection is the transformer that leaves out of an answer what was not
// asked for.
func (a *api) selection(hc huma.Context, status string, v any) (any, error) {
	text := fieldsOf(hc.Context())
	if text == "" || !strings.HasPrefix(status, "2") {
		return v, nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // amounts keep every digit
	var whole any
	if err := d.Decode(&whole); err != nil {
		return nil, err
	}
	return prune(whole, parseFields(text)), nil
}

func prune(v any, tree fieldTree) any {
	if len(tree) == 0 {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(tree))
		for name, below := range tree {
			if member, ok := v[name]; ok {
				out[name] = prune(member, below)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = prune(v[i], tree)
		}
	}
	return v
}

// variantOf names the selection of a request in an ETag: another one makes
// another answer.
func variantOf(ctx context.Context) string {
	fields := fieldsOf(ctx)
	if fields == "" {
		return ""
	}
	names := strings.Split(fields, ",")
	slices.Sort(names)
	return shortHash(strings.Join(names, ","))
}
