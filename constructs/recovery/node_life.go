package recovery

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/constructs/internal/wrapped"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// lifeProps are the props that make it, of a new node or of an adopted one.
type lifeProps struct {
	apply              ApplyChanges
	drain, stop, await awscdk.Duration
	onDelete, def      awscdk.RemovalPolicy
}

// planLife checks what the props say of changes and deletion.
func (n *clusterNode) planLife(at prop.Place, p lifeProps) {
	out := life{apply: string(p.apply), onDelete: contract.DeleteTerminate}
	switch p.apply {
	case "":
		out.apply = contract.ApplyNextSwitch
	case ApplyChanges_NEXT_SWITCH, ApplyChanges_AT_ONCE:
	default:
		at.Fail("Deployment.ApplyChanges is %q: allowed are %q and %q; leave it out for %q", p.apply, ApplyChanges_NEXT_SWITCH, ApplyChanges_AT_ONCE, ApplyChanges_NEXT_SWITCH)
	}
	if p.onDelete == "" {
		p.onDelete = p.def
	}
	switch p.onDelete {
	case awscdk.RemovalPolicy_DESTROY:
	case awscdk.RemovalPolicy_RETAIN:
		out.onDelete = contract.DeleteRetain
	default:
		at.Fail("Deployment.OnDelete is %q: allowed are RemovalPolicy_DESTROY and RemovalPolicy_RETAIN; leave it out for RemovalPolicy_%s", p.onDelete, p.def)
	}
	out.drain = at.Between("Deployment.DrainTime", p.drain, contract.DefaultDrain, 0, 3600)
	out.stop = at.Between("Deployment.StopTime", p.stop, contract.DefaultStop, 0, 600)
	if p.await != nil {
		if out.await = at.Seconds("Recovery.AwaitAutoRecovery", p.await, 0); out.await < 60 || out.await > 3600 {
			at.Fail("Recovery.AwaitAutoRecovery is %d s: allowed are 60 to 3600 s; leave it out to have automatic recovery off", out.await)
		}
	}
	// A changed image has half of DeployTime to become healthy, the way there included.
	if most := n.deployTime() / 2; out.apply == contract.ApplyAtOnce && out.drain+out.stop >= most {
		at.Fail("Deployment.DrainTime and Deployment.StopTime are %d s together: ApplyChanges_AT_ONCE allows less than %d s, half of the switcher's Policy.DeployTime, since the other half is for going back; shorten one of them, or lengthen DeployTime",
			out.drain+out.stop, most)
	}
	n.life = out
}

// deployTime is how long the switcher lets a deployment take, in seconds. That of an
// imported switcher is not known: the default is assumed.
func (n *clusterNode) deployTime() int {
	if s, ok := wrapped.Find[*switcher](n.switcher); ok {
		return s.policy.DeploySeconds
	}
	return contract.DefaultPolicy().DeploySeconds
}

// into writes it into the custom resource's properties.
func (l life) into(p *contract.NodeProperties) {
	p.ApplyChanges, p.OnDelete = l.apply, l.onDelete
	p.DrainSeconds, p.StopSeconds = strconv.Itoa(l.drain), strconv.Itoa(l.stop)
	if l.await > 0 {
		p.AwaitRecoverySeconds = strconv.Itoa(l.await)
	}
}
