package main

import (
	"fmt"
	"regexp"
	"strings"
)

// rule is one entry of rules.txt.
type rule struct {
	name, advice string
	find, except *regexp.Regexp // except may be nil
}

// match returns the first part of the sentence that breaks the rule, or "".
func (r rule) match(text string) string {
	if r.except != nil {
		text = r.except.ReplaceAllString(text, "…")
	}
	return r.find.FindString(text)
}

// parseRules reads rules.txt.
func parseRules(text string) ([]rule, error) {
	var rules []rule
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		if key == "rule" {
			rules = append(rules, rule{name: value})
			continue
		}
		if len(rules) == 0 {
			return nil, fmt.Errorf("rules.txt:%d: %q stands before the first rule", n+1, line)
		}
		r := &rules[len(rules)-1]
		var err error
		switch key {
		case "find":
			r.find, err = regexp.Compile("(?i)" + value)
		case "except":
			r.except, err = regexp.Compile("(?i)" + value)
		case "write":
			r.advice = value
		default:
			err = fmt.Errorf("%q is unknown: allowed are rule, find, except and write", key)
		}
		if err != nil {
			return nil, fmt.Errorf("rules.txt:%d: %w", n+1, err)
		}
	}
	for _, r := range rules {
		if r.find == nil || r.advice == "" {
			return nil, fmt.Errorf("rules.txt: rule %s needs a line find and a line write", r.name)
		}
	}
	return rules, nil
}

// allowed is the content of allow.txt.
type allowed []*permit

// permit is one entry of it.
type permit struct {
	rule, piece string
	used        bool
}

func parseAllow(text []byte, rules []rule) (allowed, error) {
	known := map[string]bool{}
	for _, r := range rules {
		known[r.name] = true
	}
	var list allowed
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 || strings.TrimSpace(fields[2]) == "" {
			return nil, fmt.Errorf("%s:%d: an entry is a rule, a piece of a sentence and a reason, with tabs between them", allowFile, n+1)
		}
		if !known[fields[0]] {
			return nil, fmt.Errorf("%s:%d: rules.txt has no rule %q", allowFile, n+1, fields[0])
		}
		list = append(list, &permit{rule: fields[0], piece: fields[1]})
	}
	return list, nil
}

// permit reports whether an entry covers everything in the sentence that breaks the rule.
func (a allowed) permit(r rule, text string) bool {
	for _, p := range a {
		if p.rule == r.name && strings.Contains(text, p.piece) {
			p.used = true
			text = strings.ReplaceAll(text, p.piece, "…")
		}
	}
	return r.match(text) == ""
}

// unused returns the entries that covered nothing.
func (a allowed) unused() []string {
	var pieces []string
	for _, p := range a {
		if !p.used {
			pieces = append(pieces, p.piece)
		}
	}
	return pieces
}
