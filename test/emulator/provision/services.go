package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
)

func createTable(in *input) error {
	in.left["TableName"] = in.name("TableName", 255)
	var recovery dynamotypes.PointInTimeRecoverySpecification
	var expiry struct {
		AttributeName string
		Enabled       bool
	}
	var encryption struct {
		SSEEnabled              bool
		SSEType, KMSMasterKeyId string
	}
	if err := errors.Join(
		in.property("PointInTimeRecoverySpecification", &recovery),
		in.property("TimeToLiveSpecification", &expiry),
		in.property("SSESpecification", &encryption),
	); err != nil {
		return err
	}
	var req dynamodb.CreateTableInput
	if err := in.rest(&req); err != nil {
		return err
	}
	req.SSESpecification = &dynamotypes.SSESpecification{Enabled: &encryption.SSEEnabled, SSEType: dynamotypes.SSEType(encryption.SSEType)}
	out, err := in.DynamoDB.CreateTable(in.ctx, &req)
	if err != nil {
		return err
	}
	in.made.Physical = aws.ToString(req.TableName)
	in.made.Attributes["Arn"] = aws.ToString(out.TableDescription.TableArn)
	if expiry.AttributeName != "" {
		if _, err := in.DynamoDB.UpdateTimeToLive(in.ctx, &dynamodb.UpdateTimeToLiveInput{
			TableName: req.TableName, TimeToLiveSpecification: &dynamotypes.TimeToLiveSpecification{AttributeName: &expiry.AttributeName, Enabled: &expiry.Enabled},
		}); err != nil {
			return err
		}
	}
	if aws.ToBool(recovery.PointInTimeRecoveryEnabled) {
		_, err = in.DynamoDB.UpdateContinuousBackups(in.ctx, &dynamodb.UpdateContinuousBackupsInput{
			TableName: req.TableName, PointInTimeRecoverySpecification: &recovery,
		})
	}
	return err
}

func createTopic(in *input) error {
	req := sns.CreateTopicInput{Name: aws.String(in.name("TopicName", 256)), Attributes: map[string]string{}}
	for _, a := range []string{"DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig"} {
		if v := in.take(a); v != "" {
			req.Attributes[a] = v
		}
	}
	var tags []snstypes.Tag
	if err := in.property("Tags", &tags); err != nil {
		return err
	}
	req.Tags = tags
	out, err := in.SNS.CreateTopic(in.ctx, &req)
	if err != nil {
		return err
	}
	in.made.Physical = aws.ToString(out.TopicArn)
	in.made.Attributes["TopicArn"], in.made.Attributes["TopicName"] = in.made.Physical, aws.ToString(req.Name)
	return nil
}

func createQueue(in *input) error {
	name := in.name("QueueName", 80)
	attributes := map[string]string{}
	for k := range clone(in.left) {
		if v := in.take(k); k != "Tags" {
			attributes[k] = v
		}
	}
	var out struct{ QueueUrl string }
	if err := in.JSON(in.ctx, "sqs", "AmazonSQS", "CreateQueue", map[string]any{"QueueName": name, "Attributes": attributes}, &out); err != nil {
		return err
	}
	in.made.Physical = out.QueueUrl
	in.made.Attributes["Arn"], in.made.Attributes["QueueName"] = in.arn("sqs", name), name
	return nil
}

func createAlarm(in *input) error {
	in.left["AlarmName"] = in.name("AlarmName", 255)
	var req cloudwatch.PutMetricAlarmInput
	if err := in.rest(&req); err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(in.stack.tags)) {
		req.Tags = append(req.Tags, cwtypes.Tag{Key: &k, Value: aws.String(in.stack.tags[k])})
	}
	if _, err := in.CloudWatch.PutMetricAlarm(in.ctx, &req); err != nil {
		return err
	}
	in.made.Physical = aws.ToString(req.AlarmName)
	in.made.Attributes["Arn"] = in.arn("cloudwatch", "alarm:"+in.made.Physical)
	return nil
}

func createLoadBalancer(in *input) error {
	in.left["Name"] = in.name("Name", 32)
	var attributes []elbtypes.LoadBalancerAttribute
	if err := in.property("LoadBalancerAttributes", &attributes); err != nil {
		return err
	}
	var req elb.CreateLoadBalancerInput
	if err := in.rest(&req); err != nil {
		return err
	}
	out, err := in.ELB.CreateLoadBalancer(in.ctx, &req)
	if err != nil {
		return err
	}
	lb := out.LoadBalancers[0]
	in.made.Physical = aws.ToString(lb.LoadBalancerArn)
	_, full, _ := strings.Cut(in.made.Physical, ":loadbalancer/")
	for k, v := range map[string]any{
		"Arn": in.made.Physical, "LoadBalancerArn": in.made.Physical, "LoadBalancerFullName": full,
		"LoadBalancerName": aws.ToString(req.Name), "DNSName": aws.ToString(lb.DNSName), "CanonicalHostedZoneID": aws.ToString(lb.CanonicalHostedZoneId),
	} {
		in.made.Attributes[k] = v
	}
	if len(attributes) > 0 {
		_, err = in.ELB.ModifyLoadBalancerAttributes(in.ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn, Attributes: attributes})
	}
	return err
}

