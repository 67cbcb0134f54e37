package e2e

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
	"github.com/workload-recovery/workload-recovery/test/wait"
)

// requestsInMidSwitch is scenario 37a: requests that arrive during a switch, twice, too
// late, or whose answer nobody takes any more. It ends with the nodes deleted.
func (a *account) requestsInMidSwitch() {
	a.t.Helper()
	s := a.s[0]
	logical := a.state(s, database).Node.Owner.Logical
	request := func(kind, priority string) provision.Request {
		r := a.Stacks[nodesStack].Request(kind, logical)
		r.OldResourceProperties = r.ResourceProperties
		r.ResourceProperties["Priority"] = priority
		return r
	}

	// In the middle of a switch, and twice: one answer, with the instance that serves then.
	before, free := a.stuck(database)
	p := a.twice(request("Update", "300"))
	free()
	told, err := p.Wait(a.t.Context())
	must(a.t, err)
	after := a.rest(s, database)
	a.switched(before, after)
	if told.Status != "SUCCESS" || told.Data["InstanceId"] != after.Node.Grant.Instance || after.Node.Settings.Priority != 300 {
		a.t.Errorf("an update in mid switch: %+v, priority %d; wanted SUCCESS with %s", told, after.Node.Settings.Priority, after.Node.Grant.Instance)
	}
	p.Again() // a day later
	a.Settle()
	a.stays(after)

	// One that CloudFormation sent before the last one, and Lambda delivers after it.
	late := request("Update", "400")
	late.Sent = time.Now().Add(-time.Hour)
	if got := a.request(late); got.Status != "FAILED" || !strings.Contains(got.Reason, "newer") {
		a.t.Errorf("an older request: %s %q, wanted FAILED", got.Status, got.Reason)
	}
	if after = a.stays(after); after.Node.Settings.Priority != 300 {
		a.t.Errorf("an older request set the priority to %d", after.Node.Settings.Priority)
	}

	// Nobody takes the answer any more: the stack gives up, the node goes on.
	lift := a.Proxy.Inject(proxy.Fault{Service: proxy.Answer, Error: &proxy.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Request has expired"}})
	p, err = a.Send(request("Update", "500"))
	must(a.t, err)
	if got, err := p.Wait(a.t.Context()); !errors.Is(err, provision.ErrUnanswered) {
		a.t.Errorf("an answer that nobody takes: %+v, %v", got, err)
	}
	lift()
	after = a.stays(after)

	// A delete in the middle of a switch.
	_, free = a.stuck(database)
	p = a.twice(request("Delete", "100"))
	free()
	told, err = p.Wait(a.t.Context())
	must(a.t, err)
	a.Settle()
	if told.Status != "SUCCESS" {
		a.t.Errorf("a delete in mid switch: %s %q", told.Status, told.Reason)
	}
	a.gone(database)
	if got := a.request(request("Delete", "100")); got.Status != "SUCCESS" { // the stack's own comes next
		a.t.Errorf("a delete of what is deleted: %s %q", got.Status, got.Reason)
	}
	a.deletes(database, web)
}

// twice has a request delivered twice while another invocation leads.
func (a *account) twice(r provision.Request) *provision.Pending {
	a.t.Helper()
	before := len(a.s[0].Results())
	p, err := a.Send(r)
	must(a.t, err)
	p.Again()
	wait.Until(a.t, "the end of both deliveries", func() bool { return len(a.s[0].Results()) >= before+2 })
	return p
}

// stuck begins a switch of a node whose host does not answer: it waits for the fence
// until the function that is returned is called.
func (a *account) stuck(node int) (world.State, func()) {
	a.t.Helper()
	s := a.s[0]
	before, from := a.begin(node)
	old := before.Node.Grant.Instance
	a.Proxy.SetStuck(old)
	a.hang(s, before)
	wait.Until(a.t, "the stop of "+old, func() bool { return position(a.Proxy.Calls(from), "StopInstances", old) >= 0 })
	return before, func() { a.Proxy.SetStuck() }
}
