package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
)

// LoadBalancerKind is NETWORK or APPLICATION.
type LoadBalancerKind string

const (
	// LoadBalancerKind_NETWORK is a Network Load Balancer (TCP).
	LoadBalancerKind_NETWORK LoadBalancerKind = "NETWORK"
	// LoadBalancerKind_APPLICATION is an Application Load Balancer (HTTP). A new target
	// takes traffic within seconds, an NLB's within one to three minutes.
	LoadBalancerKind_APPLICATION LoadBalancerKind = "APPLICATION"
)

// NodeLoadBalancer is a node's own load balancer with one listener and one target group,
// for TCP, TLS, HTTP or HTTPS over IPv4. For several ports, UDP or IPv6 make the load
// balancer yourself and give its groups as NodeNetwork's TargetGroups.
type NodeLoadBalancer struct {
	// Kind of load balancer. A change replaces it, and its address changes: clients are
	// cut off until they use the new one. Default: LoadBalancerKind_NETWORK.
	Kind LoadBalancerKind
	// Port that clients use, 1 to 65535. Default: 80, with Certificates 443.
	Port *float64
	// TargetPort of the instance, 1 to 65535. A change replaces the target group: clients
	// are cut off until the instance is healthy in the new one. Default: 80.
	TargetPort *float64
	// Certificates make it a TLS (NLB) or HTTPS (ALB) listener. Default: none.
	Certificates *[]awselasticloadbalancingv2.IListenerCertificate
	// InternetFacing needs Subnets that are public. A change replaces the load balancer,
	// and its address changes. Default: false.
	InternetFacing *bool
	// Subnets are the load balancer's, in at least two zones. Default: the nodes'.
	Subnets *[]awsec2.ISubnet
	// ClientCidrs are the IPv4 blocks that may connect. Default: the VPC's block;
	// InternetFacing 0.0.0.0/0.
	ClientCidrs *[]*string
	// HealthPath makes the health check an HTTP request. Default: NLB a TCP
	// connection, ALB "/".
	HealthPath *string
	// HealthInterval between two health checks, 5 to 300 s. Default: 5 s.
	HealthInterval awscdk.Duration
	// HealthCount is the number of equal results that change a target's health, 2 to 10. Default: 2.
	HealthCount *float64
	// DeregistrationDelay is the time that a removed target has to finish its requests, 0 to
	// 3600 s. A failed instance finishes none. Default: 30 s.
	DeregistrationDelay awscdk.Duration
	// DeletionProtection refuses the deletion of the load balancer. Default: false.
	DeletionProtection *bool
}

// NodeTargetGroup is an existing target group of type instance, or of type ip, in which
// the instance's primary private address is registered.
type NodeTargetGroup struct {
	// TargetGroup is the group, made or imported with awselasticloadbalancingv2; give this
	// or TargetGroupArn. A group that this app makes must be of type instance or ip, which
	// is checked at synthesis; AWS checks any other one when the node is deployed.
	// Default: TargetGroupArn.
	TargetGroup awselasticloadbalancingv2.ITargetGroup
	// TargetGroupArn is the ARN of a group that this app does not know otherwise.
	// Default: that of TargetGroup.
	TargetGroupArn *string
	// Port of the instance, 1 to 65535. Default: the group's own.
	Port *float64
}

// NodeElasticIp is an Elastic IP address that moves with the node: the switcher associates
// it with the primary private address of the instance that carries the node. Of an
// awsec2.CfnEIP give AttrAllocationId and AttrPublicIp.
type NodeElasticIp struct {
	// AllocationId is the id of the address's allocation, such as
	// eipalloc-0123456789abcdef0. One node has the address. Required.
	AllocationId *string
	// PublicIp is the address itself, by which the switcher recognises it. Required.
	PublicIp *string
}
