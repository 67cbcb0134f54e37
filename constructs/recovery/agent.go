package recovery

import (
	"fmt"
	"strconv"

	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/alarm"
	"github.com/workload-recovery/workload-recovery/constructs/internal/wrapped"
	"github.com/workload-recovery/workload-recovery/internal/boot"
)

// sendFrom makes the CloudWatch agent count the application's processes, or the
// node's units, every period and send the count at once, under the node's id alone.
func (m *resourceMonitor) sendFrom(node IClusterNode, process string, a alarm.Shape) {
	agent := &boot.Agent{Node: strconv.Itoa(int(*node.NodeId()))}
	plan, units := bootPlanOf(node), []string(nil)
	if plan != nil {
		if plan.Agent != nil { // sends logs already
			agent = plan.Agent
		}
		plan.Agent = agent
		if plan.Application != nil {
			units = plan.Application.Units
		}
	}
	agent.Interval, agent.Namespace, agent.Process = min(a.Period, 60), a.Namespace, process
	m.agent = agent.Configuration(units)
}

func (m *resourceMonitor) AgentCommands() *[]*string {
	if m.agent == "" {
		return jsii.Strings()
	}
	const file = "/opt/aws/amazon-cloudwatch-agent/etc/recovery.json"
	return jsii.Strings(
		"rpm -q amazon-cloudwatch-agent || dnf install -y amazon-cloudwatch-agent",
		fmt.Sprintf("cat > %s <<'RECOVERY_AGENT'\n%s\nRECOVERY_AGENT", file, m.agent),
		fmt.Sprintf("/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:%s", file),
	)
}

// bootPlanOf returns the plan of the node's generated user data, or nil when none is
// generated here.
func bootPlanOf(node IClusterNode) *boot.Plan {
	if made, is := wrapped.Find[*clusterNode](node); is {
		return made.boot
	}
	return nil
}
