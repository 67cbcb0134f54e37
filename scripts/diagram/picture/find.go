package picture

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// functionPrefix begins the name of every switcher's function.
const functionPrefix = "recovery-switcher-"

// switcher is a switcher with its place and its nodes.
type switcher struct {
	in        stack
	id        string // of the function
	name      string
	nodes     []node
	dashboard bool
}

// node is one node: its custom resource and what stands around it.
type node struct {
	in               stack
	id, construct    string
	number           int
	name             string
	balancer         string // "NLB", "ALB", or "" with target groups of others
	files, templates int
	gate             bool
	alarms           int // on which the switcher acts
	people           int // others
}

// switchers finds the switchers of a Region.
func (a Assembly) switchers(region string) []switcher {
	var out []switcher
	for _, s := range a.stacks {
		if s.region != region {
			continue
		}
		for _, id := range s.of("AWS::Lambda::Function", "") {
			if name, is := strings.CutPrefix(text(s.resources[id].Properties["FunctionName"]), functionPrefix); is {
				w := switcher{in: s, id: id, name: name}
				w.nodes, w.dashboard = a.nodes(w), a.shown(w)
				out = append(out, w)
			}
		}
	}
	slices.SortFunc(out, func(x, y switcher) int { return cmp.Compare(x.name, y.name) })
	return out
}

// nodes finds the nodes that a switcher serves: their custom resources name its function.
func (a Assembly) nodes(w switcher) []node {
	var out []node
	for _, s := range a.stacks {
		all := s.of("Custom::RecoveryNode", "")
		for _, id := range all {
			p := s.resources[id].Properties
			owner, function, known := a.refers(p["ServiceToken"], s)
			if !known || owner.name != w.in.name || function != w.id {
				continue
			}
			n := node{in: s, id: id, construct: construct(id), name: text(p["NodeName"]), gate: text(p["Gate"]) == "true"}
			n.number, _ = strconv.Atoi(text(p["NodeId"]))
			n.around(all)
			n.alarms, n.people = a.alarmsOf(w.name, n.number)
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(x, y node) int { return cmp.Compare(x.number, y.number) })
	return out
}

// around looks for what belongs to the node: resources whose ids begin with its
// construct's, and with no other node's that says more.
func (n *node) around(all []string) {
	for id, r := range n.in.resources {
		mine := strings.HasPrefix(id, n.construct) && !slices.ContainsFunc(all, func(other string) bool {
			c := construct(other)
			return len(c) > len(n.construct) && strings.HasPrefix(c, n.construct) && strings.HasPrefix(id, c)
		})
		if !mine {
			continue
		}
		switch r.Type {
		case "AWS::ElasticLoadBalancingV2::LoadBalancer":
			if n.balancer = "ALB"; text(r.Properties["Type"]) == "network" {
				n.balancer = "NLB"
			}
		case "AWS::EFS::FileSystem":
			n.files++
		case "AWS::EC2::LaunchTemplate":
			n.templates++
		}
	}
}

// alarmsOf counts the alarms that a switcher acts on for a node, and those for people.
func (a Assembly) alarmsOf(switcher string, number int) (acts, tells int) {
	id := strconv.Itoa(number)
	for _, s := range a.stacks {
		for _, r := range s.resources {
			if r.Type != "AWS::CloudWatch::Alarm" {
				continue
			}
			switch name := text(r.Properties["AlarmName"]); {
			case strings.HasPrefix(name, switcher+".node-"+id+"."):
				acts++
			case name == switcher+".unserved-"+id:
				tells++
			}
		}
	}
	return acts, tells
}

var shows = regexp.MustCompile(`"Switcher","([^"]+)"`)

// shown reports whether a dashboard shows the switcher's metrics.
func (a Assembly) shown(w switcher) bool {
	for _, s := range a.stacks {
		for _, id := range s.of("AWS::CloudWatch::Dashboard", "") {
			for _, m := range shows.FindAllStringSubmatch(text(s.resources[id].Properties["DashboardBody"]), -1) {
				if m[1] == w.name {
					return s.region == w.in.region
				}
			}
		}
	}
	return false
}

// place is the VPC of a switcher: of its own stack, or one that was there before.
func (a Assembly) place(w switcher) (label string, zones int) {
	for _, id := range w.in.of("AWS::EC2::VPC", "") {
		label = "VPC " + text(w.in.resources[id].Properties["CidrBlock"])
	}
	if label == "" {
		label = "VPC that was there before"
	}
	places := map[string]bool{}
	for _, id := range w.in.of("AWS::EC2::Subnet", "") {
		places[id] = true
	}
	return label, len(places)
}

// regions are where something is deployed, in order.
func (a Assembly) regions() []string {
	found := map[string]bool{}
	for _, s := range a.stacks {
		found[s.region] = true
	}
	return slices.Sorted(maps.Keys(found))
}
