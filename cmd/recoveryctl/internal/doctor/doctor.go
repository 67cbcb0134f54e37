// Package doctor judges a deployment: from what was read of it, a list of findings,
// each with its severity, its cause and what mends it. It reads nothing itself.
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/observe"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Severity of a finding.
type Severity string

// Severities.
const (
	Error   Severity = "error"   // a recovery would not work, or does not now
	Warning Severity = "warning" // a recovery may not work, or nobody would hear of it
	Note    Severity = "note"    // good to know
)

// Finding is one thing that is not as it should be. Check is its stable name.
type Finding struct {
	Severity Severity `json:"severity"`
	Check    string   `json:"check"`
	Node     int      `json:"node,omitempty"` // 0: it is the whole VPC's
	What     string   `json:"what"`
	Cause    string   `json:"cause"`
	Fix      string   `json:"fix"`
}

// Facts are what was read of one switcher's deployment.
type Facts struct {
	Now      time.Time
	Config   contract.Config
	Function Function
	Nodes    []record.Node
	Hints    []record.Hint
	Lease    *record.Lease // nil: nobody has led yet
	Seen     observe.Facts
	Claims   map[int]record.Claim
	// Blackhole are the rules of the blackhole group; nil: the group does not exist.
	Blackhole *Rules
	Endpoints []Endpoint
	Offered   map[string]map[string]bool // instance type -> zones
	Images    map[string]string          // image -> state
	Table     Table
	// Attributes are the attributes of the nodes' target groups, by ARN and key.
	Attributes map[string]map[string]string
	// Autoshift are the nodes' load balancers with zonal autoshift on, by target group.
	Autoshift map[string][]string
	// Others are the other switchers of the Region.
	Others []Other
	// Listeners is how many subscriptions the topic has.
	Listeners int
	// Refused are the calls that the switcher's role does not allow.
	Refused []string
	// CPUs is the account's quota of running On-Demand standard vCPUs, and Needed what
	// the nodes and one replacement take.
	CPUs, Needed float64
	Metadata     MetadataDefaults
	Unread       []Unread
}

// Function is the switcher's.
type Function struct {
	State, Reason, Update string
	Timeout               int // seconds
}

// Rules of a security group.
type Rules struct{ In, Out int }

// Endpoint is an interface or gateway endpoint of the VPC.
type Endpoint struct {
	Service, State string
	Zones          []string // of an interface endpoint
}

// Table is the Region's table.
type Table struct {
	Name                  string
	PointInTime, Deletion bool // protections
	Read                  bool // that it could be asked
}

// Other is another switcher of the account and Region.
type Other struct{ Name, VPC, Table string }

// Unread is a part that could not be read, and why.
type Unread struct{ What, Why string }

// unread reports whether a part could not be read.
func (f Facts) unread(what string) bool {
	return slices.ContainsFunc(f.Unread, func(u Unread) bool { return u.What == what })
}

// exam is an examination under way.
type exam struct {
	Facts
	found []Finding
}

func (e *exam) find(s Severity, check string, node int, what, cause, fix string) {
	e.found = append(e.found, Finding{s, check, node, what, cause, fix})
}

// Checks are the names of all checks.
func Checks() []string {
	names := make([]string, 0, len(whole)+len(each))
	for _, c := range whole {
		names = append(names, c.name)
	}
	for _, c := range each {
		names = append(names, c.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Examine makes all checks. The worst comes first.
func Examine(f Facts) []Finding {
	e := &exam{Facts: f}
	for _, c := range whole {
		c.check(e, c.name)
	}
	for _, n := range f.Nodes {
		for _, c := range each {
			c.check(e, c.name, n)
		}
	}
	for _, u := range f.Unread {
		e.find(Warning, "unread", 0, u.What+" could not be read", u.Why, "give your credentials the permission, or try again; nothing was checked about it")
	}
	slices.SortStableFunc(e.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(weight(a.Severity), weight(b.Severity)), cmp.Compare(a.Node, b.Node))
	})
	return e.found
}

func weight(s Severity) int { return slices.Index([]Severity{Error, Warning, Note}, s) }

// instance is the node's present instance as EC2 shows it.
func (e *exam) instance(n record.Node) (cloud.Instance, bool) {
	if n.Grant == nil {
		return cloud.Instance{}, false
	}
	i, ok := e.Seen.Instances[n.Grant.Instance]
	return i, ok
}

// zones are the zones of the destination subnets.
func (e *exam) zones() []string {
	var zones []string
	for _, s := range e.Seen.Subnets {
		if !slices.Contains(zones, s.Zone) {
			zones = append(zones, s.Zone)
		}
	}
	slices.Sort(zones)
	return zones
}

func name(n record.Node) string { return fmt.Sprintf("node %d (%s)", n.ID, n.Name) }
