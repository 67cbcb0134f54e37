package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/message"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// requests takes up the deployment requests among the hints, and returns the others
// by node. One that concerns no node is dropped.
func (r *run) requests(ctx context.Context, hints []record.Hint) (map[int][]record.Hint, error) {
	byNode := map[int][]record.Hint{}
	var foreign []record.Hint
	for _, h := range hints {
		if h.Request != nil {
			if _, waiting := r.replies[h.Key]; waiting {
				continue
			}
			if err := r.renew(ctx); err != nil {
				return nil, err
			}
			if err := r.request(ctx, h); err != nil {
				return nil, err
			}
			continue
		}
		concerned := false
		for _, n := range r.nodes {
			if concerns(h, n) {
				byNode[n.ID] = append(byNode[n.ID], h)
				concerned = true
			}
		}
		if !concerned {
			foreign = append(foreign, h)
		}
	}
	for _, h := range foreign {
		if r.own[h.Key] {
			r.ignore(ctx, message.New(message.EventForeign, h.Cause.Detail))
		}
	}
	return byNode, r.dropAll(ctx, foreign)
}

// concerns reports whether a hint tells of the node: it names the node, an
// instance of it, or an alarm of it.
func concerns(h record.Hint, n record.Node) bool {
	switch {
	case h.All:
		return n.Phase != record.Deleted || decide.OfBrake(h)
	case h.Node != 0:
		return h.Node == n.ID
	case h.Instance != "":
		return n.Knows(h.Instance)
	default:
		return slices.Contains(n.Settings.Alarms, h.Alarm)
	}
}

// ignore is what became of an event that concerns no node, unless this invocation
// has something better to tell.
func (r *run) ignore(ctx context.Context, e message.Entry) {
	message.Log(ctx, r.log, e)
	if r.result.Outcome == "" {
		r.result = Result{Outcome: OutcomeIgnored, Code: string(e.Code), Reason: e.Reason}
	}
}

// request takes up one deployment request: either it is answered at once, or it
// is on the node's record from here on.
func (r *run) request(ctx context.Context, h record.Hint) error {
	req := h.Request.Request
	set, err := contract.ParseNode(h.Request.Properties)
	owner := record.Owner{Stack: req.Stack, Logical: req.Logical}
	own := true
	if req.Type == event.Delete {
		set.ID, own = decide.Deleted(r.cfg.Name, req, set.ID, r.nodes)
	}
	at := slices.IndexFunc(r.nodes, func(n record.Node) bool { return n.ID == set.ID })
	switch {
	case req.Type != event.Delete && !r.addressed(h):
		return r.refuse(ctx, h, set.ID, &record.OwnedError{VPC: r.cfg.VPC, Switcher: r.cfg.Name})
	case !own:
		return r.deleteForeign(ctx, h, set.ID, at, owner)
	case req.Type == event.Delete:
		// What is deleted need not be valid any more.
	case err != nil:
		return r.refuse(ctx, h, set.ID, fmt.Errorf("the node's properties are not usable: %w", err))
	case at >= 0 && outdated(r.nodes[at], req, owner):
		// Delivered again or late, perhaps after the node was deleted: it must not claim the id anew.
	default:
		if was, err := r.store.Refused(ctx, req.Key()); err != nil || was != nil {
			return r.refuseAgain(ctx, h, set.ID, was, err)
		}
		refusal, ready, err := r.checkGroups(ctx, set, at)
		if err != nil || !ready {
			return err
		}
		if refusal != nil {
			return r.refuse(ctx, h, set.ID, refusal)
		}
		refusal, err = r.claim(ctx, req, set, owner, at)
		if cloud.Is(err, cloud.Conflict) || cloud.Is(err, cloud.NotFound) {
			r.loaded = false // somebody took or released it at this moment: look again
			return nil
		}
		if err != nil || refusal != nil {
			return r.refuseIf(ctx, h, set.ID, refusal, err)
		}
		if req.Type == event.Update && (at < 0 || r.nodes[at].Phase == record.Deleted) {
			req.Type = event.Create // the node id was changed: a new node; CloudFormation deletes the old one next
		}
	}
	node := record.Node{}
	if at < 0 {
		at = len(r.nodes)
	} else {
		node = r.nodes[at]
	}
	step := decide.Accept(decide.RequestInput{Config: r.cfg, Node: node, Request: req, Settings: set, Now: r.clock.Now()})
	saved, err := r.commit(ctx, at, step)
	if err != nil || !saved {
		return err
	}
	if r.own[h.Key] {
		r.follow[set.ID] = true
		r.result = Result{Outcome: OutcomeDone, Code: string(step.Verdict)}
	}
	return r.store.DropHint(ctx, h)
}

