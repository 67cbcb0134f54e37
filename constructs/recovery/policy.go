package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// RecoveryPolicy says how a switcher recovers. Times have whole seconds. All
// fields may be left out.
type RecoveryPolicy struct {
	// ConfirmTime is how long a failure must last before a switch begins, 0 to 3600 s.
	// Default: 0, a stopped or terminated instance, or an alarm that is still in
	// ALARM when read again, is believed at once.
	ConfirmTime awscdk.Duration
	// FenceTime is how long the old instance may take to be confirmed off before the
	// switch is interrupted and a person is told, 30 to 86400 s. Default: 600 s.
	FenceTime awscdk.Duration
	// HealthTime is how long a replacement may take to be healthy in all its target
	// groups, 30 to 86400 s. Default: 600 s.
	HealthTime awscdk.Duration
	// MaxAttempts is how many replacements one switch may try, 1 to 20. Default: 3.
	MaxAttempts *float64
	// CapacityTime is how long a lack of capacity is remembered for a zone and
	// instance type, 1 to 3600 s. Default: 180 s.
	CapacityTime awscdk.Duration
	// RetryTime is how long a held switch waits before it tries again, 10 to 3600 s.
	// Default: 60 s.
	RetryTime awscdk.Duration
	// PollTime is the pause between two looks at AWS while something is awaited, 1 to
	// 60 s. Default: 1 s.
	PollTime awscdk.Duration
	// GraceTime is how long after a node began to serve its alarms are not believed, so
	// that a replacement's boot cannot cause a second switch, 10 to 3600 s. A stopped
	// or terminated instance is believed at once all the same. Default: 120 s.
	GraceTime awscdk.Duration
	// MaxSwitches is how many recoveries of one node may begin within SwitchWindow; a
	// further one is held until the window has passed. 1 to 100. Default: 3.
	MaxSwitches *float64
	// SwitchWindow belongs to MaxSwitches, 60 to 86400 s. Default: 3600 s.
	SwitchWindow awscdk.Duration
	// CoolDownTime is how long after a node began to serve a further failure that only
	// an alarm reports is held, and a person told, so that an alarm that comes and
	// goes does not move the node each time, 10 to 86400 s. What EC2 itself shows
	// (stopped, terminated, a failed status check) is recovered at once.
	// Default: 300 s.
	CoolDownTime awscdk.Duration
	// LaunchesPerSecond is the refill rate of the account's RunInstances request bucket
	// in this Region, 1 to 100. Raise it when AWS raised the account's: with many
	// nodes to recover at once it bounds the whole.
	// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
	// Default: 2, EC2's own.
	LaunchesPerSecond *float64
	// BudgetPercent is the share of the account's API budgets of this Region that all
	// its switchers together may use, 10 to 100. Leave room for what else must call
	// AWS while nodes are recovered. Default: 100; switchers back off all the same
	// when AWS throttles them.
	BudgetPercent *float64
	// BrakePercent is the share of a VPC's nodes, from five nodes up, that may fail at
	// once without a common cause (a failure of one Availability Zone that EC2 itself
	// shows is one). When more do, nothing is touched and a person is asked. 1 to 100;
	// 100 turns the brake off. Default: 50.
	BrakePercent *float64
	// BrakeTime is how long, in a VPC with five nodes or more, a failure that only an
	// agent reports (the application alarm) must last before a switch begins, so that
	// a common fault of the agents can show, 1 to 600 s. Default: 20 s.
	BrakeTime awscdk.Duration
	// HistoryTime is the time for which finished switches stay in the table: whole days, 1 to 3650
	// days. Default: 400 days.
	HistoryTime awscdk.Duration
	// DeployTime is how long a deployment's request may stay held before
	// CloudFormation is told that it failed, and why, 60 to 3300 s. It must be shorter
	// than the nodes' ServiceTimeout. Default: 900 s.
	DeployTime awscdk.Duration
	// NoticeLeadTime is how long before an event that AWS has scheduled for the
	// instance (a retirement, a reboot, maintenance of its host) a node is moved by a
	// planned switch, 60 s to 14 days. People are told when the event is first seen, so
	// that they can choose an earlier time.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instances-status-check_sched.html
	// Default: 1 hour.
	NoticeLeadTime awscdk.Duration
}

// toContract is the policy as the switcher reads it. A field that is given must
// be within bounds; only one that is left out takes the default.
func (p *RecoveryPolicy) toContract(at prop.Place) contract.Policy {
	out := contract.DefaultPolicy()
	if p == nil {
		return out
	}
	out.ConfirmSeconds = at.Seconds("Policy.ConfirmTime", p.ConfirmTime, out.ConfirmSeconds)
	out.FenceSeconds = at.Seconds("Policy.FenceTime", p.FenceTime, out.FenceSeconds)
	out.HealthSeconds = at.Seconds("Policy.HealthTime", p.HealthTime, out.HealthSeconds)
	out.MaxAttempts = at.Whole("Policy.MaxAttempts", p.MaxAttempts, out.MaxAttempts, 1, 20)
	out.CapacitySeconds = at.Seconds("Policy.CapacityTime", p.CapacityTime, out.CapacitySeconds)
	out.RetrySeconds = at.Seconds("Policy.RetryTime", p.RetryTime, out.RetrySeconds)
	out.PollSeconds = at.Seconds("Policy.PollTime", p.PollTime, out.PollSeconds)
	out.GraceSeconds = at.Seconds("Policy.GraceTime", p.GraceTime, out.GraceSeconds)
	out.MaxSwitches = at.Whole("Policy.MaxSwitches", p.MaxSwitches, out.MaxSwitches, 1, 100)
	out.WindowSeconds = at.Seconds("Policy.SwitchWindow", p.SwitchWindow, out.WindowSeconds)
	out.CoolDownSeconds = at.Seconds("Policy.CoolDownTime", p.CoolDownTime, out.CoolDownSeconds)
	out.LaunchesPerSecond = at.Whole("Policy.LaunchesPerSecond", p.LaunchesPerSecond, out.LaunchesPerSecond, 1, 100)
	out.BudgetPercent = at.Whole("Policy.BudgetPercent", p.BudgetPercent, out.BudgetPercent, 10, 100)
	out.BrakePercent = at.Whole("Policy.BrakePercent", p.BrakePercent, out.BrakePercent, 1, 100)
	out.BrakeSeconds = at.Seconds("Policy.BrakeTime", p.BrakeTime, out.BrakeSeconds)
	out.HistoryDays = at.Days("Policy.HistoryTime", p.HistoryTime, out.HistoryDays, 1, 3650)
	out.DeploySeconds = at.Seconds("Policy.DeployTime", p.DeployTime, out.DeploySeconds)
	out.NoticeLeadSeconds = at.Seconds("Policy.NoticeLeadTime", p.NoticeLeadTime, out.NoticeLeadSeconds)
	at.FailOn(out.Validate())
	return out
}
