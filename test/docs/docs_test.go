// Package docs_test checks what the documents promise about the repository:
// links lead somewhere, named make targets exist, decisions are indexed, and no
// file names a machine's own paths or a private package registry.
package docs_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const root = "../.."

// installed and written by the build: not ours to check.
var skipped = []string{".git", ".tools", "node_modules", "cdk.out", "dist"}

// files lists the repository's files as paths from its root.
func files(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if slices.Contains(skipped, name) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil // .git of a second work tree
		}
		if d.Type().IsRegular() {
			found = append(found, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func documents(t *testing.T) []string {
	t.Helper()
	found := slices.DeleteFunc(files(t), func(name string) bool { return filepath.Ext(name) != ".md" })
	if len(found) < 5 {
		t.Fatalf("found only %q: this test looks in the wrong place", found)
	}
	return found
}

var (
	code    = regexp.MustCompile("(?s)```.*?```")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the fragments that GitHub makes of a document's headings.
func anchors(text string) []string {
	var out []string
	for _, h := range heading.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
		out = append(out, strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return out
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, name := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(read(t, name), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), path))
			}
			info, err := os.Stat(filepath.Join(root, target))
			if err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
				continue
			}
			if anchor != "" && (info.IsDir() || !slices.Contains(anchors(read(t, target)), anchor)) {
				t.Errorf("%s links to %s: %s has no heading of that name", name, m[1], target)
			}
		}
	}
}

func TestNamedMakeTargetsExist(t *testing.T) {
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[m[1]] = true
	}
	named := regexp.MustCompile("(?m)(?:`|^(?:\\$ )?)make ([a-z0-9-]+)")
	for _, name := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, name), -1) {
			if !targets[m[1]] {
				t.Errorf("%s names `make %s`, which the Makefile does not have", name, m[1])
			}
		}
	}
}

func TestDecisionsAreNumberedAndIndexed(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs/adr/0*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no decisions in docs/adr (%v)", err)
	}
	index := read(t, "docs/adr/README.md")
	for i, page := range pages {
		file := filepath.Base(page)
		number := fmt.Sprintf("%04d", i+1)
		title, _, _ := strings.Cut(strings.TrimPrefix(read(t, "docs/adr/"+file), "# "), "\n")
		if !strings.HasPrefix(file, number+"-") || !strings.HasPrefix(title, number+": ") {
			t.Errorf("docs/adr/%s with title %q: file and title must begin with %s, without a gap", file, title, number)
		}
		line := "- [" + title + "](" + file + ")"
		if !strings.Contains(index, line+"\n") {
			t.Errorf("docs/adr/README.md lacks the line %q", line)
		}
	}
}

func TestNothingPrivateIsWritten(t *testing.T) {
	// Written in pieces, so that this file does not name them.
	private := regexp.MustCompile("/wo" + "rk/(main|shared)|/ro" + "ot/|AK" + "IA[0-9A-Z]{16}|PRIVATE" + " KEY-----")
	for _, name := range files(t) {
		text := read(t, name)
		if !utf8.ValidString(text) {
			continue
		}
		if found := private.FindString(text); found != "" {
			t.Errorf("%s holds %q", name, found)
		}
	}
}

func TestPinnedToolsNameNoRegistry(t *testing.T) {
	lock := []byte(read(t, "package-lock.json"))
	if bytes.Contains(lock, []byte(`"resolved"`)) {
		t.Error("package-lock.json names where packages came from: make it with npm install --package-lock-only --omit-lockfile-registry-resolved")
	}
	if missing := bytes.Count(lock, []byte(`"node_modules/`)) - bytes.Count(lock, []byte(`"integrity"`)); missing != 0 {
		t.Errorf("package-lock.json has %d packages without an integrity hash", missing)
	}
	pins := read(t, "requirements.txt")
	if strings.Contains(pins, "://") || strings.Contains(pins, "--index") || strings.Contains(pins, "--find-links") {
		t.Error("requirements.txt names a registry: make it with make requirements")
	}
	for _, m := range regexp.MustCompile(`(?m)^[a-z0-9].*(?:\n    .*)*`).FindAllString(pins, -1) {
		if !strings.Contains(m, "==") || !strings.Contains(m, "--hash=sha256:") {
			t.Errorf("requirements.txt: %q is not pinned with a hash", strings.SplitN(m, "\n", 2)[0])
		}
	}
}
