package commerce_test

import (
	"go/ast"
	"maps"
)

// mapNames knows, by name only, what in a package is a map: that is as much as
// can be seen without checking types.
type mapNames struct {
	types  map[string]bool // named types whose underlying type is a map
	fields map[string]bool // struct fields that are maps in every struct that has them
	funcs  map[string]bool // functions and methods whose first result is a map
	vars   map[string]bool // variables in view
}

// mapNamesOf collects the names that a package declares.
func mapNamesOf(files []source) mapNames {
	names := mapNames{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, f := range files {
		ast.Inspect(f.file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if _, ok := spec.Type.(*ast.MapType); ok {
					names.types[spec.Name.Name] = true
				}
			}
			return true
		})
	}
	other := map[string]bool{}
	for _, f := range files {
		ast.Inspect(f.file, func(n ast.Node) bool {
			if typ, ok := n.(*ast.StructType); ok {
				names.addFields(typ, other)
			}
			return true
		})
		for _, decl := range f.file.Decls {
			names.addDecl(decl)
		}
	}
	maps.DeleteFunc(names.fields, func(name string, _ bool) bool { return other[name] })
	return names
}

func (m mapNames) addFields(typ *ast.StructType, other map[string]bool) {
	for _, field := range typ.Fields.List {
		for _, name := range field.Names {
			if m.isMapType(field.Type) {
				m.fields[name.Name] = true
			} else {
				other[name.Name] = true
			}
		}
	}
}

func (m mapNames) addDecl(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		results := decl.Type.Results
		if results != nil && len(results.List) > 0 && m.isMapType(results.List[0].Type) {
			m.funcs[decl.Name.Name] = true
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			if spec, ok := spec.(*ast.ValueSpec); ok {
				m.addVars(spec)
			}
		}
	}
}

// within returns the names in view inside one function.
func (m mapNames) within(fn *ast.FuncDecl) mapNames {
	m.vars = maps.Clone(m.vars)
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field: // parameters, results and the receiver
			for _, name := range n.Names {
				m.set(name, m.isMapType(n.Type))
			}
		case *ast.ValueSpec:
			m.addVars(n)
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				name, ok := left.(*ast.Ident)
				switch {
				case !ok:
				case len(n.Rhs) == len(n.Lhs):
					m.set(name, m.vars[name.Name] || m.isMap(n.Rhs[i]))
				case i == 0: // several results of one call: the first may be a map
					m.set(name, m.vars[name.Name] || m.isMap(n.Rhs[0]))
				}
			}
		}
		return true
	})
	return m
}

func (m mapNames) addVars(spec *ast.ValueSpec) {
	for i, name := range spec.Names {
		isMap := spec.Type != nil && m.isMapType(spec.Type)
		if i < len(spec.Values) {
			isMap = isMap || m.isMap(spec.Values[i])
		}
		m.set(name, isMap)
	}
}

func (m mapNames) set(name *ast.Ident, isMap bool) { m.vars[name.Name] = isMap }

func (m mapNames) isMapType(typ ast.Expr) bool {
	switch typ := typ.(type) {
	case *ast.MapType:
		return true
	case *ast.Ident:
		return m.types[typ.Name]
	}
	return false
}

// isMap reports whether an expression is, as far as names tell, a map.
func (m mapNames) isMap(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.Ident:
		return m.vars[e.Name]
	case *ast.ParenExpr:
		return m.isMap(e.X)
	case *ast.SelectorExpr:
		return m.fields[e.Sel.Name]
	case *ast.CompositeLit:
		return e.Type != nil && m.isMapType(e.Type)
	case *ast.CallExpr:
		return m.isMapCall(e)
	}
	return false
}

func (m mapNames) isMapCall(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		if f.Name == "make" && len(call.Args) > 0 {
			return m.isMapType(call.Args[0])
		}
		return m.funcs[f.Name] || m.types[f.Name]
	case *ast.SelectorExpr:
		return m.funcs[f.Sel.Name]
	}
	return false
}
