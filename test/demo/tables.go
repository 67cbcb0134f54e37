package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// width of a value in a table.
const width = 60

// compare shows what differs on purpose, and then everything that must not.
func (s *story) compare(before, after world.State) {
	old, now := before.Node.Grant, after.Node.Grant
	if old == nil || now == nil {
		return // the checks say so
	}
	fmt.Fprintln(s.page.out, "\nWhat is new:")
	s.page.table([][]string{
		{"", "BEFORE", "AFTER"},
		{"instance", old.Instance, now.Instance},
		{"zone", old.Zone, now.Zone},
		{"subnet", old.Subnet, now.Subnet},
		{"private address", old.PrivateIP, now.PrivateIP},
		{"epoch", fmt.Sprint(before.Node.Epoch), fmt.Sprint(after.Node.Epoch)},
		{"state of the old instance", "", after.Instances[old.Instance]},
	})
	s.inherited(before.Inherited, after.Inherited)
}

// inherited shows what differs among all settings, and all of them if that is asked for.
func (s *story) inherited(before, after world.Inherited) {
	rows := [][]string{{"SETTING", "BEFORE", "AFTER"}}
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	equal := 0
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		b, a := before[k], after[k]
		if a != b {
			rows = append(rows, []string{k, short(b, width), "DIFFERS: " + short(a, width)})
			continue
		}
		if equal++; s.settings {
			rows = append(rows, []string{k, short(b, width), "= the same"})
		}
	}
	if len(rows) > 1 {
		s.page.table(rows)
	}
	s.page.say("Of all that AWS tells of instance, volumes, targets and alarms, %d settings are equal before and after.", equal)
}

// notices shows what people were told.
func (s *story) notices(ctx context.Context) error {
	s.page.title("6. Notifications")
	got, err := s.w.In(s.switcher.Region).Receive(ctx, s.topic)
	if err != nil {
		return err
	}
	told := map[int]bool{}
	for _, g := range got {
		var m struct{ Subject, Message string }
		if err := json.Unmarshal([]byte(g), &m); err != nil {
			return fmt.Errorf("notification %.100s: %w", g, err)
		}
		s.page.say("  Subject: %s", m.Subject)
		if len(told) == 0 {
			fmt.Fprintf(s.page.out, "    %s\n", strings.ReplaceAll(strings.TrimSpace(m.Message), "\n", "\n    "))
		}
		for _, n := range s.nodes {
			if strings.Contains(m.Subject, fmt.Sprintf("node %d ", n.Node.ID)) {
				told[n.Node.ID] = true
			}
		}
	}
	s.page.check(world.Check{Promise: "people were told of every switch", OK: len(told) == len(s.nodes) && len(got) == s.switches, Detail: fmt.Sprintf("%d messages of %d switches", len(got), s.switches)})
	return nil
}
