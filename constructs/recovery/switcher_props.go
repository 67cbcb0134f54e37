package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
)

// SwitcherProps are the props of Switcher.
type SwitcherProps struct {
	// Vpc is the place whose nodes this switcher recovers. Required.
	Vpc IRecoveryVpc
	// Table is the Region's table, made here or, by RecoveryTable_FromTableAttributes, by
	// another app. Required.
	Table IRecoveryTable
	// Name names the switcher, unique per account and Region: 1 to 40 letters, digits
	// and hyphens, a letter first. Alarms' names and roles' paths hold it, so changing
	// it replaces them: delete the nodes first, since a VPC with nodes keeps its switcher.
	// Default: made from the construct's path.
	Name *string
	// Code is the built switcher: a directory or zip with an executable "bootstrap".
	// Default: the one that the library's release carries, the same bytes everywhere;
	// in the library's own work tree what `make build` wrote to dist/switcher. The
	// context key "recovery:switcherCode" names another directory.
	Code awslambda.Code
	// Architecture is what Code was built for. Default: ARM_64, which costs less.
	Architecture awslambda.Architecture
	// MemorySize is the function's memory in MiB, 128 to 10240. Lambda gives processor
	// time in proportion. Default: 512, with which a Go function starts in about
	// 50 ms; the switcher itself needs some 60 MiB, also with a thousand nodes.
	MemorySize *float64
	// ReservedConcurrentExecutions sets concurrency of the account's Lambda quota aside for
	// the switcher, 5 to 1000. Without it another function that uses the whole quota up stops
	// recoveries; ThrottleAlarm reports that. One invocation leads, the others store their
	// event for it and end within a second, and Lambda repeats an event that it throttled.
	// AWS keeps 100 of the quota unreserved, so that a deployment fails in an account whose
	// quota is smaller than 100 and this number: a new account's quota may be 10.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
	// Default: none, so that the switcher deploys in every account.
	ReservedConcurrentExecutions *float64
	// Tracing turns X-Ray on. Default: false.
	Tracing *bool
	// LogGroup takes the function's logs. Default: a new one named
	// /aws/lambda/<function name> with LogRetention, deleted with its stack (the
	// history of switches is in the table, which is kept). A group of your own replaces
	// that one, which is deleted with its logs.
	LogGroup awslogs.ILogGroup
	// LogRetention is how long the default log group keeps logs. Default: one year.
	LogRetention awslogs.RetentionDays
	// EncryptionKey is a customer-managed KMS key for what the switcher makes: its
	// topic, its dead-letter queue and its log group. The function's role gets the use of
	// it through these services only. The policy of a key made in the app is extended for
	// CloudWatch, EventBridge and CloudWatch Logs; that of another must allow them
	// (docs/security.md, "Customer-managed keys"). It replaces the topic's own key, which
	// KMS deletes after a waiting period of 30 days.
	// Default: a new key for the topic, SQS's own key for the queue, CloudWatch Logs' own
	// for the logs.
	EncryptionKey awskms.IKey
	// Topic is where people are told of switches: a standard topic of the stack's
	// Region. Let cloudwatch.amazonaws.com publish to it, and use its key if it is
	// encrypted, for the alarms. A topic of your own replaces the switcher's, which is
	// deleted with its subscriptions. Default: a new topic, encrypted with a new key.
	Topic awssns.ITopic
	// TopicKey is the KMS key of the given Topic; for a topic that the switcher makes,
	// give EncryptionKey. Default: that of a topic that this app makes; of one that is
	// only referred to by its ARN it is not known: none.
	TopicKey awskms.IKey
	// Policy says how to recover. Default: see RecoveryPolicy.
	Policy *RecoveryPolicy
	// Objective is how long a recovery may take, from the failure to serving, 30 to
	// 86400 s. It changes nothing about recoveries: it is the line in the dashboard and
	// the limit of SlowSwitchAlarm. Default: 300 s, more than a network load balancer
	// takes to find a new target healthy (docs/performance.md).
	Objective awscdk.Duration
	// Alarms makes the three alarms that tell when the switcher does not do what it is
	// for: SlowSwitchAlarm, SweepAlarm, ThrottleAlarm. Each costs what one alarm on one
	// metric costs ($0.10 a month in US East on 2026-11-21). ErrorAlarm and
	// DeadLetterAlarm are made in any case. Default: true.
	Alarms *bool
	// RunbookUrl is the address below which operations.md and messages.md are: every
	// alarm's description, and the dashboard, link there. Give your own copy's where the
	// people on call cannot reach the project's.
	// Default: https://github.com/workload-recovery/workload-recovery/blob/main/docs/.
	RunbookUrl *string
	// IdTag is the key of the instance tag that holds the node id.
	// Default: fujitsu.pclswr.id.
	IdTag *string
	// TargetTag is the key of the instance tag that says whether the node may be
	// recovered. Default: fujitsu.swr.is_recovery_target.
	TargetTag *string
}

