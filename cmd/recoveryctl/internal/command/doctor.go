package command

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/doctor"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
)

func (c *cli) doctorCommand() *cobra.Command {
	var notes, strict bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check whether recoveries would work as things are deployed",
		Long: `doctor reads the account as it is deployed and tells what would keep a recovery from
working: the function and its schedule, its role's permissions (by IAM's simulator),
destination subnets and their addresses, endpoints, the blackhole group, quotas, and of
each node its instance, tags, targets, alarms, the agent's heartbeat, launch template,
image, the types that each zone offers, mount targets, claims and holds. It only reads.

Each finding has a severity, a cause and what mends it. The exit code is 4 when there
is an error, with --strict also when there is a warning.`,
		Example: "  recoveryctl doctor\n  recoveryctl doctor --strict --json | jq '.switchers[].findings[].fix'",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, all, err := c.open(cmd.Context())
			if err != nil {
				return err
			}
			d := Diagnosis{Region: a.Region, Switchers: []SwitcherDiagnosis{}}
			for _, s := range all {
				c.tell("examining switcher %s in %s", s.Config.Name, s.Config.VPC)
				f, err := a.Inspect(cmd.Context(), s, c.Now().UTC())
				if err != nil {
					return err
				}
				one := SwitcherDiagnosis{Name: s.Config.Name, VPC: s.Config.VPC, Nodes: len(f.Nodes), Checks: len(doctor.Checks()), Findings: []doctor.Finding{}}
				for _, x := range doctor.Examine(f) {
					if notes || x.Severity != doctor.Note {
						one.Findings = append(one.Findings, x)
					}
				}
				d.Switchers = append(d.Switchers, one)
			}
			if err := c.show(d); err != nil {
				return err
			}
			if d.has(doctor.Error) || strict && d.has(doctor.Warning) {
				return attend("something is not as it should be", "each finding says what mends it")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&notes, "notes", false, "also what is only good to know")
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 4 for warnings too")
	return cmd
}

// Diagnosis is what `doctor --json` prints.
type Diagnosis struct {
	Region    string              `json:"region"`
	Switchers []SwitcherDiagnosis `json:"switchers"`
}

// SwitcherDiagnosis is one VPC.
type SwitcherDiagnosis struct {
	Name     string           `json:"name"`
	VPC      string           `json:"vpc"`
	Nodes    int              `json:"nodes"`
	Checks   int              `json:"checks"`
	Findings []doctor.Finding `json:"findings"`
}

func (d Diagnosis) has(s doctor.Severity) bool {
	return slices.ContainsFunc(d.Switchers, func(x SwitcherDiagnosis) bool {
		return slices.ContainsFunc(x.Findings, func(f doctor.Finding) bool { return f.Severity == s })
	})
}

// Write writes it for people.
func (d Diagnosis) Write(w io.Writer, s view.Style) error {
	for _, x := range d.Switchers {
		fmt.Fprintf(w, "%s  %s  %s  %d nodes, %d checks\n", x.Name, x.VPC, d.Region, x.Nodes, x.Checks)
		if len(x.Findings) == 0 {
			fmt.Fprintln(w, s.Good("  nothing was found: recoveries should work"))
		}
		for _, f := range x.Findings {
			head := fmt.Sprintf("  %-8s%-13s %s", f.Severity, f.Check, f.What)
			switch f.Severity {
			case doctor.Error:
				head = s.Bad(head)
			case doctor.Warning:
				head = s.Dubious(head)
			case doctor.Note:
			}
			cause := f.Cause
			if cause == "" {
				cause = "not known"
			}
			fmt.Fprintf(w, "%s\n          cause: %s\n          fix:   %s\n", head, cause, f.Fix)
		}
	}
	return nil
}
