package recovery

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/consumer"
	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// newNode checks the props that need no construct.
func newNode(at prop.Place, props *ClusterNodeProps) *clusterNode {
	at.Require(props.Switcher != nil, "Switcher", "give the Switcher that recovers the node")
	n := &clusterNode{id: nodeID(at, props.NodeId), switcher: props.Switcher, elsewhere: prop.Or(props.MonitoredElsewhere, false)}
	n.name = prop.Or(props.NodeName, fmt.Sprintf("node-%d", n.id))
	if props.Network.SecurityGroups != nil && len(*props.Network.SecurityGroups) > 4 {
		at.Fail("Network.SecurityGroups has %d groups: at most four are allowed beside the node's own, since EC2 allows five per interface; merge some", len(*props.Network.SecurityGroups))
	}
	if props.Network.TargetGroups != nil && props.Network.LoadBalancer != nil {
		at.Fail("Network.TargetGroups and Network.LoadBalancer are both given: register in existing groups or make a load balancer; leave one out")
	}
	for key := range prop.Or(props.Tags, nil) {
		at.FailOn(prop.TagKeyError(key))
		if key == *n.switcher.IdTag() || key == *n.switcher.TargetTag() || key == contract.SwitcherTag {
			at.Fail("tag key %q is set by ClusterNode itself: use NodeId, RecoveryTarget or Switcher", key)
		}
	}
	n.checkZones(at, props)
	n.planTypes(at, props)
	n.planSwitch(at, props)
	return n
}

// checkZones refuses a preferred zone that the VPC does not have.
func (n *clusterNode) checkZones(at prop.Place, props *ClusterNodeProps) {
	known := prop.List(n.switcher.Vpc().AvailabilityZones())
	wanted := at.Texts("Network.Zones", props.Network.Zones)
	prop.RefuseDuplicates(at, "zone", wanted)
	for _, z := range wanted {
		found := prop.Unresolved(z)
		for _, k := range known {
			found = found || k == z || prop.Unresolved(k)
		}
		if !found {
			at.Fail("Network.Zones names %q: allowed are the RecoveryVpc's zones %q; correct it", z, known)
		}
	}
}

// makeResource makes the custom resource, with the properties that the switcher
// reads (contract.NodeProperties) and all that a running node needs before it.
func (n *clusterNode) makeResource(at prop.Place, props *ClusterNodeProps) {
	n.letRelease()
	n.letMoveAddress()
	if n.elsewhere {
		n.addAlarm(alarmName(n, contract.AlarmInstance))
		n.addAlarm(alarmName(n, contract.AlarmApplication))
	}
	wait := at.Seconds("Deployment.ServiceTimeout", props.Deployment.ServiceTimeout, 1800)
	low := n.deployTime()
	if wait <= low || wait > 3600 {
		at.Fail("Deployment.ServiceTimeout is %d s: allowed are %d to 3600 s, more than the switcher's Policy.DeployTime; correct one of them", wait, low+1)
	}
	n.resource = awscdk.NewCustomResource(n, jsii.String("Resource"), &awscdk.CustomResourceProps{
		ResourceType:   jsii.String(contract.NodeResourceType),
		ServiceToken:   n.switcher.FunctionArn(),
		ServiceTimeout: prop.Duration(wait),
		Properties:     n.properties(at, props),
	})
	n.resource.Node().AddDependency(n.needs...)
	n.consumers.Watch(n.name, n.resource)
}

func (n *clusterNode) properties(at prop.Place, props *ClusterNodeProps) *map[string]any {
	n.consumers = consumer.In(awscdk.Stack_Of(n))
	p := contract.NodeProperties{
		NodeId:              strconv.Itoa(n.id),
		NodeName:            n.name,
		AdoptInstance:       n.adopt,
		StatusCheck:         n.check,
		ElasticIpAllocation: n.elastic.Allocation,
		ElasticIpAddress:    n.elastic.Address,
		Zones:               prop.List(props.Network.Zones),
		TargetGroups:        n.groups,
		Alarms:              prop.List(awscdk.Lazy_List(&n.alarms, &awscdk.LazyListValueOptions{OmitEmpty: jsii.Bool(true)})),
		Priority:            strconv.Itoa(at.Whole("Recovery.Priority", props.Recovery.Priority, 100, 0, 1000)),
		AcceptForcedStop:    onlyTrue(props.Fence.AcceptForcedStop),
		AllowTerminateFence: strconv.FormatBool(prop.Or(props.Fence.AllowTerminate, false)),
		Gate:                strconv.FormatBool(prop.Or(props.Gate, false)),
		InstanceTypes:       n.kinds,
		RestartOriginal:     strconv.FormatBool(prop.Or(props.Recovery.RestartOriginal, false)),
		FenceEscalation:     string(n.escalation),
		FileSystem:          n.fileSystem,
		ConsumersHash:       *awscdk.Lazy_String(n.consumers, nil),
	}
	n.life.into(&p)
	if n.template != nil {
		p.LaunchTemplateId, p.LaunchTemplateVersion = *n.template.LaunchTemplateId(), *n.template.LatestVersionNumber()
	}
	text, err := json.Marshal(p)
	at.FailOn(err)
	var fields map[string]any
	at.FailOn(json.Unmarshal(text, &fields))
	delete(fields, "ServiceToken") // awscdk.CustomResource sets it
	return &fields
}

// onlyTrue returns "true" for a flag that is set to true. The switcher takes "" for false.
func onlyTrue(flag *bool) string {
	if prop.Or(flag, false) {
		return "true"
	}
	return ""
}
