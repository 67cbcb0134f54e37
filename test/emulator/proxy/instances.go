package proxy

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strings"
)

// runInstances adds what EC2 does beyond the emulator: idempotency by client
// token (zonal, and strict about other parameters), lack of capacity, and the
// attributes that the emulator drops.
func (p *Proxy) runInstances(ctx context.Context, r *http.Request, c Call, body []byte) *answer {
	subnet := c.Params["SubnetId"]
	if subnet == "" {
		subnet = c.Params["NetworkInterface.1.SubnetId"]
	}
	zone, err := p.zone(ctx, r, subnet)
	if err != nil {
		return refuse(r, EC2, Error{Code: "InvalidSubnetID.NotFound", Message: err.Error()})
	}
	token, request := c.Params["ClientToken"], canonical(c.Params)
	if old, ok := p.gaps.launches[zone+" "+token]; ok && token != "" {
		return p.replay(ctx, r, old, request)
	}
	if p.gaps.noCapacity[zone] {
		return noCapacity(r, c.Params["InstanceType"], zone)
	}
	a := p.forward(ctx, r, body)
	m := instanceOf.FindSubmatch(a.body)
	if a.status != http.StatusOK || m == nil {
		return a
	}
	id := string(m[1])
	p.gaps.describe[id] = p.gaps.pending
	p.gaps.overlay[id] = dropped(c.Params)
	if b := p.complete(ctx, r, id, c.Params, a); b != nil {
		return b
	}
	if token != "" {
		p.gaps.launches[zone+" "+token] = launch{request: request, instance: id, answer: a}
	}
	return a
}

// complete sets what the emulator forgets of a launch but can be told afterwards.
// It returns an answer only if that fails.
func (p *Proxy) complete(ctx context.Context, r *http.Request, id string, params map[string]string, a *answer) *answer {
	var forms []url.Values
	if params["DisableApiTermination"] == "true" {
		forms = append(forms, url.Values{"Action": {"ModifyInstanceAttribute"}, "InstanceId": {id}, "DisableApiTermination.Value": {"true"}})
	}
	// Of an instance with interfaces of its own the emulator forgets that it is in the
	// first one's groups.
	groups := url.Values{"Action": {"ModifyInstanceAttribute"}, "InstanceId": {id}}
	for i := 1; params[fmt.Sprintf("NetworkInterface.1.SecurityGroupId.%d", i)] != ""; i++ {
		groups.Set(fmt.Sprintf("GroupId.%d", i), params[fmt.Sprintf("NetworkInterface.1.SecurityGroupId.%d", i)])
	}
	if groups.Has("GroupId.1") {
		forms = append(forms, groups)
	}
	volumes := map[string]string{}
	for _, m := range volumeOf.FindAllSubmatch(a.body, -1) {
		volumes[string(m[1])] = string(m[2])
	}
	for i := 1; ; i++ {
		mapping := fmt.Sprintf("BlockDeviceMapping.%d.", i)
		device := params[mapping+"DeviceName"]
		if device == "" {
			break
		}
		iops, throughput := params[mapping+"Ebs.Iops"], params[mapping+"Ebs.Throughput"]
		if iops+throughput == "" {
			continue
		}
		form := url.Values{"Action": {"ModifyVolume"}, "VolumeId": {volumes[device]}}
		if iops != "" {
			form.Set("Iops", iops)
		}
		if throughput != "" {
			form.Set("Throughput", throughput)
		}
		forms = append(forms, form)
	}
	for _, f := range forms {
		if b := p.ask(ctx, r, f); b.status != http.StatusOK {
			return b
		}
	}
	return nil
}

var volumeOf = regexp.MustCompile(`<deviceName>([^<]+)</deviceName><ebs>.*?<volumeId>([^<]+)</volumeId>`)

// replay answers a token that was used before in this zone.
func (p *Proxy) replay(ctx context.Context, r *http.Request, old launch, request string) *answer {
	if old.request != request {
		return refuse(r, EC2, Error{
			Code:    "IdempotentParameterMismatch",
			Message: "The client token is used with other parameters than before.",
		})
	}
	now := p.ask(ctx, r, url.Values{"Action": {"DescribeInstances"}, "InstanceId.1": {old.instance}})
	if strings.Contains(string(now.body), "<name>terminated</name>") {
		return refuse(r, EC2, Error{
			Code:    "IdempotentInstanceTerminated",
			Message: "The client token is for an instance that has been terminated.",
		})
	}
	return old.answer
}

