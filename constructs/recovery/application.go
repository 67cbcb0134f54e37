package recovery

import (
	"fmt"
	"regexp"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
	"github.com/workload-recovery/workload-recovery/internal/boot"
)

// plan checks the application's props.
func (want *NodeApplication) plan(at prop.Place) *boot.Application {
	if want == nil {
		return nil
	}
	a := &boot.Application{
		Restarts:      at.Whole("Application.RestartAttempts", want.RestartAttempts, 3, 0, 100),
		WindowSeconds: at.Between("Application.RestartWindow", want.RestartWindow, 300, 10, 86400),
		DelaySeconds:  at.Between("Application.RestartDelay", want.RestartDelay, 1, 0, 600),
		FaultScript:   prop.Or(want.FaultScript, ""),
		FaultSeconds:  at.Between("Application.FaultTime", want.FaultTime, 60, 1, 900),
	}
	if want.Watchdog != nil {
		a.WatchdogSeconds = at.Between("Application.Watchdog", want.Watchdog, 30, 1, 3600)
	}
	if a.Restarts*a.DelaySeconds >= a.WindowSeconds {
		at.Fail("Application.RestartAttempts is %d with a RestartDelay of %d s: they do not fit into RestartWindow, %d s, so that the application would never count as failed; use a longer window or fewer attempts",
			a.Restarts, a.DelaySeconds, a.WindowSeconds)
	}
	names := at.Texts("Application.Units", want.Units)
	if len(names) < 1 || len(names) > 10 {
		at.Fail("Application.Units has %d units: allowed are 1 to 10; name the systemd services to run", len(names))
	}
	for i, name := range names {
		unit, err := boot.UnitName(name)
		if err != nil {
			at.Fail("Application.Units[%d]: %v", i, err)
		}
		a.Units = append(a.Units, unit)
	}
	prop.RefuseDuplicates(at, "unit", a.Units)
	a.Check = want.Check.plan(at)
	return a
}

// url is what a shell keeps as it stands between single quotes.
var url = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%-]+$`)

func (want *NodeCheck) plan(at prop.Place) *boot.Check {
	if want == nil {
		return nil
	}
	c := &boot.Check{
		IntervalSeconds: at.Between("Application.Check.Interval", want.Interval, 10, 1, 3600),
		TimeoutSeconds:  at.Between("Application.Check.Timeout", want.Timeout, 5, 1, 600),
		Failures:        at.Whole("Application.Check.Failures", want.Failures, 3, 1, 100),
		StartSeconds:    at.Between("Application.Check.StartTime", want.StartTime, 120, 0, 3600),
	}
	given := 0
	if want.Command != nil {
		given++
		c.Command = *want.Command
	}
	if want.HttpUrl != nil {
		given++
		if !prop.Unresolved(want.HttpUrl) && !url.MatchString(*want.HttpUrl) {
			at.Fail("Application.Check.HttpUrl is %q: give a URL such as http://localhost:8080/health, without spaces and quotes", *want.HttpUrl)
		}
		c.Command = fmt.Sprintf("exec curl -fsSk -o /dev/null '%s'", *want.HttpUrl)
	}
	if want.TcpPort != nil {
		given++
		c.Command = fmt.Sprintf("#!/bin/bash\n: </dev/tcp/localhost/%d", at.Whole("Application.Check.TcpPort", want.TcpPort, 0, 1, 65535))
	}
	if given != 1 {
		at.Fail("Application.Check has %d of Command, HttpUrl and TcpPort: give exactly one", given)
	}
	if c.Command == "" {
		at.Fail("Application.Check.Command is empty: give a command that exits 0 while the application is well")
	}
	return c
}
