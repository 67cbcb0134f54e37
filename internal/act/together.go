package act

import (
	"context"
	"errors"
	"fmt"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// mostInstances is how many instances one call names at most. CreateTags takes up
// to 1000 ids and TerminateInstances up to 1000 instances, and EC2 recommends
// smaller batches for both (EC2 API reference, CreateTags and TerminateInstances);
// of StopInstances the reference names no limit, the same is assumed.
const mostInstances = 100

// Together says which effects one call can carry for several nodes: those with
// the same key, at most so many. With an empty key an effect has a call of its own.
func Together(e decide.Effect) (key string, most int) {
	switch e.Do {
	case decide.Stop, decide.Terminate:
		return fmt.Sprintf("%s %s", e.Do, e.How), mostInstances
	case decide.Condemn:
		return fmt.Sprintf("%s %v", e.Do, e.Tags), mostInstances // fmt sorts a map's keys
	default:
		if e.Do == decide.Deliver && e.Post.Kind == record.PostNotice {
			return "notice", mostTold
		}
		return "", 1
	}
}

// DoTogether carries out effects that have the same key in one call.
func (a Actor) DoTogether(ctx context.Context, effects []decide.Effect) error {
	ids := make([]string, 0, len(effects))
	for _, e := range effects {
		ids = append(ids, e.Instance)
	}
	switch e := effects[0]; e.Do {
	case decide.Stop:
		return a.Ports.Compute.Stop(ctx, ids, e.How)
	case decide.Terminate:
		return a.Ports.Compute.Terminate(ctx, ids, e.How)
	case decide.Condemn:
		return a.Ports.Compute.Tag(ctx, ids, e.Tags)
	case decide.Deliver:
		return a.Ports.Topic.Publish(ctx, digest(effects))
	default:
		return &cloud.Error{Kind: cloud.Invalid, Service: "switcher", Action: string(e.Do), Message: "cannot be done for several nodes in one call"}
	}
}

// Refused reports whether AWS certainly refused a call for what it names, so that
// one bad name among several may be the reason. (TerminateInstances may have been
// carried out in another zone than that of a protected instance; it is repeated
// without harm.) A call without an answer, or one that came too early, tells
// nothing of that.
func Refused(err error) bool {
	switch cloud.KindOf(err) {
	case "", cloud.Throttled:
		return false
	case cloud.Ambiguous:
		var e *cloud.Error
		return errors.As(err, &e) && e.Code == "IncorrectInstanceState"
	default:
		return true
	}
}
