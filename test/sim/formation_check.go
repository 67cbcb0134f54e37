package sim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// promise checks that a request is answered in the time that the policy promises,
// however the node fares: else its stack waits for an hour.
func (w *World) promise(id string, asked time.Time) {
	const slack = 4 * time.Minute // a sweep, its delivery, Lambda's retries
	limit := time.Duration(w.config().Policy.DeploySeconds)*time.Second + slack + 2*w.Chaos.Skew
	left := asked.Add(limit).Sub(w.Now)
	w.After(max(left, time.Minute), func() {
		switch {
		case w.Answers[id] != "" || w.unheard() || tookRequest(w.nodes[w.requests[id].node].record, id) && w.Chaos.EveryLease:
		case w.Now.Sub(w.workable(asked)) < slack, w.Now.Before(asked.Add(limit)), w.Now.Sub(w.arrived[id]) < slack, w.arrived[id].IsZero():
			w.promise(id, asked) // it could not be worked on, or told; Lambda throttles for minutes
		default:
			w.Fail("CloudFormation has not been answered %s after %s", id, w.Now.Sub(asked))
		}
	})
}

// tookRequest reports whether the node's record has the request, or has answered it.
func tookRequest(n record.Node, id string) bool {
	return n.Request != nil && n.Request.ID == id || slices.ContainsFunc(n.Answered, func(key string) bool { return record.IDOf(key) == id })
}

// answers looks at the answers that a record has to deliver from now on.
func (w *World) answers(old, n record.Node) {
	for _, p := range n.Outbox {
		if p.Kind != record.PostAnswer || slices.ContainsFunc(old.Outbox, func(x record.Post) bool { return x.Key == p.Key }) {
			continue
		}
		var a reply
		if err := json.Unmarshal(p.Body, &a); err != nil {
			w.Fail("an answer to CloudFormation is not readable: %v", err)
			return
		}
		if s := w.requests[a.RequestID]; s != nil {
			w.answerIs(s, a, n)
		}
	}
}

// answerIs checks an answer against the truth at the time it is given.
func (w *World) answerIs(s *formation, a reply, n record.Node) {
	kind, _, _ := strings.Cut(a.RequestID, "-")
	if s.other {
		return // its answers are given by no record
	}
	if a.Status != "SUCCESS" {
		if a.Reason == "" {
			w.Fail("CloudFormation is answered FAILED to %s without a reason", a.RequestID)
		}
		return
	}
	if kind == "Delete" {
		return
	}
	g := n.Grant
	if g == nil || a.Data[contract.AttrInstanceID] != g.Instance {
		w.Fail("CloudFormation is answered that %q carries node %d, and %+v holds the grant", a.Data[contract.AttrInstanceID], s.node, g)
		return
	}
	m := w.byID[g.Instance]
	if m == nil || m.node != s.node {
		w.Fail("I2: node %d is granted to %s, which is no machine of it", s.node, g.Instance)
		return
	}
	if want := s.template(s.wantedNow()); kind == "Update" && s.request == a.RequestID && atOnce(s.wantedNow()) && m.Image != want.Image && w.nodes[s.node].own.Image != m.Image {
		w.Fail("I5: the update %s to image %s was to be applied at once, and is answered SUCCESS with %s of image %s", a.RequestID, want.Image, m.ID, m.Image)
	}
}

// wantedNow are the properties of the request that it waits for.
func (s *formation) wantedNow() map[string]any {
	if s.status == isGoingBack {
		return s.props
	}
	return s.wanted
}

// requested checks what a launch is to be like when it is saved, before it is sent (I8).
// What is saved may be sent later, whatever is deployed meanwhile.
func (w *World) requested(t *Truth, n record.Node) {
	l := launchOf(n)
	if l == nil || t.requested[l.Token] != "" || n.Blueprint == nil || n.Phase == record.Deleting {
		return
	}
	image := n.Blueprint.Image
	t.requested[l.Token] = image
	if images := w.images(n.ID); !slices.Contains(images, image) {
		w.Fail("I8: node %d is to be launched from image %s; what is deployed or was good is %v", n.ID, image, images)
	}
}

// images are those that the node may be launched from now: what its stack deployed
// last, what is being deployed and was not refused yet, and what it was when it served.
func (w *World) images(node int) []string {
	t := w.nodes[node]
	list := []string{t.good, t.own.Image}
	s := t.stack
	if s == nil {
		return append(list, w.plans[node].Image)
	}
	if s.props != nil {
		list = append(list, s.template(s.props).Image)
	}
	// What was taken up and not found to be bad is being worked on, also when the stack
	// waits no longer, until the switcher has heard of the roll-back.
	if now := t.record.Settings.Template; now != t.record.Rejected {
		v, _ := w.versionOf(node, now.Version)
		list = append(list, v.Image)
	}
	return list
}

