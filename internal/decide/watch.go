package decide

import (
	"fmt"
	"strconv"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/message"
)

// watched makes EC2's application status check look at the node by its tag, so that it
// follows the node from instance to instance; a check that the settings no longer name
// is taken off. It reports whether nothing is left to do.
func (s *step) watched(check string) bool {
	was := s.n.Watched
	if was == check {
		return true
	}
	if was != "" {
		off := s.checkEffect(Unwatch, was)
		if !s.succeeded(off) && !s.isGone(off) {
			s.do(off)
			return false
		}
		s.n.Watched, s.out.Save = "", true
	}
	if check == "" {
		return true
	}
	on := s.checkEffect(Watch, check)
	if !s.succeeded(on) {
		s.do(on)
		return false
	}
	s.n.Watched, s.out.Save = check, true
	s.say(message.CheckWatches, fmt.Sprintf("%s looks at what carries tag %s=%d", check, s.Config.IDTag, s.n.ID))
	return true
}

func (s *step) checkEffect(do Verb, check string) Effect {
	return Effect{Do: do, Key: check, Tags: map[string]string{s.Config.IDTag: strconv.Itoa(s.n.ID)}}
}

// isGone reports whether what the effect was to remove is gone, or nothing of the
// node's any more: the permission for a check leaves with the deployment that takes
// the check off.
func (s *step) isGone(e Effect) bool {
	for _, o := range s.Outcomes {
		if o.Effect.ID() == e.ID() && (cloud.Is(o.Err, cloud.NotFound) || cloud.Barred(o.Err)) {
			return true
		}
	}
	return false
}
