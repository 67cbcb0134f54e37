package contracts_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"github.com/workload-recovery/workload-recovery/internal/awscloud"
	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/test/contracts"
	"github.com/workload-recovery/workload-recovery/test/emulator/dynalite"
	"github.com/workload-recovery/workload-recovery/test/emulator/moto"
)

// TestAWSOnMoto puts the AWS adapters through all contracts, over HTTP, against
// the emulator that refuses unknown images, types and keys.
func TestAWSOnMoto(t *testing.T) {
	server := moto.ForTest(t, moto.Options{Validate: true})
	contracts.All(t, motoStage(t, server.URL()))
}

// TestTableOnDynalite does not use moto, for the reason in package dynalite.
func TestTableOnDynalite(t *testing.T) {
	cfg := config(t, dynalite.ForTest(t))
	makeTable(t, cfg)
	table := awscloud.Ports(cfg, awscloud.Options{Table: "recovery"}).Table
	contracts.Table(t, table)
	t.Run("race", func(t *testing.T) { contracts.Race(t, table, 16, 400) })
}

func config(t *testing.T, url string) aws.Config {
	t.Helper()
	for _, variable := range moto.Env(url) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	cfg, err := awscloud.LoadFunction()
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTPClient = awscloud.WholeAnswers(nil)
	return cfg
}

// ok fails the test unless a set-up call succeeded.
func ok[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func makeTable(t *testing.T, cfg aws.Config) {
	t.Helper()
	attribute := func(name string) dbtypes.AttributeDefinition {
		return dbtypes.AttributeDefinition{AttributeName: aws.String(name), AttributeType: dbtypes.ScalarAttributeTypeS}
	}
	ok[*dynamodb.CreateTableOutput](t)(dynamodb.NewFromConfig(cfg).CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("recovery"), BillingMode: dbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dbtypes.AttributeDefinition{attribute(contract.AttrPartition), attribute(contract.AttrSort)},
		KeySchema: []dbtypes.KeySchemaElement{
			{AttributeName: aws.String(contract.AttrPartition), KeyType: dbtypes.KeyTypeHash},
			{AttributeName: aws.String(contract.AttrSort), KeyType: dbtypes.KeyTypeRange},
		},
	}))
	// dynalite shows a new table as CREATING for a moment.
	waiter := dynamodb.NewTableExistsWaiter(dynamodb.NewFromConfig(cfg), func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 1e7 })
	if err := waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("recovery")}, 6e10); err != nil {
		t.Fatal(err)
	}
}

func motoStage(t *testing.T, url string) contracts.Stage {
	t.Helper()
	cfg := config(t, url)
	makeTable(t, cfg)
	topic := ok[*sns.CreateTopicOutput](t)(sns.NewFromConfig(cfg).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("notices")}))
	s := contracts.Stage{
		Ports: awscloud.Ports(cfg, awscloud.Options{Table: "recovery", Topic: *topic.TopicArn, Function: "switcher"}),
		Tag:   [2]string{contract.DestinationTag, "true"},
		Inherited: func(b *cloud.Blueprint) {
			// EC2 reports the default where nothing was asked for.
			if b.Tenancy == "" {
				b.Tenancy = "default"
			}
			// Moto drops these at launch. The unit tests of awscloud see that they are sent.
			for i := range b.Volumes {
				b.Volumes[i].IOPS, b.Volumes[i].Throughput = 0, 0
			}
			b.InterfaceTags = nil
			// Moto makes both up.
			for i := range b.Interfaces {
				b.Interfaces[i].Description, b.Interfaces[i].Public = "", nil
			}
		},
		// Moto looks for the interfaces of the terminated instance and finds none.
		TerminatesOnce: true,
		Careless:       true,
		// Moto ignores the parameter of RunInstances, though not that for stop protection.
		Protect: func(t *testing.T, id string) {
			t.Helper()
			ok[*ec2.ModifyInstanceAttributeOutput](t)(ec2.NewFromConfig(cfg).ModifyInstanceAttribute(t.Context(), &ec2.ModifyInstanceAttributeInput{
				InstanceId: &id, DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(true)},
			}))
		},
		Published: subscribe(t, cfg, url, *topic.TopicArn),
	}
	network(t, cfg, &s)
	s.Template, s.Blueprint = template(t, cfg, url, s.Groups)
	balancer(t, cfg, &s)
	out := ok[*efs.CreateFileSystemOutput](t)(efs.NewFromConfig(cfg).CreateFileSystem(t.Context(), &efs.CreateFileSystemInput{CreationToken: aws.String("data")}))
	s.FileSystem = *out.FileSystemId
	alarms(t, cfg, &s)
	return s
}

