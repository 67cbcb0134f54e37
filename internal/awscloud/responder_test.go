package awscloud

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

func TestRespondPutsTheBodyWithoutContentType(t *testing.T) {
	s := &service{status: http.StatusOK}
	server := httptest.NewServer(s)
	defer server.Close()
	r := newResponder(newSession(aws.Config{BaseEndpoint: aws.String(server.URL)}, nil))
	if err := r.Respond(context.Background(), server.URL+"/bucket/key?X-Amz-Signature=x", []byte(`{"Status":"SUCCESS"}`)); err != nil {
		t.Fatal(err)
	}
	if want := `PUT  {"Status":"SUCCESS"}`; len(s.requests) != 1 || s.requests[0] != want {
		t.Errorf("requests = %q, wanted %q", s.requests, want)
	}
}

func TestRespondIsRepeatedOnlyWhenThatCanHelp(t *testing.T) {
	for _, c := range []struct {
		status, tries int
		kind          cloud.Kind
	}{{503, respondTries, cloud.Ambiguous}, {403, 1, cloud.Denied}, {400, 1, cloud.Invalid}, {204, 1, ""}} {
		tries := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			tries++
			w.WriteHeader(c.status)
		}))
		var calls []Call
		r := newResponder(newSession(aws.Config{BaseEndpoint: aws.String(server.URL)}, func(c Call) { calls = append(calls, c) }))
		r.pause = 0
		err := r.Respond(context.Background(), server.URL+"/x", nil)
		server.Close()
		if cloud.KindOf(err) != c.kind || tries != c.tries {
			t.Errorf("status %d: error %v after %d tries, wanted kind %q after %d", c.status, err, tries, c.kind, c.tries)
		}
		if len(calls) != 1 || calls[0].Attempts != c.tries || calls[0].Kind != c.kind {
			t.Errorf("status %d: observed %+v", c.status, calls)
		}
	}
}

func TestRespondGoesToAWSOnly(t *testing.T) {
	r := newResponder(newSession(aws.Config{}, nil))
	for address, want := range map[string]bool{
		"https://cloudformation-custom-resource-response-apnortheast1.s3.ap-northeast-1.amazonaws.com/a?b=c": true,
		"https://bucket.s3.cn-north-1.amazonaws.com.cn/a":                                                    true,
		"https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/a":                         true,
		"https://bucket.s3-us-west-2.amazonaws.com/a":                                                        true,
		"https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a":                                              true,
		"https://s3.eu-west-1.amazonaws.com/bucket/a":                                                        true,
		"https://s3.amazonaws.com/bucket/a":                                                                  true,
		"https://ec2-203-0-113-1.compute-1.amazonaws.com/a":                                                  false,
		"https://ec2-203-0-113-1.eu-west-1.compute.amazonaws.com/a":                                          false,
		"https://balancer-1.eu-west-1.elb.amazonaws.com/a":                                                   false,
		"https://id.execute-api.eu-west-1.amazonaws.com/a":                                                   false,
		"https://xs3.amazonaws.com/a":                                                                        false,
		"http://bucket.s3.amazonaws.com/a":                                                                   false,
		"https://amazonaws.com.example.org/a":                                                                false,
		"https://notamazonaws.com/a":                                                                         false,
		"https://user@bucket.s3.amazonaws.com/a":                                                             false,
		"https://bucket.s3.amazonaws.com:8443/a":                                                             false,
		"http://127.0.0.1/a":                                                                                 false,
		"http://169.254.169.254/latest/meta-data":                                                            false,
		"file:///etc/passwd":                                                                                 false,
		"":                                                                                                   false,
		"://":                                                                                                false,
	} {
		err := r.allowed(address)
		if (err == nil) != want {
			t.Errorf("allowed(%q) = %v, wanted allowed: %v", address, err, want)
		}
		if err != nil && !cloud.Is(err, cloud.Invalid) {
			t.Errorf("allowed(%q) = %v, wanted kind invalid", address, err)
		}
	}
}

func TestRespondKeepsTheSignedAddressOutOfErrors(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	r := newResponder(newSession(aws.Config{BaseEndpoint: aws.String(server.URL)}, nil))
	r.pause = 0
	err := r.Respond(context.Background(), server.URL+"/x?X-Amz-Signature=secret", nil)
	if !cloud.Is(err, cloud.Ambiguous) || strings.Contains(err.Error(), "secret") {
		t.Errorf("error = %v, wanted one of kind ambiguous without the signature", err)
	}
}
