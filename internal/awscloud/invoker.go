package awscloud

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

type invoker struct {
	function string
	client   func() *lambda.Client
}

func newInvoker(s *session, function string) *invoker {
	return &invoker{function: function, client: sync.OnceValue(func() *lambda.Client { return lambda.NewFromConfig(s.cfg) })}
}

// Invoke hands the payload to Lambda's queue and does not wait for the run.
func (i *invoker) Invoke(ctx context.Context, payload []byte) error {
	_, err := i.client().Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(i.function), InvocationType: types.InvocationTypeEvent, Payload: payload,
	})
	return failure(err)
}
