package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// checkFields refuses a selection that names what the answer does not have.
func (a *api) checkFields(hc huma.Context) error {
	text := hc.Query("fields")
	if text == "" {
		return nil
	}
	schema := responseSchema(hc.Operation())
	if schema == nil {
		return &fieldError{"query.fields", "selects nothing: the answer has no body"}
	}
	return a.checkTree(parseFields(text), schema, "")
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
	text := hc.Query("fields")
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

// variantOf names a selection in an ETag: another one makes another answer.
func variantOf(fields string) string {
	if fields == "" {
		return ""
	}
	names := strings.Split(fields, ",")
	slices.Sort(names)
	return shortHash(strings.Join(names, ","))
}
