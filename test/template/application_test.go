package template

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// userData is the text of the only launch template's.
func userData(t *testing.T, d document) string {
	t.Helper()
	return at(t, flat(d.one(t, "AWS::EC2::LaunchTemplate", "Node").Properties), "LaunchTemplateData", "UserData").(string)
}

// userParts reads the multipart message as cloud-init does.
func userParts(t *testing.T, text string) (kinds, bodies []string) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" || message.Header.Get("MIME-Version") != "1.0" {
		t.Fatalf("header %v: %v", message.Header, err)
	}
	for parts := multipart.NewReader(message.Body, params["boundary"]); ; {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return kinds, bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		kinds, bodies = append(kinds, strings.TrimSpace(kind+" "+p.Header.Get("Content-Transfer-Encoding"))), append(bodies, strings.TrimRight(string(body), "\n"))
	}
}

func application() *recovery.NodeApplication {
	return &recovery.NodeApplication{Units: jsii.Strings("db", "web@a.service")}
}

// TestUserDataParts: the user's own part stands between ours; what flat shows of it
// is what CloudFormation encodes as base64.
func TestUserDataParts(t *testing.T) {
	b := newBase(t)
	own := awsec2.UserData_Custom(jsii.String("#cloud-config\npackages: [x]"))
	b.node("Node", recovery.ClusterNodeProps{
		UserData: own, Gate: jsii.Bool(true), Boot: &recovery.NodeBoot{GateTime: awscdk.Duration_Hours(jsii.Number(2)), PrepareCommands: jsii.Strings("one", "two")}, Application: application(),
	})
	d := synth(t, b.stack)
	kinds, bodies := userParts(t, userData(t, d))
	wantKinds := []string{"text/cloud-boothook", "text/x-shellscript", "text/plain base64", "text/x-shellscript"}
	if diff := cmp.Diff(wantKinds, kinds); diff != "" {
		t.Fatalf("parts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"#!/bin/sh\nexec /usr/local/sbin/recovery-node prepare", "#cloud-config\npackages: [x]", "#!/bin/sh\nexec /usr/local/sbin/recovery-node start"}, bodies[1:]); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		"UNITS='db.service web@a.service'\n", "GATE_SECONDS=7200\n", "\nset -e\none\ntwo\nRECOVERY_END\n",
		"put 644 /etc/systemd/system/recovery-gate.service <<", "\nStartLimitIntervalSec=300\nStartLimitBurst=4\n",
		"\n${NodeData} ${NodeDataPoint} /data data\n", " ${NodeLogPoint} /var/log/recovery logs\n",
	} {
		if !strings.Contains(bodies[0], want) {
			t.Errorf("the boothook lacks %q", want)
		}
	}
	raw := text(t, d.one(t, "AWS::EC2::LaunchTemplate", "Node").Properties)
	if strings.Count(raw, `"Fn::Base64"`) != 2 {
		t.Error("want the whole, and in it the user's own part, as base64")
	}
	if gate := d.one(t, contract.NodeResourceType, "Node").Properties["Gate"]; gate != "true" {
		t.Errorf("Gate %v", gate)
	}
}

// TestGateTime outlasts the fence by default.
func TestGateTime(t *testing.T) {
	for fence, want := range map[float64]string{60: "GATE_SECONDS=3600\n", 7200: "GATE_SECONDS=14400\n", 86400: "GATE_SECONDS=172800\n"} {
		app := newApp(t)
		s := addSwitcher(awscdk.NewStack(app, jsii.String("Vpc"), nil), recovery.SwitcherProps{
			Name: jsii.String("test"), Policy: &recovery.RecoveryPolicy{FenceTime: second(fence)},
		})
		stack := awscdk.NewStack(app, jsii.String("Nodes"), nil)
		recovery.NewClusterNode(stack, jsii.String("Node"), &recovery.ClusterNodeProps{Switcher: s, NodeId: jsii.Number(7), Gate: jsii.Bool(true)})
		if data := userData(t, synth(t, stack)); !strings.Contains(data, want) {
			t.Errorf("a fence of %.0f s: the user data lacks %q", fence, want)
		}
	}
}

// TestUserDataByDefault: what is added to the node's user data is a part of its own.
func TestUserDataByDefault(t *testing.T) {
	b := newBase(t)
	b.node("Node", recovery.ClusterNodeProps{}).UserData().AddCommands(jsii.String("mine"))
	kinds, bodies := userParts(t, userData(t, synth(t, b.stack)))
	if len(kinds) != 4 || bodies[2] != "#!/bin/bash\nmine" || strings.Contains(bodies[0], "recovery-gate.service <<") || strings.Contains(bodies[0], "agent.json <<") {
		t.Errorf("parts %q: %s", kinds, bodies[0])
	}
}

// TestUserDataNotGenerated: what the user declares to be there is left alone.
func TestUserDataNotGenerated(t *testing.T) {
	for name, props := range map[string]recovery.ClusterNodeProps{
		"own":               {UserData: awsec2.UserData_Custom(jsii.String("mine"))},
		"switched off":      {UserData: awsec2.UserData_Custom(jsii.String("mine")), Boot: &recovery.NodeBoot{GenerateUserData: jsii.Bool(false)}},
		"own gate":          {UserData: awsec2.UserData_Custom(jsii.String("mine")), Gate: jsii.Bool(true), Boot: &recovery.NodeBoot{ImageHasGate: jsii.Bool(true)}},
		"own, as multipart": {UserData: mine(), Boot: &recovery.NodeBoot{GenerateUserData: jsii.Bool(false)}},
	} {
		b := newBase(t)
		b.node("Node", props)
		if got := userData(t, synth(t, b.stack)); !strings.Contains(got, "mine") || strings.Contains(got, "recovery") {
			t.Errorf("%s: %q", name, got)
		}
	}
	b := newBase(t)
	b.node("Node", recovery.ClusterNodeProps{Boot: &recovery.NodeBoot{GenerateUserData: jsii.Bool(false)}})
	if got := strings.TrimSpace(userData(t, synth(t, b.stack))); got != "#!/bin/bash" {
		t.Errorf("image that has everything: %q", got)
	}
}

func mine() awsec2.UserData {
	data := awsec2.NewMultipartUserData(nil)
	part := awsec2.UserData_ForLinux(nil)
	part.AddCommands(jsii.String("mine"))
	data.AddPart(awsec2.MultipartBody_FromUserData(part, nil))
	return data
}

// TestImageGateMounts: own mounts wait for the image's gate, now and at later boots.
func TestImageGateMounts(t *testing.T) {
	b := newBase(t)
	node := b.node("Node", recovery.ClusterNodeProps{UserData: awsec2.UserData_ForLinux(nil), Gate: jsii.Bool(true), Boot: &recovery.NodeBoot{ImageHasGate: jsii.Bool(true)}})
	commands := make([]string, 0, 16)
	for _, c := range *node.MountCommands() {
		commands = append(commands, *c)
	}
	text := strings.Join(commands, "\n")
	wait, mount := strings.Index(text, "systemctl start recovery-gate.service || exit 1"), strings.Index(text, "mount -a -t efs")
	if wait < 0 || wait > mount || strings.Count(text, ",x-systemd.requires=recovery-gate.service,") != 2 {
		t.Errorf("commands\n%s", text)
	}
}

// TestMonitorOfUnits needs no pattern, and a metric of its own no agent.
func TestMonitorOfUnits(t *testing.T) {
	b := newBase(t)
	node := b.node("Node", recovery.ClusterNodeProps{Application: application()})
	monitor := recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{ClusterNode: node})
	d := synth(t, b.stack)
	data := userData(t, d)
	for _, want := range []string{`"pid_file":"/run/recovery/db.pid"`, `"pid_file":"/run/recovery/web@a.pid"`, `"NodeId":"7"`} {
		if !strings.Contains(data, want) || !strings.Contains(*monitor.AgentConfiguration(), want) {
			t.Errorf("the agent's configuration lacks %s", want)
		}
	}
	want := map[string]any{
		"Namespace": "CWAgent", "MetricName": "procstat_lookup_pid_count", "Statistic": "Minimum", "Threshold": 1.0, "Period": 10.0,
		"EvaluationPeriods": 3.0, "TreatMissingData": "breaching", "Dimensions": []any{map[string]any{"Name": "NodeId", "Value": "7"}},
	}
	got := alarm(t, d, "MonitorApplication", "Namespace", "MetricName", "Statistic", "Threshold", "Period", "EvaluationPeriods", "TreatMissingData", "Dimensions")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alarm (-want +got):\n%s", diff)
	}
	c := newBase(t)
	other := c.node("Node", recovery.ClusterNodeProps{Application: application()})
	recovery.NewResourceMonitor(c.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: other, Application: &recovery.ApplicationAlarm{MetricName: jsii.String("beats")},
	})
	if strings.Contains(userData(t, synth(t, c.stack)), "agent.json <<") {
		t.Error("an agent although the metric is another's")
	}
}

