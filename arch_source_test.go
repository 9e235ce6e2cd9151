package commerce_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// function is a function of the package under test and the file it is in.
type function struct {
	source
	decl *ast.FuncDecl
}

// reachedFromApply returns the package's apply code: the functions that isApply
// knows and all that they may call in their package, found by name. Methods of Service run in the caller's
// process, never in apply.
func reachedFromApply(files []source) []function {
	byName := map[string][]function{} // under "name", "Type.name" and "?.name", see called
	var queue []string
	for _, f := range files {
		for _, decl := range f.funcs() {
			typ, name := receiver(decl), decl.Name.Name
			if typ == "Service" {
				continue
			}
			key := name
			if typ != "" {
				key = typ + "." + name
				byName["?."+name] = append(byName["?."+name], function{f, decl})
			}
			byName[key] = append(byName[key], function{f, decl})
			if isApply(decl) {
				queue = append(queue, key)
			}
		}
	}
	var reached []function
	for seen := map[string]bool{}; len(queue) > 0; queue = queue[1:] {
		key := queue[0]
		if seen[key] {
			continue
		}
		seen[key] = true
		if typ, name, ok := strings.Cut(key, "."); ok && byName[key] == nil && typ != "?" && !strings.Contains(name, ".") {
			queue = append(queue, "?."+name) // an interface or an embedded type: anybody's
		}
		reached = append(reached, byName[key]...)
		for _, fn := range byName[key] {
			queue = append(queue, fn.called()...)
		}
	}
	return reached
}

// called names what a function calls: "name" for a function, "Type.name" for a
// method of its receiver or of a parameter, "?.name" for a method of anything
// else, which may be any type's.
func (fn function) called() []string {
	types := map[string]string{}
	ast.Inspect(fn.decl, func(n ast.Node) bool {
		if field, ok := n.(*ast.Field); ok {
			for _, name := range field.Names {
				types[name.Name] = typeName(field.Type)
			}
		}
		return true
	})
	var names []string
	ast.Inspect(fn.decl, func(n ast.Node) bool {
		// Not only calls: a function passed on as a value may be called too.
		switch n := n.(type) {
		case *ast.Ident:
			names = append(names, n.Name)
		case *ast.SelectorExpr:
			typ := "?"
			if x, ok := n.X.(*ast.Ident); ok && types[x.Name] != "" {
				typ = types[x.Name]
			}
			if fn.path(n) == "" {
				names = append(names, typ+"."+n.Sel.Name)
			}
		}
		return true
	})
	return names
}

// isApply reports whether a function is apply code by itself: it is named
// apply…, takes a command's transaction, or belongs to it.
func isApply(decl *ast.FuncDecl) bool {
	if strings.HasPrefix(decl.Name.Name, "apply") || receiver(decl) == "Tx" {
		return true
	}
	return slices.ContainsFunc(decl.Type.Params.List, func(p *ast.Field) bool {
		return typeName(p.Type) == "command.Tx"
	})
}

// receiver returns the name of a method's type, or "".
func receiver(decl *ast.FuncDecl) string {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return ""
	}
	return typeName(decl.Recv.List[0].Type)
}

// typeName returns the name of a type that has methods of its own: T for T, *T
// and T[P], pkg.T for one of another package, "" for any other.
func typeName(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.Ident:
		return typ.Name
	case *ast.StarExpr:
		return typeName(typ.X)
	case *ast.IndexExpr:
		return typeName(typ.X)
	case *ast.SelectorExpr:
		return typeName(typ.X) + "." + typ.Sel.Name
	}
	return ""
}

// source is one parsed file.
type source struct {
	fset *token.FileSet
	file *ast.File
}

func (s source) note(found map[string]bool, n ast.Node, what string) {
	found[fmt.Sprintf("%s: %s", s.fset.Position(n.Pos()), what)] = true
}

func (s source) funcs() []*ast.FuncDecl {
	var list []*ast.FuncDecl
	for _, decl := range s.file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			list = append(list, fn)
		}
	}
	return list
}

func (s source) hasApply() bool { return slices.ContainsFunc(s.funcs(), isApply) }

// path returns the import path of the package that an expression like
// pkg.Name names, or "" when it is something else.
func (s source) path(expr ast.Expr) string {
	sel, ok := expr.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	name, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	for _, spec := range s.file.Imports {
		if importName(spec) == name.Name {
			return importPath(spec)
		}
	}
	return ""
}

// nameIn returns Name for an expression like pkg.Name of that package.
func (s source) nameIn(pkg string, expr ast.Expr) (string, bool) {
	if s.path(expr) != pkg {
		return "", false
	}
	return expr.(*ast.SelectorExpr).Sel.Name, true
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
	return p
}

func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	p := importPath(spec)
	if base := path.Base(p); base != "v2" {
		return base
	}
	return path.Base(path.Dir(p))
}

func sortedKeys(found map[string]bool) []string { return slices.Sorted(maps.Keys(found)) }

// moduleSources parses the files of this module that ship, by the name of
// their package's folder relative to the root ("." is the root).
func moduleSources(t *testing.T) map[string][]source {
	t.Helper()
	sources := map[string][]source{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (base == "testdata" || base == "tools" || base[0] == '.' || base[0] == '_') {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(filepath.Dir(name))
		sources[folder] = append(sources[folder], source{fset, file})
		return nil
	})
	if err != nil {
		t.Fatalf("reading the sources of the module: %v", err)
	}
	return sources
}
