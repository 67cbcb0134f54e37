// Package view is what recoveryctl shows: plain values with a stable JSON form, and
// tables of them for people. Fields are added to the JSON form, never renamed or
// removed; docs/cli/json.md describes it.
package view

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Style says how people are written to.
type Style struct {
	Now    time.Time
	Colour bool
}

// Colours of a terminal.
const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	green  = "\x1b[32m"
	plain  = "\x1b[0m"
)

func (s Style) paint(colour, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return colour + text + plain
}

// JSON writes a value for programs.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table writes rows in columns. A colour goes on the whole line, since escapes would
// count as width.
type table struct {
	rows    [][]string
	colours []string
}

func (t *table) add(colour string, cells ...string) {
	t.rows, t.colours = append(t.rows, cells), append(t.colours, colour)
}

func (t *table) write(w io.Writer, s Style) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range t.rows {
		fmt.Fprintln(tw, strings.Join(r, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
		line = strings.TrimRight(line, " ")
		if c := t.colours[i]; c != "" {
			line = s.paint(c, line)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// Duration is a length of time as people say it: at most two units.
func Duration(d time.Duration) string {
	d = d.Round(100 * time.Millisecond)
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// Seconds is a measured time.
func Seconds(s float64) string { return Duration(time.Duration(s * float64(time.Second))) }

// Stamp is a point in time for people, in UTC as in the logs.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Good paints a line that tells of something good.
func (s Style) Good(line string) string { return s.paint(green, line) }

// Dubious paints a line that wants a look.
func (s Style) Dubious(line string) string { return s.paint(yellow, line) }

// Bad paints a line that wants a person.
func (s Style) Bad(line string) string { return s.paint(red, line) }
