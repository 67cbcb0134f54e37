package engine_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/fake"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// BenchmarkRecovery measures the function's own work (no AWS latency) in one
// invocation that recovers n nodes which all stopped at once. Compare the
// per-node figures with each other: near constant is good. What the fake itself
// does is in the figures too.
func BenchmarkRecovery(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			w, e := fleet(b, n)
			calls, rounds := 0, 0
			var before, after runtime.MemStats
			var bytes uint64
			for b.Loop() {
				b.StopTimer()
				w.Time = w.Time.Add(2 * time.Hour) // the switches before count no more
				for _, id := range w.Running() {
					w.Stop(id)
				}
				start, began := len(w.Calls), w.Time
				runtime.ReadMemStats(&before)
				b.StartTimer()
				if _, err := e.Handle(b.Context(), engine.Invocation{ID: "bench", Account: "1", Region: "r"}, json.RawMessage(sweep)); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				runtime.ReadMemStats(&after)
				bytes += after.TotalAlloc - before.TotalAlloc
				calls, rounds = len(w.Calls)-start, int(w.Time.Sub(began).Seconds())
				if len(w.Running()) != n {
					b.Fatalf("%d of %d recovered", len(w.Running()), n)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/node")
			b.ReportMetric(float64(bytes)/float64(b.N*n), "B/node")
			b.ReportMetric(float64(calls)/float64(n), "calls/node")
			b.ReportMetric(float64(rounds), "virtual-s")
		})
	}
}

// fleet is n nodes that serve.
func fleet(b testing.TB, n int) (*fake.World, *engine.Engine) {
	b.Helper()
	w := fake.New(began)
	w.Places = []cloud.Subnet{{ID: "subnet-a", Zone: "az-a", Free: 4000}, {ID: "subnet-b", Zone: "az-b", Free: 4000}}
	e := engine.New(contract.Config{
		Name: "rec", VPC: "vpc-1", BlackholeGroup: "sg-hole", IDTag: contract.DefaultIDTag, TargetTag: contract.DefaultTargetTag, Policy: contract.DefaultPolicy(),
	}, w.Ports(), engine.WithClock(w), engine.WithGang(engine.Sequential{}), engine.WithLog(slog.New(slog.DiscardHandler)))
	for id := 1; id <= n; id++ {
		w.Templates[fmt.Sprintf("lt-%d/1", id)] = cloud.Blueprint{
			Image: "ami-1", Type: "m7g.large", Interfaces: []cloud.InterfaceSpec{{Groups: []string{"sg-app"}}},
			Tags: map[string]string{contract.DefaultIDTag: fmt.Sprint(id), contract.DefaultTargetTag: "true"},
		}
		props := fmt.Sprintf(`{"NodeId":"%d","LaunchTemplateId":"lt-%d","LaunchTemplateVersion":"1"}`, id, id)
		payload := under(fmt.Sprintf("rec.node-%d", id), request("Create", fmt.Sprintf("req-%d", id), fmt.Sprintf("stack-%d", id), props))
		if _, err := e.Handle(b.Context(), engine.Invocation{ID: fmt.Sprint(id), Account: "1", Region: "r"}, json.RawMessage(payload)); err != nil {
			b.Fatal(err)
		}
	}
	return w, e
}
