// Package recovery holds AWS CDK constructs that make a single EC2 instance
// survive the failure of its application, of itself or of its Availability Zone.
//
//   - RecoveryTable is the one DynamoDB table of a Region.
//
//   - RecoveryVpc is the place: one isolated subnet per Availability Zone, the
//     endpoints a node needs, the blackhole security group and the file system
//     for recovery logs.
//
//   - Switcher is the one Lambda function of a VPC, with the rules, the schedule,
//     the topic and the permissions it needs. Its template names no node.
//
//   - ClusterNode is one protected workload: a launch template and a custom
//     resource that the switcher serves, with its load balancer and file system.
//     There is no AWS::EC2::Instance: CloudFormation must never believe that it
//     owns an instance id, since a switch changes it.
//
//   - ResourceMonitor is a node's two alarms.
//
//   - RecoveryDashboard shows a VPC, its switcher and its nodes.
//
// The package's example is a whole app, and each construct has one of its own.
//
// # Importing
//
// Require a release, not a branch:
//
//	go get github.com/workload-recovery/workload-recovery@<version>
//
// A release carries the built switcher. Nothing is compiled at synthesis, no AWS SDK
// is compiled at all, and the function's asset has the same hash on every machine.
// Other commits need SwitcherProps.Code, or the context key "recovery:switcherCode".
//
// # In what order
//
// One RecoveryTable a Region, one RecoveryVpc and one Switcher a VPC, then as many
// ClusterNode with a ResourceMonitor each as you like; without a monitor only a stopped
// or terminated instance is noticed. Table and VPC best have stacks of their own, since
// nodes come and go and they do not. Further apps refer to what others made: see
// RecoveryTable_FromTableAttributes, RecoveryVpc_FromRecoveryVpcAttributes and
// Switcher_FromSwitcherAttributes. docs/ecosystem.md shows the constructs in pipelines,
// with permissions boundaries, and with a VPC, topic and target groups that exist.
//
// # What runs on the instance
//
// ClusterNode writes the instance's user data around the user's own: mounts, the gate,
// the restart limits, checks and fault script of its Application, the CloudWatch agent
// for ResourceMonitor. docs/node.md tells what it is and how to do without it.
//
// # Errors
//
// A wrong prop panics while the app is being built, as AWS CDK's own errors do
// in Go. The text says where (the construct's path), what was wrong, what is
// allowed and how to fix it. Texts that are unresolved tokens are not checked; node ids,
// names of switchers, numbers, durations and lengths of lists must be known.
//
// # Names
//
// A switcher's name appears in the names of alarms and in the path of roles;
// permissions rest on both. Node ids are unique per account and Region: a second
// use within one app is refused here, and one by another app at deployment.
// Stacks without an explicit environment count as one account and Region.
//
// # Where recovery logs live
//
// The file system for recovery logs belongs to the RecoveryVpc and each node has
// an access point of its own in it. A second file system per node would double
// the mount targets, of which a VPC has at most 400
// (https://docs.aws.amazon.com/efs/latest/ug/limits.html). The data file system,
// which a storage fence may cut off, stays the node's alone.
package recovery
