package access

// ByOthers are permissions of a switcher's role that no call of its own shows, with
// who needs them.
var ByOthers = map[string]string{
	"kms:Decrypt": "SNS, SQS and DynamoDB use their keys for the role", "kms:GenerateDataKey": "SQS, as kms:Decrypt", "kms:GenerateDataKey*": "as kms:Decrypt",
	"kms:DescribeKey": "DynamoDB, as kms:Decrypt", "kms:Encrypt": "DynamoDB, as kms:Decrypt", "kms:ReEncrypt*": "DynamoDB, as kms:Decrypt; EC2 copies a snapshot's key",
	"logs:CreateLogStream": "Lambda writes the function's logs", "logs:PutLogEvents": "as logs:CreateLogStream",
	"sqs:GetQueueAttributes": "Lambda's on-failure destination", "sqs:GetQueueUrl": "as sqs:GetQueueAttributes", "sqs:SendMessage": "as sqs:GetQueueAttributes",
}
