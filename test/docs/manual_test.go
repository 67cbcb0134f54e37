package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/message"
)

// From docs/README.md, and from the project's own, every page can be reached: a page
// that nobody links to is not read at three in the morning.
func TestPagesAreReachable(t *testing.T) {
	for _, start := range []string{"docs/README.md", "README.md"} {
		seen, next := map[string]bool{}, []string{start}
		for len(next) > 0 {
			page := next[0]
			next = next[1:]
			if seen[page] || filepath.Ext(page) != ".md" {
				continue
			}
			seen[page] = true
			for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(read(t, page), ""), -1) {
				if path, _, _ := strings.Cut(m[1], "#"); path != "" && !strings.Contains(path, "://") {
					next = append(next, filepath.ToSlash(filepath.Join(filepath.Dir(page), path)))
				}
			}
		}
		for _, page := range documents(t) {
			if strings.HasPrefix(page, "docs/") && !seen[page] {
				t.Errorf("%s cannot be reached from %s: link to it", page, start)
			}
		}
	}
}

// The manual's Go is the examples' own, which compile and are synthesised by
// test/template. README.md has a test of its own.
func TestManualGoIsTheExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "test/docs/examples/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, body, ok := strings.Cut(string(text), "package examples\n\n"); ok {
			shown[body] = false
		}
	}
	if len(shown) < 5 {
		t.Fatalf("found only %d examples", len(shown))
	}
	for _, page := range documents(t) {
		if !strings.HasPrefix(page, "docs/") || strings.HasPrefix(page, "docs/adr/") {
			continue
		}
		for _, m := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(read(t, page), -1) {
			if _, is := shown[m[1]]; !is {
				t.Errorf("%s shows Go that is no example: put it into test/docs/examples, and show the file from its imports on:\n%s", page, m[1])
			}
			shown[m[1]] = true
		}
	}
	for body, is := range shown {
		if !is {
			t.Errorf("no page shows this example:\n%s", body)
		}
	}
}

// A node that is held or interrupted waits for a person: each of these codes has its
// runbook. No page names a code that does not exist.
func TestHoldsHaveARunbook(t *testing.T) {
	runbook := read(t, "docs/operations.md")
	known := map[string]bool{}
	for _, d := range message.Catalogue {
		known[string(d.Code)] = true
		if d.Code >= "WR2" && d.Code < "WR4" && !regexp.MustCompile(`(?m)^\| `+string(d.Code)+` `).MatchString(runbook) {
			t.Errorf("docs/operations.md has no line for %s, %s", d.Code, d.Text)
		}
	}
	for _, page := range documents(t) {
		for _, c := range regexp.MustCompile(`\bWR\d{3}\b`).FindAllString(read(t, page), -1) {
			if !known[c] {
				t.Errorf("%s names %s, which is no message", page, c)
			}
		}
	}
}

// A test that a page gives as evidence exists.
func TestNamedTestsExist(t *testing.T) {
	exists := map[string]bool{}
	for _, name := range files(t) {
		if strings.HasSuffix(name, "_test.go") {
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(read(t, name), -1) {
				exists[m[1]] = true
			}
		}
	}
	for _, page := range documents(t) {
		for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(read(t, page), -1) {
			if !exists[name] {
				t.Errorf("%s names %s, which is no test", page, name)
			}
		}
	}
}

// What a reader is told to type is what recoveryctl has: its commands and its flags.
func TestRecoveryctlIsAsTold(t *testing.T) {
	commands, flags := map[string]bool{"completion": true, "help": true}, map[string]bool{"help": true}
	sources := slices.DeleteFunc(files(t), func(name string) bool {
		return !strings.HasPrefix(name, "cmd/recoveryctl/") || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go")
	})
	for _, name := range sources {
		text := read(t, name)
		for _, m := range regexp.MustCompile(`Use:\s+"(\w+)`).FindAllStringSubmatch(text, -1) {
			commands[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`\.\w+Var(?:P)?\(&[\w.]+, "([a-z-]+)"`).FindAllStringSubmatch(text, -1) {
			flags[m[1]] = true
		}
	}
	for _, page := range documents(t) {
		for _, m := range regexp.MustCompile("recoveryctl ([a-z]+)([^`\n|]*)").FindAllStringSubmatch(commandsOf(read(t, page)), -1) {
			if !commands[m[1]] {
				t.Errorf("%s: recoveryctl has no command %q", page, m[1])
			}
			for _, f := range regexp.MustCompile(`--([a-z][a-z-]*)`).FindAllStringSubmatch(m[2], -1) {
				if !flags[f[1]] {
					t.Errorf("%s: recoveryctl %s has no flag --%s", page, m[1], f[1])
				}
			}
		}
	}
}

// commandsOf is what a page shows as code: fenced, or between backquotes.
func commandsOf(text string) string {
	fenced := strings.Join(code.FindAllString(text, -1), "\n")
	return fenced + "\n" + strings.Join(regexp.MustCompile("`[^`\n]+`").FindAllString(code.ReplaceAllString(text, ""), -1), "\n")
}
