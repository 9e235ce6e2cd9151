package commerce_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the import path of the root package.
const module = "github.com/keelshop/commerce"

// external stands for every package outside the standard library.
const external = "<outside the standard library>"

// purchase lists domain packages in the order in which a purchase meets them.
// Imports run the same way: a package knows those before it, never those after.
var purchase = []string{"catalog", "inventory", "pricing", "cart", "orders", "documents", "downloads", "payments", "credit", "checkout"}

// domain lists the packages that say what commerce is.
var domain = append(slices.Clone(purchase), "accounts", "endpoints", "merchandising")

// importRule says what some packages must not import, and why. A pattern is an
// import path, a path ending in "/..." (that path and all below it), a suffix
// written "*suffix", or external.
type importRule struct {
	from   []string // the rule holds for these packages of the module,
	except []string // but not for these
	to     []string // what they must stay away from
	direct bool     // only import statements count, not what the imported reach
	past   []string // packages that may be imported, and whose own imports are not followed
	why    string
}

var importRules = slices.Concat([]importRule{
	{
		from: ours("fault"),
		to:   []string{external},
		why:  "it lies under everything, so it imports only the standard library",
	},
	{
		from: ours("money"),
		past: ours("fault"),
		to:   []string{external},
		why:  "it lies under everything but fault, whose codes its errors carry",
	},
	{
		from:   ours("..."),
		except: ours("internal/sqlite/...", "examples/events"), // the example has a database of its own
		to:     []string{"modernc.org/..."},
		direct: true,
		why:    "one package knows the SQLite driver, so that pragmas, errors and I/O rules hold everywhere",
	},
	{
		from:   ours("..."),
		except: ours("replication/..."),
		to:     []string{"github.com/hashicorp/..."},
		direct: true,
		why:    "one package knows Raft and the ways around its traps",
	},
	{
		from:   ours("..."),
		except: ours("search/..."),
		to:     []string{"github.com/blevesearch/..."},
		direct: true,
		why:    "search is derived data: who does not search does not carry bleve",
	},
	{
		from:   ours("..."),
		except: ours("internal/cache/..."),
		to:     []string{"github.com/dgraph-io/..."},
		direct: true,
		why:    "one package keeps the cache correct although ristretto's Set is lossy",
	},
	{
		from:   ours("..."),
		except: ours("httpapi/..."),
		to:     []string{"github.com/danielgtaylor/..."},
		direct: true,
		why:    "the REST API is an edge: who does not serve it does not carry its framework",
	},
	{
		from:   ours("..."),
		except: ours("storefront/...", "examples/...", "admin/..."),
		to:     ours("storefront/...", "internal/samplegoods/..."),
		direct: true,
		why:    "the pages are an edge: who does not show them does not carry templates, languages and sample goods",
	},
	{
		from:   ours("..."),
		except: ours("backup/..."),
		to:     []string{"gocloud.dev/...", "github.com/aws/..."},
		direct: true,
		why:    "backups are an edge: who does not make them does not carry the clients of object storage",
	},
	{
		from:   ours("..."),
		except: ours("metrics/..."),
		to:     []string{"github.com/prometheus/..."},
		direct: true,
		why:    "the store tells an Observer; who does not use Prometheus does not carry it",
	},
	{
		from:   ours("..."),
		except: ours("traces/...", "examples/storefront"), // the example has an exporter of its own
		to:     []string{"go.opentelemetry.io/..."},
		direct: true,
		why:    "the store tells an Observer; who does not trace does not carry OpenTelemetry",
	},
	{
		from: ours(domain...),
		to: slices.Concat(ours("replication/...", "shard/...", "search/...", "internal/cache/...", ""), []string{
			"github.com/hashicorp/...", "github.com/blevesearch/...", "github.com/dgraph-io/...", "net/http/...",
		}),
		why: "domain packages know SQL and commands, and nothing of copies, caches or the network",
	},
	{
		from: ours("internal/sqlite", "internal/id", "internal/command", "internal/seal", "internal/claim", "internal/subject", "internal/note"),
		to:   ours(below(slices.Concat(domain, []string{"shard", "replication"}))...),
		why:  "the kernel runs any command and knows none of commerce",
	},
	{
		from: ours("shard"),
		to:   slices.Concat(ours(below(slices.Concat(domain, []string{"replication"}))...), []string{"github.com/hashicorp/..."}),
		why:  "a shard is a file with one writer; how many copies there are is not its business",
	},
	{
		from: ours("replication"),
		to:   ours(below(slices.Concat(domain, []string{"shard"}))...),
		why:  "replication moves bytes to a state machine and knows neither shards nor commerce",
	},
	{
		from:   ours("..."),
		except: testSupport,
		to:     []string{"testing/...", "pgregory.net/..."},
		past:   []string{"github.com/hashicorp/raft"}, // raft itself imports testing
		why:    "test code must not reach a user's program",
	},
	{
		from:   ours("..."),
		except: testSupport,
		to:     testSupport,
		direct: true,
		why:    "test support is for tests",
	},
}, purchaseRules())

