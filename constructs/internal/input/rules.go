package input

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// rule describes the allowed values of a text.
type rule struct {
	allowed string
	fits    func(string) bool
}

// Rules of texts that AWS, or the construct itself, does not take as they come. Texts that
// the construct checks with others are in checked.
var (
	name = rule{"1 to 255 characters of any language, without line breaks and other control characters", func(v string) bool {
		return v != "" && utf8.ValidString(v) && utf8.RuneCountInString(v) <= 255 && strings.TrimSpace(v) != "" && !strings.ContainsFunc(v, unicode.IsControl)
	}}
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
	tableName = matching(`^[A-Za-z0-9_.-]{3,255}$`, "3 to 255 letters, digits and _.- (the name and not its ARN)")
	// AWS CDK names zones that are still to be looked up dummy1a, dummy1b, …
	zoneName = matching(`^([a-z]{2}(-[a-z0-9]+)+-[0-9][a-z]|dummy1[a-z])$`, "names of Availability Zones such as us-east-1a; ids such as use1-az1 are none")
	block    = rule{"IPv4 blocks such as 10.0.0.0/16 or 0.0.0.0/0, without address bits beyond the prefix", func(v string) bool {
		p, err := netip.ParsePrefix(v)
		return err == nil && p.Addr().Is4() && p.Masked() == p
	}}
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
	device = matching(`^(/dev/)?(sd|xvd|hd|nvme)[a-z0-9]{1,12}$`, "device names such as /dev/xvda or /dev/sdf")
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
	urlPath = matching(`^/[!-~]{0,999}[!-~]{0,24}$`, "paths of up to 1024 ASCII characters that begin with a slash, such as /health")
	file    = matching(`^/[^\x00-\x1f\x7f]{0,999}$`, "absolute paths such as /var/log/app.log")
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Metric.html
	namespace = matching(`^[A-Za-z0-9._/#-][A-Za-z0-9._/#: -]{0,254}$`, "1 to 255 letters, digits and ._/#:-, not beginning with a colon")
	metric    = matching(`^[ -~]{1,255}$`, "1 to 255 ASCII characters")
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
	dimension = matching(`^[ -~]{1,1000}[ -~]{0,24}$`, "1 to 1024 ASCII characters")
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
	dashboard = matching(`^[A-Za-z0-9_-]{1,255}$`, "1 to 255 letters, digits, hyphens and underscores")
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
	tagValue = rule{"up to 256 characters", func(v string) bool { return utf8.ValidString(v) && utf8.RuneCountInString(v) <= 256 }}
	command  = rule{"shell commands; a text without any runs nothing", func(v string) bool { return strings.TrimSpace(v) != "" && !strings.ContainsRune(v, 0) }}
	roleArn  = matching(`^arn:[a-z0-9-]+:iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]{1,576}$`, "ARNs of roles such as arn:aws:iam::111122223333:role/switcher")
	vpcID    = matching(`^vpc-[0-9a-z]+$`, "ids of VPCs such as vpc-0123456789abcdef0")
	subnetID = matching(`^subnet-[0-9a-z]+$`, "ids of subnets such as subnet-0123456789abcdef0")
	groupID  = matching(`^sg-[0-9a-z]+$`, "ids of security groups such as sg-0123456789abcdef0")
	filesID  = matching(`^fs-[0-9a-z]+$`, "ids of EFS file systems such as fs-0123456789abcdef0")
)

func matching(expression, allowed string) rule {
	return rule{allowed, regexp.MustCompile(expression).MatchString}
}

