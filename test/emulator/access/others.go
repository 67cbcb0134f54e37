package access

// ByOthers are permissions of a switcher's role that no call of its own shows, with
// who needs them.
var ByOthers = map[string]string{
	"kms:Decrypt": "SNS, SQS and DynamoDB use their keys for the role", "kms:GenerateDataKey": "SQS, as kms:Decrypt", "kms:GenerateDataKey*": "as kms:Decrypt",
	"kms:DescribeKey": "DynamoDB, as kms:Decrypt", "kms:Encrypt": "DynamoDB, as kms:Decrypt", "kms:ReEncrypt*": "DynamoDB, as kms:Decrypt; EC2 copies a snapshot's key",
	// A read at deployments: the simulated world has no attributes and counts no call of it.
	"elasticloadbalancing:DescribeTargetGroupAttributes": "a deployment reads the attributes of a node's target groups (TestTargetGroupsWithOtherAttributesAreRefused)",
	"ec2:DescribeInstanceTypes":                          "an adoption, and a blueprint, of an instance with CPU options or credits of its own (TestDefaultsOfTheTypeAreNoCPUOptions)",
	"ec2:DescribePlacementGroups":                        "an adoption of an instance in a placement group (TestDecisionsUnkeepable)",
	"logs:CreateLogStream":                               "Lambda writes the function's logs", "logs:PutLogEvents": "as logs:CreateLogStream",
	"sqs:GetQueueAttributes": "Lambda's on-failure destination", "sqs:GetQueueUrl": "as sqs:GetQueueAttributes", "sqs:SendMessage": "as sqs:GetQueueAttributes",
}
