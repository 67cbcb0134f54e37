package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// source is where the TypeScript app is, with a lock file of its own; typescript is the
// copy beside which its packages are installed and in which it is compiled.
const (
	source     = "test/bench/typescript"
	typescript = scratch + "/typescript"
)

// way is one way to run an app.
type way struct {
	name, dir string
	command   []string
	costs     []cost
}

// synth measures both apps, in turn, after it has seen that they write the same.
func synth(ctx context.Context, b bench) (string, error) {
	if err := prepare(ctx); err != nil {
		return "", err
	}
	root, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	built, compiled := filepath.Join(root, scratch, "app"), filepath.Join(root, typescript, "dist/app.js")
	same, err := sameTemplates(ctx, built, compiled)
	if err != nil {
		return "", err
	}
	out := &strings.Builder{}
	fmt.Fprintf(out, "Made by `make bench-synth RUNS=%d`, %d runs of each in turn, medians, Go over TypeScript. Both apps write the same %s.\n\n", b.runs, b.runs, same)
	t := newTable("", "validation", "clock", "processor", "goal (clock)")
	for _, validation := range []string{"on", "off"} {
		env := []string{"CDK_VALIDATION=" + map[string]string{"on": "true", "off": "false"}[validation], "CDK_OUTDIR=" + filepath.Join(root, scratch, "out")}
		users := []*way{
			{name: "go run . (warm)", dir: root, command: []string{"go", "run", "."}},
			{name: "ts-node", dir: filepath.Join(root, typescript), command: []string{"node_modules/.bin/ts-node", "app.ts", root}},
			{name: "built", dir: root, command: []string{built}},
			{name: "compiled", dir: root, command: []string{"node", compiled, root}},
		}
		if err := takeTurns(ctx, b.runs, env, users); err != nil {
			return "", err
		}
		for i, goal := range []string{"0.5", "1.15"} {
			ours, theirs := users[2*i], users[2*i+1]
			t.row(ours.name+" / "+theirs.name, validation, ratio(median(ours.costs, clockOf), median(theirs.costs, clockOf)),
				ratio(median(ours.costs, processorOf), median(theirs.costs, processorOf)), goal)
		}
	}
	parts, err := partsOf(ctx, b.runs, root, compiled)
	if err != nil {
		return "", err
	}
	return out.String() + t.String() + "\n" + parts, nil
}

// prepare copies the TypeScript app, installs its packages where its lock file has
// changed, and builds everything.
func prepare(ctx context.Context) error {
	changed := map[string]bool{}
	if err := mirror(source, typescript, changed); err != nil {
		return err
	}
	if _, err := os.Stat(typescript + "/node_modules/.package-lock.json"); err != nil || changed["package-lock.json"] {
		if err := quietly(ctx, typescript, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
			return err
		}
	}
	if err := quietly(ctx, typescript, "node_modules/.bin/tsc", "-p", "."); err != nil {
		return err
	}
	if err := quietly(ctx, "", "go", "build", "-o", scratch+"/app", "."); err != nil {
		return err
	}
	return quietly(ctx, "", "go", "build", "-o", scratch+"/", "./test/bench/parts", "./test/bench/grow")
}

