package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

// listen subscribes somebody to the switcher's topic: "listen".
func listen(ts *testscript.TestScript, _ bool, _ []string) {
	a := of(ts)
	_, err := a.Listen(context.Background(), region, a.s.Settings.Topic)
	ts.Check(err)
}

// plant plants a fault in the deployment: "plant stop 2"; "plant no image 2" takes
// something away.
func plant(ts *testscript.TestScript, _ bool, args []string) {
	a, ctx := of(ts), context.Background()
	if args[0] == "no" && len(args) == 3 && gone[args[1]] != nil {
		n, err := a.node(ctx, args[2])
		ts.Check(err)
		ts.Check(gone[args[1]](ctx, a, n))
		return
	}
	do, ok := faults[args[0]]
	if !ok {
		do, ok = changed[args[0]]
	}
	if !ok {
		ts.Fatalf("no fault is called %q", args)
	}
	ts.Check(do(ctx, a, args[1:]))
}

var faults = map[string]func(context.Context, *account, []string) error{
	"tag": func(ctx context.Context, a *account, args []string) error {
		n, err := a.node(ctx, args[0])
		if err != nil {
			return err
		}
		_, err = a.s.AWS().EC2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{n.Grant.Instance}, Tags: []types.Tag{{Key: &args[1], Value: &args[2]}}})
		return err
	},
	"rule": func(ctx context.Context, a *account, _ []string) error {
		_, err := a.s.AWS().EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: &a.s.Settings.BlackholeGroup, IpPermissions: []types.IpPermission{{
				IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}},
			}},
		})
		return err
	},
	"untagsubnets": func(ctx context.Context, a *account, _ []string) error {
		zones, err := a.s.Destinations(ctx)
		if err != nil {
			return err
		}
		for subnet, zone := range zones {
			if zone == region+"a" {
				continue
			}
			if _, err := a.s.AWS().EC2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{subnet}, Tags: []types.Tag{{Key: aws.String(contract.DestinationTag)}}}); err != nil {
				return err
			}
		}
		return nil
	},
	"alarm": func(ctx context.Context, a *account, args []string) error {
		id, err := contract.ParseNodeID(args[0])
		if err != nil {
			return err
		}
		ports := awscloud.Ports(provision.Config(a.Proxy.URL, region, proxy.Observer), awscloud.Options{})
		return ports.Alarms.Repoint(ctx, contract.AlarmName(a.s.Settings.Name, id, args[1]), args[2])
	},
	"deregister": func(ctx context.Context, a *account, args []string) error {
		n, err := a.node(ctx, args[0])
		if err != nil {
			return err
		}
		_, err = a.s.AWS().ELB.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{
			TargetGroupArn: &n.Settings.Groups[0].ARN, Targets: []elbtypes.TargetDescription{{Id: &n.Grant.Instance}},
		})
		return err
	},
	"stop": func(ctx context.Context, a *account, args []string) error {
		n, err := a.node(ctx, args[0])
		if err != nil {
			return err
		}
		_, err = a.s.FailApplication(ctx, n.Grant.Instance)
		return err
	},
	"deny": func(_ context.Context, a *account, args []string) error {
		a.front.deny(args[0])
		return nil
	},
	// twin adds a second switcher to the Region, of a VPC without nodes.
	"twin": func(_ context.Context, a *account, _ []string) error {
		other := a.s.Settings
		other.Name, other.VPC, other.Function = "other", "vpc-0other", contract.FunctionName("other")
		var list []any
		for _, cfg := range []contract.Config{a.s.Settings, other} {
			text, err := json.Marshal(cfg)
			if err != nil {
				return err
			}
			list = append(list, map[string]any{"FunctionName": cfg.Function, "Environment": map[string]any{"Variables": map[string]string{contract.EnvConfig: string(text)}}})
		}
		text, err := json.Marshal(map[string]any{"Functions": list})
		if err == nil {
			a.front.list(string(text))
		}
		return err
	},
	"quota": func(_ context.Context, a *account, args []string) error {
		a.front.quota(args[0])
		return nil
	},
}

func (a *account) node(ctx context.Context, text string) (record.Node, error) {
	id, err := contract.ParseNodeID(text)
	if err != nil {
		return record.Node{}, err
	}
	return a.s.Node(ctx, id)
}

// decided is what IAM's simulator says of the actions of a request.
func decided(form map[string][]string, denied map[string]bool) string {
	var b strings.Builder
	b.WriteString(`<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>`)
	for i := 1; ; i++ {
		action := form[fmt.Sprintf("ActionNames.member.%d", i)]
		if len(action) == 0 {
			break
		}
		decision := "allowed"
		if denied[action[0]] {
			decision = "implicitDeny"
		}
		fmt.Fprintf(&b, "<member><EvalActionName>%s</EvalActionName><EvalDecision>%s</EvalDecision></member>", action[0], decision)
	}
	b.WriteString(`</EvaluationResults></SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>front</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>`)
	return b.String()
}
