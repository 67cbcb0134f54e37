package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
)

// NodeApplication is what a node runs: services of systemd, with limits after which
// the instance powers itself off, so that EC2 reports it stopped and the switcher
// replaces it. Durations have whole seconds.
//
// The units must be installed by the image or by UserData, and must not be enabled
// there: the generated user data ties them to the gate and the mounts, enables and
// starts them. Linux with systemd 239 or newer and cloud-init is needed: Amazon Linux
// 2023, RHEL 8 and its kin, Debian 11, Ubuntu 20.04 and newer. Only Amazon Linux has
// amazon-efs-utils in its repositories: other images, or PrepareCommands, must bring
// it (https://docs.aws.amazon.com/efs/latest/ug/installing-amazon-efs-utils.html).
//
// While the file /run/recovery/maintenance exists on the instance, faults are only
// logged; create it before stopping units by hand.
type NodeApplication struct {
	// Units are names of systemd services, such as postgresql or app@main.service, of
	// type simple, exec, forking, notify or dbus. Required, one to ten.
	Units *[]*string
	// RestartAttempts are allowed within RestartWindow, 0 to 100; one more failure is
	// a fault. Every start counts, one by hand too. An end with exit code 0, or by
	// systemctl stop, is no failure, but ResourceMonitor's alarm sees it. So does it a
	// restart that takes longer than the alarm waits, 30 s by default: raise
	// ApplicationAlarm.EvaluationPeriods for a unit that starts slowly.
	// Default: 3.
	RestartAttempts *float64
	// RestartWindow is 10 to 86400 s, and longer than the attempts with their delays.
	// Default: 300 s.
	RestartWindow awscdk.Duration
	// RestartDelay is how long after a failure a unit is started again, 0 to 600 s.
	// Default: 1 s.
	RestartDelay awscdk.Duration
	// Watchdog is how long a unit may be silent, 1 to 3600 s: it must call
	// sd_notify(WATCHDOG=1) twice as often, or it is killed, which counts as a failure.
	// Default: what the units say themselves.
	Watchdog awscdk.Duration
	// Check tells a hang from health. Default: none, only that the units run counts.
	Check *NodeCheck
	// FaultScript is a shell script's text (or begins with its own #! line). It runs as
	// root when the application has failed for good, with the failed unit as argument,
	// before the instance powers itself off, whatever the script returns.
	// Default: none.
	FaultScript *string
	// FaultTime is how long FaultScript may take before it is killed, 1 to 900 s.
	// Default: 60 s.
	FaultTime awscdk.Duration
	// LogFiles are paths on the instance that the CloudWatch agent sends to a log group
	// of the node's own, one stream for each path and instance. Of several files that
	// a path with * matches, the newest is sent.
	// Default: none, and no log group.
	LogFiles *[]*string
	// LogRetention is how long CloudWatch keeps them. Default: THREE_MONTHS.
	LogRetention awslogs.RetentionDays
	// LogEncryptionKey is a customer-managed KMS key for the log group. The policy of a
	// key made in the app is extended for CloudWatch Logs; that of another must allow it
	// (docs/security.md, "Customer-managed keys"). Default: CloudWatch Logs' own.
	LogEncryptionKey awskms.IKey
}

// NodeCheck is one check of the whole application. Give one of Command, HttpUrl and
// TcpPort. Failing Failures times in a row kills the units, which counts as a failure
// of each: systemd starts them again within RestartAttempts. It checks only while all
// units are up.
type NodeCheck struct {
	// Command is a shell script's text, run as root; exit code 0 means well.
	// Default: none.
	Command *string
	// HttpUrl must answer with a status below 400. A https certificate is not verified:
	// the check asks the own machine. Example: http://localhost:8080/health. Needs curl.
	// Default: none.
	HttpUrl *string
	// TcpPort of the instance must accept a connection, 1 to 65535. Needs bash.
	// Default: none.
	TcpPort *float64
	// Interval between the end of a check and the next, 1 to 3600 s. Default: 10 s.
	Interval awscdk.Duration
	// Timeout of one check, 1 to 600 s. Default: 5 s.
	Timeout awscdk.Duration
	// Failures in a row that count as a hang, 1 to 100. Default: 3.
	Failures *float64
	// StartTime is how long after the units came up failures do not count, unless a
	// check succeeded before, 0 to 3600 s. Default: 120 s.
	StartTime awscdk.Duration
}
