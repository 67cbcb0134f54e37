package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// policies are the switcher's settings that a scenario may set.
var policies = map[string]func(*contract.Policy) *int{
	"ConfirmSeconds":    func(p *contract.Policy) *int { return &p.ConfirmSeconds },
	"FenceSeconds":      func(p *contract.Policy) *int { return &p.FenceSeconds },
	"HealthSeconds":     func(p *contract.Policy) *int { return &p.HealthSeconds },
	"MaxAttempts":       func(p *contract.Policy) *int { return &p.MaxAttempts },
	"CapacitySeconds":   func(p *contract.Policy) *int { return &p.CapacitySeconds },
	"RetrySeconds":      func(p *contract.Policy) *int { return &p.RetrySeconds },
	"PollSeconds":       func(p *contract.Policy) *int { return &p.PollSeconds },
	"GraceSeconds":      func(p *contract.Policy) *int { return &p.GraceSeconds },
	"MaxSwitches":       func(p *contract.Policy) *int { return &p.MaxSwitches },
	"CoolDownSeconds":   func(p *contract.Policy) *int { return &p.CoolDownSeconds },
	"BrakePercent":      func(p *contract.Policy) *int { return &p.BrakePercent },
	"DeploySeconds":     func(p *contract.Policy) *int { return &p.DeploySeconds },
	"NoticeLeadSeconds": func(p *contract.Policy) *int { return &p.NoticeLeadSeconds },
	"BrakeSeconds":      func(p *contract.Policy) *int { return &p.BrakeSeconds },
	"WindowSeconds":     func(p *contract.Policy) *int { return &p.WindowSeconds },
}

// answers are EC2's refusals of a launch and what the SDK adapter makes of them.
var answers = map[string]cloud.Kind{
	"InsufficientFreeAddressesInSubnet": cloud.Addresses,
	"InsufficientInstanceCapacity":      cloud.Capacity,
	"AttachmentLimitExceeded":           cloud.Invalid,
	"EncryptedVolumesNotSupported":      cloud.Invalid,
	"InvalidAMIID.NotFound":             cloud.Invalid,
	"InvalidKeyPair.NotFound":           cloud.Invalid,
	"InvalidParameterCombination":       cloud.Invalid,
	"InvalidParameterValue":             cloud.Invalid,
	"PrivateIpAddressLimitExceeded":     cloud.Invalid,
	"PendingVerification":               cloud.Account,
	"ReservationCapacityExceeded":       cloud.NoRoom,
	"UnauthorizedOperation":             cloud.Denied,
	"UnsupportedOperation":              cloud.Invalid, // unless its words name a type or a zone
	"Unsupported":                       cloud.Unsupported,
	"VcpuLimitExceeded":                 cloud.Quota,
}

