package contract

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Config is all that a switcher is told, carried in EnvConfig as JSON. It names
// no node: nodes' settings travel through their custom resources.
type Config struct {
	Name           string `json:"name"`           // the switcher's name, unique per Region
	VPC            string `json:"vpc"`            // vpc-…
	BlackholeGroup string `json:"blackholeGroup"` // sg-…, no ingress, no egress
	Table          string `json:"table"`          // DynamoDB table name
	Topic          string `json:"topic"`          // SNS topic ARN
	Function       string `json:"function"`       // own function name, for continuations
	IDTag          string `json:"idTag"`
	TargetTag      string `json:"targetTag"`
	Policy         Policy `json:"policy"`
}

// Policy holds what the user may set about recoveries. Seconds throughout, as
// whole numbers; zero means the default given with each field (DefaultPolicy).
type Policy struct {
	// ConfirmSeconds is how long a failure must last before a switch begins.
	// Default 0: a stopped or terminated instance, or an alarm that is still in
	// ALARM when read again, is believed at once.
	ConfirmSeconds int `json:"confirmSeconds"`
	// FenceSeconds is how long the old instance may take to be confirmed off
	// before the switch is interrupted and a person is told. Default 600.
	FenceSeconds int `json:"fenceSeconds"`
	// HealthSeconds is how long a replacement may take from its grant to be
	// healthy in all its target groups. Default 600.
	HealthSeconds int `json:"healthSeconds"`
	// MaxAttempts is how many replacements one switch may try. Default 3.
	MaxAttempts int `json:"maxAttempts"`
	// CapacitySeconds is how long a lack of capacity is remembered for a zone
	// and instance type, for all nodes of the Region. Default 180.
	CapacitySeconds int `json:"capacitySeconds"`
	// RetrySeconds is how long a held switch waits before it tries again. Default 60.
	RetrySeconds int `json:"retrySeconds"`
	// PollSeconds is the pause between two looks at AWS while something is
	// awaited. Default 1.
	PollSeconds int `json:"pollSeconds"`
	// GraceSeconds is how long after a node began to serve its alarms are not
	// believed, so that a replacement's boot cannot cause a second switch. A stopped
	// or terminated instance is believed at once all the same. Default 120.
	GraceSeconds int `json:"graceSeconds"`
	// MaxSwitches is how many recoveries of one node may begin within
	// WindowSeconds; a further one is held until the window has passed. Default 3.
	MaxSwitches int `json:"maxSwitches"`
	// WindowSeconds belongs to MaxSwitches. Default 3600.
	WindowSeconds int `json:"windowSeconds"`
	// CoolDownSeconds is how long after a node began to serve a further failure that
	// only an alarm reports is held, so that an alarm that comes and goes does not
	// move the node each time. What EC2 itself shows (stopped, terminated, a status
	// check) is recovered at once. Default 300.
	CoolDownSeconds int `json:"coolDownSeconds"`
	// LaunchesPerSecond is the refill rate of the account's RunInstances request bucket
	// in this Region. Default 2, EC2's own ("Request throttling for the Amazon EC2
	// API"); set it when the account has more.
	LaunchesPerSecond int `json:"launchesPerSecond"`
	// BudgetPercent is the share of the account's API budgets of this Region that all
	// switchers together may use; they also back off when AWS throttles them. Default 100.
	BudgetPercent int `json:"budgetPercent"`
	// BrakePercent is the share of a VPC's nodes, from five nodes up, that may fail at
	// once without a common cause. When more do, recoveries are held. 100 turns
	// the brake off. Default 50.
	BrakePercent int `json:"brakePercent"`
	// BrakeSeconds is how long, in a VPC with five nodes or more, a failure that only
	// an agent reports (the application alarm) must last before a switch begins, so
	// that a common fault of the agents can show. Default 20.
	BrakeSeconds int `json:"brakeSeconds"`
	// HistoryDays is how long finished switches stay in the table. Default 400.
	HistoryDays int `json:"historyDays"`
	// DeploySeconds is how long a custom-resource request may stay held before
	// CloudFormation is answered FAILED with the reason. A changed image has half of
	// it at most to become healthy, so that there is time to go back. Default 900.
	DeploySeconds int `json:"deploySeconds"`
	// NoticeLeadSeconds is how long before a scheduled event of its instance (a
	// retirement, a reboot, maintenance) a node is moved by a planned switch; people
	// are told when the event is first seen, so that they can choose an earlier time.
	// Default 3600.
	NoticeLeadSeconds int `json:"noticeLeadSeconds"`
}

