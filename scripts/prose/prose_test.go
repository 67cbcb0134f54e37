package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustRules(t *testing.T) []rule {
	t.Helper()
	rules, err := parseRules(rulesText)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// broken names the rules that a sentence breaks.
func broken(rules []rule, sentence string) []string {
	var names []string
	for _, r := range rules {
		if r.match(sentence) != "" {
			names = append(names, r.name)
		}
	}
	return names
}

func TestRules(t *testing.T) {
	tests := []struct {
		sentence string
		want     []string
	}{
		{"Who does not get it goes: the leader will see the hint.", []string{"headless"}},
		{"An invocation that fails to get it exits.", nil},
		{"What only it had on local volumes is gone.", []string{"headless"}},
		{"What of this rests on things that AWS does not promise?", nil},
		{"kept, since who was refused can send it no more.", []string{"headless", "no-more"}},
		{"The leader holds the lease; who comes later exits.", []string{"headless"}},
		{"Operators who order a switch are recorded.", nil},
		{"# What one deployment contains", nil},
		{"| what it does", nil},
		{"soon is how many seconds before a limit what matters then is read.", []string{"is-how"}},
		{"soon is the number of seconds before a deadline.", nil},
		{"ErrLater is why a part is unseen.", []string{"is-how"}},
		{"This is why the order matters.", nil},
		{"cause takes the time from the hint if that tells of the same thing.", []string{"tell"}},
		{"cause uses the hint's timestamp if the hint reports the same failure.", nil},
		{"Nobody answers.", []string{"person"}},
		{"each finding says what mends it", []string{"mend"}},
		{"The sweep puts it right.", []string{"mend"}},
		{"No place can be had.", []string{"had"}},
		{"The switcher takes it up.", []string{"take-up"}},
		{"A switch takes up to 4 min.", nil},
		{"Its time is over.", []string{"over"}},
		{"The disk is over the limit of 16 TiB.", nil},
		{"It resumes by itself.", []string{"by-itself"}},
		{"The node is launched anew.", []string{"archaic"}},
		{"All the same it is refused.", []string{"archaic"}},
		{"All nodes use all the same settings.", nil},
		{"so that a leader of yesterday undoes no quarantine", []string{"of-now"}},
		{"The instance gets no more than one address.", nil},
		{"a node that there is none of", []string{"none-of"}},
		{"0 if there is none", nil},
		{"The purse is empty.", []string{"metaphor"}},
	}
	rules := mustRules(t)
	covered := map[string]bool{}
	for _, tt := range tests {
		got := broken(rules, tt.sentence)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("rules broken by %q (-want +got):\n%s", tt.sentence, diff)
		}
		for _, name := range got {
			covered[name] = true
		}
	}
	for _, r := range rules {
		if !covered[r.name] {
			t.Errorf("rule %s has no example here that breaks it", r.name)
		}
	}
}

func TestParseRulesNamesTheLine(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"find x\n", "rules.txt:1"},
		{"rule a\nfind (\nwrite b\n", "rules.txt:2"},
		{"rule a\nfind x\nadvise b\n", "allowed are rule, find, except and write"},
		{"rule a\nfind x\n", "rule a needs"},
	} {
		if _, err := parseRules(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("parseRules(%q): error %v, want one with %q", tt.text, err, tt.want)
		}
	}
}

