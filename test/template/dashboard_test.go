package template

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/message"
)

// widget is one picture of a dashboard.
type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, Markdown, Query string
		Alarms                 []string
		Metrics                [][]any
		Annotations            struct{ Horizontal []struct{ Value float64 } }
	}
}

// board reads the only dashboard of a template.
func board(t *testing.T, d document) []widget {
	t.Helper()
	body, is := flat(d.one(t, "AWS::CloudWatch::Dashboard", "").Properties["DashboardBody"]).(string)
	if !is {
		t.Fatal("the dashboard's body is no text")
	}
	var out struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	return out.Widgets
}

func titled(t *testing.T, widgets []widget, title string) widget {
	t.Helper()
	i := slices.IndexFunc(widgets, func(w widget) bool { return w.Properties.Title == title })
	if i < 0 {
		t.Fatalf("no widget %q", title)
	}
	return widgets[i]
}

// TestDashboard: what it shows, and that no picture covers another.
func TestDashboard(t *testing.T) {
	d := synth(t, single(t).Dashboard.Stack)
	if diff := cmp.Diff(map[string]int{"AWS::CloudWatch::Dashboard": 1}, d.counts()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if name := flat(d.one(t, "AWS::CloudWatch::Dashboard", "").Properties["DashboardName"]); name != "recovery-example-${AWS::Region}" {
		t.Errorf("name %v", name)
	}
	all := board(t, d)
	for i, a := range all {
		if a.X < 0 || a.X+a.Width > 24 || a.Height < 1 {
			t.Errorf("%q is outside: %+v", a.Properties.Title, a)
		}
		for _, b := range all[:i] {
			if a.X < b.X+b.Width && b.X < a.X+a.Width && a.Y < b.Y+b.Height && b.Y < a.Y+a.Height {
				t.Errorf("%q covers %q", a.Properties.Title, b.Properties.Title)
			}
		}
	}
	if got := titled(t, all, "Seconds to recover, from the failure to serving").Properties.Annotations.Horizontal; len(got) != 1 || got[0].Value != 300 {
		t.Errorf("objective line %v", got)
	}
	if got := titled(t, all, "Dead letters").Properties.Metrics[0][1]; got != "ApproximateNumberOfMessagesVisible" {
		t.Errorf("dead letters %v", got)
	}
	var names []string
	for _, w := range all {
		for _, arn := range w.Properties.Alarms {
			names = append(names, strings.TrimPrefix(arn, "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"))
		}
	}
	want := []string{
		"example.function-errors", "example.dead-letters", "example.slow-switch", "example.no-sweep", "example.throttled",
		"example.node-1.instance", "example.node-1.application", "example.unserved-1",
		"example.node-2.instance", "example.node-2.application", "example.unserved-2",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("alarms (-want +got):\n%s", diff)
	}
}

// TestDashboardShowsWhatIsSent: every metric of the switcher that is shown is one that
// it sends, by the dimension that it sends.
func TestDashboardShowsWhatIsSent(t *testing.T) {
	sent := []string{
		contract.MetricRecovery, contract.MetricSwitch, contract.MetricSweeps, contract.MetricHeld, contract.MetricInterrupted, contract.MetricBraked,
		contract.MetricPaused, contract.MetricCalls, contract.MetricThrottled, contract.MetricFailed,
	}
	for _, p := range contract.Phases {
		sent = append(sent, contract.MetricNodes(p), contract.MetricPhase(p))
	}
	shown := map[string]bool{}
	for _, w := range board(t, synth(t, single(t).Dashboard.Stack)) {
		for _, m := range w.Properties.Metrics {
			if m[0] != contract.MetricNamespace {
				continue
			}
			name := m[1].(string)
			shown[name] = true
			if !slices.Contains(sent, name) || m[2] != contract.MetricDimension || m[3] != "example" {
				t.Errorf("%q shows %v", w.Properties.Title, m)
			}
		}
	}
	for _, name := range sent[:10] {
		if !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
}

// TestDashboardAsksForMessages: the list of the last switches asks for codes that there
// are, and for every hold and interruption.
func TestDashboardAsksForMessages(t *testing.T) {
	query := titled(t, board(t, synth(t, single(t).Dashboard.Stack)), "Last switches, holds and errors").Properties.Query
	m := regexp.MustCompile(`code like /(.*)/`).FindStringSubmatch(query)
	if m == nil {
		t.Fatalf("the query is %s", query)
	}
	asked, count := regexp.MustCompile(m[1]), 0
	for _, d := range message.Catalogue {
		is := asked.MatchString(string(d.Code))
		if is {
			count++
		}
		if hold := d.Code >= "WR2" && d.Code < "WR4"; hold && !is {
			t.Errorf("%s is not listed: %s", d.Code, d.Text)
		}
	}
	if count < 20 {
		t.Errorf("only %d codes are listed", count)
	}
	for _, code := range []message.Code{message.SwitchStarted, message.SwitchCompleted, message.SwitchCancelled, message.InvocationFail} {
		if !asked.MatchString(string(code)) {
			t.Errorf("%s is not listed", code)
		}
	}
	for _, code := range []message.Code{message.Continued, message.AlarmArmed, message.NodeHealthy} {
		if asked.MatchString(string(code)) {
			t.Errorf("%s is listed, and nobody wants to read it", code)
		}
	}
}

// TestDashboardErrors: what is refused at synthesis.
func TestDashboardErrors(t *testing.T) {
	app := newApp(t)
	stack := awscdk.NewStack(app, jsii.String("Stack"), &awscdk.StackProps{Env: &awscdk.Environment{Region: jsii.String("us-east-1")}})
	vpc := recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), &recovery.RecoveryVpcProps{AvailabilityZones: jsii.Strings("us-east-1a", "us-east-1b")})
	one := addSwitcher(stack, recovery.SwitcherProps{Name: jsii.String("one"), Vpc: vpc})
	theirs := recovery.Switcher_FromSwitcherAttributes(stack, jsii.String("Theirs"), &recovery.SwitcherAttributes{SwitcherName: jsii.String("two"), Vpc: vpc})
	node := recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{Switcher: theirs, NodeId: jsii.Number(3)})
	monitor := recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
	})
	if monitor.UnservedAlarm() != nil {
		t.Error("an alarm for people, and nobody to tell")
	}
	other := awscdk.NewStack(app, jsii.String("Other"), &awscdk.StackProps{Env: &awscdk.Environment{Region: jsii.String("eu-west-1")}})
	at := func(scope awscdk.Stack, id string, props *recovery.RecoveryDashboardProps) func() {
		return func() { recovery.NewRecoveryDashboard(scope, jsii.String(id), props) }
	}
	refused(t, at(stack, "A", nil), "Stack/A: Switcher is missing")
	refused(t, at(stack, "B", &recovery.RecoveryDashboardProps{}), "Stack/B: Switcher is missing", "give the Switcher")
	refused(t, at(stack, "C", &recovery.RecoveryDashboardProps{Switcher: theirs.(recovery.Switcher)}), "Switcher two is only referred to", "in the app that makes it")
	refused(t, at(stack, "D", &recovery.RecoveryDashboardProps{Switcher: one, DashboardName: jsii.String("a b")}), `DashboardName is "a b"`, "1 to 255 letters")
	refused(t, at(other, "E", &recovery.RecoveryDashboardProps{Switcher: one}), "Switcher is in Region us-east-1", "eu-west-1")
	refused(t, at(stack, "F", &recovery.RecoveryDashboardProps{Switcher: one, Monitors: &[]recovery.ResourceMonitor{monitor}}), "Monitors[0] is of node 3", "switcher two", "another dashboard")
	refused(t, at(stack, "G", &recovery.RecoveryDashboardProps{Switcher: one, Monitors: &[]recovery.ResourceMonitor{nil}}), "Monitors[0] is nil")
	refused(t, at(stack, "H", &recovery.RecoveryDashboardProps{Switcher: one, Interval: awscdk.Duration_Minutes(jsii.Number(1))}), "Interval is 1 minutes", "5 to 43200 whole minutes")
	at(stack, "I", &recovery.RecoveryDashboardProps{Switcher: one})()
	refused(t, at(stack, "J", &recovery.RecoveryDashboardProps{Switcher: one}), "dashboard name recovery-one-<Region> is already used by Stack/I")
}