// startInstances: a stopped instance needs room in its zone like a new one.
func (p *Proxy) startInstances(ctx context.Context, r *http.Request, c Call, body []byte) *answer {
	about := p.ask(ctx, r, url.Values{"Action": {"DescribeInstances"}, "InstanceId.1": {c.Params["InstanceId.1"]}})
	if zone := zoneOf.FindSubmatch(about.body); zone != nil && p.gaps.noCapacity[string(zone[1])] {
		return noCapacity(r, c.Params["InstanceId.1"], string(zone[1]))
	}
	return p.forward(ctx, r, body)
}

func noCapacity(r *http.Request, of, zone string) *answer {
	return refuse(r, EC2, Error{
		Status: http.StatusInternalServerError, Code: "InsufficientInstanceCapacity",
		Message: fmt.Sprintf("We currently do not have sufficient %s capacity in the Availability Zone you requested (%s). Our system will be working on provisioning additional capacity.", of, zone),
	})
}

// zone of a subnet, asked once.
func (p *Proxy) zone(ctx context.Context, r *http.Request, subnet string) (string, error) {
	if zone := p.gaps.zones[subnet]; zone != "" || subnet == "" {
		return zone, nil
	}
	a := p.ask(ctx, r, url.Values{"Action": {"DescribeSubnets"}, "SubnetId.1": {subnet}})
	m := zoneOf.FindSubmatch(a.body)
	if m == nil {
		return "", fmt.Errorf("the subnet ID '%s' does not exist", subnet)
	}
	p.gaps.zones[subnet] = string(m[1])
	return string(m[1]), nil
}

var zoneOf = regexp.MustCompile(`<availabilityZone>([^<]+)</availabilityZone>`)

// canonical is a request's text for comparison.
func canonical(params map[string]string) string {
	lines := make([]string, 0, len(params))
	for k, v := range params {
		lines = append(lines, k+"="+v)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// dropped is the XML of the attributes that EC2 would show of an instance launched
// with these parameters and the emulator forgets.
func dropped(params map[string]string) string {
	var b strings.Builder
	element := func(name, body string) {
		if body != "" {
			fmt.Fprintf(&b, "<%s>%s</%s>", name, body, name)
		}
	}
	leaf := func(name, value string) string {
		if value == "" {
			return ""
		}
		return "<" + name + ">" + xmlText(value) + "</" + name + ">"
	}
	element("maintenanceOptions", leaf("autoRecovery", params["MaintenanceOptions.AutoRecovery"]))
	element("hibernationOptions", leaf("configured", params["HibernationOptions.Configured"]))
	element("enclaveOptions", leaf("enabled", params["EnclaveOptions.Enabled"]))
	const reservation = "CapacityReservationSpecification."
	target := leaf("capacityReservationId", params[reservation+"CapacityReservationTarget.CapacityReservationId"]) +
		leaf("capacityReservationResourceGroupArn", params[reservation+"CapacityReservationTarget.CapacityReservationResourceGroupArn"])
	if target != "" {
		target = "<capacityReservationTarget>" + target + "</capacityReservationTarget>"
	}
	element("capacityReservationSpecification", leaf("capacityReservationPreference", params[reservation+"CapacityReservationPreference"])+target)
	return b.String()
}

// oneInstance matches the part of an instance's description that its state is in.
var oneInstance = regexp.MustCompile(`<instanceId>(i-[0-9a-f]+)</instanceId><imageId>[^<]*</imageId><instanceState><code>(\d+)</code><name>([a-z-]+)</name></instanceState>`)

// describeInstances shows new instances as pending first and stuck ones as on their
// way, and adds what the
// emulator dropped at their launch.
func (p *Proxy) describeInstances(a *answer, c Call) *answer {
	a.body = oneInstance.ReplaceAllFunc(a.body, func(m []byte) []byte {
		text := string(m)
		parts := oneInstance.FindStringSubmatch(text)
		id := parts[1]
		if parts[3] == "running" && c.Caller != Observer && p.gaps.describe[id] > 0 {
			p.gaps.describe[id]--
			text = strings.Replace(text, "<code>16</code><name>running</name>", "<code>0</code><name>pending</name>", 1)
		}
		if p.gaps.stuck[id] {
			text = strings.Replace(text, "<code>80</code><name>stopped</name>", "<code>64</code><name>stopping</name>", 1)
			text = strings.Replace(text, "<code>48</code><name>terminated</name>", "<code>32</code><name>shutting-down</name>", 1)
		}
		return []byte(p.gaps.overlay[id] + text)
	})
	return a
}
