package alarm

import (
	"regexp"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
var statistic = regexp.MustCompile(`^(SampleCount|Average|Sum|Minimum|Maximum|(p|tm|tc|ts|wm)\d{1,2}(\.\d{1,10})?|p100|IQM|(PR|TM|TC|TS|WM)\([0-9.%:]*\))$`)

// CheckStatistic refuses what CloudWatch does not know as a statistic.
func CheckStatistic(at prop.Place, name, value string) {
	if !prop.Unresolved(&value) && !statistic.MatchString(value) {
		at.Fail("%s is %q: allowed are Minimum, Maximum, Average, Sum, SampleCount and extended statistics such as p99; leave it out for Minimum", name, value)
	}
}
