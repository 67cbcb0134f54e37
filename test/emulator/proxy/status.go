package proxy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Scheduled is an event that AWS has scheduled for an instance.
type Scheduled struct {
	Instance, Code, Description string
	NotBefore                   time.Time
}

// status is what EC2 says of instances beside their state.
type status struct {
	scheduled []Scheduled
	impaired  []string
	watched   map[string]bool // "check key=value"
}

// SetScheduled sets the account's scheduled events.
func (p *Proxy) SetScheduled(events ...Scheduled) {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	p.gaps.status.scheduled = events
}

// SetImpaired names the instances of which an application status check fails.
func (p *Proxy) SetImpaired(instances ...string) {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	p.gaps.status.impaired = instances
}

// Watched are the associations of application status checks: "asc-1 key=value".
func (p *Proxy) Watched() []string {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	return slices.Sorted(maps.Keys(p.gaps.status.watched))
}

const ec2Response = `<%[1]sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>proxy</requestId>%[2]s</%[1]sResponse>`

// instanceStatus: the emulator schedules no events. It shows those that have some, as
// the filter that the switcher asks by does.
func (p *Proxy) instanceStatus() *answer {
	var items strings.Builder
	for i, e := range p.gaps.status.scheduled {
		fmt.Fprintf(&items, "<item><instanceId>%s</instanceId><eventsSet><item><instanceEventId>instance-event-%d</instanceEventId><code>%s</code>"+
			"<description>%s</description><notBefore>%s</notBefore></item></eventsSet></item>",
			xmlText(e.Instance), i, xmlText(e.Code), xmlText(e.Description), e.NotBefore.UTC().Format(time.RFC3339))
	}
	return xmlAnswer(fmt.Sprintf(ec2Response, "DescribeInstanceStatus", "<instanceStatusSet>"+items.String()+"</instanceStatusSet>"))
}

// applicationStatus: the emulator knows no application status checks.
func (p *Proxy) applicationStatus() *answer {
	var items strings.Builder
	for _, id := range p.gaps.status.impaired {
		fmt.Fprintf(&items, "<item><instanceId>%s</instanceId><applicationStatus><status>impaired</status><statusSince>2030-01-02T03:04:05Z</statusSince><detailSet><item>"+
			"<applicationStatusCheckId>asc-1</applicationStatusCheckId><status>failed</status><reason><code>ConnectionRefused</code></reason></item></detailSet></applicationStatus></item>", xmlText(id))
	}
	return xmlAnswer(fmt.Sprintf(ec2Response, "DescribeApplicationStatus", "<applicationStatusesResponseType><instanceSet>"+items.String()+"</instanceSet></applicationStatusesResponseType>"))
}

// associations: what was done already is refused in the answer, not by an error.
func (p *Proxy) associations(c Call) *answer {
	check := c.Params["ApplicationStatusCheckId"]
	pair := check + " " + c.Params["TargetTagAssociation.1.Key"] + "=" + c.Params["TargetTagAssociation.1.Value"]
	watched, body := p.gaps.status.watched, ""
	switch associate := c.Action == "AssociateApplicationStatusCheck"; {
	case c.Action == "DescribeApplicationStatusCheckAssociations":
		for _, w := range slices.Sorted(maps.Keys(watched)) {
			id, tag, _ := strings.Cut(w, " ")
			key, value, _ := strings.Cut(tag, "=")
			if id == c.Params["ApplicationStatusCheckId.1"] {
				body += fmt.Sprintf("<item><applicationStatusCheckId>%s</applicationStatusCheckId><associationType>tag</associationType><key>%s</key><value>%s</value></item>", xmlText(id), xmlText(key), xmlText(value))
			}
		}
		body = "<associationSet>" + body + "</associationSet>"
	case watched[pair] == associate:
		body = "<unsuccessfulResultSet><item><reason>It is so already.</reason></item></unsuccessfulResultSet>"
	case associate:
		watched[pair] = true
	default:
		delete(watched, pair)
	}
	return xmlAnswer(fmt.Sprintf(ec2Response, c.Action, body))
}