// TestAlarmsAboutTheSwitcher: what each watches, and from when on it speaks.
func TestAlarmsAboutTheSwitcher(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	for prefix, want := range map[string]map[string]any{
		"SwitcherSlowSwitch": {
			"AlarmName": "example.slow-switch", "MetricName": "SwitchSeconds", "Statistic": "Maximum", "Threshold": 300.0, "EvaluationPeriods": 1.0,
			"ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
		},
		"SwitcherNoSweep": {
			"AlarmName": "example.no-sweep", "MetricName": "Sweeps", "Statistic": "Sum", "Threshold": 1.0, "EvaluationPeriods": 5.0,
			"ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching",
		},
		"SwitcherThrottled": {
			"AlarmName": "example.throttled", "MetricName": "ThrottledCalls", "Statistic": "Sum", "Threshold": 1.0, "EvaluationPeriods": 5.0,
			"ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
		},
	} {
		got := flat(d.one(t, "AWS::CloudWatch::Alarm", prefix).Properties).(map[string]any)
		delete(got, "AlarmDescription")
		for name, v := range map[string]any{
			"Namespace": "WorkloadRecovery", "Period": 60.0, "AlarmActions": []any{"${SwitcherTopic}"},
			"Dimensions": []any{map[string]any{"Name": "Switcher", "Value": "example"}},
		} {
			want[name] = v
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", prefix, diff)
		}
	}
	if on := d.one(t, "AWS::CloudWatch::Alarm", "SwitcherNoSweep").DependsOn; len(on) != 1 || short(on[0]) != "SwitcherSweep" {
		t.Errorf("the alarm on missing sweeps is made before them: after %q", on)
	}
}

