package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/code"
	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/processor"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
	"github.com/workload-recovery/workload-recovery/constructs/internal/runbook"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// NewSwitcher makes the switcher of a VPC.
func NewSwitcher(scope constructs.Construct, id *string, props *SwitcherProps) Switcher {
	at := prop.Of(scope, id)
	props, fault := input.Clean(scope, props)
	at.FailOn(fault)
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
	checkConcurrency(at, props.ReservedConcurrentExecutions)
	s := &switcher{
		vpc: props.Vpc, table: props.Table, key: props.EncryptionKey, policy: props.Policy.toContract(at),
		idTag: prop.Or(props.IdTag, contract.DefaultIDTag), targetTag: prop.Or(props.TargetTag, contract.DefaultTargetTag),
		objective: at.Between("Objective", props.Objective, 300, 30, 86400), runbooks: runbook.Check(at, props.RunbookUrl),
	}
	s.checkTags(at)
	built := props.Code
	architecture := props.Architecture
	if architecture == nil {
		architecture = awslambda.Architecture_ARM_64()
	}
	processor.CheckCode(at, built, *architecture.Name())
	if built == nil {
		built = code.Built(scope, at, *architecture.Name())
	}

	awscdk.NewResource_Override(s, scope, id, nil)
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
	if id := s.vpc.VpcId(); *id != lookupID {
		registry.ClaimThing(scope, at, "switcher of VPC", id, "a VPC has one switcher, since two would act on the same nodes; give the nodes to that one")
	}
	s.makeQueue()
	s.makeLogGroup(props)
	s.makeRole()
	s.makeFunction(props, built, architecture, memory)
	s.makeRules()
	s.makeAlarms(prop.Or(props.Alarms, true), s.makeSweep())
	return s
}
