package sim

import (
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
	w.Chaos.outages = append(w.Chaos.outages, outage{call, w.Now, minTime(w.Chaos.until, w.Now.Add(w.Between(leastWithheld, mostWithheld))), kind})
}