func network(t *testing.T, cfg aws.Config, s *contracts.Stage) {
	t.Helper()
	client := ec2.NewFromConfig(cfg)
	vpc := ok[*ec2.CreateVpcOutput](t)(client.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")}))
	s.VPC = *vpc.Vpc.VpcId
	subnet := func(cidr, zone string, tags ...types.Tag) cloud.Subnet {
		in := &ec2.CreateSubnetInput{VpcId: &s.VPC, CidrBlock: aws.String(cidr), AvailabilityZone: aws.String(zone)}
		if len(tags) > 0 {
			in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeSubnet, Tags: tags}}
		}
		out := ok[*ec2.CreateSubnetOutput](t)(client.CreateSubnet(t.Context(), in))
		return cloud.Subnet{ID: *out.Subnet.SubnetId, Zone: zone}
	}
	mark := types.Tag{Key: &s.Tag[0], Value: &s.Tag[1]}
	subnet("10.9.9.0/24", "ap-northeast-1a")
	second := subnet("10.9.2.0/24", "ap-northeast-1c", mark)
	s.Subnets = [2]cloud.Subnet{subnet("10.9.1.0/24", "ap-northeast-1a", mark), second}
	for _, name := range []string{"one", "two", "three"} {
		out := ok[*ec2.CreateSecurityGroupOutput](t)(client.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
			GroupName: aws.String(name), Description: aws.String(name), VpcId: &s.VPC,
		}))
		s.Groups = append(s.Groups, *out.GroupId)
	}
}

func template(t *testing.T, cfg aws.Config, url string, groups []string) ([2]string, cloud.Blueprint) {
	t.Helper()
	client := ec2.NewFromConfig(cfg)
	images := ok[*ec2.DescribeImagesOutput](t)(client.DescribeImages(t.Context(), &ec2.DescribeImagesInput{
		Filters: []types.Filter{{Name: aws.String("root-device-name"), Values: []string{"/dev/xvda"}}},
	}))
	ok[*ec2.CreateKeyPairOutput](t)(client.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("key")}))
	query(t, url, "iam", "Action=CreateInstanceProfile&InstanceProfileName=profile&Path=/recovery/contracts/")
	b := cloud.Blueprint{
		Image: *images.Images[0].ImageId, Type: "m5.large", KeyName: "key", UserData: "IyEvYmluL3NoCg==",
		Profile:    "arn:aws:iam::" + moto.Account + ":instance-profile/recovery/contracts/profile",
		Interfaces: []cloud.InterfaceSpec{{Groups: groups[:2]}},
		Volumes: []cloud.VolumeSpec{
			{Device: "/dev/sdf", SizeGiB: 7, Kind: "gp3", IOPS: 3500, Throughput: 150, Encrypted: true, KMSKey: "arn:aws:kms:ap-northeast-1:" + moto.Account + ":key/k", DeleteOnTermination: false},
			{Device: "/dev/xvda", SizeGiB: 20, Kind: "gp2", DeleteOnTermination: true},
		},
		Tags:       map[string]string{contract.DefaultIDTag: "1", contract.DefaultTargetTag: "true", "Name": "日本 <&>"},
		VolumeTags: map[string]string{"backup": "daily"},
		Metadata:   cloud.MetadataOptions{Tokens: "required", Endpoint: "enabled", HopLimit: 2, IPv6: "disabled", Tags: "enabled"},
		Monitoring: true, EBSOptimized: true, ProtectStop: false, ProtectTerminate: false, ShutdownBehavior: "stop",
	}
	out := ok[*ec2.CreateLaunchTemplateOutput](t)(client.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("node"), LaunchTemplateData: templateData(b),
	}))
	return [2]string{*out.LaunchTemplate.LaunchTemplateId, "1"}, b
}

