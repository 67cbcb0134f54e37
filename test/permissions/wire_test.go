package permissions

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/sim"
)

// wire is the real adapters of one switcher with nothing at the other end: requests
// are kept, and answered so that an adapter that asks before it acts goes on.
type wire struct {
	ports cloud.Ports
	deed  sim.Deed
	calls []proxy.Call
	err   error
}

func newWire(region, switcher string) *wire {
	w := &wire{}
	w.ports = awscloud.Ports(aws.Config{
		Region: region, Credentials: credentials.NewStaticCredentialsProvider("AKIASIMULATED", "secret", ""),
		BaseEndpoint: aws.String("http://nowhere.invalid"), // for CloudWatch to speak JSON, which the proxy reads
		APIOptions:   []func(*middleware.Stack) error{w.instead},
	}, awscloud.Options{Table: simTable, Topic: simTopic, Function: contract.FunctionName(switcher)})
	return w
}

// of are the API calls that a deed is.
func (w *wire) of(d sim.Deed) ([]proxy.Call, error) {
	w.deed, w.calls, w.err = d, nil, nil
	d.Again(w.ports) // an error of an answer that says nothing changes no request
	if w.err == nil && len(w.calls) == 0 {
		w.err = fmt.Errorf("a call of a port made no request")
	}
	return w.calls, w.err
}

// instead answers in place of the network.
func (w *wire) instead(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Instead", func(
		ctx context.Context, in middleware.DeserializeInput, _ middleware.DeserializeHandler,
	) (out middleware.DeserializeOutput, _ middleware.Metadata, err error) {
		request := in.Request.(*smithyhttp.Request)
		var body []byte
		if s := request.GetStream(); s != nil {
			if body, err = io.ReadAll(s); err != nil {
				return out, middleware.Metadata{}, err
			}
		}
		call, err := proxy.Classify(request.Build(ctx), body)
		if err != nil {
			w.err = err
			return out, middleware.Metadata{}, err
		}
		w.calls = append(w.calls, call)
		kind, answer := w.answer(call, request.Header.Get("X-Amz-Target") != "")
		out.RawResponse = &smithyhttp.Response{Response: &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(answer)),
		}}
		return out, middleware.Metadata{}, nil
	}), middleware.After)
}

// answer is what makes an adapter that reads first go on to its other calls.
func (w *wire) answer(c proxy.Call, json bool) (kind, body string) {
	switch {
	case c.Action == "DescribeAlarms": // it watches another instance
		return "application/x-amz-json-1.0", fmt.Sprintf(`{"MetricAlarms":[{"AlarmName":%q,"Dimensions":[{"Name":"InstanceId","Value":"i-another"}]}]}`, c.Params["AlarmNames.1"])
	case c.Action == "DescribeMountTargets":
		var targets bytes.Buffer
		for _, id := range w.deed.Mounts(c.Params["FileSystemId"]) {
			fmt.Fprintf(&targets, `,{"MountTargetId":%q,"LifeCycleState":"available"}`, id)
		}
		return "application/json", fmt.Sprintf(`{"MountTargets":[%s]}`, strings.TrimPrefix(targets.String(), ","))
	case c.Action == "AssociateApplicationStatusCheck": // it is associated already, as the adapter then sees
		return "text/xml", "<R><unsuccessfulResultSet><item><reason>exists</reason></item></unsuccessfulResultSet></R>"
	case json, c.Service == proxy.EFS, c.Service == proxy.Lambda, c.Service == proxy.Zonal:
		return "application/json", "{}"
	case c.Service == proxy.EC2:
		return "text/xml", fmt.Sprintf(`<%sResponse/>`, c.Action)
	default:
		return "text/xml", fmt.Sprintf(`<%sResponse><%sResult/></%sResponse>`, c.Action, c.Action, c.Action)
	}
}