// texts are the sentences without their places.
func texts(t *testing.T, file, src string) []string {
	t.Helper()
	for _, r := range readers {
		if strings.HasSuffix("/"+file, r.end) {
			found, err := r.read(file, []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range found {
				got = append(got, s.text)
			}
			return got
		}
	}
	t.Fatalf("no reader reads %s", file)
	return nil
}

func TestReaders(t *testing.T) {
	tests := []struct {
		name, file, src string
		want            []string
	}{
		{
			"comments are joined, split into sentences and kept apart from code and directives", "a.go",
			"// Package a does one\n// thing (e.g. this). It has limits.\n//\n//\tcode := that is indented\n//\n// - one list item\n// - another list item\npackage a\n\n//go:generate go run it now\nvar x = 1 //nolint:gosec // the linter cannot know\n",
			[]string{"Package a does one thing (e.g. this).", "It has limits.", "one list item", "another list item", "the linter cannot know"},
		},
		{
			"literals are joined, and struct tags, imports and short strings left out", "a.go",
			"package a\n\nimport _ \"a path with spaces\"\n\ntype s struct {\n\tF int `json:\"f with many words\"`\n}\n\nvar e = \"the node \" + s + \" is \" + \"not here\"\nvar f = \"short\"\nvar g = f + f\n",
			[]string{"the node … is not here"},
		},
		{"names of tests are read", "a_test.go", "package a\n\nfunc TestItWaitsForNobody(t *testing.T) {}\n", []string{"it waits for nobody"}},
		{
			"Markdown without code and addresses", "a.md",
			"# A heading with words\n\nOne sentence about `code here`\nin [two lines](there.md). Another one follows.\n\n```\nthis is not read\n```\n\n| a cell of words | b |\n|---|---|\n1. the first item\n2. the second item\n",
			[]string{"# A heading with words", "One sentence about `…` in two lines.", "Another one follows.", "| a cell of words", "the first item", "the second item"},
		},
		{"comments of a script", "a.sh", "#!/usr/bin/env bash\n# It waits for\n# a condition.\necho \"$#\" # behind some code\n", []string{"It waits for a condition.", "behind some code"}},
		{"help of the Makefile", "Makefile", "test: tools ## Run all the tests\n\t@echo no comment here\n", []string{"Run all the tests"}},
		{"TypeScript", "a.ts", "// One line of text.\nconst a = \"no text read here\";\n/*\n * A block of text.\n */\n", []string{"One line of text.", "A block of text."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, texts(t, tt.file, tt.src)); diff != "" {
				t.Errorf("sentences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLineOfASentence(t *testing.T) {
	found, err := readGo("a.go", []byte("// One sentence here. And\n// another sentence here.\npackage a\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []sentence{{"a.go", 1, "One sentence here."}, {"a.go", 1, "And another sentence here."}}
	if diff := cmp.Diff(want, found, cmp.AllowUnexported(sentence{})); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
}

func TestBaselineFollowsSentences(t *testing.T) {
	r := rule{name: "tell"}
	at := func(file, text string) finding { return finding{sentence: sentence{file, 1, text}, rule: r} }
	old := []finding{at("a.go", "It tells one."), at("a.go", "It tells two."), at("b.go", "It tells two.")}
	base, err := parseBaseline(baselineOf(old).bytes())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		now   []finding
		added []string
	}{
		{"nothing changed", old, nil},
		{"a sentence moved to another file", []finding{at("c.go", "It tells one."), old[1], old[2]}, nil},
		{"a sentence was rewritten well", old[:2], nil},
		{"a sentence was edited and still breaks the rule", []finding{at("a.go", "It tells one thing."), old[1], old[2]}, []string{"It tells one thing."}},
		{"a sentence was copied", append(slices.Clone(old), at("c.go", "It tells two.")), []string{"It tells two."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			added, kept := base.compare(tt.now)
			var got []string
			for _, f := range added {
				got = append(got, f.text)
			}
			if diff := cmp.Diff(tt.added, got); diff != "" {
				t.Errorf("added (-want +got):\n%s", diff)
			}
			for k, n := range kept {
				if n > base[k] {
					t.Errorf("the rewritten baseline holds %s %d times, the one before %d times: it must not grow", k, n, base[k])
				}
			}
			if again, _ := kept.compare(tt.now); len(again) != len(added) {
				t.Errorf("the rewritten baseline leaves %d findings, the one before %d", len(again), len(added))
			}
		})
	}
	if _, err := parseBaseline([]byte("<<<<<<< HEAD\n=======\n")); err == nil || !strings.Contains(err.Error(), "make prose-baseline") {
		t.Errorf("a baseline with marks of a merge: error %v, want one that says how to continue", err)
	}
}

func TestAllow(t *testing.T) {
	rules := mustRules(t)
	i := slices.IndexFunc(rules, func(r rule) bool { return r.name == "tell" })
	list, err := parseAllow([]byte("# comment\ntell\t\"could not tell\"\ta quotation\ntell\tnot used\ta quotation\n"), rules)
	if err != nil {
		t.Fatal(err)
	}
	if !list.permit(rules[i], `AWS writes "could not tell" here.`) {
		t.Error("a sentence with an allowed piece is rejected")
	}
	if list.permit(rules[i], `AWS writes "could not tell" and tells more.`) {
		t.Error("a sentence that breaks the rule outside the allowed piece is permitted")
	}
	if diff := cmp.Diff([]string{"not used"}, list.unused()); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"tell\tpiece", "tell\tpiece\t ", "unknown\tpiece\treason"} {
		if _, err := parseAllow([]byte(bad), rules); err == nil || !strings.Contains(err.Error(), allowFile+":1") {
			t.Errorf("parseAllow(%q): error %v, want one that names the line", bad, err)
		}
	}
}
