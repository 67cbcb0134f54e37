package awscloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

const (
	serviceResponse = "CloudFormation"
	actionRespond   = "response"
	// respondTries: putting the same body twice has the effect of putting it once,
	// and an answer that is not given leaves the stack waiting for up to an hour.
	respondTries = 3
)

// responder answers a custom-resource request at its pre-signed S3 address.
type responder struct {
	http  aws.HTTPClient
	local string // host of the endpoint override
	watch func(Call)
	pause time.Duration
}

func newResponder(s *session) *responder {
	return &responder{http: s.reads, local: s.local, watch: s.watch, pause: 200 * time.Millisecond}
}

func (r *responder) Respond(ctx context.Context, address string, body []byte) error {
	begin := time.Now()
	call := Call{Service: serviceResponse, Action: actionRespond}
	err := r.allowed(address)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, timelimit.Scale(deliveryLimit))
		defer cancel()
		for {
			call.Attempts++
			err = r.put(ctx, address, body)
			if !cloud.Is(err, cloud.Ambiguous) || call.Attempts == respondTries || !sleep(ctx, r.pause) {
				break
			}
		}
	}
	call.Kind, call.Took = cloud.KindOf(err), time.Since(begin)
	r.watch(call)
	return err
}

// s3Host matches the hosts of Amazon S3, with the bucket in the host or in the path
// ("Virtual hosting of buckets" and "Amazon S3 endpoints and quotas"). Other hosts below
// amazonaws.com, EC2 instances for example, can belong to other customers.
var s3Host = regexp.MustCompile(`^(?:[a-z0-9.-]+\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$`)

// allowed keeps a forged request from making the switcher write elsewhere: the
// pre-signed addresses of CloudFormation are S3's.
func (r *responder) allowed(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		// The address is a secret of its own (it is signed): it is not repeated here.
		return invalid(serviceResponse, actionRespond, "the request's ResponseURL is not a URL")
	}
	switch {
	case u.Scheme == "https" && s3Host.MatchString(strings.ToLower(u.Hostname())) && u.Port() == "" && u.User == nil:
		return nil
	case r.local != "" && u.Host == r.local:
		return nil
	default:
		return invalid(serviceResponse, actionRespond, fmt.Sprintf(
			"the request's ResponseURL begins with %s://%s: allowed are https addresses of Amazon S3, and the host of AWS_ENDPOINT_URL where that is set", u.Scheme, u.Host))
	}
}

func (r *responder) put(ctx context.Context, address string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return invalid(serviceResponse, actionRespond, "the request's ResponseURL cannot be used as an address")
	}
	// The address is signed for an empty content type ("Custom resource response
	// objects", AWS CloudFormation User Guide); Go adds none by itself.
	request.Header.Set("Content-Type", "")
	response, err := r.http.Do(request)
	if err != nil {
		return &cloud.Error{Kind: cloud.Ambiguous, Service: serviceResponse, Action: actionRespond, Message: "no answer", Err: withoutURL(err)}
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 2 {
		return nil
	}
	return &cloud.Error{
		Kind:    byStatus(response.StatusCode),
		Service: serviceResponse, Action: actionRespond, Message: "HTTP status " + response.Status,
	}
}

// withoutURL drops the signed address that net/http puts into its errors.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
