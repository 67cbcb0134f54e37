package observe

import (
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

func (m *remembered[T]) get(now time.Time, what string, read func() ([]T, error)) ([]T, error) {
	if m.fresh(now) {
		return m.list, m.err
	}
	list, err := read()
	m.list, m.err, m.until = list, nil, now.Add(memoryLife)
	if err != nil {
		m.list, m.err, m.until = nil, fmt.Errorf("observe %s: %w", what, err), now.Add(failureLife)
	}
	return m.list, m.err
}

// health reads how the zones fare and where capacity is reserved. It only orders
// and excludes candidates, so each part that can be had is used.
func (o Observer) health(ctx context.Context, w wants, f *Facts, now time.Time) error {
	if !w.health {
		return nil
	}
	m := o.Memory
	if !covers(m.types, w.types) {
		m.reserved.until, m.types = time.Time{}, w.types
	}
	var errs [3]error
	f.Zones, errs[0] = m.zones.get(now, "the zones", func() ([]cloud.Zone, error) { return o.Ports.Zones.Zones(ctx) })
	f.Shifts, errs[1] = m.shifts.get(now, "zonal shifts", func() ([]cloud.Shift, error) { return o.Ports.Zones.Shifts(ctx) })
	if len(m.types) > 0 {
		f.Reserved, errs[2] = m.reserved.get(now, "capacity reservations", func() ([]cloud.Reserve, error) { return o.Ports.Zones.Reserved(ctx, m.types) })
	}
	return errors.Join(errs[:]...)
}

func covers(known, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(t string) bool { return !slices.Contains(known, t) })
}

func (o Observer) mounts(ctx context.Context, w wants, f *Facts, _ time.Time) error {
	for _, fs := range w.files {
		mounts, err := o.Ports.Files.Mounts(ctx, fs)
		if err != nil {
			return fmt.Errorf("observe the mount targets of %s: %w", fs, err)
		}
		f.Mounts[fs] = mounts
	}
	return nil
}
