// Package record is the engine's memory: what is known of a node, the lease
// that says who may act, the hints that say what to look at, the claims on node
// ids and the history of finished switches. All of it lives in one DynamoDB
// table per Region behind cloud.Table, and every write is a compare-and-swap.
//
// The record is written before an effect, never after: what it says was intended
// can be repeated or found again after a crash at any point.
package record

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Schema is the version of the record's shape. A newer switcher reads older
// records; an older one refuses newer ones.
const Schema = 1

// Phase is how far a node's switch has come.
type Phase string

// Phases in the order of a switch. Held and interrupted are not phases: a Hold
// stops a node in the phase it is in, so that it resumes there.
const (
	Draining  Phase = "draining"  // planned: the grant stands while requests under way are finished
	Suspected Phase = "suspected" // a failure is seen and must last for the confirm window
	Confirmed Phase = "confirmed" // grant revoked, blueprint being recorded, quarantine under way
	Fencing   Phase = "fencing"   // point of no return passed: the old instance is being powered off
	Launching Phase = "launching" // a candidate is chosen and asked for
	Gated     Phase = "gated"     // the replacement exists and has no grant yet
	Serving   Phase = "serving"   // granted: registered, becoming healthy, then the old one is cleared away
	Done      Phase = "done"      // the node serves and nothing is under way
	Deleting  Phase = "deleting"  // tombstone: all instances of the node are being removed
	Deleted   Phase = "deleted"   // nothing is left but this memory of answered requests
)

// Node is the record of one node.
type Node struct {
	Schema int    `json:"schema"`
	ID     int    `json:"id"`
	Name   string `json:"name"`
	Owner  Owner  `json:"owner"`
	// Confirmed says that CloudFormation has called the node by its physical id, so that
	// the answer to its Create was taken.
	Confirmed bool              `json:"confirmed,omitempty"`
	Born      int64             `json:"born"` // seconds since 1970; makes launch tokens unique when an id is used again
	Settings  contract.Settings `json:"settings"`

	Epoch int       `json:"epoch"`
	Phase Phase     `json:"phase"`
	Since time.Time `json:"since"` // when the phase began
	Hold  *Hold     `json:"hold,omitempty"`
	// Notices holds the time of the last notice of each cause of a hold. It is cleared when
	// a switch completes.
	Notices map[string]time.Time `json:"notices,omitempty"`
	// Unanswered holds, for each call that the phase waits for, since when it has brought no
	// usable answer. It is cleared when the phase changes.
	Unanswered map[string]time.Time `json:"unanswered,omitempty"`
	Pause      *Pause               `json:"pause,omitempty"`
	Off        *Off                 `json:"off,omitempty"` // the operators' brake, in every node's record
	// OffOver is when the newest order was given that took the operators' brake off. What
	// was ordered before it is over, in whatever record or late event it comes.
	OffOver time.Time `json:"offOver,omitzero"`
	// AdoptTable says that a person confirmed that the table was restored: the record takes
	// over what is visible in EC2 at the next look.
	AdoptTable bool `json:"adoptTable,omitempty"`
	// Obeyed are the ids of the last orders, so that one delivered again is no new one.
	Obeyed []string `json:"obeyed,omitempty"`

	Grant     *Grant           `json:"grant,omitempty"`
	Condemned []Condemned      `json:"condemned,omitempty"`
	Blueprint *cloud.Blueprint `json:"blueprint,omitempty"`
	// Template is the launch-template version the blueprint rests on. When the
	// settings name another one, the next switch launches from that.
	Template contract.Template `json:"template"`
	Targets  []Target          `json:"targets,omitempty"` // the node's own places in its target groups
	Armed    []string          `json:"armed,omitempty"`   // alarms that were OK at least once: only these are believed

	Switch *Switch     `json:"switch,omitempty"` // the one under way
	Recent []time.Time `json:"recent,omitempty"` // when recent switches began, for the cool-down
	Last   *Failure    `json:"last,omitempty"`   // the newest failure that was switched
	// Acked is when a person last acknowledged the node's failures: what the
	// cool-down counts begins then.
	Acked time.Time `json:"acked,omitzero"`
	// Lost are launch requests of a gated node that were never answered and whose
	// instance, if there is one, waits at its gate until it is found and reaped.
	Lost []LostLaunch `json:"lost,omitempty"`
	// Rejected is a launch-template version whose instance did not become healthy. It
	// is not launched again before a deployment asks for it.
	Rejected contract.Template `json:"rejected,omitzero"`
	// Watched is the application status check that looks at the node.
	Watched string `json:"watched,omitempty"`
	// Notified is the scheduled event of its instance that people were told of.
	Notified string `json:"notified,omitempty"`
	// Stayed is the scheduled event before which no candidate could take the node. The
	// switch before it is not tried again.
	Stayed string `json:"stayed,omitempty"`
	// Remade are mount targets that the switcher made again after a storage fence.
	// CloudFormation does not know them: they are removed with the node.
	Remade []Remade `json:"remade,omitempty"`
	// Differs are the settings of the running instance that a replacement would not have,
	// as people were last notified of them.
	Differs []string `json:"differs,omitempty"`
	// Retained is the instance that the node's delete left running. A late call may tag
	// it once more.
	Retained string   `json:"retained,omitempty"`
	Request  *Request `json:"request,omitempty"`
	Answered []string `json:"answered,omitempty"` // keys of the last answered requests
	// Latest is when the newest request that was accepted had been sent: an older one
	// that arrives after it was given up by CloudFormation.
	Latest int64  `json:"latest,omitempty"`
	Outbox []Post `json:"outbox,omitempty"` // what must be told, until it has been

	Revision int64 `json:"-"` // the table's, for compare-and-swap
}