// TestLogFiles go to a group that outlives the node, which the node may write.
func TestLogFiles(t *testing.T) {
	b := newBase(t)
	app := application()
	app.LogFiles, app.LogRetention = jsii.Strings("/var/log/app/*.log"), awslogs.RetentionDays_ONE_WEEK
	node := b.node("Node", recovery.ClusterNodeProps{Application: app})
	recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{ClusterNode: node})
	d := synth(t, b.stack)
	group := d.one(t, "AWS::Logs::LogGroup", "NodeLogFiles")
	if group.DeletionPolicy != "Retain" || group.Properties["RetentionInDays"] != 7.0 {
		t.Errorf("group %+v", group)
	}
	data := userData(t, d)
	for _, want := range []string{`"log_group_name":"${NodeLogFiles}"`, `"file_path":"/var/log/app/*.log"`, `"pid_count"`} {
		if !strings.Contains(data, want) {
			t.Errorf("the agent's configuration lacks %s", want)
		}
	}
	if policy := text(t, flat(d.one(t, "AWS::IAM::Policy", "NodeLogFilesPolicy").Properties)); !strings.Contains(policy, "logs:PutLogEvents") || !strings.Contains(policy, "${NodeLogFiles.Arn}") {
		t.Errorf("policy %s", policy)
	}
	if needs := fmt.Sprint(d.Resources[nodeID(t, d, "Node")].DependsOn); !strings.Contains(needs, "NodeLogFilesPolicy") {
		t.Errorf("the node waits for %s", needs)
	}
}

