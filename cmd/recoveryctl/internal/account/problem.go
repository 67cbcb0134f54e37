package account

import (
	"context"
	"errors"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Kind tells problems apart: each has an exit code of its own.
type Kind string

// Kinds of problems.
const (
	Failed   Kind = "failed"    // AWS or the network did not do what was asked
	Usage    Kind = "usage"     // the command line is not usable
	Missing  Kind = "missing"   // there is no such node or switcher
	Attend   Kind = "attention" // it was found out that something needs a person
	Declined Kind = "declined"  // the operator did not confirm
	Silent   Kind = "silent"    // an order was given, and nobody took it up in time
	Denied   Kind = "denied"    // the operator's credentials do not allow a call
)

// Problem is an error with what to do about it.
type Problem struct {
	Kind Kind
	What string
	Hint string
	Err  error // the AWS call's error, or nil
}

func (p *Problem) Error() string { return p.What }

func (p *Problem) Unwrap() error { return p.Err }

// Explain turns an error of an AWS call into a problem. doing says what was tried.
func Explain(err error, doing string) error {
	var p *Problem
	if err == nil || errors.As(err, &p) {
		return err
	}
	what := doing + ": " + err.Error()
	c := code(err)
	lower := strings.ToLower(err.Error())
	switch {
	case cloud.Is(err, cloud.Denied), strings.Contains(c, "AccessDenied"), strings.Contains(c, "Unauthorized"):
		return &Problem{Denied, what, "your credentials do not allow this call; docs/cli/permissions.md lists what each command needs", err}
	case c == "ExpiredToken", c == "ExpiredTokenException", c == "InvalidClientTokenId", c == "UnrecognizedClientException":
		return &Problem{Denied, what, "sign in again (aws sso login), or check AWS_PROFILE", err}
	case cloud.Is(err, cloud.Throttled), strings.Contains(c, "Throttl"), c == "TooManyRequestsException", c == "RequestLimitExceeded":
		return &Problem{Failed, what, "AWS is throttling: wait a little and try again", err}
	case c == "ResourceNotFoundException":
		return &Problem{Missing, what, "check --region: the switcher's table or function is not there", err}
	case errors.Is(err, context.Canceled):
		return &Problem{Failed, doing + ": interrupted", "what was ordered before goes on by itself; recoveryctl status shows it", err}
	case strings.Contains(lower, "failed to refresh cached credentials"), strings.Contains(lower, "no ec2 imds role"), strings.Contains(lower, "static credentials are empty"):
		return &Problem{Denied, what, "no AWS credentials were found: set AWS_PROFILE or sign in (aws sso login)", err}
	case strings.Contains(lower, "no such host"), strings.Contains(lower, "connection refused"), strings.Contains(lower, "timeout"):
		return &Problem{Failed, what, "AWS cannot be reached: check the network, --region and AWS_ENDPOINT_URL", err}
	}
	return &Problem{Failed, what, "", err}
}
