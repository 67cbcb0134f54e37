package awscloud

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

type topic struct {
	arn    string
	client func() *sns.Client
}

func newTopic(s *session, arn string) *topic {
	return &topic{arn: arn, client: sync.OnceValue(func() *sns.Client { return sns.NewFromConfig(s.cfg) })}
}

func (t *topic) Publish(ctx context.Context, n cloud.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, timelimit.Scale(deliveryLimit))
	defer cancel()
	_, err := t.client().Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(t.arn), Subject: text(n.Subject), Message: aws.String(n.Body),
	})
	return failure(err)
}
