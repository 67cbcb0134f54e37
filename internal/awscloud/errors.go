package awscloud

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Service names as the SDK gives them (awsmiddleware.GetServiceID).
const (
	serviceEC2      = "EC2"
	serviceELB      = "Elastic Load Balancing v2"
	serviceAlarms   = "CloudWatch"
	serviceDynamoDB = "DynamoDB"
	serviceSNS      = "SNS"
	serviceLambda   = "Lambda"
	serviceEFS      = "EFS"
	serviceZonal    = "ARC Zonal Shift"
	serviceEvents   = "EventBridge"
)

// failure turns an SDK error into a *cloud.Error; nil stays nil, and what is one
// already is left alone.
func failure(err error) error {
	if err == nil {
		return nil
	}
	var done *cloud.Error
	if errors.As(err, &done) {
		return err
	}
	service, action := "", ""
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		service, action = operation.ServiceID, operation.OperationName
	}
	return classify(service, action, err)
}

func classify(service, action string, err error) *cloud.Error {
	e := &cloud.Error{Kind: cloud.Ambiguous, Service: service, Action: action, Err: err}
	// The operation's own prefix is left out: Service and Action say it.
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		e.Err = operation.Err
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		e.Code, e.Message = api.ErrorCode(), api.ErrorMessage()
	}
	e.Kind = kindOf(refusal{service, action, e.Code, e.Message, statusOf(err)}, neverSent(err))
	return e
}

// refusal describes a call that did not succeed.
type refusal struct {
	service, action, code, message string
	status                         int // of HTTP; 0: no answer
}

// kindOf decides by the code first, since AWS sends some refusals with a 5xx
// status, and by the status where the code is not known.
func kindOf(r refusal, unsent bool) cloud.Kind {
	code := plain(r.code)
	if kind, ok := codes(r.service)[code]; ok {
		return inCall(r, code, kind)
	}
	switch {
	case unsent:
		return cloud.Invalid
	case r.service == serviceEC2 && strings.Contains(code, "notfound"):
		return inCall(r, code, cloud.NotFound)
	case r.service == serviceEC2 && strings.HasSuffix(code, "limitexceeded"):
		return cloud.Quota
	case strings.Contains(code, "accessdenied"), strings.HasPrefix(code, "kms") && !strings.Contains(code, "throttl"):
		return cloud.Denied
	case strings.Contains(code, "throttl"):
		return cloud.Throttled
	}
	return byStatus(r.status)
}

// byStatus is the kind of an error whose code is not known. A call that AWS refused with a
// 4xx was not carried out. One without an answer, or with a 5xx, may have been.
func byStatus(status int) cloud.Kind {
	switch {
	case status == http.StatusTooManyRequests:
		return cloud.Throttled
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return cloud.Denied
	case status == http.StatusRequestTimeout:
		return cloud.Ambiguous
	case status >= 400 && status < 500:
		return cloud.Invalid
	default:
		return cloud.Ambiguous
	}
}

// inCall is the kind of a code in this call, where the call or AWS's words decide.
func inCall(r refusal, code string, kind cloud.Kind) cloud.Kind {
	if r.service != serviceEC2 {
		return kind
	}
	launch := r.action == "RunInstances"
	switch {
	case code == "unsupportedoperation" && launch && !namesPlace(r.message):
		// "For example, you can't stop an instance that's instance store-backed. Or you
		// might be trying to launch an instance type that is not supported by the
		// specified AMI" (Error codes for the Amazon EC2 API), or a launch that the
		// account's metadata defaults refuse: the same in each zone.
		return cloud.Invalid
	case launch && kind == cloud.NotFound && !placeGone[code]:
		return cloud.Invalid // an image, key or group that is gone: no other place can help
	case launch && kind == cloud.Ambiguous && wrongState[code]:
		return cloud.Invalid // of what the launch names, for there is no instance yet
	case !launch && launchOnly[code]:
		return cloud.Invalid
	}
	return kind
}

// place matches the ways in which EC2's messages name an instance type or a zone.
var place = regexp.MustCompile(`(?i)instance type|availability zone|\b[a-z][a-z0-9-]*[0-9][a-z0-9-]*\.(nano|micro|small|medium|large|[0-9]*xlarge|metal)|\b[a-z]{2}(-[a-z]+)+-[0-9][a-z]\b`)

func namesPlace(message string) bool { return place.MatchString(message) }

// plain is a code as it is compared: AWS spells some in two ways (InvalidSubnetID,
// InvalidSubnetId), and its documentation writes some with the side that is at fault.
func plain(code string) string {
	code = strings.ToLower(code)
	return strings.TrimPrefix(strings.TrimPrefix(code, "client."), "server.")
}

// statusOf is the HTTP status of the last answer, 0 if there was none.
func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		return response.HTTPStatusCode()
	}
	return 0
}

// neverSent reports that the SDK itself refused the request.
func neverSent(err error) bool {
	var parameters smithy.InvalidParamsError
	var pointer *smithy.InvalidParamsError
	var serialization *smithy.SerializationError
	return errors.As(err, &parameters) || errors.As(err, &pointer) || errors.As(err, &serialization)
}

// invalid is an error of our own about a request that can never succeed.
func invalid(service, action, message string) error {
	return &cloud.Error{Kind: cloud.Invalid, Service: service, Action: action, Message: message}
}
