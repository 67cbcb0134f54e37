// Command switcher is the Lambda function that recovers the nodes of one VPC. It
// reads its configuration, connects the engine to AWS and starts the handler;
// everything else is in internal/engine.
//
// Build (the Switcher construct's asset):
//
//	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -buildvcs=false -ldflags "-s -w -buildid=" -o bootstrap ./lambda/switcher
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
)

func main() {
	// Standard output: CloudWatch takes embedded metrics from there only.
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	handler, err := newHandler(os.Getenv(contract.EnvConfig), log)
	if err != nil {
		log.Error("the switcher cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(handler)
}

type handler func(ctx context.Context, payload json.RawMessage) (engine.Result, error)

func newHandler(config string, log *slog.Logger) (handler, error) {
	cfg, err := contract.ParseConfig(config)
	if err != nil {
		return nil, err
	}
	sdk, err := awscloud.LoadFunction()
	if err != nil {
		return nil, err
	}
	var meter awscloud.Meter
	ports := awscloud.Ports(sdk, awscloud.Options{
		Table: cfg.Table, Topic: cfg.Topic, Function: cfg.Function, Observe: meter.Observe,
	})
	flush := func() {
		if err := meter.Flush(os.Stdout, cfg.Name, time.Now()); err != nil {
			log.Error("the metrics of the calls are lost", "error", err.Error())
		}
	}
	e := engine.New(cfg, ports, engine.WithLog(log), engine.WithMetrics(os.Stdout), engine.WithPulse(flush))
	return func(ctx context.Context, payload json.RawMessage) (engine.Result, error) {
		inv, err := invocation(ctx)
		if err != nil {
			return engine.Result{}, err
		}
		defer flush()
		return e.Handle(ctx, inv, payload)
	}, nil
}

// invocation is what Lambda says of a call: its id, and in the function's own ARN
// (arn:partition:lambda:region:account:function:name) where we are.
func invocation(ctx context.Context) (engine.Invocation, error) {
	about, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return engine.Invocation{}, errors.New("the call carries no Lambda context: run the switcher in AWS Lambda or on a Runtime API")
	}
	arn := strings.Split(about.InvokedFunctionArn, ":")
	if len(arn) < 7 || arn[0] != "arn" || arn[2] != "lambda" || arn[3] == "" || arn[4] == "" {
		return engine.Invocation{}, fmt.Errorf("the invoked function's ARN is %q: wanted arn:<partition>:lambda:<region>:<account>:function:<name>", about.InvokedFunctionArn)
	}
	return engine.Invocation{ID: about.AwsRequestID, Region: arn[3], Account: arn[4]}, nil
}
