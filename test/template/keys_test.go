package template

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/constructs/recovery"
	"github.com/workload-recovery/workload-recovery/test/emulator/access"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

func (b base) key(id string) awskms.IKey { return awskms.NewKey(b.stack, jsii.String(id), nil) }

// keyPolicy are the statements of a key's policy by Sid, beside the one that leaves the
// rest to the account's policies.
func keyPolicy(t *testing.T, d document, prefix string) map[string]any {
	t.Helper()
	list := at(t, flat(d.one(t, "AWS::KMS::Key", prefix).Properties), "KeyPolicy", "Statement").([]any)
	found := map[string]any{}
	for _, s := range list[1:] {
		s := s.(map[string]any)
		sid := fmt.Sprint(s["Sid"])
		delete(s, "Sid")
		found[sid] = s
	}
	return found
}

func service(name string, actions []any, condition any) any {
	s := map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": name}, "Action": actions, "Resource": "*"}
	if condition != nil {
		s["Condition"] = condition
	}
	return s
}

// TestSwitcherKey: one key of the customer's for topic, queue and logs. Who uses it
// without a role of ours is named in its policy: alarms that publish, EventBridge with
// what it could not deliver, CloudWatch Logs.
func TestSwitcherKey(t *testing.T) {
	b := newBase(t)
	addSwitcher(b.stack, recovery.SwitcherProps{Name: jsii.String("mine"), EncryptionKey: b.key("Key"), Table: b.switcher.Table()})
	d := synth(t, b.stack)
	for kind, property := range map[string]string{"AWS::SNS::Topic": "KmsMasterKeyId", "AWS::SQS::Queue": "KmsMasterKeyId", "AWS::Logs::LogGroup": "KmsKeyId"} {
		if got := flat(d.one(t, kind, "Switcher").Properties).(map[string]any)[property]; got != "${Key.Arn}" {
			t.Errorf("%s of %s is %v, wanted the customer's key", property, kind, got)
		}
	}
	want := map[string]any{
		"Alarms": service("cloudwatch.amazonaws.com", []any{"kms:Decrypt", "kms:GenerateDataKey*"},
			map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": "${AWS::AccountId}"}}),
		// AWS supports no condition on the source here.
		"Undelivered": service("events.amazonaws.com", []any{"kms:Decrypt", "kms:GenerateDataKey"}, nil),
		"SwitcherLogs": service("logs.${AWS::Region}.${AWS::URLSuffix}", []any{"kms:Decrypt", "kms:Describe*", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
			map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": fmt.Sprintf(arn, "logs", "log-group:/aws/lambda/recovery-switcher-mine")}}),
	}
	if diff := cmp.Diff(want, keyPolicy(t, d, "Key")); diff != "" {
		t.Errorf("key policy (-want +got):\n%s", diff)
	}
	through := func(service string, actions ...any) statement {
		return statement{actions, "${Key.Arn}", map[string]any{"StringLike": map[string]any{"kms:ViaService": service + ".${AWS::Region}.amazonaws.com*"}}}
	}
	got := switcherStatements(t, d)
	for sid, want := range map[string]statement{
		"UseTopicKey": through("sns", "kms:Decrypt", "kms:GenerateDataKey*"), "UseQueueKey": through("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
	} {
		if diff := cmp.Diff(want, got[sid]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sid, diff)
		}
	}
	if diff := cmp.Diff(through("sqs", "kms:Decrypt", "kms:GenerateDataKey"), statements(t, d, "SwitcherSweepRoleDefaultPolicy")["UseQueueKey"]); diff != "" {
		t.Errorf("the schedule (-want +got):\n%s", diff)
	}
	for sid := range got {
		if strings.HasPrefix(sid, "of [kms:") {
			t.Errorf("AWS CDK adds %s, with which the role could use the key by itself", sid)
		}
	}
}

// TestTableKey: who may read the records may read what is encrypted, through DynamoDB.
func TestTableKey(t *testing.T) {
	stack := awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
	key := awskms.NewKey(stack, jsii.String("Key"), nil)
	s := addSwitcher(stack, recovery.SwitcherProps{
		Table: recovery.NewRecoveryTable(stack, jsii.String("Table"), &recovery.RecoveryTableProps{EncryptionKey: key}),
	})
	s.GrantReadRecords(awsiam.NewRole(stack, jsii.String("Reader"), &awsiam.RoleProps{AssumedBy: awsiam.NewAccountRootPrincipal()}))
	want := statement{"kms:Decrypt", "${Key.Arn}", map[string]any{"StringLike": map[string]any{"kms:ViaService": "dynamodb.${AWS::Region}.amazonaws.com*"}}}
	if diff := cmp.Diff(want, statements(t, synth(t, stack), "ReaderDefaultPolicy")["of kms:Decrypt"]); diff != "" {
		t.Errorf("reader (-want +got):\n%s", diff)
	}
}

// TestVolumeKeys: with the permissions of the node's stack a replacement starts on
// volumes that are encrypted with a customer's keys, and the keys serve nothing else.
func TestVolumeKeys(t *testing.T) {
	b := newBase(t)
	arnOf := func(id string) *string { return jsii.String("arn:aws:kms:us-east-1:111122223333:key/" + id) }
	b.node("Node", recovery.ClusterNodeProps{
		Storage: &recovery.NodeStorage{Volumes: &[]*recovery.NodeVolume{{DeviceName: jsii.String("/dev/xvda"), Size: awscdk.Size_Gibibytes(jsii.Number(20)), KmsKey: awskms.Key_FromKeyArn(b.stack, jsii.String("Own"), arnOf("own"))}}, VolumeKeys: &[]awskms.IKey{awskms.Key_FromKeyArn(b.stack, jsii.String("Image"), arnOf("image"))}},
	})
	allowed := policies(t, synth(t, b.stack), "NodeVolumeKey0", "NodeOtherKey0")
	launch := func(key string) []access.Request {
		requests, err := access.Requests(t.Context(), nothing{}, "111122223333", proxy.Call{Service: proxy.EC2, Action: "RunInstances", Region: "${AWS::Region}", Params: map[string]string{
			"BlockDeviceMapping.1.DeviceName": "/dev/xvda", "BlockDeviceMapping.1.Ebs.KmsKeyId": *arnOf(key),
		}})
		if err != nil {
			t.Fatal(err)
		}
		var found []access.Request
		for _, r := range requests {
			if strings.HasPrefix(r.Action, "kms:") {
				found = append(found, r)
			}
		}
		return found
	}
	for key, want := range map[string]bool{"own": true, "image": true, "another": false} {
		requests := launch(key)
		if len(requests) == 0 {
			t.Fatal("a launch on an encrypted volume needs no permission of its key: the checker is wrong")
		}
		for _, r := range requests {
			if got := allowed.Allows(r); got != want {
				t.Errorf("%s: allowed %v, wanted %v", r, got, want)
			}
			for _, without := range []string{"kms:ViaService", "kms:GrantIsForAWSResource"} {
				bare := r
				bare.Context = map[string][]string{}
				for k, v := range r.Context {
					if k != without {
						bare.Context[k] = v
					}
				}
				if len(bare.Context) < len(r.Context) && allowed.Allows(bare) {
					t.Errorf("%s is allowed without %s: the key serves more than launches", r, without)
				}
			}
		}
	}
	refused(t, func() {
		newBase(t).node("Node", recovery.ClusterNodeProps{Storage: &recovery.NodeStorage{VolumeKeys: &[]awskms.IKey{nil}}})
	}, "VolumeKeys[0] is nil")
}

// nothing has no resources.
type nothing struct{}

func (nothing) Tags(context.Context, string, string) (map[string]string, error) { return nil, nil }
func (nothing) VPC(context.Context, string, string) (string, error)             { return "", nil }
func (nothing) Carrier(context.Context, string, string) (string, error)         { return "", nil }
func (nothing) Role(context.Context, string, string) (string, error)            { return "", nil }
func (nothing) Customers(context.Context, string, string) (bool, error)         { return true, nil }
func (nothing) Mount(context.Context, string, string) (string, string, error)   { return "", "", nil }

// TestFileSystemKeys and the node's log group: each names the customer's key.
func TestFileSystemKeys(t *testing.T) {
	b := newBase(t)
	recovery.NewRecoveryVpc(b.stack, jsii.String("Place"), &recovery.RecoveryVpcProps{LogsEncryptionKey: b.key("PlaceKey")})
	app := application()
	app.LogFiles, app.LogEncryptionKey = jsii.Strings("/var/log/app.log"), b.key("LogKey")
	b.node("Node", recovery.ClusterNodeProps{Application: app, Storage: &recovery.NodeStorage{Data: &recovery.NodeFileSystem{EncryptionKey: b.key("DataKey")}}})
	d := synth(t, b.stack)
	for _, c := range []struct{ kind, id, key string }{
		{"AWS::EFS::FileSystem", "PlaceLogs", "PlaceKey"}, {"AWS::EFS::FileSystem", "NodeData", "DataKey"}, {"AWS::Logs::LogGroup", "NodeLogFiles", "LogKey"},
	} {
		if got := flat(d.one(t, c.kind, c.id).Properties).(map[string]any)["KmsKeyId"]; got != "${"+c.key+".Arn}" {
			t.Errorf("%s has the key %v, wanted %s", c.id, got, c.key)
		}
	}
	want := map[string]any{"NodeLogs": service("logs.${AWS::Region}.${AWS::URLSuffix}", []any{"kms:Decrypt", "kms:Describe*", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"},
		map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": fmt.Sprintf(arn, "logs", "log-group:*")}})}
	if diff := cmp.Diff(want, keyPolicy(t, d, "LogKey")); diff != "" {
		t.Errorf("key of the logs (-want +got):\n%s", diff)
	}
}

// TestKeyErrors: a key that would be left unused is refused.
func TestKeyErrors(t *testing.T) {
	b := newBase(t)
	refused(t, func() {
		addSwitcher(b.stack, recovery.SwitcherProps{Name: jsii.String("mine"), Vpc: b.switcher.Vpc(), Table: b.switcher.Table(), TopicKey: b.key("Key")})
	}, "TopicKey is given and Topic is not", "EncryptionKey")
}