// freed checks what a stack leaves when its node was deleted: CloudFormation goes on
// and removes the launch template, the groups and the files.
func (w *World) freed(s *formation) {
	if s.other {
		return
	}
	t := w.nodes[s.node]
	for _, m := range w.of(s.node) {
		if m.ID == t.retained && (m.people || m.State == cloud.Running) {
			m.people = true
			w.keeps(m)
			continue
		}
		if m.State != cloud.Terminated && !m.people {
			w.Fail("the delete of node %d is answered SUCCESS while %s is %s", s.node, m.ID, m.State)
		}
	}
	for _, x := range w.mounts {
		if x.remade && x.fs == fileSystem(s.node) && x.State != "deleting" {
			w.Fail("the delete of node %d leaves the mount target %s in %s, which CloudFormation does not know: its file system cannot be deleted", s.node, x.ID, x.Zone)
		}
	}
}

// keeps checks a machine that stays when its node was deleted.
func (w *World) keeps(m *Machine) {
	if m.State == cloud.Terminated || m.State == cloud.ShuttingDown {
		return // somebody ended it
	}
	if m.gated && !m.lost && !open(m) { // it must still open at its next boot
		w.Fail("the gate of the retained %s is shut: tag %s=%q", m.ID, contract.GateTag, m.Tags[contract.GateTag])
	}
	if n := w.nodes[m.node].record; n.Phase != record.Deleted || m.tagged.Before(n.Since.Add(-w.Chaos.Skew)) {
		w.bare(m) // else a late call came when its tags were off: the sweep takes them off again
	}
	if isolated(m) {
		w.Fail("the retained %s is left in quarantine", m.ID)
	}
}

// bare checks that a machine that its node's delete left running has no tag of the node.
func (w *World) bare(m *Machine) {
	for _, key := range slices.Concat([]string{contract.DefaultIDTag, contract.SwitcherTag}, contract.ControlTags) {
		if v, ok := m.Tags[key]; ok && (key != contract.GateTag || !m.gated) {
			w.Fail("the retained %s still carries tag %s=%s", m.ID, key, v)
		}
	}
}

// intact checks at the end that a living node is what its stack says.
func (w *World) intact(id int, m *Machine) {
	t := w.nodes[id]
	s := t.stack
	if s == nil {
		return
	}
	if s.status != isDeployed {
		if !w.unheard() && s.status != stuckBack {
			w.Fail("the stack of node %d is still %s, its request %s", id, s.status, s.request)
		}
		return
	}
	if a := w.alarm(w.alarmOf(id, contract.AlarmInstance)); a != nil && !slices.Equal(a.Instances, []string{m.ID}) {
		w.Fail("the instance alarm of node %d watches %v, and %s carries it", id, a.Instances, m.ID)
	}
	want := s.template(s.props)
	if n := t.record; n.Settings.Template.Version != s.props["LaunchTemplateVersion"] {
		w.Fail("I8: node %d is to be launched from version %s of its template, and its stack says %s", id, n.Settings.Template.Version, s.props["LaunchTemplateVersion"])
	}
	if adopted := t.own.Image != "" && m.Image == t.own.Image; atOnce(s.props) && want.fate == good && m.Image != want.Image && !adopted {
		w.Fail("I8: %s of node %d is of image %s, and its stack says %s at once", m.ID, id, m.Image, want.Image)
	}
	if b := t.record.Blueprint; b == nil || b.Image != m.Image {
		w.Fail("I8: the blueprint of node %d is %+v, and %s is of image %s", id, b, m.ID, m.Image)
	}
}

// renew deploys good images in the place of bad ones, as people do who see that a node
// cannot be launched any more.
func (w *World) renew() {
	for id := 1; id <= len(w.nodes); id++ {
		s := w.nodes[id].stack
		if s == nil || w.nodes[id].deleted {
			continue
		}
		if s.busy() || s.status == stuckBack {
			w.After(30*time.Second, w.renew)
			return
		}
		if s.status == isDeployed && s.template(s.props).fate != good {
			s.update(map[string]any{"LaunchTemplateVersion": w.newVersion(id, good, nil)})
		}
	}
}
