package command

import (
	"context"
	"errors"
	"time"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/account"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// readAgain reads until AWS answers, or until end; the zero time means no end. A switch
// goes on while recoveryctl cannot read, so one read without an answer ends no command
// that follows a switch. It reports the first failed read and the one that succeeds after it.
func readAgain[T any](ctx context.Context, c *cli, end time.Time, read func(context.Context) (T, error)) (T, error) {
	for failed := false; ; failed = true {
		v, err := read(ctx)
		switch {
		case err == nil && failed:
			c.tell("AWS answers again")
			return v, nil
		case err == nil, !unanswered(err), ctx.Err() != nil:
			return v, err
		case !end.IsZero() && !c.Now().Before(end):
			return v, err
		case !failed:
			c.tell("%v; the switcher goes on, and recoveryctl reads again", err)
		}
		if err := c.Sleep(ctx, time.Second); err != nil {
			return v, account.Explain(err, "read again")
		}
	}
}

// unanswered reports whether the same read may succeed later: AWS gave no answer, failed,
// or throttled the call. Missing permissions and expired credentials need a person.
func unanswered(err error) bool {
	var p *account.Problem
	if errors.As(err, &p) && p.Kind != account.Failed {
		return false
	}
	var e *cloud.Error
	return errors.As(err, &e) && cloud.Passing(e)
}

// deadline returns when a limit that begins now ends; a limit of 0 has no end.
func (c *cli) deadline(limit time.Duration) time.Time {
	if limit <= 0 {
		return time.Time{}
	}
	return c.Now().Add(limit)
}

// histories reads the ended switches of a node.
func (p place) histories(ctx context.Context, n record.Node) ([]record.History, error) {
	past, err := p.Store.Histories(ctx, n)
	return past, account.Explain(err, "read the history")
}
