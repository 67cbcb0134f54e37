package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/engine"
	"github.com/workload-recovery/workload-recovery/internal/fake"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

const (
	group    = "arn:tg-1"
	alarm    = "rec.node-1.instance"
	answerTo = "https://cloudformation-custom-resource-response.s3.amazonaws.com/1"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// rig is one VPC with three zones and a node definition, and an engine on it.
type rig struct {
	*testing.T
	w   *fake.World
	cfg contract.Config
	e   *engine.Engine
	log *bytes.Buffer
	n   int // invocations
	// gate: the node that deployed makes has a gate, and more are further properties of it.
	gate bool
	more string
}

func newRig(t *testing.T, changes ...func(*contract.Config)) *rig {
	t.Helper()
	w := fake.New(began)
	w.Places = []cloud.Subnet{{ID: "subnet-a", Zone: "az-a", Free: 9}, {ID: "subnet-b", Zone: "az-b", Free: 9}, {ID: "subnet-c", Zone: "az-c", Free: 9}}
	w.Templates["lt-1/1"] = cloud.Blueprint{
		Image: "ami-1", Type: "m7g.large", KeyName: "key", Profile: "arn:profile", UserData: "IyEvYmluL3No",
		Interfaces: []cloud.InterfaceSpec{{Device: 0, Groups: []string{"sg-app"}}, {Device: 1, Groups: []string{"sg-app", "sg-db"}}},
		Volumes:    []cloud.VolumeSpec{{Device: "/dev/xvda", SizeGiB: 20, Kind: "gp3", DeleteOnTermination: true}},
		Tags:       map[string]string{contract.DefaultIDTag: "1", contract.DefaultTargetTag: "true", "Name": "orders"},
		Metadata:   cloud.MetadataOptions{Tokens: "required"}, ShutdownBehavior: "stop",
	}
	w.Pools[group] = &fake.Pool{TargetGroup: cloud.TargetGroup{ARN: group, Kind: "instance", Port: 80, Balancers: 1}, Members: map[string]*fake.Member{}}
	r := &rig{T: t, w: w, log: &bytes.Buffer{}}
	cfg := contract.Config{
		Name: "rec", VPC: "vpc-1", BlackholeGroup: "sg-hole", Table: "t", Topic: "arn:topic", Function: "rec",
		IDTag: contract.DefaultIDTag, TargetTag: contract.DefaultTargetTag, Policy: contract.DefaultPolicy(),
	}
	for _, c := range changes {
		c(&cfg)
	}
	r.cfg = cfg
	r.engine(w.Ports())
	return r
}

// engine makes the rig's engine on these ports.
func (r *rig) engine(ports cloud.Ports) {
	r.e = engine.New(r.cfg, ports, engine.WithClock(r.w), engine.WithGang(engine.Sequential{}), engine.WithLog(slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
}

// call invokes the switcher once.
func (r *rig) call(payload string) (engine.Result, error) {
	r.Helper()
	r.n++
	return r.e.Handle(r.Context(), engine.Invocation{ID: fmt.Sprintf("call-%d", r.n), Account: "111122223333", Region: "eu-west-1"}, json.RawMessage(payload))
}

func (r *rig) must(payload string) engine.Result {
	r.Helper()
	res, err := r.call(payload)
	if err != nil {
		r.Fatalf("%s: %v\n%s", payload, err, r.log)
	}
	return res
}

func request(kind, id, stack string, properties string) string {
	return fmt.Sprintf(`{"RequestType":%q,"RequestId":%q,"ResponseURL":%q,"StackId":%q,"LogicalResourceId":"Node","ResourceType":"Custom::RecoveryNode","PhysicalResourceId":"rec.node-1","ResourceProperties":%s}`,
		kind, id, answerTo, stack, properties)
}

const properties = `{"NodeId":"1","NodeName":"orders","LaunchTemplateId":"lt-1","LaunchTemplateVersion":"1","TargetGroups":[{"Arn":"arn:tg-1"}],"Alarms":["rec.node-1.instance"]}`

// deployed creates the node and its alarm, lets a sweep see the alarm OK and the grace time pass.
func (r *rig) deployed() {
	r.Helper()
	set := properties
	if r.gate {
		set = strings.Replace(properties, "{", `{"Gate":"true",`, 1)
	}
	if r.more != "" {
		set = strings.Replace(set, "{", "{"+r.more+",", 1)
	}
	r.must(request("Create", "req-1", "stack-1", set))
	n := r.node()
	if n.Phase != record.Done || n.Grant == nil {
		r.Fatalf("create ended in phase %q:\n%s", n.Phase, r.log)
	}
	r.w.Watches[alarm] = &cloud.Alarm{Name: alarm, State: "OK", Since: r.w.Time, Instances: []string{n.Grant.Instance}}
	r.w.Time = r.w.Time.Add(5 * time.Minute)
	r.must(sweep)
}

const sweep = `{"source":"workload-recovery","detail-type":"Recovery Sweep"}`

func stateEvent(id, instance, state string, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","account":"111122223333","region":"eu-west-1","time":%q,"detail":{"instance-id":%q,"state":%q}}`,
		id, at.Format(time.RFC3339), instance, state)
}

func alarmEvent(id, name string, at time.Time) string {
	return fmt.Sprintf(`{"id":%q,"source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change","account":"111122223333","region":"eu-west-1","time":%q,"detail":{"alarmName":%q,"state":{"value":"ALARM"}}}`,
		id, at.Format(time.RFC3339), name)
}

func (r *rig) node() record.Node {
	r.Helper()
	var n record.Node
	it, ok := r.w.Items[contract.VPCPartition("vpc-1")+"|"+contract.NodeKey(1)]
	if !ok {
		return n
	}
	if err := json.Unmarshal(it.Body, &n); err != nil {
		r.Fatal(err)
	}
	return n
}

func (r *rig) answer(i int) map[string]any {
	r.Helper()
	all := r.w.Answers[answerTo]
	if len(all) <= i {
		r.Fatalf("%d answers, want number %d:\n%s", len(all), i, r.log)
	}
	var a map[string]any
	if err := json.Unmarshal(all[i], &a); err != nil {
		r.Fatal(err)
	}
	return a
}
