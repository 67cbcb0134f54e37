package decide

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// mostWords is the number of bytes kept of EC2's message for each refusal. A node with many
// types has many candidates, and all their answers stand in its record and in one notice.
const mostWords = 300

// noteAnswer keeps EC2's words for people to read when no candidate is left. place is the
// entry of the switch's Tried that it stands for.
func (s *step) noteAnswer(place string, err error) {
	words := err.Error()
	var e *cloud.Error
	if errors.As(err, &e) {
		words = cmp.Or(strings.TrimPrefix(e.Code+": "+e.Message, ": "), words)
	}
	if len(words) > mostWords {
		words = strings.ToValidUTF8(words[:mostWords], "") + " ..."
	}
	if s.n.Switch.Answers == nil {
		s.n.Switch.Answers = map[string]record.Answer{}
	}
	s.n.Switch.Answers[place] = record.Answer{Kind: cloud.KindOf(err), Words: words}
}

// answered returns EC2's answer for that place, to be put behind a reason.
func (s *step) answered(place string) string {
	if a, ok := s.n.Switch.Answers[place]; ok {
		return ", EC2 answered " + a.Words
	}
	return ""
}

// cures says what people can do about a refusal that waiting does not change.
var cures = map[cloud.Kind]string{
	cloud.Unsupported: "name an instance type that the zones offer (InstanceTypes), or add a zone that offers it",
	cloud.Addresses:   "free addresses in the subnet, or add a subnet",
	cloud.NoRoom:      "make room in the reservation, host or placement group that the launch is bound to, or deploy the node without it",
	cloud.NotFound:    "deploy the VPC's stack again: a destination subnet is gone",
}

// lasting says which of the refusals of this round waiting does not change.
func (s *step) lasting() string {
	found := map[string]bool{}
	for _, place := range s.n.Switch.Tried {
		a := s.n.Switch.Answers[place]
		if cure := cures[a.Kind]; cure != "" {
			code, _, _ := strings.Cut(a.Words, ":")
			found[code+": "+cure] = true
		}
	}
	if len(found) == 0 {
		return ""
	}
	return ". Waiting does not change " + strings.Join(slices.Sorted(maps.Keys(found)), "; ")
}

// refusals are EC2's answers of this switch so far, for a reason that is about another
// call.
func (s *step) refusals() string {
	var list []string
	for _, place := range slices.Sorted(maps.Keys(s.n.Switch.Answers)) {
		list = append(list, strings.Replace(place, "#", " with ", 1)+s.answered(place))
	}
	return strings.Join(list, "; ")
}
