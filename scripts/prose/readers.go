package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// readGo returns the sentences of a Go file's comments, of its string literals and of the
// names of its tests.
func readGo(file string, src []byte) ([]sentence, error) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	t := &text{file: file}
	for _, group := range f.Comments {
		for _, c := range group.List {
			comment(t, set.Position(c.Pos()).Line, c.Text)
		}
		t.end()
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil // a struct tag is not text
		case *ast.FuncDecl:
			if name, ok := strings.CutPrefix(n.Name.Name, "Test"); ok && strings.HasSuffix(file, "_test.go") {
				t.alone(set.Position(n.Pos()).Line, spell(name))
			}
		case ast.Expr:
			if content, ok := literal(n); ok {
				line := set.Position(n.Pos()).Line
				for i, l := range strings.Split(content, "\n") {
					t.prose(line+i, l)
				}
				t.end()
				return false
			}
		}
		return true
	})
	return t.done, nil
}

// comment adds one comment. Code in it, which is indented, and directives are left out.
func comment(t *text, line int, content string) {
	if block, ok := strings.CutPrefix(content, "/*"); ok {
		for i, l := range strings.Split(strings.TrimSuffix(block, "*/"), "\n") {
			t.prose(line+i, l)
		}
		t.end()
		return
	}
	content = strings.TrimPrefix(content, "//")
	if _, reason, ok := strings.Cut(content, " // "); ok && strings.HasPrefix(content, "nolint:") {
		t.alone(line, reason)
		return
	}
	switch {
	case content != "" && content[0] != ' ' && content[0] != '\t': // a directive
	case strings.HasPrefix(content, "\t"): // code
		t.end()
	default:
		t.prose(line, strings.TrimPrefix(strings.TrimPrefix(content, " "), "# "))
	}
}

// literal returns the text of a string literal, or of several that are added, with "…" for
// each other operand. It reports false when the expression holds no literal.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, isLeft := literal(e.X)
		right, isRight := literal(e.Y)
		if !isLeft {
			left = "…"
		}
		if !isRight {
			right = "…"
		}
		return left + right, isLeft || isRight
	}
	return "", false
}

// spell separates the words of a name in camel case.
func spell(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

var (
	code    = regexp.MustCompile("`[^`]*`")
	link    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	tag     = regexp.MustCompile(`<[^>]*>`)
	divider = regexp.MustCompile(`^[|:\s-]*$`)
)

// readMarkdown returns the sentences of a page, without code and the addresses of links.
func readMarkdown(file string, src []byte) ([]sentence, error) {
	t := &text{file: file}
	fenced := false
	for i, l := range strings.Split(string(src), "\n") {
		n := i + 1
		trimmed := strings.TrimSpace(l)
		if strings.HasPrefix(trimmed, "```") {
			fenced = !fenced
			t.end()
			continue
		}
		if fenced {
			continue
		}
		l = tag.ReplaceAllString(link.ReplaceAllString(code.ReplaceAllString(strings.TrimLeft(l, "> "), "`…`"), "$1"), "")
		switch {
		case strings.HasPrefix(trimmed, "|"):
			t.end()
			if !divider.MatchString(trimmed) {
				for _, cell := range strings.Split(strings.Trim(strings.TrimSpace(l), "|"), "|") {
					t.alone(n, "| "+cell)
				}
			}
		case strings.HasPrefix(trimmed, "#"):
			t.alone(n, l)
		default:
			t.prose(n, l)
		}
	}
	t.end()
	return t.done, nil
}

// readHashes returns the sentences of the comments that begin with "#".
func readHashes(file string, src []byte) ([]sentence, error) {
	return readComments(file, src, regexp.MustCompile(`(?:^|\s)#+[ @](.*)$`)), nil
}

// readSlashes returns the sentences of the comments that begin with "//", or of one that
// spans lines.
func readSlashes(file string, src []byte) ([]sentence, error) {
	return readComments(file, src, regexp.MustCompile(`(?:^|\s)(?://|/?\*+)[ ](.*)$`)), nil
}

func readComments(file string, src []byte, mark *regexp.Regexp) []sentence {
	t := &text{file: file}
	for i, l := range strings.Split(string(src), "\n") {
		m := mark.FindStringSubmatchIndex(l)
		if m == nil {
			t.end()
			continue
		}
		if strings.TrimSpace(l[:m[0]]) != "" { // behind code
			t.alone(i+1, l[m[2]:m[3]])
			continue
		}
		t.prose(i+1, l[m[2]:m[3]])
	}
	t.end()
	return t.done
}
