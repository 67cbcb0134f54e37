package decide_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// fleet is a VPC's nodes drawn as text: a zone's letter for each node, followed by
// how it fares. "a." is well, "a!" is stopped (EC2 shows it), "a?" has a silent agent,
// "a<" and "a~" were switched for these reasons a while ago, "a=" fails again while it is
// being switched, "a%" is suspected and stopped, "a-" is paused, "a+" is being created,
// "a/" is being deleted, "a#" is no recovery target.
func fleet(text string, since time.Duration) *scene {
	s := resting()
	n := s.Node
	for i, word := range strings.Fields(text) {
		x := n.Clone()
		x.ID = i + 1
		id, zone := fmt.Sprintf("i-%03d", x.ID), "az-"+word[:1]
		app := fmt.Sprintf("rec.node-%d.%s", x.ID, contract.AlarmApplication)
		x.Grant.Instance, x.Grant.Zone = id, zone
		x.Settings.Alarms, x.Armed = []string{app}, []string{app}
		m := machine(id, zone, cloud.Running)
		m.Tags = map[string]string{idTag: fmt.Sprint(x.ID), wantTag: "true"}
		switch word[1] {
		case '!':
			m.State = cloud.Stopped
		case '?':
			s.Facts.Alarms[app] = cloud.Alarm{Name: app, State: "ALARM"}
		case '<', '~':
			x.Last = &record.Failure{At: ago(since), Zone: zone, Cause: record.Cause{Kind: event.CauseAlarm, Independent: word[1] == '<'}}
		case '=':
			x.Phase, m.State = record.Serving, cloud.Stopped
		case '%':
			x.Phase, m.State = record.Suspected, cloud.Stopped
		case '-':
			x.Pause = &record.Pause{Until: in(time.Hour)}
			m.State = cloud.Stopped
		case '+':
			x.Switch = &record.Switch{Kind: record.KindCreate}
		case '/':
			x.Phase = record.Deleting
			m.State = cloud.Stopped
		case '#':
			m.Tags[wantTag], m.State = "false", cloud.Stopped
		}
		s.Facts.Instances[id] = m
		s.nodes = append(s.nodes, x)
	}
	return s
}

// many repeats words: "a! 3 b. 2" is "a! a! a! b. b.".
func many(text string) string {
	var out string
	words := strings.Fields(text)
	for i := 0; i < len(words); i += 2 {
		n, _ := strconv.Atoi(words[i+1])
		out += strings.Repeat(words[i]+" ", n)
	}
	return out
}

// TestJudgeOneZone: what counts as the failure of one zone, where fewer failures are
// many: four fifths are in it, and less than a tenth fails elsewhere.
func TestJudgeOneZone(t *testing.T) {
	for _, c := range []struct {
		fleet string
		on    bool
	}{
		{"a! 4 b! 1 b. 10", false},   // 80 % of the failing, 1 of 11 elsewhere
		{"a! 19 b! 5 b. 46", true},   // 79.2 %
		{"a! 27 b! 7 b. 64", true},   // 79.4 %
		{"a! 40 b! 10 b. 91", false}, // 10 of 101 elsewhere
		{"a! 40 b! 10 b. 90", true},  // 10 of 100
	} {
		s := fleet(many(c.fleet), 0)
		s.Config.Policy.BrakePercent = 20
		if got := decide.Judge(s.Config, s.nodes, s.Facts, now); got.On != c.on {
			t.Errorf("%s: on %v, %s", c.fleet, got.On, got.Reason)
		}
	}
}

