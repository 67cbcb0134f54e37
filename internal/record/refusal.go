package record

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Refusal is why a deployment's request was refused. No node's record remembers one,
// and Lambda delivers a request more than once: without this memory a create that was
// refused, and whose stack is gone since, would make a node that nobody owns when it
// comes again and the id is free by then.
type Refusal struct {
	Reason string `json:"reason"`
}

// refusalLife outlasts every delivery: Lambda keeps an asynchronous event for six hours
// at most ("Asynchronous invocation", AWS Lambda Developer Guide).
const refusalLife = 24 * time.Hour

// Refuse remembers a refusal, before it is told. One that stands stays.
func (s Store) Refuse(ctx context.Context, request, reason string, now time.Time) error {
	body, err := json.Marshal(Refusal{reason})
	if err != nil {
		return fmt.Errorf("encode the refusal of request %s: %w", request, err)
	}
	item := cloud.Item{Partition: contract.VPCPartition(s.VPC), Sort: contract.RefusedPrefix + request, Body: body, Expires: now.Add(refusalLife)}
	if err := s.Table.Put(ctx, item, 0); err != nil && !cloud.Is(err, cloud.Conflict) {
		return fmt.Errorf("remember the refusal of request %s: %w", request, err)
	}
	return nil
}

// Refused returns why the request was refused before, or nil.
func (s Store) Refused(ctx context.Context, request string) (*Refusal, error) {
	it, err := s.Table.Get(ctx, contract.VPCPartition(s.VPC), contract.RefusedPrefix+request)
	if cloud.Is(err, cloud.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look whether request %s was refused: %w", request, err)
	}
	var was Refusal
	if err := json.Unmarshal(it.Body, &was); err != nil {
		return nil, fmt.Errorf("the refusal of request %s is not readable: %w", request, err)
	}
	return &was, nil
}
