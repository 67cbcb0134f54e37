package input

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"testing"
)

// TestEveryTextHasARule: a prop that is a text follows a rule, or its construct checks it.
func TestEveryTextHasARule(t *testing.T) {
	paths, err := filepath.Glob("../../recovery/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no constructs (%v)", err)
	}
	found := map[string]bool{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.TypeSpec)
			if !is || !spec.Name.IsExported() {
				return true
			}
			body, is := spec.Type.(*ast.StructType)
			if !is {
				return false
			}
			for _, f := range body.Fields.List {
				switch types.ExprString(f.Type) {
				case "*string", "*[]*string", "*map[string]*string":
					for _, name := range f.Names {
						found[spec.Name.Name+"."+name.Name] = true
					}
				}
			}
			return false
		})
	}
	for prop := range found {
		if _, ruled := rules[prop]; !ruled && !slices.Contains(checked, prop) {
			t.Errorf("%s is a text that nothing checks: give it a rule in rules.go, or name it in checked if its construct checks it", prop)
		}
	}
	for prop := range rules {
		if !found[prop] {
			t.Errorf("rules.go has a rule for %s, which is no text of a construct", prop)
		}
	}
	for _, prop := range checked {
		if !found[prop] {
			t.Errorf("checked names %s, which is no text of a construct", prop)
		}
	}
}
