package template

import (
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// watched is a node with its monitor, an alarm of its owner's and an output.
type watched struct {
	base
	node    recovery.ClusterNode
	monitor recovery.ResourceMonitor
	own     awscloudwatch.CfnAlarm
	output  awscdk.CfnOutput
}

func newWatched(t *testing.T, tags *map[string]*string) watched {
	t.Helper()
	w := watched{base: newBase(t)}
	if tags != nil {
		w.stack = awscdk.NewStack(w.app, jsii.String("Tagged"), &awscdk.StackProps{Tags: tags, StackName: jsii.String("Nodes")})
	}
	w.node = w.base.node("Node", recovery.ClusterNodeProps{})
	w.monitor = recovery.NewResourceMonitor(w.stack, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: w.node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
	})
	w.own = awscloudwatch.NewCfnAlarm(w.stack, jsii.String("Own"), &awscloudwatch.CfnAlarmProps{
		Namespace: jsii.String("AWS/EC2"), MetricName: jsii.String("CPUUtilization"), Statistic: jsii.String("Average"), Period: jsii.Number(60),
		ComparisonOperator: jsii.String("GreaterThanThreshold"), EvaluationPeriods: jsii.Number(1), Threshold: jsii.Number(90),
		Dimensions: []any{&awscloudwatch.CfnAlarm_DimensionProperty{Name: jsii.String("InstanceId"), Value: w.node.InstanceId()}},
	})
	w.output = awscdk.NewCfnOutput(w.stack, jsii.String("Where"), &awscdk.CfnOutputProps{Value: awscdk.Fn_Join(jsii.String(" in "), &[]*string{w.node.InstanceId(), w.node.AvailabilityZone()})})
	return w
}

// hash is what CloudFormation compares to know whether the node is to be read again.
func (w watched) hash(t *testing.T) string {
	t.Helper()
	return at(t, synth(t, w.stack).one(t, "Custom::RecoveryNode", "Node").Properties, "ConsumersHash").(string)
}

// TestReread: whatever makes CloudFormation write a resource or an output that names
// the instance makes it read the node again first, whether anybody said so or not.
func TestReread(t *testing.T) {
	before := newWatched(t, nil).hash(t)
	for name, c := range map[string]struct {
		again  bool
		change func(w watched)
	}{
		"nothing":  {false, func(watched) {}},
		"a bucket": {false, func(w watched) { awss3.NewBucket(w.stack, jsii.String("Bucket"), nil) }},
		"what names the node, not the instance": {false, func(w watched) {
			w.monitor.ApplicationAlarm().Node().DefaultChild().(awscloudwatch.CfnAlarm).SetThreshold(jsii.Number(2))
		}},
		"the threshold of an alarm": {true, func(w watched) {
			w.monitor.InstanceAlarm().Node().DefaultChild().(awscloudwatch.CfnAlarm).SetEvaluationPeriods(jsii.Number(5))
		}},
		"the threshold of the owner's alarm": {true, func(w watched) { w.own.SetThreshold(jsii.Number(80)) }},
		"the tags of an alarm":               {true, func(w watched) { awscdk.Tags_Of(w.monitor).Add(jsii.String("team"), jsii.String("blue"), nil) }},
		"the tags of everything":             {true, func(w watched) { awscdk.Tags_Of(w.app).Add(jsii.String("team"), jsii.String("blue"), nil) }},
		"an action of an alarm":              {true, func(w watched) { w.own.SetAlarmActions(jsii.Strings("arn:aws:sns:us-east-1:111122223333:t")) }},
		"a new output": {true, func(w watched) {
			awscdk.NewCfnOutput(w.stack, jsii.String("More"), &awscdk.CfnOutputProps{Value: w.node.PrivateIp()})
		}},
		"an output": {true, func(w watched) { w.output.SetDescription(jsii.String("now")) }},
		"a new consumer": {true, func(w watched) {
			bucket := awss3.NewBucket(w.stack, jsii.String("Bucket"), nil)
			awscdk.Tags_Of(bucket).Add(jsii.String("instance"), w.node.InstanceId(), nil)
		}},
		"an alarm's property by the escape hatch, which is not seen": {false, func(w watched) {
			w.own.AddPropertyOverride(jsii.String("Threshold"), 70)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatched(t, nil)
			c.change(w)
			if after := w.hash(t); (after != before) != c.again {
				t.Errorf("the hash was %s and is %s, wanted another: %v", before, after, c.again)
			}
		})
	}
}

// TestRereadOfStackTags: CloudFormation hands a stack's tags on to its alarms, which
// the alarms' own definitions do not show.
func TestRereadOfStackTags(t *testing.T) {
	seen := map[string]string{}
	for name, tags := range map[string]*map[string]*string{
		"none": {}, "blue": {"team": jsii.String("blue")}, "red": {"team": jsii.String("red")},
	} {
		h := newWatched(t, tags).hash(t)
		if other, twice := seen[h]; twice {
			t.Errorf("the stack tags %s and %s have the same hash", name, other)
		}
		seen[h] = name
	}
}

// TestAttributesInAnotherStack: an export in use cannot change, so after a switch the
// node's stack could not be deployed any more.
func TestAttributesInAnotherStack(t *testing.T) {
	b := newBase(t)
	node := b.node("Node", recovery.ClusterNodeProps{NodeName: jsii.String("db")})
	other := awscdk.NewStack(b.app, jsii.String("Other"), nil)
	recovery.NewResourceMonitor(other, jsii.String("Monitor"), &recovery.ResourceMonitorProps{
		ClusterNode: node, Application: &recovery.ApplicationAlarm{Process: jsii.String("x")},
	})
	refused(t, func() { b.app.Synth(nil) }, `an attribute of node "db" is used in another stack`, "move what uses it", "ResourceMonitor")

	// What does not change with a switch may go anywhere.
	b = newBase(t)
	node = b.node("Node", recovery.ClusterNodeProps{})
	awscdk.NewCfnOutput(awscdk.NewStack(b.app, jsii.String("Other"), nil), jsii.String("Role"), &awscdk.CfnOutputProps{Value: node.Role().RoleArn()})
	b.app.Synth(nil)
}
