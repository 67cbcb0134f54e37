package event

import (
	"encoding/json"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

const ownSource = contract.Source

// Causes of an instance event, in the words that the record and notices use.
const (
	CauseStopped    = "stopped"
	CauseTerminated = "terminated"
	CauseSpot       = "spot interruption"
	CauseHealth     = "health notice"
	// CauseCheck is an application status check of EC2 that fails.
	CauseCheck = "application status check"
	// CauseScheduled is an event that EC2 announced for an instance.
	CauseScheduled = "scheduled event"
	CauseAlarm     = "alarm"
)

// theInstance returns the one instance that the event is about: the one that its detail
// names or, if the detail names none, the one among its resources. why says what is
// wrong if there is none.
func theInstance(e envelope, named string) (id, why string) {
	if id = instanceOf(named); id != "" {
		return id, ""
	}
	if ids := instancesOf(e.Resources...); named == "" && len(ids) == 1 {
		return ids[0], ""
	}
	return "", "the event names no instance: " + quote(named)
}

func parseState(e envelope) Event {
	var d struct {
		Instance string `json:"instance-id"`
		State    string `json:"state"`
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return ignored("the event's detail cannot be read: " + err.Error())
	}
	id, why := theInstance(e, d.Instance)
	if why != "" {
		return ignored(why)
	}
	ev := Event{Kind: Instance, Instances: []string{id}}
	switch d.State {
	case cloud.Stopping, cloud.Stopped:
		ev.Cause.Kind = CauseStopped
	case cloud.ShuttingDown, cloud.Terminated:
		ev.Cause.Kind = CauseTerminated
	default:
		return ignored("instance state " + quote(d.State) + " is not handled")
	}
	ev.Cause.Detail = "EC2 reports " + id + " " + d.State
	return ev
}

func parseSpot(e envelope) Event {
	var d struct {
		Instance string `json:"instance-id"`
		Action   string `json:"instance-action"`
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return ignored("the event's detail cannot be read: " + err.Error())
	}
	id, why := theInstance(e, d.Instance)
	if why != "" {
		return ignored(why)
	}
	ev := Event{Kind: Instance, Instances: []string{id}}
	ev.Cause.Kind = CauseSpot
	ev.Cause.Detail = "EC2 will " + d.Action + " the Spot instance " + id
	return ev
}

func parseHealth(e envelope) Event {
	var d struct {
		Service  string `json:"service"`
		TypeCode string `json:"eventTypeCode"`
		Affected texts  `json:"affectedEntities"`
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return ignored("the event's detail cannot be read: " + err.Error())
	}
	if d.Service != "EC2" {
		return ignored("the health event is of service " + quote(d.Service) + ", only EC2's are handled")
	}
	ev := Event{Kind: Instance, Instances: instancesOf(append(d.Affected, e.Resources...)...)}
	if len(ev.Instances) == 0 {
		return ignored("the health event " + quote(d.TypeCode) + " names no instance")
	}
	ev.Cause.Kind = CauseHealth
	ev.Cause.Detail = "AWS Health reports " + d.TypeCode
	return ev
}

func parseAlarm(e envelope) Event {
	var d struct {
		Name  string `json:"alarmName"`
		State struct {
			Value  string `json:"value"`
			Reason string `json:"reason"`
		} `json:"state"`
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return ignored("the event's detail cannot be read: " + err.Error())
	}
	if d.Name == "" && len(e.Resources) == 1 {
		d.Name = alarmOf(e.Resources[0])
	}
	if d.Name == "" {
		return ignored("the event names no alarm")
	}
	if d.State.Value != "ALARM" {
		return ignored("alarm state " + quote(d.State.Value) + " is not handled")
	}
	ev := Event{Kind: Alarm, Alarm: d.Name}
	ev.Cause.Kind = CauseAlarm
	ev.Cause.Detail = "alarm " + d.Name + " is in ALARM"
	return ev
}
