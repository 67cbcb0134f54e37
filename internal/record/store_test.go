package record_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const (
	getItem    = "DynamoDB GetItem"
	query      = "DynamoDB Query"
	putItem    = "DynamoDB PutItem"
	deleteItem = "DynamoDB DeleteItem"
)

var (
	tomorrow = began.Add(24 * time.Hour)
	// unwritable is a time that JSON has no form for: a year has four digits there.
	unwritable = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	me         = record.Owner{Stack: "s1", Logical: "n"}
)

// refuse lets the table refuse one of its calls.
func refuse(w *fake.World, call string, kind cloud.Kind) {
	w.Fault = func(_ int, c string) (before, after error) {
		if c == call {
			return fake.Refuse(kind, "", "no"), nil
		}
		return nil, nil
	}
}

func put(w *fake.World, partition, sort string, rev int64, body string) {
	w.Items[partition+"|"+sort] = cloud.Item{Partition: partition, Sort: sort, Revision: rev, Body: []byte(body)}
}

// TestWhatIsWritten: the items are what docs/architecture.md says of the table, since
// people, IAM conditions, the table's TTL and switchers of other versions read them.
// Writing one of these again changes nothing: an event may be delivered twice.
func TestWhatIsWritten(t *testing.T) {
	const none = `{"kind":"","detail":"","at":"0001-01-01T00:00:00Z"}`
	for name, c := range map[string]struct {
		write func(context.Context, record.Store) error
		want  cloud.Item
	}{
		"a hint, kept for two days": {
			func(ctx context.Context, s record.Store) error {
				return s.PutHint(ctx, record.Hint{Key: "e-1", Node: 7}, began)
			},
			cloud.Item{Partition: "vpc#vpc-1", Sort: "hint#e-1", Body: []byte(`{"key":"e-1","node":7,"cause":` + none + `}`), Expires: began.Add(48 * time.Hour), Revision: began.UnixNano()},
		},
		"a refusal, kept for a day": {
			func(ctx context.Context, s record.Store) error { return s.Refuse(ctx, "r-1", "because", began) },
			cloud.Item{Partition: "vpc#vpc-1", Sort: "refused#r-1", Body: []byte(`{"reason":"because"}`), Expires: tomorrow},
		},
		"a finished switch": {
			func(ctx context.Context, s record.Store) error {
				return s.Archive(ctx, record.History{Node: 7, Epoch: 12, Switch: "7-12", Kind: record.KindRecover, Started: began, Finished: began}, tomorrow)
			},
			cloud.Item{Partition: "history#vpc-1#7", Sort: "epoch#0000000012", Body: []byte(`{"node":7,"epoch":12,"switch":"7-12","kind":"recover","cause":` + none +
				`,"started":"2026-01-02T03:04:05Z","finished":"2026-01-02T03:04:05Z","recoverySeconds":0,"phaseSeconds":null,"attempts":0,"effects":0}`), Expires: tomorrow},
		},
		"an operator's order": {
			func(ctx context.Context, s record.Store) error {
				return s.ArchiveAction(ctx, record.Action{ID: "e-2", Node: 7, At: began, Kind: "paused", By: "arn:who"}, tomorrow)
			},
			cloud.Item{
				Partition: "history#vpc-1#7", Sort: "order#2026-01-02T03:04:05.000Z#e-2",
				Body: []byte(`{"id":"e-2","node":7,"at":"2026-01-02T03:04:05Z","kind":"paused","by":"arn:who"}`), Expires: tomorrow,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := store()
			for range 2 {
				if err := c.write(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			if c.want.Revision == 0 {
				c.want.Revision = 1
			}
			if diff := cmp.Diff(map[string]cloud.Item{c.want.Partition + "|" + c.want.Sort: c.want}, w.Items); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestRecordSaysItsSchemaAndEndsAWeekAfterTheNode: what is deleted is remembered for longer
// than any request of it can be delivered; what lives is kept for ever.
func TestRecordSaysItsSchemaAndEndsAWeekAfterTheNode(t *testing.T) {
	for phase, expires := range map[record.Phase]time.Time{record.Done: {}, record.Deleting: {}, record.Deleted: began.Add(7 * 24 * time.Hour)} {
		w, s := store()
		saved, err := s.Save(t.Context(), record.Node{ID: 7, Phase: phase}, began)
		if err != nil || saved.Revision != 1 || saved.Schema != 1 {
			t.Errorf("%s: revision %d, schema %d, %v", phase, saved.Revision, saved.Schema, err)
		}
		it := w.Items["vpc#vpc-1|node#0000000007"]
		if !it.Expires.Equal(expires) || !strings.HasPrefix(string(it.Body), `{"schema":1,"id":7,`) {
			t.Errorf("%s: expires %v: %s", phase, it.Expires, it.Body)
		}
		read, err := s.Node(t.Context(), 7)
		if diff := cmp.Diff(saved, read); diff != "" || err != nil {
			t.Errorf("%s: %v (-saved +read)\n%s", phase, err, diff)
		}
	}
}

func TestNodeThatNobodyRecordedIsNotFound(t *testing.T) {
	_, s := store()
	if n, err := s.Node(t.Context(), 7); !cloud.Is(err, cloud.NotFound) || !cmp.Equal(n, record.Node{}) {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	_, s := store()
	ctx := t.Context()
	hint := record.Hint{
		Key: "e-1", Node: 7, Instance: "i-1", Alarm: "a", All: true, To: "az-a", Cause: record.Cause{Kind: "alarm", Detail: "d", At: began},
		Request: &record.HintRequest{Request: record.Request{ID: "r-1", At: began}, Properties: json.RawMessage(`{"x":1}`)}, Order: &record.Order{By: "who", Until: began, On: true},
	}
	older, newer := record.History{Node: 7, Epoch: 2, Started: began, Finished: began}, record.History{Node: 7, Epoch: 10, Started: began, Finished: tomorrow}
	first, second := record.Action{ID: "z", Node: 7, At: began}, record.Action{ID: "a", Node: 7, At: tomorrow}
	for _, err := range []error{
		s.PutHint(ctx, hint, began), s.Archive(ctx, newer, tomorrow), s.Archive(ctx, older, tomorrow), s.ArchiveAction(ctx, second, tomorrow),
		s.ArchiveAction(ctx, first, tomorrow), s.Archive(ctx, record.History{Node: 8}, tomorrow), s.Refuse(ctx, "r-1", "because", began),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string, want, got any, err error) {
		t.Helper()
		// The revision of a hint is what DropHint rests on; it is not compared here.
		bare := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".revision" }, cmp.Ignore())
		if diff := cmp.Diff(want, got, bare); diff != "" || err != nil {
			t.Errorf("%s: %v (-written +read)\n%s", name, err, diff)
		}
	}
	hints, err := s.Hints(ctx)
	read("hints", []record.Hint{hint}, hints, err)
	histories, err := s.Histories(ctx, record.Node{ID: 7})
	read("switches, the oldest first", []record.History{older, newer}, histories, err)
	newest := record.History{Node: 7, Epoch: 11, Started: tomorrow, Finished: tomorrow}
	waiting := record.Node{ID: 7, Outbox: []record.Post{posted(t, newer), {Kind: record.PostNotice}, posted(t, newest)}}
	histories, err = s.Histories(ctx, waiting)
	read("switches, those that wait to be written as well, each once", []record.History{older, newer, newest}, histories, err)
	waiting.Outbox = []record.Post{{Key: "history-12", Kind: record.PostHistory, Body: json.RawMessage(`"x"`)}}
	if _, err := s.Histories(ctx, waiting); err == nil || !strings.Contains(err.Error(), "history-12 of node 7 is not readable") {
		t.Errorf("one that waits and is damaged: %v", err)
	}
	actions, err := s.Actions(ctx, 7)
	read("orders, the oldest first", []record.Action{first, second}, actions, err)
	refusal, err := s.Refused(ctx, "r-1")
	read("refusal", &record.Refusal{Reason: "because"}, refusal, err)
	if refusal, err := s.Refused(ctx, "r-2"); err != nil || refusal != nil {
		t.Errorf("a request that was never refused: %+v, %v", refusal, err)
	}
}

// posted is a finished switch that waits in its node's record to be written.
func posted(t *testing.T, h record.History) record.Post {
	t.Helper()
	body, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	return record.Post{Kind: record.PostHistory, Body: body}
}

// TestHintThatWasLeftAgainStays: who acted on a hint drops that one, not a later one that
// has the same key by then.
func TestHintThatWasLeftAgainStays(t *testing.T) {
	w, s := store()
	if err := s.PutHint(t.Context(), record.Hint{Key: "e-1"}, began); err != nil {
		t.Fatal(err)
	}
	hints, err := s.Hints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(w, "vpc#vpc-1", "hint#e-1", 2, `{"key":"e-1"}`)
	if err := s.DropHint(t.Context(), hints[0]); err != nil || len(w.Items) != 1 {
		t.Errorf("%v; the table holds %d items, want the later hint", err, len(w.Items))
	}
}

// TestNewestShortageCounts: a zone that lacks capacity again is left out for longer, and
// its item outlasts that by an hour.
func TestNewestShortageCounts(t *testing.T) {
	w, s := store()
	for _, after := range []time.Duration{time.Minute, 3 * time.Minute} {
		if err := s.RememberShortage(t.Context(), "az-a#m7g", record.Shortage{Since: began, Until: began.Add(after)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Shortages(t.Context(), began)
	if diff := cmp.Diff(map[string]record.Shortage{"az-a#m7g": {Since: began, Until: began.Add(3 * time.Minute)}}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	want := cloud.Item{Partition: "capacity", Sort: "az-a#m7g", Revision: 2, Body: []byte(`{"since":"2026-01-02T03:04:05Z","until":"2026-01-02T03:07:05Z"}`), Expires: began.Add(63 * time.Minute)}
	if diff := cmp.Diff(want, w.Items["capacity|az-a#m7g"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestAnotherSwitchersShortageIsAsGood: who loses the race to note a lack of capacity
// need not note it.
func TestAnotherSwitchersShortageIsAsGood(t *testing.T) {
	w, s := store()
	refuse(w, putItem, cloud.Conflict)
	if err := s.RememberShortage(t.Context(), "az-a#m7g", record.Shortage{Until: began}); err != nil {
		t.Error(err)
	}
}
