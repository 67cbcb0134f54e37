// Command provider is the function that the provisioner's own tests run: it
// answers custom-resource requests with what it was asked, and refuses those of the
// type that the property Refuse names.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(ctx context.Context, in json.RawMessage) (string, error) {
		var r struct {
			RequestType, ResponseURL, RequestId string
			ResourceProperties                  struct{ NodeId, Refuse, Instance string }
		}
		if err := json.Unmarshal(in, &r); err != nil {
			return "", err
		}
		fmt.Println(string(in))
		if r.RequestType == "" {
			return "event", nil
		}
		status := "SUCCESS"
		if r.ResourceProperties.Refuse == r.RequestType {
			status = "FAILED"
		}
		body, err := json.Marshal(map[string]any{
			"Status": status, "Reason": "as asked", "PhysicalResourceId": "node-" + r.ResourceProperties.NodeId, "RequestId": r.RequestId,
			"Data": map[string]string{"InstanceId": r.ResourceProperties.Instance, "Where": os.Getenv("WHERE"), "Asked": string(in)},
		})
		if err != nil {
			return "", err
		}
		put, err := http.NewRequestWithContext(ctx, http.MethodPut, r.ResponseURL, bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		resp, err := http.DefaultClient.Do(put)
		if err != nil {
			return "", err
		}
		return resp.Status, resp.Body.Close()
	})
}
