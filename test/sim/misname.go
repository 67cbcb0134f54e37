package sim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// misnamed is a request about a node under a physical id that is not the node's.
type misnamed struct {
	stack          *formation
	kind, physical string
}

// misname lets the node's own stack, as CloudFormation or a person who forges its
// requests, ask for an update and for the delete of the node under another physical id.
func (w *World) misname(node int) {
	ids := []string{"other.node-" + strconv.Itoa(node), contract.PhysicalID(w.siteOf(node).name, len(w.nodes)+1), "something", ""}
	physical := ids[w.Rand.IntN(len(ids))]
	s := w.nodes[node].stack
	s.sendAs("Update", physical, 0)
	s.sendAs("Delete", physical, w.Between(0, 2*time.Minute))
}

// sendAs sends a request under a physical id that is not the node's.
func (s *formation) sendAs(kind, physical string, after time.Duration) {
	w := s.w
	s.count++
	id := fmt.Sprintf("misnamed-%s-%s-%d", kind, s.name, s.count)
	w.misnamed[id] = misnamed{s, kind, physical}
	body, err := json.Marshal(map[string]any{
		"RequestType": kind, "RequestId": id, "ResponseURL": fmt.Sprintf("https://x.s3.amazonaws.com/%d?X-Amz-Date=%s&X-Amz-Expires=7200", s.node, w.Now.Format("20060102T150405Z")),
		"StackId": s.name, "LogicalResourceId": "Node", "PhysicalResourceId": physical,
		"ResourceType": contract.NodeResourceType, "ResourceProperties": s.props,
	})
	if err != nil {
		w.Fail("the request %s: %v", id, err)
	}
	w.Log("CloudFormation asks %s of node %d under the physical id %q", kind, s.node, physical)
	w.After(after, func() { w.invokeAt(s.site, string(body), 0) })
}

// misnamedAnswer checks the answer to a request under another physical id: an update is
// refused, and a delete succeeds and touches nothing.
func (w *World) misnamedAnswer(a reply) {
	m, ok := w.misnamed[a.RequestID]
	if !ok {
		return
	}
	want := map[string]string{"Update": "FAILED", "Delete": "SUCCESS"}[m.kind]
	if a.Status != want {
		w.Fail("%s under the physical id %q is answered %s %s, not %s", m.kind, m.physical, a.Status, a.Reason, want)
	}
	if m.physical != "" && a.PhysicalResourceID != m.physical {
		w.Fail("%s under the physical id %q is answered with the id %q: CloudFormation would replace the node", m.kind, m.physical, a.PhysicalResourceID)
	}
	t := w.nodes[m.stack.node]
	if p := t.record.Phase; !t.deleted && (p == record.Deleting || p == record.Deleted) && t.record.Switch != nil && t.record.Switch.Cause.Kind == record.KindDelete {
		w.Fail("node %d is %s after %s under the physical id %q", m.stack.node, p, m.kind, m.physical)
	}
	if w.script != nil && w.script.armed {
		m.stack.told = append(m.stack.told, fmt.Sprintf("%s as %s %s", m.kind, m.physical, a.Status))
	}
}