// ISwitcher is a switcher, made here or elsewhere.
type ISwitcher interface {
	awscdk.IResource
	// SwitcherName is the switcher's name.
	SwitcherName() *string
	// Vpc is the place whose nodes it recovers.
	Vpc() IRecoveryVpc
	// FunctionArn is the ARN of its Lambda function.
	FunctionArn() *string
	// FunctionName is the name of its Lambda function.
	FunctionName() *string
	// Role is the role of its Lambda function.
	Role() awsiam.IRole
	// IdTag is the key of the tag that holds the node id.
	IdTag() *string
	// TargetTag is the key of the tag that says whether the node may be recovered.
	TargetTag() *string
	// RolePath is the IAM path of roles that it may pass to instances.
	RolePath() *string
	// RunbookUrl is where alarms' descriptions link to.
	RunbookUrl() *string
	// GrantInvoke lets the grantee invoke the function, as an operator does.
	GrantInvoke(grantee awsiam.IGrantable) awsiam.Grant
	// OnSwitched makes a rule for the end of each switch of any node: the node serves
	// elsewhere. The events of the three rules are described in docs/events.md; each may
	// come more than once.
	OnSwitched(id *string, options *awsevents.OnEventOptions) awsevents.Rule
	// OnHeld makes a rule for switches that wait for something and retry automatically,
	// and for the brake.
	OnHeld(id *string, options *awsevents.OnEventOptions) awsevents.Rule
	// OnInterrupted makes a rule for switches that need a person.
	OnInterrupted(id *string, options *awsevents.OnEventOptions) awsevents.Rule
}

// Switcher is the one function of a VPC that recovers its nodes, with its two
// rules, the sweep's schedule, the dead-letter queue, the topic, its role and the
// alarms that tell when it fails itself. Its template names no node: what it may
// do is limited by tags, the VPC, name prefixes and a role path.
type Switcher interface {
	ISwitcher
	// Function is the Lambda function.
	Function() awslambda.Function
	// Topic is where people are told of switches.
	Topic() awssns.ITopic
	// DeadLetterQueue takes events that could not be delivered or handled.
	DeadLetterQueue() awssqs.Queue
	// LogGroup takes the function's logs.
	LogGroup() awslogs.ILogGroup
	// Table is the Region's table.
	Table() IRecoveryTable
	// InstanceRule passes on EC2's notices, AlarmRule CloudWatch's.
	InstanceRule() awsevents.Rule
	AlarmRule() awsevents.Rule
	// ErrorAlarm tells when the function fails, DeadLetterAlarm when anything reaches
	// the dead-letter queue.
	ErrorAlarm() awscloudwatch.Alarm
	DeadLetterAlarm() awscloudwatch.Alarm
	// SlowSwitchAlarm tells when a recovery takes, or took, longer than Objective.
	// SweepAlarm tells when no sweep has looked at every node for five minutes, whatever
	// the reason: it speaks when nothing else can. It may speak once at the very first
	// deployment, when the first sweep is slower than CloudWatch. ThrottleAlarm tells
	// when AWS refused calls as too many in each of five minutes. All are nil without Alarms.
	SlowSwitchAlarm() awscloudwatch.Alarm
	SweepAlarm() awscloudwatch.Alarm
	ThrottleAlarm() awscloudwatch.Alarm
	// Objective is how long a recovery may take.
	Objective() awscdk.Duration
	// Metric is one of the switcher's own, in the namespace WorkloadRecovery:
	// RecoverySeconds, SwitchSeconds, Sweeps, Nodes<Phase>, <Phase>Seconds, NodesHeld,
	// NodesInterrupted, NodesBraked, NodesPaused, Calls, ThrottledCalls, FailedCalls and
	// others (docs/constructs/recovery-dashboard.md). Default: sum over a minute.
	Metric(name *string, props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricErrors counts invocations that failed. Default: sum over a minute.
	MetricErrors(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricInvocations counts invocations. Default: sum over a minute.
	MetricInvocations(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricDuration is how long invocations took. Default: average over a minute.
	MetricDuration(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// MetricDeadLetters counts events waiting in the dead-letter queue. Default:
	// maximum over a minute.
	MetricDeadLetters(props *awscloudwatch.MetricOptions) awscloudwatch.Metric
	// GrantReadRecords lets the grantee read this VPC's records and history.
	GrantReadRecords(grantee awsiam.IGrantable) awsiam.Grant
}

// SwitcherAttributes describe a Switcher of another app.
type SwitcherAttributes struct {
	// SwitcherName is its name. Required, and no token: names are made from it.
	SwitcherName *string
	// Vpc is its place, for example from RecoveryVpc_FromRecoveryVpcAttributes. Required.
	Vpc IRecoveryVpc
	// RoleArn is the ARN of its function's role. Default: the role that the Switcher
	// construct makes, by its name.
	RoleArn *string
	// IdTag is its IdTag. Default: fujitsu.pclswr.id.
	IdTag *string
	// TargetTag is its TargetTag. Default: fujitsu.swr.is_recovery_target.
	TargetTag *string
	// RunbookUrl is its RunbookUrl. Default: the project's own manual.
	RunbookUrl *string
}
