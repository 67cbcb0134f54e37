package decide

import (
	"fmt"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// CloudFormation owns four identities of a custom resource: StackId and LogicalResourceId
// say which resource it is, PhysicalResourceId which node CloudFormation believes it to
// be, and RequestId which request this is. A changed physical id is a replacement: when an
// Update is answered with another id, CloudFormation deletes the old one ("Update request
// for CloudFormation custom resources", AWS CloudFormation User Guide).

// Deleted returns the id of the node that a Delete is about, and whether it is the
// requesting resource's, so that it is to be deleted. The physical id decides; wanted, the
// NodeId of the properties, counts only for an id that CloudFormation made up.
func Deleted(switcher string, r record.Request, wanted int, nodes []record.Node) (node int, own bool) {
	named, ok := ownID(switcher, r.PhysicalID)
	if !ok {
		named = wanted
	}
	n, known := find(nodes, named)
	own = known && n.Owner == ownerOf(r) && (ok || unanswered(n, r))
	return named, own
}

// Misnamed says why an Update is refused because of the physical id that it was called
// with, or "". It keeps that id, unless the deployment changed the node's id: then the
// answer names the new node, and CloudFormation deletes the old one, which must be the
// same resource's.
func Misnamed(switcher string, r record.Request, wanted int, nodes []record.Node) string {
	if r.Type != event.Update || r.PhysicalID == contract.PhysicalID(switcher, wanted) {
		return ""
	}
	if named, ok := ownID(switcher, r.PhysicalID); ok {
		if n, known := find(nodes, named); known && n.Owner == ownerOf(r) {
			return ""
		}
	}
	return fmt.Sprintf("the update names the physical id %q, which switcher %q never gave to resource %s of stack %s; node %d's is %q. Nothing was changed: remove the node from the stack, deploy, and add it again",
		r.PhysicalID, switcher, r.Logical, r.Stack, wanted, contract.PhysicalID(switcher, wanted))
}

func ownerOf(r record.Request) record.Owner { return record.Owner{Stack: r.Stack, Logical: r.Logical} }

// ownID returns the node that a physical id of this switcher names.
func ownID(switcher, id string) (node int, ok bool) {
	by, node, ok := contract.ParsePhysicalID(id)
	return node, ok && by == switcher
}

func find(nodes []record.Node, id int) (record.Node, bool) {
	at := slices.IndexFunc(nodes, func(n record.Node) bool { return n.ID == id })
	if at < 0 {
		return record.Node{}, false
	}
	return nodes[at], true
}

// unanswered reports whether a Delete's physical id can be that of a Create whose answer
// CloudFormation did not take: it timed out, or was cancelled because another resource of
// the stack failed, perhaps a moment before the answer arrived. CloudFormation then makes
// an id up. It never does so for a node that it has called by its own id.
func unanswered(n record.Node, r record.Request) bool {
	if _, _, ours := contract.ParsePhysicalID(r.PhysicalID); ours || n.Confirmed {
		return false
	}
	waits := n.Request != nil && n.Request.Type == event.Create ||
		slices.ContainsFunc(n.Outbox, func(p record.Post) bool { return p.Kind == record.PostAnswer })
	return waits || madeUp(r)
}

// madeUp reports whether the physical id has the form that CloudFormation gives to what
// has none: the stack's name, the logical id and some characters (assumption: seen in
// practice, not documented).
func madeUp(r record.Request) bool {
	name := r.Stack
	if parts := strings.Split(r.Stack, "/"); len(parts) == 3 { // arn:…:stack/<name>/<id>
		name = parts[1]
	}
	suffix, ok := strings.CutPrefix(r.PhysicalID, name+"-"+r.Logical+"-")
	return ok && suffix != "" && !strings.ContainsAny(suffix, "-./:")
}
