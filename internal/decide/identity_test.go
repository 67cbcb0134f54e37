package decide_test

import (
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/event"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const stackARN = "arn:aws:cloudformation:eu-west-1:111122223333:stack/orders/5b2c"

// TestTheIdentitiesThatCloudFormationOwnsAreCompared holds each of StackId, LogicalResourceId
// and PhysicalResourceId to what it decides of a Delete and of an Update (case R14).
func TestTheIdentitiesThatCloudFormationOwnsAreCompared(t *testing.T) {
	owner := record.Owner{Stack: stackARN, Logical: "Node"}
	answered := record.Node{ID: 1, Phase: record.Done, Owner: owner}
	confirmed := answered
	confirmed.Confirmed = true
	waiting := record.Node{ID: 1, Phase: record.Launching, Owner: owner, Request: &record.Request{ID: "r-1", Type: event.Create}}
	undelivered := answered
	undelivered.Outbox = []record.Post{{Key: "answer-r-1", Kind: record.PostAnswer}}
	replaced := record.Node{ID: 5, Phase: record.Done, Owner: owner}
	others := record.Node{ID: 5, Phase: record.Done, Owner: record.Owner{Stack: "stack-2", Logical: "Node"}}

	rows := []struct {
		name, physical string
		nodes          []record.Node
		change         func(*record.Request)
		deletes        int  // the node that a Delete is about
		own            bool // and whether it is to be deleted
		updates        bool // whether an Update of node 1 is accepted
	}{
		{"the node's own id", "rec.node-1", []record.Node{confirmed}, nil, 1, true, true},
		{"another stack", "rec.node-1", []record.Node{confirmed}, func(r *record.Request) { r.Stack = strings.Replace(stackARN, "5b2c", "6c3d", 1) }, 1, false, true},
		{"another resource of the stack", "rec.node-1", []record.Node{confirmed}, func(r *record.Request) { r.Logical = "Node2" }, 1, false, true},
		{"another switcher's id", "other.node-5", []record.Node{answered}, nil, 1, false, false},
		{"another switcher's id of the same number", "other.node-1", []record.Node{waiting}, nil, 1, false, false},
		{"a node that is not there", "rec.node-5", []record.Node{answered}, nil, 5, false, false},
		{"a node of another stack", "rec.node-5", []record.Node{answered, others}, nil, 5, false, false},
		{"the node that the resource was before", "rec.node-5", []record.Node{answered, replaced}, nil, 5, true, true},
		{"almost the node's id", "rec.node-01", []record.Node{waiting}, nil, 1, true, false},
		{"a longer id", "rec.node-1.application", []record.Node{answered}, nil, 1, false, false},
		{"no id", "", []record.Node{answered}, nil, 1, false, false},
		{"no id, and the create waits", "", []record.Node{waiting}, nil, 1, true, false},
		{"an id that CloudFormation made up, and the create waits", "orders-Node-1ABCDEF2GHIJ", []record.Node{waiting}, nil, 1, true, false},
		{"an id that CloudFormation made up, and the answer is not delivered", "whatever", []record.Node{undelivered}, nil, 1, true, false},
		{"an id that CloudFormation made up, and the create was answered too late", "orders-Node-1ABCDEF2GHIJ", []record.Node{answered}, nil, 1, true, false},
		{"an id that CloudFormation made up, and it knows the node by its own", "orders-Node-1ABCDEF2GHIJ", []record.Node{confirmed}, nil, 1, false, false},
		{"an id made up for another resource", "orders-Other-1ABCDEF2GHIJ", []record.Node{answered}, nil, 1, false, false},
		{"an id of any other form, and the create was answered", "whatever", []record.Node{answered}, nil, 1, false, false},
		{"nothing is recorded", "rec.node-1", nil, nil, 1, false, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := record.Request{ID: "r-2", Type: event.Delete, Stack: stackARN, Logical: "Node", PhysicalID: row.physical}
			if row.change != nil {
				row.change(&r)
			}
			if node, own := decide.Deleted("rec", r, 1, row.nodes); node != row.deletes || own != row.own {
				t.Errorf("a Delete is about node %d, own %v; want node %d, own %v", node, own, row.deletes, row.own)
			}
			if why := decide.Misnamed("rec", r, 1, row.nodes); why != "" {
				t.Errorf("a Delete is refused: %s", why)
			}
			r.Type = event.Update
			why := decide.Misnamed("rec", r, 1, row.nodes)
			if (why == "") != row.updates {
				t.Errorf("an Update is refused because of %q; want accepted: %v", why, row.updates)
			}
			if why != "" && (!strings.Contains(why, `"`+row.physical+`"`) || !strings.Contains(why, "rec.node-1") || !strings.Contains(why, "remove the node from the stack")) {
				t.Errorf("the refusal names neither both ids nor a remedy: %s", why)
			}
		})
	}
}
