package provision

// creators make one resource of a type each.
var creators = map[string]func(*input) error{}

func init() { // not a literal: a creator's error may look at the table itself
	for kind, c := range map[string]func(*input) error{
		"AWS::EC2::VPC":                             createVPC,
		"AWS::EC2::Subnet":                          createSubnet,
		"AWS::EC2::RouteTable":                      createRouteTable,
		"AWS::EC2::SubnetRouteTableAssociation":     createRouteTableAssociation,
		"AWS::EC2::VPCEndpoint":                     createVPCEndpoint,
		"AWS::EC2::SecurityGroup":                   createSecurityGroup,
		"AWS::EC2::SecurityGroupIngress":            createGroupRule(false),
		"AWS::EC2::SecurityGroupEgress":             createGroupRule(true),
		"AWS::EC2::LaunchTemplate":                  createLaunchTemplate,
		"AWS::EC2::ApplicationStatusCheck":          createStatusCheck,
		"AWS::IAM::Role":                            createRole,
		"AWS::IAM::InstanceProfile":                 createInstanceProfile,
		"AWS::IAM::Policy":                          createPolicy("PolicyName"),
		"AWS::IAM::ManagedPolicy":                   createPolicy("ManagedPolicyName"),
		"AWS::Lambda::Function":                     createFunction,
		"AWS::Logs::LogGroup":                       createLogGroup,
		"AWS::Lambda::EventInvokeConfig":            createInvokeConfig,
		"AWS::Events::Rule":                         createRule,
		"AWS::Scheduler::Schedule":                  createSchedule,
		"AWS::DynamoDB::Table":                      createTable,
		"AWS::KMS::Key":                             createKey,
		"AWS::SNS::Topic":                           createTopic,
		"AWS::SQS::Queue":                           createQueue,
		"AWS::CloudWatch::Alarm":                    createAlarm,
		"AWS::ElasticLoadBalancingV2::LoadBalancer": createLoadBalancer,
		"AWS::ElasticLoadBalancingV2::TargetGroup":  createTargetGroup,
		"AWS::ElasticLoadBalancingV2::Listener":     createListener,
		"AWS::EFS::FileSystem":                      createEFS("file-systems", "FileSystemId", "file-system"),
		"AWS::EFS::MountTarget":                     createEFS("mount-targets", "MountTargetId", "mount-target"),
		"AWS::EFS::AccessPoint":                     createEFS("access-points", "AccessPointId", "access-point"),
	} {
		creators[kind] = c
	}
}

// ineffective lists the types that are not created, and why.
var ineffective = map[string]string{
	"AWS::CDK::Metadata":              "tells AWS about the CDK's use",
	"AWS::Lambda::Permission":         "the harness delivers events itself, after checking the rules' patterns",
	"AWS::SNS::TopicPolicy":           "the emulator enforces no policies",
	"AWS::SQS::QueuePolicy":           "the emulator enforces no policies",
	"AWS::Scheduler::ScheduleGroup":   "a folder for schedules",
	"AWS::CloudWatch::CompositeAlarm": "the emulator has none, and the switcher reads none",
	"AWS::CloudWatch::Dashboard":      "for people",
}
