package awscloud

import (
	"errors"
	"net/http"
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
)

// everywhere are the codes that mean the same for all services. Sources: "Common
// errors" of each service's API reference, and "Error codes for the Amazon EC2 API"
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
var everywhere = map[string]cloud.Kind{
	"RequestLimitExceeded":                   cloud.Throttled, // EC2 sends it with HTTP 503
	"Throttling":                             cloud.Throttled,
	"ThrottlingException":                    cloud.Throttled,
	"ThrottledException":                     cloud.Throttled,
	"Throttled":                              cloud.Throttled,
	"RequestThrottled":                       cloud.Throttled,
	"RequestThrottledException":              cloud.Throttled,
	"EC2ThrottledException":                  cloud.Throttled,
	"TooManyRequestsException":               cloud.Throttled,
	"SlowDown":                               cloud.Throttled,
	"PriorRequestNotComplete":                cloud.Throttled,
	"BandwidthLimitExceeded":                 cloud.Throttled,
	"ProvisionedThroughputExceededException": cloud.Throttled,
	// The signature was too old when it arrived: refused, and good again when signed anew.
	"RequestExpired":       cloud.Throttled,
	"RequestTimeTooSkewed": cloud.Throttled,

	"UnauthorizedOperation":       cloud.Denied,
	"AccessDenied":                cloud.Denied,
	"AccessDeniedException":       cloud.Denied,
	"AuthFailure":                 cloud.Denied,
	"AuthorizationError":          cloud.Denied,
	"NotAuthorized":               cloud.Denied,
	"OptInRequired":               cloud.Denied,
	"Blocked":                     cloud.Denied,
	"PendingVerification":         cloud.Denied,
	"ExpiredToken":                cloud.Denied,
	"ExpiredTokenException":       cloud.Denied,
	"InvalidClientTokenId":        cloud.Denied,
	"UnrecognizedClientException": cloud.Denied,
	"MissingAuthenticationToken":  cloud.Denied,
	"SignatureDoesNotMatch":       cloud.Denied,
	"InvalidSignatureException":   cloud.Denied,
	"IncompleteSignature":         cloud.Denied,

	"InternalError":           cloud.Ambiguous,
	"InternalFailure":         cloud.Ambiguous,
	"InternalServerError":     cloud.Ambiguous,
	"InternalServiceFault":    cloud.Ambiguous,
	"ServiceUnavailable":      cloud.Ambiguous,
	"Unavailable":             cloud.Ambiguous,
	"RequestTimeout":          cloud.Ambiguous,
	"RequestTimeoutException": cloud.Ambiguous,
}