// statements set the scene, and say which calls fare badly.
var statements = slices.Concat(ofLife, []statement{
	{"policy <policy> <n>", func(s *script, a args) error { *policies[a[0]](&s.policy) = a.n(1); return nil }},
	{"no sweeps", func(s *script, _ args) error { s.noSweeps = true; return nil }},
	{"show messages <text>", func(s *script, a args) error { s.shown = strings.Fields(a[0]); return nil }},
	{"show answers to <text>", func(s *script, a args) error { s.asked = strings.Fields(a[0]); return nil }},
	{"every attempt to take the lease succeeds", func(s *script, _ args) error {
		s.plan = append(s.plan, func() { s.w.Chaos.EveryLease = true })
		return nil
	}},
	{"clocks of invocations differ by up to <time>", func(s *script, a args) error {
		s.setUp = append(s.setUp, func() { s.w.Chaos.Skew = a.time(0) / 2 })
		return nil
	}},
	{"node <n> has priority <n>", func(s *script, a args) error { s.property(a.n(0), "Priority", a[1]); return nil }},
	{"node <n> prefers <text>", func(s *script, a args) error {
		s.property(a.n(0), "Zones", strings.FieldsFunc(a[1], func(r rune) bool { return r == ' ' || r == ',' }))
		return nil
	}},
	{"node <n> allows termination as its fence", func(s *script, a args) error { s.property(a.n(0), "AllowTerminateFence", "true"); return nil }},
	{"node <n> runs the gate", func(s *script, a args) error { s.property(a.n(0), "Gate", "true"); return nil }},
	{"node <n> may also be a <word>", func(s *script, a args) error {
		types, _ := s.properties[a.n(0)]["InstanceTypes"].([]string)
		s.property(a.n(0), "InstanceTypes", append(types, a[1]))
		return nil
	}},
	{"node <n> may be started again in place", func(s *script, a args) error { s.property(a.n(0), "RestartOriginal", "true"); return nil }},
	{"node <n> is cut off from its storage when its fence is overdue", func(s *script, a args) error {
		s.property(a.n(0), "FenceEscalation", contract.EscalateStorage)
		s.property(a.n(0), "FileSystem", fileSystem(a.n(0)))
		return nil
	}},
	{"node <n> goes on when its fence is overdue", func(s *script, a args) error {
		s.property(a.n(0), "FenceEscalation", contract.EscalateGoOn)
		return nil
	}},
	{"node <n> keeps its data on a file system of its own", func(s *script, a args) error {
		s.property(a.n(0), "FileSystem", fileSystem(a.n(0)))
		return nil
	}},
	{"node <n> accepts a forced stop", func(s *script, a args) error { s.property(a.n(0), "AcceptForcedStop", "true"); return nil }},
	{"node <n> has an instance-store root", func(s *script, a args) error { s.property(a.n(0), "InstanceStore", "true"); return nil }},
	{"node <n> has stop protection", func(s *script, a args) error {
		return s.planned(a.n(0), func(b *cloud.Blueprint) { b.ProtectStop = true })
	}},
	{"node <n> has termination protection", func(s *script, a args) error {
		return s.planned(a.n(0), func(b *cloud.Blueprint) { b.ProtectTerminate = true })
	}},
	{"node <n> has <n> interfaces with <n> groups each", func(s *script, a args) error {
		return s.planned(a.n(0), func(b *cloud.Blueprint) { b.Interfaces = interfaces(a.n(1), a.n(2)) })
	}},
	{"node <n> has every setting that is inherited", func(s *script, a args) error { return s.planned(a.n(0), rich) }},
	{"node <n> has the Elastic IP address <word>", func(s *script, a args) error {
		allocation := "eipalloc-0000000" + a[0]
		s.property(a.n(0), "ElasticIpAllocation", allocation)
		s.property(a.n(0), "ElasticIpAddress", a[1])
		s.setUp = append(s.setUp, func() {
			if s.w.elastic == nil {
				s.w.elastic = map[string]string{}
			}
			s.w.elastic[allocation] = a[1]
		})
		return nil
	}},
	{"node <n> is also in target group <word> of type <kind>", func(s *script, a args) error {
		s.setUp = append(s.setUp, func() { s.alsoIn(a.n(0), a[1], a[2]) })
		return nil
	}},
	{"instance <n> of node <n> never becomes healthy", func(s *script, a args) error { s.fates[a[1]+"/"+a[0]] = sick; return nil }},
	{"instance <n> of node <n> dies while pending", func(s *script, a args) error { s.fates[a[1]+"/"+a[0]] = dies; return nil }},
	{"crash before <call> <n>", func(s *script, a args) error { s.strikes[a[0]+" "+a[1]] = crashBefore; return nil }},
	{"crash after <call> <n>", func(s *script, a args) error { s.strikes[a[0]+" "+a[1]] = crashAfter; return nil }},
	{"lose the request of <call> <n>", func(s *script, a args) error { s.strikes[a[0]+" "+a[1]] = lostRequest; return nil }},
	{"lose the answer of <call> <n>", func(s *script, a args) error { s.strikes[a[0]+" "+a[1]] = lostAnswer; return nil }},
	{"deliver <call> <n> <time> after it was signed", func(s *script, a args) error {
		if s.late[a[0]+" "+a[1]] = a.time(2); a.time(2) > signatureLife {
			return fmt.Errorf("a signature lives %s: AWS refuses what arrives later", signatureLife)
		}
		return nil
	}},
	{"sleep for <time> before <call> <n>", func(s *script, a args) error { s.sleeps[a[1]+" "+a[2]] = a.time(0); return nil }},
})

