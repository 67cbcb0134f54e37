package recovery

import (
	"strings"
)

// defaultRunbooks is where the project's own manual is.
const defaultRunbooks = "https://github.com/workload-recovery/workload-recovery/blob/main/docs/"

// runbook is a place in the manual: a file of docs and a heading in it. A test holds
// them to what the manual has.
type runbook string

// Runbooks that alarms and the dashboard name.
const (
	runbookFirst    runbook = "operations.md#first-look"
	runbookHeld     runbook = "operations.md#a-switch-is-held-or-interrupted"
	runbookNothing  runbook = "operations.md#nothing-happened"
	runbookSwitcher runbook = "operations.md#the-switcher-fails"
	runbookBrake    runbook = "operations.md#the-brake-is-on"
	runbookMessages runbook = "messages.md"
)

// at is the runbook's address.
func (r runbook) at(base string) string { return strings.TrimSuffix(base, "/") + "/" + string(r) }

// checkRunbooks takes the address of a manual: an alarm's description has room for 1024
// characters.
func checkRunbooks(at place, address *string) string {
	base := or(address, defaultRunbooks)
	if unresolved(base) {
		return base
	}
	if rest, is := strings.CutPrefix(base, "https://"); !is || rest == "" || len(base) > 256 || strings.ContainsAny(base, " \t\n<>()") {
		at.fail("RunbookUrl is %q: give the address below which operations.md and messages.md are, beginning with https://, "+
			"without spaces or brackets, up to 256 characters; leave it out for %s", base, defaultRunbooks)
	}
	return base
}