// rules are the rules of the props, by struct and field.
var rules = map[string]rule{
	"RecoveryTableProps.TableName":                   tableName,
	"RecoveryTableAttributes.TableName":              tableName,
	"RecoveryVpcProps.AvailabilityZones":             zoneName,
	"RecoveryVpcAttributes.AvailabilityZones":        zoneName,
	"RecoveryVpcAttributes.BlackholeSecurityGroupId": groupID,
	"RecoveryVpcAttributes.CidrBlock":                block,
	"RecoveryVpcAttributes.LogFileSystemId":          filesID,
	"RecoveryVpcAttributes.LogSecurityGroupId":       groupID,
	"RecoveryVpcAttributes.SubnetIds":                subnetID,
	"RecoveryVpcAttributes.VpcId":                    vpcID,
	"SwitcherAttributes.RoleArn":                     roleArn,
	"ClusterNodeProps.NodeName":                      name,
	"NodeBoot.PrepareCommands":                       command,
	"ClusterNodeProps.Tags":                          tagValue,
	"AdoptedNodeProps.NodeName":                      name,
	"ClusterNodeAttributes.NodeName":                 name,
	"NodeVolume.DeviceName":                          device,
	"NodeLoadBalancer.ClientCidrs":                   block,
	"NodeLoadBalancer.HealthPath":                    urlPath,
	"NodeFileSystem.MountPath":                       mountPath,
	"NodeFileSystem.LogMountPath":                    mountPath,
	"NodeApplication.FaultScript":                    command,
	"NodeApplication.LogFiles":                       file,
	"NodeCheck.Command":                              command,
	"ApplicationStatusCheck.Path":                    urlPath,
	"ApplicationAlarm.Dimensions":                    dimension,
	"ApplicationAlarm.MetricName":                    metric,
	"ApplicationAlarm.Namespace":                     namespace,
	"RecoveryDashboardProps.DashboardName":           dashboard,
}

// checked are texts whose construct checks them: with a list of values, or with others.
var checked = []string{
	"AdoptedNodeProps.InstanceId", "ClusterNodeAttributes.InstanceId", "NodeElasticIp.AllocationId", "NodeElasticIp.PublicIp", "ApplicationAlarm.Process", "ApplicationStatusCheck.CheckId",
	"ApplicationStatusCheck.Protocol", "ApplicationStatusCheck.StatusCodes", "NodeNetwork.Zones", "NodeApplication.Units", "NodeCheck.HttpUrl", "NodeTargetGroup.TargetGroupArn", "RecoveryVpcProps.CidrBlock",
	"RecoveryVpcProps.SubnetCidrs", "SwitcherAttributes.IdTag", "SwitcherAttributes.RunbookUrl",
	"SwitcherAttributes.SwitcherName", "SwitcherAttributes.TargetTag", "SwitcherProps.IdTag", "SwitcherProps.Name", "SwitcherProps.RunbookUrl", "SwitcherProps.TargetTag",
}

// text applies the rule of a text. Texts with a part that is known only at deployment are
// not checked.
func (w *walker) text(f field, v string) error {
	if isToken(v) {
		return nil
	}
	r, has := rules[f.rule]
	if has && !r.fits(v) {
		return fmt.Errorf("%s is %q: allowed are %s; correct it", f.path, shortened(v), r.allowed)
	}
	if has && r.allowed == zoneName.allowed {
		return w.zone(f, v)
	}
	return w.arn(f, v)
}

// shortened keeps an error readable.
func shortened(v string) string {
	const most = 80
	if utf8.RuneCountInString(v) <= most {
		return v
	}
	return string([]rune(v)[:most]) + "…"
}

// mountPath is a directory that can be mounted over. The user data writes it unquoted.
var mountPath = rule{
	"absolute paths of letters, digits and ._- in a directory of your own, such as /data or /srv/orders; not a directory of the system such as /etc or /var",
	func(v string) bool {
		if !paths.MatchString(v) || strings.Contains(v+"/", "/../") || strings.Contains(v+"/", "/./") {
			return false
		}
		return !system[v] && !strings.HasPrefix(v, "/proc/") && !strings.HasPrefix(v, "/sys/") && !strings.HasPrefix(v, "/dev/") && !strings.HasPrefix(v, "/boot/")
	},
}

var paths = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)

// system are directories of Linux that a mount would hide (Filesystem Hierarchy Standard
// 3.0), and those that systemd and cloud-init write to.
var system = func() map[string]bool {
	hidden := map[string]bool{}
	for _, dir := range strings.Fields(`/bin /boot /dev /etc /home /lib /lib32 /lib64 /opt /proc /root /run /sbin /sys /tmp /usr /var
		/usr/bin /usr/lib /usr/lib64 /usr/local /usr/sbin /usr/share /var/cache /var/lib /var/lib/cloud /var/lib/systemd /var/log /var/log/journal
		/var/run /var/spool /var/tmp /etc/systemd /run/systemd /run/recovery /opt/aws`) {
		hidden[dir] = true
	}
	return hidden
}()
