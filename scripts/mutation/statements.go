package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// statements finds what can be left out of a list of statements.
func (f *finder) statements(list []ast.Stmt) {
	for i, s := range list {
		kind := ""
		switch x := s.(type) {
		case *ast.ExprStmt:
			kind = "leave out"
			if isPanic(x) && !f.continues(i, list) {
				kind = ""
			}
		case *ast.AssignStmt:
			if x.Tok != token.DEFINE && !blank(x) {
				kind = "leave out"
			}
		case *ast.IncDecStmt:
			kind = "leave out"
			f.countDown(x)
		case *ast.DeferStmt:
			kind = "leave out"
		case *ast.BranchStmt:
			if x.Tok != token.FALLTHROUGH {
				kind = "leave out"
			}
		case *ast.ReturnStmt:
			if f.continues(i, list) {
				kind = "leave out"
			}
		}
		if kind != "" {
			f.around(s, fmt.Sprintf("if !mutant(%d) { ", f.add(kind, s)), " }")
		}
	}
}

func isPanic(x *ast.ExprStmt) bool {
	call, ok := x.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	name, ok := call.Fun.(*ast.Ident)
	return ok && name.Name == "panic"
}

// blank: all that is assigned to is _.
func blank(x *ast.AssignStmt) bool {
	for _, l := range x.Lhs {
		if id, ok := l.(*ast.Ident); !ok || id.Name != "_" {
			return false
		}
	}
	return true
}

// continues reports whether the function would go on after statement i of the list
// without it, rather than run into its end: that may not compile, and would prove
// nothing.
func (f *finder) continues(i int, list []ast.Stmt) bool {
	if i+1 < len(list) {
		return true
	}
	for at := len(f.stack) - 1; at >= 0; at-- {
		switch x := f.stack[at].(type) {
		case *ast.FuncLit:
			return x.Type.Results == nil
		case *ast.CaseClause:
			continue // what follows in its list is another case
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		}
		if at == 0 {
			break
		}
		var outer []ast.Stmt
		switch p := f.stack[at-1].(type) {
		case *ast.BlockStmt:
			outer = p.List
		case *ast.CaseClause:
			outer = p.Body
		}
		for k, s := range outer {
			if ast.Node(s) == f.stack[at] && k+1 < len(outer) {
				return true
			}
		}
	}
	return f.declaredWithoutResults()
}

func (f *finder) declaredWithoutResults() bool {
	for _, d := range f.file.tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body == f.stack[0] {
			return fn.Type.Results == nil
		}
	}
	return false
}

// countDown turns ++ into -- and back.
func (f *finder) countDown(x *ast.IncDecStmt) {
	other := "++"
	if x.Tok == token.INC {
		other = "--"
	}
	target := f.file.text[f.offset(x.X.Pos()):f.offset(x.X.End())]
	f.around(x, fmt.Sprintf("if mutant(%d) { %s%s } else { ", f.add("arithmetic", x), target, other), " }")
}

// loop leaves a loop over a collection before its first turn.
func (f *finder) loop(x *ast.RangeStmt) {
	at := f.offset(x.Body.Lbrace) + 1
	nothing := ""
	f.edits = append(f.edits, edit{start: at, end: at, open: fmt.Sprintf(" if mutant(%d) { break };", f.add("no turn", &ast.RangeStmt{
		For: x.For, X: x.X, Body: &ast.BlockStmt{Lbrace: x.Body.Lbrace, Rbrace: x.X.End() - 1},
	})), replace: &nothing})
}

// swallow returns nil instead of an error.
func (f *finder) swallow(x *ast.ReturnStmt) {
	for _, r := range x.Results {
		tv := f.info.Types[r]
		if tv.Type != nil && !tv.IsNil() && types.Identical(tv.Type, types.Universe.Lookup("error").Type()) {
			f.around(r, fmt.Sprintf("mutantErr(%d, ", f.add("no error", r)), ")")
		}
	}
}
