package act

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/fake"
)

func condemn(id, epoch string) decide.Effect {
	return decide.Effect{Do: decide.Condemn, Instance: id, Tags: map[string]string{"recovery:condemned": epoch, "a": "b"}}
}

// TestWhatGoesTogether: only what one call can say of several instances shares a key.
func TestWhatGoesTogether(t *testing.T) {
	stop := func(id string, how cloud.PowerOff) decide.Effect {
		return decide.Effect{Do: decide.Stop, Instance: id, How: how}
	}
	terminate := func(id string, how cloud.PowerOff) decide.Effect {
		return decide.Effect{Do: decide.Terminate, Instance: id, How: how}
	}
	for name, c := range map[string]struct {
		a, b     decide.Effect
		together bool
	}{
		"stops":                                 {stop("i-1", cloud.ForceOff), stop("i-2", cloud.ForceOff), true},
		"a gentle stop and a forced":            {stop("i-1", cloud.ShutDown), stop("i-2", cloud.ForceOff), false},
		"one with the shutdown and one without": {stop("i-1", cloud.ShutDown), stop("i-2", cloud.SkipShutdown), false},
		"terminations":                          {terminate("i-1", cloud.ShutDown), terminate("i-2", cloud.ShutDown), true},
		"a forced termination and another":      {terminate("i-1", cloud.ForceOff), terminate("i-2", cloud.ShutDown), false},
		"a stop and a termination":              {stop("i-1", cloud.ShutDown), terminate("i-2", cloud.ShutDown), false},
		"condemned in the same epoch":           {condemn("i-1", "2"), condemn("i-2", "2"), true},
		"condemned in another epoch":            {condemn("i-1", "2"), condemn("i-2", "3"), false},
		"notices":                               {notice(1, "x"), notice(2, "y"), true},
		"a stop and a notice":                   {stop("i-1", cloud.ShutDown), notice(2, "y"), false},
	} {
		a, most := Together(c.a)
		b, _ := Together(c.b)
		if a == "" || b == "" || (a == b) != c.together {
			t.Errorf("%s have the keys %q and %q", name, a, b)
		}
		if want := map[bool]int{true: 500, false: 100}[c.a.Do == decide.Deliver]; most != want {
			t.Errorf("%s: at most %d in a call, want %d", name, most, want)
		}
	}
}

// TestWhatHasACallOfItsOwn: all else, one for each effect.
func TestWhatHasACallOfItsOwn(t *testing.T) {
	for _, c := range calls {
		switch key, most := Together(c.e); {
		case c.e.Do == decide.Stop, c.e.Do == decide.Terminate, c.e.Do == decide.Condemn, strings.HasPrefix(c.call, "publish"):
		case key != "" || most != 1:
			t.Errorf("%s has the key %q, %d at most", c.call, key, most)
		}
	}
}

