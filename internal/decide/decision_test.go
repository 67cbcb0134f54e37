package decide_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

var update = flag.Bool("update", false, "rewrite testdata/decisions from what is decided now; read the difference before you commit it")

// decision is one row of the engine's table: a situation and what is decided in it.
// The answers are kept in testdata/decisions, one file for each table, to be read.
type decision struct {
	name string
	step func() (record.Node, decide.Step) // the record before, and the decision
}

// when makes a row of Decide: a scene that is changed in one or two ways.
func when(name string, s *scene, change ...func(*scene)) decision {
	return decision{name, func() (record.Node, decide.Step) {
		for _, c := range change {
			c(s)
		}
		return s.Node, decide.Decide(s.Input)
	}}
}

// decisions compares every row of a table with what is kept.
func decisions(t *testing.T, table string, rows []decision) {
	t.Helper()
	var out strings.Builder
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.name] {
			t.Errorf("two rows are called %q", r.name)
		}
		seen[r.name] = true
		before, step := r.step()
		described(t, r.name, step)
		fmt.Fprintf(&out, "# %s\n%s\n", r.name, describe(t, before, step))
	}
	file := filepath.Join("testdata", "decisions", table+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./internal/decide -update writes it", err)
	}
	kept, got := rowsOf(string(want)), rowsOf(out.String())
	for _, r := range rows {
		if diff := gocmp.Diff(kept[r.name], got[r.name]); diff != "" {
			t.Errorf("%s (- kept, + decided now):\n%s", r.name, diff)
		}
		delete(kept, r.name)
	}
	for name := range kept {
		t.Errorf("%s keeps %q, which is no row any more", file, name)
	}
}

var eventSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "events.schema.json"))
})

// described: every event is as docs/events.schema.json tells those who read it.
func described(t *testing.T, row string, step decide.Step) {
	t.Helper()
	schema, err := eventSchema()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range step.Node.Outbox {
		if p.Kind != record.PostEvent {
			continue
		}
		detail, err := jsonschema.UnmarshalJSON(bytes.NewReader(p.Body))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(detail); err != nil {
			t.Errorf("%s: %s: %v", row, p.Body, err)
		}
		if !slices.Contains(contract.DetailsTold, p.Subject) {
			t.Errorf("%s: detail type %q is not among those documented", row, p.Subject)
		}
	}
}

func rowsOf(text string) map[string][]string {
	rows := map[string][]string{}
	for _, block := range strings.Split("\n"+text, "\n# ")[1:] {
		name, answer, _ := strings.Cut(block, "\n")
		rows[name] = strings.Split(strings.TrimSpace(answer), "\n")
	}
	return rows
}

// describe writes a decision down: what is to be done, what is said, what the caller
// does next, and what changes in the record.
func describe(t *testing.T, before record.Node, step decide.Step) string {
	t.Helper()
	var out strings.Builder
	for _, e := range step.Effects {
		fmt.Fprintf(&out, "do %s\n", effect(t, e))
	}
	for _, e := range step.Say {
		fmt.Fprintf(&out, "say %s %s%s\n", e.Code, relative(e.Reason), attrs(e))
	}
	var flags []string
	for _, f := range []struct {
		name string
		on   bool
	}{{"save", step.Save}, {"wait", step.Wait}, {"keep the hint", step.Keep}} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	if v := step.Verdict; v != "" {
		flags = append(flags, "verdict "+string(v))
	}
	fmt.Fprintf(&out, "then %s\n", cmp.Or(strings.Join(flags, ", "), "nothing"))
	changes(&out, "record", tree(t, brief(before)), tree(t, brief(step.Node)))
	return out.String()
}

// changes writes what differs between two trees, each difference on a line.
func changes(out *strings.Builder, path string, was, is any) {
	a, isMap := was.(map[string]any)
	b, both := is.(map[string]any)
	if isMap && both {
		for _, k := range slices.Sorted(maps.Keys(union(a, b))) {
			changes(out, strings.TrimPrefix(path+"."+k, "record."), a[k], b[k])
		}
		return
	}
	x, isList := was.([]any)
	y, both := is.([]any)
	if isList && both {
		for k := range max(len(x), len(y)) {
			changes(out, fmt.Sprintf("%s[%d]", path, k), at(x, k), at(y, k))
		}
		return
	}
	switch old, now := compact(was), compact(is); {
	case old == now:
	case old == "":
		fmt.Fprintf(out, "record %s = %s\n", path, now)
	case now == "":
		fmt.Fprintf(out, "record %s: no longer %s\n", path, old)
	default:
		fmt.Fprintf(out, "record %s: %s -> %s\n", path, old, now)
	}
}

func at(list []any, k int) any {
	if k < len(list) {
		return list[k]
	}
	return nil
}

// attrs are a message's facts beside those that every one has.
func attrs(e message.Entry) string {
	var list []string
	for _, a := range e.Attrs {
		list = append(list, a.String())
	}
	sort.Strings(list)
	return " (" + strings.Join(list, ", ") + ")"
}

// effect writes an effect down. What is told stands in the record, too.
func effect(t *testing.T, e decide.Effect) string {
	t.Helper()
	if e.Do == decide.Deliver {
		return fmt.Sprintf("deliver the %s %s", e.Post.Kind, relative(e.Post.Key))
	}
	all, _ := tree(t, e).(map[string]any)
	delete(all, "Do")
	if e.Do == decide.Launch { // the record does not hold it twice
		all["Like"] = map[string]any{"image": e.Launch.Blueprint.Image, "type": e.Launch.Blueprint.Type}
	}
	return string(e.Do) + " " + compact(all)
}

// compact writes a tree on one line, without what is empty.
func compact(v any) string {
	var parts []string
	switch x := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if text := compact(x[k]); text != "" {
				parts = append(parts, k+" "+text)
			}
		}
		if len(parts) == 0 {
			return ""
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, y := range x {
			parts = append(parts, compact(y))
		}
		if len(parts) == 0 {
			return ""
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		if text := fmt.Sprintf("%q", relative(x)); text != `""` {
			return text
		}
	case nil:
	default:
		if text := fmt.Sprint(x); text != "0" && text != "false" {
			return text
		}
	}
	return ""
}

// tree is a value as JSON knows it.
// brief leaves out what an event repeats of the notice that stands beside it.
func brief(n record.Node) record.Node {
	n.Outbox = slices.Clone(n.Outbox)
	for i, p := range n.Outbox {
		if p.Kind == record.PostEvent {
			n.Outbox[i] = record.Post{Key: p.Key, Kind: p.Kind, Subject: p.Subject}
		}
	}
	return n
}

func tree(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// relative writes moments as the time since now, so that the tables can be read.
func relative(text string) string {
	text = strings.ReplaceAll(text, fmt.Sprint(now.UnixNano()), "NOW")
	return moment.ReplaceAllStringFunc(text, func(m string) string {
		at, err := time.Parse(time.RFC3339Nano, m)
		switch d := at.Sub(now); {
		case err != nil:
			return m
		case at.IsZero():
			return "never"
		case d < 0:
			return fmt.Sprintf("now%s", d)
		case d == 0:
			return "now"
		default:
			return fmt.Sprintf("now+%s", d)
		}
	})
}
