package permissions

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/emulator/access"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
)

// Names that the simulation has and no template.
const (
	account  = "111122223333"
	simTable = "t"
	simTopic = "arn:aws:sns:simulated:111122223333:topic"
)

// What stands in the templates for what differs from node to node.
const (
	anyInstance = "i-0123456789abcdef0"
	anyNode     = 999999999
	anyGroup    = "arn:aws:elasticloadbalancing:simulated:111122223333:targetgroup/any/1"
	anyKey      = "arn:aws:kms:simulated:111122223333:key/any"
	anyAddress  = "eipalloc-0123456789abcdef0"
)

// What the simulation calls a customer's key and its table.
const (
	simKey = "key"
)

// role is what the templates allow one switcher of the simulation.
type role struct {
	own   access.Policy  // by its own stack
	nodes map[string]any // what a node's stack allows it besides, by policy, with the names above
	known map[string]access.Policy
}

// newRole synthesises a switcher with nodes that use all that a node's stack can allow
// it: an application status check, an instance that stays or is adopted, target groups
// of other stacks, volumes with a customer's key. All else that is encrypted is so by a
// customer's key too.
func newRole(t *testing.T, switcher, vpc, region string) *role {
	t.Helper()
	var file struct{ Context map[string]any }
	text, err := os.ReadFile("../../cdk.json")
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatalf("the feature flags of cdk.json: %v", err)
	}
	app := awscdk.NewApp(&awscdk.AppProps{Context: &file.Context, Outdir: jsii.String(t.TempDir())})
	stack := awscdk.NewStack(app, jsii.String("Vpc"), nil)
	key := awskms.NewKey(stack, jsii.String("Key"), nil)
	s := recovery.NewSwitcher(stack, jsii.String("Switcher"), &recovery.SwitcherProps{
		Name: &switcher, EncryptionKey: key, Table: recovery.NewRecoveryTable(stack, jsii.String("Table"), &recovery.RecoveryTableProps{EncryptionKey: key}), Vpc: recovery.NewRecoveryVpc(stack, jsii.String("Vpc"), nil),
		Code: awslambda.Code_FromAsset(jsii.String("../template/testdata/switcher"), nil),
	})
	nodes := awscdk.NewStack(app, jsii.String("Nodes"), nil)
	recovery.NewAdoptedNode(nodes, jsii.String("Node"), &recovery.AdoptedNodeProps{
		Switcher: s, NodeId: jsii.Number(anyNode), InstanceId: jsii.String(anyInstance),
		Network: &recovery.NodeNetwork{
			TargetGroups: &[]*recovery.NodeTargetGroup{{TargetGroupArn: jsii.String(anyGroup)}},
			ElasticIp:    &recovery.NodeElasticIp{AllocationId: jsii.String(anyAddress), PublicIp: jsii.String("203.0.113.9")},
		},
		ApplicationStatusCheck: &recovery.ApplicationStatusCheck{Port: jsii.Number(80)},
		VolumeKeys:             &[]awskms.IKey{awskms.Key_FromKeyArn(nodes, jsii.String("Key"), jsii.String(anyKey))},
	})
	assembly, err := provision.Load(*app.Synth(nil).Directory())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{
		"AWS::Partition": "aws", "AWS::Region": region, "AWS::AccountId": account, "Vpc": vpc, "SwitcherTopic": simTopic,
		"Table.Arn": fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", region, account, simTable),
	}
	r := &role{known: map[string]access.Policy{}}
	for _, doc := range documents(assembly.Stack("Vpc"), known, "SwitcherRole") {
		r.own = append(r.own, parse(t, doc)...)
	}
	r.nodes = documents(assembly.Stack("Nodes"), known, "import")
	if len(r.own) == 0 || len(r.nodes) == 0 {
		t.Fatalf("%d statements of the switcher's stack and %d policies of the nodes' were found: the templates look otherwise than this test knows", len(r.own), len(r.nodes))
	}
	return r
}

