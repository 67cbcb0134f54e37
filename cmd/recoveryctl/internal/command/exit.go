package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/view"
)

// Exit codes. They are stable.
var exitCodes = map[account.Kind]int{
	account.Failed:   1,
	account.Usage:    2,
	account.Missing:  3,
	account.Attend:   4,
	account.Declined: 5,
	account.Silent:   6,
	account.Denied:   7,
}

// Run runs recoveryctl and returns its exit code.
func Run(ctx context.Context, s Surroundings, args []string) int {
	root, c := build(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var p *account.Problem
	if !errors.As(err, &p) {
		if c.began {
			errors.As(account.Explain(err, "recoveryctl"), &p)
		} else {
			p = &account.Problem{Kind: account.Usage, What: err.Error(), Hint: "recoveryctl --help"}
		}
	}
	if c.json {
		_ = view.JSON(s.Err, map[string]any{"error": p.What, "hint": p.Hint, "kind": p.Kind, "exitCode": exitCodes[p.Kind]})
		return exitCodes[p.Kind]
	}
	fmt.Fprintln(s.Err, "recoveryctl: "+p.What)
	if p.Hint != "" {
		fmt.Fprintln(s.Err, "hint: "+p.Hint)
	}
	return exitCodes[p.Kind]
}

func usage(what, hint string) error {
	return &account.Problem{Kind: account.Usage, What: what, Hint: hint}
}

func attend(what, hint string) error {
	return &account.Problem{Kind: account.Attend, What: what, Hint: hint}
}