func createTargetGroup(in *input) error {
	in.left["Name"] = in.name("Name", 32)
	var attributes []elbtypes.TargetGroupAttribute
	if err := in.property("TargetGroupAttributes", &attributes); err != nil {
		return err
	}
	var req elb.CreateTargetGroupInput
	if err := in.rest(&req); err != nil {
		return err
	}
	out, err := in.ELB.CreateTargetGroup(in.ctx, &req)
	if err != nil {
		return err
	}
	in.made.Physical = aws.ToString(out.TargetGroups[0].TargetGroupArn)
	full := in.made.Physical[strings.LastIndex(in.made.Physical, ":")+1:]
	in.made.Attributes["TargetGroupArn"], in.made.Attributes["TargetGroupFullName"] = in.made.Physical, full
	in.made.Attributes["TargetGroupName"] = aws.ToString(req.Name)
	if len(attributes) > 0 {
		_, err = in.ELB.ModifyTargetGroupAttributes(in.ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &in.made.Physical, Attributes: attributes})
	}
	return err
}

func createListener(in *input) error {
	var req elb.CreateListenerInput
	if err := in.rest(&req); err != nil {
		return err
	}
	out, err := in.ELB.CreateListener(in.ctx, &req)
	if err != nil {
		return err
	}
	in.made.Physical = aws.ToString(out.Listeners[0].ListenerArn)
	in.made.Attributes["ListenerArn"] = in.made.Physical
	return nil
}

// createKey makes an encryption key; its policy has no effect here.
func createKey(in *input) error {
	var out struct{ KeyMetadata struct{ KeyId, Arn string } }
	req := map[string]string{"Description": in.take("Description")}
	for _, p := range []string{"KeyPolicy", "EnableKeyRotation", "RotationPeriodInDays", "PendingWindowInDays", "Tags", "Enabled"} {
		delete(in.left, p)
	}
	if err := in.JSON(in.ctx, "kms", "TrentService", "CreateKey", req, &out); err != nil {
		return err
	}
	in.made.Physical = out.KeyMetadata.KeyId
	in.made.Attributes["Arn"], in.made.Attributes["KeyId"] = out.KeyMetadata.Arn, out.KeyMetadata.KeyId
	return nil
}

// createEFS makes a file system, a mount target or an access point. Their
// properties are the API's; a policy has no effect here.
func createEFS(path, id, kind string) func(*input) error {
	return func(in *input) error {
		in.left["CreationToken"] = in.stack.Name + "-" + in.made.Logical
		if kind == "mount-target" {
			delete(in.left, "CreationToken")
		}
		if kind == "access-point" {
			in.left["ClientToken"] = in.left["CreationToken"]
			delete(in.left, "CreationToken")
		}
		for from, to := range map[string]string{"FileSystemTags": "Tags", "AccessPointTags": "Tags"} {
			if v, ok := in.left[from]; ok {
				in.left[to] = v
				delete(in.left, from)
			}
		}
		// BackupPolicy and the like are calls of their own and change nothing that a switch sees.
		for _, p := range []string{"LifecyclePolicies", "BackupPolicy", "FileSystemPolicy", "BypassPolicyLockoutSafetyCheck", "FileSystemProtection", "ReplicationConfiguration"} {
			delete(in.left, p)
		}
		out := map[string]any{}
		if err := in.REST(in.ctx, "POST", "/2015-02-01/"+path, "elasticfilesystem", in.left, &out); err != nil {
			return err
		}
		in.left = nil
		in.made.Physical = fmt.Sprint(out[id])
		in.made.Attributes[id] = in.made.Physical
		in.made.Attributes["Arn"] = in.arn("elasticfilesystem", kind+"/"+in.made.Physical)
		if ip, ok := out["IpAddress"]; ok {
			in.made.Attributes["IpAddress"] = ip
		}
		return nil
	}
}

// createSchedule keeps the schedule: nothing fires by itself in the emulator, the
// harness ticks.
func createSchedule(in *input) error {
	var target struct {
		Arn, RoleArn, Input string
		RetryPolicy         json.RawMessage
		DeadLetterConfig    json.RawMessage
	}
	if err := in.property("Target", &target); err != nil {
		return err
	}
	in.made.Physical = in.name("Name", 64)
	in.d.Ticks = append(in.d.Ticks, Tick{Function: target.Arn, Input: target.Input})
	for _, p := range []string{"ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "State", "Description", "GroupName"} {
		delete(in.left, p)
	}
	return nil
}
