package template

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// monitored synthesises a node with a monitor; the application's Process is filled
// in when it has no metric of its own.
func monitored(t *testing.T, instance *recovery.InstanceAlarm, application recovery.ApplicationAlarm) document {
	t.Helper()
	b := newBase(t)
	if application.MetricName == nil && application.Process == nil {
		application.Process = jsii.String("app")
	}
	recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: b.node("Node", recovery.ClusterNodeProps{}), Instance: instance, Application: &application,
	})
	return synth(t, b.stack)
}

func alarm(t *testing.T, d document, prefix string, names ...string) map[string]any {
	t.Helper()
	p := flat(d.one(t, "AWS::CloudWatch::Alarm", prefix).Properties).(map[string]any)
	out := map[string]any{}
	for _, n := range names {
		out[n] = p[n]
	}
	return out
}

func TestAlarmThresholds(t *testing.T) {
	d := monitored(t,
		&recovery.InstanceAlarm{Period: awscdk.Duration_Minutes(jsii.Number(2)), EvaluationPeriods: jsii.Number(5), DatapointsToAlarm: jsii.Number(3)},
		recovery.ApplicationAlarm{
			Namespace: jsii.String("Mine"), MetricName: jsii.String("beats"), Statistic: recovery.AlarmStatistic_SUM, Threshold: jsii.Number(5),
			Dimensions: &map[string]*string{"Service": jsii.String("db")}, Period: awscdk.Duration_Seconds(jsii.Number(30)),
			EvaluationPeriods: jsii.Number(4), DatapointsToAlarm: jsii.Number(2),
		})
	want := map[string]any{"Period": 120.0, "EvaluationPeriods": 5.0, "DatapointsToAlarm": 3.0, "TreatMissingData": "missing"}
	if diff := cmp.Diff(want, alarm(t, d, "MonitorInstance", "Period", "EvaluationPeriods", "DatapointsToAlarm", "TreatMissingData")); diff != "" {
		t.Errorf("instance (-want +got):\n%s", diff)
	}
	want = map[string]any{
		"Namespace": "Mine", "MetricName": "beats", "Statistic": "Sum", "Threshold": 5.0, "Period": 30.0, "EvaluationPeriods": 4.0,
		"DatapointsToAlarm": 2.0, "TreatMissingData": "breaching", "Dimensions": []any{map[string]any{"Name": "Service", "Value": "db"}},
	}
	got := alarm(t, d, "MonitorApplication", "Namespace", "MetricName", "Statistic", "Threshold", "Period", "EvaluationPeriods", "DatapointsToAlarm", "TreatMissingData", "Dimensions")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("application (-want +got):\n%s", diff)
	}
	if data := text(t, flat(d.one(t, "AWS::EC2::LaunchTemplate", "Node").Properties)); strings.Contains(data, "put 644 /etc/recovery/agent.json") {
		t.Error("the agent is set up although the metric is another's")
	}
}

// TestAgent: what the agent sends is what the alarm watches.
func TestAgent(t *testing.T) {
	d := monitored(t, nil, recovery.ApplicationAlarm{Process: jsii.String(`db "main"`)})
	data := at(t, flat(d.one(t, "AWS::EC2::LaunchTemplate", "Node").Properties), "LaunchTemplateData", "UserData").(string)
	_, rest, found := strings.Cut(data, "put 644 /etc/recovery/agent.json <<'RECOVERY_END'\n")
	config, _, ended := strings.Cut(rest, "\nRECOVERY_END\n")
	if !found || !ended {
		t.Fatalf("no configuration in\n%s", data)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(config), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"agent": map[string]any{"metrics_collection_interval": 10.0},
		"metrics": map[string]any{
			"namespace": "CWAgent", "force_flush_interval": 10.0, "aggregation_dimensions": []any{[]any{"NodeId"}},
			"metrics_collected": map[string]any{"procstat": []any{map[string]any{
				"pattern": `db "main"`, "measurement": []any{"pid_count"}, "metrics_collection_interval": 10.0,
				"append_dimensions": map[string]any{"NodeId": "7"},
			}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("agent (-want +got):\n%s", diff)
	}
}

// TestOwnUserData is left alone.
func TestOwnUserData(t *testing.T) {
	b := newBase(t)
	data := awsec2.UserData_ForLinux(nil)
	node := b.node("Node", recovery.ClusterNodeProps{UserData: data})
	monitor := recovery.NewResourceMonitor(b.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
	})
	if got := *data.Render(); strings.TrimSpace(got) != "#!/bin/bash" {
		t.Errorf("user data was changed: %q", got)
	}
	data.AddCommands(*node.MountCommands()...)
	data.AddCommands(*monitor.AgentCommands()...)
	got := at(t, flat(synth(t, b.stack).one(t, "AWS::EC2::LaunchTemplate", "Node").Properties), "LaunchTemplateData", "UserData").(string)
	for _, want := range []string{"_netdev,noresvport,tls,iam,az=$recovery_zone,accesspoint=${NodeDataPoint} ", "tls,iam,accesspoint=${NodeLogPoint} ", "file:/opt/aws/amazon-cloudwatch-agent/etc/recovery.json"} {
		if !strings.Contains(got, want) {
			t.Errorf("user data lacks %q:\n%s", want, got)
		}
	}
}

// TestConsumersHash: CloudFormation asks the node again exactly when something
// that consumes its attributes changes.
func TestConsumersHash(t *testing.T) {
	hash := func(d document) any {
		return d.one(t, contract.NodeResourceType, "Node").Properties["ConsumersHash"]
	}
	same := hash(monitored(t, nil, recovery.ApplicationAlarm{}))
	if again := hash(monitored(t, nil, recovery.ApplicationAlarm{})); again != same {
		t.Errorf("two syntheses of one app: %v and %v", same, again)
	}
	if changed := hash(monitored(t, &recovery.InstanceAlarm{EvaluationPeriods: jsii.Number(3)}, recovery.ApplicationAlarm{})); changed == same {
		t.Error("a changed instance alarm does not change the hash")
	}
	if other := hash(monitored(t, nil, recovery.ApplicationAlarm{Threshold: jsii.Number(2)})); other != same {
		t.Error("the application alarm, which uses no attribute of the node, changes the hash")
	}
}

// TestConsumersHashLate: a property set after all constructs were made counts, and
// so does a consumer of the user's own.
func TestConsumersHashLate(t *testing.T) {
	hash := func(threshold float64) any {
		b := newBase(t)
		node := b.node("Node", recovery.ClusterNodeProps{})
		mine := awscloudwatch.NewCfnAlarm(b.stack, jsii.String("Mine"), &awscloudwatch.CfnAlarmProps{
			ComparisonOperator: jsii.String("GreaterThanThreshold"), EvaluationPeriods: jsii.Number(1), Threshold: jsii.Number(80),
			Namespace: jsii.String("AWS/EC2"), MetricName: jsii.String("CPUUtilization"), Period: jsii.Number(60), Statistic: jsii.String("Average"),
			Dimensions: []any{&awscloudwatch.CfnAlarm_DimensionProperty{Name: jsii.String("InstanceId"), Value: node.InstanceId()}},
		})
		node.AddConsumer(mine)
		mine.SetThreshold(jsii.Number(threshold))
		return synth(t, b.stack).one(t, contract.NodeResourceType, "Node").Properties["ConsumersHash"]
	}
	if a, b := hash(80), hash(90); a == b {
		t.Errorf("thresholds 80 and 90 give one hash: %v", a)
	}
}
