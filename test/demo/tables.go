package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/internal/contract"
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

// inherited shows all settings of the first node, and of the second, whose list
// reads alike, only what differs.
func (s *story) inherited(before, after world.Inherited) {
	fmt.Fprintln(s.page.out, "\nWhat is inherited (all that AWS tells of instance, volumes, targets and alarms):")
	rows := [][]string{{"SETTING", "BEFORE", "AFTER"}}
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	equal := 0
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		b, a := before[k], after[k]
		switch {
		case a != b:
			rows = append(rows, []string{k, short(b, width), "DIFFERS: " + short(a, width)})
		case s.listed:
			equal++
		default:
			rows = append(rows, []string{k, short(b, width), "= the same"})
		}
	}
	if len(rows) > 1 {
		s.page.table(rows)
	}
	if s.listed {
		s.page.say("%d settings, as listed for the first node, are equal before and after; %d differ.", equal, len(rows)-1)
	}
	s.listed = true
}

// table shows the node's row as DynamoDB holds it.
func (s *story) table(ctx context.Context) error {
	s.page.title("4. The table's row of node %d", s.nodes[0].Node.ID)
	s.page.say("All of the switcher's memory is one DynamoDB table. Each change of a row is a compare-and-swap, made before the step it speaks of, so that a crashed switcher is resumed by the next one.")
	item, err := s.switcher.Store.Table.Get(ctx, contract.VPCPartition(s.switcher.Settings.VPC), contract.NodeKey(s.nodes[0].Node.ID))
	if err != nil {
		return err
	}
	var body any
	if err := json.Unmarshal(item.Body, &body); err != nil {
		return fmt.Errorf("row %s: %w", item.Sort, err)
	}
	text, err := json.MarshalIndent(shorten(body), "  ", "  ")
	if err != nil {
		return fmt.Errorf("row %s: %w", item.Sort, err)
	}
	fmt.Fprintf(s.page.out, "  pk %s, sk %s, rev %d, body:\n  %s\n", item.Partition, item.Sort, item.Revision, text)
	return nil
}

// shorten cuts long texts (user data) in a document.
func shorten(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = shorten(e)
		}
	case []any:
		for i, e := range v {
			v[i] = shorten(e)
		}
	case string:
		return short(v, 100)
	}
	return v
}

// notices shows what people were told.
func (s *story) notices(ctx context.Context) error {
	s.page.title("5. Notifications")
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
		fmt.Fprintf(s.page.out, "  Subject: %s\n    %s\n\n", m.Subject, strings.ReplaceAll(strings.TrimSpace(m.Message), "\n", "\n    "))
		for _, n := range s.nodes {
			if strings.Contains(m.Subject, fmt.Sprintf("node %d ", n.Node.ID)) {
				told[n.Node.ID] = true
			}
		}
	}
	s.page.check(world.Check{Promise: "people were told of both switches", OK: len(told) == len(s.nodes), Detail: fmt.Sprintf("%d messages", len(got))})
	return nil
}

// closing checks what concerns the whole story, and sums up.
func (s *story) closing(ctx context.Context) error {
	s.page.title("6. In the end")
	i, err := s.switcher.Instance(ctx, s.bystander)
	if err != nil {
		return err
	}
	s.page.check(world.Check{
		Promise: "an instance beside the nodes was not touched", OK: i.State.Name == types.InstanceStateNameRunning && len(i.Tags) == 0,
		Detail: fmt.Sprintf("%s is %s", s.bystander, i.State.Name),
	})
	var zones []string
	for _, n := range s.nodes {
		st, err := s.switcher.State(ctx, n.Node.ID)
		if err != nil {
			return err
		}
		s.page.check(world.Check{Promise: fmt.Sprintf("node %d is at rest", n.Node.ID), OK: st.AtRest(), Detail: "phase " + string(st.Node.Phase)})
		if st.Node.Grant != nil {
			zones = append(zones, fmt.Sprintf("node %d: %s -> %s", n.Node.ID, n.Node.Grant.Zone, st.Node.Grant.Zone))
		}
	}
	faults := s.w.Faults()
	s.page.check(world.Check{Promise: "no invocation was given up, no call was unknown to the emulator", OK: len(faults) == 0, Detail: fmt.Sprintf("%d faults", len(faults))})
	for _, f := range faults {
		fmt.Fprintln(s.page.out, "       ", f)
	}
	fmt.Fprintf(s.page.out, "\n%s.\n", strings.Join(zones, "; "))
	if s.page.failed > 0 {
		return fmt.Errorf("%d of %d promises were not kept: see FAIL above", s.page.failed, s.page.failed+s.page.passed)
	}
	s.page.say("All %d promises were kept.", s.page.passed)
	if s.noCapacity == "" {
		s.page.say("Try also: make demo DEMO_ARGS=\"--no-capacity %s\"", s.second(ctx))
	}
	return nil
}

// second is the zone that the first node moved to.
func (s *story) second(ctx context.Context) string {
	st, err := s.switcher.State(ctx, s.nodes[0].Node.ID)
	if err != nil || st.Node.Grant == nil {
		return "<zone>"
	}
	return st.Node.Grant.Zone
}
