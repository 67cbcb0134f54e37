// Package command holds recoveryctl's commands, one file each.
//
// What a program reads goes to standard output; progress, questions and errors go to
// standard error. Exit codes are in exit.go.
package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Surroundings are what a command meets outside itself.
type Surroundings struct {
	In       io.Reader
	Out, Err io.Writer
	// Asks says that there is a person who can answer a question.
	Asks bool
	// Colour and Live say that Out and Err are a terminal.
	Colour, Live bool
	Now          func() time.Time
	Sleep        func(context.Context, time.Duration) error
}

// Machine is the process's own surroundings.
func Machine() Surroundings {
	return Surroundings{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Asks: terminal(os.Stdin), Colour: terminal(os.Stdout) && os.Getenv("NO_COLOR") == "", Live: terminal(os.Stderr),
		Now: time.Now,
		Sleep: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		},
	}
}

// terminal reports whether a person is at the other end. The null device, which cron
// and service managers give, is a character device too.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// cli is one run of recoveryctl.
type cli struct {
	Surroundings
	profile, region, name, vpc string
	json, noColour             bool
	began                      bool // the command line was understood
}

// New makes the command tree.
func New(s Surroundings) *cobra.Command {
	root, _ := build(s)
	return root
}

func build(s Surroundings) (*cobra.Command, *cli) {
	c := &cli{Surroundings: s}
	root := &cobra.Command{
		Use:   "recoveryctl",
		Short: "See and steer the recovery of EC2 nodes",
		Long: `recoveryctl shows the nodes that a switcher recovers, what it did and what it would
do, and gives it orders. It reads the switcher's records and calls the switcher's
function; it never acts around it. Who may do what is IAM's to say, and every order
is kept in the node's history with the caller's ARN.

Switchers are found by their Lambda functions in the Region: all of them, or the one
that --switcher or --vpc names. AWS settings are the usual ones: AWS_PROFILE,
AWS_REGION, AWS_ENDPOINT_URL, ~/.aws/config.

Exit codes: 0 done; 1 AWS or the network failed; 2 the command line is not usable;
3 no such node or switcher; 4 something needs a person; 5 not confirmed; 6 the
switcher did not take the order up in time; 7 your credentials do not allow it.`,
		SilenceErrors: true, SilenceUsage: true, DisableAutoGenTag: true, Version: version(),
		PersistentPreRun: func(*cobra.Command, []string) { c.began = true },
	}
	f := root.PersistentFlags()
	f.StringVar(&c.profile, "profile", "", "AWS profile (default: AWS_PROFILE)")
	f.StringVar(&c.region, "region", "", "AWS Region (default: AWS_REGION or the profile's)")
	f.StringVar(&c.name, "switcher", "", "name of the switcher (default: all of the Region)")
	f.StringVar(&c.vpc, "vpc", "", "VPC of the switcher (default: all of the Region)")
	f.BoolVar(&c.json, "json", false, "print JSON (docs/cli/json.md)")
	f.BoolVar(&c.noColour, "no-color", false, "print no colours (default: colours on a terminal, unless NO_COLOR is set)")
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetIn(s.In)
	root.AddCommand(
		c.statusCommand(), c.showCommand(), c.historyCommand(), c.planCommand(), c.switchCommand(),
		c.pauseCommand(), c.resumeCommand(), c.ackCommand(), c.brakeCommand(), c.watchCommand(),
		c.doctorCommand(), c.drillCommand(), c.adoptTableCommand(),
	)
	return root, c
}

// style is how people are written to now.
func (c *cli) style() view.Style {
	return view.Style{Now: c.Now().UTC(), Colour: c.Colour && !c.noColour}
}

// show prints a value as the operator wants it.
func (c *cli) show(v interface {
	Write(io.Writer, view.Style) error
},
) error {
	if c.json {
		return view.JSON(c.Out, v)
	}
	return v.Write(c.Out, c.style())
}

// tell writes a line of progress.
func (c *cli) tell(format string, args ...any) { fmt.Fprintf(c.Err, format+"\n", args...) }

// open opens the account and finds the switchers asked for.
func (c *cli) open(ctx context.Context) (*account.Account, []account.Switcher, error) {
	a, err := account.Open(ctx, c.profile, c.region)
	if err != nil {
		return nil, nil, err
	}
	all, err := a.Switchers(ctx, c.name, c.vpc)
	return a, all, err
}

// place is a node where it belongs.
type place struct {
	*account.Account
	account.Switcher
	node record.Node
}

// find opens the account and finds a node by its id.
func (c *cli) find(ctx context.Context, arg string) (place, error) {
	id, err := contract.ParseNodeID(arg)
	if err != nil {
		return place{}, usage(fmt.Sprintf("%q is no node id", arg), "a node id is a number from 1 on; recoveryctl status lists the nodes")
	}
	a, all, err := c.open(ctx)
	if err != nil {
		return place{}, err
	}
	s, n, err := a.Owner(ctx, all, id)
	return place{a, s, n}, err
}

// one opens the account and finds the one switcher that an order for a whole VPC is
// for.
func (c *cli) one(ctx context.Context) (place, error) {
	a, all, err := c.open(ctx)
	if err != nil {
		return place{}, err
	}
	if len(all) > 1 {
		names := ""
		for _, s := range all {
			names += " " + s.Config.Name + " (" + s.Config.VPC + ")"
		}
		return place{}, usage("the Region has several switchers:"+names, "say which with --switcher or --vpc")
	}
	return place{Account: a, Switcher: all[0]}, nil
}

// offer lets a shell complete the values of a flag.
func offer(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the command has no such flag
	}
}

// version is that of the module, as go install notes it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// exactly wants so many arguments, and says which.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usage(fmt.Sprintf("%s takes %d arguments (%v), %d were given", cmd.CommandPath(), len(names), names, len(args)), cmd.UseLine())
		}
		return nil
	}
}
