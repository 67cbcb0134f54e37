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
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// timeout is Lambda's longest; the switcher saves and re-invokes itself before it.
const timeout = 900

type switcher struct {
	awscdk.Resource
	name, function    string
	idTag, targetTag  string
	env               statement.Environment
	vpc               IRecoveryVpc
	table             IRecoveryTable
	role              awsiam.IRole
	permissions       []constructs.IDependable // the role's policies
	arn               *string
	policy            contract.Policy
	topic             awssns.ITopic
	topicKey          awskms.IKey
	key               awskms.IKey // the customer's, or nil
	queue             awssqs.Queue
	logs              awslogs.ILogGroup
	fn                awslambda.Function
	instances, alarms awsevents.Rule
	errors, letters   awscloudwatch.Alarm
	// slow, sweeps and throttled are nil without Alarms.
	slow, sweeps, throttled awscloudwatch.Alarm
	objective               int // seconds
	runbooks                string
}

func (s *switcher) SwitcherName() *string { return jsii.String(s.name) }
func (s *switcher) Vpc() IRecoveryVpc     { return s.vpc }

// FunctionArn is a reference to the function where there is one, so that other
// stacks depend on it.
func (s *switcher) FunctionArn() *string {
	if s.fn != nil {
		return s.fn.FunctionArn()
	}
	return s.arn
}

func (s *switcher) FunctionName() *string         { return jsii.String(s.function) }
func (s *switcher) Role() awsiam.IRole            { return s.role }
func (s *switcher) IdTag() *string                { return jsii.String(s.idTag) }
func (s *switcher) TargetTag() *string            { return jsii.String(s.targetTag) }
func (s *switcher) RolePath() *string             { return jsii.String(rolePath(s.name)) }
func (s *switcher) Function() awslambda.Function  { return s.fn }
func (s *switcher) Topic() awssns.ITopic          { return s.topic }
func (s *switcher) DeadLetterQueue() awssqs.Queue { return s.queue }
func (s *switcher) LogGroup() awslogs.ILogGroup   { return s.logs }
func (s *switcher) Table() IRecoveryTable         { return s.table }
func (s *switcher) InstanceRule() awsevents.Rule  { return s.instances }
func (s *switcher) AlarmRule() awsevents.Rule     { return s.alarms }

func checkName(at prop.Place, name string) {
	if prop.Unresolved(name) {
		at.Fail("Name is a token: names of alarms and roles are made from it; give a plain text")
	}
	at.FailOn(contract.ValidName(name))
}

func (s *switcher) checkTags(at prop.Place) {
	at.FailOn(prop.TagKeyError(s.idTag))
	at.FailOn(prop.TagKeyError(s.targetTag))
	if s.idTag == s.targetTag {
		at.Fail("IdTag and TargetTag are both %q: give two different keys", s.idTag)
	}
}

func functionName(name string) string { return contract.FunctionName(name) }
func rolePath(name string) string     { return contract.RolePath + name + "/" }

// locate makes the function's ARN from its explicit name: a reference to the function in
// its own role or environment would be a cycle.
func (s *switcher) locate() {
	s.env = statement.In(awscdk.Stack_Of(s))
	s.arn = s.env.Arns("lambda", "function:"+s.function)[0]
}

// logName is the name of the log group, or a hint at it where only AWS knows it.
func (s *switcher) logName() string {
	if name := *s.logs.LogGroupName(); !prop.Unresolved(name) {
		return name
	}
	return "/aws/lambda/" + s.function
}

func (s *switcher) RunbookUrl() *string { return jsii.String(s.runbooks) }

func (s *switcher) Objective() awscdk.Duration { return prop.Duration(s.objective) }

func (s *switcher) ErrorAlarm() awscloudwatch.Alarm { return s.errors }

func (s *switcher) DeadLetterAlarm() awscloudwatch.Alarm { return s.letters }

func (s *switcher) SlowSwitchAlarm() awscloudwatch.Alarm { return s.slow }

func (s *switcher) SweepAlarm() awscloudwatch.Alarm { return s.sweeps }

func (s *switcher) ThrottleAlarm() awscloudwatch.Alarm { return s.throttled }
