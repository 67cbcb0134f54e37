package act

import (
	"github.com/workload-recovery/workload-recovery/internal/budget"
	"github.com/workload-recovery/workload-recovery/internal/decide"
)

// apis are the buckets from which an effect's call takes a token.
var apis = map[decide.Verb][]budget.API{
	decide.Condemn:    {budget.CreateTags},
	decide.Open:       {budget.CreateTags},
	decide.Adopt:      {budget.CreateTags},
	decide.Pardon:     {budget.CreateTags},
	decide.Release:    {budget.DeleteTags},
	decide.Watch:      {budget.Associate},
	decide.Unwatch:    {budget.Disassociate},
	decide.Isolate:    {budget.ModifyInterface},
	decide.Regroup:    {budget.ModifyInterface},
	decide.Forward:    {budget.ModifyInterface},
	decide.Address:    {budget.MoveAddress},
	decide.Unprotect:  {budget.ModifyInstance},
	decide.Stop:       {budget.StopInstances},
	decide.Terminate:  {budget.TerminateInstance},
	decide.Launch:     {budget.RunInstances},
	decide.Start:      {budget.StartInstances},
	decide.Register:   {budget.Balancers, budget.BalancerTargets},
	decide.Deregister: {budget.Balancers, budget.BalancerTargets},
	decide.Repoint:    {budget.DescribeAlarms, budget.PutAlarm},
}

// resources are the buckets from which it takes a token for each instance.
var resources = map[decide.Verb]budget.API{
	decide.Stop:      budget.StopResources,
	decide.Terminate: budget.TerminateResource,
	decide.Launch:    budget.RunResources,
	decide.Start:     budget.StartResources,
}

// Costs is what one call for all of the effects takes of the API budgets. Those
// without any (the table, answers, mount targets) have no documented limit
// that a thousand nodes could reach.
func Costs(effects []decide.Effect) []budget.Cost {
	if len(effects) == 0 {
		return nil
	}
	verb := effects[0].Do
	costs := make([]budget.Cost, 0, 3)
	for _, api := range apis[verb] {
		costs = append(costs, budget.Cost{API: api, Tokens: 1})
	}
	if key, _ := Together(effects[0]); verb == decide.Deliver && key != "" {
		costs = append(costs, budget.Cost{API: budget.Notices, Tokens: 1})
	}
	if api, ok := resources[verb]; ok {
		costs = append(costs, budget.Cost{API: api, Tokens: float64(len(effects))})
	}
	return costs
}