// TestChecks are shell scripts.
func TestChecks(t *testing.T) {
	for want, check := range map[string]recovery.NodeCheck{
		"#!/bin/sh\npg_isready\n": {Command: jsii.String("pg_isready")},
		"#!/bin/sh\nexec curl -fsSk -o /dev/null 'https://localhost/a?b'\n": {HttpUrl: jsii.String("https://localhost/a?b")},
		"#!/bin/bash\n: </dev/tcp/localhost/5432\n":                         {TcpPort: jsii.Number(5432)},
	} {
		b := newBase(t)
		app := application()
		check.Interval, check.Timeout, check.Failures, check.StartTime = second(7), second(8), jsii.Number(9), second(10)
		app.Check = &check
		b.node("Node", recovery.ClusterNodeProps{Application: app})
		data := userData(t, synth(t, b.stack))
		for _, want := range []string{"recovery-check <<'RECOVERY_END'\n" + want + "RECOVERY_END\n", "CHECK_INTERVAL=7\nCHECK_TIMEOUT=8\nCHECK_FAILURES=9\nCHECK_START=10\n"} {
			if !strings.Contains(data, want) {
				t.Errorf("the user data lacks %q", want)
			}
		}
	}
}

func second(n float64) awscdk.Duration { return awscdk.Duration_Seconds(jsii.Number(n)) }

// TestUserDataLimit: what EC2 would refuse at a recovery is refused at synthesis.
func TestUserDataLimit(t *testing.T) {
	try := func(size int) func() {
		b := newBase(t)
		own := awsec2.UserData_ForLinux(nil)
		own.AddCommands(jsii.String(strings.Repeat("x", size)))
		b.node("Node", recovery.ClusterNodeProps{UserData: own, Application: application()})
		return func() { b.app.Synth(nil) }
	}
	try(3000)()
	refused(t, try(6000), "Nodes/Node", "bytes, of which", "EC2 allows 16384", "into the image or a file in S3")
}

