package decide

import (
	"errors"
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// changes reports whether a deployment waits for its changed launch template to be
// applied at once.
func (s *step) changes() bool {
	r, want := s.n.Request, s.n.Settings.Template
	return r != nil && r.Type != event.Delete && s.n.Settings.AtOnce && want.ID != "" && want != s.n.Template && want != s.n.Rejected
}

// ordered begins what a deployment waits for. It reports whether something began.
func (s *step) ordered() bool {
	r := s.n.Request
	switch {
	case r == nil:
		return false
	case r.Type == event.Delete:
		s.n.Request = nil
		s.bury(*r)
		return true
	case !s.changes(), s.alike():
		return false // answered when it was looked at
	case s.n.Paused(s.Now):
		s.answer(fmt.Errorf("node %d is paused until %s (%s): resume it, or let changes apply at the next switch, and deploy again",
			s.n.ID, s.n.Pause.Until.UTC().Format(time.RFC3339), s.n.Pause.Reason))
		return false
	case !s.seen(observe.PartAlarms):
		s.out.Keep = s.out.Wait && s.Hint != nil // as for one that nobody deploys
		return true
	}
	if cause, failed := s.failure(); failed {
		if s.commanded() {
			return false // a person's order goes first; the switch takes up the change
		}
		// The deployment may be what mends the node: the cool-down does not keep it from
		// being launched anew. The brakes do, and a suspicion must last.
		if s.switchedOff() != nil || !s.lasted(cause) || s.Brake.Wide && (!s.Brake.Known || s.Brake.holds(s.n.Grant.Zone, cause) != "") {
			return false
		}
		s.n.Acked = s.Now
		s.endHold()
		s.begin(cause)
		return true
	}
	if errors.Is(s.Facts.Unseen[observe.PartTemplates], observe.ErrLater) {
		s.wait() // whether it changes anything at all
		s.out.Keep = s.Hint != nil
		return true
	}
	if s.called() && s.announced() {
		return true // away from here, at once; the switch takes up the change
	}
	t := s.n.Settings.Template
	s.prepare(record.KindUpdate, record.Cause{
		Kind: record.KindUpdate, Detail: fmt.Sprintf("a deployment sets launch template %s version %s", t.ID, t.Version), At: s.Now,
	}, "")
	return true
}

// alike takes up a launch template that is another version of the same: CloudFormation
// rolls a launch template back by a new version with the old content.
// Nothing is moved for that. What cannot be compared counts as changed, and is looked
// at again before anything is touched.
func (s *step) alike() bool {
	want, was := s.n.Settings.Template, s.n.Template
	x, ok := s.Facts.Template[want]
	y, both := s.Facts.Template[was]
	if !ok || !both || !sameJSON(x, y) {
		return false
	}
	s.n.Template, s.out.Save = want, true
	s.say(message.SettingsStored, fmt.Sprintf("launch template %s version %s says the same as version %s", want.ID, want.Version, was.Version))
	return true
}

// settleRequest answers, when a switch ends, the deployment that waits for it, unless
// that wants something that is still to be done.
func (s *step) settleRequest(failed string) {
	switch r := s.n.Request; {
	case r == nil || r.Type == event.Delete || s.changes():
	case s.n.Rejected.ID != "" && s.n.Settings.Template == s.n.Rejected:
		if failed == "" { // it failed again before that switch had ended
			failed = fmt.Sprintf("launch template %s version %s was given up, the node is as it was before", s.n.Rejected.ID, s.n.Rejected.Version)
		}
		s.answer(errors.New(failed))
	default:
		s.answer(nil)
	}
}

// applicable looks at the launch template before anything is touched. One that
// cannot be used is refused.
func (s *step) applicable() bool {
	t := s.n.Settings.Template
	_, err := s.template(t)
	if err == nil {
		return true
	}
	switch kind := cloud.KindOf(err); {
	case s.n.Switch.Noted, !cloud.Barred(err) && kind != cloud.Invalid && kind != cloud.NotFound:
		if s.wait(); !s.n.Switch.Noted {
			s.awaits(string(observe.PartTemplates), "the launch template cannot be read: "+err.Error(), err)
		}
		return s.n.Switch.Noted // it was read before
	}
	reason := fmt.Sprintf("launch template %s version %s cannot be used: %v; the node is as before", t.ID, t.Version, err)
	s.n.Rejected, s.n.Switch = t, nil
	s.to(record.Done)
	s.say(message.RolledBack, reason)
	s.answer(errors.New(reason))
	return false
}

// revert makes the node what it was before the changed launch template.
func (s *step) revert() {
	f := s.n.Switch.Fallback
	b := f.Blueprint
	s.n.Blueprint, s.n.Template = &b, f.Template
	s.n.Switch.Fallback, s.out.Save = nil, true
}

// goBack gives a changed launch template up: its instance cannot be had, or did not
// become healthy. The node becomes what it was: an update starts the original again;
// a recovery launches the last good blueprint. It reports whether there is one.
func (s *step) goBack(reason string) bool {
	sw := s.n.Switch
	if sw.Fallback == nil {
		return false
	}
	bad := s.n.Template
	s.n.Rejected = bad
	s.revert()
	sw.Failed = fmt.Sprintf("launch template %s version %s was given up, the node is as it was before: %s", bad.ID, bad.Version, reason)
	sw.Tried, sw.Answers, sw.Attempts, sw.Rounds = s.avoided(), nil, 0, 0
	s.say(message.RolledBack, sw.Failed)
	s.notify(message.RolledBack, sw.Failed)
	s.wait()
	return true
}

// retreat goes back from what cannot be had. It reports whether there is a way back.
func (s *step) retreat(reason string) bool { return s.goBack(reason) || s.stay(reason) }

// stay gives up a planned switch that nothing can take, while its original serves on:
// people are told, and the node is given back to it. It reports whether it can.
func (s *step) stay(reason string) bool {
	sw := s.n.Switch
	if sw.Kind != record.KindPlanned || !s.sparable() {
		return false
	}
	sw.Stays, s.out.Save = true, true
	if sw.Cause.Kind == event.CauseScheduled {
		s.n.Stayed = s.n.Notified // each try takes the node out of its target groups
		reason += "; it is not tried again before this event, but by an operator's order"
	}
	s.say(message.PlannedGivenUp, reason)
	s.notify(message.PlannedGivenUp, reason)
	s.wait()
	return true
}

// sparable reports whether the original runs and nobody asked, or will ask, to stop it in
// this epoch.
func (s *step) sparable() bool {
	sw := s.n.Switch
	return !sw.NoOriginal && s.Facts.Instances[sw.From].State == cloud.Running && s.n.Condemns(sw.From) && s.condemned(sw.From).FirstAsked.IsZero()
}

// spare gives the node back to the original of an update that went back, or of a planned
// switch that was given up, as soon as all others are off. It reports whether it takes that.
func (s *step) spare() bool {
	sw := s.n.Switch
	i := s.Facts.Instances[sw.From]
	if stays := sw.Stays; !s.sparable() || !stays && (sw.Kind != record.KindUpdate || sw.Failed == "") {
		sw.Stays, s.out.Save = false, s.out.Save || stays // the candidates are asked again
		return false
	}
	switch {
	case !s.othersOff():
		s.fenceBut(sw.From)
	case s.isolateBut(sw.From): // so that who starts one of them finds it shut off
		s.regrant(i)
	default:
		s.wait()
	}
	return true
}

// regrant gives the node back to an instance that was never stopped.
func (s *step) regrant(i cloud.Instance) {
	s.n.Epoch++
	s.n.Grant = &record.Grant{
		Instance: i.ID, Epoch: s.n.Epoch, Zone: i.Zone, Subnet: i.Subnet, PrivateIP: i.PrivateIP, Further: addressesBeside(i), Image: i.Image, GrantedAt: s.Now,
	}
	s.acquit(i.ID)
	s.n.Switch.Instance = i.ID
	s.to(record.Serving)
}

// resettled takes up what a deployment set since this switch settled its blueprint, as
// long as nothing was asked for: most often that takes back what the switch was to
// launch. It reports whether the switch can go on in this step.
func (s *step) resettled() bool {
	sw, t := s.n.Switch, s.n.Settings.Template
	if !sw.Recorded || sw.Launch != nil || sw.Instance != "" || sw.Restart || sw.Failed != "" || sw.Stays || !s.unlike(t) {
		return true
	}
	if f := sw.Fallback; f != nil && t == f.Template {
		s.takeBack(t)
		return true
	}
	b, err := s.template(t)
	switch {
	case errors.Is(err, errUnasked):
		s.wait()
		return false
	case err != nil && (!s.graceful() || cloud.Barred(err) || cloud.Is(err, cloud.Invalid) || cloud.Is(err, cloud.NotFound)):
		return true // it waits for the switch after
	case err != nil:
		s.awaits(string(observe.PartTemplates), "the launch template cannot be read: "+err.Error(), err)
		return false
	case sw.Fallback != nil && sameJSON(b, s.Facts.Template[sw.Fallback.Template]):
		s.takeBack(t)
		return true
	}
	if sw.Fallback == nil && s.n.Blueprint != nil {
		sw.Fallback = &record.Fallback{Blueprint: *s.n.Blueprint, Template: s.n.Template}
	}
	return s.settle(b, t, message.BlueprintTaken, fmt.Sprintf("from launch template %s version %s, which a deployment set since the switch began", t.ID, t.Version))
}

// unlike reports whether a deployment wants another launch template than the one that
// the node rests on, and this switch may use it.
func (s *step) unlike(t contract.Template) bool {
	return t.ID != "" && t != s.n.Template && t != s.n.Rejected && !s.n.Switch.LastGood
}

// takeBack makes the node what it was, since a deployment wants that again.
func (s *step) takeBack(t contract.Template) {
	s.revert()
	s.n.Template, s.n.Switch.Failed = t, fmt.Sprintf("a deployment took the change back, to launch template %s version %s", t.ID, t.Version)
	s.say(message.PlannedCancelled, s.n.Switch.Failed)
}

// prefersOriginal reports whether an update that went back is to start the original
// again: it is off, and whole.
func (s *step) prefersOriginal() bool {
	sw := s.n.Switch
	return sw.Kind == record.KindUpdate && sw.Failed != "" && sw.Launch == nil && !sw.NoOriginal && s.mayRestart()
}

// trial reports whether a deployment's change is being tried: then the load balancer's
// word is enough to go back, whatever the application's own alarm says.
func (s *step) trial() bool {
	return s.n.Switch.Kind == record.KindUpdate && s.n.Switch.Fallback != nil
}

// healthLimit is how long a replacement may take to be healthy. A changed image
// leaves half of the deployment's time for going back.
func (s *step) healthLimit() time.Duration {
	limit := seconds(s.Config.Policy.HealthSeconds)
	if s.trial() {
		limit = min(limit, seconds(s.Config.Policy.DeploySeconds)/2)
	}
	return limit
}