// TestTogetherIsOneCall: for all of the instances in the order of the effects, also if it is
// only one. Its answer is that of every effect.
func TestTogetherIsOneCall(t *testing.T) {
	refused := fake.Refuse(cloud.Denied, "UnauthorizedOperation", "no")
	for name, c := range map[string]struct {
		effects     []decide.Effect
		call, costs string
	}{
		"stops": {
			[]decide.Effect{{Do: decide.Stop, Instance: "i-2", How: cloud.SkipShutdown}, {Do: decide.Stop, Instance: "i-1", How: cloud.SkipShutdown}, {Do: decide.Stop, Instance: "i-3", How: cloud.SkipShutdown}},
			"stop [i-2 i-1 i-3] skip-shutdown", "[{StopInstances 1} {StopInstances (instances) 3}]",
		},
		"one forced stop": {
			[]decide.Effect{{Do: decide.Stop, Instance: "i-2", How: cloud.ForceOff}},
			"stop [i-2] force", "[{StopInstances 1} {StopInstances (instances) 1}]",
		},
		"terminations": {
			[]decide.Effect{{Do: decide.Terminate, Instance: "i-1", How: cloud.ShutDown}, {Do: decide.Terminate, Instance: "i-2", How: cloud.ShutDown}},
			"terminate [i-1 i-2] shut-down", "[{TerminateInstances 1} {TerminateInstances (instances) 2}]",
		},
		"condemned": {
			[]decide.Effect{condemn("i-1", "2"), condemn("i-2", "2")},
			"tag [i-1 i-2] map[a:b recovery:condemned:2]", "[{CreateTags 1}]",
		},
		"one notice": {
			[]decide.Effect{notice(1, "held")},
			`publish "rec: 1 messages about 1 nodes" "Many things happened at once; this message tells all of them.\n\n   1 x WR118 held\n\nWR118 held\nmore\n\n"`, "[{notices 1}]",
		},
	} {
		for _, answer := range []error{nil, refused} {
			a, w, x := actor(t)
			a.err = answer
			if err := x.DoTogether(t.Context(), c.effects); !errors.Is(err, answer) {
				t.Errorf("%s: %v, want %v", name, err, answer)
			}
			if diff := cmp.Diff([]string{c.call}, a.calls); diff != "" || len(w.Calls) != 0 {
				t.Errorf("%s: and the table %v (-want +got)\n%s", name, w.Calls, diff)
			}
		}
		if got := fmt.Sprint(Costs(c.effects)); got != c.costs {
			t.Errorf("%s cost %s, want %s", name, got, c.costs)
		}
	}
}

func TestWhatHasACallOfItsOwnIsNotDoneTogether(t *testing.T) {
	a, _, x := actor(t)
	err := x.DoTogether(t.Context(), []decide.Effect{{Do: decide.Start, Instance: "i-1"}})
	if want := "switcher start (invalid): cannot be done for several nodes in one call"; err == nil || err.Error() != want || len(a.calls) != 0 {
		t.Errorf("got %v, calls %v; want %s", err, a.calls, want)
	}
}

// TestOnlyACertainRefusalIsTakenApart: then each effect is tried by itself. A call that may have
// been carried out is not repeated before AWS was looked at.
func TestOnlyACertainRefusalIsTakenApart(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("connection reset"), false},
		{fake.Refuse(cloud.Throttled, "RequestLimitExceeded", "slower"), false},
		{fake.Refuse(cloud.Ambiguous, "", "no answer"), false},
		{fake.Refuse(cloud.Ambiguous, "InternalError", "5xx"), false},
		{fake.Refuse(cloud.Ambiguous, "IncorrectInstanceState", "i-1 is pending"), true}, // EC2 said which state forbids it
		{fake.Refuse(cloud.NotFound, "InvalidInstanceID.NotFound", "i-1"), true},
		{fake.Refuse(cloud.Invalid, "OperationNotPermitted", "i-1 is protected"), true},
		{fake.Refuse(cloud.Denied, "UnauthorizedOperation", "i-1 carries no tag"), true},
		{fmt.Errorf("stop: %w", fake.Refuse(cloud.NotFound, "InvalidInstanceID.NotFound", "i-1")), true},
	} {
		if got := Refused(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

// TestDigestOfElevenIsHeadlines: ten notices are told whole, of more the subjects.
func TestDigestOfElevenIsHeadlines(t *testing.T) {
	for count, want := range map[int]string{
		10: strings.Repeat("WR118 held\nmore\n\n--\n\n", 9) + "WR118 held\nmore\n\n",
		11: strings.Repeat("- rec: node 7 (n) held (recoveryctl show 7)\n", 11),
	} {
		var all []decide.Effect
		for range count {
			all = append(all, notice(7, "held"))
		}
		want := fmt.Sprintf("Many things happened at once; this message tells all of them.\n\n%4d x WR118 held\n\n%s", count, want)
		if diff := cmp.Diff(want, digest(all).Body); diff != "" {
			t.Errorf("of %d (-want +got)\n%s", count, diff)
		}
	}
}
