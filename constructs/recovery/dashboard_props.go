package recovery

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
)

// RecoveryDashboardProps are the props of RecoveryDashboard.
type RecoveryDashboardProps struct {
	// Switcher whose VPC is shown. Required, and made in this app, in the same Region.
	Switcher Switcher
	// Monitors of nodes whose alarms are shown. They are referred to by their names, so
	// they may be in other stacks, which then can come and go. Default: none; all other
	// pictures show every node.
	Monitors *[]ResourceMonitor
	// DashboardName is the dashboard's name, unique in the account (a dashboard belongs
	// to no Region): 1 to 255 letters, digits, hyphens and underscores.
	// Default: recovery-<switcher>-<Region>.
	DashboardName *string
	// Interval is the time that is shown at first, 5 minutes to 30 days.
	// Default: 12 hours.
	Interval awscdk.Duration
}

// RecoveryDashboard is a CloudWatch dashboard of a VPC and its switcher, in the order of
// the questions at three in the morning: are all nodes well, what holds them, how long
// did it take, which phase was slow, do AWS and the switcher work, what happened last,
// which alarms are on. It begins with links to the runbooks.
//
// It needs no permission and makes no resource but the dashboard. Costs, by CloudWatch's
// list prices of US East on 2026-11-21, without the free tier (three dashboards): the
// dashboard $3 a month; the switcher's metrics, with the dashboard or without, $0.30 for
// each in a month of 730 hours, prorated by the hours in which it was sent: seven are
// sent always, which is $2.10, the others while there is something to tell; each time
// the last switches are shown $0.005 for a GB of log that is read. Prices differ by
// Region and change: https://aws.amazon.com/cloudwatch/pricing/.
type RecoveryDashboard interface {
	constructs.Construct
	// Dashboard is the dashboard, for widgets of your own.
	Dashboard() awscloudwatch.Dashboard
	// DashboardName is its name.
	DashboardName() *string
}
