package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// leastWithheld and mostWithheld are for how long a call is withheld: longer than a fence
// may take, and than a replacement may take to become healthy (contract.DefaultPolicy).
const leastWithheld, mostWithheld = 11 * time.Minute, 16 * time.Minute

// withheldCalls are the switcher's calls that a run may withhold. CloudFormation's answer is
// none of them: a deployment that is not answered has no right outcome.
var withheldCalls = []string{
	"DescribeInstances", "DescribeInstanceAttribute", "DescribeInstanceStatus", "DescribeApplicationStatus", "DescribeSubnets", "DescribeAvailabilityZones",
	"DescribeCapacityReservations", "DescribeLaunchTemplateVersions", "ListZonalShifts", "DescribeAlarms", "DescribeTargetGroups", "DescribeTargetHealth", "DescribeMountTargets",
	"CreateTags", "DeleteTags", "ModifyInstanceAttribute", "ModifyNetworkInterfaceAttribute", "RunInstances", "StartInstances", "StopInstances", "TerminateInstances",
	"AssociateApplicationStatusCheck", "DisassociateApplicationStatusCheck", "RegisterTargets", "DeregisterTargets", "PutMetricAlarm", "CreateMountTarget", "DeleteMountTarget",
	"GetItem", "PutItem", "DeleteItem", "Query", "Invoke", "Publish",
}

// phasesOfRecord are the phases in which a call may begin to be withheld.
var phasesOfRecord = slices.DeleteFunc(slices.Clone(allPhases), func(p record.Phase) bool { return p == "" })

// withhold refuses one call, or leaves it unanswered, from a phase of a node on.
func (w *World) withhold(_ int) {
	call := withheldCalls[w.Rand.IntN(len(withheldCalls))]
	kind := []cloud.Kind{cloud.Denied, cloud.Ambiguous, cloud.Throttled}[w.Rand.IntN(3)]
	w.Log("%s is withheld (%s)", call, kind)
	o := outage{call, w.Now, minTime(w.Chaos.until, w.Now.Add(w.Between(leastWithheld, mostWithheld))), kind}
	w.Chaos.outages = append(w.Chaos.outages, o)
	if !slices.Contains(storeCalls, call) && o.to.Sub(o.from) >= leastWithheld {
		w.After(leastWithheld, func() { w.silent(o) })
	}
}

// storeAway reports whether the store, or the function itself, was away at some time since.
func (w *World) storeAway(since time.Time) bool {
	return slices.ContainsFunc(w.Chaos.outages, func(o outage) bool {
		return o.to.After(since) && !o.from.After(w.Now) && (slices.Contains(storeCalls, o.service) || o.service == "DynamoDB" || o.service == "Lambda")
	})
}

// storeCalls are those without which the switcher cannot run or save a hold. The alarm about
// missing sweeps reports their loss.
var storeCalls = []string{"GetItem", "PutItem", "DeleteItem", "Query", "Invoke"}

// A node may try a call in vain for the engine's own three minutes. After silence, that many
// more tries without a hold are a fault: the invocations that made a few may have died before
// they could save anything.
const (
	silence = 4 * time.Minute
	tries   = 5
)

// triedBy names the actions of a call that a record notes as unanswered. The others are not
// judged: their effect can show in EC2 without an answer.
var triedBy = map[string][]string{
	"instances": {"DescribeInstances"}, "tagged": {"DescribeInstances"}, "launch": {"RunInstances"}, "places": {"DescribeSubnets"},
	"targets": {"DescribeTargetHealth", "DescribeTargetGroups"}, "alarms": {"DescribeAlarms"}, "templates": {"DescribeLaunchTemplateVersions"},
	"details": {"DescribeInstanceAttribute"}, "mounts": {"DescribeMountTargets"},
}

// refusedOf notes that an action was refused for the nodes.
func (w *World) refusedOf(action string, nodes []int) {
	for _, id := range nodes {
		if t := w.nodes[id]; t != nil {
			if t.refused == nil {
				t.refused = map[string][]time.Time{}
			}
			t.refused[action] = append(t.refused[action], w.Now)
		}
	}
}

// silent checks that people can see what a node waits for while a call is withheld (case R17):
// one that has tried any call in vain for long is held with a reason, or was reported.
func (w *World) silent(o outage) {
	for _, id := range w.all() {
		t, n := w.nodes[id], w.nodes[id].record
		told := slices.ContainsFunc(slices.Collect(maps.Values(n.Notices)), func(at time.Time) bool { return at.After(o.from) })
		ordered := n.Pause != nil || n.Off != nil || n.OffOver.After(o.from) // a person said that it waits
		if told || ordered || n.Phase == record.Done || n.Hold != nil || w.storeAway(o.from) {
			continue
		}
		for _, call := range slices.Sorted(maps.Keys(n.Unanswered)) {
			since := n.Unanswered[call]
			for _, action := range triedBy[call] {
				vain := slices.DeleteFunc(slices.Clone(t.refused[action]), func(at time.Time) bool { return at.Sub(since) < silence })
				if len(vain) > tries {
					w.Fail("scenario 15: node %d is %s without a hold, and %q has not been answered since %s", id, n.Phase, call, since.Format(time.TimeOnly))
				}
			}
		}
	}
}
