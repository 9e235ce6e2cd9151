package httpapi_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi/datamodel"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is the API's own OpenAPI document, with its schemas ready to judge
// what the server says.
type document struct {
	w        *world
	raw      map[string]any
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

const documentURL = "https://shop.example/openapi.json"

func (w *world) document() *document {
	w.t.Helper()
	raw, err := jsonschema.UnmarshalJSON(strings.NewReader(w.must(200, "", "GET", "/openapi.json", "").text))
	if err != nil {
		w.t.Fatal(err)
	}
	d := &document{w: w, raw: raw.(map[string]any), compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020) // that of OpenAPI 3.1
	if err := d.compiler.AddResource(documentURL, raw); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// schema compiles what is at a JSON pointer of the document.
func (d *document) schema(pointer string) *jsonschema.Schema {
	d.w.t.Helper()
	if d.compiled[pointer] == nil {
		s, err := d.compiler.Compile(documentURL + "#" + pointer)
		if err != nil {
			d.w.t.Fatalf("the schema at %s: %v", pointer, err)
		}
		d.compiled[pointer] = s
	}
	return d.compiled[pointer]
}

// pointer returns the JSON pointer with these steps.
func pointer(steps ...string) string {
	out := ""
	for _, s := range steps {
		out += "/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
	}
	return out
}

// TestTheDocumentIsSound checks what OpenAPI 3.1 asks of a document: every
// schema compiles, references lead somewhere, parameters in paths are declared
// and operations have names of their own.
func TestTheDocumentIsSound(t *testing.T) {
	w, _ := newWholeWorld(t)
	d := w.document()
	if d.raw["openapi"] != "3.1.0" {
		t.Errorf("the document is of OpenAPI %v", d.raw["openapi"])
	}
	for name := range d.raw["components"].(map[string]any)["schemas"].(map[string]any) {
		d.schema(pointer("components", "schemas", name))
	}
	if d.schema(pointer("components", "schemas", "Cart")).Validate(map[string]any{"id": 1}) == nil {
		t.Error("a cart whose ID is a number passes: the schemas prove nothing")
	}
	seen := map[string]bool{}
	for _, op := range w.operations() {
		if op.ID == "" || seen[op.ID] {
			t.Errorf("%s %s is named %q, which is empty or taken", op.Method, op.Path, op.ID)
		}
		seen[op.ID] = true
		if !op.takesKey() && op.Method != "GET" && op.Policy != "provider" {
			t.Errorf("%s takes no Idempotency-Key", op.ID)
		}
		if op.Responses["default"] == nil {
			t.Errorf("%s does not say what a problem looks like", op.ID)
		}
		for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(op.Path, -1) {
			if !slices.ContainsFunc(op.Parameters, func(p struct {
				Name, In string
				Required bool
				Schema   json.RawMessage
			}) bool {
				return p.In == "path" && p.Name == name[1] && p.Required
			}) {
				t.Errorf("%s does not declare its parameter %s", op.ID, name[1])
			}
		}
	}
}

// TestTheDocumentIsOpenAPI judges the document by the schema that the OpenAPI
// Initiative publishes for documents of version 3.1.
func TestTheDocumentIsOpenAPI(t *testing.T) {
	w, _ := newWholeWorld(t)
	d := w.document()
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(datamodel.OpenAPI31SchemaData))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("https://shop.example/oas31.json", schema); err != nil {
		t.Fatal(err)
	}
	judge, err := compiler.Compile("https://shop.example/oas31.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := judge.Validate(d.raw); err != nil {
		t.Errorf("the document is not OpenAPI 3.1: %v", err)
	}
	delete(d.raw, "info")
	if judge.Validate(d.raw) == nil {
		t.Error("a document without its title passes: the schema proves nothing")
	}
}

// TestTheServerKeepsToTheDocument sends generated requests, valid and not, and
// judges each answer by the schema for its status.
func TestTheServerKeepsToTheDocument(t *testing.T) {
	w, _ := newFullWorld(t, nil)
	d, mine := w.document(), w.bought()
	g := generator{rand.New(rand.NewPCG(1, 2)), d}
	statuses := map[int]int{}
	for _, op := range w.operations() {
		if op.Path == "/assets/{asset}" || op.Path == "/staff/assets" {
			continue // bytes, not JSON
		}
		for range 8 {
			body := ""
			if op.RequestBody != nil {
				steps := pointer("paths", op.Path, strings.ToLower(op.Method), "requestBody", "content", "application/json", "schema")
				text, err := json.Marshal(g.value(d.at(steps)))
				if err != nil {
					t.Fatal(err)
				}
				body = string(text)
			}
			for _, who := range []string{"", w.alice, w.staff} {
				r := w.ask(who, op.Method, op.fill(mine)+g.query(op), body)
				statuses[r.status/100]++
				d.judge(op, r)
			}
		}
	}
	if statuses[2] < 100 || statuses[4] < 100 || statuses[5] > 0 {
		t.Errorf("the answers were of these kinds: %v", statuses)
	}
}

// judge compares an answer with the schema for its status.
func (d *document) judge(op operation, r reply) {
	d.w.t.Helper()
	status := fmt.Sprint(r.status)
	if op.Responses[status] == nil {
		if r.status < 400 && r.status != 202 { // a checkout may be 200 or 202
			d.w.t.Errorf("%s answered %s, which the document does not know", op.ID, status)
			return
		}
		status = "default"
		if r.status == 202 {
			status = "200"
		}
	}
	if r.text == "" {
		return
	}
	kind := strings.Split(r.header.Get("Content-Type"), ";")[0]
	schema := d.schema(pointer("paths", op.Path, strings.ToLower(op.Method), "responses", status, "content", kind, "schema"))
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(r.text))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		d.w.t.Errorf("%s answered %d %s, which is not as documented: %v", op.ID, r.status, r.text, err)
	}
}

