package recovery

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/alarm"
	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

type recoveryDashboard struct {
	constructs.Construct
	name     *string
	board    awscloudwatch.Dashboard
	switcher Switcher
	monitors []ResourceMonitor
}

func (d *recoveryDashboard) Dashboard() awscloudwatch.Dashboard { return d.board }
func (d *recoveryDashboard) DashboardName() *string             { return d.name }

// NewRecoveryDashboard makes the dashboard of a VPC.
func NewRecoveryDashboard(scope constructs.Construct, id *string, props *RecoveryDashboardProps) RecoveryDashboard {
	at := prop.Of(scope, id)
	props, fault := input.Clean(scope, props)
	at.FailOn(fault)
	at.Require(props != nil && props.Switcher != nil, "Switcher", "give the Switcher whose VPC is to be shown")
	stack := awscdk.Stack_Of(scope)
	d := &recoveryDashboard{switcher: props.Switcher, name: props.DashboardName}
	d.check(at, stack, props)
	interval := at.Minutes("Interval", props.Interval, 720, 5, 30*24*60)
	named := prop.Or(d.name, "recovery-"+*props.Switcher.SwitcherName()+"-<Region>")
	if d.name == nil {
		d.name = jsii.String(strings.Replace(named, "<Region>", *stack.Region(), 1))
	}
	registry.Claim(scope, at, "dashboard name", named, "give each dashboard of an account a DashboardName of its own")

	constructs.NewConstruct_Override(d, scope, id)
	d.board = awscloudwatch.NewDashboard(d, jsii.String("Resource"), &awscloudwatch.DashboardProps{
		DashboardName: d.name, DefaultInterval: awscdk.Duration_Minutes(prop.Number(interval)),
	})
	d.board.AddWidgets(d.links())
	d.board.AddWidgets(d.nodes(), d.holds())
	d.board.AddWidgets(d.recoveries(), d.phases())
	d.board.AddWidgets(d.calls(), d.work(), d.lost())
	d.board.AddWidgets(d.last())
	for _, w := range d.alarms(stack) {
		d.board.AddWidgets(w)
	}
	return d
}

var dashboardName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

func (d *recoveryDashboard) check(at prop.Place, stack awscdk.Stack, props *RecoveryDashboardProps) {
	if props.Switcher.Topic() == nil {
		at.Fail("Switcher %s is only referred to (Switcher_FromSwitcherAttributes): its function, queue and alarms are not known here; make the dashboard in the app that makes it",
			*props.Switcher.SwitcherName())
	}
	if n := d.name; n != nil && !prop.Unresolved(n) && !dashboardName.MatchString(*n) {
		at.Fail("DashboardName is %q: allowed are 1 to 255 letters, digits, hyphens and underscores; leave it out for recovery-%s-<Region>", *n, *props.Switcher.SwitcherName())
	}
	here, there := stack.Region(), props.Switcher.Stack().Region()
	if !prop.Unresolved(here) && !prop.Unresolved(there) && *here != *there {
		at.Fail("Switcher %s is in %s and the dashboard's stack in %s: metrics, logs and alarms are read in the stack's Region; give the stack the switcher's Region", *props.Switcher.SwitcherName(), *there, *here)
	}
	if props.Monitors != nil {
		d.monitors = *props.Monitors
	}
	for i, m := range d.monitors {
		at.Require(m != nil, fmt.Sprintf("Monitors[%d]", i), "give the ResourceMonitor of a node, or leave it out")
		if name := *m.ClusterNode().Switcher().SwitcherName(); name != *props.Switcher.SwitcherName() {
			at.Fail("Monitors[%d] is of node %d, which switcher %s recovers: a dashboard shows the nodes of one switcher, here %s; make another dashboard for that one",
				i, int(*m.ClusterNode().NodeId()), name, *props.Switcher.SwitcherName())
		}
	}
}

// series is one of the switcher's metrics, as a line.
func (d *recoveryDashboard) series(name, label, statistic string) awscloudwatch.IMetric {
	return d.switcher.Metric(&name, &awscloudwatch.MetricOptions{Label: &label, Statistic: &statistic})
}

