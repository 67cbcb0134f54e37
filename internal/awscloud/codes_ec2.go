package awscloud

import "github.com/workload-recovery/workload-recovery/internal/cloud"

// ec2Codes are the codes of "Error codes for the Amazon EC2 API"
// (https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html) that need more
// than the general rules: codes that contain NotFound or end in LimitExceeded, and the
// HTTP status of all others. testdata/ec2-codes.txt holds the whole list.
var ec2Codes = kinds(map[cloud.Kind]string{
	// The zone has no room for the type, for any node. Some come with HTTP 500.
	cloud.Capacity: `InsufficientInstanceCapacity InsufficientCapacity InsufficientCapacityOnOutpost UnfulfillableCapacity SpotMaxPriceTooLow`,
	// The reservation, host or placement group that this request is bound to has no room, or
	// is in another zone. Other nodes of the same type may have room there.
	cloud.NoRoom: `ReservationCapacityExceeded InsufficientCapacityOnHost InsufficientHostCapacity UnavailableHostRequirements
		IncompatibleHostRequirements InsufficientReservedInstanceCapacity InsufficientReservedInstancesCapacity
		InvalidCapacityReservationState.PendingActivation InsufficientVolumeCapacity InvalidPlacementGroup.InUse ZonesMismatched`,
	cloud.Addresses: `InsufficientFreeAddressesInSubnet InsufficientAddressCapacity`,
	// "You might be trying to launch an instance in an Availability Zone that currently has
	// constraints on that instance type."
	cloud.Unsupported: `Unsupported UnsupportedOperation UnsupportedInstanceTypeOnHost VolumeTypeNotAvailableInZone`,
	cloud.Quota: `VcpuLimitExceeded InstanceLimitExceeded MaxSpotInstanceCountExceeded MaxSpotFleetRequestCountExceeded
		MaxFleetCountExceeded ResourceLimitExceeded MaxScheduledInstanceCapacityExceeded ReservedInstancesCountExceeded
		MaxConfigLimitExceededException TargetCapacityLimitExceededException CapacityBlockDescribeLimitExceeded`,
	cloud.Throttled: `ConcurrentTagAccess CreditSpecificationUpdateInProgress SnapshotCreationPerVolumeRateExceeded
		ConcurrentCreateImageNoRebootLimitExceeded ConcurrentSnapshotLimitExceeded PendingSnapshotLimitExceeded UpdateLimitExceeded`,
	// "The KMS key cannot be accessed."
	cloud.Denied:  `CustomerKeyHasBeenRevoked DeclarativePoliciesAccessDeniedException LogDestinationPermissionIssue`,
	cloud.Account: `DeclarativePoliciesNotEnabledException`,
	// Refused in this state of the resource: look again.
	cloud.Ambiguous: `IncorrectInstanceState IncorrectState IncorrectStateException IncorrectModificationState IncorrectSpotRequestState
		InvalidState InvalidInstanceState InvalidHostState InvalidStateTransition`,
	// The subnet or its zone is gone: a lost candidate.
	cloud.NotFound: `InvalidSubnet InvalidAvailabilityZone InvalidPlacementGroup.Unknown InvalidTrafficMirrorTargetNoFound`,
	// The token's instance was launched, and is terminated.
	cloud.Spent: `IdempotentInstanceTerminated`,
	// Limits of the request itself, which no quota raises.
	cloud.Invalid: `IdempotentParameterMismatch AttachmentLimitExceeded PrivateIpAddressLimitExceeded
		InvalidInterface.IpAddressLimitExceeded FilterLimitExceeded ResourceCountExceeded RequestResourceCountExceeded
		VolumeIOPSLimit LimitPriceExceeded`,
	// "The number of tags that you can assign to the specified resource": 50.
	cloud.Full: `TagLimitExceeded`,
})

// placeGone are the codes by which a launch learns that its subnet or zone is gone.
var placeGone = map[string]bool{
	"invalidsubnet": true, "invalidsubnetid.notfound": true, "invalidavailabilityzone": true, "invalidzone.notfound": true,
}

// wrongState are the codes of a resource whose state does not allow the call.
var wrongState = map[string]bool{
	"incorrectinstancestate": true, "incorrectstate": true, "invalidstate": true, "invalidinstancestate": true, "invalidhoststate": true,
	"incorrectstateexception": true, "incorrectmodificationstate": true, "incorrectspotrequeststate": true, "invalidstatetransition": true,
}

// launchOnly are the codes that only say something about a launch or a start.
var launchOnly = map[string]bool{"invalidplacementgroup.inuse": true}
