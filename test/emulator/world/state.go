package world

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// State is what an operator sees of a node at one moment.
type State struct {
	Node      record.Node
	Inherited Inherited           // nil while the node has no instance
	Instances map[string]string   // every instance ever launched for it -> EC2's state
	Targets   map[string][]string // target group name -> targets
	Alarms    map[string]string   // alarm -> instance it watches
	Hints     []string            // left for the switcher and not yet seen to
}

// State reads it.
func (s Switcher) State(ctx context.Context, node int) (State, error) {
	st := State{Instances: map[string]string{}, Targets: map[string][]string{}, Alarms: map[string]string{}}
	var err error
	if st.Node, err = s.Node(ctx, node); err != nil {
		return st, err
	}
	if st.Node.Grant != nil {
		if st.Inherited, err = s.Inherited(ctx, st.Node); err != nil {
			return st, err
		}
	}
	launched, err := s.Launched(ctx, node)
	if err != nil {
		return st, err
	}
	for _, i := range launched {
		st.Instances[aws.ToString(i.InstanceId)] = string(i.State.Name)
	}
	hints, err := s.Store.Hints(ctx)
	if err != nil {
		return st, err
	}
	for _, h := range hints {
		st.Hints = append(st.Hints, h.Key)
	}
	return st, errors.Join(s.readTargets(ctx, &st), s.readAlarms(ctx, &st))
}

func (s Switcher) readTargets(ctx context.Context, st *State) error {
	for _, g := range st.Node.Settings.Groups {
		out, err := s.AWS().ELB.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &g.ARN})
		if err != nil {
			return fmt.Errorf("targets of %s: %w", g.ARN, err)
		}
		name := strings.Split(g.ARN, "/")[1]
		st.Targets[name] = []string{}
		for _, h := range out.TargetHealthDescriptions {
			st.Targets[name] = append(st.Targets[name], aws.ToString(h.Target.Id))
		}
		slices.Sort(st.Targets[name])
	}
	return nil
}

func (s Switcher) readAlarms(ctx context.Context, st *State) error {
	if len(st.Node.Settings.Alarms) == 0 {
		return nil
	}
	out, err := s.AWS().CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: st.Node.Settings.Alarms})
	if err != nil {
		return fmt.Errorf("alarms: %w", err)
	}
	for _, a := range out.MetricAlarms {
		st.Alarms[aws.ToString(a.AlarmName)] = ""
		for _, d := range a.Dimensions {
			if aws.ToString(d.Name) == "InstanceId" {
				st.Alarms[aws.ToString(a.AlarmName)] = aws.ToString(d.Value)
			}
		}
	}
	return nil
}

// AtRest says that nothing is under way, held, to be looked at, told or cleared away.
func (st State) AtRest() bool { return len(st.Hints) == 0 && calm(st.Node) }

func calm(n record.Node) bool {
	return n.Phase == record.Done && n.Switch == nil && n.Hold == nil && len(n.Outbox) == 0 && len(n.Condemned) == 0
}

// Calm is State's AtRest, for little reading.
func (s Switcher) Calm(ctx context.Context, node int) (bool, error) {
	n, err := s.Node(ctx, node)
	if err != nil {
		return false, err
	}
	hints, err := s.Store.Hints(ctx)
	return err == nil && len(hints) == 0 && calm(n), err
}

// Check is one promise and whether it was kept.
type Check struct {
	Promise string
	OK      bool
	Detail  string // what was found
}

// Switched lists the promises of one switch between two states of a node, whose
// instance was off or hung in the first.
func Switched(before, after State) []Check {
	old, now := before.Node.Grant, after.Node.Grant
	if old == nil || now == nil {
		return []Check{absent(before, after)}
	}
	return append(replaced(before, after),
		Check{"the replacement is in another zone", now.Zone != old.Zone, fmt.Sprintf("%s -> %s", old.Zone, now.Zone)},
		inherited(before, after))
}

// Applied lists the promises of a change that a deployment made to a node at once. The
// settings named, and no others, are another than before.
func Applied(before, after State, changed ...string) []Check {
	if before.Node.Grant == nil || after.Node.Grant == nil {
		return []Check{absent(before, after)}
	}
	was, is := maps.Clone(before.Inherited), maps.Clone(after.Inherited)
	for _, name := range changed {
		if was[name] == is[name] {
			return []Check{{name + " was changed", false, "it is " + is[name] + " as before"}}
		}
		delete(was, name)
		delete(is, name)
	}
	return append(replaced(before, after), inherited(State{Inherited: was}, State{Inherited: is}))
}

