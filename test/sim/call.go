package sim

import (
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// client is the world as one process sees it: every call takes time, may fail,
// and may be the last thing the process does.
type client struct {
	*World
	p    *Proc
	site *site
}

func (w *World) ports(p *Proc) cloud.Ports { return w.portsOf(p, nil) }

// portsOf are the ports of an invocation, or of no function's process.
func (w *World) portsOf(p *Proc, i *invocation) cloud.Ports {
	c := &client{w, p, w.sites[0]}
	if i != nil {
		c.site = i.site
	}
	return c.told(cloud.Ports{Compute: (*ec2)(c), Balancers: (*elb)(c), Alarms: (*cw)(c), Zones: (*zonal)(c), Files: (*efs)(c), Table: (*ddb)(c), Topic: (*sns)(c), Bus: (*bus)(c), Invoker: &lambda{c, i}, Responder: (*cfn)(c)})
}

func (c *client) call(service, action string, do func() error) error {
	return c.callOf(service, action, 1, do)
}

// mostCalls is how many calls a seeded run may make: several times what the worst
// ones need.
func (w *World) mostCalls() int {
	if w.script != nil || w.lab != nil || w.Chaos.EveryLease {
		return 0
	}
	return 20_000 + 4_000*len(w.nodes)
}

// callOf is a call about so many instances.
func (c *client) callOf(service, action string, instances int, do func() error) error {
	w := c.World
	if w.Stats.Calls++; w.Stats.Calls == w.mostCalls() {
		w.Fail("I6: %d calls have been made, and no end is in sight", w.Stats.Calls)
	}
	if c.p.Calm {
		return w.calmly(c.p, action, do)
	}
	asks := c.p.current.asks
	c.p.current.asks = ""
	c.blindly(action, asks, true, nil)
	err := c.answered(service, action, instances, do)
	c.blindly(action, asks, false, err)
	return err
}

// answered is what becomes of a call: it takes time, is refused, lost, or answered.
func (c *client) answered(service, action string, instances int, do func() error) error {
	w := c.World
	nodes := c.subject(action)
	planned, sleeps := w.script.called(c.p, action)
	again := c.p.current.again
	late := func() { c.arrives(service, action, instances, again, do) }
	if sleeps > 0 {
		w.oversleep(c.p, sleeps, late)
	}
	w.freeze(c.p, action, nodes, late)
	c.p.Park(w.draw(DelayCall))
	if action == "RunInstances" {
		c.p.Park(w.draw(DelayLaunchCall))
	}
	err := w.refusal(service, action, nodes)
	if err == nil {
		err = w.script.refusal(service, action)
	}
	if err == nil {
		err = w.spend(service, action, instances)
	}
	if err != nil {
		w.Log("%s %s %s refused: %v", c.p.Name, service, action, err)
		w.disturbed = w.Now
		w.refusedOf(action, nodes)
		return err
	}
	if w.lab != nil {
		w.lab.called(c.p, service, action)
	}
	strike := w.strike(service, action, nodes)
	if planned != clean {
		strike = planned
	}
	if strike != clean {
		w.disturbed = w.Now
	}
	switch strike {
	case crashBefore:
		c.die()
	case lostRequest:
		c.p.Owe(4 * time.Second)
		return ambiguous(service, action)
	case clean, crashAfter, lostAnswer:
	}
	c.witnessed()
	err = do()
	w.LogCall(c.p.Name, service, action, err)
	if !reads(action) {
		w.Check()
	}
	switch strike {
	case crashAfter:
		c.die()
	case lostAnswer:
		c.p.Owe(4 * time.Second)
		return ambiguous(service, action)
	case clean, crashBefore, lostRequest:
	}
	c.p.Owe(w.draw(DelayCall))
	return err
}

// signatureLife is the time after its date stamp in which a signed request is accepted
// ("RequestExpired", Error codes for the Amazon EC2 API).
const signatureLife = 15 * time.Minute

// lateCall is the time after a change of the record in which a call that rests on the
// record before that change can arrive.
const lateCall = timeLimit + signatureLife

// arrives carries out a call that was signed by a process that no longer lives: Lambda
// ended it while its host was frozen, and the request left the host when it ran again.
func (c *client) arrives(service, action string, instances int, again func(cloud.Ports), do func() error) {
	w := c.World
	w.disturbed, w.thawed = w.Now, w.Now
	if w.refusal(service, action, nil) != nil || w.script.refusal(service, action) != nil || w.spend(service, action, instances) != nil {
		return
	}
	if c.witness != nil && again != nil {
		c.witness(Deed{Region: c.region, Switcher: c.site.name, Again: again, w: w})
	}
	err := do()
	w.LogCall(c.p.Name+" (ended)", service, action, err)
	w.Check()
}

// calmly carries out a call of AWS itself, which meets no faults.
func (w *World) calmly(p *Proc, action string, do func() error) error {
	if action == "RunInstances" {
		p.Park(w.draw(DelayLaunchCall))
	}
	err := do()
	w.Check()
	return err
}

// reads: the call changes nothing, so there is nothing new to check.
func reads(action string) bool {
	return strings.HasPrefix(action, "Describe") || strings.HasPrefix(action, "List") || action == "Query" || action == "GetItem"
}

func (c *client) die() {
	c.Stats.Crashes++
	c.Log("%s crashes", c.p.Name)
	c.p.Dead = true
	panic(killed{})
}

func ambiguous(service, action string) error {
	return &cloud.Error{Kind: cloud.Ambiguous, Service: service, Action: action, Message: "no answer"}
}

func refuse(kind cloud.Kind, service, action, code string) error {
	return &cloud.Error{Kind: kind, Service: service, Action: action, Code: code, Message: "refused"}
}