// testSupport matches the packages that exist for tests, ours and our users'.
var testSupport = append(ours("internal/sqlite/faultvfs"), "*test")

// rootModules are the modules that importing the root package brings along,
// each with the reason why users pay for it.
var rootModules = map[string]string{
	"github.com/cespare/xxhash/v2":            "checksums of log records and files; also needed by ristretto",
	"github.com/dgraph-io/ristretto/v2":       "the cache of product and price reads",
	"github.com/dustin/go-humanize":           "needed by ristretto and libc",
	"github.com/fatih/color":                  "needed by go-hclog",
	"github.com/fxamacker/cbor/v2":            "the encoding of commands",
	"github.com/gofrs/flock":                  "keeps a second process out of the directory",
	"github.com/sony/gobreaker/v2":            "payment providers that do not answer are left alone",
	"golang.org/x/sync":                       "one load serves all concurrent misses of a cached key",
	"github.com/google/uuid":                  "needed by libc",
	"github.com/hashicorp/go-hclog":           "the logger interface that raft asks for",
	"github.com/hashicorp/go-immutable-radix": "needed by go-metrics",
	"github.com/hashicorp/go-metrics":         "needed by raft",
	"github.com/hashicorp/go-msgpack/v2":      "needed by raft for its own messages",
	"github.com/hashicorp/golang-lru":         "needed by go-immutable-radix",
	"github.com/hashicorp/raft":               "replication: the order of commands and their copies",
	"github.com/mattn/go-colorable":           "needed by go-hclog",
	"github.com/mattn/go-isatty":              "needed by go-hclog and libc",
	"github.com/oklog/ulid/v2":                "identifiers that sort by time and name their slot",
	"github.com/remyoudompheng/bigfft":        "needed by mathutil",
	"github.com/x448/float16":                 "needed by cbor",
	"golang.org/x/crypto":                     "sealing of personal fields",
	"golang.org/x/text":                       "passwords are the same on every keyboard (NFC)",
	"golang.org/x/sys":                        "file locks and free disk space",
	"modernc.org/libc":                        "needed by sqlite",
	"modernc.org/mathutil":                    "needed by libc",
	"modernc.org/memory":                      "needed by libc",
	"modernc.org/sqlite":                      "storage, without cgo",
}

func TestImportsFollowTheRules(t *testing.T) {
	tree := listPackages(t)
	for _, rule := range importRules {
		for _, broken := range rule.check(tree) {
			t.Error(broken)
		}
	}
	for _, name := range unknownPackages(tree, importRules) {
		t.Logf("a rule names %s, which does not exist (yet)", name)
	}
}

