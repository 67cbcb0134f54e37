package decide_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestDecisionsTagRoom: what could not be launched because of its tags is refused before
// anything is touched, and a recovery goes on without the change (case R1).
func TestDecisionsTagRoom(t *testing.T) {
	many := func(n int) map[string]string {
		tags := map[string]string{}
		for i := range n {
			tags[fmt.Sprintf("own-%02d", i)] = "x"
		}
		return tags
	}
	const most = contract.MaxOwnTags
	has := func(n int) func(*scene) {
		return func(s *scene) {
			for k, v := range many(n) {
				s.tag(before, k, v)
			}
		}
	}
	first, second := contract.Template{ID: "lt-1", Version: "1"}, contract.Template{ID: "lt-1", Version: "2"}
	describes := func(t contract.Template, b cloud.Blueprint) func(*scene) {
		b.Image, b.Type = "ami-1", "m7g.large"
		return func(s *scene) { s.Facts.Template[t] = b }
	}
	create := func() *scene {
		s := moving(record.Launching)
		s.Node.Condemned, s.Node.Blueprint, s.Node.Switch.Kind, s.Node.Switch.Recorded, s.Node.Switch.From = nil, nil, record.KindCreate, false, ""
		return s
	}
	changed := func(s *scene) { s.Node.Settings.Template, s.Node.Switch.Recorded = second, false }
	decisions(t, "tag-room", []decision{
		when("adopted with as many tags as fit", adopting(), has(most-1)), // and its Name
		when("adopted with one too many", adopting(), has(most)),
		when("a create with as many tags as fit", create(), describes(first, cloud.Blueprint{Tags: many(most)})),
		when("a create with one too many", create(), describes(first, cloud.Blueprint{Tags: many(most + 1)})),
		when("a create whose volumes have one too many", create(), describes(first, cloud.Blueprint{VolumeTags: many(contract.MaxVolumeTags + 1)})),
		when("a create whose interfaces have one too many", create(), describes(first, cloud.Blueprint{InterfaceTags: many(contract.MaxVolumeTags + 1)})),
		when("a create with a gate, and a key that the metadata cannot show", create(), func(s *scene) { s.Node.Settings.Gate, s.Node.Switch.Gate = true, true },
			describes(first, cloud.Blueprint{Tags: map[string]string{"Patch Group": "linux"}})),
		when("a recovery that meets a changed template with one too many", moving(record.Confirmed), changed, describes(second, cloud.Blueprint{Tags: many(most + 1)})),
	})
}

// TestTagThatAReplacementDoesNotGet: the sweep and doctor name a tag that a gated replacement is
// launched without.
func TestTagThatAReplacementDoesNotGet(t *testing.T) {
	n := record.Node{ID: 7, Settings: contract.Settings{ID: 7, Gate: true}}
	i := cloud.Instance{ID: before, Tags: map[string]string{"Patch Group": "linux", "PatchGroup": "linux", "aws:x/y": "z"}, Metadata: cloud.MetadataOptions{Endpoint: "enabled", Tags: "disabled"}}
	named := func(list []string) (count int) {
		for _, text := range list {
			if strings.HasPrefix(text, "tag ") {
				count++
			}
		}
		return count
	}
	if got := decide.Differences(n, i, nil); named(got) != 1 || !strings.Contains(strings.Join(got, "\n"), `tag "Patch Group"`) {
		t.Errorf("named are %q, want the tag Patch Group", got)
	}
	n.Settings.Gate = false
	if got := decide.Differences(n, i, nil); named(got) != 0 {
		t.Errorf("a node without a gate keeps all tags, and %q are named", got)
	}
}
