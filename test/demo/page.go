package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

// page writes plain text for people; with colour only on a terminal.
type page struct {
	out    io.Writer
	colour bool
	failed int
	passed int
}

func newPage(f *os.File) *page {
	info, err := f.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
	return &page{out: f, colour: terminal}
}

func (p *page) title(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(p.out, "\n%s\n%s\n", p.paint("1", text), strings.Repeat("-", len(text)))
}

// say writes a paragraph, wrapped at 100 columns.
func (p *page) say(format string, args ...any) {
	line := ""
	for _, word := range strings.Fields(fmt.Sprintf(format, args...)) {
		if len(line)+len(word) >= 100 {
			fmt.Fprintln(p.out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(p.out, line)
}

// table aligns rows; the first is the heading.
func (p *page) table(rows [][]string) {
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(t, "  "+strings.Join(r, "\t"))
	}
	_ = t.Flush() // standard output
}

func (p *page) check(c world.Check) {
	word := p.paint("32", "ok  ")
	if !c.OK {
		word = p.paint("31", "FAIL")
		p.failed++
	} else {
		p.passed++
	}
	fmt.Fprintf(p.out, "  %s  %s (%s)\n", word, c.Promise, c.Detail)
}

func (p *page) paint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// short keeps a value readable in one row.
func short(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
