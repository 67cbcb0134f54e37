package act

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

func notice(node int, head string) decide.Effect {
	return decide.Effect{Do: decide.Deliver, Node: node, Post: record.Post{
		Kind: record.PostNotice, Subject: fmt.Sprintf("rec: node %d (n) %s", node, head), Text: "WR118 " + head + "\nmore\n",
	}}
}

func TestDigestOfAFewIsWhole(t *testing.T) {
	got := digest([]decide.Effect{notice(1, "switch completed"), notice(2, "switch completed"), notice(2, "held")})
	want := cloud.Notice{
		Subject: "rec: 3 messages about 2 nodes",
		Body: "Many things happened at once; this message tells all of them.\n\n   2 x WR118 switch completed\n   1 x WR118 held\n\n" +
			"WR118 switch completed\nmore\n\n--\n\nWR118 switch completed\nmore\n\n--\n\nWR118 held\nmore\n\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The largest digest fits a message, and names every node.
func TestDigestOfManyIsHeadlines(t *testing.T) {
	var all []decide.Effect
	for i := range mostTold {
		e := notice(i+1, "switch completed")
		e.Post.Subject = (e.Post.Subject + strings.Repeat("x", 100))[:100]
		all = append(all, e)
	}
	got := digest(all)
	if len(got.Body) > 262144 || len(got.Subject) > 100 {
		t.Errorf("a subject of %d and a body of %d bytes", len(got.Subject), len(got.Body))
	}
	for i := range mostTold {
		if !strings.Contains(got.Body, fmt.Sprintf("(recoveryctl show %d)", i+1)) {
			t.Errorf("node %d is not named", i+1)
		}
	}
}

// Notices go together, what must keep its order does not.
func TestNoticesGoTogether(t *testing.T) {
	if key, most := Together(notice(1, "x")); key == "" || most != mostTold {
		t.Errorf("notices have key %q, %d at most", key, most)
	}
	for _, kind := range []record.PostKind{record.PostAnswer, record.PostHistory, record.PostRelease, record.PostEvent} {
		if key, _ := Together(decide.Effect{Do: decide.Deliver, Post: record.Post{Kind: kind}}); key != "" {
			t.Errorf("%s goes with others", kind)
		}
	}
	costs := Costs([]decide.Effect{notice(1, "x"), notice(2, "x")})
	if len(costs) != 1 || costs[0].Tokens != 1 {
		t.Errorf("a digest costs %+v", costs)
	}
}
