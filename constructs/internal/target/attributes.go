package target

import (
	"maps"
	"slices"

	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Pin states the attributes that decide what an unhealthy target means, so that a default
// that AWS changes, or a change by hand, does not outlive the next deployment.
func Pin(set func(key, value *string)) {
	for _, key := range slices.Sorted(maps.Keys(contract.GroupAttributes)) {
		set(jsii.String(key), jsii.String(contract.GroupAttributes[key]))
	}
}
