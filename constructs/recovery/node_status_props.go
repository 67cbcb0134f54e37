package recovery

import "github.com/aws/aws-cdk-go/awscdk/v2"

// ApplicationStatusCheck is EC2's own agentless HTTP check of a node's application:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/application-status-checks.html
//
// EC2 asks every 60 s, from a network interface of its own in the instance's subnet,
// by HTTP/2; it does not check the certificate and follows no redirect. The switcher
// reads the result with its sweep, so a failure is seen 60 s times Failures, and up to
// 60 s more, after it began: later than ApplicationAlarm sees one. EC2 sends no event
// for it; there is a CloudWatch metric (StatusCheckFailed_Application) for alarms of
// your own.
//
// Nodes of one stack with equal settings share one check, associated with each node's
// id tag, so that it follows the node. Other stacks' nodes share it by CheckId.
// An account has 50 checks, 50 associations for each and 200 in all; Service Quotas
// raises them. Each subnet and security group that is looked into costs an interface
// ($0.01 an hour, and one of the Region's quota of network interfaces).
type ApplicationStatusCheck struct {
	// Port to ask, 1 to 65535. Required.
	Port *float64
	// Path to ask for, beginning with a slash. Default: /.
	Path *string
	// Protocol is "http" or "https". Default: http.
	Protocol *string
	// StatusCodes that mean health: numbers and ranges such as 200,202,300-399, up to
	// 64 characters. Default: 200.
	StatusCodes *string
	// Timeout of one request, 1 to 30 s. Default: 6 s.
	Timeout awscdk.Duration
	// Failures in a row after which the application is impaired, 1 to 10. Default: 2.
	Failures *float64
	// StartTime after a launch in which nothing is asked, 1 to 600 s. Default: 300 s.
	StartTime awscdk.Duration
	// CheckId is an existing check's ("asc-…") to use instead of making one; what it
	// asks is its own settings, and only Port is used here. Default: none.
	CheckId *string
}
