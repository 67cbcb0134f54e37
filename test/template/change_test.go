package template

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// change is one prop that a test changes alone.
type change struct {
	prop          string // such as NodeLoadBalancer.Port
	before, after document
}

// TestChangedProps changes each prop of each construct alone and compares the
// templates. CloudFormation's schemas say which changed properties replace a resource
// (createOnlyProperties). A replaced resource that a running node depends on must be
// named in the prop's documentation. The result is docs/constructs/changes.md.
func TestChangedProps(t *testing.T) {
	docs := propDocs(t)
	createOnly := readCreateOnly(t)
	rows := map[string][]string{}
	for _, c := range changes(t) {
		e := effectOf(t, c, createOnly)
		kind, name, _ := strings.Cut(c.prop, ".")
		doc, known := docs[c.prop]
		if !known {
			t.Errorf("%s has no documentation that this test finds", c.prop)
		}
		if used := e.usedByNodes(); len(used) > 0 && !strings.Contains(doc, "replace") {
			t.Errorf("changing %s replaces %s, which a running node depends on: make the change harmless, or say in the prop's comment what it replaces", c.prop, strings.Join(used, ", "))
		}
		rows[kind] = append(rows[kind], fmt.Sprintf("| `%s` | %s |\n", name, e))
	}
	for prop, why := range unchanged {
		kind, name, _ := strings.Cut(prop, ".")
		rows[kind] = append(rows[kind], fmt.Sprintf("| `%s` | %s |\n", name, why))
	}
	writeChanges(t, rows)
}

// effect lists the resources that the change of one prop affects.
type effect struct {
	changed, replaced, removed, added map[string]bool // types of resources
	node, launch                      bool            // another node takes its place; the launch template differs
}

func effectOf(t *testing.T, c change, createOnly map[string][]string) effect {
	t.Helper()
	e := effect{changed: map[string]bool{}, replaced: map[string]bool{}, removed: map[string]bool{}, added: map[string]bool{}}
	gone := map[string]bool{} // logical ids of what is replaced
	for id, was := range c.before.Resources {
		now, there := c.after.Resources[id]
		switch {
		case !there || now.Type != was.Type:
			e.removed[was.Type] = true
		case was.Type == contract.NodeResourceType:
			// The switcher answers with a physical id made of its name and the node's id.
			if !cmp.Equal(was.Properties["NodeId"], now.Properties["NodeId"]) {
				e.node = true
			}
			if !cmp.Equal(was.Properties, now.Properties) {
				e.changed[was.Type] = true
			}
		default:
			paths, known := createOnly[was.Type]
			if !known {
				t.Fatalf("%s is not in %s: write it with `make schemas`", was.Type, createOnlyFile)
			}
			if cmp.Equal(was.Properties, now.Properties) {
				continue
			}
			e.changed[was.Type] = true
			e.launch = e.launch || was.Type == "AWS::EC2::LaunchTemplate" && !cmp.Equal(was.Properties["LaunchTemplateData"], now.Properties["LaunchTemplateData"])
			for _, path := range paths {
				if !cmp.Equal(inside(was.Properties, path), inside(now.Properties, path)) {
					gone[id] = true
				}
			}
		}
	}
	follow(c, createOnly, gone)
	for id := range gone {
		e.replaced[c.before.Resources[id].Type] = true
	}
	for id, r := range c.after.Resources {
		if was, there := c.before.Resources[id]; !there || was.Type != r.Type {
			e.added[r.Type] = true
		}
	}
	return e
}

// follow adds what is replaced because it refers to something that is: a listener to its
// load balancer, a mount target to its file system.
func follow(c change, createOnly map[string][]string, gone map[string]bool) {
	for grown := true; grown; {
		grown = false
		for id, now := range c.after.Resources {
			if _, old := c.before.Resources[id]; !old || gone[id] {
				continue
			}
			for _, path := range createOnly[now.Type] {
				for _, other := range referred(inside(now.Properties, path)) {
					if gone[other] && !gone[id] {
						gone[id], grown = true, true
					}
				}
			}
		}
	}
}

// referred are the logical ids in a value of a template.
func referred(v any) []string {
	var ids []string
	switch x := v.(type) {
	case map[string]any:
		if id, is := x["Ref"].(string); is {
			ids = append(ids, id)
		}
		if get, is := x["Fn::GetAtt"].([]any); is && len(get) > 0 {
			if id, is := get[0].(string); is {
				ids = append(ids, id)
			}
		}
		for _, inner := range x {
			ids = append(ids, referred(inner)...)
		}
	case []any:
		for _, inner := range x {
			ids = append(ids, referred(inner)...)
		}
	}
	return ids
}

