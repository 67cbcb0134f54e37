package record

import (
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Kinds of switches.
const (
	KindCreate  = "create"
	KindRecover = "recover"
	KindPlanned = "planned" // ordered, or announced by AWS: the instance is well
	KindUpdate  = "update"  // a deployment's change, applied at once
	KindAdopt   = "adopt"   // a running instance becomes the node
	KindDelete  = "delete"
)

// Switch is the one under way.
type Switch struct {
	ID       string    `json:"id"` // "<node>-<first epoch>"
	Kind     string    `json:"kind"`
	Cause    Cause     `json:"cause"`
	Started  time.Time `json:"started"`
	FromZone string    `json:"fromZone,omitempty"`
	From     string    `json:"from,omitempty"` // the failed instance
	// Gate says that replacements wait at a gate until they are granted, so that
	// they may boot while the failed instance is being fenced.
	Gate bool `json:"gate,omitempty"`
	// FenceFirst says that a launch beside the failed instance met a quota of which that
	// instance holds a share: it is fenced before any launch from then on.
	FenceFirst bool `json:"fenceFirst,omitempty"`
	// Restart says that the failed instance is to be started again in place.
	Restart bool `json:"restart,omitempty"`
	// Recorded says that the blueprint of this switch is settled.
	Recorded    bool   `json:"recorded,omitempty"`
	Attempts    int    `json:"attempts"`              // replacements that were granted or died
	Rounds      int    `json:"rounds,omitempty"`      // holds after MaxAttempts; one more attempt each
	Requests    int    `json:"requests"`              // launch requests made; each has its own token
	LastFailure string `json:"lastFailure,omitempty"` // of a replacement
	// To is the zone that a person chose, tried first.
	To string `json:"to,omitempty"`
	// Deadline is when AWS stops the instance by itself.
	Deadline time.Time `json:"deadline,omitzero"`
	// Noted says that a planned switch has noted where the node is registered.
	Noted bool `json:"noted,omitempty"`
	// LastGood says that a changed launch template is not to be used.
	LastGood bool `json:"lastGood,omitempty"`
	// Fallback is what the node was before the changed launch template that this
	// switch launches, until that has proven itself.
	Fallback *Fallback `json:"fallback,omitempty"`
	// Failed is why the changed launch template was given up.
	Failed string `json:"failed,omitempty"`
	// NoOriginal says that the original is not to be started again before others were tried.
	NoOriginal bool `json:"noOriginal,omitempty"`
	// Stays says that no candidate could take a planned switch whose original serves on.
	Stays bool `json:"stays,omitempty"`
	// Retain is the instance that a delete leaves as it is.
	Retain string `json:"retain,omitempty"`
	// RetainIP is its address, if it carried the node.
	RetainIP string `json:"retainIp,omitempty"`
	// RetainFurther are its other addresses.
	RetainFurther []cloud.Address `json:"retainFurther,omitempty"`
	// Launch is the whole request now open, saved before it is sent.
	Launch *cloud.Launch `json:"launch,omitempty"`
	// Like is what Launch asks for, where that is not the node's blueprint.
	Like *cloud.Blueprint `json:"like,omitempty"`
	// Senders are the invocations that may have sent Launch, or still may.
	Senders  []Sender  `json:"senders,omitempty"`
	Asked    time.Time `json:"asked,omitzero"`     // when Launch was opened
	Instance string    `json:"instance,omitempty"` // what answered Launch
	Tried    []string  `json:"tried,omitempty"`    // zones, or zone#type, that failed in this round
	// Answers are EC2's last refusals of this switch, by zone or zone#type. They outlast
	// the round, so that people read why nothing takes the node.
	Answers map[string]Answer    `json:"answers,omitempty"`
	Marks   map[string]time.Time `json:"marks"`   // when each phase was first reached
	Effects int                  `json:"effects"` // mutating calls made
}

// Fallback is a blueprint that is known to be good.
type Fallback struct {
	Blueprint cloud.Blueprint   `json:"blueprint"`
	Template  contract.Template `json:"template"`
}

// Answer is EC2's refusal of a launch.
type Answer struct {
	Kind  cloud.Kind `json:"kind"`
	Words string     `json:"words"` // its code and message
}

// Sender is an invocation that was about to send a launch request.
type Sender struct {
	By    string    `json:"by"`    // invocation id
	Until time.Time `json:"until"` // after that no call of it can arrive any more
}

// Cause is why a switch began.
type Cause struct {
	Kind   string    `json:"kind"`   // "stopped", "terminated", "alarm", "create", …
	Detail string    `json:"detail"` // one sentence: what was seen
	At     time.Time `json:"at"`     // when it happened, as far as is known
	// Independent says that EC2 itself shows the fault (a state, a status check),
	// rather than an agent on the instance.
	Independent bool `json:"independent,omitempty"`
}
