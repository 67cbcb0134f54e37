package access

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Policy is statements that allow. A statement that denies is an error of Parse.
type Policy []Statement

// Statement is one of a policy.
type Statement struct {
	Sid       string
	Effect    string
	Action    texts
	Resource  texts
	Condition map[string]map[string]texts // operator, key
}

// texts is a list that may be written as its only element.
type texts []string

// UnmarshalJSON takes both forms.
func (t *texts) UnmarshalJSON(b []byte) error {
	var list []string
	if json.Unmarshal(b, &list) == nil {
		*t = list
		return nil
	}
	var one string
	err := json.Unmarshal(b, &one)
	*t = texts{one}
	return err
}

// Parse reads a policy document with all tokens filled in.
func Parse(document any) (Policy, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("read a policy: %w", err)
	}
	var doc struct{ Statement []Statement }
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("read a policy: %w", err)
	}
	for _, s := range doc.Statement {
		if s.Effect != "Allow" || len(s.Action) == 0 || len(s.Resource) == 0 {
			return nil, fmt.Errorf("statement %s: only Allow with Action and Resource is known here", s.Sid)
		}
		for operator := range s.Condition {
			if operators[operator] == nil {
				return nil, fmt.Errorf("statement %s: condition operator %s is not known here: add it", s.Sid, operator)
			}
		}
	}
	return doc.Statement, nil
}

// Request is one action on one resource.
type Request struct {
	Action   string
	Resource string              // ARN, "*" for actions that know no resources
	Context  map[string][]string // condition keys
}

func (r Request) String() string { return fmt.Sprintf("%s on %s %v", r.Action, r.Resource, r.Context) }

// Allows reports whether any statement allows the request.
func (p Policy) Allows(r Request) bool {
	return slices.ContainsFunc(p, func(s Statement) bool {
		return matches(s.Action, r.Action) && matches(s.Resource, r.Resource) && s.applies(r.Context)
	})
}

// Actions returns all actions that statements name.
func (p Policy) Actions() []string {
	var all []string
	for _, s := range p {
		all = append(all, s.Action...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (s Statement) applies(context map[string][]string) bool {
	for operator, keys := range s.Condition {
		for key, wanted := range keys {
			if !operators[operator](context[key], wanted) {
				return false
			}
		}
	}
	return true
}

// operators decide with a key's values in the request and those of the statement.
// A key that the request has not fails all but Null, ForAllValues and those IfExists:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = map[string]func(got, wanted []string) bool{
	"StringEquals":              one(equal),
	"StringEqualsIfExists":      all(equal),
	"Bool":                      one(equal),
	"StringLike":                one(like),
	"ArnEquals":                 one(like),
	"Null":                      func(got, wanted []string) bool { return fmt.Sprint(len(got) == 0) == wanted[0] },
	"ForAllValues:StringEquals": all(equal),
	"ForAllValues:StringLike":   all(like),
}

func one(same func(pattern, value string) bool) func(got, wanted []string) bool {
	return func(got, wanted []string) bool { return len(got) > 0 && all(same)(got, wanted) }
}

func all(same func(pattern, value string) bool) func(got, wanted []string) bool {
	return func(got, wanted []string) bool {
		for _, g := range got {
			if !slices.ContainsFunc(wanted, func(w string) bool { return same(w, g) }) {
				return false
			}
		}
		return true
	}
}

func equal(pattern, value string) bool { return pattern == value }

func matches(patterns []string, value string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return like(p, value) })
}

var patterns sync.Map // of like

// like matches a text with * and ?. The text may itself be "*" or end in one, for a
// resource that does not exist yet.
func like(pattern, value string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == value
	}
	known, ok := patterns.Load(pattern)
	if !ok {
		text := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		known, _ = patterns.LoadOrStore(pattern, regexp.MustCompile("(?s)^"+text+"$"))
	}
	return known.(*regexp.Regexp).MatchString(value)
}