func templateData(b cloud.Blueprint) *types.RequestLaunchTemplateData {
	tags := func(kind types.ResourceType, from map[string]string) types.LaunchTemplateTagSpecificationRequest {
		s := types.LaunchTemplateTagSpecificationRequest{ResourceType: kind}
		for k, v := range from {
			s.Tags = append(s.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
		}
		return s
	}
	d := &types.RequestLaunchTemplateData{
		ImageId: &b.Image, InstanceType: types.InstanceType(b.Type), KeyName: &b.KeyName, UserData: &b.UserData,
		IamInstanceProfile: &types.LaunchTemplateIamInstanceProfileSpecificationRequest{Arn: &b.Profile},
		SecurityGroupIds:   b.Interfaces[0].Groups,
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{
			HttpTokens: "required", HttpEndpoint: "enabled", HttpPutResponseHopLimit: aws.Int32(2), HttpProtocolIpv6: "disabled", InstanceMetadataTags: "enabled",
		},
		Monitoring: &types.LaunchTemplatesMonitoringRequest{Enabled: aws.Bool(true)}, EbsOptimized: aws.Bool(true),
		InstanceInitiatedShutdownBehavior: types.ShutdownBehavior(b.ShutdownBehavior),
		TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{
			tags(types.ResourceTypeInstance, b.Tags), tags(types.ResourceTypeVolume, b.VolumeTags),
		},
	}
	for _, v := range b.Volumes {
		e := &types.LaunchTemplateEbsBlockDeviceRequest{
			VolumeSize: aws.Int32(int32(v.SizeGiB)), VolumeType: types.VolumeType(v.Kind), DeleteOnTermination: &v.DeleteOnTermination,
		}
		if v.IOPS != 0 {
			e.Iops, e.Throughput = aws.Int32(int32(v.IOPS)), aws.Int32(int32(v.Throughput))
		}
		if v.Encrypted {
			e.Encrypted, e.KmsKeyId = &v.Encrypted, &v.KMSKey
		}
		d.BlockDeviceMappings = append(d.BlockDeviceMappings, types.LaunchTemplateBlockDeviceMappingRequest{DeviceName: &v.Device, Ebs: e})
	}
	return d
}

func balancer(t *testing.T, cfg aws.Config, s *contracts.Stage) {
	t.Helper()
	s.Port = 8080
	out := ok[*elb.CreateTargetGroupOutput](t)(elb.NewFromConfig(cfg).CreateTargetGroup(t.Context(), &elb.CreateTargetGroupInput{
		Name: aws.String("group"), Protocol: elbtypes.ProtocolEnumTcp, Port: aws.Int32(8080), VpcId: &s.VPC, TargetType: elbtypes.TargetTypeEnumInstance,
	}))
	s.TargetGroup = *out.TargetGroups[0].TargetGroupArn
}

func alarms(t *testing.T, cfg aws.Config, s *contracts.Stage) {
	t.Helper()
	client := cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
	})
	s.WatchedInstance, s.Alarms = "i-00000000000000001", [2]string{"c.node-1.instance", "c.node-1.application"}
	watch := []cwtypes.Dimension{
		{Name: aws.String("Disk"), Value: aws.String("/")}, {Name: aws.String("InstanceId"), Value: &s.WatchedInstance},
	}
	common := cloudwatch.PutMetricAlarmInput{
		ActionsEnabled: aws.Bool(true), AlarmDescription: aws.String("words"),
		AlarmActions:            []string{"arn:aws:sns:ap-northeast-1:123456789012:a"},
		OKActions:               []string{"arn:aws:sns:ap-northeast-1:123456789012:b"},
		InsufficientDataActions: []string{"arn:aws:sns:ap-northeast-1:123456789012:c"},
		EvaluationPeriods:       aws.Int32(3), DatapointsToAlarm: aws.Int32(2), Threshold: aws.Float64(0.5),
		ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanOrEqualToThreshold, TreatMissingData: aws.String("breaching"),
		Tags: []cwtypes.Tag{{Key: aws.String("team"), Value: aws.String("one")}},
	}
	plain := common
	plain.AlarmName, plain.Namespace, plain.MetricName = &s.Alarms[0], aws.String("AWS/EC2"), aws.String("StatusCheckFailed")
	plain.Dimensions, plain.Period, plain.ExtendedStatistic = watch, aws.Int32(60), aws.String("p99")
	plain.EvaluateLowSampleCountPercentile, plain.Unit = aws.String("ignore"), cwtypes.StandardUnitCount
	math := common
	math.AlarmName = &s.Alarms[1]
	math.Metrics = []cwtypes.MetricDataQuery{
		{Id: aws.String("e"), Expression: aws.String("m * 2"), Label: aws.String("twice"), ReturnData: aws.Bool(true)},
		{Id: aws.String("m"), ReturnData: aws.Bool(false), MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{Namespace: aws.String("App"), MetricName: aws.String("Beat"), Dimensions: watch},
			Period: aws.Int32(10), Stat: aws.String("Minimum"), Unit: cwtypes.StandardUnitCount,
		}},
	}
	for _, in := range []*cloudwatch.PutMetricAlarmInput{&plain, &math} {
		ok[*cloudwatch.PutMetricAlarmOutput](t)(client.PutMetricAlarm(t.Context(), in))
	}
	s.AlarmRest = func(t *testing.T, name string) any {
		t.Helper()
		out := ok[*cloudwatch.DescribeAlarmsOutput](t)(client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}}))
		a := out.MetricAlarms[0]
		tags := ok[*cloudwatch.ListTagsForResourceOutput](t)(client.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: a.AlarmArn}))
		a.StateReason, a.StateReasonData, a.StateTransitionedTimestamp, a.StateUpdatedTimestamp, a.StateValue = nil, nil, nil, nil, ""
		a.AlarmConfigurationUpdatedTimestamp = nil
		text, err := json.Marshal([]any{a, tags.Tags})
		if err != nil {
			t.Fatal(err)
		}
		return regexp.MustCompile(`"i-[0-9a-f]{17}"`).ReplaceAllString(string(text), `"*"`)
	}
}

