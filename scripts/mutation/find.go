package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// mutant is one small change that a test should notice.
type mutant struct {
	id   int
	file string
	line int
	// key names the mutant whatever its line: file, function, kind, text and, when
	// that is not unique, a number.
	key  string
	kind string
	text string // what is changed, on one line
}

// finder instruments one file.
type finder struct {
	*source
	file    *file
	edits   []edit
	mutants []*mutant
	next    *int // number of the next mutant, over all packages
	consts  map[types.Object]*number
	stack   []ast.Node
	seen    map[string]int // keys
}

// number is a named number of the package: changed at all its uses together.
type number struct {
	finder     *finder // of the file that declares it
	spec       *ast.ValueSpec
	up, down   string // its value if the first number in it is one more, and one less
	used       bool
	more, less int // mutants, once it is used
}

// instrument finds all mutants of a package and returns its changed files.
func instrument(s *source, next *int) ([]*mutant, map[string]string) {
	var all []*mutant
	out := map[string]string{}
	consts := map[types.Object]*number{}
	seen := map[string]int{}
	finders := make([]*finder, len(s.files))
	for i, f := range s.files {
		finders[i] = &finder{source: s, file: f, next: next, consts: consts, seen: seen}
		finders[i].constants()
	}
	for i := range s.files {
		finders[i].walk()
	}
	for i, f := range s.files {
		all = append(all, finders[i].mutants...)
		out[f.path] = render(f.text, finders[i].edits)
	}
	return all, out
}

// add numbers a mutant of a node.
func (f *finder) add(kind string, n ast.Node) int {
	text := strings.Join(strings.Fields(f.file.text[f.offset(n.Pos()):f.offset(n.End())]), " ")
	const most = 90
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	key := fmt.Sprintf("%s %s: %s: %s", f.file.path, f.function(n), kind, text)
	f.seen[key]++
	if k := f.seen[key]; k > 1 {
		key += fmt.Sprintf(" #%d", k)
	}
	m := &mutant{id: *f.next, file: f.file.path, line: f.fset.Position(n.Pos()).Line, key: key, kind: kind, text: text}
	*f.next++
	f.mutants = append(f.mutants, m)
	return m.id
}

// function names the declaration that a node is in.
func (f *finder) function(n ast.Node) string {
	for _, d := range f.file.tree.Decls {
		if d.Pos() <= n.Pos() && n.End() <= d.End() {
			if fn, ok := d.(*ast.FuncDecl); ok {
				return fn.Name.Name
			}
		}
	}
	return "-"
}

func (f *finder) around(n ast.Node, open, closing string) {
	f.edits = append(f.edits, edit{start: f.offset(n.Pos()), end: f.offset(n.End()), open: open, close: closing})
}

func (f *finder) operator(pos token.Pos, op token.Token) {
	comma := ","
	f.edits = append(f.edits, edit{start: f.offset(pos), end: f.offset(pos) + len(op.String()), replace: &comma})
}

// walk visits every function body of the file.
func (f *finder) walk() {
	for _, d := range f.file.tree.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			ast.Inspect(fn.Body, f.visit)
		}
	}
}

func (f *finder) visit(n ast.Node) bool {
	if n == nil {
		f.stack = f.stack[:len(f.stack)-1]
		return true
	}
	if d, ok := n.(*ast.DeclStmt); ok {
		if g, ok := d.Decl.(*ast.GenDecl); ok && g.Tok != token.VAR {
			return false // constants and types: at their uses
		}
	}
	f.stack = append(f.stack, n)
	switch x := n.(type) {
	case *ast.BlockStmt:
		f.statements(x.List)
	case *ast.CaseClause:
		f.statements(x.Body)
	case *ast.RangeStmt:
		f.loop(x)
	case *ast.ReturnStmt:
		f.swallow(x)
	case ast.Expr:
		f.expression(x)
	}
	return true
}

func (f *finder) parent() ast.Node {
	if len(f.stack) < 2 {
		return nil
	}
	return f.stack[len(f.stack)-2]
}
