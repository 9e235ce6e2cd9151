package search_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/keelshop/commerce/search"
)

// indexFiles returns the files of the index in use that match a pattern.
func (s *store) indexFiles(pattern string) []string {
	s.Helper()
	found, err := filepath.Glob(filepath.Join(s.Dir(), "search", "index-*", pattern))
	if err != nil || len(found) == 0 {
		s.Fatalf("no file %s: %v", pattern, err)
	}
	return found
}

// eachSegment damages all segments, since some may be of older snapshots.
func (s *store) eachSegment(damage func(path string) error) error {
	for _, path := range s.indexFiles("*.zap") {
		if err := damage(path); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) verify() {
	s.Helper()
	found, err := s.Finder.Verify(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, difference := range found {
		s.Error(difference)
	}
}

func TestADamagedIndexIsBuiltAnew(t *testing.T) {
	for name, damage := range map[string]func(s *store) error{
		"segments gone": func(s *store) error { return s.eachSegment(os.Remove) },
		"a bit flipped in segments": func(s *store) error {
			return s.eachSegment(func(path string) error {
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				data[len(data)/3] ^= 4
				return os.WriteFile(path, data, 0o600)
			})
		},
		"segments cut": func(s *store) error {
			return s.eachSegment(func(path string) error { return os.Truncate(path, 100) })
		},
		"segments cut to zero": func(s *store) error {
			return s.eachSegment(func(path string) error { return os.Truncate(path, 0) })
		},
		"root cut":         func(s *store) error { return os.Truncate(s.indexFiles("root.bolt")[0], 5000) },
		"root cut to zero": func(s *store) error { return os.Truncate(s.indexFiles("root.bolt")[0], 0) },
		"root overwritten": func(s *store) error {
			return os.WriteFile(s.indexFiles("root.bolt")[0], bytes.Repeat([]byte("x"), 65536), 0o600)
		},
		"current unreadable": func(s *store) error {
			return os.WriteFile(filepath.Join(s.Dir(), "search", "current"), []byte("../../etc"), 0o600)
		},
		"all gone":   func(s *store) error { return os.RemoveAll(filepath.Join(s.Dir(), "search")) },
		"index gone": func(s *store) error { return os.RemoveAll(s.indexFiles("")[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.fill()
			s.shut()
			if err := damage(s); err != nil {
				t.Fatal(err)
			}
			s.reopen(search.Options{})
			s.put(item("VASE", "Vase", "Keel", 1250))
			s.settle()
			switch n := s.Finder.Status().Rebuilds; name {
			case "all gone", "current unreadable": // nothing tells that there was one
				if n != 0 {
					t.Errorf("%d rebuilds are counted", n)
				}
			default:
				if n != 1 {
					t.Errorf("%d rebuilds are counted, want 1", n)
				}
			}
			if r := s.result(search.Query{}); r.Total != 7 {
				t.Errorf("%d products", r.Total)
			}
			s.verify()
			s.shut()
			s.reopen(search.Options{})
			s.settle()
			if n := s.Finder.Status().Rebuilds; n != 0 {
				t.Errorf("the new index was built anew %d times", n)
			}
			s.verify()
		})
	}
}

func TestRebuildsAreCounted(t *testing.T) {
	s := open(t)
	s.fill()
	s.shut()
	if err := os.Truncate(s.indexFiles("root.bolt")[0], 0); err != nil {
		t.Fatal(err)
	}
	s.reopen(search.Options{})
	s.settle()
	if got := s.Finder.Status(); got.Rebuilds != 1 || got.Documents != 6 || got.Building {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Stat(filepath.Join(s.Dir(), "search", "broken")); err != nil {
		t.Errorf("the damaged index was not set aside: %v", err)
	}
}

func TestAnotherLocaleIsBuiltAnew(t *testing.T) {
	s := open(t)
	s.put(item("SCHUH", "Schuhe aus Leder", "Keel", 100))
	s.settle()
	if r := s.result(search.Query{Text: "schuh"}); r.Total != 0 && r.Corrected == "" {
		t.Errorf("English stems found %d", r.Total)
	}
	s.shut()
	s.reopen(search.Options{Locale: "de"})
	s.settle()
	if got := s.find(search.Query{Text: "schuh"}); len(got) != 1 {
		t.Errorf("German stems found %v", got)
	}
}
