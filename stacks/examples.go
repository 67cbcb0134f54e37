package stacks

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
)

// ExampleProps are the props of the examples. All may be left out.
type ExampleProps struct {
	// Env is where Single is deployed. Default: the account and Region of the
	// credentials at deployment.
	Env *awscdk.Environment
	// Code makes the built switcher's code, anew for each switcher: AWS CDK binds it
	// to one stack. Default: what `make build` made.
	Code func() awslambda.Code
}

func (p ExampleProps) code() awslambda.Code {
	if p.Code == nil {
		return nil
	}
	return p.Code()
}

// SingleExample is two nodes in one VPC.
type SingleExample struct {
	Region RegionStack
	Vpc    VpcStack
	Nodes  NodesStack
	// Dashboard shows both.
	Dashboard DashboardStack
}

// Single composes one VPC in the first three zones with two nodes: a database-like
// one behind an NLB and a web-like one behind an ALB, in three stacks, and a dashboard
// in a fourth.
func Single(app awscdk.App, props ExampleProps) SingleExample {
	in := awscdk.StackProps{Env: props.Env}
	region := NewRegionStack(app, "RecoveryRegion", &RegionStackProps{StackProps: in})
	vpc := NewVpcStack(app, "RecoveryVpc", &VpcStackProps{
		StackProps: in, Region: region,
		Switcher: &recovery.SwitcherProps{Name: jsii.String("example"), Code: props.code()},
	})
	nodes := NewNodesStack(app, "RecoveryNodes", &NodesStackProps{
		StackProps: in, Switcher: vpc.Switcher, Nodes: SingleNodes(),
	})
	dashboard := NewDashboardStack(app, "RecoveryDashboard", &DashboardStackProps{
		StackProps: in, Vpc: vpc, Nodes: []NodesStack{nodes},
	})
	return SingleExample{Region: region, Vpc: vpc, Nodes: nodes, Dashboard: dashboard}
}

// SingleNodes are the two nodes of Single.
func SingleNodes() []Node { return []Node{databaseNode(1), webNode(2)} }

// databaseNode serves one TCP port behind an NLB.
func databaseNode(id int) Node {
	return Node{
		ID: fmt.Sprintf("Database%d", id),
		Props: recovery.ClusterNodeProps{
			NodeId: jsii.Number(id), NodeName: jsii.String(fmt.Sprintf("database-%d", id)),
			Network:  &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{Port: jsii.Number(5432), TargetPort: jsii.Number(5432)}},
			Recovery: &recovery.NodeRecovery{Priority: jsii.Number(200)},
			UserData: placeholder(5432), Application: application(5432),
		},
	}
}

// webNode serves HTTP behind an ALB.
func webNode(id int) Node {
	return Node{
		ID: fmt.Sprintf("Web%d", id),
		Props: recovery.ClusterNodeProps{
			NodeId: jsii.Number(id), NodeName: jsii.String(fmt.Sprintf("web-%d", id)),
			Network: &recovery.NodeNetwork{LoadBalancer: &recovery.NodeLoadBalancer{
				Kind: recovery.LoadBalancerKind_APPLICATION, TargetPort: jsii.Number(8080), HealthPath: jsii.String("/health"),
			}},
			UserData: placeholder(8080), Application: application(8080),
		},
	}
}

// placeholder makes a unit that stands for the workload, so that the example is
// healthy as it is: it answers HTTP on the port with the files of the data file
// system, among them health and boots, a list of the instances that served it. Put
// your own in its place.
func placeholder(port int) awsec2.UserData {
	data := awsec2.UserData_ForLinux(nil)
	data.AddCommands(jsii.String(fmt.Sprintf(`cat > /etc/systemd/system/example.service <<'UNIT'
[Unit]
Description=Stands for the workload
[Service]
ExecStartPre=/bin/sh -c 'echo well >/data/health; echo "$$(date -u +%%%%FT%%%%TZ) $$(uname -n)" >>/data/boots'
ExecStart=/usr/bin/python3 -m http.server %d --directory /data
[Install]
WantedBy=multi-user.target
UNIT`, port)))
	return data
}

func application(port int) *recovery.NodeApplication {
	return &recovery.NodeApplication{
		Units: jsii.Strings("example"),
		Check: &recovery.NodeCheck{HttpUrl: jsii.String(fmt.Sprintf("http://localhost:%d/health", port))},
	}
}

// MultiRegions are the Regions of Multi, in its order.
var MultiRegions = []string{"us-east-1", "ap-northeast-1"}

// MultiExample is two VPCs in one Region and one in another.
type MultiExample struct {
	Regions []RegionStack // in the order of MultiRegions
	Vpcs    []VpcStack    // two in the first Region, one in the second
	Nodes   []NodesStack  // in the order of Vpcs
	// Dashboards are in the order of Vpcs.
	Dashboards []DashboardStack
}

// Multi composes two VPCs in MultiRegions[0] and a third in MultiRegions[1], each
// with its own switcher and one node. The two in one Region share the table and
// nothing else; the node ids of the first and of the third may be equal, since ids
// are unique per Region only. The account is props.Env's, or that of the
// credentials at deployment.
func Multi(app awscdk.App, props ExampleProps) MultiExample {
	var account *string
	if props.Env != nil {
		account = props.Env.Account
	}
	var out MultiExample
	for i, name := range MultiRegions {
		in := awscdk.StackProps{Env: &awscdk.Environment{Account: account, Region: jsii.String(name)}}
		region := NewRegionStack(app, fmt.Sprintf("Multi%d-Region", i+1), &RegionStackProps{StackProps: in})
		out.Regions = append(out.Regions, region)
		for j := range 2 - i {
			label := fmt.Sprintf("%d%c", i+1, 'a'+j)
			vpc := NewVpcStack(app, "Multi"+label+"-Vpc", &VpcStackProps{
				StackProps: in, Region: region,
				Vpc: &recovery.RecoveryVpcProps{
					CidrBlock:         jsii.String(fmt.Sprintf("10.%d.0.0/16", 10*i+j)),
					AvailabilityZones: jsii.Strings(zones[name]...),
				},
				Switcher: &recovery.SwitcherProps{Name: jsii.String("multi-" + label), Code: props.code()},
			})
			out.Vpcs = append(out.Vpcs, vpc)
			nodes := NewNodesStack(app, "Multi"+label+"-Nodes", &NodesStackProps{
				StackProps: in, Switcher: vpc.Switcher, Nodes: []Node{databaseNode(11 + j)},
			})
			out.Nodes = append(out.Nodes, nodes)
			out.Dashboards = append(out.Dashboards, NewDashboardStack(app, "Multi"+label+"-Dashboard", &DashboardStackProps{
				StackProps: in, Vpc: vpc, Nodes: []NodesStack{nodes},
			}))
		}
	}
	return out
}

// zones that the example names, so that it needs no lookup.
var zones = map[string][]string{
	"us-east-1":      {"us-east-1a", "us-east-1b", "us-east-1c"},
	"ap-northeast-1": {"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"},
}
