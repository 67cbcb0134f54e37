package provision

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
)

func createLaunchTemplate(in *input) error {
	req := ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String(in.name("LaunchTemplateName", 128))}
	var own []types.TagSpecification
	if err := errors.Join(
		in.property("LaunchTemplateData", &req.LaunchTemplateData),
		in.property("TagSpecifications", &own),
	); err != nil {
		return err
	}
	out, err := in.EC2.CreateLaunchTemplate(in.ctx, &req)
	if err != nil {
		return err
	}
	in.made.Physical = aws.ToString(out.LaunchTemplate.LaunchTemplateId)
	for _, o := range own { // a call of its own: the emulator mixes these tags into the launch data
		if _, err := in.EC2.CreateTags(in.ctx, &ec2.CreateTagsInput{Resources: []string{in.made.Physical}, Tags: o.Tags}); err != nil {
			return err
		}
	}
	in.made.Attributes["LaunchTemplateId"] = in.made.Physical
	in.made.Attributes["LatestVersionNumber"] = strconv.FormatInt(aws.ToInt64(out.LaunchTemplate.LatestVersionNumber), 10)
	in.made.Attributes["DefaultVersionNumber"] = strconv.FormatInt(aws.ToInt64(out.LaunchTemplate.DefaultVersionNumber), 10)
	return nil
}

// createStatusCheck only names the check: the emulator has none. Whose application
// fails is told to the proxy.
func createStatusCheck(in *input) error {
	in.made.Physical = "asc-" + digest(in.stack.ID+in.made.Logical, 17)
	in.made.Attributes["ApplicationStatusCheckId"] = in.made.Physical
	in.left = nil
	return nil
}

const iamVersion = "2010-05-08"

// createRole makes the role without its policies: the emulator does not enforce
// them; the template tests read them.
func createRole(in *input) error {
	path := in.take("Path")
	if path == "" {
		path = "/"
	}
	name := in.name("RoleName", 64)
	got, err := in.Query(in.ctx, "iam", iamVersion, "CreateRole", url.Values{
		"RoleName": {name}, "Path": {path}, "AssumeRolePolicyDocument": {in.take("AssumeRolePolicyDocument")},
		"Description": {in.take("Description")},
	})
	if err != nil {
		return err
	}
	for _, p := range []string{"Policies", "ManagedPolicyArns", "PermissionsBoundary", "MaxSessionDuration", "Tags"} {
		delete(in.left, p)
	}
	in.made.Physical = name
	in.made.Attributes["Arn"], in.made.Attributes["RoleId"] = got["Arn"], got["RoleId"]
	return nil
}

// createPolicy keeps the policy: the emulator enforces none, package access does.
func createPolicy(name string) func(*input) error {
	return func(in *input) error {
		in.made.Physical = in.name(name, 128)
		in.left = nil
		return nil
	}
}

// createLogGroup makes nothing: the harness keeps the function's output.
func createLogGroup(in *input) error {
	in.made.Physical = in.name("LogGroupName", 512)
	in.made.Attributes["Arn"] = in.arn("logs", "log-group:"+in.made.Physical+":*")
	in.left = nil
	return nil
}

func createInstanceProfile(in *input) error {
	path := in.take("Path")
	if path == "" {
		path = "/"
	}
	name := in.name("InstanceProfileName", 128)
	got, err := in.Query(in.ctx, "iam", iamVersion, "CreateInstanceProfile", url.Values{"InstanceProfileName": {name}, "Path": {path}})
	if err != nil {
		return err
	}
	var roles []string
	if err := in.property("Roles", &roles); err != nil {
		return err
	}
	for _, r := range roles {
		if _, err := in.Query(in.ctx, "iam", iamVersion, "AddRoleToInstanceProfile", url.Values{"InstanceProfileName": {name}, "RoleName": {r}}); err != nil {
			return err
		}
	}
	in.made.Physical = name
	in.made.Attributes["Arn"] = got["Arn"]
	return nil
}

// createFunction starts the function that the template describes. Its code is the
// binary built for this machine instead of the asset, which is built for Lambda's.
func createFunction(in *input) error {
	name := in.name("FunctionName", 64)
	arn := in.arn("lambda", "function:"+name)
	var env struct{ Variables map[string]string }
	if err := in.property("Environment", &env); err != nil {
		return err
	}
	seconds, err := strconv.Atoi(in.take("Timeout"))
	if err != nil {
		return fmt.Errorf("property Timeout: %w", err)
	}
	// Without effect here: where and how large Lambda runs it, and who may see what.
	for _, p := range []string{
		"Code", "Handler", "Runtime", "Architectures", "MemorySize", "Role", "LoggingConfig", "TracingConfig", "DeadLetterConfig", "Description",
		"ReservedConcurrentExecutions", "RecursiveLoop", "EphemeralStorage", "KmsKeyArn", "Tags",
	} {
		delete(in.left, p)
	}
	cfg := runtimeapi.Config{
		Name: name, ARN: arn, Region: in.stack.Region, Binary: in.d.Bootstrap, Env: env.Variables,
		Timeout: time.Duration(seconds) * time.Second, Retries: 2,
		Extra: []string{
			"AWS_ENDPOINT_URL=" + in.d.Proxy.URL, "AWS_EC2_METADATA_DISABLED=true",
			"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		},
	}
	if in.d.Tune != nil {
		in.d.Tune(&cfg)
	}
	f, err := runtimeapi.Start(cfg)
	if err != nil {
		return err
	}
	in.d.mu.Lock()
	in.d.functions[arn] = f
	in.d.mu.Unlock()
	in.made.Physical = name
	in.made.Attributes["Arn"] = arn
	return nil
}

// createInvokeConfig sets how often asynchronous invocations are tried again.
func createInvokeConfig(in *input) error {
	name, retries := in.take("FunctionName"), in.take("MaximumRetryAttempts")
	for _, p := range []string{"Qualifier", "MaximumEventAgeInSeconds", "DestinationConfig"} {
		delete(in.left, p)
	}
	in.made.Physical = name
	for _, f := range in.d.functions {
		if (f.Name != name && f.ARN != name) || f.Region != in.stack.Region || retries == "" {
			continue
		}
		n, err := strconv.Atoi(retries)
		if err != nil {
			return fmt.Errorf("property MaximumRetryAttempts: %w", err)
		}
		f.Retries = n
	}
	return nil
}
