package recovery

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/jsii-runtime-go"
)

// nodeDimension is the metric dimension that holds the node's id.
const nodeDimension = "NodeId"

// agentConfiguration makes the CloudWatch agent count the application's processes
// every period and send the count at once, under the node's id alone
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html).
func agentConfiguration(node ClusterNode, process string, a alarmPlan) string {
	interval := min(a.period, 60)
	text, err := json.Marshal(map[string]any{
		"agent": map[string]any{"metrics_collection_interval": interval},
		"metrics": map[string]any{
			"namespace":              a.namespace,
			"force_flush_interval":   interval, // the default of 60 s would look like silence
			"aggregation_dimensions": [][]string{{nodeDimension}},
			"metrics_collected": map[string]any{
				"procstat": []any{map[string]any{
					"pattern":                     process,
					"measurement":                 []string{"pid_count"},
					"metrics_collection_interval": interval,
					"append_dimensions":           map[string]string{nodeDimension: strconv.Itoa(int(*node.NodeId()))},
				}},
			},
		},
	})
	if err != nil {
		panic(fmt.Sprintf("recovery: the agent's configuration cannot be written: %v", err))
	}
	return string(text)
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
