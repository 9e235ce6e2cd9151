package commerce_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readmeCommands are what a newcomer is told to type, each on a line of its own.
var readmeCommands = []string{"go run ./examples/quickstart", "go test ./..."}

func TestReadmeShowsTheQuickstart(t *testing.T) {
	shown := programIn(readText(t, "README.md"))
	if shown == "" {
		t.Fatal("README.md does not show exactly one Go program")
	}
	if file := "examples/quickstart/main.go"; shown != readText(t, file) {
		t.Errorf("the program in README.md is not %s byte for byte: copy the file into the README", file)
	}
}

func TestReadmeNamesItsCommands(t *testing.T) {
	for _, command := range missingCommands(readText(t, "README.md")) {
		t.Errorf("README.md has no line %q", command)
	}
}

func TestDocumentsNameFilesThatExist(t *testing.T) {
	for _, document := range documents(t) {
		for _, name := range namedFiles(readText(t, document)) {
			path := filepath.Join(filepath.Dir(document), name.path)
			if name.fromRoot {
				path = name.path
			}
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s names %s, which does not exist", document, name.path)
			}
		}
	}
}

func TestDocumentChecksFire(t *testing.T) {
	const program = "package main\n\nfunc main() {}\n"
	shown := "text\n\n```go\n" + program + "```\n\nmore\n"
	for _, c := range []struct{ name, readme, want string }{
		{"one program", shown, program},
		{"none", "text\n\n    go run ./examples/quickstart\n", ""},
		{"two", shown + shown, ""},
		{"not closed", "```go\n" + program, ""},
		{"a snippet beside it", "```go\nx := 1\n```\n" + shown, program},
	} {
		if got := programIn(c.readme); got != c.want {
			t.Errorf("%s: found %q, want %q", c.name, got, c.want)
		}
	}
	if got := missingCommands("    go test ./...\n    go run ./examples/quickstarter\n"); !slices.Equal(got, readmeCommands[:1]) {
		t.Errorf("missing commands: %q", got)
	}
	text := "see [the rules](docs/testing.md#fuzz), `shard/apply.go`, `cart/schema.sql`, a `schema.sql`, [site](https://go.dev)"
	want := []namedFile{{"docs/testing.md", false}, {"shard/apply.go", true}, {"cart/schema.sql", true}}
	if got := namedFiles(text); !slices.Equal(got, want) {
		t.Errorf("named files: %v, want %v", got, want)
	}
}

// programIn returns the one Go program, that is code with a package clause,
// that a Markdown text shows; "" if there is none or more than one.
func programIn(readme string) string {
	var found []string
	for rest := readme; ; {
		_, after, ok := strings.Cut(rest, "```go\n")
		if !ok {
			break
		}
		code, next, closed := strings.Cut(after, "```\n")
		if closed && strings.Contains("\n"+code, "\npackage ") {
			found = append(found, code)
		}
		rest = next
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

func missingCommands(readme string) []string {
	var lines []string
	for line := range strings.Lines(readme) {
		command, _, _ := strings.Cut(line, "#") // a remark may follow
		lines = append(lines, strings.TrimSpace(command))
	}
	return slices.DeleteFunc(slices.Clone(readmeCommands), func(c string) bool { return slices.Contains(lines, c) })
}

// namedFile is a file that a document names: in a link, which starts at the
// document, or as a source between backquotes, which starts at the root. A bare
// schema.sql is any package's.
type namedFile struct {
	path     string
	fromRoot bool
}

var (
	linked = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	quoted = regexp.MustCompile("`([a-z][a-z0-9_/]*\\.go|[a-z][a-z0-9_/]*/[a-z0-9_]+\\.(?:sql|md|golden))`")
)

func namedFiles(text string) []namedFile {
	var found []namedFile
	for _, m := range linked.FindAllStringSubmatch(text, -1) {
		found = append(found, namedFile{m[1], false})
	}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		found = append(found, namedFile{m[1], true})
	}
	return found
}

func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		some, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, some...)
	}
	return found
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
