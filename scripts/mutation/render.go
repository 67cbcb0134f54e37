package main

import (
	"slices"
	"strings"
)

// edit puts text around a range of a file, or in its place. Ranges nest; of two
// equal ones the earlier is the outer.
type edit struct {
	start, end  int
	open, close string
	replace     *string
}

// render applies the edits.
func render(text string, edits []edit) string {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b edit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	var out strings.Builder
	rest := renderInto(&out, text, sorted, 0, len(text))
	if len(rest) > 0 {
		panic("edits overlap")
	}
	return out.String()
}

// renderInto writes text[from:to] with the edits that lie in it, and returns the others.
func renderInto(out *strings.Builder, text string, edits []edit, from, to int) []edit {
	for len(edits) > 0 && edits[0].start < to && edits[0].end <= to {
		e := edits[0]
		out.WriteString(text[from:e.start])
		out.WriteString(e.open)
		if e.replace != nil {
			out.WriteString(*e.replace)
			edits = edits[1:]
		} else {
			edits = renderInto(out, text, edits[1:], e.start, e.end)
		}
		out.WriteString(e.close)
		from = e.end
	}
	out.WriteString(text[from:to])
	return edits
}