// graph is a picture from zero up.
func graph(title string, width int, left []awscloudwatch.IMetric, change ...func(*awscloudwatch.GraphWidgetProps)) awscloudwatch.IWidget {
	p := &awscloudwatch.GraphWidgetProps{
		Title: jsii.String(title), Width: prop.Number(width), Height: prop.Number(6), Left: &left,
		LeftYAxis: &awscloudwatch.YAxisProps{Min: jsii.Number(0), ShowUnits: jsii.Bool(false)},
	}
	for _, c := range change {
		c(p)
	}
	return awscloudwatch.NewGraphWidget(p)
}

func (d *recoveryDashboard) links() awscloudwatch.IWidget {
	base := *d.switcher.RunbookUrl()
	text := fmt.Sprintf("# Workload recovery: switcher %s\nObjective: a recovery takes at most %.0f s. What is not drawn did not happen: metrics of phases, holds and recoveries are sent only while there are any. "+
		"On the command line: `recoveryctl status --switcher %s`.\n\n", *d.switcher.SwitcherName(), *d.switcher.Objective().ToSeconds(nil), *d.switcher.SwitcherName())
	for i, l := range []struct {
		text string
		to   runbook.Page
	}{
		{"First look", runbook.First},
		{"A switch is held or interrupted", runbook.Held},
		{"The brake is on", runbook.Brake},
		{"Nothing happened", runbook.Nothing},
		{"The switcher fails", runbook.Switcher},
		{"Messages", runbook.Messages},
	} {
		if i > 0 {
			text += " | "
		}
		text += fmt.Sprintf("[%s](%s)", l.text, l.to.At(base))
	}
	return awscloudwatch.NewTextWidget(&awscloudwatch.TextWidgetProps{Markdown: &text, Width: prop.Number(24), Height: prop.Number(4)})
}

func (d *recoveryDashboard) nodes() awscloudwatch.IWidget {
	var lines []awscloudwatch.IMetric
	for _, phase := range contract.Phases {
		lines = append(lines, d.series(contract.MetricNodes(phase), phase, "Maximum"))
	}
	slices.Reverse(lines) // what is well below, what is not on top
	return graph("Nodes by phase", 12, lines, func(p *awscloudwatch.GraphWidgetProps) { p.Stacked = jsii.Bool(true) })
}

func (d *recoveryDashboard) holds() awscloudwatch.IWidget {
	return graph("Nodes that are not recovered", 12, []awscloudwatch.IMetric{
		d.series(contract.MetricInterrupted, "interrupted: needs a person", "Maximum"),
		d.series(contract.MetricHeld, "held: waits", "Maximum"),
		d.series(contract.MetricBraked, "the brake holds it", "Maximum"),
		d.series(contract.MetricPaused, "paused", "Maximum"),
	})
}

func (d *recoveryDashboard) recoveries() awscloudwatch.IWidget {
	objective := *d.switcher.Objective().ToSeconds(nil)
	return graph("Seconds to recover, from the failure to serving", 12, []awscloudwatch.IMetric{
		d.ended("p50"), d.ended("p99"),
		d.series(contract.MetricSwitch, "oldest under way", "Maximum"),
	}, func(p *awscloudwatch.GraphWidgetProps) {
		p.LeftAnnotations = &[]*awscloudwatch.HorizontalAnnotation{{
			Value: &objective, Label: jsii.String("objective " + strconv.Itoa(int(objective)) + " s"), Color: awscloudwatch.Color_RED(),
		}}
	})
}

// ended is a percentile of the recoveries that ended within an hour.
func (d *recoveryDashboard) ended(percentile string) awscloudwatch.IMetric {
	return d.switcher.Metric(jsii.String(contract.MetricRecovery), &awscloudwatch.MetricOptions{
		Label: jsii.String(percentile + " of an hour"), Statistic: &percentile, Period: prop.Duration(3600),
	})
}

func (d *recoveryDashboard) phases() awscloudwatch.IWidget {
	var lines []awscloudwatch.IMetric
	for _, phase := range contract.Phases {
		if phase != "done" && phase != "deleting" && phase != "draining" { // no part of a recovery
			lines = append(lines, d.series(contract.MetricPhase(phase), phase, "Average"))
		}
	}
	return graph("Seconds in each phase of a recovery, on average", 12, lines, func(p *awscloudwatch.GraphWidgetProps) { p.Stacked = jsii.Bool(true) })
}

