package budget

// The buckets. Those named "(instances)" lose a token for each instance of a call.
const (
	RunInstances      API = "RunInstances"
	RunResources      API = "RunInstances (instances)"
	StartInstances    API = "StartInstances"
	StartResources    API = "StartInstances (instances)"
	StopInstances     API = "StopInstances"
	StopResources     API = "StopInstances (instances)"
	TerminateInstance API = "TerminateInstances"
	TerminateResource API = "TerminateInstances (instances)"
	ModifyInstance    API = "ModifyInstanceAttribute"
	ModifyInterface   API = "ModifyNetworkInterfaceAttribute"
	CreateTags        API = "CreateTags"
	DeleteTags        API = "DeleteTags"
	DescribeInstances API = "DescribeInstances"
	DescribeAttribute API = "DescribeInstanceAttribute"
	DescribeVolumes   API = "DescribeVolumes"
	DescribeTemplates API = "DescribeLaunchTemplateVersions"
	DescribeStatus    API = "DescribeInstanceStatus"
	DescribeFailing   API = "DescribeApplicationStatus"
	DescribeNICs      API = "DescribeNetworkInterfaces"
	DescribeCredits   API = "DescribeInstanceCreditSpecifications"
	DescribeGroups    API = "DescribePlacementGroups"
	MoveAddress       API = "AssociateAddress"
	Associate         API = "AssociateApplicationStatusCheck"
	Disassociate      API = "DisassociateApplicationStatusCheck"
	Balancers         API = "ELB"
	BalancerReads     API = "ELB reads"
	BalancerTargets   API = "ELB targets"
	PutAlarm          API = "PutMetricAlarm"
	DescribeAlarms    API = "DescribeAlarms"
	Notices           API = "notices"
	AlarmReads        API = "DescribeAlarms reads"
)

// Limits are AWS's defaults for an account and Region, with the account's own rate
// of launch requests:
//
//   - EC2: "Request throttling for the Amazon EC2 API", tables "Request token limits"
//     and "Resource token limits". DescribeInstances is taken at the lower rate, that
//     of a request without filters.
//   - ELB: "Request throttling for the Elastic Load Balancing API". Whether
//     RegisterTargets also takes from the bucket of mutating actions (20 and 3 a
//     second) is not said: assumed not. "ELB reads" is our own: what the reads may
//     take, so that they leave the registrations their 4 a second. So is
//     "DescribeAlarms reads": rewriting an alarm takes a DescribeAlarms too.
//   - CloudWatch: "CloudWatch service quotas", which names rates only: a second's
//     worth is taken as the capacity.
//
// "Notices" are not AWS's but ours: ten messages to people at once, then one every ten seconds,
// which tells of all that waits, since nobody reads a thousand.
//
// DynamoDB on demand, SNS and Lambda have limits far above what a thousand nodes
// use; of EFS none is documented. They have no bucket.
func Limits(launchesPerSecond int) map[API]Limit {
	launches := float64(launchesPerSecond)
	return map[API]Limit{
		RunInstances: {5, launches}, RunResources: {1000, launches},
		StartInstances: {5, launches}, StartResources: {1000, launches},
		StopInstances: {50, 5}, StopResources: {1000, 20},
		TerminateInstance: {100, 5}, TerminateResource: {1000, 20},
		ModifyInstance: {50, 5}, ModifyInterface: {100, 5},
		CreateTags: {100, 10}, DeleteTags: {100, 10},
		DescribeInstances: {50, 10}, DescribeAttribute: {100, 20}, DescribeVolumes: {100, 20}, DescribeTemplates: {100, 20}, DescribeStatus: {100, 20},
		DescribeFailing: {100, 20}, Associate: {50, 5}, Disassociate: {50, 5},
		DescribeNICs: {100, 20}, DescribeCredits: {100, 20}, DescribeGroups: {100, 20}, MoveAddress: {50, 5},
		Balancers: {40, 10}, BalancerReads: {20, 6}, BalancerTargets: {20, 4},
		Notices:  {10, 0.1},
		PutAlarm: {3, 3}, DescribeAlarms: {9, 9}, AlarmReads: {6, 6},
	}
}
