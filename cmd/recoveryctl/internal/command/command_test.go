package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// rig is a run of recoveryctl with its own surroundings.
func rig(input string, change ...func(*Surroundings)) (*cli, *bytes.Buffer, *bytes.Buffer) {
	var out, progress bytes.Buffer
	s := Surroundings{
		In: strings.NewReader(input), Out: &out, Err: &progress, Now: func() time.Time { return now },
		Sleep: func(context.Context, time.Duration) error { return nil },
	}
	for _, c := range change {
		c(&s)
	}
	return &cli{Surroundings: s}, &out, &progress
}

func asks(s *Surroundings) { s.Asks = true }

func live(s *Surroundings) { s.Live = true }

func kindOf(err error) account.Kind {
	var p *account.Problem
	if errors.As(err, &p) {
		return p.Kind
	}
	return ""
}

func TestAQuestionWantsItsVeryWord(t *testing.T) {
	for name, c := range map[string]struct {
		input string
		yes   bool
		asks  bool
		want  account.Kind
	}{
		"the word":              {"web-2\n", false, true, ""},
		"the word without end":  {"web-2", false, true, ""},
		"yes is not the word":   {"yes\n", false, true, account.Declined},
		"nothing":               {"\n", false, true, account.Declined},
		"the end":               {"", false, true, account.Declined},
		"nobody to ask":         {"web-2\n", false, false, account.Usage},
		"nobody to ask, --yes":  {"", true, false, ""},
		"somebody there, --yes": {"", true, true, ""},
	} {
		cl, out, progress := rig(c.input, func(s *Surroundings) { s.Asks = c.asks })
		err := cl.confirm(c.yes, "It breaks.", "web-2")
		if got := kindOf(err); got != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if out.Len() > 0 || !c.yes && c.asks && !strings.Contains(progress.String(), "It breaks.\nType web-2 to go on: ") {
			t.Errorf("%s: asked %q, printed %q", name, progress, out)
		}
	}
}

func TestEveryKindOfProblemHasAnExitCode(t *testing.T) {
	seen := map[int]account.Kind{}
	for _, k := range []account.Kind{account.Failed, account.Usage, account.Missing, account.Attend, account.Declined, account.Silent, account.Denied} {
		code, ok := exitCodes[k]
		if !ok || code == 0 || seen[code] != "" {
			t.Errorf("%s has exit code %d, like %s", k, code, seen[code])
		}
		seen[code] = k
	}
	help := New(Surroundings{}).Long
	for code := range seen {
		if !strings.Contains(strings.ReplaceAll(help, "\n", " "), string(rune('0'+code))+" ") {
			t.Errorf("the help does not tell of exit code %d", code)
		}
	}
}

// switching is a node on its way, step by step.
func switching() []record.Node {
	at := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
	sw := record.Switch{
		ID: "7-2", Kind: record.KindRecover, Started: at(-20), From: "i-1", FromZone: "a",
		Cause: record.Cause{Detail: "i-1 is stopped", At: at(-25)},
	}
	launch := sw
	launch.Instance = "i-2"
	granted := record.Grant{Instance: "i-2", Zone: "b"}
	held := record.Node{ID: 7, Epoch: 2, Phase: record.Launching, Since: at(-10), Switch: &sw, Hold: &record.Hold{Kind: record.Held, Code: "WR201", Reason: "no room"}}
	released := held
	released.Hold = nil
	return []record.Node{
		{ID: 7, Epoch: 2, Phase: record.Confirmed, Since: at(-20), Switch: &sw},
		{ID: 7, Epoch: 2, Phase: record.Fencing, Since: at(-19), Switch: &sw},
		{ID: 7, Epoch: 2, Phase: record.Fencing, Since: at(-19), Switch: &sw}, // nothing new
		held, released,
		{ID: 7, Epoch: 2, Phase: record.Serving, Since: at(-2), Switch: &launch, Grant: &granted},
		{ID: 7, Epoch: 2, Phase: record.Done, Since: at(0), Grant: &granted},
	}
}

