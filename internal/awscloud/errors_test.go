package awscloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// answer is an error as the SDK hands it out.
func answer(service, action, code string, status int) error {
	inner := error(&smithy.GenericAPIError{Code: code, Message: "words"})
	if code == "" {
		inner = errors.New("deserialization failed")
	}
	if status != 0 {
		inner = &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: inner,
		}
	}
	return &smithy.OperationError{ServiceID: service, OperationName: action, Err: inner}
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		service, action, code string
		status                int
		want                  cloud.Kind
	}{
		{serviceEC2, "RunInstances", "InsufficientInstanceCapacity", 500, cloud.Capacity},
		{serviceEC2, "RunInstances", "InsufficientInstanceCapacity", 400, cloud.Capacity},
		{serviceEC2, "RunInstances", "InsufficientHostCapacity", 500, cloud.NoRoom},
		{serviceEC2, "RunInstances", "InsufficientReservedInstanceCapacity", 500, cloud.NoRoom},
		{serviceEC2, "RunInstances", "InsufficientVolumeCapacity", 500, cloud.NoRoom},
		{serviceEC2, "RunInstances", "UnfulfillableCapacity", 500, cloud.Capacity},
		{serviceEC2, "RunInstances", "ReservationCapacityExceeded", 400, cloud.NoRoom},
		{serviceEC2, "RunInstances", "InsufficientFreeAddressesInSubnet", 400, cloud.Addresses},
		{serviceEC2, "RunInstances", "Unsupported", 400, cloud.Unsupported},
		{serviceEC2, "RunInstances", "VolumeTypeNotAvailableInZone", 400, cloud.Unsupported},
		{serviceEC2, "RunInstances", "VcpuLimitExceeded", 400, cloud.Quota},
		{serviceEC2, "RunInstances", "InstanceLimitExceeded", 400, cloud.Quota},
		{serviceEC2, "RunInstances", "MaxSpotInstanceCountExceeded", 400, cloud.Quota},
		{serviceEC2, "RunInstances", "RequestLimitExceeded", 503, cloud.Throttled},
		{serviceEC2, "RunInstances", "Throttling", 400, cloud.Throttled},
		{serviceEC2, "RunInstances", "RequestExpired", 400, cloud.Throttled},
		{serviceEC2, "RunInstances", "UnauthorizedOperation", 403, cloud.Denied},
		{serviceEC2, "RunInstances", "AuthFailure", 401, cloud.Denied},
		{serviceEC2, "RunInstances", "InvalidAMIID.NotFound", 400, cloud.Invalid},
		{serviceEC2, "RunInstances", "InvalidAMIID.Unavailable", 400, cloud.Invalid},
		{serviceEC2, "RunInstances", "InvalidGroup.NotFound", 400, cloud.Invalid},
		{serviceEC2, "RunInstances", "InvalidKeyPair.NotFound", 400, cloud.Invalid},
		{serviceEC2, "RunInstances", "InvalidSubnetID.NotFound", 400, cloud.NotFound},
		{serviceEC2, "RunInstances", "IdempotentParameterMismatch", 400, cloud.Invalid},
		{serviceEC2, "RunInstances", "InvalidParameterValue", 400, cloud.Invalid},
		{serviceEC2, "RunInstances", "InternalError", 500, cloud.Ambiguous},
		{serviceEC2, "RunInstances", "Unavailable", 503, cloud.Ambiguous},
		{serviceEC2, "RunInstances", "", 500, cloud.Ambiguous},
		{serviceEC2, "RunInstances", "", 502, cloud.Ambiguous},
		{serviceEC2, "RunInstances", "", 200, cloud.Ambiguous}, // an answer that cannot be read
		{serviceEC2, "RunInstances", "", 0, cloud.Ambiguous},
		{serviceEC2, "DescribeInstanceAttribute", "InvalidInstanceID.NotFound", 400, cloud.NotFound},
		{serviceEC2, "DescribeLaunchTemplateVersions", "InvalidLaunchTemplateId.VersionNotFound", 400, cloud.NotFound},
		{serviceEC2, "DescribeInstances", "InvalidInstanceID.Malformed", 400, cloud.Invalid},
		{serviceEC2, "ModifyNetworkInterfaceAttribute", "InvalidNetworkInterfaceID.NotFound", 400, cloud.NotFound},
		{serviceEC2, "TerminateInstances", "OperationNotPermitted", 400, cloud.Invalid},
		{serviceEC2, "StopInstances", "IncorrectInstanceState", 400, cloud.Ambiguous},
		{serviceEC2, "StartInstances", "IncorrectInstanceState", 400, cloud.Ambiguous},
		{serviceEC2, "StartInstances", "InsufficientInstanceCapacity", 500, cloud.Capacity},
		{serviceEC2, "StartInstances", "InsufficientHostCapacity", 400, cloud.NoRoom},
		{serviceEC2, "StartInstances", "VcpuLimitExceeded", 400, cloud.Quota},
		{serviceEC2, "StartInstances", "RequestLimitExceeded", 503, cloud.Throttled},
		{serviceEC2, "StartInstances", "UnsupportedOperation", 400, cloud.Unsupported},
		{serviceEC2, "StartInstances", "InvalidInstanceID.NotFound", 400, cloud.NotFound},
		{serviceEC2, "StartInstances", "UnauthorizedOperation", 403, cloud.Denied},
		{serviceEFS, "CreateMountTarget", "MountTargetConflict", 409, cloud.Conflict},
		{serviceEFS, "CreateMountTarget", "NoFreeAddressesInSubnet", 409, cloud.Addresses},
		{serviceEFS, "CreateMountTarget", "UnsupportedAvailabilityZone", 400, cloud.Unsupported},
		{serviceEFS, "CreateMountTarget", "NetworkInterfaceLimitExceeded", 409, cloud.Quota},
		{serviceEFS, "CreateMountTarget", "SecurityGroupLimitExceeded", 400, cloud.Quota},
		{serviceEFS, "CreateMountTarget", "SecurityGroupNotFound", 400, cloud.Invalid},
		{serviceEFS, "CreateMountTarget", "SubnetNotFound", 400, cloud.Invalid},
		{serviceEFS, "CreateMountTarget", "IncorrectFileSystemLifeCycleState", 409, cloud.Ambiguous},
		{serviceEFS, "CreateMountTarget", "FileSystemNotFound", 404, cloud.NotFound},
		{serviceEFS, "CreateMountTarget", "AccessDeniedException", 403, cloud.Denied},
		{serviceEFS, "CreateMountTarget", "ThrottlingException", 429, cloud.Throttled},
		{serviceEFS, "DeleteMountTarget", "MountTargetNotFound", 404, cloud.NotFound},
		{serviceEFS, "DeleteMountTarget", "DependencyTimeout", 504, cloud.Ambiguous},
		{serviceEFS, "DeleteMountTarget", "InternalServerError", 500, cloud.Ambiguous},
		{serviceEFS, "DescribeMountTargetSecurityGroups", "IncorrectMountTargetState", 409, cloud.Ambiguous},
		{serviceEFS, "DescribeMountTargets", "BadRequest", 400, cloud.Invalid},
		{serviceEFS, "DescribeMountTargets", "TooManyRequests", 429, cloud.Throttled},
		{serviceZonal, "ListZonalShifts", "AccessDeniedException", 403, cloud.Denied},
		{serviceZonal, "ListZonalShifts", "ThrottlingException", 429, cloud.Throttled},
		{serviceZonal, "ListAutoshifts", "InternalServerException", 500, cloud.Ambiguous},
		{serviceZonal, "ListAutoshifts", "ValidationException", 400, cloud.Invalid},
		{serviceELB, "RegisterTargets", "TargetGroupNotFound", 400, cloud.NotFound},
		{serviceELB, "RegisterTargets", "InvalidTarget", 400, cloud.NotFound},
		{serviceELB, "RegisterTargets", "TooManyTargets", 400, cloud.Quota},
		{serviceELB, "RegisterTargets", "Throttling", 400, cloud.Throttled},
		{serviceAlarms, "PutMetricAlarm", "LimitExceeded", 400, cloud.Quota},
		{serviceAlarms, "PutMetricAlarm", "AccessDenied", 403, cloud.Denied},
		{serviceDynamoDB, "PutItem", "ConditionalCheckFailedException", 400, cloud.Conflict},
		{serviceDynamoDB, "PutItem", "ProvisionedThroughputExceededException", 400, cloud.Throttled},
		{serviceDynamoDB, "GetItem", "ResourceNotFoundException", 400, cloud.Invalid},
		{serviceDynamoDB, "GetItem", "AccessDeniedException", 400, cloud.Denied},
		{serviceDynamoDB, "PutItem", "ValidationException", 400, cloud.Invalid},
		{serviceDynamoDB, "PutItem", "InternalServerError", 500, cloud.Ambiguous},
		{serviceSNS, "Publish", "NotFound", 404, cloud.NotFound},
		{serviceSNS, "Publish", "KMSAccessDenied", 400, cloud.Denied},
		{serviceSNS, "Publish", "KMSThrottling", 400, cloud.Throttled},
		{serviceLambda, "Invoke", "ResourceNotFoundException", 404, cloud.NotFound},
		{serviceLambda, "Invoke", "TooManyRequestsException", 429, cloud.Throttled},
		{serviceLambda, "Invoke", "ServiceException", 500, cloud.Ambiguous},
		{serviceLambda, "Invoke", "Unheard", 429, cloud.Throttled},
		{serviceLambda, "Invoke", "Unheard", 403, cloud.Denied},
	} {
		t.Run(fmt.Sprintf("%s/%s/%d", c.action, c.code, c.status), func(t *testing.T) {
			err := failure(answer(c.service, c.action, c.code, c.status))
			var e *cloud.Error
			if !errors.As(err, &e) {
				t.Fatalf("failure = %T, wanted a *cloud.Error", err)
			}
			if e.Kind != c.want || e.Service != c.service || e.Action != c.action || e.Code != c.code {
				t.Errorf("failure = %+v, wanted kind %q", e, c.want)
			}
			if again := failure(err); again.Error() != err.Error() {
				t.Errorf("failure of a *cloud.Error = %v, wanted it left alone", again)
			}
		})
	}
}

