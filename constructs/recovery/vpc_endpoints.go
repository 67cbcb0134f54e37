package recovery

import (
	"regexp"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// service is an AWS service that is reached through an endpoint, with its short name,
// such as "ssm". Logical ids hold that name.
type service[S any] struct {
	name string
	of   S
}

var serviceName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,98}$`)

// endpointPlan holds the checked services of the endpoints.
type endpointPlan struct {
	interfaces []service[awsec2.InterfaceVpcEndpointAwsService]
	gateways   []service[awsec2.GatewayVpcEndpointAwsService]
}

func planEndpoints(at prop.Place, props *RecoveryVpcProps) endpointPlan {
	var n endpointPlan
	interfaces := []awsec2.InterfaceVpcEndpointAwsService{
		awsec2.InterfaceVpcEndpointAwsService_CLOUDWATCH_MONITORING(), awsec2.InterfaceVpcEndpointAwsService_EC2(), awsec2.InterfaceVpcEndpointAwsService_CLOUDWATCH_LOGS(),
	}
	if props.InterfaceEndpoints != nil {
		interfaces = *props.InterfaceEndpoints
	}
	interfaces = append([]awsec2.InterfaceVpcEndpointAwsService{}, interfaces...) // not the caller's
	if props.ExtraInterfaceEndpoints != nil {
		interfaces = append(interfaces, *props.ExtraInterfaceEndpoints...)
	}
	var names []string
	for _, s := range interfaces {
		name := *s.ShortName()
		if prop.Unresolved(name) || !serviceName.MatchString(name) {
			at.Fail("InterfaceEndpoints or ExtraInterfaceEndpoints has the service %q: allowed are short names such as ssm, without com.amazonaws and Region; use a constant such as awsec2.InterfaceVpcEndpointAwsService_SSM()", name)
		}
		names = append(names, name)
		n.interfaces = append(n.interfaces, service[awsec2.InterfaceVpcEndpointAwsService]{name, s})
	}
	prop.RefuseDuplicates(at, "interface endpoint", names)

	gateways := []awsec2.GatewayVpcEndpointAwsService{awsec2.GatewayVpcEndpointAwsService_S3(), awsec2.GatewayVpcEndpointAwsService_DYNAMODB()}
	if props.GatewayEndpoints != nil {
		gateways = *props.GatewayEndpoints
	}
	names = nil
	for _, s := range gateways {
		full := *s.Name() // com.amazonaws.<Region>.s3: the Region may be a token
		name := full[strings.LastIndex(full, ".")+1:]
		if name != "s3" && name != "dynamodb" {
			at.Fail("GatewayEndpoints has the service %q: allowed are awsec2.GatewayVpcEndpointAwsService_S3() and _DYNAMODB(); leave it out for both", name)
		}
		names = append(names, name)
		n.gateways = append(n.gateways, service[awsec2.GatewayVpcEndpointAwsService]{name, s})
	}
	prop.RefuseDuplicates(at, "gateway endpoint", names)
	return n
}

// build makes the endpoints in the nodes' subnets. The group is nil if there are no
// interface endpoints.
func (n endpointPlan) build(scope constructs.Construct, vpc awsec2.IVpc, cidr *string, subnets *[]awsec2.ISubnet) (awsec2.SecurityGroup, map[string]awsec2.InterfaceVpcEndpoint) {
	for _, s := range n.gateways {
		awsec2.NewGatewayVpcEndpoint(scope, jsii.String("Gateway-"+s.name), &awsec2.GatewayVpcEndpointProps{
			Vpc: vpc, Service: s.of, Subnets: &[]*awsec2.SubnetSelection{{Subnets: subnets}},
		})
	}
	made := map[string]awsec2.InterfaceVpcEndpoint{}
	if len(n.interfaces) == 0 {
		return nil, made
	}
	group := awsec2.NewSecurityGroup(scope, jsii.String("EndpointGroup"), &awsec2.SecurityGroupProps{
		Vpc: vpc, AllowAllOutbound: jsii.Bool(false),
		Description: jsii.String("Interface endpoints: HTTPS from the VPC"),
	})
	group.AddIngressRule(awsec2.Peer_Ipv4(cidr), awsec2.Port_Tcp(jsii.Number(443)), jsii.String("HTTPS from the VPC"), nil)
	for _, s := range n.interfaces {
		made[s.name] = awsec2.NewInterfaceVpcEndpoint(scope, jsii.String("Endpoint-"+s.name), &awsec2.InterfaceVpcEndpointProps{
			Vpc:     vpc,
			Service: s.of,
			// An endpoint interface in every zone: a node must not depend on another zone.
			Subnets:           &awsec2.SubnetSelection{Subnets: subnets},
			SecurityGroups:    &[]awsec2.ISecurityGroup{group},
			PrivateDnsEnabled: jsii.Bool(true),
			Open:              jsii.Bool(false),
		})
	}
	return group, made
}
