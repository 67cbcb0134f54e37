package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
)

// Memory keeps what was read of zones and reservations: it changes slowly, and every
// call saved is time that a recovery does not wait.
type Memory struct {
	at       time.Time
	types    []string
	zones    []cloud.Zone
	shifts   []cloud.Shift
	reserved []cloud.Reserve
}

// memoryLife is how long zones and reservations are remembered.
const memoryLife = time.Minute

// health reads how the zones fare and where capacity is reserved. It only orders
// and excludes candidates, so each part that can be had is used.
func (o Observer) health(ctx context.Context, w wants, f *Facts, now time.Time) error {
	if !w.health {
		return nil
	}
	m := o.Memory
	if m == nil {
		m = &Memory{}
	}
	if age := now.Sub(m.at); age >= memoryLife || age < 0 || !slices.Equal(m.types, w.types) {
		fresh, err := o.readHealth(ctx, w.types)
		if err != nil {
			f.Zones, f.Shifts, f.Reserved = fresh.zones, fresh.shifts, fresh.reserved
			return err
		}
		fresh.at, fresh.types = now, w.types
		*m = fresh
	}
	f.Zones, f.Shifts, f.Reserved = m.zones, m.shifts, m.reserved
	return nil
}

func (o Observer) readHealth(ctx context.Context, types []string) (m Memory, err error) {
	if m.zones, err = o.Ports.Zones.Zones(ctx); err != nil {
		return m, fmt.Errorf("observe the zones: %w", err)
	}
	if m.reserved, err = o.Ports.Zones.Reserved(ctx, types); err != nil {
		return m, fmt.Errorf("observe capacity reservations: %w", err)
	}
	if m.shifts, err = o.Ports.Zones.Shifts(ctx); err != nil {
		return m, fmt.Errorf("observe zonal shifts: %w", err)
	}
	return m, nil
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
