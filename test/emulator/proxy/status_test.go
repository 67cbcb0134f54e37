package proxy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

func TestScheduledEvents(t *testing.T) {
	w := newWorld(t)
	compute, at := w.ports().Compute, time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	ids := []string{"i-00000000000000001", "i-00000000000000002"}
	if got, err := compute.Scheduled(t.Context(), ids); err != nil || len(got) != 0 {
		t.Errorf("events before any: %v, %v", got, err)
	}
	w.SetScheduled(proxy.Scheduled{Instance: ids[0], Code: cloud.EventRetirement, Description: "degraded <hardware>", NotBefore: at},
		proxy.Scheduled{Instance: ids[1], Code: cloud.EventStop, Description: "[Completed] long ago"}, proxy.Scheduled{Instance: "i-00000000000000009", Code: cloud.EventStop})
	got, err := compute.Scheduled(t.Context(), ids)
	want := []cloud.Scheduled{{Instance: ids[0], ID: "instance-event-0", Code: cloud.EventRetirement, Detail: "degraded <hardware>", NotBefore: at}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v; events differ (-want +got):\n%s", err, diff)
	}
}

func TestApplicationStatus(t *testing.T) {
	w := newWorld(t)
	compute := w.ports().Compute
	w.SetImpaired("i-00000000000000001", "i-00000000000000009")
	got, err := compute.Failing(t.Context(), []string{"i-00000000000000001"})
	want := []cloud.Failing{{Instance: "i-00000000000000001", Reason: "asc-1: ConnectionRefused", Since: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v; impaired differ (-want +got):\n%s", err, diff)
	}
	for _, c := range []struct {
		what string
		do   func() error
		want []string
	}{
		{"watch", func() error { return compute.Watch(t.Context(), "asc-1", "id", "7") }, []string{"asc-1 id=7"}},
		{"watch again", func() error { return compute.Watch(t.Context(), "asc-1", "id", "7") }, []string{"asc-1 id=7"}},
		{"watch another", func() error { return compute.Watch(t.Context(), "asc-1", "id", "8") }, []string{"asc-1 id=7", "asc-1 id=8"}},
		{"unwatch", func() error { return compute.Unwatch(t.Context(), "asc-1", "id", "7") }, []string{"asc-1 id=8"}},
		{"unwatch again", func() error { return compute.Unwatch(t.Context(), "asc-1", "id", "7") }, []string{"asc-1 id=8"}},
	} {
		if err := c.do(); err != nil || !slices.Equal(w.Watched(), c.want) {
			t.Errorf("%s: %v, associated %v, wanted %v", c.what, err, w.Watched(), c.want)
		}
	}
	if f := w.Failures(); len(f) > 0 {
		t.Error(f)
	}
}
