package decide

import (
	"fmt"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Verb is what an effect does.
type Verb string

// The effects. Stop and Terminate name condemned instances only.
const (
	Condemn    Verb = "condemn"    // tag the instance as one that may be stopped and terminated
	Isolate    Verb = "isolate"    // blackhole group on one interface
	Unprotect  Verb = "unprotect"  // clear stop or termination protection
	Stop       Verb = "stop"       // power off
	Terminate  Verb = "terminate"  //
	Launch     Verb = "launch"     // send the saved request
	Remember   Verb = "remember"   // note a lack of capacity for all nodes
	Register   Verb = "register"   // targets
	Deregister Verb = "deregister" //
	Repoint    Verb = "repoint"    // an alarm to the node's instance
	Open       Verb = "open"       // the gate of the granted instance
	Regroup    Verb = "regroup"    // give one interface its own groups back
	Pardon     Verb = "pardon"     // write on an instance's tags that it is not condemned any more
	Start      Verb = "start"      // power the original on again
	Unmount    Verb = "unmount"    // remove a mount target of the node's file system
	Mount      Verb = "mount"      // put a mount target back
	Adopt      Verb = "adopt"      // tag a running instance as the node's
	Release    Verb = "release"    // take the node's tags off an instance that stays
	Watch      Verb = "watch"      // an application status check looks at the node
	Unwatch    Verb = "unwatch"    // it does no longer
	Forward    Verb = "forward"    // turn the source/destination check of one interface off
	Address    Verb = "address"    // move the node's Elastic IP address to one interface
	Deliver    Verb = "deliver"    // one post of the outbox
)

// mutates reports whether the verb is a call that changes EC2, ELB or CloudWatch.
func (v Verb) mutates() bool { return v != Remember && v != Deliver }

// Effect is one thing to do, whole: act adds nothing to it.
type Effect struct {
	Do       Verb
	Node     int
	Epoch    int
	Instance string            // Condemn, Unprotect, Stop, Terminate, Repoint, Open, Pardon, Start, Adopt, Release
	Tags     map[string]string // Condemn, Open, Pardon, Adopt, Watch, Unwatch, Release (whose values do not matter)
	NIC      string            // Isolate, Regroup, Forward, Address
	Groups   []string          // Isolate, Regroup
	Stop     bool              // Unprotect: stop protection rather than termination protection
	How      cloud.PowerOff    // Stop, Terminate
	Launch   cloud.Launch      // Launch
	Key      string            // Remember: zone#type; Watch, Unwatch: the check; Address: the allocation id
	Group    string            // Register, Deregister: target group
	Targets  []cloud.Target    // Register, Deregister
	Alarm    string            // Repoint
	Post     record.Post       // Deliver
	// Mount and FileSystem are what Unmount removes and Mount puts back.
	Mount      cloud.Mount
	FileSystem string
}

// ID tells effects of one node apart and recognises the same one again.
func (e Effect) ID() string {
	parts := []string{string(e.Do), e.Instance, e.NIC, e.Launch.Token, e.Key, e.Group, e.Alarm, e.Post.Key, e.Mount.ID, e.FileSystem, string(e.How)}
	if e.Stop {
		parts = append(parts, "stop")
	}
	for _, t := range e.Targets {
		parts = append(parts, fmt.Sprintf("%s:%d", t.ID, t.Port))
	}
	return strings.Join(parts, "|")
}

// Outcome is what became of an effect. Err is nil or an *cloud.Error.
type Outcome struct {
	Effect   Effect
	Err      error
	Instance cloud.Instance // of Launch
}

// succeeded reports whether the effect was carried out in the step before.
func (s *step) succeeded(e Effect) bool {
	for _, o := range s.Outcomes {
		if o.Err == nil && o.Effect.ID() == e.ID() {
			return true
		}
	}
	return false
}