func (d *recoveryDashboard) calls() awscloudwatch.IWidget {
	return graph("Calls of AWS's API", 8, []awscloudwatch.IMetric{
		d.series(contract.MetricThrottled, "throttled", "Sum"),
		d.series(contract.MetricFailed, "failed", "Sum"),
		d.series(contract.MetricCalls, "calls", "Sum"),
	})
}

func (d *recoveryDashboard) work() awscloudwatch.IWidget {
	return graph("Function", 8, []awscloudwatch.IMetric{
		d.ofFunction("Errors", "errors", "Sum"),
		d.ofFunction("Invocations", "invocations", "Sum"),
		d.series(contract.MetricSweeps, "sweeps", "Sum"),
	}, func(p *awscloudwatch.GraphWidgetProps) {
		p.Right = &[]awscloudwatch.IMetric{d.ofFunction("Duration", "duration in ms, longest", "Maximum")}
		p.RightYAxis = &awscloudwatch.YAxisProps{Min: jsii.Number(0), ShowUnits: jsii.Bool(false)}
	})
}

// ofFunction names the function rather than referring to it: its name is known.
func (d *recoveryDashboard) ofFunction(name, label, statistic string) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String("AWS/Lambda"), MetricName: &name, Label: &label, Statistic: &statistic, Period: prop.Duration(60),
		DimensionsMap: &map[string]*string{"FunctionName": d.switcher.FunctionName()},
	})
}

func (d *recoveryDashboard) lost() awscloudwatch.IWidget {
	return graph("Dead letters", 8, []awscloudwatch.IMetric{
		d.switcher.MetricDeadLetters(&awscloudwatch.MetricOptions{Label: jsii.String("waiting")}),
	})
}

// last lists what people would call the switches: beginnings and ends (1xx), holds
// (2xx), interruptions (3xx) and errors of the function (WR404), by their message codes.
func (d *recoveryDashboard) last() awscloudwatch.IWidget {
	return awscloudwatch.NewLogQueryWidget(&awscloudwatch.LogQueryWidgetProps{
		Title: jsii.String("Last switches, holds and errors"), Width: prop.Number(24), Height: prop.Number(8),
		LogGroupNames: &[]*string{d.switcher.LogGroup().LogGroupName()},
		QueryLines: jsii.Strings(
			"fields @timestamp, node, code, msg, reason, switch",
			`filter code like /^WR(110|118|119|120|132|133|15[0-7]|2\d\d|3\d\d|404)$/`,
			"sort @timestamp desc",
			"limit 50",
		),
	})
}

// mostAlarms is how many alarms an alarm widget is given: AWS's limit is 100, an
// assumption (docs/assumptions.md).
const mostAlarms = 100

// alarms are named rather than referred to, so that they can come and go.
func (d *recoveryDashboard) alarms(stack awscdk.Stack) []awscloudwatch.IWidget {
	names := []string{alarm.Errors, alarm.Letters}
	if d.switcher.SweepAlarm() != nil {
		names = append(names, alarm.Slow, alarm.Sweep, alarm.Throttled)
	}
	for i := range names {
		names[i] = alarm.Own(*d.switcher.SwitcherName(), names[i])
	}
	out := []awscloudwatch.IWidget{d.status("Alarms of the switcher", "Own", alarm.Arns(stack, names...))}
	var nodes []*string
	for _, m := range d.monitors {
		nodes = append(nodes, alarmArnsOf(m, stack)...)
	}
	page := 0
	for part := range slices.Chunk(nodes, mostAlarms) {
		page++
		out = append(out, d.status("Alarms of the nodes", fmt.Sprintf("Nodes%d-", page), part))
	}
	return out
}

func (d *recoveryDashboard) status(title, prefix string, arns []*string) awscloudwatch.IWidget {
	alarms := make([]interfacesawscloudwatch.IAlarmRef, 0, len(arns))
	for i, arn := range arns {
		alarms = append(alarms, awscloudwatch.Alarm_FromAlarmArn(d, jsii.String(prefix+strconv.Itoa(i)), arn))
	}
	return awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
		Title: jsii.String(title), Width: prop.Number(24), Height: prop.Number(2 + (len(alarms)+5)/6), Alarms: &alarms,
	})
}