func TestRootReachesOnlyListedModules(t *testing.T) {
	tree := listPackages(t)
	found := reachedModules(tree, module)
	for _, path := range slices.Sorted(maps.Keys(found)) {
		if rootModules[path] == "" {
			t.Errorf("module %s is new to everybody who imports commerce: %s; move what needs it to a leaf package or list it with a reason", path, found[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(rootModules)) {
		if found[path] == "" {
			t.Logf("module %s is listed but not reached", path)
		}
	}
}

func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	for _, path := range undocumented(listPackages(t)) {
		t.Errorf("package %s has no package comment", path)
	}
}

// check returns one sentence for each package that breaks the rule.
func (r importRule) check(tree packages) []string {
	var broken []string
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		if !r.holdsFor(path) {
			continue
		}
		if chain := tree.find(path, r); chain != nil {
			broken = append(broken, fmt.Sprintf("%s: %s", strings.Join(chain, " → "), r.why))
		}
	}
	return broken
}

func (r importRule) holdsFor(path string) bool {
	return isOurs(path) && matchAny(r.from, path) && !matchAny(r.except, path)
}

// packages is the import graph: every package that the module is made of or
// needs, by import path.
type packages map[string]*listed

// listed is what `go list` tells about one package.
type listed struct {
	ImportPath string
	Doc        string
	GoFiles    []string
	Imports    []string
	ImportMap  map[string]string
	Module     *struct{ Path string }
}

// find returns the shortest chain of imports that leads from a package to one
// that the rule forbids, or nil.
func (p packages) find(from string, r importRule) []string {
	seen := map[string]bool{from: true}
	queue := [][]string{{from}}
	for len(queue) > 0 {
		chain := queue[0]
		queue = queue[1:]
		for _, next := range p.imports(chain[len(chain)-1]) {
			if seen[next] {
				continue
			}
			seen[next] = true
			longer := append(slices.Clone(chain), next)
			if matchAny(r.past, next) {
				continue
			}
			if matchAny(r.to, next) {
				return longer
			}
			if !r.direct {
				queue = append(queue, longer)
			}
		}
	}
	return nil
}

func (p packages) imports(path string) []string {
	pkg := p[path]
	if pkg == nil {
		return nil
	}
	list := slices.Clone(pkg.Imports)
	for i, name := range list {
		if mapped, ok := pkg.ImportMap[name]; ok { // the standard library's own copies
			list[i] = mapped
		}
	}
	return list
}

// reachedModules returns the foreign modules that a package's import brings
// along, each with one package of it.
func reachedModules(tree packages, root string) map[string]string {
	found := map[string]string{}
	seen := map[string]bool{root: true}
	for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
		pkg := tree[queue[0]]
		if pkg != nil && pkg.Module != nil && pkg.Module.Path != module {
			found[pkg.Module.Path] = pkg.ImportPath
		}
		for _, next := range tree.imports(queue[0]) {
			if !seen[next] && matchAny([]string{external}, next) {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return found
}

func undocumented(tree packages) []string {
	var bare []string
	for path, pkg := range tree {
		if isOurs(path) && len(pkg.GoFiles) > 0 && pkg.Doc == "" {
			bare = append(bare, path)
		}
	}
	return slices.Sorted(slices.Values(bare))
}

// unknownPackages returns the packages of ours that rules name although they
// do not exist: a misspelt name would make a rule that never fires.
func unknownPackages(tree packages, rules []importRule) []string {
	unknown := map[string]bool{}
	for _, r := range rules {
		for _, pattern := range slices.Concat(r.from, r.except, r.to) {
			name := strings.TrimSuffix(pattern, "/...")
			if isOurs(name) && tree[name] == nil {
				unknown[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(unknown))
}

// listPackages asks the go command for the import graph. A package that does
// not compile is listed all the same: that is for the compiler to report.
func listPackages(t *testing.T) packages {
	t.Helper()
	moduleSources(t) // read, so that a cached result is dropped when a file changes
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps",
		"-json=ImportPath,Doc,GoFiles,Imports,ImportMap,Module", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	tree := packages{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		pkg := new(listed)
		if err := dec.Decode(pkg); errors.Is(err, io.EOF) {
			return tree
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		tree[pkg.ImportPath] = pkg
	}
}

// ours turns names of packages of this module into import paths.
func ours(names ...string) []string {
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = strings.TrimSuffix(module+"/"+name, "/")
	}
	return paths
}

// below widens names to the packages below them.
func below(names []string) []string {
	wide := make([]string, len(names))
	for i, name := range names {
		wide[i] = name + "/..."
	}
	return wide
}

func purchaseRules() []importRule {
	var rules []importRule
	for i, name := range purchase[:len(purchase)-1] {
		rules = append(rules, importRule{
			from: ours(name),
			to:   ours(below(purchase[i+1:])...),
			why:  "imports run the way a purchase runs: " + strings.Join(purchase, ", "),
		})
	}
	return rules
}

func isOurs(path string) bool {
	return path == module || strings.HasPrefix(path, module+"/")
}

func matchAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, path) })
}

func matches(pattern, path string) bool {
	if pattern == external {
		host, _, _ := strings.Cut(path, "/")
		return strings.Contains(host, ".")
	}
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(path, suffix)
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}
