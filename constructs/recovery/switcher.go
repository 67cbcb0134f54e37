package recovery

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdadestinations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/code"
	"github.com/workload-recovery/workload-recovery/constructs/internal/keypolicy"
	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// timeout is Lambda's longest; the switcher saves and re-invokes itself before it.
const timeout = 900

type switcher struct {
	constructs.Construct
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
func (s *switcher) IDTag() *string                { return jsii.String(s.idTag) }
func (s *switcher) TargetTag() *string            { return jsii.String(s.targetTag) }
func (s *switcher) RolePath() *string             { return jsii.String(rolePath(s.name)) }
func (s *switcher) Function() awslambda.Function  { return s.fn }
func (s *switcher) Topic() awssns.ITopic          { return s.topic }
func (s *switcher) DeadLetterQueue() awssqs.Queue { return s.queue }
func (s *switcher) LogGroup() awslogs.ILogGroup   { return s.logs }
func (s *switcher) Table() IRecoveryTable         { return s.table }
func (s *switcher) InstanceRule() awsevents.Rule  { return s.instances }
func (s *switcher) AlarmRule() awsevents.Rule     { return s.alarms }

// NewSwitcher makes the switcher of a VPC.
func NewSwitcher(scope constructs.Construct, id *string, props *SwitcherProps) Switcher {
	at := prop.Of(scope, id)
	at.Require(props != nil, "props", "give at least Vpc and Table")
	at.Require(props.Vpc != nil, "Vpc", "give the RecoveryVpc whose nodes the switcher recovers")
	at.Require(props.Table != nil, "Table", "give the Region's RecoveryTable")
	if props.Name != nil {
		checkName(at, *props.Name)
	}
	if props.TopicKey != nil && props.Topic == nil {
		at.Fail("TopicKey is given and Topic is not: TopicKey is the key of a Topic of yours; give EncryptionKey for the topic that the switcher makes")
	}
	memory := at.Whole("MemorySize", props.MemorySize, 512, 128, 10240)
	s := &switcher{
		vpc: props.Vpc, table: props.Table, key: props.EncryptionKey, policy: props.Policy.toContract(at),
		idTag: prop.Or(props.IDTag, contract.DefaultIDTag), targetTag: prop.Or(props.TargetTag, contract.DefaultTargetTag),
		objective: at.Whole("Objective in seconds", prop.SecondsOrNil(props.Objective), 300, 30, 86400), runbooks: runbook.Check(at, props.RunbookUrl),
	}
	s.checkTags(at)
	built := props.Code
	architecture := props.Architecture
	if architecture == nil {
		architecture = awslambda.Architecture_ARM_64()
	}
	if built == nil {
		built = code.Built(scope, at, *architecture.Name())
	}

	constructs.NewConstruct_Override(s, scope, id)
	s.name = prop.Or(props.Name, "")
	if props.Name == nil {
		s.name = *awscdk.Names_UniqueResourceName(s, &awscdk.UniqueResourceNameOptions{
			MaxLength: jsii.Number(contract.NameLimit), Separator: jsii.String("-"), AllowedSpecialCharacters: jsii.String("-"),
		})
		checkName(at, s.name)
	}
	registry.Claim(scope, at, "switcher name", s.name, "give each switcher of a Region a Name of its own")
	s.function = functionName(s.name)
	s.locate()
	s.makeTopic(at, props)
	s.makeQueue()
	s.makeLogGroup(props)
	s.makeRole()
	s.makeFunction(props, built, architecture, memory)
	s.makeRules()
	s.makeAlarms(prop.Or(props.Alarms, true), s.makeSweep())
	return s
}

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
		at.Fail("IDTag and TargetTag are both %q: give two different keys", s.idTag)
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

func (s *switcher) makeLogGroup(props *SwitcherProps) {
	if s.logs = props.LogGroup; s.logs != nil {
		return
	}
	retention := props.LogRetention
	if retention == "" {
		retention = awslogs.RetentionDays_ONE_YEAR
	}
	name := "/aws/lambda/" + s.function
	if s.key != nil {
		keypolicy.LetLogsUse(s, s.key, "SwitcherLogs", name)
	}
	s.logs = awslogs.NewLogGroup(s, jsii.String("Logs"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String(name),
		Retention:     retention,
		EncryptionKey: s.key,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}

func (s *switcher) makeFunction(props *SwitcherProps, built awslambda.Code, architecture awslambda.Architecture, memory int) {
	tracing := awslambda.Tracing_DISABLED
	if prop.Or(props.Tracing, false) {
		tracing = awslambda.Tracing_ACTIVE
	}
	s.fn = awslambda.NewFunction(s, jsii.String("Resource"), &awslambda.FunctionProps{
		FunctionName: jsii.String(s.function),
		Description:  jsii.String(fmt.Sprintf("Recovers the nodes of switcher %s in another Availability Zone", s.name)),
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Handler:      jsii.String("bootstrap"),
		Code:         built,
		Architecture: architecture,
		MemorySize:   jsii.Number(float64(memory)),
		Timeout:      prop.Duration(timeout),
		Role:         s.role,
		LogGroup:     s.logs,
		Tracing:      tracing,
		Environment:  &map[string]*string{contract.EnvConfig: s.config()},
		// Long waits continue in a new invocation. Lambda would cut such a chain at
		// about 16; the switcher bounds its chain itself.
		RecursiveLoop: awslambda.RecursiveLoop_ALLOW,
		// What fails three times goes to the queue with its error, and is not retried
		// when it is an hour old: the sweep has done its work by then.
		OnFailure:     awslambdadestinations.NewSqsDestination(s.keyless()),
		RetryAttempts: jsii.Number(2),
		MaxEventAge:   prop.Duration(3600),
	})
	s.fn.Node().AddDependency(s.permissions...)
	nag.Quiet(s.fn.Node().DefaultChild().(awslambda.CfnFunction), "W3005", "AWS CDK names the role as a dependency besides referring to it.")
	// Stacks of nodes must keep this one from being deleted, whatever the app's
	// default is: a node's custom resource without its function could never be
	// deleted again.
	awscdk.CrossStackReferences_Of(s.fn).Produce(awscdk.ReferenceStrength_STRONG)
}

// config is what the function is told, as JSON with the tokens that
// CloudFormation fills in.
func (s *switcher) config() *string {
	text, err := json.Marshal(contract.Config{
		Name: s.name, VPC: *s.vpc.VpcId(), BlackholeGroup: *s.vpc.BlackholeSecurityGroupId(),
		Table: *s.table.TableName(), Topic: *s.topic.TopicArn(), Function: s.function,
		IDTag: s.idTag, TargetTag: s.targetTag, Policy: s.policy,
	})
	if err != nil {
		panic(fmt.Sprintf("recovery: the switcher's configuration cannot be written: %v", err))
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		panic(fmt.Sprintf("recovery: the switcher's configuration cannot be read back: %v", err))
	}
	return awscdk.Stack_Of(s).ToJsonString(fields, nil)
}

func (s *switcher) GrantInvoke(grantee awsiam.IGrantable) awsiam.Grant {
	return awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: grantee, Actions: jsii.Strings("lambda:InvokeFunction"), ResourceArns: &[]*string{s.arn},
	})
}

func (s *switcher) GrantReadRecords(grantee awsiam.IGrantable) awsiam.Grant {
	if key := s.table.EncryptionKey(); key != nil {
		awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
			Grantee: grantee, Actions: jsii.Strings("kms:Decrypt"),
			ResourceArns: &[]*string{key.KeyArn()}, Conditions: statement.GrantConditions(s.may().Via("dynamodb")),
		})
	}
	return awsiam.Grant_AddToPrincipal(&awsiam.GrantOnPrincipalOptions{
		Grantee: grantee, Actions: jsii.Strings("dynamodb:GetItem", "dynamodb:Query"),
		ResourceArns: &[]*string{s.table.TableArn()}, Conditions: statement.GrantConditions(s.may().LeadingKeys()),
	})
}

