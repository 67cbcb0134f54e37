package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// formation is a CloudFormation stack with one node in it and that node's alarms: it
// sends what CloudFormation sends, and believes what it is answered ("Custom resource
// reference", AWS CloudFormation User Guide).
type formation struct {
	w     *World
	node  int
	name  string
	site  *site
	other bool // it wants an id that is another stack's

	status   string
	props    map[string]any    // as they were deployed last
	wanted   map[string]any    // that are being deployed
	data     map[string]string // the attributes it was answered last
	physical string
	request  string        // that it waits for
	sent     string        // the last request, whole
	late     time.Duration // how long the next request is under way
	limit    time.Duration
	count    int
	rewrites bool     // the change rewrites the alarms, too
	fails    bool     // another resource of the stack fails after the node
	told     []string // how its operations ended, for a scenario
}

// What a stack is doing, or how it is.
const (
	isCreating   = "create"
	isUpdating   = "update"
	isGoingBack  = "roll-back"
	isRemoving   = "delete"
	isDeployed   = "deployed"
	isGone       = "gone"
	stuckBack    = "roll-back failed"
	stuckRemoval = "delete failed"
)

const timedOut = "timed out"

// busy reports whether an operation is under way, so that no other can begin.
func (s *formation) busy() bool {
	return s.status == isCreating || s.status == isUpdating || s.status == isGoingBack || s.status == isRemoving
}

// newStack is the stack that a node belongs to.
func (w *World) newStack(node int) *formation {
	s := &formation{w: w, node: node, name: fmt.Sprintf("stack-%d", node), site: w.siteOf(node), limit: w.serviceTimeout()}
	w.nodes[node].stack, w.stacks = s, append(w.stacks, s)
	return s
}

// anew lets a new stack create a node that was deleted, and adopt the instance that its
// delete left running, if it did.
func (w *World) anew(node int) {
	t := w.nodes[node]
	if w.script == nil && !w.Now.Before(w.Chaos.until) {
		return
	}
	m := w.byID[t.retained]
	if m != nil && m.State == cloud.Terminated {
		m = nil
	}
	if m != nil && (m.State != cloud.Running || !m.up || m.lost || !m.mounted && !w.dataless(node)) {
		return // people have to mend it first
	}
	w.hit(HarmCreate, node)
	for _, x := range w.of(node) {
		if x.ghost { // the new stack has a file system of its own: this one has the old one mounted
			x.mounted = false
		}
	}
	var model version
	if m != nil {
		model, _ = w.imageOf(node, m.Image)
		model.Type = m.Type
	}
	t.own, t.good, t.deleted, t.retained, t.began = version{}, "", false, "", nil
	t.props = maps.Clone(t.props)
	delete(t.props, "AdoptInstance")
	if m != nil {
		t.own = model
		t.props["AdoptInstance"] = m.ID
		m.Tags[contract.DefaultTargetTag] = w.plans[node].Tags[contract.DefaultTargetTag] // whatever a person had set it to
	}
	w.remount(node)
	s := w.newStack(node)
	s.name = fmt.Sprintf("stack-%d-again-%d", node, len(w.stacks))
	s.create()
}

// serviceTimeout is how long CloudFormation waits: the construct's default, or so
// short that it gives up first.
func (w *World) serviceTimeout() time.Duration {
	if w.script == nil && w.Chance(0.2) {
		return w.Between(90*time.Second, 10*time.Minute)
	}
	return patience
}

// patience is the construct's own ServiceTimeout.
const patience = 30 * time.Minute

// base are the properties of the node beyond what a seed or a scenario draws.
func (w *World) base(id int) map[string]any {
	groups := []map[string]string{{"Arn": poolName(id)}}
	for _, p := range w.pools {
		if slices.Contains(p.also, id) {
			groups = append(groups, map[string]string{"Arn": p.ARN})
		}
	}
	return map[string]any{
		"NodeId": strconv.Itoa(id), "LaunchTemplateId": fmt.Sprintf("lt-%d", id), "LaunchTemplateVersion": "1",
		"TargetGroups": groups, "ConsumersHash": "0",
		"Alarms": []string{w.alarmOf(id, contract.AlarmInstance), w.alarmOf(id, contract.AlarmApplication)},
	}
}

// create deploys the node for the first time.
func (s *formation) create() {
	s.wanted = s.w.base(s.node)
	maps.Copy(s.wanted, s.w.nodes[s.node].props)
	s.status = isCreating
	s.send("Create", s.wanted)
}