func TestApplicationErrors(t *testing.T) {
	app := func(change func(*recovery.NodeApplication)) recovery.ClusterNodeProps {
		a := application()
		change(a)
		return recovery.ClusterNodeProps{Application: a}
	}
	check := func(c recovery.NodeCheck) recovery.ClusterNodeProps {
		return app(func(a *recovery.NodeApplication) { a.Check = &c })
	}
	yes, no := jsii.Bool(true), jsii.Bool(false)
	for _, c := range []struct {
		name  string
		props recovery.ClusterNodeProps
		texts []string
	}{
		{"no units", app(func(a *recovery.NodeApplication) { a.Units = nil }), []string{"Nodes/Node: Application.Units has 0 units", "1 to 10"}},
		{"a socket", app(func(a *recovery.NodeApplication) { a.Units = jsii.Strings("a.socket") }), []string{"Application.Units[0]", `"a.socket" is no name of a systemd service`}},
		{"a unit twice", app(func(a *recovery.NodeApplication) { a.Units = jsii.Strings("a", "a.service") }), []string{`unit "a.service" is named twice`}},
		{"attempts", app(func(a *recovery.NodeApplication) { a.RestartAttempts = jsii.Number(101) }), []string{"Application.RestartAttempts is 101", "0 to 100"}},
		{"window", app(func(a *recovery.NodeApplication) { a.RestartWindow = second(9) }), []string{"Application.RestartWindow is 9 s", "10 to 86400 s"}},
		{"attempts that never end", app(func(a *recovery.NodeApplication) { a.RestartDelay = second(100) }), []string{"do not fit into RestartWindow, 300 s"}},
		{"watchdog", app(func(a *recovery.NodeApplication) { a.Watchdog = second(0) }), []string{"Application.Watchdog is 0 s", "1 to 3600"}},
		{"fault time", app(func(a *recovery.NodeApplication) { a.FaultTime = second(901) }), []string{"Application.FaultTime is 901 s"}},
		{"a fault script that cannot be written", app(func(a *recovery.NodeApplication) { a.FaultScript = jsii.String("RECOVERY_END\n") }), []string{"recovery-fault-script has a line"}},
		{"a relative log file", app(func(a *recovery.NodeApplication) { a.LogFiles = jsii.Strings("app.log") }), []string{`Application.LogFiles[0] is "app.log"`, "absolute path"}},
		{"no check", check(recovery.NodeCheck{}), []string{"has 0 of Command, HttpUrl and TcpPort"}},
		{"two checks", check(recovery.NodeCheck{Command: jsii.String("x"), TcpPort: jsii.Number(1)}), []string{"has 2 of", "give exactly one"}},
		{"empty command", check(recovery.NodeCheck{Command: jsii.String("")}), []string{`Check.Command is ""`}},
		{"quote in a URL", check(recovery.NodeCheck{HttpUrl: jsii.String("http://a/'; rm x")}), []string{"Check.HttpUrl is", "without spaces and quotes"}},
		{"port", check(recovery.NodeCheck{TcpPort: jsii.Number(0)}), []string{"Check.TcpPort is 0", "1 to 65535"}},
		{"interval", check(recovery.NodeCheck{TcpPort: jsii.Number(1), Interval: second(0)}), []string{"Check.Interval is 0 s"}},
		{"mount path", recovery.ClusterNodeProps{Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{MountPath: jsii.String("/my data")}}}, []string{`MountPath is "/my data"`}},
		{"nothing is generated", recovery.ClusterNodeProps{Application: application(), Boot: &recovery.NodeBoot{GenerateUserData: no}}, []string{"Application is given and Boot.GenerateUserData is false"}},
		{"nothing is prepared", recovery.ClusterNodeProps{Boot: &recovery.NodeBoot{PrepareCommands: jsii.Strings("x"), GenerateUserData: no}}, []string{"PrepareCommands is given and Boot.GenerateUserData is false"}},
		{"a gate that nobody runs", recovery.ClusterNodeProps{Gate: yes, Boot: &recovery.NodeBoot{GenerateUserData: no}}, []string{"Gate is true and Boot.GenerateUserData is false", "recovery:gate", "ImageHasGate"}},
		{"a gate that nobody opens", recovery.ClusterNodeProps{Boot: &recovery.NodeBoot{ImageHasGate: yes, GenerateUserData: no}}, []string{"ImageHasGate is true and Gate is not"}},
		{"two gates", recovery.ClusterNodeProps{Gate: yes, Boot: &recovery.NodeBoot{ImageHasGate: yes}}, []string{"ImageHasGate is true, and the generated user data has the gate"}},
		{"a limit of no gate", recovery.ClusterNodeProps{Boot: &recovery.NodeBoot{GateTime: second(3600)}}, []string{"GateTime is given and Gate is not true"}},
		{"a gate that gives up first", recovery.ClusterNodeProps{Gate: yes, Boot: &recovery.NodeBoot{GateTime: second(600)}}, []string{"GateTime is 600 s", "Policy.FenceTime, 600 s"}},
		{"multipart", recovery.ClusterNodeProps{UserData: mine(), Application: application()}, []string{"UserData is a multipart one", "GenerateUserData"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBase(t)
			refused(t, func() { b.node("Node", c.props) }, c.texts...)
		})
	}
	b := newBase(t)
	refused(t, func() { b.node("Node", recovery.ClusterNodeProps{}).MountCommands() }, "Nodes/Node: MountCommands were asked for", "GenerateUserData")
}