// lastings hold from one time to another.
var lastings = slices.Concat(ofLifeLasting, []lasting{
	{"events are lost", func(s *script, _ args, x window) error {
		return s.during(x, func() { s.w.Chaos.EventLoss = 1 }, func() { s.w.Chaos.EventLoss = 0 })
	}},
	{"Describe shows what was a moment ago", func(s *script, _ args, x window) error {
		return s.during(x, func() { s.w.Chaos.Lag = 0.5 }, func() { s.w.Chaos.Lag = 0 })
	}},
	{"no room in <zone>", func(s *script, a args, x window) error {
		return s.during(x, func() {
			s.w.Chaos.shortages = append(s.w.Chaos.shortages, shortage{a[0], "", s.w.Now, s.zero.Add(x.to)})
		}, func() {})
	}},
	{"the account may run <n> instances", func(s *script, a args, x window) error {
		return s.during(x, func() {
			s.w.Chaos.quotas = append(s.w.Chaos.quotas, quota{s.w.Now, s.zero.Add(x.to), a.n(0)})
		}, func() {})
	}},
	{"no room in <zone> for <word>", func(s *script, a args, x window) error {
		return s.during(x, func() {
			s.w.Chaos.shortages = append(s.w.Chaos.shortages, shortage{a[0], a[1], s.w.Now, s.zero.Add(x.to)})
		}, func() {})
	}},
	{"the load balancer of node <n> calls nothing healthy", func(s *script, a args, x window) error {
		return s.during(x, func() { s.poolOf(a.n(0)).misfires = true }, func() { s.poolOf(a.n(0)).misfires = false })
	}},
	{"EC2 reports <zone> as impaired", func(s *script, a args, x window) error { return s.unwell(a[0], false, x) }},
	{"traffic is shifted away from <zone>", func(s *script, a args, x window) error { return s.unwell(a[0], true, x) }},
	{"refuse RunInstances in <zone> with <answer>", func(s *script, a args, x window) error {
		s.refusals = append(s.refusals, refusal{window: x, what: "RunInstances", zone: a[0], kind: answers[a[1]], code: a[1]})
		return nil
	}},
	{"refuse RunInstances of <word> with <answer>", func(s *script, a args, x window) error {
		s.refusals = append(s.refusals, refusal{window: x, model: a[0], kind: answers[a[1]], code: a[1]})
		return nil
	}},
	{"refuse RunInstances with <answer>", func(s *script, a args, x window) error {
		s.refusals = append(s.refusals, refusal{window: x, what: "RunInstances", kind: answers[a[0]], code: a[0]})
		return nil
	}},
	{"deny <service>", func(s *script, a args, x window) error { return s.refuse(a[0], cloud.Denied, "AccessDenied", x) }},
	{"throttle <service>", func(s *script, a args, x window) error { return s.refuse(a[0], cloud.Throttled, "Throttling", x) }},
	{"<service> does not answer", func(s *script, a args, x window) error { return s.refuse(a[0], cloud.Ambiguous, "", x) }},
	{"zone <zone> is lost and its hosts are dead", func(s *script, a args, x window) error { return s.zoneLost(a[0], true, x) }},
	{"zone <zone> is lost and its hosts go on running", func(s *script, a args, x window) error { return s.zoneLost(a[0], false, x) }},
	{"replacements of node <n> never become healthy", func(s *script, a args, x window) error {
		x.node = a.n(0)
		s.sickening = append(s.sickening, x)
		return nil
	}},
	{"the agents in <zone> are silent", func(s *script, a args, x window) error {
		return s.during(x, func() { s.silence(a[0], x) }, func() {})
	}},
	{"alarm <alarm> of node <n> stays as it is", func(s *script, a args, x window) error {
		name := alarmName(a.n(1), a[0])
		s.still[name] = append(s.still[name], x)
		return nil
	}},
	{"expect no destructive call", func(s *script, _ args, x window) error { s.gentle = append(s.gentle, x); return nil }},
})

func (s *script) property(node int, name string, value any) {
	if s.properties[node] == nil {
		s.properties[node] = map[string]any{}
	}
	s.properties[node][name] = value
}

// planned changes what a node is launched like, by its launch template.
func (s *script) planned(node int, change func(*cloud.Blueprint)) error {
	s.setUp = append(s.setUp, func() {
		b := s.w.plans[node]
		change(&b)
		s.w.plans[node] = b
	})
	return nil
}

func interfaces(n, groups int) []cloud.InterfaceSpec {
	var list []cloud.InterfaceSpec
	for i := range n {
		spec := cloud.InterfaceSpec{Device: i}
		for g := range groups {
			spec.Groups = append(spec.Groups, fmt.Sprintf("sg-%d-%d", i, g))
		}
		list = append(list, spec)
	}
	return list
}

