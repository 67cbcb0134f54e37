package contract_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

func TestSwitcherNames(t *testing.T) {
	for _, good := range []string{"a", "recovery", "Fujitsu-Pclswr-1", strings.Repeat("x", contract.NameLimit)} {
		if err := contract.ValidName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "1a", "-a", "a.b", "a b", "ä", strings.Repeat("x", contract.NameLimit+1)} {
		if err := contract.ValidName(bad); err == nil || !strings.Contains(err.Error(), "letters, digits and hyphens") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// No valid name's alarms can be taken for another's: IAM and the rule rest on the prefix.
func TestAlarmPrefixesDoNotOverlap(t *testing.T) {
	names := []string{"a", "a-node-1", "ab", "a-b", "b"}
	for _, x := range names {
		for _, y := range names {
			if x != y && strings.HasPrefix(contract.AlarmName(x, 1, "instance"), contract.AlarmPrefix(y)) {
				t.Errorf("an alarm of %q begins with the prefix of %q", x, y)
			}
		}
	}
}

func TestNodeIDs(t *testing.T) {
	for text, want := range map[string]int{"1": 1, "42": 42, "999999999": 999999999} {
		if got, err := contract.ParseNodeID(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "0", "-1", "+1", "01", "1.5", " 1", "1000000000", "x", "٣"} {
		if n, err := contract.ParseNodeID(bad); err == nil {
			t.Errorf("%q was read as %d", bad, n)
		}
	}
}

func TestParseNode(t *testing.T) {
	got, err := contract.ParseNode(json.RawMessage(`{
		"ServiceToken": "arn:x", "NodeId": "7", "NodeName": "orders", "LaunchTemplateId": "lt-1", "LaunchTemplateVersion": "3",
		"Zones": ["z2", "z1"], "TargetGroups": [{"Arn": "arn:1"}, {"Arn": "arn:2", "Port": "8080"}], "Alarms": ["a", "b"],
		"Priority": "5", "AllowTerminateFence": "true", "ApplyChanges": "at-once", "DrainSeconds": "0", "StopSeconds": "300",
		"AwaitRecoverySeconds": "600", "AdoptInstance": "i-0123456789abcdef0", "OnDelete": "retain", "StatusCheck": "asc-1", "ConsumersHash": "ignored"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := contract.Settings{
		ID: 7, Name: "orders", Template: contract.Template{ID: "lt-1", Version: "3"}, Zones: []string{"z2", "z1"},
		Groups: []contract.GroupSetting{{ARN: "arn:1"}, {ARN: "arn:2", Port: 8080}}, Alarms: []string{"a", "b"}, Priority: 5, AllowTerminateFence: true,
		AtOnce: true, Stop: 300, AwaitRecovery: 600, Adopt: "i-0123456789abcdef0", Retain: true, StatusCheck: "asc-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, err = contract.ParseNode(json.RawMessage(`{"NodeId":"x","TargetGroups":[{"Port":"0x"}],"Priority":"1001","AllowTerminateFence":"yes",
		"ApplyChanges":"now","DrainSeconds":"-1","OnDelete":"keep"}`))
	if err == nil {
		t.Fatal("nothing was refused")
	}
	for _, want := range []string{`"x"`, "LaunchTemplateId", `"0x"`, "no Arn", `"1001"`, `"yes"`, `"now"`, `"-1"`, `"keep"`, "at-once", "retain"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not named in %v", want, err)
		}
	}
}

// TestParseNodeOrigin: the first instance comes from a launch template, or runs already.
func TestParseNodeOrigin(t *testing.T) {
	for text, want := range map[string]string{
		`{"NodeId":"1","LaunchTemplateId":"lt-1","LaunchTemplateVersion":"1"}`:                              "",
		`{"NodeId":"1","AdoptInstance":"i-0123456789abcdef0"}`:                                              "",
		`{"NodeId":"1","AdoptInstance":"i-01234567","LaunchTemplateId":"lt-1","LaunchTemplateVersion":"1"}`: "",
		`{"NodeId":"1"}`: "LaunchTemplateId and LaunchTemplateVersion must both",
		`{"NodeId":"1","LaunchTemplateId":"lt-1"}`:                                                   "must both be given",
		`{"NodeId":"1","AdoptInstance":"i-0123456789abcdef0","LaunchTemplateVersion":"1"}`:           "must both be given",
		`{"NodeId":"1","AdoptInstance":"x-1"}`:                                                       `"x-1": give an instance id`,
		`{"NodeId":"1","AdoptInstance":"i-1","LaunchTemplateId":"lt-1","LaunchTemplateVersion":"1"}`: `"i-1"`,
	} {
		_, err := contract.ParseNode(json.RawMessage(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestParseConfig(t *testing.T) {
	c := contract.Config{Name: "rec", VPC: "vpc-1", BlackholeGroup: "sg-1", Table: "t", Topic: "arn", Function: "f", IDTag: "i", TargetTag: "r", Policy: contract.Policy{RetrySeconds: 20}}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := contract.ParseConfig(string(b))
	if err != nil {
		t.Fatal(err)
	}
	want := contract.DefaultPolicy()
	want.RetrySeconds = 20
	if diff := cmp.Diff(want, got.Policy); diff != "" {
		t.Errorf("defaults (-want +got)\n%s", diff)
	}
	for text, want := range map[string]string{
		"":           "is empty",
		"{":          "not the JSON",
		`{}`:         `"vpc" is missing`,
		`{"name":1}`: "not the JSON",
		strings.Replace(string(b), `"retrySeconds":20`, `"retrySeconds":-1`, 1): "RetrySeconds is -1: allowed are 10 to 3600",
	} {
		if _, err := contract.ParseConfig(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if err := contract.DefaultPolicy().Validate(); err != nil {
		t.Errorf("the default policy is refused: %v", err)
	}
}

func TestExposable(t *testing.T) {
	for key, ok := range map[string]bool{
		"Name": true, "fujitsu.pclswr.id": true, "recovery:gate": true, "a+b-c=d.e,f_g:h@i9Z": true, strings.Repeat("k", 128): true,
		"": false, "two words": false, "a/b": false, ".": false, "..": false, "_index": false, "clé": false, strings.Repeat("k", 129): false,
	} {
		if err := contract.Exposable(key); (err == nil) != ok {
			t.Errorf("%q: %v, wanted it to be allowed: %v", key, err, ok)
		}
	}
}