// Switcher_FromSwitcherAttributes refers to a Switcher of another app, so that
// nodes can be added to it from here.
func Switcher_FromSwitcherAttributes(scope constructs.Construct, id *string, attrs *SwitcherAttributes) ISwitcher {
	at := prop.Of(scope, id)
	at.Require(attrs != nil && attrs.SwitcherName != nil, "SwitcherName", "give the name of the other app's Switcher")
	at.Require(attrs.Vpc != nil, "Vpc", "give its place, for example from RecoveryVpc_FromRecoveryVpcAttributes")
	checkName(at, *attrs.SwitcherName)
	s := &switcher{
		name: *attrs.SwitcherName, function: functionName(*attrs.SwitcherName), vpc: attrs.Vpc, policy: contract.DefaultPolicy(),
		idTag: prop.Or(attrs.IDTag, contract.DefaultIDTag), targetTag: prop.Or(attrs.TargetTag, contract.DefaultTargetTag),
		runbooks: runbook.Check(at, attrs.RunbookUrl),
	}
	s.checkTags(at)
	constructs.NewConstruct_Override(s, scope, id)
	s.locate()
	if attrs.RoleArn != nil {
		s.role = awsiam.Role_FromRoleArn(s, jsii.String("Role"), attrs.RoleArn, nil)
	} else {
		s.role = awsiam.Role_FromRoleName(s, jsii.String("Role"), s.roleName(), nil)
	}
	return s
}
