package e2e

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/workload-recovery/workload-recovery/test/emulator/access"
)

// permissions of the switchers' roles, over all tests: what they allow, and what
// calls needed. Every call is held to them where it is made (world's authority).
var permissions struct {
	sync.Mutex
	allowed, used map[string]bool
}

func (a *account) notePermissions() {
	a.t.Helper()
	permissions.Lock()
	defer permissions.Unlock()
	if permissions.allowed == nil {
		permissions.allowed, permissions.used = map[string]bool{}, map[string]bool{}
	}
	for _, u := range a.Used() {
		permissions.used[u] = true
	}
	for _, f := range a.Functions() {
		policy, err := a.PolicyOf(f.ARN)
		if err != nil {
			a.t.Error(err)
		}
		for _, action := range policy.Actions() {
			permissions.allowed[action] = true
		}
	}
}

// unused says which permissions no test needed, after a run of all tests.
func unused() error {
	if flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != "" {
		return nil
	}
	var idle []string
	for action := range permissions.allowed {
		if !permissions.used[action] && access.ByOthers[action] == "" {
			idle = append(idle, action)
		}
	}
	if slices.Sort(idle); len(idle) > 0 {
		return fmt.Errorf("the switcher's role allows %s, and no call of any test needs it: take it out of the role, or say in access.ByOthers who does", strings.Join(idle, ", "))
	}
	return nil
}
