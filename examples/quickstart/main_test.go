package main

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// dirVariable makes the test binary the program itself, in that directory.
const dirVariable = "QUICKSTART_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVariable); dir != "" {
		check(os.Chdir(dir))
		main()
		return
	}
	os.Exit(m.Run())
}

func TestRunAndRunAgain(t *testing.T) {
	dir := t.TempDir()
	want := regexp.MustCompile(`^ord_[0-9A-HJKMNP-TV-Z]{26} 25\.00 EUR\n$`)
	seen := map[string]bool{}
	for range 3 {
		self, err := os.Executable()
		check(err)
		program := exec.CommandContext(t.Context(), self)
		program.Env = append(os.Environ(), dirVariable+"="+dir)
		program.Stderr = os.Stderr
		out, err := program.Output()
		if err != nil {
			t.Fatal(err)
		}
		if !want.Match(out) || seen[string(out)] {
			t.Errorf("it printed %q, want a new order of 25.00 EUR", out)
		}
		seen[string(out)] = true
	}
}
