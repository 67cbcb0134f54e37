package e2e

import (
	"strings"
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// TestScenario34 deletes the node's target group while its replacement is launched (case
// R16). The switch ends, and the notice and the history name what is missing.
func TestScenario34TargetGroupDeletedInMidSwitch(t *testing.T) {
	t.Parallel()
	a := deploy(t, "single", world.Options{})
	s := a.s[0]
	topic, err := a.Listen(t.Context(), s.Region, s.Settings.Topic)
	must(t, err)
	before, other := a.state(s, database), a.state(s, web)
	group := before.Node.Settings.Groups[0].ARN
	deleted := make(chan error, 1)
	defer a.Proxy.Inject(proxy.Fault{Service: proxy.EC2, Action: "RunInstances", Nth: 1, Hook: func(proxy.Call) {
		deleted <- a.deleteGroup(s, group)
	}})()
	e, err := s.FailApplication(t.Context(), before.Node.Grant.Instance)
	must(t, err)
	a.deliver(e, 1)
	a.Settle()
	select {
	case err := <-deleted:
		must(t, err)
	default:
		t.Fatal("nothing was launched, so the target group is still there")
	}

	node, err := s.Node(t.Context(), database)
	must(t, err)
	if node.Phase != record.Done || node.Grant == nil || node.Grant.Instance == before.Node.Grant.Instance {
		t.Errorf("the node is %s, granted %+v, want it on another instance", node.Phase, node.Grant)
	}
	notices, err := a.In(s.Region).Receive(t.Context(), topic)
	must(t, err)
	if len(notices) != 1 || !strings.Contains(notices[0], string(message.EndLacks)) || !strings.Contains(notices[0], group) {
		t.Errorf("notices %q, want one with %s that names %s", notices, message.EndLacks, group)
	}
	history, err := s.History(t.Context(), database)
	must(t, err)
	if last := history[len(history)-1]; !strings.Contains(strings.Join(last.Missing, "\n"), group) {
		t.Errorf("the history says that %q is missing, want %s", last.Missing, group)
	}
	a.untouched(s, other)
}

// deleteGroup deletes a target group with the listeners that use it, as a person does.
func (a *account) deleteGroup(s world.Switcher, group string) error {
	ctx, in := a.t.Context(), s.AWS().ELB
	balancers, err := in.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	if err != nil {
		return err
	}
	for _, b := range balancers.LoadBalancers {
		listeners, err := in.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: b.LoadBalancerArn})
		if err != nil {
			return err
		}
		for _, l := range listeners.Listeners {
			for _, action := range l.DefaultActions {
				if action.TargetGroupArn == nil || *action.TargetGroupArn != group {
					continue
				}
				if _, err := in.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: l.ListenerArn}); err != nil {
					return err
				}
			}
		}
	}
	_, err = in.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &group})
	return err
}
