package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
)

// expression finds what can be changed about a value.
func (f *finder) expression(e ast.Expr) {
	tv, ok := f.info.Types[e]
	if !ok || !tv.IsValue() || f.fixed(e) {
		return
	}
	switch x := e.(type) {
	case *ast.BinaryExpr:
		if tv.Value == nil {
			f.binary(x, tv)
		}
		return
	case *ast.BasicLit:
		f.literal(x, tv)
		return
	case *ast.Ident:
		if f.named(x, tv) {
			return
		}
	case *ast.CallExpr:
		if f.before(x) {
			return
		}
	case *ast.ParenExpr, *ast.UnaryExpr, *ast.FuncLit, *ast.CompositeLit, *ast.KeyValueExpr:
		return // what is in them is visited by itself
	}
	f.boolean(e, tv)
}

// fixed reports whether the language wants the expression as it is: on the left of
// an assignment, as a key of a struct, as part of a larger name, as an operand of &,
// or as a statement of its own.
func (f *finder) fixed(e ast.Expr) bool {
	switch p := f.parent().(type) {
	case *ast.AssignStmt:
		for _, l := range p.Lhs {
			if l == e {
				return true
			}
		}
		return len(p.Lhs) > 1 && len(p.Rhs) == 1 // v, ok := …
	case *ast.KeyValueExpr:
		return p.Key == e
	case *ast.SelectorExpr:
		return true
	case *ast.UnaryExpr:
		return p.Op == token.AND
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.RangeStmt, *ast.Field, *ast.ArrayType, *ast.TypeAssertExpr:
		return true
	case *ast.CallExpr:
		return p.Fun == e
	case *ast.ValueSpec:
		return len(p.Names) > 1 && len(p.Values) == 1
	case *ast.CaseClause: // of a switch over a value: constants must not repeat
		return f.info.Types[e].Value != nil
	}
	return false
}

func isBool(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

func basic(t types.Type) types.BasicInfo {
	if b, ok := t.Underlying().(*types.Basic); ok {
		return b.Info()
	}
	return 0
}

// boolean negates a value that is true or false.
func (f *finder) boolean(e ast.Expr, tv types.TypeAndValue) {
	if !isBool(tv.Type) {
		return
	}
	kind := "negate"
	if tv.Value != nil {
		kind = "flip"
	}
	f.around(e, "((", fmt.Sprintf(") != mutant(%d))", f.add(kind, e)))
}

func (f *finder) binary(x *ast.BinaryExpr, tv types.TypeAndValue) {
	operand := f.info.Types[x.X].Type
	if basic(operand)&types.IsUntyped != 0 {
		operand = f.info.Types[x.Y].Type
	}
	ordered := basic(operand)&types.IsOrdered != 0
	number := basic(operand)&types.IsNumeric != 0
	switch x.Op {
	case token.LAND, token.LOR:
		id := f.add("and/or", x)
		same := fmt.Sprintf(") != mutant(%d))", id)
		f.around(x, "((", same)
		f.around(x.X, "((", same)
		f.around(x.Y, "((", same)
	case token.EQL, token.NEQ:
		f.around(x, "((", fmt.Sprintf(") != mutant(%d))", f.add("negate", x)))
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		if !ordered {
			return
		}
		bound, negated := f.add("boundary", x), f.add("negate", x)
		switch x.Op {
		case token.LSS:
			f.call(x, fmt.Sprintf("mutantLess(%d, %d, ", bound, negated))
		case token.LEQ:
			f.call(x, fmt.Sprintf("mutantLessEqual(%d, %d, ", bound, negated))
		case token.GTR: // a > b is not a <= b
			f.call(x, fmt.Sprintf("!mutantLessEqual(%d, %d, ", bound, negated))
		default: // token.GEQ
			f.call(x, fmt.Sprintf("!mutantLess(%d, %d, ", bound, negated))
		}
	case token.ADD, token.SUB, token.MUL, token.QUO:
		if number {
			name := map[token.Token]string{token.ADD: "Add", token.SUB: "Sub", token.MUL: "Mul", token.QUO: "Div"}[x.Op]
			f.call(x, fmt.Sprintf("mutant%s(%d, ", name, f.add("arithmetic", x)))
		}
	case token.SHL:
		if basic(tv.Type)&types.IsInteger != 0 {
			f.call(x, fmt.Sprintf("mutantShl(%d, ", f.add("arithmetic", x)))
		}
	default:
	}
}

// call turns "a op b" into a call with both operands.
func (f *finder) call(x *ast.BinaryExpr, open string) {
	f.around(x, open, ")")
	f.operator(x.OpPos, x.Op)
}

// before moves the boundary of t.Before(u) and t.After(u).
func (f *finder) before(x *ast.CallExpr) bool {
	sel, ok := x.Fun.(*ast.SelectorExpr)
	if !ok || len(x.Args) != 1 || sel.Sel.Name != "Before" && sel.Sel.Name != "After" || f.info.Types[sel.X].Type == nil || f.info.Types[sel.X].Type.String() != "time.Time" {
		return false
	}
	bound, negated := f.add("boundary", x), f.add("negate", x)
	f.around(x, fmt.Sprintf("mutant%s(%d, %d, ", sel.Sel.Name, bound, negated), "")
	comma := ","
	f.edits = append(f.edits, edit{start: f.offset(sel.X.End()), end: f.offset(x.Lparen) + 1, replace: &comma})
	return true
}

// literal makes a number one more and one less.
func (f *finder) literal(x *ast.BasicLit, tv types.TypeAndValue) {
	if x.Kind != token.INT || basic(tv.Type)&types.IsNumeric == 0 || tv.Value == nil {
		return
	}
	value, exact := constant.Int64Val(constant.ToInt(tv.Value))
	name, ok := f.typeName(tv.Type)
	if !exact || !ok {
		return
	}
	more, less := f.add("one more", x), f.add("one less", x)
	f.around(x, fmt.Sprintf("mutantInt[%s](%d, %d, ", name, more, less), fmt.Sprintf(", %d, %s)", value+1, lower(value, tv.Type)))
}

// lower is one less, for an unsigned 0 one more.
func lower(value int64, t types.Type) string {
	if value == 0 && basic(t)&types.IsUnsigned != 0 {
		return "1"
	}
	return strconv.FormatInt(value-1, 10)
}

func (f *finder) typeName(t types.Type) (string, bool) {
	ok := true
	if b, basic := t.(*types.Basic); basic && b.Info()&types.IsUntyped != 0 {
		t = types.Default(t)
	}
	name := types.TypeString(t, qualifier(f.file, f.name, &ok))
	return name, ok
}

// constants finds the named numbers that the file declares.
func (f *finder) constants() {
	ast.Inspect(f.file.tree, func(n ast.Node) bool {
		g, ok := n.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			return true
		}
		for _, spec := range g.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 || len(v.Values) != 1 {
				continue
			}
			f.constant(v.Names[0], v.Values[0])
		}
		return false
	})
}

