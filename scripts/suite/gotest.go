package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action     string
	Package    string
	ImportPath string // instead of Package, in a build's events
	Test       string
	Output     string
}

// testKey names a test; name is empty for what belongs to the whole package.
type testKey struct{ pkg, name string }

// run collects what is known of one test while its package runs.
type run struct {
	output   strings.Builder
	outcome  string // "", pass, fail or skip
	children bool
}

// events turns a stream of events into a tally and a short log.
type events struct {
	log   io.Writer
	tests map[testKey]*run
	order []testKey
	tally tally
}

// readEvents reads `go test -json` to its end. It prints a line for each package
// and the whole output of each test that failed.
func readEvents(r io.Reader, log io.Writer) tally {
	e := &events{log: log, tests: map[testKey]*run{}}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			e.line(line)
		}
		if err != nil {
			e.finish("")
			return e.tally
		}
	}
}

func (e *events) line(line []byte) {
	var v event
	if err := json.Unmarshal(line, &v); err != nil {
		fmt.Fprintf(e.log, "%s", line) // not an event: go's own words
		return
	}
	switch v.Action {
	case "build-output":
		fmt.Fprint(e.log, v.Output)
	case "run":
		e.get(v)
		for name := v.Test; strings.Contains(name, "/"); {
			name = name[:strings.LastIndex(name, "/")]
			// A subtest's own name may hold a slash, so not every prefix is a test.
			if parent := e.tests[testKey{v.Package, name}]; parent != nil {
				parent.children = true
			}
		}
	case "output":
		e.get(v).output.WriteString(v.Output)
	case "pass", "fail", "skip":
		e.get(v).outcome = v.Action
		if v.Test == "" {
			e.finish(v.Package)
		}
	}
}

func (e *events) get(v event) *run {
	k := testKey{v.Package, v.Test}
	t := e.tests[k]
	if t == nil {
		t = &run{}
		e.tests[k] = t
		e.order = append(e.order, k)
	}
	return t
}

// finish counts a package (or, for "", all that never ended) and forgets it. A
// test with subtests counts only when it failed and none of them did.
func (e *events) finish(pkg string) {
	before := e.tally.failed
	passed := e.tally.passed
	var rest []testKey
	var own []testKey
	for _, k := range e.order {
		switch {
		case pkg != "" && k.pkg != pkg:
			rest = append(rest, k)
		case k.name != "":
			own = append(own, k)
		}
	}
	e.order = rest
	slices.Reverse(own) // children before parents
	blamed := map[testKey]bool{}
	for _, k := range own {
		e.count(k, blamed)
	}
	e.closePackage(pkg, e.tally.passed-passed, e.tally.failed-before)
}

func (e *events) count(k testKey, blamed map[testKey]bool) {
	t := e.tests[k]
	delete(e.tests, k)
	name := short(k.pkg) + " " + k.name
	switch {
	case t.outcome == "fail" || t.outcome == "":
		for parent := k.name; strings.Contains(parent, "/"); {
			parent = parent[:strings.LastIndex(parent, "/")]
			blamed[testKey{k.pkg, parent}] = true
		}
		fmt.Fprint(e.log, t.output.String())
		if t.outcome == "" {
			name += " (never ended)"
		}
		if !blamed[k] {
			e.tally.fail("%s", name)
		}
	case t.children:
	case t.outcome == "skip":
		e.tally.skip("%s", name)
	default:
		e.tally.passed++
	}
}

// closePackage prints the package's line. A package that failed although none of
// its tests did (it does not compile, or its TestMain fails) is a failure of its own.
func (e *events) closePackage(pkg string, passed, failed int) {
	if pkg == "" {
		return
	}
	k := testKey{pkg, ""}
	t := e.tests[k]
	delete(e.tests, k)
	if t.outcome == "fail" && failed == 0 {
		fmt.Fprint(e.log, t.output.String())
		e.tally.fail("%s: the package failed before or after its tests", short(pkg))
		failed = 1
	}
	switch note := ""; {
	case failed > 0:
		fmt.Fprintf(e.log, "FAIL  %s: %d passed, %d failed\n", short(pkg), passed, failed)
	case passed > 0:
		if strings.Contains(t.output.String(), "(cached)") {
			note = " (cached)"
		}
		fmt.Fprintf(e.log, "ok    %s: %d passed%s\n", short(pkg), passed, note)
	}
}

// short is the package's folder inside this module.
func short(pkg string) string {
	return strings.TrimPrefix(pkg, "github.com/workload-recovery/workload-recovery/")
}
