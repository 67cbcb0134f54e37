package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// How many of the nodes ask for what.
const (
	gates     = 0.5
	protected = 0.2 // against being stopped, and half of those against termination
	types     = 0.5
	restarts  = 0.3
	goOns     = 0.2
	storages  = 0.3
	divided   = 0.25 // runs with two VPCs
	twins     = 0.1  // runs with another Region
	unwell    = 2    // most times in a run that a zone is reported unwell
	once      = 0.5  // changes are applied at once
	retained  = 0.2
	files     = 0.5 // of those that hold: their data is on a file system of their own
	accepted  = 0.5 // of the others: a forced stop is proof enough
	adopted   = 0.1
)

// wishes draws what each node's custom resource asks for beyond the usual.
func (w *World) wishes() {
	if len(w.nodes) > 1 && w.Chance(divided) {
		w.divide()
	}
	w.policy = w.drawPolicy()
	for id := 1; id <= len(w.nodes); id++ {
		t, p := w.nodes[id], map[string]any{}
		if plan := w.plans[id]; w.Chance(protected) {
			plan.ProtectStop, plan.ProtectTerminate = true, w.Chance(0.5)
			w.plans[id] = plan
		}
		if w.Chance(gates) {
			p["Gate"] = "true"
		}
		if w.Chance(types) {
			p["InstanceTypes"] = instanceTypes[1 : 2+w.Rand.IntN(2)]
		}
		if w.Chance(restarts) {
			p["RestartOriginal"] = "true"
		}
		switch x := w.Rand.Float64(); {
		case x < goOns:
			p["FenceEscalation"] = contract.EscalateGoOn
		case x < goOns+storages:
			p["FenceEscalation"], p["FileSystem"] = contract.EscalateStorage, fileSystem(id)
		case w.Chance(files):
			p["FileSystem"] = fileSystem(id)
		case w.Chance(accepted):
			p["AcceptForcedStop"] = "true"
		}
		w.wishesOfLife(p)
		t.props = p
		if w.Chance(adopted) {
			p["AdoptInstance"] = w.belonging(id, zones[w.Rand.IntN(len(zones))]).ID
		}
	}
}

// request is a custom-resource request of the node's stack.
func (w *World) request(kind, requestID string, id int) string {
	s := &formation{w: w, node: id, name: fmt.Sprintf("stack-%d", id), physical: contract.PhysicalID(w.siteOf(id).name, id)}
	props := w.base(id)
	maps.Copy(props, w.nodes[id].props)
	return w.encodeRequest(kind, requestID, s, props)
}

// encodeRequest writes a request as CloudFormation does, and notes what the node asks for.
func (w *World) encodeRequest(kind, requestID string, s *formation, props map[string]any) string {
	raw, err := json.Marshal(props)
	if err != nil {
		w.Fail("the properties of node %d: %v", s.node, err)
	}
	wish, err := contract.ParseNode(raw)
	if err != nil {
		w.Fail("the properties of node %d: %v", s.node, err)
	}
	if !s.other && wish.ID == s.node {
		w.nodes[s.node].wish = wish
	}
	body, err := json.Marshal(map[string]any{
		"RequestType": kind, "RequestId": requestID, "ResponseURL": fmt.Sprintf("https://x.s3.amazonaws.com/%d?X-Amz-Date=%s&X-Amz-Expires=7200", s.node, w.Now.Format("20060102T150405Z")),
		"StackId": s.name, "LogicalResourceId": "Node", "PhysicalResourceId": s.physical,
		"ResourceType": contract.NodeResourceType, "ResourceProperties": json.RawMessage(raw),
	})
	if err != nil {
		w.Fail("the request %s: %v", requestID, err)
	}
	return string(body)
}

// wishesOfLife draws what a node asks for beyond its recovery: how it is changed,
// moved and deleted.
func (w *World) wishesOfLife(p map[string]any) {
	if w.Chance(once) {
		p["ApplyChanges"] = contract.ApplyAtOnce
	}
	if w.Chance(0.5) {
		p["DrainSeconds"] = strconv.Itoa(w.Rand.IntN(4) * w.Rand.IntN(40))
	}
	if w.Chance(0.5) {
		p["StopSeconds"] = strconv.Itoa(w.Rand.IntN(4) * 30)
	}
	if w.Chance(retained) {
		p["OnDelete"] = contract.DeleteRetain
	}
}

// change draws what a deployment changes of a node. fate is that of a new image, if it
// brings one.
func (w *World) change(id int) (change map[string]any, fate string) {
	change = map[string]any{}
	s := w.nodes[id].stack
	if w.Chance(0.2) {
		change["ApplyChanges"] = []string{contract.ApplyAtOnce, contract.ApplyNextSwitch}[w.Rand.IntN(2)]
	}
	if w.Chance(0.3) {
		change["DrainSeconds"], change["StopSeconds"] = strconv.Itoa(w.Rand.IntN(60)), strconv.Itoa(30+w.Rand.IntN(90))
	}
	if w.Chance(0.3) {
		change["Priority"] = strconv.Itoa(w.Rand.IntN(1000))
	}
	if w.Chance(0.4) || s.status != isDeployed {
		return change, ""
	}
	fate = good
	if w.Chance(0.4) {
		fate = badImages[w.Rand.IntN(len(badImages))]
	}
	change["LaunchTemplateVersion"] = w.newVersion(id, fate, func(b *cloud.Blueprint) {
		if w.Chance(0.3) {
			b.Type = instanceTypes[w.Rand.IntN(len(instanceTypes))]
		}
	})
	return change, fate
}
