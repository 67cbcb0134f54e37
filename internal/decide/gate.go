package decide

import (
	"fmt"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// gated reports whether the node's instances run the gate, or those of the switch
// under way do.
func (s *step) gated() bool {
	return s.n.Settings.Gate || s.n.Switch != nil && s.n.Switch.Gate
}

// overlaps reports whether a replacement may boot while the failed instance is
// being fenced: it waits at its gate.
func (s *step) overlaps() bool {
	sw := s.n.Switch
	if sw == nil || !sw.Gate || sw.FenceFirst {
		return false
	}
	switch sw.Kind {
	case record.KindRecover, record.KindPlanned:
		return true
	case record.KindUpdate: // one that went back starts the original again, which is off then
		return sw.Failed == "" || sw.NoOriginal
	}
	return false
}

// waitsAtGate reports whether a replacement runs and waits for its grant.
func (s *step) waitsAtGate() bool {
	return s.overlaps() && s.n.Phase == record.Gated && s.Facts.Instances[s.n.Switch.Instance].State == cloud.Running
}

// open opens the gate of the granted instance: its tag names the instance and the
// epoch of its grant. It is written whenever it is not seen, also after a crash.
func (s *step) open() {
	g := s.n.Grant
	i, visible := s.Facts.Instances[g.Instance]
	if !s.gated() || !visible {
		return
	}
	e := Effect{Do: Open, Instance: g.Instance, Tags: map[string]string{contract.GateTag: fmt.Sprintf("%s:%d", g.Instance, g.Epoch)}}
	if !holds(i.Tags, e.Tags) && !s.succeeded(e) {
		s.do(e)
		s.out.Save = true // so that a leader of yesterday finds out instead of opening
	}
}

// holds reports whether all of want is among the tags.
func holds(tags, want map[string]string) bool {
	for k, v := range want {
		if tags[k] != v {
			return false
		}
	}
	return true
}
