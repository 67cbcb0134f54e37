package cli

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
	"github.com/workload-recovery/workload-recovery/test/emulator/provision"
	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

// gone are faults in which a person took away what the deployment made: "plant no
// image 1".
var gone = map[string]func(context.Context, *account, record.Node) error{
	"image": func(ctx context.Context, a *account, n record.Node) error {
		_, err := a.s.AWS().EC2.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &n.Blueprint.Image})
		return err
	},
	"template": func(ctx context.Context, a *account, n record.Node) error {
		_, err := a.s.AWS().EC2.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &n.Settings.Template.ID})
		return err
	},
	"alarm": func(ctx context.Context, a *account, n record.Node) error {
		name := contract.AlarmName(a.s.Settings.Name, n.ID, contract.AlarmInstance)
		_, err := a.s.AWS().CloudWatch.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{name}})
		return err
	},
	"claim": func(ctx context.Context, a *account, n record.Node) error {
		_, err := a.s.AWS().DynamoDB.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &a.s.Settings.Table, Key: map[string]ddbtypes.AttributeValue{
			"pk": &ddbtypes.AttributeValueMemberS{Value: contract.ClaimPartition}, "sk": &ddbtypes.AttributeValueMemberS{Value: contract.NodeKey(n.ID)},
		}})
		return err
	},
	"mount": func(ctx context.Context, a *account, n record.Node) error {
		client := efs.NewFromConfig(provision.Config(a.Proxy.URL, region, proxy.Observer))
		mounts, err := client.DescribeMountTargets(ctx, &efs.DescribeMountTargetsInput{FileSystemId: &n.Settings.FileSystem})
		if err != nil {
			return err
		}
		for _, m := range mounts.MountTargets {
			if aws.ToString(m.AvailabilityZoneName) == region+"c" {
				_, err = client.DeleteMountTarget(ctx, &efs.DeleteMountTargetInput{MountTargetId: m.MountTargetId})
			}
		}
		return err
	},
}

// changed are faults in which a person changed what the deployment made.
var changed = map[string]func(context.Context, *account, []string) error{
	"backups": func(ctx context.Context, a *account, _ []string) error {
		_, err := a.s.AWS().DynamoDB.UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
			TableName: &a.s.Settings.Table, PointInTimeRecoverySpecification: &ddbtypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(false)},
		})
		return err
	},
	"unprotected": func(ctx context.Context, a *account, _ []string) error {
		_, err := a.s.AWS().DynamoDB.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: &a.s.Settings.Table, DeletionProtectionEnabled: aws.Bool(false)})
		return err
	},
	"protected": func(ctx context.Context, a *account, args []string) error {
		n, err := a.node(ctx, args[0])
		if err != nil {
			return err
		}
		_, err = a.s.AWS().EC2.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{
			InstanceId: &n.Grant.Instance, DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(true)},
		})
		return err
	},
	// twofold copies the id tag of a node to an instance that somebody else launched.
	"twofold": func(ctx context.Context, a *account, args []string) error {
		n, err := a.node(ctx, args[0])
		if err != nil {
			return err
		}
		_, err = a.s.AWS().EC2.RunInstances(ctx, &ec2.RunInstancesInput{
			ImageId: &n.Blueprint.Image, InstanceType: types.InstanceType(n.Blueprint.Type), SubnetId: &n.Grant.Subnet, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: &a.s.Settings.IDTag, Value: &args[0]}}}},
		})
		return err
	},
	// asleep: the schedule has not called the function for a day.
	"asleep": func(ctx context.Context, a *account, _ []string) error { return a.s.DayPasses(ctx) },
}
