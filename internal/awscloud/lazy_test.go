package awscloud

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// TestClientsAreMadeWhenNeeded: of each service a client is made by its first call, and
// by nothing else, since the start of the function is part of every recovery.
func TestClientsAreMadeWhenNeeded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer server.Close()
	s := newSession(aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}, nil)
	made := 0
	s.cfg.Retryer = func() aws.Retryer { // the SDK asks for it once for each client
		made++
		return aws.NopRetryer{}
	}
	ports := s.ports(Options{Table: "t", Topic: "arn:aws:sns:eu-west-1:111122223333:t", Function: "f"})
	if made != 0 {
		t.Errorf("%d clients were made before any call", made)
	}
	ctx := t.Context()
	for _, c := range []struct {
		service string
		call    func(context.Context) error
	}{
		{"DynamoDB", func(ctx context.Context) error {
			_, err := ports.Table.Get(ctx, "p", "s")
			return err
		}},
		{"EC2", func(ctx context.Context) error {
			_, err := ports.Compute.Instances(ctx, []string{"i-1"})
			return err
		}},
		{"Elastic Load Balancing", func(ctx context.Context) error {
			_, err := ports.Balancers.Targets(ctx, "arn")
			return err
		}},
		{"CloudWatch", func(ctx context.Context) error {
			_, err := ports.Alarms.Alarms(ctx, []string{"a"})
			return err
		}},
		{"EFS", func(ctx context.Context) error {
			_, err := ports.Files.Mounts(ctx, "fs-1")
			return err
		}},
		{"EventBridge", func(ctx context.Context) error { return ports.Bus.Put(ctx, cloud.Happening{}) }},
		{"SNS", func(ctx context.Context) error {
			return ports.Topic.Publish(ctx, cloud.Notice{Subject: "s", Body: "b"})
		}},
		{"Lambda", func(ctx context.Context) error { return ports.Invoker.Invoke(ctx, []byte("{}")) }},
	} {
		before := made
		for range 2 {
			if err := c.call(ctx); err == nil {
				t.Errorf("%s answered, wanted the server's refusal", c.service)
			}
		}
		if made != before+1 {
			t.Errorf("two calls of %s made %d clients, wanted one", c.service, made-before)
		}
	}
}
