package recovery

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/internal/nag"
	"github.com/workload-recovery/workload-recovery/constructs/internal/statement"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// letRelease allows the switcher to take its tags off the instance that stays when
// the node is deleted: the one that carries the node by then. An adoption that does not
// work out ends so as well, whatever OnDelete says.
func (n *clusterNode) letRelease() {
	if n.life.onDelete != contract.DeleteRetain && n.adopt == "" {
		return
	}
	policy := n.letSwitcher("Release", statement.Allow("ReleaseInstance", []string{"ec2:DeleteTags"}, n.instances("*"), map[string]any{
		"StringEquals": map[string]any{
			"aws:ResourceTag/" + contract.SwitcherTag: *n.switcher.SwitcherName(), "aws:ResourceTag/" + *n.switcher.IdTag(): strconv.Itoa(n.id),
		},
		"ForAllValues:StringEquals": map[string]any{"aws:TagKeys": n.ownTags()},
		"Null":                      map[string]any{"aws:TagKeys": "false"},
	}))
	nag.Explain(policy, nag.Rule{
		ID:     "AwsSolutions-IAM5",
		Reason: "Which instance carries the node when it is deleted is not known at deployment: it is limited by the node's own tags, and so are the tags that may be removed.",
	})
}

// ownTags are the keys of all tags that the switcher gives an instance.
func (n *clusterNode) ownTags() []any {
	keys := []any{*n.switcher.IdTag(), *n.switcher.TargetTag(), contract.SwitcherTag}
	for _, k := range contract.ControlTags {
		keys = append(keys, k)
	}
	return keys
}

func (n *clusterNode) instances(id string) []*string {
	return []*string{awscdk.Stack_Of(n).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("ec2"), Resource: jsii.String("instance"), ResourceName: jsii.String(id),
	})}
}