// TestJudge: when the brake holds, for what reason, and who tells people.
func TestJudge(t *testing.T) {
	none := decide.Brake{}
	off := decide.Brake{Wide: true, Known: true}
	on := func(reason string, first map[string]int) decide.Brake {
		return decide.Brake{Wide: true, Known: true, On: true, Reason: reason, First: first}
	}
	for _, c := range []struct {
		name, fleet string
		since       time.Duration
		want        decide.Brake
	}{
		{"four nodes are too few", "a! b! c! a!", 0, none},
		{"five nodes", "a. b. c. a. b.", 0, off},
		{"a paused one is still one of five", "a. b. c. a. b-", 0, off},
		{"one that is being deleted does not count", "a. b. c. a. b/", 0, none},
		{"one that is being created does not count", "a. b. c. a. b+", 0, none},
		{"half of them", "a! b! c! a. b. c.", 0, off},
		{"more than half of them, in all zones", "a! b! c! a! b. c.", 0, on("4 of 6 nodes fail at once (az-a 2 of 2, az-b 1 of 2, az-c 1 of 2) and they share no Availability Zone", map[string]int{"": 1, "az-a": 1, "az-b": 2, "az-c": 3})},
		{"a whole zone, shown by EC2", "a! a! a! a! b.", 0, off},
		{"a whole zone, half of it shown by EC2", "a! a! a? a? b.", 0, off},
		{"a whole zone, less than half of it shown by EC2", "a! a? a? a? b.", 0, on("4 of 5 nodes fail at once (az-a 4 of 4) and they are in az-a, but EC2 itself shows a fault of 1 of them only", map[string]int{"": 1, "az-a": 1})},
		{"four fifths in one zone, none elsewhere to speak of", "a! a! a! a! a! a! a! a! b! b! " + strings.Repeat("b. ", 8), 0, on("10 of 18 nodes fail at once (az-a 8 of 8, az-b 2 of 10) and they share no Availability Zone", map[string]int{"": 1, "az-a": 1, "az-b": 9})},
		{"one elsewhere of eleven", "a! a! a! a! a! a! a! a! a! a! a! a! b! " + strings.Repeat("b. ", 10), 0, off},
		{"one elsewhere of ten", "a! a! a! a! a! a! a! a! a! a! a! b! " + strings.Repeat("b. ", 9), 0, on("12 of 21 nodes fail at once (az-a 11 of 11, az-b 1 of 10) and they share no Availability Zone", map[string]int{"": 1, "az-a": 1, "az-b": 12})},
		{"less than four fifths in one zone", "a! a! a! b! " + strings.Repeat("b. ", 2), 0, on("4 of 6 nodes fail at once (az-a 3 of 3, az-b 1 of 3) and they share no Availability Zone", map[string]int{"": 1, "az-a": 1, "az-b": 4})},
		{"the only zone", "a! a! a! a! a!", 0, off},
		{"agents of one zone are silent", "a? a? b. b. c. c.", 0, decide.Brake{Wide: true, Known: true, Silent: map[string]string{"az-a": "2 of 2 nodes in az-a fail at once, but EC2 itself shows a fault of 0 of them only"}, First: map[string]int{"": 1, "az-a": 1}}},
		{"half of a zone's agents are silent", "a? a? a. a. b. b.", 0, decide.Brake{Wide: true, Known: true, First: map[string]int{"": 1, "az-a": 1}}},
		{"one agent of a zone of one is silent", "a? b. b. c. c.", 0, decide.Brake{Wide: true, Known: true, First: map[string]int{"": 1, "az-a": 1}}},
		{"agents of a zone are silent, half of it shown by EC2", "a? a! b. b. c. c.", 0, decide.Brake{Wide: true, Known: true, First: map[string]int{"": 1, "az-a": 1}}},
		{"some were switched a short while ago", "a< a< a< a! b.", 10*time.Minute - 1, decide.Brake{Wide: true, Known: true, First: map[string]int{"": 4, "az-a": 4}}},
		{"silent ones were switched a short while ago", "a~ a~ a~ a! b.", 10*time.Minute - 1, on("4 of 5 nodes fail at once (az-a 4 of 4) and they are in az-a, but EC2 itself shows a fault of 1 of them only", map[string]int{"": 4, "az-a": 4})},
		{"silent ones were switched long ago", "a~ a~ a~ a! b.", 10 * time.Minute, decide.Brake{Wide: true, Known: true, First: map[string]int{"": 4, "az-a": 4}}},
		{"no recovery targets do not fail", "a# a# a# a! b.", 0, decide.Brake{Wide: true, Known: true, First: map[string]int{"": 4, "az-a": 4}}},
		{"the lowest id tells, by zone", "b! a! a! b! a! c. c.", 0, on("5 of 7 nodes fail at once (az-a 3 of 3, az-b 2 of 2) and they share no Availability Zone", map[string]int{"": 1, "az-a": 2, "az-b": 1})},
		{"one that fails again while it is being switched tells nobody", "a= a! a! a! a! b.", 0, decide.Brake{Wide: true, Known: true, First: map[string]int{"": 2, "az-a": 2}}},
		{"one that is suspected tells people", "a% a! a! a! a! b.", 0, decide.Brake{Wide: true, Known: true, First: map[string]int{"": 1, "az-a": 1}}},
		{"those that are not protected are not counted", "a! a! b! b. c. c. c- c/ c+ c- c- c-", 0, off},
		{"those that are not protected do not fail", "a! a! b. b. c. a- a- b- c/ c- c-", 0, off},
		{"just over half of 101", many("a! 26 b! 25 c. 50"), 0, on("51 of 101 nodes fail at once (az-a 26 of 26, az-b 25 of 25) and they share no Availability Zone", map[string]int{"": 1, "az-a": 1, "az-b": 27})},
		{"just over half of a zone's agents", many("a? 51 a. 50 b. 9"), 0, decide.Brake{Wide: true, Known: true, Silent: map[string]string{"az-a": "51 of 101 nodes in az-a fail at once, but EC2 itself shows a fault of 0 of them only"}, First: map[string]int{"": 1, "az-a": 1}}},
		{"just under half of a zone shown by EC2", many("a! 50 a? 51 b. 110"), 0, decide.Brake{Wide: true, Known: true, Silent: map[string]string{"az-a": "101 of 101 nodes in az-a fail at once, but EC2 itself shows a fault of 50 of them only"}, First: map[string]int{"": 1, "az-a": 1}}},
		{"just under half shown by EC2", many("a! 50 a? 51 b. 9"), 0, on("101 of 110 nodes fail at once (az-a 101 of 101) and they are in az-a, but EC2 itself shows a fault of 50 of them only", map[string]int{"": 1, "az-a": 1})},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fleet(c.fleet, c.since)
			got := decide.Judge(s.Config, s.nodes, s.Facts, now)
			if c.want.Wide != decide.Wide(s.nodes) {
				t.Errorf("wide: %v", !c.want.Wide)
			}
			if c.want.First == nil {
				got.First = nil
			}
			if len(got.Silent) == 0 || got.On {
				got.Silent = nil
			}
			c.want.Known = true
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBeginning: when all nodes must be looked at.
func TestBeginning(t *testing.T) {
	alarm := record.Cause{Kind: event.CauseAlarm, At: ago(19 * time.Second)}
	suspected := func(age time.Duration, c record.Cause) record.Node {
		return record.Node{Phase: record.Suspected, Since: ago(age), Switch: &record.Switch{Cause: c}}
	}
	old := alarm
	old.At = ago(20 * time.Second)
	stopped := record.Cause{Kind: event.CauseStopped, At: ago(time.Hour), Independent: true}
	grant := func(served time.Time) *record.Grant { return &record.Grant{Instance: before, ServedAt: served} }
	for _, c := range []struct {
		name          string
		node          record.Node
		hinted, sweep bool
		want          bool
	}{
		{"at rest", record.Node{Phase: record.Done}, false, false, false},
		{"at rest with a hint", record.Node{Phase: record.Done}, true, false, true},
		{"at rest on a sweep", record.Node{Phase: record.Done}, false, true, true},
		{"suspected without a switch", record.Node{Phase: record.Suspected}, true, true, false},
		{"suspected for less than its window", suspected(19*time.Second, alarm), false, false, false},
		{"suspected for its window", suspected(20*time.Second, alarm), false, false, true},
		{"suspected of something older", suspected(time.Second, old), false, false, true},
		{"suspected of a stop", suspected(0, stopped), false, false, true},
		{"suspected of being gone", suspected(59*time.Second, record.Cause{Kind: "absent", At: ago(time.Hour), Independent: true}), false, false, false},
		{"serving", record.Node{Phase: record.Serving, Grant: grant(ago(time.Second))}, false, false, true},
		{"serving and not healthy yet", record.Node{Phase: record.Serving, Grant: grant(time.Time{})}, true, true, false},
		{"serving without a grant", record.Node{Phase: record.Serving}, true, true, false},
		{"under way", record.Node{Phase: record.Fencing}, true, true, false},
	} {
		if got := decide.Beginning(c.node, c.hinted, c.sweep, contract.Config{Policy: contract.DefaultPolicy()}, now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
