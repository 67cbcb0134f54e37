package record_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// TestWhenSomethingEnds: a moment belongs to what begins at it.
func TestWhenSomethingEnds(t *testing.T) {
	end := began.Add(35 * time.Minute)
	for name, c := range map[string]struct {
		is   func(now time.Time) bool
		want bool // from the end on; before it, the opposite
	}{
		"a hold is tried again": {record.Hold{RetryAt: end}.Due, true},
		"a pause holds":         {record.Node{Pause: &record.Pause{Until: end}}.Paused, false},
		"a held node rests":     {record.Node{Phase: record.Fencing, Hold: &record.Hold{RetryAt: end}}.Resting, false},
		// An invocation lasts 15 minutes and its signatures 15; five are for clocks.
		"a late call may disturb the targets of a grant": {record.Node{Grant: &record.Grant{GrantedAt: began}}.Unsettled, false},
	} {
		for _, at := range []time.Duration{-1, 0, 1} {
			if got, want := c.is(end.Add(at)), c.want == (at >= 0); got != want {
				t.Errorf("%s: %v at its end%+d ns, want %v", name, got, at, want)
			}
		}
	}
	if n := (record.Node{}); n.Paused(began) || n.Unsettled(began) {
		t.Error("a node without pause and grant is paused or unsettled")
	}
}

