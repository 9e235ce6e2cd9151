package commerce_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// A rule that cannot fire protects nothing. These tests plant a violation of
// each and look for the complaint.

func TestEveryImportRuleFires(t *testing.T) {
	for _, rule := range importRules {
		from := plantedUser(t, rule)
		for _, pattern := range rule.to {
			to := planted(pattern)
			direct := packages{from: uses(to)}
			if got := rule.check(direct); !slices.ContainsFunc(got, complaintAbout(from, rule.why)) {
				t.Errorf("%s imports %s: %q, want a complaint that %s", from, to, got, rule.why)
			}
			between := "example.com/between"
			if slices.Contains(rule.to, external) {
				between = "between" // anything external is itself forbidden
			}
			indirect := packages{from: uses(between), between: uses(to)}
			if got := rule.check(indirect); (len(got) == 0) != rule.direct {
				t.Errorf("%s reaches %s through another package: %q, with direct=%v", from, to, got, rule.direct)
			}
			for _, past := range rule.past {
				if got := rule.check(packages{from: uses(past), past: uses(to)}); len(got) != 0 {
					t.Errorf("%s reaches %s past %s: %q, want nothing", from, to, past, got)
				}
			}
			for _, pattern := range rule.except {
				free := planted(pattern)
				if got := rule.check(packages{free: uses(to)}); len(got) != 0 {
					t.Errorf("%s may import %s: %q, want nothing", free, to, got)
				}
			}
		}
	}
}

// plantedUser returns a package for which the rule holds.
func plantedUser(t *testing.T, rule importRule) string {
	t.Helper()
	for _, pattern := range rule.from {
		if from := planted(pattern); rule.holdsFor(from) {
			return from
		}
	}
	t.Fatalf("no package of this module can break the rule that %s", rule.why)
	return ""
}

// planted returns a package that a pattern matches.
func planted(pattern string) string {
	if pattern == external {
		return "example.com/planted"
	}
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return module + "/planted" + suffix
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return base + "/planted"
	}
	return pattern
}

func uses(imports ...string) *listed { return &listed{Imports: imports} }

func complaintAbout(from, why string) func(string) bool {
	return func(s string) bool { return strings.HasPrefix(s, from+" → ") && strings.HasSuffix(s, why) }
}

func TestUnlistedModuleIsFound(t *testing.T) {
	foreign := uses()
	foreign.ImportPath = "example.com/new/sub"
	foreign.Module = &struct{ Path string }{"example.com/new"}
	tree := packages{
		module:                uses("fmt", module+"/orders"),
		module + "/orders":    uses("example.com/new/sub"),
		"example.com/new/sub": foreign,
	}
	if got := reachedModules(tree, module); got["example.com/new"] != "example.com/new/sub" || len(got) != 1 {
		t.Errorf("reachedModules = %v, want only example.com/new", got)
	}
}

func TestMissingPackageCommentIsFound(t *testing.T) {
	tree := packages{
		module:                 {Doc: "Package commerce …", GoFiles: []string{"doc.go"}},
		module + "/bare":       {GoFiles: []string{"bare.go"}},
		module + "/onlytested": {},
		"example.com/foreign":  {GoFiles: []string{"foreign.go"}},
	}
	if got := undocumented(tree); !slices.Equal(got, ours("bare")) {
		t.Errorf("undocumented = %v, want %v", got, ours("bare"))
	}
}

func TestRuleAboutUnknownPackageIsSeen(t *testing.T) {
	rules := []importRule{{from: ours("..."), except: ours("orders"), to: ours("cartt/...")}}
	tree := packages{module: uses(), module + "/orders": uses()}
	if got := unknownPackages(tree, rules); !slices.Equal(got, ours("cartt")) {
		t.Errorf("unknownPackages = %v, want %v", got, ours("cartt"))
	}
}