// addressed reports whether the request was sent to this switcher's function. Another
// function that works on the same VPC leaves its requests in the same table.
func (r *run) addressed(h record.Hint) bool {
	token := strings.Split(contract.ServiceToken(h.Request.Properties), ":") // arn:partition:lambda:region:account:function:name
	return len(token) < 7 || token[6] == r.cfg.Function
}

// refuseAll ends an invocation of a switcher whose VPC belongs to another one. It acts on
// no node. Its own deployment requests are refused at once; the deletion of a node that
// this switcher never made succeeds, since CloudFormation sends it after a refused create.
func (r *run) refuseAll(ctx context.Context, owned *record.OwnedError) error {
	e := message.New(message.VPCOwned, owned.Error())
	r.conclude(ctx, e)
	for _, h := range r.requested {
		req := h.Request.Request
		set, _ := contract.ParseNode(h.Request.Properties) // a request that cannot be read is refused as well
		var failure error = owned
		if req.Type == event.Delete {
			n, err := r.store.Node(ctx, set.ID)
			if err != nil && !cloud.Is(err, cloud.NotFound) {
				return err
			}
			if err != nil || n.Owner != (record.Owner{Stack: req.Stack, Logical: req.Logical}) {
				failure = nil
			}
		}
		if err := r.reply(ctx, h, set.ID, e, failure); err != nil {
			return err
		}
	}
	return r.answer(ctx)
}

// outdated reports whether the request is not to be obeyed: it was accepted before, or
// was sent before one that was. What a living node's owner asked for meanwhile does not
// make another resource's request an old one: that is told whose the id is.
func outdated(n record.Node, req record.Request, owner record.Owner) bool {
	return n.HasRequest(req) || n.Overtakes(req) && (n.Phase == record.Deleted || n.Owner == owner)
}

// checkGroups refuses target groups that a node did not have and whose attributes change
// what an unhealthy target means. ready is false if the API budget has no room now.
func (r *run) checkGroups(ctx context.Context, set contract.Settings, at int) (refusal error, ready bool, err error) {
	for _, g := range set.Groups {
		if at >= 0 && r.nodes[at].Phase != record.Deleted && slices.ContainsFunc(r.nodes[at].Settings.Groups, func(has contract.GroupSetting) bool { return has.ARN == g.ARN }) {
			continue
		}
		costs := []budget.Cost{{API: budget.Balancers, Tokens: 1}, {API: budget.BalancerReads, Tokens: 1}}
		if !r.purse.Take(costs...) {
			r.postponed, r.lookedAt = true, r.clock.Now() // the request stays until there is room
			return nil, false, nil
		}
		has, err := r.ports.Balancers.Attributes(ctx, g.ARN)
		switch {
		case cloud.Is(err, cloud.NotFound): // a later step says so, with what to do
			continue
		case cloud.Is(err, cloud.Throttled):
			r.purse.Throttled(costs...)
			return nil, false, fmt.Errorf("read the attributes of target group %s: %w", g.ARN, err)
		case err != nil && cloud.Passing(err):
			return nil, false, fmt.Errorf("read the attributes of target group %s: %w", g.ARN, err)
		case err != nil:
			return fmt.Errorf("the attributes of target group %s cannot be read, so that it is not known what an unhealthy target of it means: %w; allow the switcher's role elasticloadbalancing:DescribeTargetGroupAttributes", g.ARN, err), true, nil
		}
		if err := contract.CheckGroupAttributes(g.ARN, has); err != nil {
			return err, true, nil
		}
	}
	return nil, true, nil
}

// claim makes sure that the node id is the requester's, and says why not.
func (r *run) claim(ctx context.Context, req record.Request, set contract.Settings, owner record.Owner, at int) (refusal, err error) {
	if why := decide.Misnamed(r.cfg.Name, req, set.ID, r.nodes); why != "" {
		return errors.New(why), nil
	}
	own := contract.PhysicalID(r.cfg.Name, set.ID)
	if req.Type == event.Update && req.PhysicalID == own && (at < 0 || r.nodes[at].Phase == record.Deleted) {
		return fmt.Errorf("there is no record of node %d: it was deleted from the table; remove the node from the stack, deploy, and add it again", set.ID), nil
	}
	if at >= 0 && r.nodes[at].Phase != record.Deleted {
		if r.nodes[at].Owner == owner {
			return nil, nil // it has it; a claim that is written late would outlive the node
		}
		return inUse(set.ID, r.nodes[at].Owner, r.cfg.VPC), nil // also where its claim is gone
	}
	c, err := r.store.TakeClaim(ctx, set.ID, owner, r.clock.Now())
	if err != nil {
		return nil, err
	}
	if c.Owner != owner || c.VPC != r.cfg.VPC {
		return inUse(set.ID, c.Owner, c.VPC), nil
	}
	return nil, nil
}