// Owner is the CloudFormation resource that claimed the node id.
type Owner struct {
	Stack   string `json:"stack"`   // StackId
	Logical string `json:"logical"` // LogicalResourceId
}

// Grant is the statement "this instance carries the node in this epoch".
type Grant struct {
	Instance  string `json:"instance"`
	Epoch     int    `json:"epoch"`
	Zone      string `json:"zone"`
	Subnet    string `json:"subnet"`
	PrivateIP string `json:"privateIp"`
	// Further are its other private addresses, and its IPv6 addresses.
	Further   []cloud.Address `json:"further,omitempty"`
	Image     string          `json:"image"`
	GrantedAt time.Time       `json:"grantedAt"`
	ServedAt  time.Time       `json:"servedAt,omitzero"` // when it was first healthy
}

// Condemned is an instance that may be stopped and terminated.
type Condemned struct {
	Instance  string `json:"instance"`
	Epoch     int    `json:"epoch"` // that condemned it
	Zone      string `json:"zone"`
	PrivateIP string `json:"privateIp,omitempty"`
	// Further are its other private addresses, and its IPv6 addresses.
	Further     []cloud.Address `json:"further,omitempty"`
	Since       time.Time       `json:"since"`
	AbsentSince time.Time       `json:"absentSince,omitzero"` // EC2 has not shown it since
	// ProtectStop and ProtectTerminate are its protections, which are cleared before it is
	// stopped or terminated.
	ProtectStop      Protection `json:"protectStop,omitempty"`
	ProtectTerminate Protection `json:"protectTerminate,omitempty"`
	// Unstoppable is EC2's reason for refusing to stop it, in EC2's words. Terminating it is its only
	// power fence then.
	Unstoppable string `json:"unstoppable,omitempty"`
	// Stoppers are the invocations that asked EC2 to power it off, or may still do
	// so. FirstAsked is the time of the first one, and AskedAt that of the newest; both are
	// zero when every request was refused.
	Stoppers   []Sender  `json:"stoppers,omitempty"`
	FirstAsked time.Time `json:"firstAsked,omitzero"`
	AskedAt    time.Time `json:"askedAt,omitzero"`
	// Asked is the hardest way in which it was asked to power off. When that is by force,
	// EC2's word that it is off is weaker evidence.
	Asked cloud.PowerOff `json:"asked,omitempty"`
	// Mount is its zone's mount target of the node's file system, which the storage
	// fence removes and which is put back when the instance is known to be off.
	Mount *cloud.Mount `json:"mount,omitempty"`
	// Cutters are the invocations that may still send the request to remove Mount.
	Cutters []Sender `json:"cutters,omitempty"`
	// Remade says that the switcher asked for Mount to be put back.
	Remade bool `json:"remade,omitempty"`
	// FileSystem is what Mount and Cut are about.
	FileSystem string `json:"fileSystem,omitempty"`
	// Cut says that the storage fence holds: the mount target is gone.
	Cut bool `json:"cut,omitempty"`
	// Unwell says that it carried the node, ran, and did not become healthy.
	Unwell bool `json:"unwell,omitempty"`
	// Untagged is the time at which EC2 last refused to tag the instance as condemned while it was off.
	Untagged time.Time `json:"untagged,omitzero"`
	// Waived says that the node's policy goes on without proof that it is off.
	Waived bool `json:"waived,omitempty"`
}