// mirror copies the files that are not the same already, and names them.
func mirror(from, to string, changed map[string]bool) error {
	return filepath.WalkDir(from, func(file string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		copied := filepath.Join(to, name)
		if entry.IsDir() {
			return os.MkdirAll(copied, 0o755)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if there, err := os.ReadFile(copied); err == nil && bytes.Equal(there, text) {
			return nil
		}
		changed[name] = true
		return os.WriteFile(copied, text, 0o644)
	})
}

// takeTurns runs each way once before any is run again, so that what else the machine
// does hits all alike. The first turn only fills caches.
func takeTurns(ctx context.Context, runs int, env []string, ways []*way) error {
	for i := range runs + 1 {
		for _, w := range ways {
			c, _, err := spend(ctx, w.dir, env, w.command[0], w.command[1:]...)
			if err != nil {
				return err
			}
			if i > 0 {
				w.costs = append(w.costs, c)
			}
		}
	}
	return nil
}

// sameTemplates synthesises both apps and compares every template.
func sameTemplates(ctx context.Context, built, compiled string) (string, error) {
	dirs := [2]string{scratch + "/go", scratch + "/ts"}
	for i, command := range [][]string{{built}, {"node", compiled, "."}} {
		if err := os.RemoveAll(dirs[i]); err != nil {
			return "", err
		}
		if _, _, err := spend(ctx, "", []string{"CDK_VALIDATION=false", "CDK_OUTDIR=" + dirs[i]}, command[0], command[1:]...); err != nil {
			return "", err
		}
	}
	stacks, resources, err := compare(dirs[0], dirs[1])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d templates with %d resources", stacks, resources), nil
}

// compare says what differs between the templates of two directories.
func compare(ours, theirs string) (stacks, resources int, err error) {
	files, err := filepath.Glob(ours + "/*.template.json")
	if err != nil {
		return 0, 0, err
	}
	others, err := filepath.Glob(theirs + "/*.template.json")
	if err != nil {
		return 0, 0, err
	}
	if len(files) == 0 || len(files) != len(others) {
		return 0, 0, fmt.Errorf("%d templates in Go and %d in TypeScript: they are not the same app", len(files), len(others))
	}
	var faults []error
	for _, file := range files {
		name := filepath.Base(file)
		a, err := readTemplate(file)
		if err != nil {
			return 0, 0, err
		}
		b, err := readTemplate(filepath.Join(theirs, name))
		if err != nil {
			return 0, 0, err
		}
		if at := difference(name, a, b); at != "" {
			faults = append(faults, fmt.Errorf("%s differs: bring %s in step with the constructs", at, source))
		}
		if r, ok := a["Resources"].(map[string]any); ok {
			resources += len(r)
		}
	}
	return len(files), resources, errors.Join(faults...)
}

func readTemplate(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var t map[string]any
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// difference is the first place where two values differ, leaving construct paths and
// the hashes of assets aside, or "".
func difference(at string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return at
		}
		for key := range y {
			if _, known := x[key]; !known && !ignored(key) {
				return at + "/" + key + " (in TypeScript only)"
			}
		}
		for key, v := range x {
			if w, known := y[key]; !ignored(key) {
				if !known {
					return at + "/" + key + " (in Go only)"
				}
				if d := difference(at+"/"+key, v, w); d != "" {
					return d
				}
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return at
		}
		for i := range x {
			if d := difference(fmt.Sprintf("%s[%d]", at, i), x[i], y[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if a != b {
		return at
	}
	return ""
}

func ignored(key string) bool { return key == "aws:cdk:path" || key == "S3Key" }

// marks are when a part of an app's run ended, in milliseconds since 1970.
type marks struct {
	spawned, ended                      int64
	Begin, Loaded, Started, Built, Done int64
}

// partsOf compares the parts of both apps' runs.
func partsOf(ctx context.Context, runs int, root, compiled string) (string, error) {
	commands := [2][]string{{filepath.Join(root, scratch, "parts")}, {"node", compiled, root}}
	var all [2]map[string][]marks
	for i := range all {
		all[i] = map[string][]marks{}
	}
	for range runs {
		for _, validation := range []string{"true", "false"} {
			for i, command := range commands {
				begin := time.Now().UnixMilli()
				_, stderr, err := spend(ctx, root, []string{"PARTS=1", "CDK_VALIDATION=" + validation, "CDK_OUTDIR=" + scratch + "/out"}, command[0], command[1:]...)
				if err != nil {
					return "", err
				}
				m := marks{spawned: begin, ended: time.Now().UnixMilli()}
				if err := json.Unmarshal(lineOf(stderr), &m); err != nil {
					return "", fmt.Errorf("the parts of %q: %w\n%s", command, err, stderr)
				}
				all[i][validation] = append(all[i][validation], m)
			}
		}
	}
	return partsTable(all), nil
}

// lineOf is the line that holds the marks, among others that jsii may write.
func lineOf(text []byte) []byte {
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte(`{"begin"`)) {
			return line
		}
	}
	return nil
}

func partsTable(all [2]map[string][]marks) string {
	of := func(i int, validation string, part func(marks) int64) float64 {
		return median(all[i][validation], func(m marks) float64 { return float64(part(m)) })
	}
	whole := func(m marks) int64 { return m.ended - m.spawned }
	synthesis := func(m marks) int64 { return m.Done - m.Built }
	unit := of(1, "false", whole)
	out := &strings.Builder{}
	out.WriteString("By part, by the clock. The unit is the whole run of the compiled JavaScript without validation.\n\n")
	t := newTable("part", "Go, built", "TypeScript, compiled")
	row := func(name string, value func(i int) float64) {
		t.row(name, ratio(value(0), unit), ratio(value(1), unit))
	}
	row("start of the process", func(i int) float64 { return of(i, "false", func(m marks) int64 { return m.Begin - m.spawned }) })
	row("loading AWS CDK (Go: Node and jsii too)", func(i int) float64 { return of(i, "false", func(m marks) int64 { return m.Loaded - m.Begin }) })
	row("the app", func(i int) float64 { return of(i, "false", func(m marks) int64 { return m.Started - m.Loaded }) })
	row("constructs", func(i int) float64 { return of(i, "false", func(m marks) int64 { return m.Built - m.Started }) })
	row("synthesis", func(i int) float64 { return of(i, "false", synthesis) })
	row("end of the process", func(i int) float64 { return of(i, "false", func(m marks) int64 { return m.ended - m.Done }) })
	row("all", func(i int) float64 { return of(i, "false", whole) })
	row("AWS CDK's validation on top", func(i int) float64 { return of(i, "true", synthesis) - of(i, "false", synthesis) })
	return out.String() + t.String()
}
