package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// statement is one kind of line: its form, and what it means.
type statement struct {
	form string
	do   func(*script, args) error
}

// lasting is a statement that may end in "from <time> to <time>"; without that
// it holds all the time.
type lasting struct {
	form string
	do   func(*script, args, window) error
}

// happening is a statement that begins with "at <time>" or "at <action> <n>".
type happening struct {
	form string
	do   func(*script, args)
}

const forever = 1000 * 24 * time.Hour

// read takes up one line.
func (s *script) read(l line) error {
	if rest, ok := strings.CutPrefix(l.text, "at "); ok {
		return s.readAt(rest)
	}
	for _, st := range statements {
		if a, ok, err := match(st.form, l.text); err != nil || ok {
			if err == nil {
				err = s.known(st.form, a)
			}
			if err != nil {
				return err
			}
			return st.do(s, a)
		}
	}
	text, w, err := cutWindow(l.text)
	if err != nil {
		return err
	}
	for _, st := range lastings {
		if a, ok, err := match(st.form, text); err != nil || ok {
			if err == nil {
				err = s.known(st.form, a)
			}
			if err != nil {
				return err
			}
			return st.do(s, a, w)
		}
	}
	return fmt.Errorf("is not known; allowed are\n  %s", strings.Join(forms(), "\n  "))
}

// readAt takes up what happens at a time or at a call.
func (s *script) readAt(rest string) error {
	words := strings.SplitN(rest, " ", 3)
	if len(words) < 3 {
		return fmt.Errorf("says nothing that happens; write for example: at 10s stop node 1")
	}
	at, err := duration(words[0])
	text := words[1] + " " + words[2]
	byCall := err != nil
	if byCall {
		if err := isCall(words[0]); err != nil {
			return fmt.Errorf("after \"at\": a time (10s, 20m) or a call and its number is needed: %w", err)
		}
		if err := place("<n>", words[1]); err != nil {
			return err
		}
		text = words[2]
	}
	for _, st := range happenings {
		a, ok, err := match(st.form, text)
		if err == nil && ok {
			err = s.known(st.form, a)
		}
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		do := func() { st.do(s, a); s.w.Check() }
		if byCall {
			s.when[words[0]+" "+words[1]] = do
		} else {
			s.plan = append(s.plan, func() { s.w.After(at, do) })
		}
		return nil
	}
	return fmt.Errorf("no such thing happens; allowed are\n  %s", strings.Join(forms(), "\n  "))
}

// known checks words that only the whole can check.
func (s *script) known(form string, a args) error {
	i := 0
	before := ""
	for f := range strings.FieldsSeq(form) {
		if strings.HasPrefix(f, "<") && i < len(a) {
			if f == "<n>" && before == "node" && a.n(i) > s.nodes {
				return fmt.Errorf("there is no node %s: the file has \"nodes %d\"", a[i], s.nodes)
			}
			if f == "<call>" {
				if err := isCall(a[i]); err != nil {
					return err
				}
			}
			if f == "<service>" && isCall(a[i]) != nil && services[a[i]] == nil {
				return fmt.Errorf("%q is no service and no action; allowed are %s", a[i], strings.Join(allActions(), ", "))
			}
			if allowed := vocabulary[f]; allowed != nil && !slices.Contains(allowed, a[i]) {
				return fmt.Errorf("%q is no %s; allowed are %s", a[i], strings.Trim(f, "<>"), strings.Join(allowed, ", "))
			}
			i++
		}
		before = f
	}
	return nil
}

// vocabulary lists the words that may stand in a place.
var vocabulary = map[string][]string{
	"<state>":  {cloud.Pending, cloud.Running, cloud.Stopping, cloud.Stopped, cloud.ShuttingDown, cloud.Terminated},
	"<alarm>":  {"instance", "application"},
	"<level>":  {"OK", "ALARM"},
	"<event>":  eventCodes,
	"<fate>":   append([]string{good}, badImages...),
	"<status>": {isDeployed, isGone, isCreating, isUpdating, isGoingBack, isRemoving},
	"<kind>":   {"instance", "ip"},
	"<phase>":  {"draining", "suspected", "confirmed", "fencing", "launching", "gated", "serving", "done", "deleting", "deleted"},
	"<answer>": sorted(answers),
	"<policy>": sorted(policies),
}

// services and their actions, as far as the switcher uses them.
var services = map[string][]string{
	"EC2": {
		"CreateTags", "DescribeApplicationStatus", "DescribeInstanceAttribute", "DescribeInstanceStatus", "DescribeInstances", "DescribeLaunchTemplateVersions", "DescribeSubnets", "ModifyInstanceAttribute",
		"ModifyNetworkInterfaceAttribute", "RunInstances", "StopInstances", "TerminateInstances",
	},
	"ELB":            {"DeregisterTargets", "DescribeTargetGroups", "DescribeTargetHealth", "RegisterTargets"},
	"CloudWatch":     {"DescribeAlarms", "PutMetricAlarm"},
	"DynamoDB":       {"DeleteItem", "GetItem", "PutItem", "Query"},
	"SNS":            {"Publish"},
	"Lambda":         {"Invoke"},
	"CloudFormation": {"Respond"},
}

func allActions() []string {
	list := []string{"call (any)"}
	for _, s := range sorted(services) {
		list = append(list, s)
		list = append(list, services[s]...)
	}
	return list
}

func isCall(word string) error {
	if word == "call" {
		return nil
	}
	for _, actions := range services {
		if slices.Contains(actions, word) {
			return nil
		}
	}
	return fmt.Errorf("%q is no action; allowed are %s", word, strings.Join(allActions(), ", "))
}

// cutWindow splits "from <time> to <time>" off.
func cutWindow(text string) (string, window, error) {
	w := window{to: forever}
	words := strings.Fields(text)
	n := len(words)
	if n < 5 || words[n-4] != "from" || words[n-2] != "to" {
		return text, w, nil
	}
	var err error
	if w.from, err = duration(words[n-3]); err == nil {
		w.to, err = duration(words[n-1])
	}
	if err != nil || w.to <= w.from {
		return text, w, fmt.Errorf("\"from %s to %s\" is not a span of time; write for example: from 10s to 5m", words[n-3], words[n-1])
	}
	return strings.Join(words[:n-4], " "), w, nil
}

// forms are all forms, for a person who mistyped one.
func forms() []string {
	var list []string
	for _, f := range frames {
		list = append(list, f.form)
	}
	for _, f := range statements {
		list = append(list, f.form)
	}
	for _, f := range lastings {
		list = append(list, f.form+" [from <time> to <time>]")
	}
	for _, f := range happenings {
		list = append(list, "at <time> | at <call> <n>: "+f.form)
	}
	return list
}
