package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
)

// DrillReport is what `drill --json` prints and writes.
type DrillReport struct {
	Region           string        `json:"region"`
	Switcher         string        `json:"switcher"`
	VPC              string        `json:"vpc"`
	Kind             string        `json:"kind"`
	Reason           string        `json:"reason"`
	By               string        `json:"by"`
	BrokenAt         time.Time     `json:"brokenAt"`
	ObjectiveSeconds float64       `json:"objectiveSeconds"`
	Passed           bool          `json:"passed"`
	Nodes            []DrilledNode `json:"nodes"`
}

// DrilledNode is what became of one node. Times are from the moment it was broken, by
// the operator's clock, to what the switcher noted by its own.
type DrilledNode struct {
	ID             int                `json:"id"`
	Name           string             `json:"name"`
	Switch         string             `json:"switch"`
	From           string             `json:"from"`
	FromZone       string             `json:"fromZone"`
	To             string             `json:"to"`
	ToZone         string             `json:"toZone"`
	NoticedSeconds float64            `json:"noticedSeconds"` // until the switch began
	DownSeconds    float64            `json:"downSeconds"`    // until it served again
	Phases         []view.PhaseLength `json:"phases"`
	Calls          int                `json:"calls"`
	Attempts       int                `json:"attempts"`
	Passed         bool               `json:"passed"`
}

// Write writes it as Markdown, which people read as it is.
func (r DrillReport) Write(w io.Writer, _ view.Style) error {
	verdict := "met"
	if !r.Passed {
		verdict = "NOT met"
	}
	fmt.Fprintf(w, "# Drill: %s, %s\n\n", r.Kind, r.BrokenAt.Format("2006-01-02 15:04:05Z"))
	fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("Switcher %s in %s (%s), by %s. %s", r.Switcher, r.VPC, r.Region, r.By, r.Reason))+"\n")
	fmt.Fprintf(w, "The objective, at most %s down, was **%s**.\n\n", view.Seconds(r.ObjectiveSeconds), verdict)
	fmt.Fprint(w, "| node | from | to | noticed after | down | objective |\n|---|---|---|---|---|---|\n")
	for _, n := range r.Nodes {
		fmt.Fprintf(w, "| %d %s | %s %s | %s %s | %s | %s | %s |\n", n.ID, n.Name, n.FromZone, n.From, n.ToZone, n.To,
			view.Seconds(n.NoticedSeconds), view.Seconds(n.DownSeconds), map[bool]string{true: "met", false: "NOT met"}[n.Passed])
	}
	for _, n := range r.Nodes {
		fmt.Fprintf(w, "\n## Node %d, switch %s\n\n%d calls changed something, attempts %d.\n\n| phase | took |\n|---|---|\n", n.ID, n.Switch, n.Calls, n.Attempts)
		for _, p := range n.Phases {
			fmt.Fprintf(w, "| %s | %s |\n", p.Phase, view.Seconds(p.Seconds))
		}
	}
	return nil
}

// writable refuses a folder in which the reports could not be written, before a drill
// breaks anything.
func writable(folder string) error {
	err := os.MkdirAll(folder, 0o750)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(folder, ".drill-*"); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return usage(fmt.Sprintf("--out %s: the reports cannot be written there: %v", folder, err), "give a folder that you may write")
	}
	return nil
}

// save writes both forms into a folder.
func (r DrillReport) save(folder string, node int) ([]string, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("write the reports: %w", err)
	}
	base := filepath.Join(folder, fmt.Sprintf("drill-%d-%s", node, r.BrokenAt.Format("20060102T150405Z")))
	var text, data bytes.Buffer
	if err := r.Write(&text, view.Style{}); err != nil {
		return nil, err
	}
	if err := view.JSON(&data, r); err != nil {
		return nil, err
	}
	files := []string{base + ".md", base + ".json"}
	for i, b := range [][]byte{text.Bytes(), data.Bytes()} {
		if err := os.WriteFile(files[i], b, 0o600); err != nil {
			return nil, fmt.Errorf("write the reports: %w", err)
		}
	}
	return files, nil
}
