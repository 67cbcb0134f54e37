package recovery

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/filesystem"
	"github.com/workload-recovery/workload-recovery/constructs/internal/input"
	"github.com/workload-recovery/workload-recovery/constructs/internal/placement"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/registry"
)

// NewClusterNode makes a protected workload.
func NewClusterNode(scope constructs.Construct, id *string, props *ClusterNodeProps) ClusterNode {
	at := prop.Of(scope, id)
	props, fault := input.Clean(scope, props)
	at.FailOn(fault)
	at.Require(props != nil, "props", "give at least Switcher and NodeId")
	props = props.grouped()
	n := newNode(at, props)
	n.planBoot(at, props)
	n.planLife(at, lifeProps{
		apply: props.Deployment.ApplyChanges, drain: props.Deployment.DrainTime, stop: props.Deployment.StopTime, await: props.Recovery.AwaitAutoRecovery,
		onDelete: props.Deployment.OnDelete, def: awscdk.RemovalPolicy_DESTROY,
	})
	registry.Claim(scope, at, "node id", strconv.Itoa(n.id), "node ids are unique per account and Region; choose another NodeId")
	n.claimAddress(scope, at, props.Network.ElasticIp)

	awscdk.NewResource_Override(n, scope, id, nil)
	filesystem.PinIDs(n)
	placement.Check(at, n, props.Instance.PlacementGroup)
	n.group = awsec2.NewSecurityGroup(n, jsii.String("Group"), &awsec2.SecurityGroupProps{
		Vpc: n.switcher.Vpc().Vpc(), Description: jsii.String(n.label()),
	})
	groups := []awsec2.ISecurityGroup{n.group}
	if props.Network.SecurityGroups != nil {
		groups = append(groups, *props.Network.SecurityGroups...)
	}
	n.connections = awsec2.NewConnections(&awsec2.ConnectionsProps{SecurityGroups: &groups})
	n.need(n.group)
	n.makeRole(at, props)
	n.makeFiles(at, props)
	n.makeTargets(at, props)
	n.makeStatusCheck(at, props.ApplicationStatusCheck)
	n.makeUserData(at, props)
	n.makeTemplate(at, props, groups)
	n.makeResource(at, props)
	n.makeRetained(at, props)
	return n
}