// subscribe makes a queue that hears the topic, through the query protocol: the
// project needs no SQS client otherwise.
func subscribe(t *testing.T, cfg aws.Config, url, topic string) func(*testing.T) []cloud.Notice {
	t.Helper()
	query(t, url, "sqs", "Action=CreateQueue&QueueName=notices")
	ok[*sns.SubscribeOutput](t)(sns.NewFromConfig(cfg).Subscribe(context.Background(), &sns.SubscribeInput{
		TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:" + moto.Region + ":" + moto.Account + ":notices"),
	}))
	return func(t *testing.T) []cloud.Notice {
		t.Helper()
		answer := query(t, url, "sqs", "Action=ReceiveMessage&MaxNumberOfMessages=10&QueueUrl="+url+"/"+moto.Account+"/notices")
		var notices []cloud.Notice
		for _, body := range regexp.MustCompile(`(?s)<Body>(.*?)</Body>`).FindAllStringSubmatch(answer, -1) {
			var message struct{ Subject, Message string }
			if err := json.Unmarshal([]byte(unescape.Replace(body[1])), &message); err != nil {
				t.Fatalf("%v: %s", err, body[1])
			}
			notices = append(notices, cloud.Notice{Subject: message.Subject, Body: message.Message})
		}
		return notices
	}
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&quot;", `"`, "&amp;", "&")

// query sends one request of AWS's query protocol.
func query(t *testing.T, endpoint, service, form string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, endpoint, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=testing/20260101/"+moto.Region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=x")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v: %s", service, url.QueryEscape(form), response.Status, err, body)
	}
	return string(body)
}