// Each case is the body of a file, after its package clause.
var plantedTraps = []struct{ body, want string }{
	{`import "time"; func (c C) apply() { _ = time.Now() }`, "time.Now"},
	{`import clock "time"; func (c C) apply() { _ = clock.Since(c.t) }`, "time.Since"},
	{`import "time"; func (c C) apply() {}; func (s *Service) Do() { time.Sleep(1) }`, "time.Sleep"},
	{`import "time"; func (c C) apply() { c.help() }; func (c C) help() { _ = time.Now }`, "time.Now"},
	{`import "math/rand/v2"; func (c C) apply() {}; var n = rand.Int()`, "imports math/rand/v2"},
	{`import "crypto/rand"; func apply() { rand.Read(nil) }`, "randomness"},
	{`import "os"; func applyAll() { os.Remove("x") }`, "the host"},
	{`import "net/http"; func apply() { http.Get("x") }`, "the network"},
	{`import "time"; func Hold(tx *command.Tx) { _ = time.Now() }`, "time.Now"},
	{`import "time"; func (tx *Tx) Emit() { _ = time.Now() }`, "time.Now"},
	{`func apply() { go f() }`, "goroutine in apply code"},
	{`func apply() {}; func (s *Service) Do() { go f() }`, "goroutine in a file"},
	{`func apply() { select {} }`, "selects"},
	{`func apply(m map[string]int) { for range m {} }`, "ranges over a map"},
	{`func apply() { m := map[string]int{}; for range m {} }`, "ranges over a map"},
	{`func apply() { m := make(map[string]int); for range m {} }`, "ranges over a map"},
	{`func apply() { var m map[string]int; for range m {} }`, "ranges over a map"},
	{`func apply() { for range map[int]int{1: 1} {} }`, "ranges over a map"},
	{`var m = map[int]int{1: 1}; func apply() { for range m {} }`, "ranges over a map"},
	{`type M map[int]int; func apply(m M) { for range m {} }`, "ranges over a map"},
	{`type C struct { M map[int]int }; func (c C) apply() { for range c.M {} }`, "ranges over a map"},
	{`func apply() { for range load() {} }; func load() map[int]int { return nil }`, "ranges over a map"},
	{`func apply() { m, err := load(); for range m {} }; func load() (map[int]int, error) { return nil, nil }`, "ranges over a map"},
	{`func apply() { help() }; func help() { m := load(); for range m {} }; func load() map[int]int { return nil }`, "ranges over a map"},
	{`func apply(x X) { x.y.help() }; func (h H) help() { select {} }`, "selects"},
	{`func apply() { each(H.help) }; func (h H) help() { select {} }`, "selects"},
	{`type P interface { help() }; func apply(p P) { p.help() }; func (h H) help() { select {} }`, "selects"},
	{`func apply(h *H) { h.help() }; func (h *H) help() { select {} }`, "selects"},
	{`import "maps"; func apply(x X) { for range maps.Keys(x.y) {} }`, "maps.Keys"},
	{`import ("maps"; "slices"); func apply(x X) { _ = slices.Collect(maps.Values(x.y)) }`, "maps.Values"},
}

// cleanApply looks like the traps and is none.
var cleanApply = []string{
	`import "time"; func (c C) apply() { _ = time.Unix(0, 0).Add(time.Second) }`,
	`import "time"; func now() time.Time { return time.Now() }`, // no apply code here
	`func apply(m []string) { for range m {} }`,
	`type A struct { M map[int]int }; type B struct { M []int }; func apply(b B) { for range b.M {} }`,
	`func apply() {}; func (s *Service) List(m map[int]int) { for range m {} }`,
	`import ("maps"; "slices"); func apply(m map[int]int) { for range slices.Sorted(maps.Keys(m)) {} }`,
	`func (s *Shard) apply() { s.run() }; func (s *Shard) run() {}; func (p *Proposer) run() { select {} }`,
	`func apply(tx *command.Tx) { tx.Wait() }; func (p *Proposer) Wait() { select {} }`,
}

func TestEveryApplyTrapFires(t *testing.T) {
	for _, trap := range plantedTraps {
		if got := applyTraps(parsed(t, trap.body)); !slices.ContainsFunc(got, contains(trap.want)) {
			t.Errorf("%s\n\tfound %q, want %q", trap.body, got, trap.want)
		}
	}
	for _, body := range cleanApply {
		if got := applyTraps(parsed(t, body)); len(got) != 0 {
			t.Errorf("%s\n\tfound %q, want nothing", body, got)
		}
	}
}

func TestTrapIsFoundInTheNextFile(t *testing.T) {
	files := parsed(t, `func apply() { help() }`, `import "time"; func help() { _ = time.Now() }`)
	if got := applyTraps(files); len(got) != 1 {
		t.Errorf("found %q, want time.Now in the second file", got)
	}
}

func TestFloatsAreFound(t *testing.T) {
	for _, body := range []string{`var x float64`, `func f(x float32) {}`, `var x = 0.5`, `type T struct { A []float64 }`} {
		if got := floats(parsed(t, body)); len(got) == 0 {
			t.Errorf("%s: found nothing", body)
		}
	}
	if got := floats(parsed(t, `var x int64 = 5 // half of 1.0`)); len(got) != 0 {
		t.Errorf("found %q in whole numbers", got)
	}
}

func TestForeignServicesAreFound(t *testing.T) {
	body := fmt.Sprintf(`import (%q; %q); type S struct { a *catalog.%%s; b *inventory.%%s }`, module+"/catalog", module+"/inventory")
	if got := foreignServices(parsed(t, fmt.Sprintf(body, "Service", "Service"))); len(got) != 2 {
		t.Errorf("two services: found %q, want both", got)
	}
	if got := foreignServices(parsed(t, fmt.Sprintf(body, "Service", "PoolID"))); len(got) != 0 {
		t.Errorf("one service and a type: found %q, want nothing", got)
	}
}

func contains(want string) func(string) bool {
	return func(s string) bool { return strings.Contains(s, want) }
}

func parsed(t *testing.T, bodies ...string) []source {
	t.Helper()
	var files []source
	for i, body := range bodies {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, fmt.Sprintf("planted%d.go", i), "package planted; "+body, parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		files = append(files, source{fset, file})
	}
	return files
}