func parse(t *testing.T, doc any) access.Policy {
	t.Helper()
	p, err := access.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// documents are the stack's policies of the role whose reference begins so.
func documents(s *provision.Stack, known map[string]string, role string) map[string]any {
	found := map[string]any{}
	for id, r := range s.Template.Resources {
		if r.Type != "AWS::IAM::Policy" && r.Type != "AWS::IAM::ManagedPolicy" {
			continue
		}
		roles, _ := resolved(r.Properties["Roles"], known).([]any)
		if len(roles) == 1 && strings.HasPrefix(fmt.Sprint(roles[0]), "${"+role) {
			found[logical(id)] = resolved(r.Properties["PolicyDocument"], known)
		}
	}
	return found
}

// resolved fills in what is known; what is not becomes ${Logical.Attribute}, which no
// resource of a call matches.
func resolved(v any, known map[string]string) any {
	switch x := v.(type) {
	case map[string]any:
		if text, ok := function(x, known); ok {
			return text
		}
		out := map[string]any{}
		for k, e := range x {
			out[k] = resolved(e, known)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = resolved(e, known)
		}
		return out
	}
	return v
}

func function(m map[string]any, known map[string]string) (string, bool) {
	look := func(key string) (string, bool) {
		if v, ok := known[key]; ok {
			return v, true
		}
		return "${" + key + "}", true
	}
	if id, ok := m["Ref"].(string); ok && len(m) == 1 {
		return look(logical(id))
	}
	if at, ok := m["Fn::GetAtt"].([]any); ok {
		return look(logical(fmt.Sprint(at[0])) + "." + fmt.Sprint(at[1]))
	}
	if name, ok := m["Fn::ImportValue"]; ok {
		if vpc, known := known["Vpc"]; known && strings.Contains(fmt.Sprint(name), "OutputRefVpc") {
			return vpc, true
		}
		return "${import}", true
	}
	if join, ok := m["Fn::Join"].([]any); ok {
		var parts []string
		for _, p := range join[1].([]any) {
			parts = append(parts, fmt.Sprint(resolved(p, known)))
		}
		return strings.Join(parts, fmt.Sprint(join[0])), true
	}
	return "", false
}

// logical is a logical id without the hash that AWS CDK ends it with.
func logical(id string) string {
	if cut := len(id) - 8; cut > 0 && strings.Trim(id[cut:], "0123456789ABCDEF") == "" {
		id = id[:cut]
	}
	return id
}

// allows asks the switcher's own policies, and then those that the stacks of its nodes
// add by what each node asks for, by target groups of other stacks and by keys.
func (r *role) allows(t *testing.T, ask access.Request, nodes []contract.Settings, groups []string) bool {
	by := func(policy string, id int, instance, group string) bool {
		return r.node(t, policy, id, instance, group).Allows(ask)
	}
	return r.own.Allows(ask) || by("NodeVolumeKey0", anyNode, anyInstance, anyGroup) ||
		slices.ContainsFunc(nodes, func(n contract.Settings) bool {
			return n.Adopt != "" && by("NodeAdopt", n.ID, n.Adopt, anyGroup) ||
				(n.Adopt != "" || n.Retain) && by("NodeRelease", n.ID, anyInstance, anyGroup) ||
				n.StatusCheck != "" && by("NodeWatch", n.ID, anyInstance, anyGroup) ||
				n.ElasticIP.Allocation != "" && by("NodeMoveAddress", n.ID, n.ElasticIP.Allocation, anyGroup)
		}) ||
		slices.ContainsFunc(groups, func(g string) bool { return by("NodeMoveTargets", anyNode, anyInstance, g) })
}

// node is a policy of a node's stack, with that node's names.
func (r *role) node(t *testing.T, policy string, id int, instance, group string) access.Policy {
	key := fmt.Sprint(policy, id, instance, group)
	if p, ok := r.known[key]; ok {
		return p
	}
	if r.nodes[policy] == nil {
		t.Fatalf("the nodes' stack has no policy %s but %v", policy, slices.Sorted(maps.Keys(r.nodes)))
	}
	text, err := json.Marshal(r.nodes[policy])
	if err != nil {
		t.Fatal(err)
	}
	var own any
	named := strings.NewReplacer(strconv.Itoa(anyNode), strconv.Itoa(id), anyInstance, instance, anyAddress, instance, anyGroup, group, anyKey, simKey).Replace(string(text))
	if err := json.Unmarshal([]byte(named), &own); err != nil {
		t.Fatal(err)
	}
	r.known[key] = parse(t, own)
	return r.known[key]
}

// actions are all that the role can allow.
func (r *role) actions(t *testing.T) []string {
	all := r.own.Actions()
	for policy := range r.nodes {
		all = append(all, r.node(t, policy, anyNode, anyInstance, anyGroup).Actions()...)
	}
	return all
}