// Protection holds the known state of a stop or termination protection.
type Protection string

// States of a protection. "" means that none is known.
const (
	ProtectionOn      Protection = "on"
	ProtectionCleared Protection = "cleared" // EC2 accepted the request to clear it
)

// ProtectionOf returns the state of a protection that EC2 describes as on or off.
func ProtectionOf(on bool) Protection {
	if on {
		return ProtectionOn
	}
	return ""
}

// LostLaunch is a launch request that was given up before it was answered.
type LostLaunch struct {
	Launch cloud.Launch `json:"launch"`
	// Like is what it asked for: the node's own blueprint may be another one by the time
	// it is sent again, and EC2 refuses a token that comes with another request.
	Like    *cloud.Blueprint `json:"like,omitempty"`
	Senders []Sender         `json:"senders,omitempty"`
	Since   time.Time        `json:"since"`
}

// Remade is a mount target that took the place of one that the storage fence removed.
type Remade struct {
	FileSystem string `json:"fileSystem"`
	Mount      string `json:"mount"` // its id
}

// Hold stops a node in its phase, with a reason that a person can act on.
type Hold struct {
	Kind    HoldKind  `json:"kind"`
	Code    string    `json:"code"` // message code, see docs/messages.md
	Reason  string    `json:"reason"`
	Since   time.Time `json:"since"`
	RetryAt time.Time `json:"retryAt"` // tried again from then on
}

// Due reports whether what is held is tried again.
func (h Hold) Due(now time.Time) bool { return !now.Before(h.RetryAt) }

// HoldKind tells a wait from a call for help.
type HoldKind string

// Kinds of holds.
const (
	Held        HoldKind = "held"        // waits for something: capacity, a cool-down
	Interrupted HoldKind = "interrupted" // needs a person; still retried, so that a mended cause resumes it
)

// Pause is an operator's order not to recover the node.
type Pause struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
}

// Target is one place of the node in a target group, whatever instance holds it.
type Target struct {
	Group string `json:"group"`
	Kind  string `json:"kind"` // "instance" or "ip"
	Port  int    `json:"port"`
	// Idle says that no load balancer used the group when this was noted.
	Idle bool `json:"idle,omitempty"`
	// Place is that of the address in a group of type ip (cloud.Address).
	Place string `json:"place,omitempty"`
	// Outside is that of cloud.Target.
	Outside bool `json:"outside,omitempty"`
}

// Failure is what the brake remembers of a switch.
type Failure struct {
	At    time.Time `json:"at"` // when the switch began
	Zone  string    `json:"zone"`
	Cause Cause     `json:"cause"`
}

// Post is something to tell: kept in the record until it was delivered at least once.
type Post struct {
	Key     string          `json:"key"` // unique within the node's outbox
	Kind    PostKind        `json:"kind"`
	To      string          `json:"to,omitempty"`      // address of an answer
	Subject string          `json:"subject,omitempty"` // of a notice
	Body    json.RawMessage `json:"body,omitempty"`    // JSON: answer, history entry
	Text    string          `json:"text,omitempty"`    // of a notice

	Delivery Delivery `json:"delivery,omitzero"`
}

// PostKind is where a post goes.
type PostKind string

// Kinds of posts.
const (
	PostNotice  PostKind = "notice"  // to the topic
	PostEvent   PostKind = "event"   // to the event bus; Subject is its detail type
	PostAnswer  PostKind = "answer"  // to CloudFormation
	PostHistory PostKind = "history" // to the table
	PostRelease PostKind = "release" // gives the claim on the node id back
)

