package awscloud

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

type bus struct {
	client func() *eventbridge.Client
}

func newBus(s *session) *bus {
	return &bus{client: sync.OnceValue(func() *eventbridge.Client { return eventbridge.NewFromConfig(s.cfg) })}
}

// Put sends one event to the default bus. PutEvents can succeed as a call and fail for
// its entry ("PutEvents", Amazon EventBridge API reference).
func (b *bus) Put(ctx context.Context, e cloud.Happening) error {
	ctx, cancel := context.WithTimeout(ctx, timelimit.Scale(deliveryLimit))
	defer cancel()
	out, err := b.client().PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		Source: aws.String(contract.Source), DetailType: aws.String(e.Kind), Detail: aws.String(string(e.Detail)),
	}}})
	if err != nil {
		return failure(err)
	}
	for _, entry := range out.Entries {
		if code := aws.ToString(entry.ErrorCode); code != "" {
			words := aws.ToString(entry.ErrorMessage)
			kind := kindOf(refusal{service: serviceEvents, action: "PutEvents", code: code, message: words}, false)
			return &cloud.Error{Kind: kind, Service: serviceEvents, Action: "PutEvents", Code: code, Message: words}
		}
	}
	return nil
}
