package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keelshop/commerce/internal/sqlite/faultvfs"
)

// mainVariable makes the test binary the command itself, so that a test can
// kill a real process.
const mainVariable = "COMMERCE_TEST_MAIN"

// syncVariable makes the processes of a benchmark wait for the disk. Those of
// a test do not: one that is killed loses nothing by it.
const syncVariable = "COMMERCE_TEST_SYNC"

func TestMain(m *testing.M) {
	if slices.ContainsFunc(os.Args, func(arg string) bool { return arg == "-test.bench" || strings.HasPrefix(arg, "-test.bench=") }) {
		os.Setenv(syncVariable, "1")
	}
	if os.Getenv(syncVariable) == "" {
		faultvfs.Unsynced()
	}
	switch os.Getenv(mainVariable) {
	case "":
	case newerProgram:
		os.Exit(newerCode())
	case replayingNode:
		os.Exit(replayHere(os.Args[1:]))
	default:
		os.Exit(mainCode())
	}
	os.Exit(m.Run())
}

// result is what a run of the command came to.
type result struct {
	code           int
	stdout, stderr string
}

func command(t testing.TB, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// succeed is command with exit code 0 expected.
func succeed(t testing.TB, args ...string) result {
	t.Helper()
	r := command(t, args...)
	if r.code != exitOK {
		t.Fatalf("commerce %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		want string // on standard error, or on standard output for code 0
	}{
		{nil, exitUsage, "commerce verify DIR"},
		{[]string{"help"}, exitOK, "commerce replay --dir DIR FILE"},
		{[]string{"--help"}, exitOK, "commerce bench"},
		{[]string{"sell"}, exitUsage, `there is no command "sell"`},
		{[]string{"verify"}, exitUsage, "name one directory, not 0"},
		{[]string{"verify", "a", "b"}, exitUsage, "not 2"},
		{[]string{"verify", "--all", "a"}, exitUsage, "-all"},
		{[]string{"verify", "--help"}, exitOK, "one violation a line"},
		{[]string{"replay", "orders.csv"}, exitUsage, "--dir"},
		{[]string{"replay", "--dir", "d"}, exitUsage, "name one file, not 0"},
		{[]string{"replay", "--dir", "d", "--concurrency", "0", "f"}, exitUsage, "--concurrency 0"},
		{[]string{"replay", "f", "--dir", "d", "--shards", "300"}, exitUsage, "--shards 300"},
		{[]string{"replay", "--dir", "d", "--stock", "-1", "f"}, exitUsage, "--stock -1"},
		{[]string{"replay", "--dir", "d", "--stock", "many", "f"}, exitUsage, "many"},
		{[]string{"replay", "--help"}, exitOK, "line,invoice,fate,rule,order_id,amount"},
		{[]string{"bench", "all"}, exitUsage, `"all"`},
		{[]string{"bench", "--lines", "101"}, exitUsage, "--lines 101: it is 1 to 100"},
		{[]string{"bench", "--help"}, exitOK, "--callers N"},
		{[]string{"search-eval", "--labels", "f"}, exitUsage, "--dir is missing"},
		{[]string{"search-eval", "--dir", "d"}, exitUsage, "--labels is missing"},
		{[]string{"search-eval", "--dir", "d", "--labels", "missing.csv"}, exitFailed, "missing.csv"},
		{[]string{"search-eval", "--help"}, exitOK, "ndcg10_judged"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			r := command(t, test.args...)
			said, other := r.stderr, r.stdout
			if test.code == exitOK {
				said, other = other, said
			}
			if r.code != test.code || !strings.Contains(said, test.want) || other != "" {
				t.Errorf("exit code %d, want %d, with %q:\n%s\n%s", r.code, test.code, test.want, r.stdout, r.stderr)
			}
			if strings.Contains(said, "cpuprofile") {
				t.Error("the help shows a flag that is for developers")
			}
		})
	}
}

func TestVerifyMakesNoStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	r := command(t, "verify", dir)
	if r.code != exitFailed || !strings.Contains(r.stderr, dir) {
		t.Errorf("exit code %d, want 1 and the directory's name: %s", r.code, r.stderr)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("verify has made the directory")
	}
}

func TestBench(t *testing.T) {
	dir := t.TempDir()
	r := succeed(t, "bench", "--dir", dir, "--seconds", "1", "--warmup", "0", "--shards", "2", "--callers", "4", "--skus", "20")
	if !strings.Contains(r.stdout, "checkouts/s") || !strings.Contains(r.stdout, "p99") {
		t.Errorf("it printed %q", r.stdout)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("it left %v behind, %v", left, err)
	}
}
