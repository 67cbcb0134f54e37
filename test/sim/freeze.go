package sim

import "time"

// freeze lets a process sleep through its lease now and then.
// One that is about to launch does so more often: what comes of a late launch takes
// much to go wrong. Some sleep when they have signed the call: late carries it out if the
// process has ended when they wake up.
func (w *World) freeze(p *Proc, action string, nodes []int, late func()) {
	chance := w.Chaos.Freeze
	if action == "RunInstances" {
		chance *= 10
	}
	if w.Chance(chance) {
		w.Log("%s freezes", p.Name)
		w.hit(HarmFreeze, nodes...)
		if w.Chance(0.3) && !reads(action) {
			w.oversleep(p, w.Between(20*time.Second, signatureLife), late)
			return
		}
		p.Freeze(w.Between(20*time.Second, 4*time.Minute))
		w.disturbed, w.thawed = w.Now, w.Now
	}
}

// oversleep freezes a process that has signed a call. If its invocation has ended by then,
// late carries the call out when the host runs again.
func (w *World) oversleep(p *Proc, d time.Duration, late func()) {
	w.Log("%s freezes with a signed request", p.Name)
	w.After(d, func() {
		if p.Dead {
			late()
		}
	})
	if p.Request != "" { // it is the only one that has it
		w.arrived[p.Request] = w.Now.Add(d)
	}
	p.Freeze(d)
	w.disturbed, w.thawed = w.Now, w.Now
}