// at returns the schema at a pointer, references followed.
func (d *document) at(pointer string) map[string]any {
	var v any = d.raw
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~", "%7B", "{", "%7D", "}").Replace(step)
		v = v.(map[string]any)[step]
	}
	return d.follow(v.(map[string]any))
}

func (d *document) follow(schema map[string]any) map[string]any {
	if ref, ok := schema["$ref"].(string); ok {
		return d.at(strings.TrimPrefix(ref, "#"))
	}
	return schema
}

// generator makes values by a schema, most of them valid.
type generator struct {
	r *rand.Rand
	d *document
}

// query returns parameters for an operation: what it needs, and some of the rest.
func (g generator) query(op operation) string {
	out := url.Values{}
	for _, p := range op.Parameters {
		var schema map[string]any
		if p.In != "query" || p.Name == "fields" || !p.Required && g.r.IntN(3) > 0 {
			continue
		}
		if err := json.Unmarshal(p.Schema, &schema); err != nil {
			g.d.w.t.Fatal(err)
		}
		if items, ok := schema["items"].(map[string]any); ok {
			schema = items
		}
		out.Set(p.Name, fmt.Sprint(g.value(schema)))
	}
	return "?" + out.Encode()
}

func (g generator) value(schema map[string]any) any {
	schema = g.d.follow(schema)
	if enum, ok := schema["enum"].([]any); ok {
		return enum[g.r.IntN(len(enum))]
	}
	switch schema["type"] {
	case "object":
		return g.object(schema)
	case "array":
		items := make([]any, 1+g.r.IntN(2))
		for i := range items {
			items[i] = g.value(schema["items"].(map[string]any))
		}
		return items
	case "integer":
		return []any{1, 1, 2, 7, 0, -1}[g.r.IntN(6)]
	case "boolean":
		return g.r.IntN(2) == 0
	}
	return g.text(schema)
}

func (g generator) object(schema map[string]any) any {
	out := map[string]any{}
	required, _ := schema["required"].([]any)
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range properties {
			if !yield(name) {
				return
			}
		}
	}) {
		if slices.Contains(required, any(name)) || g.r.IntN(3) == 0 {
			out[name] = g.value(properties[name].(map[string]any))
		}
	}
	return out
}

// text returns a text that fits the pattern, out of those that the API has.
func (g generator) text(schema map[string]any) string {
	words := []string{"mug", "EUR", "DE", "simulator", "pm_card_visa", "ann@example.com", "15.6", strings.Repeat("0a", 32), "Ä <b>\"'\u2028"}
	pattern, _ := schema["pattern"].(string)
	fits := slices.DeleteFunc(words, func(s string) bool { return !regexp.MustCompile(pattern).MatchString(s) })
	return fits[g.r.IntN(len(fits))]
}