func (f *finder) constant(name *ast.Ident, value ast.Expr) {
	var lit *ast.BasicLit
	ast.Inspect(value, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && lit == nil && l.Kind == token.INT {
			lit = l
		}
		return true
	})
	if lit == nil {
		return
	}
	is, err := strconv.ParseInt(lit.Value, 0, 64)
	if err != nil {
		return
	}
	changed := func(to int64) (string, bool) {
		text := f.file.text[f.offset(value.Pos()):f.offset(value.End())]
		at := f.offset(lit.Pos()) - f.offset(value.Pos())
		tv, err := types.Eval(f.fset, f.pkg, value.Pos(), text[:at]+strconv.FormatInt(to, 10)+text[at+len(lit.Value):])
		if err != nil || tv.Value == nil {
			return "", false
		}
		n, exact := constant.Int64Val(constant.ToInt(tv.Value))
		return strconv.FormatInt(n, 10), exact
	}
	up, okUp := changed(is + 1)
	down, okDown := changed(is - 1)
	if okUp && okDown {
		f.consts[f.info.Defs[name]] = &number{finder: f, up: up, down: down, spec: &ast.ValueSpec{Names: []*ast.Ident{name}, Values: []ast.Expr{value}}}
	}
}

// named changes a named number at its use.
func (f *finder) named(x *ast.Ident, tv types.TypeAndValue) bool {
	c, ok := f.consts[f.info.Uses[x]]
	if !ok || basic(tv.Type)&types.IsNumeric == 0 {
		return false
	}
	name, ok := f.typeName(tv.Type)
	if !ok {
		return false
	}
	if !c.used {
		c.used, c.more, c.less = true, c.finder.add("one more", c.spec), c.finder.add("one less", c.spec)
	}
	f.around(x, fmt.Sprintf("mutantInt[%s](%d, %d, ", name, c.more, c.less), fmt.Sprintf(", %s, %s)", c.up, c.down))
	return true
}
