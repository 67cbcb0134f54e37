// Package contracts says in tests what an implementation of internal/cloud's ports
// must do. It is written against the ports alone, so that every implementation can
// be put through it: the AWS adapters on an emulator (in this package's tests),
// the in-memory fake, the simulator.
//
// A Stage is what the tests need to exist beforehand. Each group of tests is a
// function of its own, so that an implementation can be held to the part it has.
package contracts

import (
	"context"
	"testing"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Stage is a set of ports and the resources that already exist behind them.
type Stage struct {
	Ports cloud.Ports

	VPC      string
	Tag      [2]string       // key and value of the tag that marks Subnets
	Subnets  [2]cloud.Subnet // in two zones, in the order of zones
	Groups   []string        // three security groups of the VPC
	Template [2]string       // launch template and version
	// Blueprint is what Template must read as. It has one interface with the first
	// two of Groups.
	Blueprint cloud.Blueprint
	// Inherited compares what an instance became with what was asked for. Default:
	// both must be equal. An implementation that is known to drop something takes
	// it out of both, and says why.
	Inherited func(b *cloud.Blueprint)

	// Protect protects an instance against termination, where Launch is known not
	// to do so. Default: Launch does.
	Protect func(t *testing.T, id string)
	// TerminatesOnce says that the implementation is known to refuse a second
	// Terminate, which EC2 accepts.
	TerminatesOnce bool
	// Careless says that the implementation is known to start a terminated instance
	// and to tag one that does not exist, both of which EC2 refuses.
	Careless bool

	// Schedule puts events on the calendar, instead of those there. Default: the
	// implementation knows none.
	Schedule func([]cloud.Scheduled)

	// FailApps says of which instances the application status check fails. Default: the
	// implementation knows no such checks, and those tests are left out.
	FailApps func([]cloud.Failing)

	// Pass lets time go by while something is awaited. Default: it does by itself.
	Pass func()

	// TargetGroup is one of instances, with the port Port and no targets.
	TargetGroup string
	Port        int

	// Alarms are two that watch the instance WatchedInstance: by a dimension, and
	// by a metric math expression. AlarmRest tells everything of an alarm but its
	// state, with the instance's id replaced by "*".
	Alarms          [2]string
	WatchedInstance string
	AlarmRest       func(t *testing.T, name string) any

	// FileSystem has no mount targets, and admits one in each of Subnets.
	FileSystem string

	// Shift and Reserve set the zonal shifts and the capacity reservations of the
	// Region, for Advice.
	Shift   func([]cloud.Shift)
	Reserve func([]cloud.Reserve)

	// Published returns the notices that arrived since the last call.
	Published func(t *testing.T) []cloud.Notice
}

// All runs every group of tests but Advice, which the emulator cannot pass.
func All(t *testing.T, s Stage) {
	t.Run("compute", func(t *testing.T) { Compute(t, s) })
	t.Run("balancers", func(t *testing.T) { Balancers(t, s) })
	t.Run("zones", func(t *testing.T) { Zones(t, s) })
	t.Run("files", func(t *testing.T) { Files(t, s) })
	t.Run("alarms", func(t *testing.T) { Alarms(t, s) })
	t.Run("table", func(t *testing.T) { Table(t, s.Ports.Table) })
	t.Run("topic", func(t *testing.T) { Topic(t, s) })
}

func must[T any](t *testing.T, what string) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return v
	}
}

func wantKind(t *testing.T, what string, err error, want cloud.Kind) {
	t.Helper()
	if got := cloud.KindOf(err); got != want {
		t.Errorf("%s: error %v of kind %q, wanted kind %q", what, err, got, want)
	}
}

func ctx(t *testing.T) context.Context { return t.Context() }
