// Command echo is the function that the Runtime API's own tests run.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type request struct{ Do string }

type reply struct {
	Request, ARN, Env, Endpoint string
	Deadline                    bool
	Process                     int
}

func main() {
	lambda.Start(func(ctx context.Context, r request) (reply, error) {
		fmt.Printf(`{"msg":"asked","do":%q,"worker":%q}`+"\n", r.Do, os.Getenv("AWS_ACCESS_KEY_ID"))
		switch r.Do {
		case "fail":
			return reply{}, errors.New("as told")
		case "exit":
			os.Exit(3)
		case "hang":
			time.Sleep(time.Hour)
		case "wait":
			for { // until a file appears: a sign that a test can give
				if _, err := os.Stat(os.Getenv("SIGN")); err == nil {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
		lc, _ := lambdacontext.FromContext(ctx)
		_, ok := ctx.Deadline()
		return reply{
			Request: lc.AwsRequestID, ARN: lc.InvokedFunctionArn, Deadline: ok,
			Env: os.Getenv("FROM_TEMPLATE"), Endpoint: os.Getenv("AWS_ENDPOINT_URL"), Process: os.Getpid(),
		}, nil
	})
}
