package e2e

import (
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// TestUnderTheEmulatorsAccessControl: with the emulator's own access control on, which
// is not ours, the role lets the switcher do a whole switch. Without one of its actions
// (scenario 17) the switch is interrupted, people are told, and it goes on when the action
// is back and somebody says so (or at its next try).
func TestUnderTheEmulatorsAccessControl(t *testing.T) {
	t.Parallel()
	server, err := moto.Start(moto.Options{}) // access control is one emulator's, for all its accounts
	must(t, err)
	t.Cleanup(server.Stop)
	a := deploy(t, "single", world.Options{Emulator: server.URL()})
	s := a.s[0]
	control, err := a.Enforce(t.Context(), server.URL())
	must(t, err)

	before, other := a.state(s, database), a.state(s, web)
	e, err := s.FailApplication(t.Context(), before.Node.Grant.Instance)
	must(t, err)
	a.deliver(e, 1)
	a.Settle()
	a.switched(before, a.state(s, database))
	a.untouched(s, other)

	must(t, control.Withdraw(t.Context(), "ec2:StopInstances"))
	before = a.state(s, web)
	e, err = s.Hang(t.Context(), before.Node.Settings.Alarms[0])
	must(t, err)
	a.deliver(e, 1)
	a.Settle()
	held := a.state(s, web)
	if h := held.Node.Hold; h == nil || h.Code != string(message.PermissionDenied) {
		t.Fatalf("without the right to stop an instance the node is %s, held %+v, wanted a hold by %s: is the access control on?", held.Node.Phase, h, message.PermissionDenied)
	}
	must(t, control.Grant(t.Context(), "ec2:StopInstances"))
	_, err = s.Invoke([]byte(`{"source":"workload-recovery","detail-type":"Recovery Acknowledge","detail":{"node":2,"by":"a person","reason":"the permission is back"}}`))
	must(t, err)
	a.switched(before, a.rest(s, web))
}
