// Package timelimit scales the limits of real time within which another process must
// answer: an API call, an operator's order.
//
// The scale is 1 in every program that is released or deployed. The tests that run many
// programs side by side, on a machine that may be busy with other work, use a larger one:
// such a limit ends a call there because the machine is slow, not because the call is lost.
// The scale is a variable of the linker and not a setting, so that no environment and no
// configuration changes the limits of a deployed switcher.
package timelimit

import (
	"strconv"
	"time"
)

// scale is a whole number. See LinkerFlag.
var scale = "1"

// relaxed is the scale of tests: a call that may take 10 s may take 10 min there.
const relaxed = "60"

// LinkerFlag builds a program for tests with relaxed limits: go build -ldflags LinkerFlag.
const LinkerFlag = "-X github.com/workload-recovery/workload-recovery/internal/timelimit.scale=" + relaxed

// Relax relaxes the limits of this process. Only tests call it, before they use a limit.
func Relax() { scale = relaxed }

// Scale returns the limit that this program uses instead of d: d itself, unless the program
// is a test's.
func Scale(d time.Duration) time.Duration {
	n, err := strconv.Atoi(scale)
	if err != nil || n < 1 {
		n = 1 // linked with another value than LinkerFlag's
	}
	return time.Duration(n) * d
}