func TestProgressIsALineForEachChange(t *testing.T) {
	cl, out, progress := rig("")
	w := &progressOf(cl).progress
	for _, n := range switching() {
		if err := w.see(n); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"03:03:45Z  node 7     +5.0s  confirmed  i-1 in a is condemned: i-1 is stopped",
		"03:03:46Z  node 7     +6.0s  fencing    i-1 is being powered off",
		"03:03:55Z  node 7    +15.0s  launching  a replacement is being asked for",
		"03:04:05Z  node 7    +25.0s  held       WR201 held: no candidate left: no room. Do: The switch retries by itself. Add a destination subnet in another zone, reserve capacity, or choose an instance type that more zones offer.",
		"03:04:05Z  node 7    +25.0s  released   ",
		"03:04:03Z  node 7    +23.0s  serving    i-2 in b is granted",
		"03:04:05Z  node 7    +25.0s  done       i-2 in b carries the node", "",
	}
	if diff := cmp.Diff(want, strings.Split(progress.String(), "\n")); diff != "" || out.Len() > 0 {
		t.Errorf("(-want +got)\n%s\nprinted %q", diff, out)
	}
}

// progressOf makes a follower that has seen nothing.
func progressOf(c *cli) *struct{ progress } { return &struct{ progress }{progress{cli: c}} }

func TestProgressOnATerminalShowsThePresentPhase(t *testing.T) {
	cl, _, progress := rig("", live)
	w := &progressOf(cl).progress
	for _, n := range switching()[:2] {
		if err := w.see(n); err != nil {
			t.Fatal(err)
		}
	}
	w.end()
	if s := progress.String(); !strings.Contains(s, "\r\x1b[Knode 7  fencing for 19.0s ") || !strings.HasSuffix(s, "\r\x1b[K") {
		t.Errorf("%q", s)
	}
}

func TestProgressForProgramsIsOneObjectALine(t *testing.T) {
	cl, out, progress := rig("", live)
	cl.json = true
	w := &progressOf(cl).progress
	for _, n := range switching() {
		if err := w.see(n); err != nil {
			t.Fatal(err)
		}
	}
	var events []string
	for line := range strings.Lines(out.String()) {
		var c Change
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		events = append(events, c.Event+" "+c.Phase)
	}
	want := []string{"phase confirmed", "phase fencing", "phase launching", "held launching", "released launching", "phase serving", "phase done"}
	if diff := cmp.Diff(want, events); diff != "" || progress.Len() > 0 {
		t.Errorf("(-want +got)\n%s\nprogress %q", diff, progress)
	}
}

func TestWhatCannotBeMovedIsSaidEarly(t *testing.T) {
	cl, _, _ := rig("", asks)
	grant := &record.Grant{Instance: "i-1", Zone: "a"}
	for name, c := range map[string]struct {
		node record.Node
		to   string
		want account.Kind
	}{
		"well":            {record.Node{Phase: record.Done, Grant: grant}, "", ""},
		"elsewhere":       {record.Node{Phase: record.Done, Grant: grant}, "b", ""},
		"there already":   {record.Node{Phase: record.Done, Grant: grant}, "a", account.Usage},
		"being switched":  {record.Node{Phase: record.Fencing, Switch: &record.Switch{}}, "", account.Attend},
		"paused":          {record.Node{Phase: record.Done, Grant: grant, Pause: &record.Pause{Until: now.Add(time.Minute)}}, "", account.Attend},
		"paused long ago": {record.Node{Phase: record.Done, Grant: grant, Pause: &record.Pause{Until: now}}, "", ""},
		"on no instance":  {record.Node{Phase: record.Done}, "", account.Attend},
	} {
		if err := cl.movable(place{node: c.node}, c.to); kindOf(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
