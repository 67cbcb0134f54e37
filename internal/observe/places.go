package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Memory keeps what was read of zones, reservations and scheduled events: it changes
// slowly, and every call saved is time that a recovery does not wait. And it keeps whose turn it was
// where a round cannot look at everything, and alarms for that while.
type Memory struct {
	subnets  remembered[cloud.Subnet]
	zones    remembered[cloud.Zone]
	shifts   remembered[cloud.Shift]
	reserved remembered[cloud.Reserve]
	types    []string // that reserved was asked for

	scheduled   remembered[cloud.Scheduled]
	scheduledOf []string // instances that scheduled was asked for
	failing     remembered[cloud.Failing]
	failingOf   []string

	looked map[Part]map[string]time.Time // when each was last looked at
	alarms map[string]seenAlarm
}

// seenAlarm is an alarm as it was read, or that there is none of the name.
type seenAlarm struct {
	cloud.Alarm
	exists bool
	at     time.Time
}

// How long what was read is remembered, and that it could not be read: a service that
// does not answer must not hold up every round.
const (
	memoryLife  = time.Minute
	subnetLife  = 15 * time.Second // their free addresses change, and people tag them to end a hold
	failureLife = 15 * time.Second
)

// remembered is one list, or why it cannot be had, and until when that stands.
type remembered[T any] struct {
	list  []T
	err   error
	until time.Time
}

func (m *remembered[T]) fresh(now time.Time) bool {
	return now.Before(m.until) && m.until.Sub(now) <= memoryLife
}

// calls is the call that reads the list again, unless it is remembered.
func (m *remembered[T]) calls(now time.Time, life time.Duration, what string, read func(context.Context) ([]T, error)) []call {
	if m.fresh(now) {
		return nil
	}
	return []call{func(ctx context.Context) {
		list, err := read(ctx)
		m.list, m.err, m.until = list, nil, now.Add(life)
		if err != nil {
			m.list, m.err, m.until = nil, fmt.Errorf("observe %s: %w", what, err), now.Add(failureLife)
		}
	}}
}

// health reads how the zones fare and where capacity is reserved. It only orders
// and excludes candidates, so each part that can be had is used.
func (o Observer) health(w wants, f *Facts, now time.Time) reading {
	if !w.health {
		return reading{}
	}
	m, zones := o.Memory, o.Ports.Zones
	if !covers(m.types, w.types) {
		m.reserved.until, m.types = time.Time{}, w.types
	}
	calls := slices.Concat(m.zones.calls(now, memoryLife, "the zones", zones.Zones), m.shifts.calls(now, memoryLife, "zonal shifts", zones.Shifts))
	if len(m.types) > 0 {
		calls = append(calls, m.reserved.calls(now, memoryLife, "capacity reservations", func(ctx context.Context) ([]cloud.Reserve, error) {
			return zones.Reserved(ctx, m.types)
		})...)
	}
	return reading{calls, func() error {
		f.Zones, f.Shifts, f.Reserved = m.zones.list, m.shifts.list, m.reserved.list
		return errors.Join(m.zones.err, m.shifts.err, m.reserved.err)
	}}
}

func covers[T comparable](known, wanted []T) bool {
	return !slices.ContainsFunc(wanted, func(t T) bool { return !slices.Contains(known, t) })
}

func (o Observer) mounts(w wants, f *Facts, _ time.Time) reading {
	var r reading
	found, errs := make([][]cloud.Mount, len(w.files)), make([]error, len(w.files))
	for k, fs := range w.files {
		r.calls = append(r.calls, func(ctx context.Context) { found[k], errs[k] = o.Ports.Files.Mounts(ctx, fs) })
	}
	r.note = func() (first error) {
		for k, fs := range w.files {
			if errs[k] != nil {
				if cloud.Is(errs[k], cloud.NotFound) {
					f.NoFiles[fs] = true
				}
				first = cmp.Or(first, fmt.Errorf("observe the mount targets of %s: %w", fs, errs[k]))
				continue
			}
			f.Mounts[fs] = found[k]
		}
		return first
	}
	return r
}
