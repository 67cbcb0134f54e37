package contract

import "strings"

// MetricNamespace is where the switcher's metrics appear in CloudWatch, by
// MetricDimension. It writes them as log lines in the embedded metric format
// ("CloudWatch embedded metric format specification"), so it needs no permission.
//
// CloudWatch charges a custom metric for the hours in which it was sent. What is
// usually zero is therefore sent only while it is not: no data means none.
const (
	MetricNamespace = "WorkloadRecovery"
	MetricDimension = "Switcher"
)

// Names of metrics. Of a finished recovery also <Phase>Seconds is sent, and once a
// minute Nodes<Phase> for each phase that has nodes.
const (
	// MetricRecovery is how long a finished recovery took, from the failure to serving.
	MetricRecovery = "RecoverySeconds"
	// MetricSwitch is how old the oldest recovery under way is, and in the end what it
	// took: unlike MetricRecovery it also tells of one that never ends.
	MetricSwitch = "SwitchSeconds"
	// MetricAttempts and MetricEffects are a finished recovery's replacements and
	// mutating calls.
	MetricAttempts = "Attempts"
	MetricEffects  = "Effects"
	// MetricSweeps counts sweeps that have looked at every node: the switcher's pulse.
	MetricSweeps = "Sweeps"
	// Nodes that wait for something, that need a person, that the brake holds, and that
	// are paused.
	MetricHeld        = "NodesHeld"
	MetricInterrupted = "NodesInterrupted"
	MetricBraked      = "NodesBraked"
	MetricPaused      = "NodesPaused"
	// Calls of AWS's API; requests, which hold the retries; refused because of too many;
	// failed for another reason; and how long the slowest took, in milliseconds.
	MetricCalls     = "Calls"
	MetricRequests  = "Requests"
	MetricThrottled = "ThrottledCalls"
	MetricFailed    = "FailedCalls"
	MetricSlowest   = "SlowestCall"
)

// MetricPhase is the metric of how long a phase of a finished recovery took.
func MetricPhase(phase string) string { return capital(phase) + "Seconds" }

// MetricNodes is the metric of how many nodes are in a phase.
func MetricNodes(phase string) string { return "Nodes" + capital(phase) }

// Phases are a node's, in the order of a switch (internal/record).
var Phases = []string{"suspected", "draining", "confirmed", "fencing", "launching", "gated", "serving", "done", "deleting"}

func capital(phase string) string {
	if phase == "" {
		return ""
	}
	return strings.ToUpper(phase[:1]) + phase[1:]
}
