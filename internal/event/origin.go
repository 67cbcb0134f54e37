package event

import "github.com/workload-recovery/workload-recovery/internal/record"

// Origin returns in words what began a switch, to be read after "12.3 s after". Only a
// recovery follows a failure. kind is the switch's kind, and cause why it began.
func Origin(kind string, cause record.Cause) string {
	switch kind {
	case record.KindRecover:
		return "the failure"
	case record.KindPlanned:
		if cause.Kind == CauseOperator {
			return "the order"
		}
		return "AWS's notice"
	case record.KindUpdate:
		return "the update"
	case record.KindAdopt:
		return "the adoption began"
	case record.KindCreate:
		return "the create request"
	case record.KindDelete:
		return "the delete request"
	}
	return "the switch began"
}
