package docs_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

var update = flag.Bool("update", false, "write the tables of props into docs/constructs")

// prop is one field of a props struct, as its comment tells it.
type prop struct{ name, kind, text, def string }

// props are all exported structs of the public constructs, by name. A field without
// a comment shares that of the one before.
func props(t *testing.T) map[string][]prop {
	t.Helper()
	found := map[string][]prop{}
	paths, err := filepath.Glob(filepath.Join(root, "constructs/recovery/*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no constructs (%v)", err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
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
			text := ""
			for _, f := range body.Fields.List {
				if doc := f.Doc.Text(); doc != "" {
					text = doc
				}
				for _, name := range f.Names {
					p := prop{name: name.Name, kind: kindOf(types.ExprString(f.Type))}
					p.text, p.def = cells(text)
					found[spec.Name.Name] = append(found[spec.Name.Name], p)
				}
			}
			return false
		})
	}
	return found
}

// kindOf writes a field's Go type as a reader of the manual wants it.
func kindOf(goType string) string {
	switch goType {
	case "*string":
		return "text"
	case "*float64":
		return "number"
	case "*bool":
		return "true or false"
	case "*[]*string":
		return "texts"
	case "*map[string]*string":
		return "texts by key"
	case "awscdk.Duration":
		return "duration"
	}
	if list, is := strings.CutPrefix(goType, "*[]"); is {
		return "list of `" + strings.TrimPrefix(list, "*") + "`"
	}
	return "`" + strings.TrimPrefix(goType, "*") + "`"
}

var (
	address  = regexp.MustCompile(`https://\S+`)
	required = regexp.MustCompile(`Required[^.]*\.`)
)

