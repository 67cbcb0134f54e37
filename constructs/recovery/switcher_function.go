package recovery

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdadestinations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/keypolicy"
	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

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

		ReservedConcurrentExecutions: props.ReservedConcurrentExecutions,
		Role:                         s.role,
		LogGroup:                     s.logs,
		Tracing:                      tracing,
		Environment:                  &map[string]*string{contract.EnvConfig: s.config()},
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

// checkConcurrency refuses a reservation with which the function could not work.
func checkConcurrency(at prop.Place, n *float64) {
	const low, high = 5, 1000
	if n == nil {
		return
	}
	if prop.Unresolved(n) {
		at.Fail("ReservedConcurrentExecutions is a token: it must be known at synthesis; give %d to %d, or leave it out to reserve none", low, high)
	}
	if v := *n; v != math.Trunc(v) || v < low || v > high {
		at.Fail("ReservedConcurrentExecutions is %v: allowed are the whole numbers %d to %d; with fewer the switcher is throttled when several things fail at once, and 0 turns it off; "+
			"leave it out to reserve none", v, low, high)
	}
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
