package decide

import (
	"errors"
	"maps"
	"slices"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/observe"
)

// errUnasked: this look did not read what the step asks about; the next one does.
var errUnasked = errors.New("it was not read yet")

// template returns what a launch template's version describes, or why it cannot be used:
// it was not read, or no instance could be launched from it.
func (s *step) template(t contract.Template) (cloud.Blueprint, error) {
	b, read := s.Facts.Template[t]
	if !read {
		err := errors.Join(s.Facts.NoTemplate[t], s.Facts.Unseen[observe.PartTemplates])
		if err == nil {
			err = errUnasked
		}
		return b, err
	}
	if err := s.tagRoom(b); err != nil {
		return b, &cloud.Error{Kind: cloud.Invalid, Service: "EC2", Action: "RunInstances", Message: err.Error()}
	}
	return b, nil
}

// tagRoom returns an error if the switcher's tags do not fit beside those of the blueprint.
// A launch would be refused for that each time, and no quota helps (case R1).
func (s *step) tagRoom(b cloud.Blueprint) error {
	if err := contract.CheckOwnTags(slices.Collect(maps.Keys(b.Tags)), s.Config.IDTag, s.Config.TargetTag); err != nil {
		return err
	}
	if err := contract.CheckVolumeTags("a volume", slices.Collect(maps.Keys(b.VolumeTags))); err != nil {
		return err
	}
	return contract.CheckVolumeTags("a network interface", slices.Collect(maps.Keys(b.InterfaceTags)))
}

// exposed returns the tags without those whose keys the instance metadata cannot show. A gate
// reads its tag there, so a launch with such a key would be refused. The sweep and doctor
// report them while the instance runs.
func exposed(tags map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range tags {
		if contract.Exposable(key) == nil {
			kept[key] = value
		}
	}
	return kept
}
