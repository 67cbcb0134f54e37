package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// How many of the nodes ask for what.
const (
	gates    = 0.5
	types    = 0.5
	restarts = 0.3
	goOns    = 0.2
	storages = 0.3
	divided  = 0.25 // runs with two VPCs
	twins    = 0.1  // runs with another Region
	unwell   = 2    // most times in a run that a zone is reported unwell
)

// wishes draws what each node's custom resource asks for beyond the usual.
func (w *World) wishes() {
	if len(w.nodes) > 1 && w.Chance(divided) {
		w.divide()
	}
	w.policy = w.drawPolicy()
	for id := 1; id <= len(w.nodes); id++ {
		t, p := w.nodes[id], map[string]any{}
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
		}
		t.props = p
	}
}

// request is a custom-resource request of the node's stack.
func (w *World) request(kind, requestID string, id int) string {
	props := map[string]any{
		"NodeId": strconv.Itoa(id), "LaunchTemplateId": fmt.Sprintf("lt-%d", id), "LaunchTemplateVersion": "1",
		"TargetGroups": []map[string]string{{"Arn": poolName(id)}},
		"Alarms":       []string{w.alarmOf(id, contract.AlarmInstance), w.alarmOf(id, contract.AlarmApplication)},
	}
	maps.Copy(props, w.nodes[id].props)
	return w.encodeRequest(kind, requestID, fmt.Sprintf("stack-%d", id), id, props)
}

// encodeRequest writes a request as CloudFormation does, and notes what the node asks for.
func (w *World) encodeRequest(kind, requestID, stack string, id int, props map[string]any) string {
	raw, err := json.Marshal(props)
	if err != nil {
		w.Fail("the properties of node %d: %v", id, err)
	}
	if w.nodes[id].wish, err = contract.ParseNode(raw); err != nil {
		w.Fail("the properties of node %d: %v", id, err)
	}
	body, err := json.Marshal(map[string]any{
		"RequestType": kind, "RequestId": requestID, "ResponseURL": fmt.Sprintf("https://x.s3.amazonaws.com/%d", id),
		"StackId": stack, "LogicalResourceId": "Node", "PhysicalResourceId": contract.PhysicalID(w.siteOf(id).name, id),
		"ResourceType": contract.NodeResourceType, "ResourceProperties": json.RawMessage(raw),
	})
	if err != nil {
		w.Fail("the request %s: %v", requestID, err)
	}
	return string(body)
}