// TestRestingNodesAreLeftAlone: until the next hint or sweep, and no others are.
func TestRestingNodesAreLeftAlone(t *testing.T) {
	later := &record.Hold{RetryAt: tomorrow}
	due := &record.Hold{RetryAt: began}
	post, request := []record.Post{{Key: "k"}}, &record.Request{ID: "r-1"}
	for name, c := range map[string]struct {
		n    record.Node
		want bool
	}{
		"done":                            {record.Node{Phase: record.Done}, true},
		"done, a deployment waits":        {record.Node{Phase: record.Done, Request: request}, false},
		"done, something must be told":    {record.Node{Phase: record.Done, Outbox: post}, false},
		"done, held":                      {record.Node{Phase: record.Done, Hold: later}, true},
		"done, its hold is due":           {record.Node{Phase: record.Done, Hold: due}, false},
		"under way":                       {record.Node{Phase: record.Launching}, false},
		"under way, held":                 {record.Node{Phase: record.Launching, Hold: later}, true},
		"held, something must be told":    {record.Node{Phase: record.Launching, Hold: later, Outbox: post}, false},
		"held, a deployment waits":        {record.Node{Phase: record.Launching, Hold: later, Request: request}, true},
		"deleted":                         {record.Node{Phase: record.Deleted}, true},
		"deleted, something must be told": {record.Node{Phase: record.Deleted, Outbox: post}, false},
		"deleted, a deployment waits":     {record.Node{Phase: record.Deleted, Request: request}, true},
	} {
		if got := c.n.Resting(began); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTypesBeginWithTheNodesOwn(t *testing.T) {
	model := &cloud.Blueprint{Type: "m7g.large"}
	for name, c := range map[string]struct {
		n    record.Node
		want []string
	}{
		"alternatives":               {record.Node{Blueprint: model, Settings: contract.Settings{Types: []string{"m6g.large", "m6i.large"}}}, []string{"m7g.large", "m6g.large", "m6i.large"}},
		"its own among them":         {record.Node{Blueprint: model, Settings: contract.Settings{Types: []string{"m6g.large", "m7g.large"}}}, []string{"m7g.large", "m6g.large"}},
		"none":                       {record.Node{Blueprint: model}, []string{"m7g.large"}},
		"no blueprint, one is twice": {record.Node{Settings: contract.Settings{Types: []string{"m6g.large", "m6g.large"}}}, []string{"m6g.large"}},
	} {
		if diff := cmp.Diff(c.want, c.n.Types()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestRequestThatWasSentEarlierIsOvertaken: one whose time is not known is not.
func TestRequestThatWasSentEarlierIsOvertaken(t *testing.T) {
	for _, c := range []struct {
		sent, latest int64
		want         bool
	}{{0, 9, false}, {1, 9, true}, {8, 9, true}, {9, 9, false}, {10, 9, false}, {-1, 9, false}, {1, 0, false}} {
		if got := (record.Node{Latest: c.latest}).Overtakes(record.Request{Sent: c.sent}); got != c.want {
			t.Errorf("sent %d after one of %d was accepted: overtaken %v", c.sent, c.latest, got)
		}
	}
}

func TestRequestIsRemembered(t *testing.T) {
	sentAt := func(id string, second int64, signature string) record.Request {
		return record.Request{ID: id, Sent: second, URL: "https://answers/" + id + "?" + signature}
	}
	first, again := sentAt("r-1", 10, "X-Amz-Signature=1"), sentAt("r-1", 20, "X-Amz-Signature=2")
	waits := record.Node{Request: &record.Request{ID: "r-2"}, Answered: []string{"r-1"}}
	answered := record.Node{Answered: []string{"r-1"}}
	for _, c := range []struct {
		name string
		n    record.Node
		r    record.Request
		want bool
	}{
		{"one waits", waits, record.Request{ID: "r-2"}, true},
		{"it was answered before", waits, record.Request{ID: "r-1"}, true},
		{"it is new", waits, record.Request{ID: "r-3"}, false},
		{"it was answered, none waits", answered, record.Request{ID: "r-1"}, true},
		{"it is new, none waits", answered, record.Request{ID: "r-2"}, false},
		{"it waits, and is delivered again", record.Node{Request: &first, Latest: 10}, first, true},
		{"it waits, and is sent again", record.Node{Request: &first, Latest: 10}, again, false},
		{"it was sent again, and the first one comes late", record.Node{Request: &again, Latest: 20}, first, true},
		{"it was answered, and is delivered again", record.Node{Answered: []string{first.Key()}, Latest: 10}, first, true},
		{"it was answered, and is sent again", record.Node{Answered: []string{first.Key()}, Latest: 10}, again, false},
		{"the second one was answered, and the first one comes late", record.Node{Answered: []string{again.Key()}, Latest: 20}, first, true},
	} {
		if got := c.n.HasRequest(c.r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestInstancesOfANode: an event about any of these concerns the node. Only the condemned may be
// stopped.
func TestInstancesOfANode(t *testing.T) {
	n := record.Node{
		Grant: &record.Grant{Instance: "i-granted"}, Condemned: []record.Condemned{{Instance: "i-first"}, {Instance: "i-second"}},
		Switch: &record.Switch{Instance: "i-new", From: "i-old", Retain: "i-retained"},
	}
	for id, want := range map[string]struct{ knows, condemns bool }{
		"i-granted": {true, false}, "i-first": {true, true}, "i-second": {true, true},
		"i-new": {true, false}, "i-old": {true, false}, "i-retained": {true, false}, "i-other": {false, false},
	} {
		if n.Knows(id) != want.knows || n.Condemns(id) != want.condemns {
			t.Errorf("%s: knows it %v, condemns it %v", id, n.Knows(id), n.Condemns(id))
		}
	}
	for name, n := range map[string]record.Node{
		"of nothing": {}, "of a grant": {Grant: n.Grant}, "of a switch": {Switch: n.Switch}, "of the condemned": {Condemned: n.Condemned},
	} {
		if n.Knows("i-other") || n.Condemns("i-other") {
			t.Errorf("a record %s knows a stranger", name)
		}
	}
}

// full is a node that has one of everything that a decision changes.
func full() record.Node {
	return record.Node{
		Off: &record.Off{By: "who"}, Obeyed: []string{"e-1"}, Hold: &record.Hold{Code: "WR201"}, Pause: &record.Pause{By: "who"},
		Grant: &record.Grant{Instance: "i-1"}, Last: &record.Failure{Zone: "a"}, Request: &record.Request{ID: "r-1"},
		Condemned: []record.Condemned{{Instance: "i-2", Stoppers: []record.Sender{{By: "me"}}, Cutters: []record.Sender{{By: "me"}}, Mount: &cloud.Mount{ID: "m"}}},
		Targets:   []record.Target{{Group: "g"}}, Armed: []string{"alarm"}, Recent: []time.Time{began}, Answered: []string{"r-0"},
		Outbox: []record.Post{{Key: "k"}}, Lost: []record.LostLaunch{{Since: began}}, Remade: []record.Remade{{Mount: "m"}},
		Switch: &record.Switch{
			Launch: &cloud.Launch{Token: "t"}, Senders: []record.Sender{{By: "me"}}, Tried: []string{"a"},
			Marks: map[string]time.Time{"confirmed": began}, Fallback: &record.Fallback{Template: contract.Template{ID: "lt-1"}},
		},
	}
}

// TestWhatADecisionChangesIsItsOwn: nothing that is done to a clone reaches the record that
// was read, which the memory of the next invocation shares.
func TestWhatADecisionChangesIsItsOwn(t *testing.T) {
	for name, change := range map[string]func(n *record.Node){
		"brake":       func(n *record.Node) { n.Off.By = "x" },
		"obeyed":      func(n *record.Node) { n.Obeyed[0] = "x" },
		"hold":        func(n *record.Node) { n.Hold.Code = "x" },
		"pause":       func(n *record.Node) { n.Pause.By = "x" },
		"grant":       func(n *record.Node) { n.Grant.Instance = "x" },
		"failure":     func(n *record.Node) { n.Last.Zone = "x" },
		"request":     func(n *record.Node) { n.Request.ID = "x" },
		"condemned":   func(n *record.Node) { n.Condemned[0].Instance = "x" },
		"stoppers":    func(n *record.Node) { n.Condemned[0].Stoppers[0].By = "x" },
		"cutters":     func(n *record.Node) { n.Condemned[0].Cutters[0].By = "x" },
		"mount":       func(n *record.Node) { n.Condemned[0].Mount.ID = "x" },
		"targets":     func(n *record.Node) { n.Targets[0].Group = "x" },
		"armed":       func(n *record.Node) { n.Armed[0] = "x" },
		"recent":      func(n *record.Node) { n.Recent[0] = tomorrow },
		"answered":    func(n *record.Node) { n.Answered[0] = "x" },
		"outbox":      func(n *record.Node) { n.Outbox[0].Key = "x" },
		"lost":        func(n *record.Node) { n.Lost[0].Since = tomorrow },
		"remade":      func(n *record.Node) { n.Remade[0].Mount = "x" },
		"switch":      func(n *record.Node) { n.Switch.ID = "x" },
		"its launch":  func(n *record.Node) { n.Switch.Launch.Token = "x" },
		"its senders": func(n *record.Node) { n.Switch.Senders[0].By = "x" },
		"its tries":   func(n *record.Node) { n.Switch.Tried[0] = "x" },
		"its marks":   func(n *record.Node) { n.Switch.Marks["confirmed"] = tomorrow },
		"fallback":    func(n *record.Node) { n.Switch.Fallback.Template.ID = "x" },
	} {
		n := full()
		c := n.Clone()
		if diff := cmp.Diff(n, c); diff != "" {
			t.Fatalf("(-record +clone)\n%s", diff)
		}
		change(&c)
		if diff := cmp.Diff(full(), n); diff != "" {
			t.Errorf("%s of the clone changed the record (-was +is)\n%s", name, diff)
		}
	}
	empty := record.Node{}
	if diff := cmp.Diff(record.Node{}, empty.Clone()); diff != "" {
		t.Errorf("the clone of an empty record (-want +got)\n%s", diff)
	}
}
