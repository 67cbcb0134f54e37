package awscloud

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

// Call is one call of an AWS API, for metrics.
type Call struct {
	Service  string     // as the SDK names it: "EC2", "Elastic Load Balancing v2", …
	Action   string     // "RunInstances"
	Kind     cloud.Kind // "" if it succeeded
	Attempts int        // HTTP requests sent; 0 if none was
	Took     time.Duration
}

// readRetryer is the SDK's standard one with short pauses. It does not
// ask again for capacity: the answer costs tokens and time in the dead zone.
func readRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 3
		o.Backoff = retry.BackoffDelayerFunc(readPause)
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(notForCapacity)}, o.Retryables...)
	})
}

// readPause is 100 to 200 ms before the second attempt and twice that before the
// third. The SDK's own pauses are made for patient callers: the node is down.
func readPause(attempt int, _ error) (time.Duration, error) {
	step := (100 * time.Millisecond) << min(max(attempt-1, 0), 3)
	return step + rand.N(step), nil
}

func notForCapacity(err error) aws.Ternary {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch ec2Codes[plain(api.ErrorCode())] {
		case cloud.Capacity, cloud.NoRoom, cloud.Addresses, cloud.Unsupported:
			return aws.FalseTernary
		default: // the SDK's own rules decide
		}
	}
	return aws.UnknownTernary
}

// watched bounds and reports each call. It is the innermost middleware of the
// Initialize step, thus outside the retries and inside the step that names the
// operation.
func (s *session) watched(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("RecoveryWatch", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(ctx, timelimit.Scale(callLimit))
		defer cancel()
		out, metadata, err := next.HandleInitialize(ctx, in)
		service, action := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
		call := Call{Service: service, Action: action, Took: time.Since(begin)}
		if err != nil {
			call.Kind = classify(service, action, err).Kind
		}
		if results, ok := retry.GetAttemptResults(metadata); ok {
			call.Attempts = len(results.Results)
		}
		s.watch(call)
		return out, metadata, err
	}), middleware.After)
}
