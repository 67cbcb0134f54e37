package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
)

const good = `{"name":"one","vpc":"vpc-1","blackholeGroup":"sg-1","table":"t","topic":"arn:aws:sns:ap-northeast-1:123456789012:t",` +
	`"function":"f","idTag":"id","targetTag":"target","policy":{}}`

func TestStart(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	for _, c := range []struct{ name, config, region, want string }{
		{"good", good, "ap-northeast-1", ""},
		{"no configuration", "", "ap-northeast-1", contract.EnvConfig},
		{"not JSON", "{", "ap-northeast-1", contract.EnvConfig},
		{"no table", strings.Replace(good, `"table":"t",`, "", 1), "ap-northeast-1", `"table" is missing`},
		{"policy out of bounds", strings.Replace(good, `"policy":{}`, `"policy":{"MaxAttempts":99}`, 1), "ap-northeast-1", "MaxAttempts is 99"},
		{"no Region", good, "", "AWS_REGION"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("AWS_REGION", c.region)
			t.Setenv("AWS_DEFAULT_REGION", c.region)
			h, err := newHandler(c.config, slog.New(slog.DiscardHandler))
			switch {
			case c.want == "" && (err != nil || h == nil):
				t.Errorf("error = %v, wanted a handler", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error = %v, wanted one that says %q", err, c.want)
			}
		})
	}
}

func TestInvocation(t *testing.T) {
	of := func(arn string) (engine.Invocation, error) {
		return invocation(lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "r", InvokedFunctionArn: arn}))
	}
	for _, arn := range []string{
		"arn:aws:lambda:ap-northeast-1:123456789012:function:switcher",
		"arn:aws-cn:lambda:ap-northeast-1:123456789012:function:switcher:live",
	} {
		got, err := of(arn)
		if diff := cmp.Diff(engine.Invocation{ID: "r", Account: "123456789012", Region: "ap-northeast-1"}, got); err != nil || diff != "" {
			t.Errorf("%s: %v, differs (-want +got):\n%s", arn, err, diff)
		}
	}
	for _, arn := range []string{"", "switcher", "arn:aws:sns:ap-northeast-1:123456789012:function:x", "arn:aws:lambda::123456789012:function:x"} {
		if got, err := of(arn); err == nil {
			t.Errorf("%q gave %+v, wanted an error", arn, got)
		}
	}
	if _, err := invocation(context.Background()); err == nil {
		t.Error("a call without a Lambda context gave no error")
	}
}