// DefaultPolicy is what a zero field of Policy stands for.
func DefaultPolicy() Policy {
	return Policy{
		ConfirmSeconds: 0, FenceSeconds: 600, HealthSeconds: 600, MaxAttempts: 3,
		CapacitySeconds: 180, RetrySeconds: 60, PollSeconds: 1, GraceSeconds: 120,
		MaxSwitches: 3, WindowSeconds: 3600, CoolDownSeconds: 300, LaunchesPerSecond: 2, BudgetPercent: 100,
		BrakePercent: 50, BrakeSeconds: 20, HistoryDays: 400, DeploySeconds: 900,
		NoticeLeadSeconds: 3600,
	}
}

// bounds of each policy field; the same table serves synth and start-up checks.
var policyBounds = []struct {
	name     string
	field    func(*Policy) *int
	min, max int
}{
	{"ConfirmSeconds", func(p *Policy) *int { return &p.ConfirmSeconds }, 0, 3600},
	{"FenceSeconds", func(p *Policy) *int { return &p.FenceSeconds }, 30, 86400},
	{"HealthSeconds", func(p *Policy) *int { return &p.HealthSeconds }, 30, 86400},
	{"MaxAttempts", func(p *Policy) *int { return &p.MaxAttempts }, 1, 20},
	{"CapacitySeconds", func(p *Policy) *int { return &p.CapacitySeconds }, 1, 3600},
	{"RetrySeconds", func(p *Policy) *int { return &p.RetrySeconds }, 10, 3600},
	{"PollSeconds", func(p *Policy) *int { return &p.PollSeconds }, 1, 60},
	{"GraceSeconds", func(p *Policy) *int { return &p.GraceSeconds }, 10, 3600},
	{"MaxSwitches", func(p *Policy) *int { return &p.MaxSwitches }, 1, 100},
	{"WindowSeconds", func(p *Policy) *int { return &p.WindowSeconds }, 60, 86400},
	{"CoolDownSeconds", func(p *Policy) *int { return &p.CoolDownSeconds }, 10, 86400},
	{"LaunchesPerSecond", func(p *Policy) *int { return &p.LaunchesPerSecond }, 1, 100},
	{"BudgetPercent", func(p *Policy) *int { return &p.BudgetPercent }, 10, 100},
	{"BrakePercent", func(p *Policy) *int { return &p.BrakePercent }, 1, 100},
	{"BrakeSeconds", func(p *Policy) *int { return &p.BrakeSeconds }, 1, 600},
	{"HistoryDays", func(p *Policy) *int { return &p.HistoryDays }, 1, 3650},
	{"DeploySeconds", func(p *Policy) *int { return &p.DeploySeconds }, 60, 3300},
	{"NoticeLeadSeconds", func(p *Policy) *int { return &p.NoticeLeadSeconds }, 60, 1209600},
}

// WithDefaults fills zero fields with DefaultPolicy's.
func (p Policy) WithDefaults() Policy {
	d := DefaultPolicy()
	for _, b := range policyBounds {
		if f := b.field(&p); *f == 0 {
			*f = *b.field(&d)
		}
	}
	return p
}

// Validate names every field out of bounds.
func (p Policy) Validate() error {
	var errs []error
	for _, b := range policyBounds {
		if v := *b.field(&p); v < b.min || v > b.max {
			errs = append(errs, fmt.Errorf("policy %s is %d: allowed are %d to %d; leave it out for the default", b.name, v, b.min, b.max))
		}
	}
	return errors.Join(errs...)
}

// ParseConfig reads and checks the switcher's configuration.
func ParseConfig(text string) (Config, error) {
	var c Config
	if text == "" {
		return c, fmt.Errorf("environment variable %s is empty: it must hold the switcher's configuration as the Switcher construct writes it; deploy again", EnvConfig)
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, fmt.Errorf("environment variable %s is not the JSON that the Switcher construct writes: %w", EnvConfig, err)
	}
	c.Policy = c.Policy.WithDefaults()
	errs := []error{ValidName(c.Name), c.Policy.Validate()}
	for _, f := range []struct{ name, value string }{
		{"vpc", c.VPC},
		{"blackholeGroup", c.BlackholeGroup},
		{"table", c.Table},
		{"topic", c.Topic},
		{"function", c.Function},
		{"idTag", c.IDTag},
		{"targetTag", c.TargetTag},
	} {
		if f.value == "" {
			errs = append(errs, fmt.Errorf("%s: %q is missing; deploy the Switcher construct again", EnvConfig, f.name))
		}
	}
	return c, errors.Join(errs...)
}
