package commerce_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Code that applies commands runs on every replica and again at every replay,
// so it must do the same each time. These tests read the sources for what
// does not: the clock, randomness, map order, goroutines, I/O; and for floats
// near money. They go by names, without types: they catch slips, not malice.

// applyPackages are the packages that contain apply code.
var applyPackages = slices.Concat(domain, []string{"shard", "internal/command", "internal/claim", "internal/subject"})

// exactPackages are the packages that hold amounts of money or goods.
var exactPackages = slices.Concat(domain, []string{"money"})

// worldPackages may not be used by apply code, whatever of them is used.
var worldPackages = map[string]string{
	"crypto/rand":  "randomness",
	"math/rand":    "randomness",
	"math/rand/v2": "randomness",
	"net":          "the network",
	"net/http":     "the network",
	"os":           "the host",
	"os/exec":      "the host",
	"runtime":      "the host",
}

// clockNames are the parts of package time that read or wait for the clock.
var clockNames = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// unordered are the parts of package maps that iterate.
var unordered = []string{"Keys", "Values", "All"}

func TestApplyCodeIsDeterministic(t *testing.T) {
	sources := moduleSources(t)
	for _, name := range applyPackages {
		for _, found := range applyTraps(sources[name]) {
			t.Error(found)
		}
	}
}

func TestNoFloatsNearMoney(t *testing.T) {
	sources := moduleSources(t)
	for _, name := range exactPackages {
		for _, found := range floats(sources[name]) {
			t.Error(found)
		}
	}
}

// drivesSeveral are the packages that use more than one service of others, each
// with the reason.
var drivesSeveral = map[string]string{
	"checkout": "a purchase is stock, order and payment together",
	"cart":     "a cart is priced, and says and sets aside what is in stock",
}

func TestOnlyCheckoutDrivesSeveralServices(t *testing.T) {
	sources := moduleSources(t)
	for _, name := range domain {
		if drivesSeveral[name] != "" {
			continue
		}
		for _, found := range foreignServices(sources[name]) {
			t.Error(found)
		}
	}
}

// applyTraps finds what makes apply code depend on more than its command and
// its transaction: in every function that apply code may call, and, for the
// clock, randomness and goroutines, anywhere in a file that holds apply code.
func applyTraps(files []source) []string {
	found := map[string]bool{}
	names := mapNamesOf(files)
	for _, fn := range reachedFromApply(files) {
		fn.traps(names.within(fn.decl), found)
	}
	for _, f := range files {
		if f.hasApply() {
			f.fileTraps(found)
		}
	}
	return sortedKeys(found)
}

// traps notes the traps in one function.
func (fn function) traps(names mapNames, found map[string]bool) {
	ordered := map[ast.Expr]bool{} // arguments of slices.Sorted
	ast.Inspect(fn.decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			fn.note(found, n, "starts a goroutine in apply code")
		case *ast.SelectStmt:
			fn.note(found, n, "selects between channels in apply code")
		case *ast.RangeStmt:
			if names.isMap(n.X) {
				fn.note(found, n, "ranges over a map in apply code: use slices.Sorted(maps.Keys(m))")
			}
		case *ast.CallExpr:
			if name, ok := fn.nameIn("slices", n.Fun); ok && strings.HasPrefix(name, "Sorted") {
				for _, arg := range n.Args {
					ordered[arg] = true
				}
			}
			if name, ok := fn.nameIn("maps", n.Fun); ok && slices.Contains(unordered, name) && !ordered[n] {
				fn.note(found, n, "takes maps."+name+" in random order in apply code: wrap it in slices.Sorted")
			}
		case *ast.SelectorExpr:
			if what := worldPackages[fn.path(n)]; what != "" {
				fn.note(found, n, "uses "+what+" in apply code")
			}
			fn.noteClock(n, found)
		}
		return true
	})
}

// fileTraps notes what a file with apply code may not even mention.
func (s source) fileTraps(found map[string]bool) {
	for _, spec := range s.file.Imports {
		if p := importPath(spec); p == "math/rand" || p == "math/rand/v2" {
			s.note(found, spec, "imports "+p+" in a file with apply code")
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			s.note(found, n, "starts a goroutine in a file with apply code")
		case *ast.SelectorExpr:
			s.noteClock(n, found)
		}
		return true
	})
}

func (s source) noteClock(n *ast.SelectorExpr, found map[string]bool) {
	if name, ok := s.nameIn("time", n); ok && slices.Contains(clockNames, name) {
		s.note(found, n, "uses time."+name+" in or beside apply code")
	}
}

// floats finds floating point: its types and its literals.
func floats(files []source) []string {
	found := map[string]bool{}
	for _, f := range files {
		ast.Inspect(f.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if n.Name == "float32" || n.Name == "float64" {
					f.note(found, n, n.Name+" near money")
				}
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					f.note(found, n, "floating-point literal "+n.Value+" near money")
				}
			}
			return true
		})
	}
	return sortedKeys(found)
}

// foreignServices returns a package's uses of other domain packages' services,
// if they are those of more than one package. Types may be shared along the
// purchase, and a service may read what it needs from one upstream.
func foreignServices(files []source) []string {
	found := map[string]bool{}
	owners := map[string]bool{}
	for _, f := range files {
		ast.Inspect(f.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Service" && sel.Sel.Name != "NewService" {
				return true
			}
			if name, ok := strings.CutPrefix(f.path(sel), module+"/"); ok && slices.Contains(domain, name) {
				owners[name] = true
				f.note(found, sel, "uses "+name+"."+sel.Sel.Name+" and not only that: only checkout drives several services")
			}
			return true
		})
	}
	if len(owners) < 2 {
		return nil
	}
	return sortedKeys(found)
}
