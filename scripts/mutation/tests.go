package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// binary is a compiled test binary, or the campaign of seeds.
type binary struct {
	pkg     string // its folder from the module's root
	program string
	dir     string // where it runs
	seeds   int    // of the campaign; 0: it is a test binary
	units   []*unit
}

// unit is what is run at once to see what it reaches: a test, a subtest of a slow
// one, or all seeds.
type unit struct {
	Test, Sub string
	Took      time.Duration // of a processor
	Reach     map[int]bool  // mutants
}

// testPackages are those whose tests must notice a mutant of any of the packages. Of the simulation's tests only the scenarios are run, since the
// seeds have a program of their own.
var testPackages = []struct{ pkg, skip string }{
	{"internal/decide", ""},
	{"internal/record", ""},
	{"internal/act", ""},
	{"internal/engine", ""},
	{"test/sim", "^(TestSeeds|TestSameSeed)"},
}

const campaign = "scripts/mutants/campaign"

// slow is how long a test may take before its subtests are looked at one by one.
const slow = 300 * time.Millisecond

// lab is where mutants are run.
type lab struct {
	root, dir string
	overlay   string
	seeds     int
	only      string // part of the test packages' names
	binaries  []*binary
	log       func(format string, args ...any)
}

// build writes the instrumented files and compiles everything once.
func (l *lab) build(ctx context.Context, files map[string]string) error {
	replace := map[string]string{}
	for file, text := range files {
		copied := filepath.Join(l.dir, strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return fmt.Errorf("write an instrumented file: %w", err)
		}
		replace[filepath.Join(l.root, file)] = copied
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return fmt.Errorf("write the overlay: %w", err)
	}
	l.overlay = filepath.Join(l.dir, "overlay.json")
	if err := os.WriteFile(l.overlay, list, 0o600); err != nil {
		return fmt.Errorf("write the overlay: %w", err)
	}
	for _, p := range testPackages {
		tests, err := filepath.Glob(filepath.Join(l.root, p.pkg, "*_test.go"))
		if err != nil || len(tests) == 0 || !strings.Contains(p.pkg, l.only) {
			continue // it has none, or is not wanted
		}
		b := &binary{pkg: p.pkg, dir: filepath.Join(l.root, p.pkg), program: filepath.Join(l.dir, strings.ReplaceAll(p.pkg, "/", "-")+".test")}
		if err := l.compile(ctx, "test", "-c", "-vet=off", "-overlay", l.overlay, "-o", b.program, "./"+p.pkg); err != nil {
			return err
		}
		l.binaries = append(l.binaries, b)
	}
	if l.seeds == 0 || !strings.Contains("seeds", l.only) {
		return nil
	}
	b := &binary{pkg: "seeds", dir: l.root, program: filepath.Join(l.dir, "campaign"), seeds: l.seeds}
	l.binaries = append(l.binaries, b)
	return l.compile(ctx, "build", "-overlay", l.overlay, "-o", b.program, "./"+campaign)
}

func (l *lab) compile(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = l.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the instrumented packages do not compile: %w\n%s", err, out[:min(len(out), 3000)])
	}
	return nil
}

func (l *lab) names(ctx context.Context, b *binary) ([]string, error) {
	cmd := exec.CommandContext(ctx, b.program, "-test.list", ".")
	cmd.Dir = b.dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the tests of %s: %w", b.pkg, err)
	}
	skip := ""
	for _, p := range testPackages {
		if p.pkg == b.pkg {
			skip = p.skip
		}
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		name := strings.TrimSpace(line)
		if strings.HasPrefix(name, "Test") && (skip == "" || !regexp.MustCompile(skip).MatchString(name)) {
			names = append(names, name)
		}
	}
	return names, nil
}

var running = regexp.MustCompile(`(?m)^=== RUN +([^/\s]+)/([^/\s]+)$`)

func (l *lab) subtests(ctx context.Context, b *binary, test string) []string {
	cmd := exec.CommandContext(ctx, b.program, "-test.v", "-test.run", "^"+test+"$")
	cmd.Dir = b.dir
	out, _ := cmd.Output() // it passed a moment ago
	var subs []string
	for _, m := range running.FindAllSubmatch(out, -1) {
		subs = append(subs, string(m[2]))
	}
	return subs
}

func (b *binary) label(u *unit) string {
	switch {
	case u.Sub != "":
		return b.pkg + " " + u.Test + "/" + u.Sub
	case u.Test != "":
		return b.pkg + " " + u.Test
	}
	return b.pkg
}

// Statuses of a mutant.
const (
	killed   = "killed"
	survived = "survived"
	timedOut = "timed out"
	unseen   = "not reached" // no test executes it: it survives too
)

// verdict is what came of a mutant, or of one run.
type verdict struct {
	status string
	by     string // what killed it
	took   time.Duration
}

var failed = regexp.MustCompile(`(?m)^ *--- FAIL: (\S+)|^(seed \d+ fails: .*)$|^(panic: .*)$`)

// patience is how long a run may take on a machine that others use too. How much of
// a processor it may use is counted exactly.
const patience = 90 * time.Minute

// run runs units of one binary with a mutant on (-1: none), all with the same test
// if they are subtests. limit is in seconds of processor time.
func (l *lab) run(ctx context.Context, b *binary, units []*unit, mutant int, reach string, limit time.Duration) verdict {
	bound, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	args := []string{"-c", `ulimit -v 8000000 -t "$1"; shift; exec "$@"`, "mutation", strconv.Itoa(int(limit.Seconds()) + 1), b.program}
	if b.seeds > 0 {
		args = append(args, "-to", strconv.Itoa(b.seeds))
	} else {
		args = append(args, "-test.failfast", "-test.timeout=0", "-test.run", pattern(units))
	}
	cmd := exec.CommandContext(bound, "bash", args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(mutant), "MUTANT_REACH="+reach)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Minute // a mutant may leave children that hold its output open
	err := cmd.Run()
	v := verdict{status: survived}
	if cmd.ProcessState != nil {
		v.took = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	switch {
	case bound.Err() != nil, err != nil && v.took >= limit:
		v.status, v.by = timedOut, b.pkg
	case err != nil:
		v.status, v.by = killed, b.pkg
		if m := failed.FindStringSubmatch(out.String()); m != nil {
			v.by += " " + m[1] + m[2] + m[3]
		}
	}
	return v
}

// pattern selects the units' tests.
func pattern(units []*unit) string {
	var names []string
	for _, u := range units {
		name := u.Test
		if u.Sub != "" {
			name = u.Sub
		}
		names = append(names, regexp.QuoteMeta(name))
	}
	all := "^(" + strings.Join(names, "|") + ")$"
	if units[0].Sub != "" {
		return "^" + units[0].Test + "$/" + all
	}
	return all
}

// try runs a mutant against all that reaches it, quickest first, until something
// fails.
func (l *lab) try(ctx context.Context, m *mutant) verdict {
	var batches []batch
	for _, b := range l.binaries {
		batches = append(batches, b.batches(m.id)...)
	}
	slices.SortStableFunc(batches, func(a, b batch) int { return cmp.Compare(a.took, b.took) })
	total := verdict{status: unseen}
	for _, b := range batches {
		v := l.run(ctx, b.binary, b.units, m.id, "", 5*time.Second+6*b.took)
		total.status, total.by, total.took = v.status, v.by, total.took+v.took
		if v.status != survived {
			return total
		}
	}
	return total
}
