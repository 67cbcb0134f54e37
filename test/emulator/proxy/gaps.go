package proxy

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// gaps is what AWS would know and the emulator does not. Its own lock also
// serialises the calls it concerns, since they look before they leap.
type gaps struct {
	lock sync.Mutex

	noCapacity map[string]bool // zones
	pending    int             // describes for which a new instance is pending
	initial    int             // describes for which a new target is initial

	launches map[string]launch // by zone and client token
	describe map[string]int    // instance id -> pending describes left
	overlay  map[string]string // instance id -> XML that the emulator leaves out
	targets  map[string]int    // group and target id -> initial describes left
	zones    map[string]string // subnet -> zone

	stuck    map[string]bool // instances that EC2 never confirms off
	shifted  []string        // zone ids that traffic is shifted away from
	reserved []Reserve       // open capacity reservations
	status   status
	groups   map[string]string // strategies of placement groups by name
}

func newGaps() gaps {
	return gaps{
		noCapacity: map[string]bool{}, launches: map[string]launch{}, describe: map[string]int{},
		overlay: map[string]string{}, targets: map[string]int{}, zones: map[string]string{}, stuck: map[string]bool{},
		status: status{watched: map[string]bool{}},
	}
}

// SetNoCapacity names the zones in which EC2 has no room from now on, for any type.
func (p *Proxy) SetNoCapacity(zones ...string) {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	p.gaps.noCapacity = map[string]bool{}
	for _, z := range zones {
		p.gaps.noCapacity[z] = true
	}
}

// SetStuck names the instances on dead hosts: whatever is done to one, EC2 shows it
// as stopping or shutting down until it is named no more.
func (p *Proxy) SetStuck(instances ...string) {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	p.gaps.stuck = map[string]bool{}
	for _, i := range instances {
		p.gaps.stuck[i] = true
	}
}

// SetDelays says for how many describe calls an instance launched from now on is
// pending, and a target registered from now on is initial. Calls rather than
// seconds, so that no test hangs on the machine's speed.
func (p *Proxy) SetDelays(pending, initial int) {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	p.gaps.pending, p.gaps.initial = pending, initial
}

// carryOut forwards a call, filling the gaps around it.
func (p *Proxy) carryOut(ctx context.Context, r *http.Request, c Call, body []byte) *answer {
	p.gaps.lock.Lock()
	defer p.gaps.lock.Unlock()
	switch c.Name() {
	case EC2 + ":RunInstances":
		return p.runInstances(ctx, r, c, body)
	case EC2 + ":StartInstances":
		return p.startInstances(ctx, r, c, body)
	case EC2 + ":DescribeInstances":
		return p.describeInstances(p.forward(ctx, r, body), c)
	case EC2 + ":DescribePlacementGroups":
		return p.placementGroups(c)
	case EC2 + ":GetInstanceMetadataDefaults": // the account sets none
		return xmlAnswer("<GetInstanceMetadataDefaultsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>proxy</requestId><accountLevel/></GetInstanceMetadataDefaultsResponse>")
	case EC2 + ":DescribeInstanceStatus":
		return p.instanceStatus()
	case EC2 + ":DescribeApplicationStatus":
		return p.applicationStatus()
	case EC2 + ":AssociateApplicationStatusCheck", EC2 + ":DisassociateApplicationStatusCheck", EC2 + ":DescribeApplicationStatusCheckAssociations":
		return p.associations(c)
	case EC2 + ":DescribeCapacityReservations":
		return p.reservations(c)
	case Zonal + ":ListZonalShifts":
		return p.shifts()
	case Zonal + ":ListAutoshifts":
		return jsonAnswer(map[string]any{"items": []any{}})
	case Zonal + ":GetManagedResource":
		return jsonAnswer(map[string]any{"appliedWeights": map[string]any{}, "zonalShifts": []any{}, "zonalAutoshiftStatus": "DISABLED"})
	case EC2 + ":ModifyNetworkInterfaceAttribute":
		return p.modifyInterface(ctx, r, c, body)
	case ELB + ":RegisterTargets", ELB + ":DeregisterTargets":
		return p.targets(p.forward(ctx, r, body), c)
	case ELB + ":DescribeTargetHealth":
		return p.targetHealth(p.forward(ctx, r, body), c)
	case CloudWatch + ":PutMetricAlarm":
		return p.putAlarm(ctx, r, c, body)
	}
	return p.forward(ctx, r, body)
}

// ask sends a query-protocol call of the proxy's own.
func (p *Proxy) ask(ctx context.Context, r *http.Request, form url.Values) *answer {
	own := r.Clone(ctx)
	own.URL = &url.URL{Path: "/"}
	own.Header.Set("Authorization", strings.Replace(own.Header.Get("Authorization"), callerOf(r), Observer, 1))
	own.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	form.Set("Version", "2016-11-15")
	return p.forward(ctx, own, []byte(form.Encode()))
}

