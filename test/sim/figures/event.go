package main

import "encoding/json"

// event is what the other controllers read of an EventBridge event.
type event struct{ instance, state, alarm string }

func readEvent(payload string) event {
	var e struct {
		Detail struct {
			Instance string `json:"instance-id"`
			State    json.RawMessage
			Alarm    string `json:"alarmName"`
		}
	}
	if json.Unmarshal([]byte(payload), &e) != nil {
		return event{} // not for them
	}
	var state string
	_ = json.Unmarshal(e.Detail.State, &state) // an alarm's is an object
	return event{e.Detail.Instance, state, e.Detail.Alarm}
}
