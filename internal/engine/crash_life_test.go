package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// deployment is something that a deployment does to a node, for the crash matrix.
type deployment struct {
	name    string
	prepare func(*rig)                       // the node as it is before
	payload string                           // what CloudFormation sends
	check   func(r *rig, answer string) bool // whether everything is as it may be in the end
}

// with adds properties to those of the node.
func with(more string) string { return strings.Replace(properties, "{", "{"+more+",", 1) }

const atOnce = `"ApplyChanges":"at-once"`

// second is the request for the launch template's second version, which has another image.
func second(more string) string {
	return request("Update", "req-2", "stack-1", strings.Replace(with(more), `"LaunchTemplateVersion":"1"`, `"LaunchTemplateVersion":"2"`, 1))
}

func (r *rig) changedTemplate() {
	b := r.w.Templates["lt-1/1"]
	b.Image = "ami-2"
	r.w.Templates["lt-1/2"] = b
}

// deployments are what the crash matrix goes through besides the plain ones.
var deployments = []deployment{
	{"update at once", func(r *rig) { r.deployed(); r.changedTemplate() }, second(atOnce), updatedOrAsBefore},
	{"update at once with a gate", func(r *rig) { r.gate = true; r.deployed(); r.changedTemplate() }, second(atOnce + `,"Gate":"true"`), updatedOrAsBefore},
	{"bad image", func(r *rig) { r.deployed(); r.changedTemplate(); r.w.Images = []string{"ami-1"} }, second(atOnce), asBefore},
	{"bad image with a gate", func(r *rig) {
		r.gate = true
		r.deployed()
		r.changedTemplate()
		r.w.Images = []string{"ami-1"}
	}, second(atOnce + `,"Gate":"true"`), asBefore},
	{"retained delete", (*rig).retained, request("Delete", "req-2", "stack-1", with(retain)), left},
	{"adoption", (*rig).left, request("Create", "req-2", "stack-2", `{"NodeId":"1","AdoptInstance":"`+firstInstance+`","TargetGroups":[{"Arn":"arn:tg-1"}],"Alarms":["rec.node-1.instance"]}`), adopted},
}

// firstInstance is what the fake names the first instance.
const firstInstance = "i-00000001"

const retain = `"OnDelete":"retain"`

// retained makes a node whose instance stays when it is deleted.
func (r *rig) retained() {
	r.more = retain
	r.deployed()
}

// left leaves an instance that was a node's.
func (r *rig) left() {
	r.retained()
	r.must(request("Delete", "req-0", "stack-1", with(retain)))
	r.w.Answers[answerTo] = r.w.Answers[answerTo][:1]
}

// serves reports whether exactly this instance runs and serves.
func (r *rig) serves(instance string) bool {
	n := r.node()
	_, registered := r.w.Pools[group].Members[instance+":80"]
	return n.Phase == record.Done && n.Grant != nil && n.Grant.Instance == instance && n.Hold == nil && n.Switch == nil &&
		slices.Equal(r.w.Running(), []string{instance}) && registered && len(r.w.Pools[group].Members) == 1 &&
		slices.Equal(r.w.Watches[alarm].Instances, []string{instance}) && len(n.Condemned) == 0 && len(n.Outbox) == 0
}

// asBefore: where somebody may still ask EC2 to stop the original, its successor is
// launched from what it was.
func asBefore(r *rig, answer string) bool {
	g := r.node().Grant
	return answer == "FAILED" && g != nil && r.serves(g.Instance) && r.w.Boxes[g.Instance].Image == "ami-1" && len(r.w.Boxes) <= 2
}

// updatedOrAsBefore: a fault may also be the end of the change, if CloudFormation is told.
func updatedOrAsBefore(r *rig, answer string) bool {
	if answer == "FAILED" {
		return asBefore(r, answer)
	}
	g := r.node().Grant
	return answer == "SUCCESS" && g != nil && r.serves(g.Instance) && r.w.Boxes[g.Instance].Image == "ami-2" && len(r.w.Boxes) == 2
}

func left(r *rig, answer string) bool {
	box := r.w.Boxes[firstInstance]
	_, claimed := r.w.Items[contract.ClaimPartition+"|"+contract.NodeKey(1)]
	_, registered := r.w.Pools[group].Members[firstInstance+":80"]
	_, tagged := box.Tags[contract.SwitcherTag]
	return answer == "SUCCESS" && r.node().Phase == record.Deleted && box.State == cloud.Running && registered && !claimed && !tagged
}

func adopted(r *rig, answer string) bool {
	return answer == "SUCCESS" && r.serves(firstInstance) && len(r.w.Boxes) == 1 && r.w.Boxes[firstInstance].Tags[contract.SwitcherTag] == "rec"
}

// TestFaultAtEveryCallOfADeployment: whatever goes wrong at any call, one instance
// carries the node in the end, and CloudFormation is answered what is so.
func TestFaultAtEveryCallOfADeployment(t *testing.T) {
	t.Parallel()
	for _, d := range deployments {
		clean := newRig(t)
		d.prepare(clean)
		start := len(clean.w.Calls)
		clean.must(d.payload)
		calls := clean.w.Calls[start:]
		clean.rest()
		if strings.HasPrefix(d.name, "bad image") && !clean.serves(firstInstance) {
			t.Errorf("%s without a fault: the first instance does not serve again\n%s", d.name, clean.log)
		}
		if answer := fmt.Sprint(clean.answer(1)["Status"]); !d.check(clean, answer) {
			t.Errorf("%s without a fault: %s, phase %s, grant %+v, running %v\n%s", d.name, answer, clean.node().Phase, clean.node().Grant, clean.w.Running(), clean.log)
			continue
		}
		for _, f := range faults {
			if strings.HasSuffix(d.name, "gate") && !strings.HasPrefix(f.name, "crash") {
				continue // those are of the effects, which the plain ones have too
			}
			t.Run(d.name+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				for at, call := range calls {
					if !refusedForGood(f, call) {
						d.struck(t, f, at, call)
					}
				}
			})
		}
	}
}

// rest lets sweeps finish what is under way, and one more clear away what is left.
func (r *rig) rest() {
	r.Helper()
	r.resume()
	r.w.Time = r.w.Time.Add(time.Minute)
	r.must(sweep)
}

func (d deployment) struck(t *testing.T, f fault, at int, call string) {
	t.Helper()
	r := newRig(t)
	d.prepare(r)
	r.strike(f, at)
	err := r.survive(d.payload)
	r.w.Fault = nil
	if err != nil { // Lambda delivers an event again that failed
		r.w.Time = r.w.Time.Add(time.Minute)
		r.must(d.payload)
	}
	r.rest()
	what := fmt.Sprintf("%s, %s at call %d (%s)", d.name, f.name, at, call)
	if answer := fmt.Sprint(r.answer(1)["Status"]); !d.check(r, answer) {
		n := r.node()
		t.Fatalf("%s: answered %s; phase %s, grant %+v, hold %+v, running %v of %d\n%s", what, answer, n.Phase, n.Grant, n.Hold, r.w.Running(), len(r.w.Boxes), r.log)
	}
}