// modifyInterface: the emulator keeps the groups of an instance and of its
// interface apart and shows both together. In AWS the interface alone decides, so
// the instance is made to agree.
func (p *Proxy) modifyInterface(ctx context.Context, r *http.Request, c Call, body []byte) *answer {
	a := p.forward(ctx, r, body)
	if a.status != http.StatusOK || c.Params["SecurityGroupId.1"] == "" {
		return a
	}
	about := p.ask(ctx, r, url.Values{
		"Action": {"DescribeNetworkInterfaces"}, "NetworkInterfaceId.1": {c.Params["NetworkInterfaceId"]},
	})
	instance := instanceOf.FindSubmatch(about.body)
	if instance == nil || !strings.Contains(string(about.body), "<deviceIndex>0</deviceIndex>") {
		return a
	}
	form := url.Values{"Action": {"ModifyInstanceAttribute"}, "InstanceId": {string(instance[1])}}
	for i := 1; c.Params[fmt.Sprintf("SecurityGroupId.%d", i)] != ""; i++ {
		form.Set(fmt.Sprintf("GroupId.%d", i), c.Params[fmt.Sprintf("SecurityGroupId.%d", i)])
	}
	if b := p.ask(ctx, r, form); b.status != http.StatusOK {
		return b
	}
	return a
}

var instanceOf = regexp.MustCompile(`<instanceId>(i-[0-9a-f]+)</instanceId>`)

// targets: a target just registered is "initial" first. Deregistering one that is
// not registered is an error in the emulator and none in AWS.
func (p *Proxy) targets(a *answer, c Call) *answer {
	if c.Action == "DeregisterTargets" && a.code() == "InvalidTarget" {
		return xmlAnswer(`<DeregisterTargetsResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">` +
			`<DeregisterTargetsResult/><ResponseMetadata><RequestId>proxy</RequestId></ResponseMetadata></DeregisterTargetsResponse>`)
	}
	for i := 1; a.status == http.StatusOK; i++ {
		id := c.Params[fmt.Sprintf("Targets.member.%d.Id", i)]
		if id == "" {
			break
		}
		key := c.Params["TargetGroupArn"] + " " + id
		if _, known := p.gaps.targets[key]; c.Action == "DeregisterTargets" {
			delete(p.gaps.targets, key)
		} else if !known {
			p.gaps.targets[key] = p.gaps.initial
		}
	}
	return a
}

var health = regexp.MustCompile(`<Target><Id>([^<]+)</Id>.*?<TargetHealth><State>healthy</State>`)

// targetHealth counts the initial state of new targets down.
func (p *Proxy) targetHealth(a *answer, c Call) *answer {
	a.body = health.ReplaceAllFunc(a.body, func(m []byte) []byte {
		key := c.Params["TargetGroupArn"] + " " + string(health.FindSubmatch(m)[1])
		if p.gaps.targets[key] <= 0 || c.Caller == Observer {
			return m
		}
		p.gaps.targets[key]--
		return []byte(strings.Replace(string(m), "<State>healthy</State>",
			"<State>initial</State><Reason>Elb.RegistrationInProgress</Reason><Description>Target registration is in progress</Description>", 1))
	})
	return a
}

var alarmState = regexp.MustCompile(`"StateValue"\s*:\s*"([A-Z_]+)"`)

// putAlarm: rewriting an alarm resets its state in the emulator; AWS keeps it.
func (p *Proxy) putAlarm(ctx context.Context, r *http.Request, c Call, body []byte) *answer {
	if r.Header.Get("X-Amz-Target") == "" {
		p.fail("%s: only the JSON protocol keeps an alarm's state here; configure the client for it", c)
		return p.forward(ctx, r, body)
	}
	call := func(action string, in map[string]any) *answer {
		own := r.Clone(ctx)
		own.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+action)
		text := []byte(jsonText(in))
		own.ContentLength = int64(len(text))
		return p.forward(ctx, own, text)
	}
	before := alarmState.FindSubmatch(call("DescribeAlarms", map[string]any{"AlarmNames": []string{c.Params["AlarmName"]}}).body)
	a := p.forward(ctx, r, body)
	if a.status == http.StatusOK && before != nil {
		kept := call("SetAlarmState", map[string]any{
			"AlarmName": c.Params["AlarmName"], "StateValue": string(before[1]), "StateReason": "kept while the alarm was rewritten",
		})
		if kept.status != http.StatusOK {
			return kept
		}
	}
	return a
}