// update deploys a change of the properties. It reports whether it could begin.
func (s *formation) update(change map[string]any) bool {
	if s.status != isDeployed {
		return false
	}
	s.wanted = maps.Clone(s.props)
	maps.Copy(s.wanted, change)
	s.status = isUpdating
	s.send("Update", s.wanted)
	return true
}

// threshold changes an alarm: CloudFormation rewrites it, with the attributes that
// the node's answer to the changed hash gives.
func (s *formation) threshold(more map[string]any) bool {
	change := map[string]any{"ConsumersHash": strconv.Itoa(s.count + 1)}
	maps.Copy(change, more)
	if !s.update(change) {
		return false
	}
	s.rewrites = true
	return true
}

// tags changes the stack's tags: the node is not asked, and the alarms are rewritten
// with the attributes that it answered last (the worst that could be).
func (s *formation) tags() {
	if s.status == isDeployed {
		s.rewrite()
	}
}

// rewrite writes the alarms as they are in the template.
func (s *formation) rewrite() {
	w := s.w
	if a := w.alarm(w.alarmOf(s.node, contract.AlarmInstance)); a != nil {
		w.Log("CloudFormation rewrites alarm %s for %s", a.Name, s.data[contract.AttrInstanceID])
		a.Instances, a.bad = []string{s.data[contract.AttrInstanceID]}, 0
	}
}

// remove deletes the stack: what depends on the node first.
func (s *formation) remove() bool {
	w := s.w
	if s.busy() || s.status == isGone {
		return false
	}
	if !s.other {
		w.nodes[s.node].deleted = true
		if w.Chance(0.5) || w.script != nil {
			w.dropAlarms(s.node)
		}
	}
	s.status = isRemoving
	s.send("Delete", s.last())
	return true
}

func (w *World) dropAlarms(node int) {
	for _, a := range w.alarms {
		a.gone = a.gone || a.node == node
	}
	w.alarms = slices.DeleteFunc(w.alarms, func(a *Alarm) bool { return a.gone })
	w.index.alarms = nil
}

// send sends a request, sometimes more than once.
func (s *formation) send(kind string, props map[string]any) {
	w := s.w
	s.count++
	id := fmt.Sprintf("%s-%s-%d", kind, s.name, s.count)
	s.request = id
	w.requests[id] = s
	if s.physical == "" && kind == "Delete" { // CloudFormation took no answer that names one, and makes it up
		s.physical = s.name + "-Node-1ABCDEF2GHIJ"
	}
	body := w.encodeRequest(kind, id, s, props)
	wait := s.late
	if w.script == nil && kind == "Update" && w.Chance(0.1) {
		wait = w.Between(0, 6*time.Minute) // Lambda was away, or throttled it
	}
	s.late = 0
	s.sent, w.bodies[body] = body, id
	w.Log("CloudFormation asks %s of node %d", id, s.node)
	copies := 1
	if w.script == nil {
		copies += w.Rand.IntN(2)
	}
	for i := range copies {
		d := time.Duration(0)
		if i > 0 {
			d = w.Between(0, 3*time.Minute)
		}
		w.After(wait+d, func() { w.invokeAt(s.site, body, 0) })
	}
	w.promise(id, w.Now)
	limit := s.limit
	if kind == "Create" && !s.other && !w.nodes[s.node].watched {
		limit = patience // the first ones are created in peace
	}
	w.After(limit, func() {
		if s.request == id {
			w.Log("CloudFormation waits no longer for %s", id)
			s.ended(reply{RequestID: id, Status: "FAILED", Reason: timedOut})
		}
	})
}

// reply is an answer to a request ("Custom resource response objects").
type reply struct {
	RequestID          string `json:"RequestId"`
	Status, Reason     string
	PhysicalResourceID string `json:"PhysicalResourceId"`
	StackID            string `json:"StackId"`
	LogicalResourceID  string `json:"LogicalResourceId"`
	Data               map[string]string
}

