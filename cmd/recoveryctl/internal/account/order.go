package account

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Order is an operator's order, as the switcher's function takes it.
type Order struct {
	Kind   string    `json:"-"` // detail-type
	Node   int       `json:"node"`
	To     string    `json:"to,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	On     *bool     `json:"on,omitempty"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	// After is a point in time that the order must be later than, whatever the
	// operator's clock says: of two orders the switcher obeys the later one.
	After time.Time `json:"-"`
}

// Receipt names an order that was given.
type Receipt struct {
	ID   string
	Node int
	At   time.Time
}

// Seen reports whether the node's record says that the order was seen to.
func (r Receipt) Seen(n record.Node) bool {
	return slices.Contains(n.Obeyed, fmt.Sprintf("%s-%d", r.ID, r.Node))
}

// Give hands the order to the function, as EventBridge hands it events: Lambda
// queues it and tries it again until it was taken.
func (a *Account) Give(ctx context.Context, s Switcher, o Order, now time.Time) (Receipt, error) {
	if !now.After(o.After) {
		now = o.After.Add(time.Millisecond)
	}
	r := Receipt{ID: "order-" + rand.Text(), Node: o.Node, At: now.UTC()}
	payload, err := json.Marshal(map[string]any{
		"id": r.ID, "source": contract.Source, "detail-type": o.Kind, "time": r.At.Format(time.RFC3339Nano), "detail": o,
	})
	if err != nil {
		return r, fmt.Errorf("encode the order: %w", err)
	}
	_, err = lambda.NewFromConfig(a.SDK).Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &s.Config.Function, InvocationType: lambdatypes.InvocationTypeEvent, Payload: payload,
	})
	if err != nil {
		return r, Explain(err, "give the order to switcher "+s.Config.Name)
	}
	return r, nil
}