// TestSwitcherAlarmProps: the objective, the runbooks' place, and none of the alarms.
func TestSwitcherAlarmProps(t *testing.T) {
	stack, s := switcherStack(t, recovery.SwitcherProps{
		Objective: awscdk.Duration_Seconds(jsii.Number(90)), RunbookUrl: jsii.String("https://wiki.example.com/recovery"),
	})
	if s.SlowSwitchAlarm() == nil || *s.Objective().ToSeconds(nil) != 90 {
		t.Error("no alarm, or another objective than 90 s")
	}
	made := synth(t, stack)
	for _, id := range made.ids("AWS::CloudWatch::Alarm") {
		p := made.Resources[id].Properties
		if text := p["AlarmDescription"].(string); !strings.Contains(text, " https://wiki.example.com/recovery/operations.md#") {
			t.Errorf("%s links elsewhere: %s", id, text)
		}
		if strings.HasPrefix(id, "SwitcherSlow") && p["Threshold"] != 90.0 {
			t.Errorf("threshold %v", p["Threshold"])
		}
	}
	stack, s = switcherStack(t, recovery.SwitcherProps{Alarms: jsii.Bool(false)})
	recovery.NewRecoveryDashboard(stack, jsii.String("Dashboard"), &recovery.RecoveryDashboardProps{Switcher: s})
	d := synth(t, stack)
	if n := d.counts()["AWS::CloudWatch::Alarm"]; n != 2 || s.SlowSwitchAlarm() != nil || s.SweepAlarm() != nil || s.ThrottleAlarm() != nil {
		t.Errorf("%d alarms, want those on errors and dead letters", n)
	}
	if got := titled(t, board(t, d), "Alarms of the switcher").Properties.Alarms; len(got) != 2 {
		t.Errorf("the dashboard shows %q", got)
	}
	for value, texts := range map[string][]string{
		"http://wiki": {`RunbookUrl is "http://wiki"`, "beginning with https://"}, "https://": {`RunbookUrl is "https://"`},
		"https://a b": {"without spaces"}, "https://" + strings.Repeat("a", 256): {"up to 256 characters"},
	} {
		refused(t, func() { switcherStack(t, recovery.SwitcherProps{RunbookUrl: &value}) }, texts...)
	}
	refused(t, func() {
		switcherStack(t, recovery.SwitcherProps{Objective: awscdk.Duration_Seconds(jsii.Number(29))})
	}, "Objective is 29 s", "30 to 86400")
}

