package commerce_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testsNamed are tests, benchmarks and fuzz targets of a package, as documents name them.
var testsNamed = regexp.MustCompile("(?:`([a-z./]+)`|root): ((?:`(?:Test|Benchmark|Fuzz)[A-Za-z0-9]+`(?:, )?)+)")

// TestRequirementsAreShown: docs/testing.md has a row for each requirement on a cluster and for each invariant, each
// names tests, and the packages have them.
func TestRequirementsAreShown(t *testing.T) {
	text, err := os.ReadFile("docs/testing.md")
	must(t, err)
	rows := map[string]int{}
	for line := range strings.Lines(string(text)) {
		id := strings.TrimSpace(strings.SplitN(line+"| ", "|", 3)[1])
		if !strings.HasPrefix(line, "| R-") && !strings.HasPrefix(line, "| I") {
			continue
		}
		named := testsNamed.FindAllStringSubmatch(line, -1)
		rows[id] += len(named)
		for _, m := range named {
			for _, name := range strings.Split(m[2], ", ") {
				name = strings.Trim(name, "` ")
				if !hasAnyTest(t, m[1], name) {
					t.Errorf("%s: package %q has no %s", id, m[1], name)
				}
			}
		}
	}
	for i := range 17 {
		for _, id := range []string{fmt.Sprint("R-B", i+1), fmt.Sprint("I", i+1)} {
			if rows[id] == 0 {
				t.Errorf("nothing shows %s", id)
			}
		}
	}
}

func hasAnyTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	must(t, err)
	for _, path := range files {
		text, err := os.ReadFile(path)
		must(t, err)
		if strings.Contains(string(text), "func "+name+"(") {
			return true
		}
	}
	return false
}

// TestDocumentsNameTestsThatExist: whatever test a document names, some package has it.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	var all strings.Builder
	must(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}))
	documents, err := filepath.Glob("docs/*.md")
	must(t, err)
	name := regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z][A-Za-z0-9]+)`")
	found := 0
	for _, path := range append(documents, "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "replication/DESIGN.md") {
		text, err := os.ReadFile(path)
		must(t, err)
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			found++
			if m[1] != "FuzzXxx" && !strings.Contains(all.String(), "func "+m[1]+"(") {
				t.Errorf("%s names %s, which no package has", path, m[1])
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d tests are named", found)
	}
}

// TestProceduresAreRunByTests: each part of docs/operations.md that tells operators what to do names the tests that do
// it.
func TestProceduresAreRunByTests(t *testing.T) {
	text, err := os.ReadFile("docs/operations.md")
	must(t, err)
	parts := strings.Split(string(text), "\n## ")[1:]
	for _, part := range parts {
		title, rest, _ := strings.Cut(part, "\n")
		if title != "Not there yet" && !strings.Contains(rest, "*Shown by* `Test") {
			t.Errorf("nothing shows %q", title)
		}
	}
	if len(parts) < 14 {
		t.Errorf("there are only %d parts", len(parts))
	}
}
