package decide

import (
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Candidate is a place and an instance type with which a node may be launched.
type Candidate struct {
	cloud.Subnet
	Type     string
	Reserved bool // there is capacity reserved for it
}

// Candidates are where a node would be launched if it failed now where it is, best
// first, and why the other places are none. It is for people to look at.
func Candidates(in Input) ([]Candidate, string) {
	s := &step{Input: in, n: in.Node.Clone()}
	if s.n.Switch == nil {
		s.n.Switch = &record.Switch{Kind: record.KindRecover}
		if g := s.n.Grant; g != nil {
			s.n.Switch.FromZone, s.n.Switch.Tried = g.Zone, []string{g.Zone}
		}
	}
	found, why := s.candidates()
	list := make([]Candidate, 0, len(found))
	for _, c := range found {
		list = append(list, Candidate{c.Subnet, c.kind, c.reserved})
	}
	return list, why
}