func TestFailureOfNothingIsNothing(t *testing.T) {
	if err := failure(nil); err != nil {
		t.Errorf("failure(nil) = %v", err)
	}
}

func TestUnansweredIsAmbiguousAndUnsentIsInvalid(t *testing.T) {
	wrap := func(err error) error {
		return &smithy.OperationError{ServiceID: serviceEC2, OperationName: "RunInstances", Err: err}
	}
	for _, c := range []struct {
		err  error
		want cloud.Kind
	}{
		{wrap(context.DeadlineExceeded), cloud.Ambiguous},
		{wrap(&smithyhttp.RequestSendError{Err: errors.New("connection reset")}), cloud.Ambiguous},
		{wrap(smithy.InvalidParamsError{}), cloud.Invalid},
		{wrap(&smithy.SerializationError{Err: errors.New("x")}), cloud.Invalid},
	} {
		if got := cloud.KindOf(failure(c.err)); got != c.want {
			t.Errorf("kind of %v = %q, wanted %q", c.err, got, c.want)
		}
	}
	if err := failure(wrap(context.DeadlineExceeded)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not wrap the deadline", err)
	}
}

func TestErrorTextNamesServiceActionAndCodeOnce(t *testing.T) {
	got := failure(answer(serviceEC2, "RunInstances", "VcpuLimitExceeded", 400)).Error()
	if want := "EC2 RunInstances (quota): VcpuLimitExceeded: words"; got != want {
		t.Errorf("error = %q, wanted %q", got, want)
	}
	if got := failure(answer(serviceEC2, "RunInstances", "", 0)).Error(); strings.Contains(got, "operation error") {
		t.Errorf("error = %q, which names the operation twice", got)
	}
}