// byService are the codes of one service. They win over everywhere.
var byService = map[string]map[string]cloud.Kind{
	serviceEC2: {
		"InsufficientInstanceCapacity":         cloud.Capacity, // may come with HTTP 500
		"InsufficientCapacity":                 cloud.Capacity,
		"InsufficientHostCapacity":             cloud.Capacity,
		"InsufficientReservedInstanceCapacity": cloud.Capacity,
		"InsufficientCapacityOnOutpost":        cloud.Capacity,
		"InsufficientVolumeCapacity":           cloud.Capacity, // "EBS volume in a different availability zone"
		"ReservationCapacityExceeded":          cloud.Capacity,
		"UnavailableHostRequirements":          cloud.Capacity,
		"UnfulfillableCapacity":                cloud.Capacity,
		"SpotMaxPriceTooLow":                   cloud.Capacity,

		"InsufficientFreeAddressesInSubnet": cloud.Addresses,
		"InsufficientAddressCapacity":       cloud.Addresses,

		"Unsupported":                  cloud.Unsupported, // "an Availability Zone that … has constraints on that instance type"
		"UnsupportedOperation":         cloud.Unsupported,
		"UnsupportedHostConfiguration": cloud.Unsupported,
		"VolumeTypeNotAvailableInZone": cloud.Unsupported,

		"VcpuLimitExceeded":                       cloud.Quota,
		"InstanceLimitExceeded":                   cloud.Quota,
		"MaxSpotInstanceCountExceeded":            cloud.Quota,
		"MaxFleetCountExceeded":                   cloud.Quota,
		"MaxIOPSLimitExceeded":                    cloud.Quota,
		"VolumeLimitExceeded":                     cloud.Quota,
		"VolumeIOPSLimit":                         cloud.Quota,
		"NetworkInterfaceLimitExceeded":           cloud.Quota,
		"SecurityGroupsPerInterfaceLimitExceeded": cloud.Quota,
		"SecurityGroupsPerInstanceLimitExceeded":  cloud.Quota,
		"ResourceLimitExceeded":                   cloud.Quota,
		"ResourceCountExceeded":                   cloud.Quota,
		"ConcurrentTagAccess":                     cloud.Throttled,
		// "You've reached the limit on the number of tags that you can assign to the specified
		// resource": 50, and no quota raises it. CreateTags is refused, or a launch.
		"TagLimitExceeded": cloud.Full,

		// Permanent for this request, in another state of the instance not: look again.
		"IncorrectInstanceState": cloud.Ambiguous,
		"IncorrectState":         cloud.Ambiguous,

		"InvalidSubnet":               cloud.NotFound,
		"IdempotentParameterMismatch": cloud.Invalid,
	},
	serviceELB: {
		"TargetGroupNotFound":  cloud.NotFound,
		"LoadBalancerNotFound": cloud.NotFound,
		// "does not exist": ELB may not see a new instance yet, nor register one that is not running.
		"InvalidTarget":                            cloud.NotFound,
		"TooManyTargets":                           cloud.Quota,
		"TooManyRegistrationsForTargetId":          cloud.Quota,
		"TooManyUniqueTargetGroupsPerLoadBalancer": cloud.Quota,
	},
	serviceAlarms: {
		"ResourceNotFound":                cloud.NotFound,
		"ResourceNotFoundException":       cloud.NotFound,
		"LimitExceeded":                   cloud.Quota,
		"LimitExceededFault":              cloud.Quota,
		"ConcurrentModificationException": cloud.Throttled,
	},
	serviceDynamoDB: {
		"ConditionalCheckFailedException":          cloud.Conflict,
		"TransactionConflictException":             cloud.Throttled,
		"LimitExceededException":                   cloud.Throttled,
		"ItemCollectionSizeLimitExceededException": cloud.Quota,
		// The *table* is missing. It must never look like an item that is not there.
		"ResourceNotFoundException": cloud.Invalid,
		"TableNotFoundException":    cloud.Invalid,
	},
	serviceSNS: {
		"NotFound": cloud.NotFound,
	},
	serviceEFS: {
		"FileSystemNotFound":  cloud.NotFound,
		"MountTargetNotFound": cloud.NotFound,
		// One mount target a zone, all in one VPC: also the answer to a repeated CreateMountTarget.
		"MountTargetConflict":               cloud.Conflict,
		"NoFreeAddressesInSubnet":           cloud.Addresses,
		"UnsupportedAvailabilityZone":       cloud.Unsupported,
		"NetworkInterfaceLimitExceeded":     cloud.Quota,
		"SecurityGroupLimitExceeded":        cloud.Quota,
		"TooManyRequests":                   cloud.Throttled,
		"DependencyTimeout":                 cloud.Ambiguous, // HTTP 504: EC2 did not answer EFS
		"IncorrectFileSystemLifeCycleState": cloud.Ambiguous, // in another state it succeeds: look again
		"IncorrectMountTargetState":         cloud.Ambiguous,
	},
	serviceZonal: {
		"InternalServerException": cloud.Ambiguous,
	},
	serviceLambda: {
		"ResourceNotFoundException":    cloud.NotFound,
		"RecursiveInvocationException": cloud.Quota,
		"ResourceConflictException":    cloud.Throttled, // the function is being updated
		"ResourceNotReadyException":    cloud.Throttled,
	},
}

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
	e.Kind = kindOf(service, action, e.Code, statusOf(err), neverSent(err))
	return e
}

// kindOf decides by the code first, since AWS sends some refusals with a 5xx
// status, and by the status where the code says nothing.
func kindOf(service, action, code string, status int, unsent bool) cloud.Kind {
	if kind, ok := byService[service][code]; ok {
		return kind
	}
	if kind, ok := everywhere[code]; ok {
		return kind
	}
	switch {
	case unsent:
		return cloud.Invalid
	case strings.HasPrefix(code, "KMS"): // KMSAccessDenied, KMSDisabled, KMSInvalidState, KMSNotFound, …
		if strings.Contains(code, "Throttl") {
			return cloud.Throttled
		}
		return cloud.Denied
	// InvalidInstanceID.NotFound, InvalidLaunchTemplateId.VersionNotFound,
	// InvalidLaunchTemplateName.NotFoundException
	case service == serviceEC2 && strings.Contains(code, "NotFound"):
		if action == "RunInstances" && code != "InvalidSubnetID.NotFound" {
			// An image, key or group that is gone: no other place can help. A subnet
			// that is gone is a lost candidate only.
			return cloud.Invalid
		}
		return cloud.NotFound
	case status == http.StatusTooManyRequests:
		return cloud.Throttled
	case status == http.StatusForbidden:
		return cloud.Denied
	case status >= 400 && status < 500:
		return cloud.Invalid
	default:
		return cloud.Ambiguous
	}
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

func isCode(err error, code string) bool {
	var e *cloud.Error
	return errors.As(err, &e) && e.Code == code
}
