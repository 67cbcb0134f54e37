// Package act carries out effects. It adds nothing to what was decided: each
// effect is one call, whole, and what became of it is the outcome that the next
// decision rests on. Nothing is retried here.
package act

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Actor carries out effects.
type Actor struct {
	Ports  cloud.Ports
	Store  record.Store
	Policy contract.Policy
}

// Do carries out one effect at the time now.
func (a Actor) Do(ctx context.Context, e decide.Effect, now time.Time) decide.Outcome {
	o := decide.Outcome{Effect: e}
	compute, balancers := a.Ports.Compute, a.Ports.Balancers
	switch e.Do {
	case decide.Condemn:
		o.Err = compute.Tag(ctx, []string{e.Instance}, e.Tags)
	case decide.Open, decide.Pardon, decide.Adopt:
		o.Err = compute.Tag(ctx, []string{e.Instance}, e.Tags)
	case decide.Release:
		o.Err = compute.Untag(ctx, e.Instance, slices.Sorted(maps.Keys(e.Tags)))
	case decide.Start:
		o.Err = compute.Start(ctx, e.Instance)
	case decide.Unmount:
		o.Err = a.Ports.Files.DeleteMount(ctx, e.Mount.ID)
	case decide.Mount:
		o.Err = a.Ports.Files.CreateMount(ctx, e.FileSystem, e.Mount)
	case decide.Isolate, decide.Regroup:
		o.Err = compute.SetGroups(ctx, e.NIC, e.Groups)
	case decide.Forward:
		o.Err = compute.Forward(ctx, e.NIC)
	case decide.Address:
		o.Err = compute.MoveAddress(ctx, e.Key, e.NIC)
	case decide.Unprotect:
		o.Err = compute.Unprotect(ctx, e.Instance, e.Stop)
	case decide.Stop:
		o.Err = compute.Stop(ctx, []string{e.Instance}, e.How)
	case decide.Terminate:
		o.Err = compute.Terminate(ctx, []string{e.Instance}, e.How)
	case decide.Launch:
		o.Instance, o.Err = compute.Launch(ctx, e.Launch)
	case decide.Remember:
		o.Err = a.Store.RememberShortage(ctx, e.Key, record.Shortage{Since: now, Until: now.Add(time.Duration(a.Policy.CapacitySeconds) * time.Second)})
	case decide.Watch:
		key, value := only(e.Tags)
		o.Err = compute.Watch(ctx, e.Key, key, value)
	case decide.Unwatch:
		key, value := only(e.Tags)
		o.Err = compute.Unwatch(ctx, e.Key, key, value)
	case decide.Register:
		o.Err = balancers.Register(ctx, e.Group, e.Targets)
	case decide.Deregister:
		o.Err = balancers.Deregister(ctx, e.Group, e.Targets)
	case decide.Repoint:
		o.Err = a.Ports.Alarms.Repoint(ctx, e.Alarm, e.Instance)
	case decide.Deliver:
		o.Err = a.deliver(ctx, e, now)
	default:
		o.Err = &cloud.Error{Kind: cloud.Invalid, Service: "switcher", Action: string(e.Do), Message: "no such effect"}
	}
	return o
}

// only is the one entry of the tags.
func only(tags map[string]string) (key, value string) {
	for key, value = range tags {
		return key, value
	}
	return "", ""
}

func (a Actor) deliver(ctx context.Context, e decide.Effect, now time.Time) error {
	p := e.Post
	switch p.Kind {
	case record.PostNotice:
		return a.Ports.Topic.Publish(ctx, cloud.Notice{Subject: p.Subject, Body: p.Text})
	case record.PostEvent:
		return a.Ports.Bus.Put(ctx, cloud.Happening{Kind: p.Subject, Detail: p.Body})
	case record.PostAnswer:
		return a.Ports.Responder.Respond(ctx, p.To, p.Body)
	case record.PostHistory:
		var h record.History
		if err := json.Unmarshal(p.Body, &h); err != nil {
			return fmt.Errorf("history entry of node %d is not readable: %w", e.Node, err)
		}
		return a.Store.Archive(ctx, h, now.AddDate(0, 0, a.Policy.HistoryDays))
	case record.PostOrder:
		var x record.Action
		if err := json.Unmarshal(p.Body, &x); err != nil {
			return fmt.Errorf("order of node %d is not readable: %w", e.Node, err)
		}
		return a.Store.ArchiveAction(ctx, x, now.AddDate(0, 0, a.Policy.HistoryDays))
	case record.PostRelease:
		var owner record.Owner
		if err := json.Unmarshal(p.Body, &owner); err != nil {
			return fmt.Errorf("owner of node %d is not readable: %w", e.Node, err)
		}
		return a.Store.ReleaseClaim(ctx, e.Node, owner)
	}
	return &cloud.Error{Kind: cloud.Invalid, Service: "switcher", Action: string(p.Kind), Message: "no such post"}
}
