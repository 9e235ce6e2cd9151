package storefront

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeptPagesGoByTheAddressOnly looks for pages that read a body when they are
// asked for: a kept page is found by its address, so what else it depended on
// would be shown to everybody. A form's own handlers may.
func TestKeptPagesGoByTheAddressOnly(t *testing.T) {
	mayReadBodies := map[string]bool{"accountPage": true, "showVerify": true, "showNewPassword": true, "verify": true, "newPassword": true}
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || mayReadBodies[f.Name.Name] {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "FormValue" || s.Sel.Name == "Form") {
					if x, ok := s.X.(*ast.SelectorExpr); ok && x.Sel.Name == "r" {
						t.Errorf("%s: %s reads the body of a GET: use URL.Query", name, f.Name.Name)
					}
				}
				return true
			})
		}
	}
}
