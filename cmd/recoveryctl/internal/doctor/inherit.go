package doctor

import (
	"fmt"

	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// MetadataDefaults are the account's settings of the instance metadata in the Region.
type MetadataDefaults struct {
	Tokens   string // required, optional, or "" without a preference
	Enforced bool   // EC2 refuses a launch that does not require tokens
}

// inheritance reports what a replacement would not have.
func (e *exam) inheritance(check string, n record.Node) {
	i, ok := e.instance(n)
	if !ok {
		return
	}
	for _, lost := range decide.Differences(n, i, e.Seen.Details[i.ID].Unkept) {
		e.find(Warning, check, n.ID, fmt.Sprintf("%s: a replacement of %s would differ: %s", name(n), i.ID, lost),
			"the instance was changed by hand since it was launched or adopted", "undo the change, or accept the difference; docs/inheritance.md lists what becomes of every setting")
	}
}

// placement reports a group that keeps replacements in one zone.
func (e *exam) placement(check string, n record.Node) {
	i, ok := e.instance(n)
	if ok && e.Seen.Details[i.ID].Strategy == "cluster" {
		e.find(Error, check, n.ID, fmt.Sprintf("%s: placement group %s of %s is a cluster group", name(n), i.Placement, i.ID),
			"a cluster group exists in one zone, so EC2 refuses a replacement in another one",
			"stop the instance in a pause of the node, move it into a spread or partition group or out of the group (aws ec2 modify-instance-placement), and start it again")
	}
}

// metadata reports account settings that refuse launches ("Configure the instance metadata
// options", Amazon EC2 User Guide: with HttpTokensEnforced a launch that allows IMDSv1 fails).
func (e *exam) metadata(check string) {
	if !e.Metadata.Enforced {
		return
	}
	for _, n := range e.Nodes {
		if n.Blueprint == nil {
			continue
		}
		tokens := n.Blueprint.Metadata.Tokens
		if tokens == "" {
			tokens = e.Metadata.Tokens
		}
		if tokens != "required" {
			e.find(Error, check, n.ID, fmt.Sprintf("%s: EC2 would refuse every replacement, because its HttpTokens is %q", name(n), tokens),
				"the account enforces tokens (HttpTokensEnforced) in this Region",
				"set HttpTokens of the instance to required (aws ec2 modify-instance-metadata-options); the next sweep takes that over")
		}
	}
}
