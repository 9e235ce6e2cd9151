package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the client anew")

const generated = "client/generated.go"

// TestTheClientIsOfThisAPI generates the client from the OpenAPI document and
// compares. Run it with -update after a change of the API.
func TestTheClientIsOfThisAPI(t *testing.T) {
	w, _ := newWholeWorld(t)
	g := &clientGenerator{d: w.document()}
	got, err := format.Source(g.file(w.operations()))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(generated, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(generated)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the API is now: go test ./httpapi -run Client -update", generated)
	}
}

// clientGenerator writes Go from an OpenAPI document.
type clientGenerator struct {
	d   *document
	out bytes.Buffer
}

func (g *clientGenerator) file(ops []operation) []byte {
	g.printf("// Code generated from the OpenAPI document by httpapi's tests. DO NOT EDIT.\n\npackage client\n\n")
	g.printf("import (\n\"context\"\n\"encoding/json\"\n\"net/url\"\n\"strconv\"\n\"time\"\n)\n\n")
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.ID, b.ID) })
	for _, op := range ops {
		if op.ID != "get-asset" && op.ID != "download" && op.ID != "upload-asset" && op.ID != "receive-webhook" { // bytes, not JSON
			g.method(op)
		}
	}
	schemas := g.d.raw["components"].(map[string]any)["schemas"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if name != "Problem" && name != "FieldProblem" { // Error, as which Problem goes, and FieldProblem are hand-written
			g.schema(name, schemas[name].(map[string]any))
		}
	}
	return g.out.Bytes()
}

func (g *clientGenerator) printf(format string, args ...any) { fmt.Fprintf(&g.out, format, args...) }

// method writes the method of an operation.
func (g *clientGenerator) method(op operation) {
	name, summary := goName(op.ID), g.summary(op)
	var args, query []string
	path := `"` + op.Path + `"`
	for _, p := range op.Parameters {
		switch {
		case p.In == "path":
			args = append(args, lower(goName(p.Name))+" string")
			path = strings.ReplaceAll(path, "{"+p.Name+"}", `"+url.PathEscape(`+lower(goName(p.Name))+`)+"`)
		case p.In == "query" && p.Name != "fields":
			query = append(query, p.Name)
		}
	}
	k := `method: "` + op.Method + `", path: ` + strings.TrimSuffix(path, `+""`)
	if len(query) > 0 {
		g.query(name, op)
		args = append(args, "query "+name+"Query")
		k += ", query: query.values()"
	}
	if body := g.bodyOf(op); body != "" {
		args = append(args, "body "+body)
		k += ", body: body"
	}
	args = append([]string{"ctx context.Context"}, append(args, "opts ...CallOption")...)
	g.printf("// %s: %s.\n// It is %s %s.\n", name, summary, op.Method, op.Path)
	if result := g.resultOf(op); result != "" {
		g.printf("func (c *Client) %s(%s) (out %s, err error) {\nerr = c.do(ctx, call{%s}, opts, &out)\nreturn out, err\n}\n\n", name, strings.Join(args, ", "), result, k)
		return
	}
	g.printf("func (c *Client) %s(%s) error {\nreturn c.do(ctx, call{%s}, opts, nil)\n}\n\n", name, strings.Join(args, ", "), k)
}

func (g *clientGenerator) summary(op operation) string {
	return lower(g.d.raw["paths"].(map[string]any)[op.Path].(map[string]any)[strings.ToLower(op.Method)].(map[string]any)["summary"].(string))
}

