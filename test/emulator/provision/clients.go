package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
)

// Clients are the harness's own eyes and hands in one Region of the emulator.
type Clients struct {
	EC2        *ec2.Client
	ELB        *elasticloadbalancingv2.Client
	CloudWatch *cloudwatch.Client
	DynamoDB   *dynamodb.Client
	SNS        *sns.Client

	url, region, caller string
}

// Config is the SDK's configuration of a caller in the emulator.
func Config(endpoint, region, caller string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &endpoint, HTTPClient: awscloud.WholeAnswers(nil),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }, // what fails here is a fault of the harness
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: caller, SecretAccessKey: "emulator"}, nil
		}),
	}
}

// NewClients returns a caller's clients. The harness's own calls are those of the
// caller proxy.Observer.
func NewClients(endpoint, region, caller string) *Clients {
	cfg := Config(endpoint, region, caller)
	return &Clients{
		EC2: ec2.NewFromConfig(cfg), ELB: elasticloadbalancingv2.NewFromConfig(cfg),
		CloudWatch: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
			// The emulator does not speak the client's default protocol, rpc-v2-cbor.
			o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
		}),
		DynamoDB: dynamodb.NewFromConfig(cfg), SNS: sns.NewFromConfig(cfg),
		url: endpoint, region: region, caller: caller,
	}
}

// JSON calls a service of the JSON protocol; target is its X-Amz-Target prefix.
func (c *Clients) JSON(ctx context.Context, service, target, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s %s: %w", service, action, err)
	}
	h := http.Header{"X-Amz-Target": {target + "." + action}, "Content-Type": {"application/x-amz-json-1.0"}}
	return c.send(ctx, http.MethodPost, "/", service, action, h, body, func(text []byte) error {
		if out == nil {
			return nil
		}
		return json.Unmarshal(text, out)
	})
}

// REST calls a service of the REST-JSON protocol; without in there is no body, and
// without out the answer's is not read.
func (c *Clients) REST(ctx context.Context, method, path, service string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("%s %s: %w", service, path, err)
		}
	}
	h := http.Header{"Content-Type": {"application/json"}}
	return c.send(ctx, method, path, service, path, h, body, func(text []byte) error {
		if out == nil {
			return nil
		}
		return json.Unmarshal(text, out)
	})
}

// Query calls a service of the query protocol and returns the text of each leaf
// of the answer by its element's name (the last of a name counts).
func (c *Clients) Query(ctx context.Context, service, version, action string, form url.Values) (map[string]string, error) {
	form.Set("Action", action)
	form.Set("Version", version)
	found := map[string]string{}
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	err := c.send(ctx, http.MethodPost, "/", service, action, h, []byte(form.Encode()), func(text []byte) error {
		for _, m := range leaf.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = m[2]
		}
		return nil
	})
	return found, err
}

var leaf = regexp.MustCompile(`<([A-Za-z]+)>([^<]+)</`)

func (c *Clients) send(ctx context.Context, method, path, service, action string, h http.Header, body []byte, read func([]byte) error) error {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s %s: %w", service, action, err)
	}
	req.Header = h
	// The emulator reads the service and Region from the signature but checks none.
	req.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20250101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", c.caller, c.region, service))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", service, action, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", service, action, err)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: status %d: %s", service, action, resp.StatusCode, strings.TrimSpace(string(text)))
	}
	if err := read(text); err != nil {
		return fmt.Errorf("%s %s: answer %.200s: %w", service, action, text, err)
	}
	return nil
}
