package commerce_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFeaturesAreShown: every test that docs/features.md names exists, and
// every row names one or says why not.
func TestFeaturesAreShown(t *testing.T) {
	text, err := os.ReadFile("docs/features.md")
	must(t, err)
	names := regexp.MustCompile("`([a-z./]+)`: ((?:`Test[A-Za-z0-9]+`(?:, )?)+)")
	rows := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| 1.") {
			continue
		}
		rows++
		found := names.FindAllStringSubmatch(line, -1)
		if len(found) == 0 && !strings.Contains(line, "later, because") {
			t.Errorf("nothing shows %s", line)
		}
		for _, m := range found {
			for _, name := range strings.Split(m[2], ", ") {
				if name = strings.Trim(name, "`"); !hasTest(t, m[1], name) {
					t.Errorf("package %s has no %s", m[1], name)
				}
			}
		}
	}
	if rows < 50 {
		t.Errorf("there are only %d rows", rows)
	}
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	must(t, err)
	for _, path := range files {
		text, err := os.ReadFile(path)
		must(t, err)
		if strings.Contains(string(text), "func "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