// Clone returns a copy that shares no memory that a decision may change.
func (n Node) Clone() Node {
	c := n
	c.Off, c.Obeyed = copyOf(n.Off), slices.Clone(n.Obeyed)
	c.Hold, c.Pause, c.Grant, c.Last, c.Request = copyOf(n.Hold), copyOf(n.Pause), copyOf(n.Grant), copyOf(n.Last), copyOf(n.Request)
	c.Condemned, c.Targets, c.Armed = slices.Clone(n.Condemned), slices.Clone(n.Targets), slices.Clone(n.Armed)
	c.Recent, c.Answered, c.Outbox = slices.Clone(n.Recent), slices.Clone(n.Answered), slices.Clone(n.Outbox)
	c.Notices = maps.Clone(n.Notices)
	c.Unanswered = maps.Clone(n.Unanswered)
	c.Lost, c.Remade = slices.Clone(n.Lost), slices.Clone(n.Remade)
	for i := range c.Condemned {
		x := &c.Condemned[i]
		x.Stoppers, x.Cutters, x.Mount = slices.Clone(x.Stoppers), slices.Clone(x.Cutters), copyOf(x.Mount)
	}
	if n.Switch != nil {
		s := *n.Switch
		s.Launch, s.Senders = copyOf(n.Switch.Launch), slices.Clone(s.Senders)
		s.Tried, s.Marks, s.Fallback = slices.Clone(s.Tried), maps.Clone(s.Marks), copyOf(s.Fallback)
		s.Answers = maps.Clone(s.Answers)
		c.Switch = &s
	}
	return c // a blueprint is replaced, never changed in place
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// Types are the instance types that the node may have, its own first.
func (n Node) Types() []string {
	var types []string
	if n.Blueprint != nil {
		types = append(types, n.Blueprint.Type)
	}
	for _, t := range n.Settings.Types {
		if !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types
}

// Condemns reports whether the instance is among the condemned.
func (n Node) Condemns(instance string) bool {
	return slices.ContainsFunc(n.Condemned, func(c Condemned) bool { return c.Instance == instance })
}

const (
	// InvocationLife is the longest time one invocation can run ("Lambda quotas",
	// function timeout: 900 seconds).
	InvocationLife = 15 * time.Minute
	// SignatureLife is the time after its date stamp in which AWS accepts a signed request.
	// AWS's pages differ: IAM says five minutes "in most cases" (AWS Signature
	// Version 4 for API requests), and EC2 refuses a request with RequestExpired only
	// when it arrives "more than 15 minutes after the date stamp" (Error codes for the
	// Amazon EC2 API). The longer life is the safe one.
	SignatureLife = 15 * time.Minute
	// LateCall is the time after an instance was given up in which a call about it can
	// still arrive: a process may sign a request at the very end of its invocation, freeze,
	// and send it when the signature is about to expire. Five minutes are added for
	// clocks that differ.
	LateCall = InvocationLife + SignatureLife + 5*time.Minute
)

// Unsettled reports whether a late call of an earlier leader can still disturb
// the node's target groups.
func (n Node) Unsettled(now time.Time) bool {
	return n.Grant != nil && now.Sub(n.Grant.GrantedAt) < LateCall
}

// Has reports whether a target is the granted instance or one of its addresses.
func (g Grant) Has(target string) bool { return has(g.Instance, g.PrivateIP, g.Further, target) }

// Has reports whether a target is the condemned instance or one of its addresses.
func (c Condemned) Has(target string) bool { return has(c.Instance, c.PrivateIP, c.Further, target) }

func has(instance, ip string, further []cloud.Address, target string) bool {
	return target == instance || ip != "" && target == ip ||
		slices.ContainsFunc(further, func(a cloud.Address) bool { return a.IP == target })
}

// Knows reports whether the instance is or was recently part of the node.
func (n Node) Knows(instance string) bool {
	return n.Grant != nil && n.Grant.Instance == instance || n.Condemns(instance) ||
		n.Switch != nil && (n.Switch.Instance == instance || n.Switch.From == instance || n.Switch.Retain == instance)
}

// Paused reports whether recoveries are paused now.
func (n Node) Paused(now time.Time) bool { return n.Pause != nil && now.Before(n.Pause.Until) }

// Resting reports whether nothing need be done before the next hint or sweep.
func (n Node) Resting(now time.Time) bool {
	if slices.ContainsFunc(n.Outbox, func(p Post) bool { return p.Delivery.Due(now) }) {
		return false
	}
	if n.Hold != nil {
		return !n.Hold.Due(now)
	}
	return n.Phase == Done && n.Request == nil || n.Phase == Deleted
}
