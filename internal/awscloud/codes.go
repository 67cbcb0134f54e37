package awscloud

import (
	"maps"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// The codes below are those that the calls of this package can be refused with. Sources:
// "Common errors" and each action's errors in the services' API references, and, for
// EC2, codes_ec2.go. Codes are compared without regard to case.

// common are the codes that mean the same for all services.
var common = kinds(map[cloud.Kind]string{
	// RequestExpired: the signature was too old when it arrived, or the temporary
	// credentials had expired. The request is good again when it is signed again.
	cloud.Throttled: `RequestLimitExceeded Throttling ThrottlingException ThrottledException Throttled RequestThrottled
		RequestThrottledException EC2ThrottledException TooManyRequestsException SlowDown PriorRequestNotComplete
		BandwidthLimitExceeded ProvisionedThroughputExceededException TransactionInProgressException
		RequestExpired RequestTimeTooSkewed InvalidSecurity.RequestHasExpired`,
	cloud.Denied: `UnauthorizedOperation AccessDenied AccessDeniedException AuthFailure AuthorizationError
		AuthorizationErrorException NotAuthorized NotAuthorizedException ExpiredToken ExpiredTokenException
		InvalidClientTokenId UnrecognizedClientException MissingAuthenticationToken MissingAuthenticationTokenException
		SignatureDoesNotMatch InvalidSignatureException IncompleteSignature IncompleteSignatureException InvalidAccessKeyId`,
	// Not the role's permissions: the account has not subscribed, is not verified yet, or is blocked.
	cloud.Account: `OptInRequired KMSOptInRequired PendingVerification Blocked AccountDisabled SubscriptionRequiredException`,
	cloud.Ambiguous: `InternalError InternalFailure InternalServerError InternalServerErrorException InternalServiceError
		InternalServiceFault InternalServerException InternalException ServerInternal ServiceException ServiceUnavailable
		ServiceUnavailableException Unavailable RequestTimeout RequestTimeoutException RetryableError`,
})

// encryption are the codes of KMS, as the services pass them on. A key that is not there
// or not enabled is refused like a missing permission: its owner has to act.
var encryption = kinds(map[cloud.Kind]string{
	cloud.Throttled: `KMSThrottling KMSThrottlingException`,
	cloud.Denied: `KMSAccessDenied KMSAccessDeniedException KMSDisabled KMSDisabledException KMSInvalidState
		KMSInvalidStateException KMSNotFound KMSNotFoundException`,
	cloud.Ambiguous: `KMSInternalException`,
})

// byService are the codes of one service. They win over common.
var byService = map[string]map[string]cloud.Kind{
	serviceEC2: ec2Codes,
	serviceELB: kinds(map[cloud.Kind]string{
		// InvalidTarget: "the specified target does not exist, is not in the same VPC as the target
		// group, or has an unsupported instance type": ELB may not see a new instance yet, nor
		// registers one that is not running.
		cloud.NotFound:  `TargetGroupNotFound LoadBalancerNotFound InvalidTarget`,
		cloud.Quota:     `TooManyTargets TooManyRegistrationsForTargetId TooManyUniqueTargetGroupsPerLoadBalancer`,
		cloud.Ambiguous: `HealthUnavailable`,
		cloud.Throttled: `OperationInProgress`,
	}),
	serviceAlarms: kinds(map[cloud.Kind]string{
		cloud.NotFound:  `ResourceNotFound ResourceNotFoundException`,
		cloud.Quota:     `LimitExceeded LimitExceededException LimitExceededFault`,
		cloud.Throttled: `ConcurrentModificationException ConflictException`,
	}),
	serviceDynamoDB: kinds(map[cloud.Kind]string{
		cloud.Conflict: `ConditionalCheckFailedException`,
		// A replica in another Region wrote at the same time: as for a transaction, the
		// write was refused and can be tried again.
		cloud.Throttled: `TransactionConflictException ReplicatedWriteConflictException LimitExceededException`,
		cloud.Quota:     `ItemCollectionSizeLimitExceededException`,
		// The *table* is missing. It must never look like an item that is not there.
		cloud.Invalid: `ResourceNotFoundException TableNotFoundException`,
	}),
	serviceSNS: kinds(map[cloud.Kind]string{
		cloud.NotFound:  `NotFound NotFoundException EndpointDisabled EndpointDisabledException PlatformApplicationDisabled PlatformApplicationDisabledException`,
		cloud.Throttled: `KMSThrottling KMSThrottlingException`,
	}),
	serviceEvents: kinds(map[cloud.Kind]string{
		cloud.NotFound:  `ResourceNotFoundException`,
		cloud.Quota:     `LimitExceededException PolicyLengthExceededException`,
		cloud.Throttled: `ConcurrentModificationException`,
		cloud.Ambiguous: `InternalException`,
		// Of an entry, without a status of its own.
		cloud.Invalid: `MalformedDetail InvalidArgument InvalidAccountIdException`,
		cloud.Denied:  `NotAuthorizedForSource NotAuthorizedForDetailType NotAuthorizedForSourceException NotAuthorizedForDetailTypeException`,
	}),
	serviceEFS: kinds(map[cloud.Kind]string{
		cloud.NotFound: `FileSystemNotFound MountTargetNotFound`,
		// One mount target a zone, all in one VPC: also the answer to a repeated CreateMountTarget.
		cloud.Conflict:    `MountTargetConflict`,
		cloud.Addresses:   `NoFreeAddressesInSubnet IpAddressInUse`,
		cloud.Unsupported: `UnsupportedAvailabilityZone AvailabilityZonesMismatch`,
		cloud.Quota:       `NetworkInterfaceLimitExceeded SecurityGroupLimitExceeded`,
		cloud.Throttled:   `TooManyRequests`,
		// DependencyTimeout is HTTP 504: EC2 did not answer EFS. In another state the others succeed.
		cloud.Ambiguous: `DependencyTimeout IncorrectFileSystemLifeCycleState IncorrectMountTargetState`,
	}),
	serviceZonal: {},
	serviceLambda: kinds(map[cloud.Kind]string{
		cloud.NotFound: `ResourceNotFoundException`,
		cloud.Quota:    `RecursiveInvocationException`,
		// The function is being updated, or its network interfaces and snapshot are made.
		cloud.Throttled: `ResourceConflictException ResourceNotReadyException EC2ThrottledException SnapStartNotReadyException
			ENINotReadyException ENILimitReachedException SubnetIPAddressLimitReachedException`,
		cloud.Ambiguous: `ServiceException EC2UnexpectedException EFSIOException EFSMountConnectivityException
			EFSMountFailureException EFSMountTimeoutException SnapStartException SnapStartTimeoutException
			S3FilesMountConnectivityException S3FilesMountFailureException S3FilesMountTimeoutException`,
		cloud.Denied: `EC2AccessDeniedException KMSAccessDeniedException KMSDisabledException KMSInvalidStateException KMSNotFoundException`,
		// With HTTP 502: the function itself is not right.
		cloud.Invalid: `InvalidRuntimeException InvalidSecurityGroupIDException InvalidSubnetIDException InvalidZipFileException`,
	}),
}

// merged are the codes of each service with those that it shares.
var merged = func() map[string]map[string]cloud.Kind {
	services := map[string]map[string]cloud.Kind{}
	for service, own := range byService {
		all := maps.Clone(encryption)
		maps.Copy(all, common)
		maps.Copy(all, own)
		services[service] = all
	}
	return services
}()

// codes are the known codes of a service.
func codes(service string) map[string]cloud.Kind {
	if m, ok := merged[service]; ok {
		return m
	}
	return common
}

func kinds(lists map[cloud.Kind]string) map[string]cloud.Kind {
	m := map[string]cloud.Kind{}
	for kind, list := range lists {
		for _, code := range strings.Fields(list) {
			m[plain(code)] = kind
		}
	}
	return m
}
