package record

import "time"

// Delivery holds the results of the attempts to deliver something. It is kept with what is
// delivered, so that the next invocation waits as long as this one would have.
type Delivery struct {
	Failed int       `json:"failed,omitempty"` // attempts that failed
	Since  time.Time `json:"since,omitzero"`   // when the first of them failed
	After  time.Time `json:"after,omitzero"`   // not tried again before
}

const (
	// firstBackoff is the pause after the first failed delivery. Each further one doubles it.
	firstBackoff = 5 * time.Second
	// longestBackoff bounds the pause, so that a delivery resumes soon after its cause ends.
	longestBackoff = 5 * time.Minute
	// DeliveryLife is the time for which a notice or an event is tried: as long as EventBridge itself
	// tries a target ("Event retry policy", Amazon EventBridge User Guide).
	DeliveryLife = 24 * time.Hour
	// AnswerLife is the time for which an answer is tried whose address does not say when it
	// expires. CloudFormation waits for a custom resource for an hour at most
	// (ServiceTimeout, AWS::CloudFormation::CustomResource).
	AnswerLife = time.Hour
)

// Due reports whether the delivery may be tried now.
func (d Delivery) Due(now time.Time) bool { return !now.Before(d.After) }

// Fail returns the delivery after one more failed attempt.
func (d Delivery) Fail(now time.Time) Delivery {
	if d.Failed == 0 {
		d.Since = now
	}
	d.After = now.Add(min(firstBackoff<<min(d.Failed, 10), longestBackoff))
	d.Failed++
	return d
}

// FailingFor returns how long the delivery has failed; 0 if it has not.
func (d Delivery) FailingFor(now time.Time) time.Duration {
	if d.Since.IsZero() {
		return 0
	}
	return now.Sub(d.Since)
}