// TestUnservedAlarm: it watches what the node's own load balancer finds, tells people
// and nobody else, and is made when the node serves.
func TestUnservedAlarm(t *testing.T) {
	d := synth(t, single(t).Nodes.Stack)
	for node, namespace := range map[string]string{"Database1": "AWS/NetworkELB", "Web2": "AWS/ApplicationELB"} {
		r := d.one(t, "AWS::CloudWatch::Alarm", node+"MonitorUnserved")
		got := flat(r.Properties).(map[string]any)
		delete(got, "AlarmDescription")
		want := map[string]any{
			"AlarmName": "example.unserved-" + node[len(node)-1:], "Namespace": namespace, "MetricName": "HealthyHostCount", "Statistic": "Maximum",
			"Period": 60.0, "Threshold": 1.0, "EvaluationPeriods": 10.0, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching",
		}
		names := map[string]bool{}
		for _, x := range got["Dimensions"].([]any) {
			names[x.(map[string]any)["Name"].(string)] = true
		}
		if diff := cmp.Diff(map[string]bool{"LoadBalancer": true, "TargetGroup": true}, names); diff != "" {
			t.Errorf("%s dimensions:\n%s", node, diff)
		}
		if !strings.Contains(text(t, got["AlarmActions"]), "Topic") {
			t.Errorf("%s tells %v", node, got["AlarmActions"])
		}
		delete(got, "Dimensions")
		delete(got, "AlarmActions")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", node, diff)
		}
		if len(r.DependsOn) != 1 || short(r.DependsOn[0]) != node {
			t.Errorf("%s is made after %q", node, r.DependsOn)
		}
		if strings.HasPrefix(want["AlarmName"].(string), contract.AlarmPrefix("example")) {
			t.Error("the switcher would take it for a node's failure")
		}
	}
	monitors := func(n *recovery.ClusterNodeProps, u *recovery.UnservedAlarm) (recovery.ResourceMonitor, document) {
		stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
		n.Switcher, n.NodeId = addSwitcher(stack, recovery.SwitcherProps{}), jsii.Number(1)
		m := recovery.NewResourceMonitor(stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
			ClusterNode: recovery.NewClusterNode(stack, jsii.String("Node"), n), Unserved: u,
			Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
		})
		return m, synth(t, stack)
	}
	if m, d := monitors(&recovery.ClusterNodeProps{}, &recovery.UnservedAlarm{After: awscdk.Duration_Minutes(jsii.Number(3))}); m.UnservedAlarm() == nil ||
		d.one(t, "AWS::CloudWatch::Alarm", "MonitorUnserved").Properties["EvaluationPeriods"] != 3.0 {
		t.Error("not after three minutes")
	}
	if m, _ := monitors(&recovery.ClusterNodeProps{}, &recovery.UnservedAlarm{Off: jsii.Bool(true)}); m.UnservedAlarm() != nil {
		t.Error("an alarm although it is off")
	}
	group := &recovery.NodeTargetGroup{TargetGroupArn: jsii.String("arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/g/0123456789abcdef")}
	if m, _ := monitors(&recovery.ClusterNodeProps{Network: &recovery.NodeNetwork{TargetGroups: &[]*recovery.NodeTargetGroup{group}}}, nil); m.UnservedAlarm() != nil {
		t.Error("an alarm on a load balancer that is not known")
	}
	refused(t, func() {
		monitors(&recovery.ClusterNodeProps{}, &recovery.UnservedAlarm{After: awscdk.Duration_Minutes(jsii.Number(0))})
	}, "Unserved.After is 0 minutes", "1 to 60")
}

var linked = regexp.MustCompile(`https://github\.com/workload-recovery/workload-recovery/blob/main/(docs/[a-z]+\.md)(?:#([a-z0-9-]+))?`)

// TestRunbookLinks: every alarm says what it means and where to read on, in few enough
// characters, and all places that alarms and dashboards link to are in the manual.
func TestRunbookLinks(t *testing.T) {
	ex := single(t)
	seen := 0
	for _, stack := range []awscdk.Stack{ex.Vpc.Stack, ex.Nodes.Stack, ex.Dashboard.Stack} {
		d := synth(t, stack)
		for _, id := range d.ids("AWS::CloudWatch::Alarm") {
			description, is := d.Resources[id].Properties["AlarmDescription"].(string)
			if !is || len(description) > 1024 || !linked.MatchString(description) {
				t.Errorf("%s: %q has no link, or %d characters are too many", id, description, len(description))
			}
		}
		for _, m := range linked.FindAllStringSubmatch(text(t, d), -1) {
			seen++
			page, err := os.ReadFile("../../" + m[1])
			if err != nil {
				t.Error(err)
				continue
			}
			var anchors []string
			for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(page), -1) {
				anchors = append(anchors, strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
			}
			if m[2] != "" && !slices.Contains(anchors, m[2]) {
				t.Errorf("%s has no heading %s: %q", m[1], m[2], anchors)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d links", seen)
	}
}

// TestDashboardOfManyNodes: the alarms of many nodes are shown in parts.
func TestDashboardOfManyNodes(t *testing.T) {
	ex := single(t)
	stack := awscdk.NewStack(ex.Vpc.Stack.Node().Scope().(awscdk.App), jsii.String("Many"), nil)
	many := slices.Repeat(ex.Nodes.Monitors[:1], 35) // three alarms each
	recovery.NewRecoveryDashboard(stack, jsii.String("Dashboard"), &recovery.RecoveryDashboardProps{
		Switcher: ex.Vpc.Switcher, Monitors: &many, DashboardName: jsii.String("many"),
	})
	var sizes []int
	for _, w := range board(t, synth(t, stack)) {
		if w.Properties.Title == "Alarms of the nodes" {
			sizes = append(sizes, len(w.Properties.Alarms))
		}
	}
	if diff := cmp.Diff([]int{100, 5}, sizes); diff != "" {
		t.Errorf("35 nodes' alarms (-want +got):\n%s", diff)
	}
}
