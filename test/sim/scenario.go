package sim

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scenario is one readable file of testdata/scenarios: what it is about (a
// comment), set-up, stimuli with their times, and after the line "expected:" the
// one right outcome as text. README.md there tells how to read and write one.
type Scenario struct {
	File string
	Head string // up to and with the line "expected:"
	Want string // what follows it
	// Witness is told of every call. Default: nobody.
	Witness Witness
	// Skipped is the issue that the scenario waits for, 0: none, and why.
	Skipped int
	Why     string

	nodes, seeds int
	length       time.Duration
	lines        []line
	axes         []axis
}

type line struct {
	no   int
	text string
}

// axis is a "for each" line: the scenario runs once with each word in its place,
// and must end the same way.
type axis struct {
	name   string
	values []string
}

// Variant is one run of a scenario.
type Variant struct {
	Seed  uint64
	words map[string]string
}

func (v Variant) String() string {
	text := fmt.Sprintf("seed %d", v.Seed)
	for _, k := range sorted(v.words) {
		text += fmt.Sprintf(", %s=%s", k, v.words[k])
	}
	return text
}

const (
	separator   = "expected:"
	defaultSeed = 5 // seeds of a file that does not say
)

// ReadScenario reads a file and checks every line of it.
func ReadScenario(file string) (*Scenario, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	head, want, _ := strings.Cut(string(raw), "\n"+separator+"\n")
	s := &Scenario{File: file, Head: head + "\n" + separator + "\n", Want: want, nodes: 1, seeds: defaultSeed}
	for i, text := range strings.Split(head, "\n") {
		text = strings.Join(strings.Fields(text), " ")
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		l := line{i + 1, text}
		if taken, err := s.frame(l); err != nil {
			return nil, s.fault(l, err)
		} else if !taken {
			s.lines = append(s.lines, l)
		}
	}
	if s.length == 0 {
		return nil, fmt.Errorf("%s: no line says how long to run; write for example: run for 20m", file)
	}
	if !strings.HasPrefix(head, "# Scenario ") {
		return nil, fmt.Errorf("%s:1: the first line must say which scenario this is, for example: # Scenario 1: the same event twice", file)
	}
	for _, v := range s.Variants() { // a faulty line is found before anything runs
		if _, err := s.script(v); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Scenario) fault(l line, err error) error {
	return fmt.Errorf("%s:%d: %q: %w", s.File, l.no, l.text, err)
}

// frame takes up the lines that are about the whole file.
func (s *Scenario) frame(l line) (bool, error) {
	for _, f := range frames {
		a, ok, err := match(f.form, l.text)
		if err != nil {
			return false, err
		}
		if ok {
			return true, f.do(s, a)
		}
	}
	return false, nil
}

var frames = []struct {
	form string
	do   func(*Scenario, args) error
}{
	{"nodes <n>", func(s *Scenario, a args) error { s.nodes = a.n(0); return nil }},
	{"skipped until issue <n> because <text>", func(s *Scenario, a args) error { s.Skipped, s.Why = a.n(0), a[1]; return nil }},
	{"seeds <n>", func(s *Scenario, a args) error { s.seeds = a.n(0); return nil }},
	{"run for <time>", func(s *Scenario, a args) error { s.length = a.time(0); return nil }},
	{"for each <word> from <n> to <n>", func(s *Scenario, a args) error {
		x := axis{name: a[0]}
		for i := a.n(1); i <= a.n(2); i++ {
			x.values = append(x.values, strconv.Itoa(i))
		}
		return s.axis(x)
	}},
	{"for each <word> in <text>", func(s *Scenario, a args) error {
		x := axis{name: a[0]}
		for v := range strings.SplitSeq(a[1], ",") {
			x.values = append(x.values, strings.TrimSpace(v))
		}
		return s.axis(x)
	}},
}

func (s *Scenario) axis(x axis) error {
	if x.name != strings.ToUpper(x.name) {
		return fmt.Errorf("the name %q must be in capital letters, for example CALL", x.name)
	}
	s.axes = append(s.axes, x)
	return nil
}

// Variants are the runs of the scenario: all combinations of its "for each"
// lines, each with the same seeds.
func (s *Scenario) Variants() []Variant {
	list := []Variant{{words: map[string]string{}}}
	for _, x := range s.axes {
		var next []Variant
		for _, v := range list {
			for _, value := range x.values {
				words := map[string]string{x.name: value}
				for k, w := range v.words {
					words[k] = w
				}
				next = append(next, Variant{words: words})
			}
		}
		list = next
	}
	var all []Variant
	for _, v := range list {
		for seed := range s.seeds {
			all = append(all, Variant{uint64(seed + 1), v.words})
		}
	}
	return all
}

// script prepares one run.
func (s *Scenario) script(v Variant) (*script, error) {
	sc := newScript(s.nodes)
	for _, l := range s.lines {
		words := strings.Fields(l.text)
		for i, w := range words {
			bare := strings.TrimRight(w, ":,")
			if value, ok := v.words[bare]; ok {
				words[i] = value + w[len(bare):]
			}
		}
		l.text = strings.Join(words, " ")
		if err := sc.read(l); err != nil {
			return nil, s.fault(l, err)
		}
	}
	return sc, nil
}

// args are what stands in the places of a form.
type args []string

// These cannot fail: match has checked the words.
func (a args) n(i int) int { n, _ := strconv.Atoi(a[i]); return n }

func (a args) time(i int) time.Duration { d, _ := duration(a[i]); return d }

func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// match compares a line with a form word by word. ok is false if it is another
// statement; err is set if it is this statement with a wrong word in a place.
func match(form, text string) (a args, ok bool, err error) {
	want, got := strings.Fields(form), strings.Fields(text)
	for i, f := range want {
		switch {
		case f == "<text>" && len(got) > i:
			return append(a, strings.Join(got[i:], " ")), true, err
		case i >= len(got):
			return nil, false, nil
		case !strings.HasPrefix(f, "<"):
			if f != got[i] {
				return nil, false, nil
			}
		default:
			word := got[i]
			if wrong := place(f, word); wrong != nil && err == nil {
				err = fmt.Errorf("in %q: %w", form, wrong)
			}
			a = append(a, word)
		}
	}
	if len(got) != len(want) {
		return nil, false, nil
	}
	return a, true, err
}

// place checks a word against its place in a form.
func place(kind, word string) error {
	switch kind {
	case "<n>":
		if n, err := strconv.Atoi(word); err != nil || n < 1 {
			return fmt.Errorf("%q is not a number from 1 up", word)
		}
	case "<time>":
		if d, err := duration(word); err != nil || d < 0 {
			return fmt.Errorf("%q is not a time; allowed are for example 10s, 1.5s, 20m, 3h, 1d", word)
		}
	case "<zone>":
		if !slices.Contains(zones, word) {
			return fmt.Errorf("%q is not a zone; allowed are %s", word, strings.Join(zones, ", "))
		}
	}
	return nil
}