// rich sets everything that a replacement inherits.
func rich(b *cloud.Blueprint) {
	b.Profile, b.UserData = "arn:aws:iam::111122223333:instance-profile/app", "IyEvYmluL3No"
	b.Volumes = []cloud.VolumeSpec{{Device: "/dev/xvda", SizeGiB: 20, Kind: "gp3", IOPS: 4000, Throughput: 200, Encrypted: true, KMSKey: "key", DeleteOnTermination: true}}
	b.Tags = maps.Clone(b.Tags)
	maps.Copy(b.Tags, map[string]string{"team": "billing", "empty": ""})
	b.VolumeTags = map[string]string{"backup": "daily"}
	b.Metadata = cloud.MetadataOptions{Tokens: "required", Endpoint: "enabled", HopLimit: 2, Tags: "enabled"}
	b.Monitoring, b.Tenancy, b.Placement, b.EBSOptimized, b.AutoRecovery = true, "default", "spread", true, "disabled"
	b.Reservation = cloud.Reservation{Preference: "open"}
	b.ProtectStop, b.ProtectTerminate, b.ShutdownBehavior = true, true, "stop"
	b.InterfaceTags, b.Licenses, b.Partition = map[string]string{"net": "front"}, []string{"arn:licence"}, 2
	b.Type, b.Credits, b.CPU = "t3.large", "standard", &cloud.CPUOptions{Cores: 1, Threads: 1}
	on, addresses := true, 1
	b.DNS = &cloud.NameOptions{Kind: "resource-name", A: &on}
	b.Interfaces = slices.Clone(b.Interfaces)
	n := &b.Interfaces[0]
	n.Description, n.Public, n.Secondary, n.IPv6, n.PrimaryIPv6 = "front", &on, 1, &addresses, true
	n.Tracking = &cloud.Tracking{TCP: 3600}
}

// alsoIn puts a node into one more target group, which several nodes and a
// stranger may share.
func (s *script) alsoIn(node int, name, kind string) {
	i := slices.IndexFunc(s.w.pools, func(p *Pool) bool { return p.ARN == "arn:"+name })
	if i < 0 {
		i = len(s.w.pools)
		stranger := &member{Target: cloud.Target{ID: "10.9.9.9", Port: 80}, since: s.w.Now}
		s.w.pools = append(s.w.pools, &Pool{TargetGroup: cloud.TargetGroup{ARN: "arn:" + name, Kind: kind, Port: 80, Balancers: 1}, members: []*member{stranger}})
	}
	s.w.pools[i].also = append(s.w.pools[i].also, node)
}

// during does one thing when the window begins and another when it ends.
func (s *script) during(x window, begin, end func()) error {
	s.plan = append(s.plan, func() {
		s.w.After(x.from, begin)
		s.w.After(x.to, end)
	})
	return nil
}

// refuse makes a service or an action refuse calls. Services that are away count
// as such in the checks.
func (s *script) refuse(what string, kind cloud.Kind, code string, x window) error {
	if services[what] == nil {
		s.refusals = append(s.refusals, refusal{window: x, what: what, kind: kind, code: code})
		return nil
	}
	return s.during(x, func() {
		s.w.Chaos.outages = append(s.w.Chaos.outages, outage{what, s.w.Now, s.zero.Add(x.to), kind})
	}, func() {})
}

func (s *script) poolOf(node int) *Pool {
	return s.w.pools[slices.IndexFunc(s.w.pools, func(p *Pool) bool { return p.ARN == poolName(node) })]
}

// unwell lets a zone be reported as impaired, or traffic be shifted away from it.
func (s *script) unwell(zone string, shift bool, x window) error {
	return s.during(x, func() {
		s.w.Chaos.impaired = append(s.w.Chaos.impaired, impairment{zone, shift, s.w.Now, s.zero.Add(x.to)})
	}, func() {})
}

func (s *script) zoneLost(zone string, dead bool, x window) error {
	return s.during(x, func() {
		s.w.Log("zone %s is lost", zone)
		s.w.Chaos.shortages = append(s.w.Chaos.shortages, shortage{zone, "", s.w.Now, s.w.Now.Add(x.to - x.from)})
		for _, m := range s.w.machines {
			if m.Zone == zone && m.node > 0 && m.State != cloud.Terminated && m.State != cloud.Stopped {
				s.lose(m, dead)
			}
		}
	}, func() { s.w.returnZone(zone) })
}

// silence makes the application alarms of a zone's nodes go off, as those of
// agents do that report nothing any more.
func (s *script) silence(zone string, x window) {
	for id := 1; id <= s.nodes; id++ {
		if s.carrier(id).Zone == zone {
			name := s.w.alarmOf(id, contract.AlarmApplication)
			s.still[name] = append(s.still[name], x)
			s.alarm(name, "ALARM")
		}
	}
}

func (s *script) lose(m *Machine, dead bool) { s.w.lose(m, dead) }

func (s *script) served(node int) bool {
	m := s.w.carrier(node)
	return m != nil && s.w.takesTraffic(m) && !m.hung
}
