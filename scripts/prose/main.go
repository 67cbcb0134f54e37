// Command prose checks the sentences of the repository against the rules of rules.txt:
// comments and string literals of Go files, Markdown, and the comments of scripts,
// scenarios and configuration. It exits 1 when a sentence breaks a rule.
//
// The sentences that broke a rule when the check was introduced are kept as hashes in
// baseline.txt. A hash does not depend on the file or the line, so code and text can move.
// A sentence that is edited has another hash and must follow the rules.
//
// Usage: go run ./scripts/prose [-write]   (from the module's root)
//
// The flag -write removes the hashes that no sentence has. It adds none, unless
// baseline.txt does not exist.
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
)

const (
	baselineFile = "scripts/prose/baseline.txt"
	allowFile    = "scripts/prose/allow.txt"
)

//go:embed rules.txt
var rulesText string

func main() {
	write := flag.Bool("write", false, "remove the entries of "+baselineFile+" that no sentence needs")
	flag.Parse()
	bad, err := run(*write)
	if err != nil {
		fmt.Fprintln(os.Stderr, "prose:", err)
		os.Exit(2)
	}
	if bad {
		os.Exit(1)
	}
}

// run checks or rewrites. It reports whether the check failed.
func run(write bool) (bool, error) {
	found, err := findings(".")
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(baselineFile)
	if write && errors.Is(err, fs.ErrNotExist) {
		return false, os.WriteFile(baselineFile, baselineOf(found).bytes(), 0o644)
	}
	if err != nil {
		return false, err
	}
	base, err := parseBaseline(text)
	if err != nil {
		return false, err
	}
	added, kept := base.compare(found)
	if write {
		return false, os.WriteFile(baselineFile, kept.bytes(), 0o644)
	}
	for _, f := range added {
		fmt.Println(f)
	}
	if len(added) > 0 {
		fmt.Printf(`prose: %d new or edited sentences break a rule of scripts/prose/rules.txt: rewrite them as the lines above advise.
A quotation or a term that must stay goes into %s, with its reason. %s takes no new entries.
`, len(added), allowFile, baselineFile)
	}
	return len(added) > 0, nil
}

// findings returns what is wrong in the tree, except what allow.txt permits.
func findings(root string) ([]finding, error) {
	rules, err := parseRules(rulesText)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(root + "/" + allowFile)
	if err != nil {
		return nil, err
	}
	allowed, err := parseAllow(text, rules)
	if err != nil {
		return nil, err
	}
	sentences, err := readTree(root)
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, s := range sentences {
		for _, r := range rules {
			if match := r.match(s.text); match != "" && !allowed.permit(r, s.text) {
				found = append(found, finding{s, r, match})
			}
		}
	}
	if unused := allowed.unused(); len(unused) > 0 {
		return nil, fmt.Errorf("%s: no sentence needs %q: remove the entry", allowFile, unused)
	}
	return found, nil
}

// finding is a sentence that breaks a rule.
type finding struct {
	sentence
	rule  rule
	match string
}

func (f finding) String() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s:%d: %s: %q in: %s\n", f.file, f.line, f.rule.name, f.match, f.text)
	fmt.Fprintf(&b, "    write: %s", f.rule.advice)
	return b.String()
}
