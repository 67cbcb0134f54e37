package template

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// switcherStack makes table, place and switcher in one stack.
func switcherStack(t *testing.T, props recovery.SwitcherProps) (awscdk.Stack, recovery.Switcher) {
	t.Helper()
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	return stack, addSwitcher(stack, props)
}

func addSwitcher(stack awscdk.Stack, props recovery.SwitcherProps) recovery.Switcher {
	if props.Table == nil {
		props.Table = recovery.NewRecoveryTable(stack, jsii.String("Table"), nil)
	}
	if props.Vpc == nil {
		props.Vpc = recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil)
	}
	if props.Code == nil {
		props.Code = code()
	}
	return recovery.NewSwitcher(stack, jsii.String("Switcher"), &props)
}

func TestSwitcherFunction(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	p := flat(d.one(t, "AWS::Lambda::Function", "Switcher").Properties).(map[string]any)
	for name, want := range map[string]any{
		"FunctionName": "recovery-switcher-example", "Runtime": "provided.al2023", "Handler": "bootstrap",
		"Architectures": []any{"arm64"}, "Timeout": 900.0, "MemorySize": 512.0, "RecursiveLoop": "Allow",
		"LoggingConfig": map[string]any{"LogGroup": "${SwitcherLogs}"}, "Role": "${SwitcherRole.Arn}",
		// On-failure destination and rules' dead-letter queue are enough; X-Ray is off;
		// a function outside the VPC reaches the API also when its endpoints are cut off.
		"DeadLetterConfig": nil, "TracingConfig": nil, "VpcConfig": nil,
	} {
		if diff := cmp.Diff(want, p[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	logs := d.one(t, "AWS::Logs::LogGroup", "SwitcherLogs").Properties
	if logs["LogGroupName"] != "/aws/lambda/recovery-switcher-example" || logs["RetentionInDays"] != 365.0 {
		t.Errorf("log group %v", logs)
	}
	invoke := flat(d.one(t, "AWS::Lambda::EventInvokeConfig", "Switcher").Properties)
	wantInvoke := map[string]any{
		"DestinationConfig": map[string]any{"OnFailure": map[string]any{"Destination": "${SwitcherDeadLetters.Arn}"}},
		"FunctionName":      "${Switcher}", "Qualifier": "$LATEST", "MaximumEventAgeInSeconds": 3600.0, "MaximumRetryAttempts": 2.0,
	}
	if diff := cmp.Diff(wantInvoke, invoke); diff != "" {
		t.Errorf("asynchronous invocation (-want +got):\n%s", diff)
	}
}

// TestSwitcherConfig reads the environment as the switcher does.
func TestSwitcherConfig(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	vars := at(t, flat(d.one(t, "AWS::Lambda::Function", "Switcher").Properties), "Environment", "Variables").(map[string]any)
	if len(vars) != 1 {
		t.Errorf("variables: %v", vars)
	}
	got, err := contract.ParseConfig(vars[contract.EnvConfig].(string))
	if err != nil {
		t.Fatal(err)
	}
	got.Table = trimHash(got.Table)
	want := contract.Config{
		Name: "example", VPC: "${Vpc}", BlackholeGroup: "${VpcBlackhole.GroupId}",
		Table: "${import RecoveryRegion:ExportsOutputRefTable}", Topic: "${SwitcherTopic}", Function: "recovery-switcher-example",
		IDTag: contract.DefaultIDTag, TargetTag: contract.DefaultTargetTag, Policy: contract.DefaultPolicy(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

func TestSwitcherPolicy(t *testing.T) {
	seconds := func(n int) awscdk.Duration { return awscdk.Duration_Seconds(jsii.Number(n)) }
	stack, _ := switcherStack(t, recovery.SwitcherProps{
		IdTag: jsii.String("id"), TargetTag: jsii.String("target"),
		Policy: &recovery.RecoveryPolicy{
			ConfirmTime: seconds(1), FenceTime: seconds(32), HealthTime: seconds(33), MaxAttempts: jsii.Number(4), CapacityTime: seconds(5),
			RetryTime: seconds(16), PollTime: seconds(7), GraceTime: seconds(18), MaxSwitches: jsii.Number(9), SwitchWindow: awscdk.Duration_Hours(jsii.Number(2)),
			CoolDownTime: seconds(20), LaunchesPerSecond: jsii.Number(5), BudgetPercent: jsii.Number(70),
			BrakePercent: jsii.Number(60), BrakeTime: seconds(19),
			HistoryTime: awscdk.Duration_Days(jsii.Number(11)), DeployTime: seconds(62), NoticeLeadTime: awscdk.Duration_Days(jsii.Number(2)),
		},
	})
	vars := at(t, flat(synth(t, stack).one(t, "AWS::Lambda::Function", "Switcher").Properties), "Environment", "Variables").(map[string]any)
	got, err := contract.ParseConfig(vars[contract.EnvConfig].(string))
	if err != nil {
		t.Fatal(err)
	}
	want := contract.Policy{
		ConfirmSeconds: 1, FenceSeconds: 32, HealthSeconds: 33, MaxAttempts: 4, CapacitySeconds: 5, RetrySeconds: 16, PollSeconds: 7,
		GraceSeconds: 18, MaxSwitches: 9, WindowSeconds: 7200, CoolDownSeconds: 20, LaunchesPerSecond: 5, BudgetPercent: 70, BrakePercent: 60, BrakeSeconds: 19, HistoryDays: 11, DeploySeconds: 62, NoticeLeadSeconds: 172800,
	}
	if diff := cmp.Diff(want, got.Policy); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	if got.IDTag != "id" || got.TargetTag != "target" {
		t.Errorf("tags %q %q", got.IDTag, got.TargetTag)
	}
}

// TestRules: exactly two, limited to the account, each to the function with a
// dead-letter queue.
func TestRules(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	absent := map[string]any{"exists": false}
	account := []any{"${AWS::AccountId}"}
	want := map[string]any{
		"SwitcherInstanceNotices": map[string]any{
			"account": account, "source": []any{"aws.ec2", "aws.health"},
			"detail-type": []any{"EC2 Instance State-change Notification", "EC2 Spot Instance Interruption Warning", "AWS Health Event"},
			"detail": map[string]any{
				"state":   []any{absent, "stopping", "stopped", "shutting-down", "terminated"},
				"service": []any{absent, "EC2"},
			},
		},
		"SwitcherAlarmNotices": map[string]any{
			"account": account, "source": []any{"aws.cloudwatch"}, "detail-type": []any{"CloudWatch Alarm State Change"},
			"detail": map[string]any{
				"alarmName": []any{map[string]any{"prefix": "example.node-"}},
				"state":     map[string]any{"value": []any{"ALARM"}},
			},
		},
	}
	target := []any{map[string]any{
		"Id": "Target0", "Arn": "${Switcher.Arn}", "DeadLetterConfig": map[string]any{"Arn": "${SwitcherDeadLetters.Arn}"},
		"RetryPolicy": map[string]any{"MaximumEventAgeInSeconds": 3600.0, "MaximumRetryAttempts": 185.0},
	}}
	got := map[string]any{}
	for _, id := range d.ids("AWS::Events::Rule") {
		p := flat(d.Resources[id].Properties).(map[string]any)
		got[short(id)] = p["EventPattern"]
		if diff := cmp.Diff(target, p["Targets"]); diff != "" {
			t.Errorf("%s targets (-want +got):\n%s", id, diff)
		}
		if p["State"] != "ENABLED" || p["ScheduleExpression"] != nil {
			t.Errorf("%s: state %v, schedule %v", id, p["State"], p["ScheduleExpression"])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("patterns (-want +got):\n%s", diff)
	}
	for _, id := range d.ids("AWS::Lambda::Permission") {
		p := flat(d.Resources[id].Properties).(map[string]any)
		source, _ := p["SourceArn"].(string)
		if p["Principal"] != "events.amazonaws.com" || !strings.HasPrefix(source, "${Switcher") || p["FunctionName"] != "${Switcher.Arn}" {
			t.Errorf("permission %s: %v", id, p)
		}
	}
}

func TestSweep(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	got := flat(d.one(t, "AWS::Scheduler::Schedule", "SwitcherSweep").Properties)
	want := map[string]any{
		"Description": "Sweep of switcher example", "ScheduleExpression": "rate(1 minute)", "State": "ENABLED",
		"FlexibleTimeWindow": map[string]any{"Mode": "OFF"},
		"Target": map[string]any{
			"Arn": "${Switcher.Arn}", "RoleArn": "${SwitcherSweepRole.Arn}",
			"Input":            `{"source":"workload-recovery","detail-type":"Recovery Sweep"}`,
			"DeadLetterConfig": map[string]any{"Arn": "${SwitcherDeadLetters.Arn}"},
			"RetryPolicy":      map[string]any{"MaximumEventAgeInSeconds": 60.0, "MaximumRetryAttempts": 1.0},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("schedule (-want +got):\n%s", diff)
	}
}

// TestAlarmsOfSwitcher: its own failures and lost events are told to people.
func TestAlarmsOfSwitcher(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	for prefix, want := range map[string]map[string]any{
		"SwitcherErrors": {
			"Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum",
			"Dimensions": []any{map[string]any{"Name": "FunctionName", "Value": "${Switcher}"}},
		},
		"SwitcherDeadLettersWaiting": {
			"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum",
			"Dimensions": []any{map[string]any{"Name": "QueueName", "Value": "${SwitcherDeadLetters.QueueName}"}},
		},
	} {
		p := flat(d.one(t, "AWS::CloudWatch::Alarm", prefix).Properties).(map[string]any)
		for name, v := range map[string]any{
			"AlarmActions": []any{"${SwitcherTopic}"}, "Period": 60.0, "Threshold": 1.0, "EvaluationPeriods": 1.0,
			"ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching",
		} {
			want[name] = v
		}
		for name, v := range want {
			if diff := cmp.Diff(v, p[name]); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", prefix, name, diff)
			}
		}
		if strings.HasPrefix(text(t, p["AlarmName"]), `"example.node-`) {
			t.Errorf("%s would pass the alarm rule", prefix)
		}
	}
}

// TestTopic: encrypted, TLS only, and alarms can still publish: a topic with its
// own policy loses the default one, and a key admits only whom its policy names.
func TestTopic(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	if key := flat(d.one(t, "AWS::SNS::Topic", "SwitcherTopic").Properties).(map[string]any)["KmsMasterKeyId"]; key != "${SwitcherTopicKey.Arn}" {
		t.Errorf("key %v", key)
	}
	alarms := map[string]any{
		"Sid": "Alarms", "Effect": "Allow", "Principal": map[string]any{"Service": "cloudwatch.amazonaws.com"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": "${AWS::AccountId}"}},
	}
	with := func(action, resource any) map[string]any {
		out := map[string]any{"Action": action, "Resource": resource}
		for k, v := range alarms {
			out[k] = v
		}
		return out
	}
	topic := flat(d.one(t, "AWS::SNS::TopicPolicy", "SwitcherTopic").Properties["PolicyDocument"])
	if diff := cmp.Diff(with("sns:Publish", "${SwitcherTopic}"), at(t, topic, "Statement", 1)); diff != "" {
		t.Errorf("topic policy (-want +got):\n%s", diff)
	}
	tls := at(t, topic, "Statement", 0).(map[string]any)
	if tls["Effect"] != "Deny" || text(t, tls["Condition"]) != `{"Bool":{"aws:SecureTransport":"false"}}` {
		t.Errorf("TLS is not enforced: %v", tls)
	}
	key := flat(d.one(t, "AWS::KMS::Key", "SwitcherTopicKey").Properties).(map[string]any)
	if diff := cmp.Diff(with([]any{"kms:Decrypt", "kms:GenerateDataKey*"}, "*"), at(t, key, "KeyPolicy", "Statement", 1)); diff != "" {
		t.Errorf("key policy (-want +got):\n%s", diff)
	}
	if key["EnableKeyRotation"] != true {
		t.Error("the key does not rotate")
	}
}

func TestQueue(t *testing.T) {
	d := synth(t, single(t).Vpc.Stack)
	p := d.one(t, "AWS::SQS::Queue", "SwitcherDeadLetters").Properties
	if p["SqsManagedSseEnabled"] != true || p["MessageRetentionPeriod"] != 1209600.0 {
		t.Errorf("queue %v", p)
	}
	tls := at(t, flat(d.one(t, "AWS::SQS::QueuePolicy", "").Properties["PolicyDocument"]), "Statement", 0).(map[string]any)
	if tls["Effect"] != "Deny" || tls["Action"] != "sqs:*" || text(t, tls["Condition"]) != `{"Bool":{"aws:SecureTransport":"false"}}` {
		t.Errorf("TLS is not enforced: %v", tls)
	}
}

// TestSwitcherOptions: what may be given instead of made.
func TestSwitcherOptions(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	topic := awssns.Topic_FromTopicArn(stack, jsii.String("Theirs"), jsii.String("arn:aws:sns:us-east-1:111122223333:theirs"))
	key := awskms.Key_FromKeyArn(stack, jsii.String("TableKey"), jsii.String("arn:aws:kms:us-east-1:111122223333:key/table"))
	s := addSwitcher(stack, recovery.SwitcherProps{
		Topic: topic, Tracing: jsii.Bool(true), MemorySize: jsii.Number(1024), ReservedConcurrentExecutions: jsii.Number(10), Architecture: awslambda.Architecture_X86_64(),
		Table: recovery.NewRecoveryTable(stack, jsii.String("Table"), &recovery.RecoveryTableProps{EncryptionKey: key}),
	})
	d := synth(t, stack)
	if ids := append(d.ids("AWS::SNS::Topic"), d.ids("AWS::KMS::Key")...); len(ids) > 0 {
		t.Errorf("made although given: %q", ids)
	}
	p := d.one(t, "AWS::Lambda::Function", "Switcher").Properties
	if text(t, p["TracingConfig"]) != `{"Mode":"Active"}` || p["MemorySize"] != 1024.0 || p["ReservedConcurrentExecutions"] != 10.0 || text(t, p["Architectures"]) != `["x86_64"]` {
		t.Errorf("function %v", p)
	}
	if name := *s.SwitcherName(); contract.ValidName(name) != nil || !strings.HasPrefix(name, "Stack") {
		t.Errorf("default name %q", name)
	}
	got := switcherStatements(t, d)
	want := statement{
		[]any{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
		"arn:aws:kms:us-east-1:111122223333:key/table",
		map[string]any{"StringLike": map[string]any{"kms:ViaService": "dynamodb.${AWS::Region}.amazonaws.com*"}},
	}
	if diff := cmp.Diff(want, got["UseTableKey"]); diff != "" {
		t.Errorf("table key (-want +got):\n%s", diff)
	}
	// X-Ray's actions know no resources.
	if xray := got["of [xray:PutTelemetryRecords xray:PutTraceSegments]"]; xray.Resource != "*" {
		t.Errorf("X-Ray: %v", xray)
	}
	if _, there := got["UseTopicKey"]; there {
		t.Error("permission for a topic key that was not given")
	}
}
