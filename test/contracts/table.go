package contracts

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Table holds an implementation to cloud.Table, with one client at a time.
func Table(t *testing.T, table cloud.Table) {
	table = steady{table}
	t.Run("compare and swap", func(t *testing.T) { swap(t, table) })
	t.Run("bodies come back as they were", func(t *testing.T) { bodies(t, table) })
	t.Run("queries", func(t *testing.T) { queries(t, table) })
}

func swap(t *testing.T, table cloud.Table) {
	item := func(body string) cloud.Item {
		return cloud.Item{Partition: "vpc#cas", Sort: "lease", Body: json.RawMessage(body)}
	}
	get := func(revision int64, body string) {
		t.Helper()
		got := must[cloud.Item](t, "Get")(table.Get(ctx(t), "vpc#cas", "lease"))
		want := cloud.Item{Partition: "vpc#cas", Sort: "lease", Revision: revision, Body: json.RawMessage(body)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("item differs (-want +got):\n%s", diff)
		}
	}
	_, err := table.Get(ctx(t), "vpc#cas", "lease")
	wantKind(t, "Get of nothing", err, cloud.NotFound)
	wantKind(t, "Put over a revision of nothing", table.Put(ctx(t), item(`{}`), 1), cloud.Conflict)
	wantKind(t, "Delete of nothing", table.Delete(ctx(t), "vpc#cas", "lease", 1), cloud.Conflict)

	wantKind(t, "Put of a new item", table.Put(ctx(t), item(`{"n":1}`), 0), "")
	get(1, `{"n":1}`)
	wantKind(t, "Put as if it were new", table.Put(ctx(t), item(`{"n":2}`), 0), cloud.Conflict)
	wantKind(t, "Put over a later revision", table.Put(ctx(t), item(`{"n":2}`), 2), cloud.Conflict)
	get(1, `{"n":1}`)
	wantKind(t, "Put over its revision", table.Put(ctx(t), item(`{"n":2}`), 1), "")
	get(2, `{"n":2}`)
	wantKind(t, "Put over an earlier revision", table.Put(ctx(t), item(`{"n":3}`), 1), cloud.Conflict)
	wantKind(t, "Delete of an earlier revision", table.Delete(ctx(t), "vpc#cas", "lease", 1), cloud.Conflict)
	get(2, `{"n":2}`)
	wantKind(t, "Delete of its revision", table.Delete(ctx(t), "vpc#cas", "lease", 2), "")
	wantKind(t, "Delete again", table.Delete(ctx(t), "vpc#cas", "lease", 2), cloud.Conflict)
	_, err = table.Get(ctx(t), "vpc#cas", "lease")
	wantKind(t, "Get after Delete", err, cloud.NotFound)

	again := item(`{"n":4}`)
	again.Revision = 77
	wantKind(t, "Put again with a revision of its own", table.Put(ctx(t), again, 0), "")
	get(77, `{"n":4}`)
	wantKind(t, "Late Delete of the earlier item", table.Delete(ctx(t), "vpc#cas", "lease", 1), cloud.Conflict)
	wantKind(t, "Put over a higher revision than its own", table.Put(ctx(t), again, 77), "")
	get(78, `{"n":4}`)
}

func bodies(t *testing.T, table cloud.Table) {
	want := cloud.Item{
		Partition: "vpc#body", Sort: "node#0000000001", Revision: 1,
		Body: json.RawMessage(`{"big":9007199254740993,"empty":{},"list":[1,null,true,"x",[]],"nothing":null,"text":"","word":"日本 <&>"}`),
		// Whole seconds, as the table keeps them.
		Expires: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	if err := table.Put(ctx(t), want, 0); err != nil {
		t.Fatal(err)
	}
	got := must[cloud.Item](t, "Get")(table.Get(ctx(t), want.Partition, want.Sort))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("item differs (-want +got):\n%s", diff)
	}
	for _, body := range []string{"", "[]", "null", "{"} {
		err := table.Put(ctx(t), cloud.Item{Partition: "vpc#body", Sort: "bad", Body: json.RawMessage(body)}, 0)
		wantKind(t, fmt.Sprintf("Put of the body %q", body), err, cloud.Invalid)
	}
}

func queries(t *testing.T, table cloud.Table) {
	put := func(partition, sort, body string) {
		t.Helper()
		if err := table.Put(ctx(t), cloud.Item{Partition: partition, Sort: sort, Body: json.RawMessage(body)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	put("vpc#other", "node#0000000001", `{}`)
	put("vpc#query", "lease", `{}`)
	put("vpc#query", "hint#a", `{}`)
	// Three items of 400 KB are more than the 1 MB of one page.
	body := `{"text":"` + strings.Repeat("x", 390_000) + `"}`
	for _, n := range []int{10, 2, 1} {
		put("vpc#query", fmt.Sprintf("node#%010d", n), body)
	}
	for _, c := range []struct {
		partition, prefix string
		want              []string
	}{
		{"vpc#query", "node#", []string{"node#0000000001", "node#0000000002", "node#0000000010"}},
		{"vpc#query", "hint#", []string{"hint#a"}},
		{"vpc#query", "", []string{"hint#a", "lease", "node#0000000001", "node#0000000002", "node#0000000010"}},
		{"vpc#query", "none#", nil},
		{"vpc#absent", "", nil},
	} {
		var got []string
		for _, item := range must[[]cloud.Item](t, "Query")(table.Query(ctx(t), c.partition, c.prefix)) {
			got = append(got, item.Sort)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("Query(%s, %s) differs (-want +got):\n%s", c.partition, c.prefix, diff)
		}
	}
}

// Race lets many clients swap the same item at once, for many rounds. In every
// round exactly one may win, whether the item is made, overwritten or deleted.
func Race(t *testing.T, table cloud.Table, clients, rounds int) {
	t.Helper()
	revision := int64(0)
	for round := range rounds {
		remove := revision != 0 && round%10 == 9
		errs := make([]error, clients)
		begin := make(chan struct{})
		var done sync.WaitGroup
		for client := range clients {
			done.Go(func() {
				<-begin
				if remove {
					errs[client] = table.Delete(ctx(t), "vpc#race", "lease", revision)
					return
				}
				body := fmt.Sprintf(`{"client":%d,"round":%d}`, client, round)
				errs[client] = table.Put(ctx(t), cloud.Item{Partition: "vpc#race", Sort: "lease", Body: json.RawMessage(body)}, revision)
			})
		}
		close(begin)
		done.Wait()
		winner := -1
		for client, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Fatalf("round %d: clients %d and %d both won revision %d", round, winner, client, revision)
			case err == nil:
				winner = client
			case !cloud.Is(err, cloud.Conflict):
				t.Fatalf("round %d: client %d: %v, wanted a conflict", round, client, err)
			}
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody won revision %d", round, revision)
		}
		if remove {
			revision = 0
			continue
		}
		revision++
		got := must[cloud.Item](t, "Get")(table.Get(ctx(t), "vpc#race", "lease"))
		if want := fmt.Sprintf(`{"client":%d,"round":%d}`, winner, round); string(got.Body) != want || got.Revision != revision {
			t.Fatalf("round %d: the table holds %s at revision %d, wanted %s at %d", round, got.Body, got.Revision, want, revision)
		}
	}
}
