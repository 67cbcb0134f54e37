// Package runbook holds the addresses of the runbooks that alarms and the dashboard link to.
package runbook

import (
	"strings"

	"github.com/workload-recovery/workload-recovery/constructs/internal/prop"
)

// defaultRunbooks is where the project's own manual is.
const defaultRunbooks = "https://github.com/workload-recovery/workload-recovery/blob/main/docs/"

// Page is a place in the manual: a file of docs and a heading in it. A test holds
// them to what the manual has.
type Page string

// Runbooks that alarms and the dashboard name.
const (
	First    Page = "operations.md#first-look"
	Held     Page = "operations.md#a-switch-is-held-or-interrupted"
	Nothing  Page = "operations.md#nothing-happened"
	Switcher Page = "operations.md#the-switcher-fails"
	Brake    Page = "operations.md#the-brake-is-on"
	Messages Page = "messages.md"
)

// At is the runbook's address.
func (r Page) At(base string) string { return strings.TrimSuffix(base, "/") + "/" + string(r) }

// Check takes the address of a manual: an alarm's description has room for 1024
// characters.
func Check(at prop.Place, address *string) string {
	base := prop.Or(address, defaultRunbooks)
	if prop.Unresolved(base) {
		return base
	}
	if rest, is := strings.CutPrefix(base, "https://"); !is || rest == "" || len(base) > 256 || strings.ContainsAny(base, " \t\n<>()") {
		at.Fail("RunbookUrl is %q: give the address below which operations.md and messages.md are, beginning with https://, "+
			"without spaces or brackets, up to 256 characters; leave it out for %s", base, defaultRunbooks)
	}
	return base
}
