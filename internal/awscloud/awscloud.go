// Package awscloud implements the ports of internal/cloud with the AWS SDK.
//
// Its contract, beyond that of internal/cloud:
//
//   - A mutating call is one HTTP request: clients are made without retries, and
//     only reads ask for them (see call.go).
//   - No call takes longer than callLimit, retries included, and none leaves a
//     goroutine behind.
//   - Every error is, or wraps, a *cloud.Error whose kind comes from the tables in
//     errors.go.
//   - A service's client is made when it is first needed, since most events need
//     few of them and the cold start is part of the recovery time.
package awscloud

import (
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/timelimit"
)

// Limits of time. An API call normally answers within a second; RunInstances has
// been seen to take several. What does not answer within these has to be asked
// again anyway, and every second waited is a second of outage.
const (
	// connectLimit bounds the TCP and the TLS handshake, each. A Regional endpoint
	// has addresses in several zones: a dead one must not hold the call.
	connectLimit = 2 * time.Second
	// readAttemptLimit bounds one attempt of a read, so that callLimit leaves room
	// for another.
	readAttemptLimit = 4 * time.Second
	// callLimit bounds a whole call. A mutating call is one attempt.
	callLimit = 10 * time.Second
	// deliveryLimit bounds a delivery to people, machines or CloudFormation: it is tried
	// again later, and no recovery may wait for it.
	deliveryLimit = 4 * time.Second
)

// keptPerHost is how many connections to one service are kept between calls: as
// many as the engine makes calls at once. The SDK keeps 10, and each further one
// would be made anew, with its handshake, every time.
const keptPerHost = 32

// Options say what the ports work on.
type Options struct {
	Table    string // DynamoDB table name
	Topic    string // SNS topic ARN
	Function string // Lambda function name, for continuations
	// Observe is told of every call after it ended. Default: nobody.
	Observe func(Call)
}

// Ports connects all ports to AWS, or to the emulator that cfg.BaseEndpoint
// (environment variable AWS_ENDPOINT_URL) names.
func Ports(cfg aws.Config, o Options) cloud.Ports {
	return newSession(cfg, o.Observe).ports(o)
}

// ports are all adapters. None makes its service's client before its first call.
func (s *session) ports(o Options) cloud.Ports {
	c := newCompute(s)
	return cloud.Ports{
		Compute:   c,
		Balancers: newBalancers(s),
		Alarms:    newAlarms(s),
		Zones:     newZones(s, c),
		Files:     newFiles(s),
		Table:     newTable(s, o.Table),
		Topic:     newTopic(s, o.Topic),
		Bus:       newBus(s),
		Invoker:   newInvoker(s, o.Function),
		Responder: newResponder(s),
	}
}

// session is what all adapters share.
type session struct {
	cfg   aws.Config     // for clients: no retries, callLimit
	reads aws.HTTPClient // for reads: readAttemptLimit an attempt
	again aws.Retryer    // of reads
	watch func(Call)     // never nil
	local string         // host of the endpoint override, "" in production
}

func newSession(cfg aws.Config, watch func(Call)) *session {
	if watch == nil {
		watch = func(Call) {}
	}
	connectLimit := timelimit.Scale(connectLimit)
	transport := awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectLimit }).
		WithTransportOptions(func(t *http.Transport) { t.TLSHandshakeTimeout, t.MaxIdleConnsPerHost = connectLimit, keptPerHost }).
		GetTransport()
	client := func(limit time.Duration) aws.HTTPClient {
		return WholeAnswers(&http.Client{Transport: transport, Timeout: limit, CheckRedirect: noRedirect})
	}
	s := &session{cfg: cfg.Copy(), reads: client(timelimit.Scale(readAttemptLimit)), again: readRetryer(), watch: watch}
	s.cfg.HTTPClient = client(timelimit.Scale(callLimit))
	s.cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	s.cfg.APIOptions = append(s.cfg.APIOptions, s.watched)
	if cfg.BaseEndpoint != nil {
		if u, err := url.Parse(*cfg.BaseEndpoint); err == nil {
			s.local = u.Host
		}
	}
	return s
}

// noRedirect: AWS APIs do not redirect, and a signed request must not be sent elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
