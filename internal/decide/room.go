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
	if err := s.launchable(b); err != nil {
		return b, &cloud.Error{Kind: cloud.Invalid, Service: "EC2", Action: "RunInstances", Message: err.Error()}
	}
	return b, nil
}

// launchable returns an error if no instance could be launched with the blueprint's tags: the
// switcher's do not fit beside them, or the metadata, where a gate reads its tag, cannot show
// their keys. EC2 would refuse each launch (case R1).
func (s *step) launchable(b cloud.Blueprint) error {
	keys := slices.Sorted(maps.Keys(b.Tags))
	for _, key := range keys {
		if err := contract.Exposable(key); err != nil && s.gated() {
			return err
		}
	}
	if err := contract.CheckOwnTags(keys, s.Config.IDTag, s.Config.TargetTag); err != nil {
		return err
	}
	if err := contract.CheckVolumeTags("a volume", slices.Collect(maps.Keys(b.VolumeTags))); err != nil {
		return err
	}
	return contract.CheckVolumeTags("a network interface", slices.Collect(maps.Keys(b.InterfaceTags)))
}

// exposed returns the tags without those whose keys the instance metadata cannot show: a
// person added them to the running instance. A recovery goes on without them; the sweep and
// doctor have reported them (Differences).
func exposed(tags map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range tags {
		if contract.Exposable(key) == nil {
			kept[key] = value
		}
	}
	return kept
}