func absent(before, after State) Check {
	return Check{"the node has an instance before and after", false, fmt.Sprintf("phases %s and %s", before.Node.Phase, after.Node.Phase)}
}

func inherited(before, after State) Check {
	diff := gocmp.Diff(map[string]string(before.Inherited), map[string]string(after.Inherited))
	detail := fmt.Sprintf("%d settings compared", len(before.Inherited))
	if diff != "" {
		detail = "(-before +after)\n" + diff
	}
	return Check{"everything inherited is equal before and after", diff == "" && len(before.Inherited) > 0, detail}
}

// replaced lists the promises of whatever gives a node another instance.
func replaced(before, after State) []Check {
	now := after.Node.Grant
	fresh := 0
	var alive []string
	for _, id := range slices.Sorted(maps.Keys(after.Instances)) {
		if _, known := before.Instances[id]; !known {
			fresh++
		}
		if after.Instances[id] != "terminated" {
			alive = append(alive, id)
		}
	}
	return []Check{
		{"the node is at rest", after.AtRest(), describe(after)},
		{"exactly one replacement was launched", fresh == 1, fmt.Sprintf("%d launched", fresh)},
		{"the replacement runs", after.Instances[now.Instance] == "running", now.Instance + " is " + after.Instances[now.Instance]},
		{"no other instance of the node is left", slices.Equal(alive, []string{now.Instance}), "not terminated: " + strings.Join(alive, ", ")},
		{"the epoch was raised", after.Node.Epoch > before.Node.Epoch && now.Epoch == after.Node.Epoch, fmt.Sprintf("%d -> %d", before.Node.Epoch, after.Node.Epoch)},
		{"all target groups hold the replacement alone", allEqual(maps.Values(after.Targets), []string{now.Instance}, []string{now.PrivateIP}), fmt.Sprint(after.Targets)},
		{"alarms that watched the old instance watch the replacement", maps.Equal(after.Alarms, repointed(before.Alarms, now.Instance)), fmt.Sprint(after.Alarms)},
	}
}

// repointed is what alarms should watch after a switch. One that watches no
// instance (but the node, whatever carries it) stays as it is.
func repointed(alarms map[string]string, instance string) map[string]string {
	want := maps.Clone(alarms)
	for name, watched := range want {
		if watched != "" {
			want[name] = instance
		}
	}
	return want
}

// allEqual reports whether all values, at least one, equal one of those allowed.
func allEqual[T any](values func(func(T) bool), allowed ...T) bool {
	any := false
	for v := range values {
		any = true
		if !slices.ContainsFunc(allowed, func(a T) bool { return gocmp.Equal(a, v) }) {
			return false
		}
	}
	return any
}

func describe(st State) string {
	n := st.Node
	text := fmt.Sprintf("phase %s", n.Phase)
	if n.Switch != nil {
		text += ", switch " + n.Switch.ID + " is under way"
	}
	if n.Hold != nil {
		text += fmt.Sprintf(", %s since %s: %s %s", n.Hold.Kind, n.Hold.Since.Format("15:04:05"), n.Hold.Code, n.Hold.Reason)
	}
	if len(n.Condemned) > 0 {
		text += fmt.Sprintf(", %d instances are condemned", len(n.Condemned))
	}
	if len(n.Outbox) > 0 {
		text += fmt.Sprintf(", %d messages are not delivered", len(n.Outbox))
	}
	if len(st.Hints) > 0 {
		text += fmt.Sprintf(", %d hints are not seen to", len(st.Hints))
	}
	return text
}

// History reads the finished switches of a node, oldest first.
func (s Switcher) History(ctx context.Context, node int) ([]record.History, error) {
	items, err := s.Store.Table.Query(ctx, contract.HistoryPartition(s.Settings.VPC, node), "")
	if err != nil {
		return nil, fmt.Errorf("history of node %d: %w", node, err)
	}
	found := make([]record.History, 0, len(items))
	for _, it := range items {
		var h record.History
		if err := json.Unmarshal(it.Body, &h); err != nil {
			return nil, fmt.Errorf("history %s: %w", it.Sort, err)
		}
		found = append(found, h)
	}
	slices.SortFunc(found, func(a, b record.History) int { return cmp.Compare(a.Finished.UnixNano(), b.Finished.UnixNano()) })
	return found, nil
}