// cells splits a field's comment into what it says and its default.
func cells(doc string) (text, def string) {
	text = strings.Join(strings.Fields(doc), " ")
	if at := strings.LastIndex(text, "Default: "); at >= 0 {
		text, def = text[:at], strings.TrimSuffix(text[at+len("Default: "):], ".")
	} else if r := required.FindString(text); r != "" {
		text, def = strings.Replace(text, r, "", 1), strings.ToLower(strings.TrimSuffix(r, "."))
	}
	clean := func(s string) string {
		s = strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`).Replace(strings.TrimSpace(s))
		return address.ReplaceAllStringFunc(s, func(a string) string {
			end := strings.TrimRight(a, ".,):")
			return "[AWS](" + end + ")" + a[len(end):]
		})
	}
	return clean(text), clean(def)
}

var marked = regexp.MustCompile(`(?s)(<!-- props: (\w+) -->\n).*?(<!-- props: end -->\n)`)

// The tables of props are written from the constructs' comments, so that a page
// never names a prop or a default that is not there.
func TestPropsTables(t *testing.T) {
	known, shown := props(t), map[string]bool{}
	for _, name := range documents(t) {
		text := read(t, name)
		want := marked.ReplaceAllStringFunc(text, func(block string) string {
			m := marked.FindStringSubmatch(block)
			if known[m[2]] == nil {
				t.Errorf("%s shows the props of %s, which constructs/recovery does not have", name, m[2])
				return block
			}
			shown[m[2]] = true
			var b strings.Builder
			b.WriteString(m[1] + "\n| prop | type | what it says | default |\n|---|---|---|---|\n")
			for _, p := range known[m[2]] {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.name, p.kind, p.text, p.def)
			}
			return b.String() + "\n" + m[3]
		})
		if want == text {
			continue
		}
		if !*update {
			t.Errorf("%s: its tables of props are not those of constructs/recovery; write them with go test ./test/docs -run TestPropsTables -update", name)
		} else if err := os.WriteFile(filepath.Join(root, name), []byte(want), 0o600); err != nil {
			t.Error(err)
		}
	}
	for name := range known {
		if !shown[name] {
			t.Errorf("no page of docs/constructs shows the props of %s: add <!-- props: %s --> and <!-- props: end --> where it belongs", name, name)
		}
	}
}

// Every prop says whether it is required, or what it is when it is left out.
func TestPropsSayTheirDefault(t *testing.T) {
	for name, fields := range props(t) {
		for _, p := range fields {
			if p.text == "" || p.def == "" {
				t.Errorf("%s.%s says %q and default %q: its comment must say what it is, and end with its default or say that it is required", name, p.name, p.text, p.def)
			}
		}
	}
}

// The policy's defaults stand twice: in the constructs' comments, which people read,
// and in contract.DefaultPolicy, which the switcher follows.
func TestPolicyDefaults(t *testing.T) {
	policy := reflect.ValueOf(contract.DefaultPolicy())
	var seen []string
	for _, p := range props(t)["RecoveryPolicy"] {
		field := p.name
		if field == "SwitchWindow" {
			field = "WindowTime"
		}
		if base, is := strings.CutSuffix(field, "Time"); is {
			field = base + "Seconds"
		}
		if field == "HistorySeconds" {
			field = "HistoryDays"
		}
		value := policy.FieldByName(field)
		if !value.IsValid() {
			t.Errorf("RecoveryPolicy has %s, and contract.Policy no %s", p.name, field)
			continue
		}
		seen = append(seen, field)
		said, err := strconv.Atoi(regexp.MustCompile(`^\d+`).FindString(p.def))
		if err != nil {
			t.Errorf("RecoveryPolicy.%s: the default %q does not begin with a number", p.name, p.def)
			continue
		}
		if strings.HasPrefix(p.def, strconv.Itoa(said)+" hour") {
			said *= 3600
		}
		if got := int(value.Int()); got != said {
			t.Errorf("RecoveryPolicy.%s says its default is %q, contract.DefaultPolicy says %d", p.name, p.def, got)
		}
	}
	for i := range policy.NumField() {
		if name := policy.Type().Field(i).Name; !slices.Contains(seen, name) {
			t.Errorf("contract.Policy has %s, which RecoveryPolicy does not offer", name)
		}
	}
}

var figures = regexp.MustCompile(`(?s)(<!-- figures: begin -->\n).*?(<!-- figures: end -->\n)`)

// The comparison with an Auto Scaling group quotes docs/performance.md, which is
// measured anew now and then.
func TestComparison(t *testing.T) {
	const page = "docs/when-not-to-use.md"
	measured := read(t, "docs/performance.md")
	_, calm, _ := strings.Cut(measured, "### Seconds from detection to serving, nothing in the way")
	calm, _, _ = strings.Cut(calm, "\n### ")
	type row struct{ took, worst, writers string }
	rows := map[string]row{}
	var order []string
	for _, line := range strings.Split(calm, "\n") {
		c := strings.Split(strings.Trim(line, "| "), " | ")
		if len(c) != 14 || c[0] != "hang" {
			continue
		}
		who := strings.TrimSuffix(c[2], " †")
		if !strings.HasPrefix(who, "this engine") && !strings.HasPrefix(who, "Auto Scaling") {
			continue
		}
		rows[who+c[1]] = row{c[4], c[5], c[12]}
		if !slices.Contains(order, who) {
			order = append(order, who)
		}
	}
	if len(order) != 3 {
		t.Fatalf("docs/performance.md has figures of %q, want this engine with and without a gate, and an Auto Scaling group", order)
	}
	table := "\n| | ALB, median | ALB, 99 % | NLB, median | NLB, 99 % | two could write, of 1000 |\n|---|---:|---:|---:|---:|---:|\n"
	for _, who := range order {
		a, n := rows[who+"ALB"], rows[who+"NLB"]
		table += fmt.Sprintf("| %s | %s s | %s s | %s s | %s s | %s |\n", who, a.took, a.worst, n.took, n.worst, a.writers)
	}
	text := read(t, page)
	want := figures.ReplaceAllString(text, "${1}"+table+"\n${2}")
	if want == text {
		return
	}
	if !*update {
		t.Errorf("%s does not quote the figures of docs/performance.md: write them with go test ./test/docs -run TestComparison -update", page)
	} else if err := os.WriteFile(filepath.Join(root, page), []byte(want), 0o600); err != nil {
		t.Error(err)
	}
}
