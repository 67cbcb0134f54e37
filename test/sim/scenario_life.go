package sim

import (
	"fmt"
	"strconv"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// What a node goes through beside failures: deployments, notices, adoption.

// ofLife set the scene for that.
var ofLife = []statement{
	{"node <n> applies changes at once", func(s *script, a args) error {
		s.property(a.n(0), "ApplyChanges", contract.ApplyAtOnce)
		return nil
	}},
	{"node <n> has <time> to drain", func(s *script, a args) error { s.property(a.n(0), "DrainSeconds", wholeSeconds(a.time(1))); return nil }},
	{"node <n> has <time> to shut down", func(s *script, a args) error { s.property(a.n(0), "StopSeconds", wholeSeconds(a.time(1))); return nil }},
	{"node <n> is kept when it is deleted", func(s *script, a args) error {
		s.property(a.n(0), "OnDelete", contract.DeleteRetain)
		return nil
	}},
	{"EC2 asks the application of node <n>", func(s *script, a args) error { s.property(a.n(0), "StatusCheck", "asc-1"); return nil }},
	{"node <n> adopts an instance that people run in <zone>", func(s *script, a args) error {
		s.setUp = append(s.setUp, func() {
			s.w.nodes[a.n(0)].props = s.properties[a.n(0)]
			s.property(a.n(0), "AdoptInstance", s.w.belonging(a.n(0), a[1]).ID)
		})
		return nil
	}},
	{"requests under way take <time>", func(s *script, a args) error { return s.takes(DelayDrain, a.time(0)) }},
	{"an operating system takes <time> to shut down", func(s *script, a args) error { return s.takes(DelayShutDown, a.time(0)) }},
	{"every other node is in a second VPC", func(s *script, _ args) error {
		s.setUp = append([]func(){func() { s.w.divide() }}, s.setUp...)
		return nil
	}},
	{"another Region has the same nodes and gets every event of this one", func(s *script, _ args) error { s.mirrored = true; return nil }},
}

func wholeSeconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

func (s *script) takes(d Delay, t time.Duration) error {
	s.setUp = append(s.setUp, func() { s.w.Delays[d] = Range{t, t} })
	return nil
}

// ofLifeLasting holds from one time to another.
var ofLifeLasting = []lasting{
	{"the operating system of node <n> does not shut down", func(s *script, a args, x window) error {
		x.node = a.n(0)
		s.hanging = append(s.hanging, x)
		return nil
	}},
	{"EC2 confirms a forced stop of node <n> whose host still has power", func(s *script, a args, x window) error {
		x.node = a.n(0)
		s.ghosts = append(s.ghosts, x)
		return nil
	}},
}

// ofLifeHappening are deployments, and what AWS announces.
var ofLifeHappening = []happening{
	{"EC2 gets no answer from the application of node <n>", func(s *script, a args) {
		m := s.carrier(a.n(0))
		s.w.failing[m.ID] = cloud.Failing{Instance: m.ID, Reason: "asc-1: ConnectionRefused", Since: s.w.Now}
	}},
	{"AWS announces <event> of node <n> in <time>", func(s *script, a args) { s.w.announce(s.carrier(a.n(1)), a[0], a.time(2)) }},
	{"AWS withdraws the event of node <n>", func(s *script, a args) { s.w.withdraw(s.carrier(a.n(0))) }},
	{"AWS takes the Spot instance of node <n> back", func(s *script, a args) { s.w.interrupt(s.carrier(a.n(0))) }},
	{"the stack of node <n> is deployed without a change", func(s *script, a args) { s.w.Log("CloudFormation finds no change of node %s", a[0]) }},
	{"the stack of node <n> is deployed with a changed threshold", func(s *script, a args) { s.begun(s.stack(a.n(0)).threshold(nil)) }},
	{"the stack of node <n> is to fail after its next change", func(s *script, a args) { s.stack(a.n(0)).fails = true }},
	{"the stack of node <n> is deployed with changed tags", func(s *script, a args) { s.stack(a.n(0)).tags() }},
	{"the stack of node <n> is deployed with instance type <word>", func(s *script, a args) {
		v := s.w.newVersion(a.n(0), good, func(b *cloud.Blueprint) { b.Image, b.Type = s.w.plans[a.n(0)].Image+"-"+a[1], a[1] })
		s.begun(s.stack(a.n(0)).threshold(map[string]any{"LaunchTemplateVersion": v}))
	}},
	{"the stack of node <n> is deployed with an image that is <fate>", func(s *script, a args) {
		s.begun(s.stack(a.n(0)).threshold(map[string]any{"LaunchTemplateVersion": s.w.newVersion(a.n(0), a[1], nil)}))
	}},
	{"the stack of node <n> is deleted", func(s *script, a args) { s.begun(s.stack(a.n(0)).remove()) }},
	{"a new stack creates node <n> and adopts what its delete left", func(s *script, a args) { s.w.anew(a.n(0)) }},
	{"the next request of the stack of node <n> arrives <time> late", func(s *script, a args) { s.stack(a.n(0)).late = a.time(1) }},
	{"the stack of node <n> sends <word> under the physical id <word>", func(s *script, a args) { s.stack(a.n(0)).sendAs(a[1], a[2], 0) }},
	{"the last request of the stack of node <n> arrives again", func(s *script, a args) {
		st := s.stack(a.n(0))
		s.w.invokeAt(st.site, st.sent, 0)
	}},
	{"CloudFormation gives up on the stack of node <n>", func(s *script, a args) {
		st := s.stack(a.n(0))
		s.begun(st.busy())
		st.ended(reply{RequestID: st.request, Status: "FAILED", Reason: timedOut})
	}},
	{"another stack creates node <n> and wants the instance of node <n> for it", func(s *script, a args) {
		s.w.claim(a.n(0), s.w.siteOf(a.n(0)), map[string]any{"AdoptInstance": s.carrier(a.n(1)).ID})
	}},
	{"a person orders a planned switch of node <n>", func(s *script, a args) {
		s.w.invoke(fmt.Sprintf(`{"source":%q,"detail-type":%q,"detail":{"node":%d,"by":"operator","reason":"maintenance"}}`, contract.Source, contract.DetailSwitch, a.n(0)))
	}},
	{"expect the stack of node <n> is <status>", func(s *script, a args) {
		is := s.stack(a.n(0)).status
		s.expect(is == a[1], "the stack of node %s is %q, not %q", a[0], is, a[1])
	}},
	{"expect node <n> runs image <n>", func(s *script, a args) {
		m := s.carrier(a.n(0))
		v, _ := s.w.versionOf(a.n(0), a[1])
		s.expect(m.Image == v.Image, "node %s runs %s, not %s", a[0], m.Image, v.Image)
	}},
	{"expect instance <n> of node <n> has shut down by itself", func(s *script, a args) {
		m := s.instance(a.n(1), a.n(0))
		s.expect(m.Off() && m.flushed, "instance %s of node %s is %s, shut down by itself: %v", a[0], a[1], m.State, m.flushed)
	}},
	{"expect instance <n> of node <n> is people's own again", func(s *script, a args) {
		m := s.instance(a.n(1), a.n(0))
		s.w.keeps(m)
		s.expect(m.people && m.State == cloud.Running && m.up, "instance %s of node %s is %s", a[0], a[1], m.State)
	}},
	{"expect the files of node <n> have <n> mount targets", func(s *script, a args) {
		n := 0
		for _, t := range s.w.mounts {
			if t.fs == fileSystem(a.n(0)) && t.State == "available" {
				n++
			}
		}
		s.expect(n == a.n(1), "the file system of node %s has %d mount targets", a[0], n)
	}},
}

func (s *script) stack(node int) *formation { return s.w.nodes[node].stack }

// begun: what CloudFormation was asked for could begin.
func (s *script) begun(ok bool) { s.expect(ok, "CloudFormation is busy, or the stack is not there") }

// mirror makes another Region with the same nodes.
func (s *script) mirror() {
	if !s.mirrored {
		return
	}
	x := s.w.another(Chaos{})
	for id := 1; id <= s.nodes; id++ {
		x.nodes[id].props = s.properties[id]
		x.After(x.Between(0, 5*time.Second), x.newStack(id).create)
	}
	x.After(30*time.Second, x.tick)
}

// unmoved says what became of the other Region.
func (s *script) unmoved() string {
	for id := 1; id <= s.nodes; id++ {
		t := s.w.twin.nodes[id]
		if m := s.w.twin.carrier(id); t.attempts != 1 || t.record.Epoch != 1 || m == nil || !s.w.twin.takesTraffic(m) {
			return fmt.Sprintf("the other Region: node %d is %s in epoch %d, after %d launches\n", id, t.record.Phase, t.record.Epoch, t.attempts)
		}
	}
	return "the other Region: nothing has happened\n"
}