func inUse(node int, by record.Owner, vpc string) error {
	return fmt.Errorf("node id %d is in use by resource %s of stack %s (in %s); node ids are unique per Region: choose another id, or delete that node first",
		node, by.Logical, by.Stack, vpc)
}

// deleteForeign answers the delete of what is not the requester's node: it succeeds and
// touches nothing. CloudFormation sends one after a refused create, and for the physical id
// that an update replaced.
//
// A leader of yesterday may not know yet what the requester owns by now, and the create
// may still be on its way: the record is read again, and one of a deleted node notes
// that nothing older than this request is to be obeyed.
func (r *run) deleteForeign(ctx context.Context, h record.Hint, node, at int, owner record.Owner) error {
	if node > 0 {
		if fresh, err := r.unknown(ctx, node, at, h.Request.Sent); err != nil || fresh {
			return err
		}
		if at < 0 || r.nodes[at].Phase == record.Deleted || r.nodes[at].Owner != owner {
			if err := r.store.ReleaseClaim(ctx, node, owner); err != nil { // a create that died between claim and record
				return err
			}
		}
	}
	return r.reply(ctx, h, node, message.New(message.RequestAnswered,
		fmt.Sprintf("Delete of physical id %q touches nothing: it is no node of resource %s of stack %s", h.Request.PhysicalID, owner.Logical, owner.Stack)), nil)
}

// unknown reports whether the node's record is another than the one at hand; then
// everything is read again.
func (r *run) unknown(ctx context.Context, node, at int, sent int64) (fresh bool, err error) {
	now, err := r.store.Node(ctx, node)
	switch {
	case cloud.Is(err, cloud.NotFound):
		return false, nil
	case err != nil:
		return false, err
	case at < 0 || now.Revision != r.nodes[at].Revision:
		r.loaded = false
		return true, nil
	case now.Phase != record.Deleted || now.Latest >= sent:
		return false, nil
	}
	now.Latest = sent
	saved, err := r.store.Save(ctx, now, r.clock.Now())
	if cloud.Is(err, cloud.Conflict) {
		r.loaded = false
		return true, nil
	}
	if err == nil {
		r.nodes[at] = saved
	}
	return false, err
}

func (r *run) refuseIf(ctx context.Context, h record.Hint, node int, refusal, err error) error {
	if err != nil {
		return err
	}
	return r.refuse(ctx, h, node, refusal)
}

// refuse remembers the refusal first: the request may be delivered again.
func (r *run) refuse(ctx context.Context, h record.Hint, node int, refusal error) error {
	if err := r.store.Refuse(ctx, h.Request.Key(), refusal.Error(), r.clock.Now()); err != nil {
		return err
	}
	return r.tellRefusal(ctx, h, node, refusal)
}

func (r *run) refuseAgain(ctx context.Context, h record.Hint, node int, was *record.Refusal, err error) error {
	if err != nil {
		return err
	}
	return r.tellRefusal(ctx, h, node, errors.New(was.Reason))
}

func (r *run) tellRefusal(ctx context.Context, h record.Hint, node int, refusal error) error {
	return r.reply(ctx, h, node, message.New(message.RequestRefused, refusal.Error()), refusal)
}

// reply answers a request that no record keeps, once no node needs anything sooner: an
// address that does not answer must cost no recovery time. Until it was delivered the
// hint stays.
func (r *run) reply(ctx context.Context, h record.Hint, node int, e message.Entry, failure error) error {
	req := h.Request.Request
	if req.PhysicalID == "" {
		req.PhysicalID = contract.PhysicalID(r.cfg.Name, node)
	}
	message.Log(ctx, r.log, e)
	if r.own[h.Key] {
		r.result = Result{Outcome: OutcomeDone, Code: string(e.Code), Reason: e.Reason}
	}
	post := decide.AnswerPost(req, nil, failure)
	post.Delivery = h.Delivery
	if why := decide.Lapsed(post, r.clock.Now()); why != "" {
		message.Log(ctx, r.log, message.New(message.DeliveryGivenUp, fmt.Sprintf("answer to request %s: %s", req.ID, why)))
		return r.store.DropHint(ctx, h)
	}
	r.replies[h.Key] = reply{h, post}
	return nil
}