// inside is the value at a schema's path, such as /PosixUser/Uid, or nil.
func inside(properties map[string]any, path string) any {
	var v any = properties
	for _, key := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		m, is := v.(map[string]any)
		if !is {
			return nil
		}
		v = m[key]
	}
	return v
}

// independent are types that no running instance needs: an alarm that is replaced loses
// no more than its state.
var independent = map[string]bool{
	"AWS::CloudWatch::Alarm": true, "AWS::CloudWatch::Dashboard": true, "AWS::Backup::BackupSelection": true, "AWS::IAM::Policy": true,
	// A changed check is another one. The node is associated with it before CloudFormation
	// deletes the old one, since the node's resource depends on it.
	"AWS::EC2::ApplicationStatusCheck": true,
	"AWS::Lambda::EventInvokeConfig":   true, "AWS::Lambda::Permission": true, "AWS::Events::Rule": true, "AWS::Scheduler::Schedule": true,
}

func (e effect) usedByNodes() []string {
	var found []string
	for _, kinds := range []map[string]bool{e.replaced, e.removed} {
		for kind := range kinds {
			if !independent[kind] {
				found = append(found, kind)
			}
		}
	}
	if e.node {
		found = append(found, contract.NodeResourceType)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// String is the effect in the words of docs/constructs/changes.md.
func (e effect) String() string {
	var parts []string
	list := func(verb string, kinds map[string]bool) {
		if len(kinds) > 0 {
			names := slices.Sorted(maps.Keys(kinds))
			parts = append(parts, verb+" "+strings.ReplaceAll(strings.Join(names, ", "), "AWS::", ""))
		}
	}
	if e.node {
		parts = append(parts, "makes another node and deletes this one")
	}
	list("replaces", e.replaced)
	list("removes", e.removed)
	list("adds", e.added)
	if e.launch {
		parts = append(parts, "the next switch, or a planned switch with `ApplyChanges_AT_ONCE`, applies it")
	}
	if len(parts) == 0 {
		return "no interruption"
	}
	return strings.Join(parts, "; ")
}

const createOnlyFile = "testdata/create-only.json"

// readCreateOnly reads the properties that replace a resource, by type: an extract of
// CloudFormation's schemas.
func readCreateOnly(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(createOnlyFile)
	if err != nil {
		t.Fatalf("%v: write it with `make schemas`", err)
	}
	found := map[string][]string{}
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// propDocs are the comments of all exported fields of the constructs' structs. A field
// without a comment shares that of the one before.
func propDocs(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	paths, err := filepath.Glob("../../constructs/recovery/*.go")
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
			if !is {
				return true
			}
			body, is := spec.Type.(*ast.StructType)
			if !is || !spec.Name.IsExported() {
				return false
			}
			text := ""
			for _, f := range body.Fields.List {
				if doc := f.Doc.Text(); doc != "" {
					text = strings.Join(strings.Fields(doc), " ")
				}
				for _, name := range f.Names {
					found[spec.Name.Name+"."+name.Name] = text
				}
			}
			return false
		})
	}
	return found
}

const (
	changesFile  = "../../docs/constructs/changes.md"
	changesBegin = "<!-- changes: begin -->\n"
	changesEnd   = "<!-- changes: end -->\n"
)

// writeChanges compares the rows with the page, or writes them with -update.
func writeChanges(t *testing.T, rows map[string][]string) {
	t.Helper()
	page, err := os.ReadFile(changesFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), changesBegin)
	_, tail, ended := strings.Cut(rest, changesEnd)
	if !ok || !ended {
		t.Fatalf("%s has no lines %q and %q", changesFile, changesBegin, changesEnd)
	}
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(&b, "\n## %s\n\n| prop | effect of its change |\n|---|---|\n", kind)
		slices.Sort(rows[kind])
		b.WriteString(strings.Join(slices.Compact(rows[kind]), ""))
	}
	b.WriteString("\n")
	want := head + changesBegin + b.String() + changesEnd + tail
	if want == string(page) {
		return
	}
	if !*update {
		t.Errorf("%s is not what the templates say (-page +templates):\n%s\nwrite it with `make golden`", changesFile, cmp.Diff(string(page), want))
		return
	}
	if err := os.WriteFile(changesFile, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// changes synthesises every construct once for each of its props.
func changes(t *testing.T) []change {
	t.Helper()
	plain := map[string]document{} // by what is synthesised
	var found []change
	for _, p := range allProps {
		if unchanged[p.String()] != "" {
			continue
		}
		key := p.root()
		if startFor[p.String()] != nil {
			key = p.String()
		}
		if _, there := plain[key]; !there {
			plain[key] = p.app(t, nil)
		}
		after, err := p.vary(t, plain[key])
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		found = append(found, change{prop: p.String(), before: plain[key], after: after})
	}
	return found
}
