package recovery

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/keypolicy"
	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/resource"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// makeTopic makes the topic that people listen to. The AWS managed key of SNS
// cannot be used: its policy does not let CloudWatch publish
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html).
func (s *switcher) makeTopic(at prop.Place, props *SwitcherProps) {
	s.topic, s.topicKey = props.Topic, props.TopicKey
	if s.topic != nil {
		checkTopic(at, "Topic", s.topic, awscdk.Stack_Of(s))
		if s.topicKey == nil {
			s.topicKey = s.topic.MasterKey() // known of a topic that this app makes
		}
		return
	}
	ownAccount := &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(s).Account()}}
	cloudwatch := &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)}
	if s.topicKey = s.key; s.topicKey == nil {
		s.topicKey = awskms.NewKey(s, jsii.String("TopicKey"), &awskms.KeyProps{
			Description:       jsii.String(fmt.Sprintf("Notifications of switcher %s", s.name)),
			EnableKeyRotation: jsii.Bool(true),
			RemovalPolicy:     awscdk.RemovalPolicy_DESTROY,
		})
	}
	keypolicy.LetAlarmsUse(s, s.topicKey)
	topic := awssns.NewTopic(s, jsii.String("Topic"), &awssns.TopicProps{
		DisplayName: jsii.String("Workload recovery " + s.name), MasterKey: s.topicKey, EnforceSSL: jsii.Bool(true),
	})
	// A topic with a policy of its own loses the default one, by which alarms of the
	// account may publish.
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: jsii.String("Alarms"), Principals: cloudwatch, Conditions: ownAccount,
		Actions: jsii.Strings("sns:Publish"), Resources: &[]*string{topic.TopicArn()},
	}))
	s.topic = topic
}

// checkTopic refuses a topic that would hear nothing: the switcher's messages have no
// message group, which a FIFO topic asks for, and it and the alarms tell topics of their
// own Region.
func checkTopic(at prop.Place, name string, topic awssns.ITopic, stack awscdk.Stack) {
	arn := *topic.TopicArn()
	if prop.Or(topic.Fifo(), false) {
		at.Fail("%s %s is a FIFO topic: alarms and the switcher tell standard topics only; give one", name, arn)
	}
	theirs, own := topic.Env().Region, stack.Region()
	if !prop.Unresolved(theirs) && !prop.Unresolved(own) && *theirs != *own {
		at.Fail("%s %s is in Region %s, and the stack in %s: alarms and the switcher tell topics of their own Region; give one there", name, arn, *theirs, *own)
	}
}

// makeQueue makes the one queue for all that was lost on the way: events that
// EventBridge or the scheduler could not deliver (their dead-letter queue) and
// events that the function failed on (its on-failure destination, which unlike a
// Lambda dead-letter queue also says why:
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
func (s *switcher) makeQueue() {
	encryption := awssqs.QueueEncryption_SQS_MANAGED
	if s.key != nil {
		encryption = awssqs.QueueEncryption_KMS
		keypolicy.LetEventsUse(s.key)
	}
	s.queue = awssqs.NewQueue(s, jsii.String("DeadLetters"), &awssqs.QueueProps{
		Encryption: encryption, EncryptionMasterKey: s.key, EnforceSSL: jsii.Bool(true),
		RetentionPeriod: awscdk.Duration_Days(jsii.Number(14)),
	})
	nag.Explain(s.queue, nag.Rule{ID: "AwsSolutions-SQS3", Reason: "This queue is the dead-letter queue, of the rules, the schedule and the function."})
}

// keyless is the queue as AWS CDK sees one without a key. With it, AWS CDK would allow the
// function all use of the key; ownStatements allow it through SQS.
func (s *switcher) keyless() awssqs.IQueue {
	if s.key == nil {
		return s.queue
	}
	return awssqs.Queue_FromQueueArn(s, jsii.String("Lost"), s.queue.QueueArn())
}

// makeRules makes the VPC's two rules. They pass on what may concern a node; the
// switcher ignores other VPCs' instances at once. Filtering by instance is not
// possible: the rules must not name one.
func (s *switcher) makeRules() {
	account := &[]*string{awscdk.Stack_Of(s).Account()}
	absent := map[string]any{"exists": false}
	s.instances = awsevents.NewRule(s, jsii.String("InstanceNotices"), &awsevents.RuleProps{
		Description: jsii.String(fmt.Sprintf("EC2 notices to switcher %s", s.name)),
		EventPattern: &awsevents.EventPattern{
			Account: account,
			Source:  jsii.Strings("aws.ec2", "aws.health"),
			DetailType: jsii.Strings("EC2 Instance State-change Notification",
				"EC2 Spot Instance Interruption Warning", "AWS Health Event"),
			Detail: &map[string]any{
				// A state change has a state, a Spot warning and a Health event have none;
				// a Health event has a service, the others have none.
				"state":   []any{absent, "stopping", "stopped", "shutting-down", "terminated"},
				"service": []any{absent, "EC2"},
			},
		},
	})
	s.alarms = awsevents.NewRule(s, jsii.String("AlarmNotices"), &awsevents.RuleProps{
		Description: jsii.String(fmt.Sprintf("Alarms of the nodes of switcher %s", s.name)),
		EventPattern: &awsevents.EventPattern{
			Account:    account,
			Source:     jsii.Strings("aws.cloudwatch"),
			DetailType: jsii.Strings("CloudWatch Alarm State Change"),
			Detail: &map[string]any{
				"alarmName": []any{map[string]any{"prefix": contract.AlarmPrefix(s.name)}},
				"state":     map[string]any{"value": []any{"ALARM"}},
			},
		},
	})
	target := awseventstargets.NewLambdaFunction(s.fn, &awseventstargets.LambdaFunctionProps{
		DeadLetterQueue: s.queue,
		// The sweep finds what an older event would tell.
		MaxEventAge: prop.Duration(3600), RetryAttempts: jsii.Number(185),
	})
	s.instances.AddTarget(target)
	s.alarms.AddTarget(target)
}

// makeSweep makes the schedule that finds what no event told: lost events,
// expired leases, alarms that name another instance.
func (s *switcher) makeSweep() awsscheduler.CfnSchedule {
	stack := awscdk.Stack_Of(s)
	role := awsiam.NewRole(s, jsii.String("SweepRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			// No other account's schedule may use the role:
			// https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
			Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}},
		}),
		Description: jsii.String("Lets the sweep's schedule invoke switcher " + s.name),
	})
	role.AddToPolicy(statement.Allow("Sweep", []string{"lambda:InvokeFunction"}, []*string{s.arn}, nil))
	role.AddToPolicy(statement.Allow("Undelivered", []string{"sqs:SendMessage"}, []*string{s.queue.QueueArn()}, nil))
	if s.key != nil {
		role.AddToPolicy(s.may().UseQueueKey())
	}
	input, err := json.Marshal(struct {
		Source     string `json:"source"`
		DetailType string `json:"detail-type"`
	}{contract.Source, contract.DetailSweep})
	if err != nil {
		panic(fmt.Sprintf("recovery: the sweep's input cannot be written: %v", err))
	}
	schedule := resource.NewSchedule(s, "Sweep", "Sweep of switcher "+s.name, string(input), s.fn.FunctionArn(), role.RoleArn(), s.queue)
	// A role that was made beforehand (awsiam.Role_CustomizeRoles) has no policy here.
	if policy := role.Node().TryFindChild(jsii.String("DefaultPolicy")); policy != nil {
		schedule.Node().AddDependency(policy)
	}
	return schedule
}
