package commerce_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// longList is a list of three or more constants.
var longList = regexp.MustCompile(`\bIN\s*\(\s*(?:'[^']*'|-?\d+)(?:\s*,\s*(?:'[^']*'|-?\d+)){2,}\s*\)`)

// A CHECK compares with one value after the other: for a list of three or more,
// SQLite builds a B-tree in memory, anew each time the statement runs. On the
// table of orders that cost as much as the row.
func TestPackagesBuildNoTreesForChecks(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".sql" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, list := range longList.FindAll(text, -1) {
			t.Errorf("%s: %s: write a = x OR a = y OR a = z, which builds no tree", path, list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPackagesLongListsAreFound(t *testing.T) {
	for text, want := range map[string]bool{
		`CHECK (a IN ('x', 'y', 'z'))`:         true,
		"CHECK (a IN\n\t\t('x', 'y', 'z'))":    true,
		`CHECK (a IN (1, 2, 3))`:               true,
		`CHECK (a IN (0, 1))`:                  false,
		`CHECK (a IN (-1, unit_price))`:        false,
		`CHECK (a = 'x' OR a = 'y' OR a = '')`: false,
	} {
		if got := longList.MatchString(text); got != want {
			t.Errorf("%s: found a long list: %v, want %v", text, got, want)
		}
	}
}