// query writes the type of an operation's query parameters.
func (g *clientGenerator) query(name string, op operation) {
	g.printf("// %sQuery is the query of %s. What is zero is not sent.\ntype %sQuery struct {\n", name, name, name)
	var set strings.Builder
	for _, p := range op.Parameters {
		if p.In != "query" || p.Name == "fields" {
			continue
		}
		var schema map[string]any
		if json.Unmarshal(p.Schema, &schema) != nil {
			continue // the document was decoded from JSON just now
		}
		field := goName(p.Name)
		kind := g.kind(schema)
		if doc, ok := schema["description"].(string); ok {
			g.printf("// %s\n", doc)
		}
		g.printf("%s %s\n", field, kind)
		switch kind {
		case "int64":
			fmt.Fprintf(&set, "if q.%s != 0 {\nv.Set(%q, strconv.FormatInt(q.%s, 10))\n}\n", field, p.Name, field)
		case "[]string":
			fmt.Fprintf(&set, "for _, s := range q.%s {\nv.Add(%q, s)\n}\n", field, p.Name)
		default:
			fmt.Fprintf(&set, "if q.%s != \"\" {\nv.Set(%q, q.%s)\n}\n", field, p.Name, field)
		}
	}
	g.printf("}\n\nfunc (q %sQuery) values() url.Values {\nv := url.Values{}\n%sreturn v\n}\n\n", name, set.String())
}

func (g *clientGenerator) bodyOf(op operation) string {
	if op.RequestBody == nil {
		return ""
	}
	var body struct {
		Content map[string]struct{ Schema map[string]any }
	}
	if json.Unmarshal(op.RequestBody, &body) != nil {
		return ""
	}
	return g.kind(body.Content["application/json"].Schema)
}

func (g *clientGenerator) resultOf(op operation) string {
	for _, status := range []string{"200", "201", "202"} {
		var r struct {
			Content map[string]struct{ Schema map[string]any }
		}
		if json.Unmarshal(op.Responses[status], &r) == nil && r.Content["application/json"].Schema != nil {
			return g.kind(r.Content["application/json"].Schema)
		}
	}
	return ""
}

// schema writes the type of a schema.
func (g *clientGenerator) schema(name string, schema map[string]any) {
	name = typeName(name)
	g.printf("// %s is a value of the API.\ntype %s struct {\n", name, name)
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, field := range slices.Sorted(maps.Keys(properties)) {
		p := properties[field].(map[string]any)
		if doc, ok := p["description"].(string); ok {
			g.printf("// %s\n", doc)
		}
		kind, tag := g.kind(p), field
		if !slices.Contains(required, any(field)) {
			tag += ",omitempty"
			if _, ref := p["$ref"]; ref || kind == "time.Time" || optionalScalars[name+"."+field] {
				kind = "*" + kind
			}
		}
		g.printf("%s %s `json:%q`\n", goName(field), kind, tag)
	}
	g.printf("}\n\n")
}

// optionalScalars are fields whose zero value means something else than their
// absence.
var optionalScalars = map[string]bool{
	"UpdateCartBody.shipping_method": true, "UpdateMeBody.email": true, "UpdateMeBody.name": true, "UpdateMeBody.phone": true,
	"AdjustStockBody.count": true, "FacetValue.number_max": true, "FacetValue.number_min": true,
}

// kind returns the Go type of a schema.
func (g *clientGenerator) kind(schema map[string]any) string {
	if ref, ok := schema["$ref"].(string); ok {
		return typeName(ref[strings.LastIndex(ref, "/")+1:])
	}
	kind := schema["type"]
	if several, ok := kind.([]any); ok {
		kind = several[0]
	}
	switch kind {
	case "integer":
		return "int64"
	case "number":
		return "float64"
	case "boolean":
		return "bool"
	case "array":
		return "[]" + g.kind(schema["items"].(map[string]any))
	case "object":
		return "json.RawMessage"
	}
	if schema["format"] == "date-time" {
		return "time.Time"
	}
	return "string"
}

// typeName returns the Go name of a schema: bodies are named after their call.
func typeName(schema string) string {
	if name, ok := strings.CutSuffix(schema, "InputBody"); ok {
		return name + "Body"
	}
	return schema
}

// goName returns the Go name of a JSON member or an operation.
func goName(name string) string {
	var b strings.Builder
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' }) {
		switch part {
		case "id", "sku", "url", "seo", "mm":
			b.WriteString(strings.ToUpper(part))
		case "skus":
			b.WriteString("SKUs")
		case "q":
			b.WriteString("Text")
		default:
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// lower writes the first word in lower case.
func lower(name string) string {
	if name == "SKU" || name == "ID" {
		return strings.ToLower(name)
	}
	return strings.ToLower(name[:1]) + name[1:]
}