// hear takes an answer. One to a request that it waits for no longer is lost.
func (s *formation) hear(a reply) {
	if a.RequestID != s.request {
		return
	}
	if a.StackID != s.name || a.LogicalResourceID != "Node" {
		s.w.Fail("the answer to %s is not accepted: it names %s %s", a.RequestID, a.StackID, a.LogicalResourceID)
	}
	if a.Status == "SUCCESS" && s.status != isRemoving {
		if old := s.physical; old != "" && old != a.PhysicalResourceID {
			s.w.Fail("the physical id of node %d changes from %q to %q: CloudFormation deletes the node", s.node, old, a.PhysicalResourceID)
		}
		s.physical = a.PhysicalResourceID
	}
	s.ended(a)
}

// ended goes on with what follows an operation.
func (s *formation) ended(a reply) {
	w, was, ok := s.w, s.status, a.Status == "SUCCESS"
	s.request = ""
	if w.script != nil && w.script.armed {
		s.told = append(s.told, was+" "+a.Status)
	}
	w.Log("%s has ended %s of node %d: %s %s", s.name, was, s.node, a.Status, a.Reason)
	switch {
	case s.other && was == isCreating && ok && w.nodes[s.node].record.Owner.Stack != s.name:
		w.Fail("another stack was given node %d", s.node)
	case s.other && !ok && was == isRemoving && a.Reason != timedOut:
		w.Fail("the roll-back of a stack that was refused node %d is not let go: %s", s.node, a.Reason)
	case s.other && was == isCreating && !ok && a.Reason != timedOut && w.nodes[s.node].record.Phase != record.Deleted && !strings.Contains(a.Reason, w.nodes[s.node].stack.name):
		w.Fail("another stack is refused node %d, and not told who owns it: %s", s.node, a.Reason)
	case was == isCreating && ok:
		s.props, s.data, s.status = s.wanted, a.Data, isDeployed
		if w.nodes[s.node].watched && !s.other {
			w.watch(s.node, a.Data[contract.AttrInstanceID])
		}
	case was == isCreating:
		if a.PhysicalResourceID != "" {
			s.physical = a.PhysicalResourceID
		}
		s.status = stuckRemoval
		w.After(time.Second, func() { s.remove() })
	case was == isUpdating && ok && s.wanted["NodeId"] != strconv.Itoa(s.node):
		w.Fail("the stack of node %d was given node %v, which is another stack's", s.node, s.wanted["NodeId"])
	case was == isUpdating && ok && !s.fails:
		s.props, s.data, s.status = s.wanted, a.Data, isDeployed
		s.rewritten()
	case was == isUpdating:
		if ok {
			s.data = a.Data
			s.rewritten()
		}
		s.fails = false
		s.goBack()
	case was == isGoingBack && ok:
		s.data, s.status = a.Data, isDeployed
		s.rewritten()
		s.rewrites = false
	case was == isGoingBack: // a person continues the roll-back
		s.status = stuckBack
		w.After(w.Between(time.Minute, 4*time.Minute), func() {
			if s.status == stuckBack {
				s.goBack()
			}
		})
	case ok:
		s.status = isGone
		w.freed(s)
		if !s.other {
			w.dropAlarms(s.node)
		}
		if !s.other && w.script == nil && w.Now.Before(w.Chaos.until) && w.Chance(0.5) {
			w.After(w.Between(5*time.Second, 4*time.Minute), func() { w.anew(s.node) })
		}
	default: // a person deletes the stack again
		s.status = stuckRemoval
		w.After(w.Between(time.Minute, 4*time.Minute), func() { s.remove() })
	}
}

func (s *formation) rewritten() {
	if s.rewrites {
		s.rewrite()
	}
	if s.status == isDeployed {
		s.rewrites = false
	}
}

// goBack rolls the update back: the old properties are another Update.
func (s *formation) goBack() {
	s.status = isGoingBack
	if was, is := s.props["LaunchTemplateVersion"], s.wanted["LaunchTemplateVersion"]; was != is {
		// Versions are never changed: the launch template's old properties make a new one.
		s.props = maps.Clone(s.props)
		s.props["LaunchTemplateVersion"] = s.w.likeBefore(s.node, was)
		s.wanted = s.props
	}
	s.send("Update", s.props)
}

// template is the version that the properties name.
func (s *formation) template(props map[string]any) version {
	number, _ := props["LaunchTemplateVersion"].(string)
	v, _ := s.w.versionOf(s.node, number)
	return v
}

func atOnce(props map[string]any) bool { return props["ApplyChanges"] == contract.ApplyAtOnce }

func retains(props map[string]any) bool { return props["OnDelete"] == contract.DeleteRetain }
