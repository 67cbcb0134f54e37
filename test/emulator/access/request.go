package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
)

// Lookup tells of the resources that calls name, as they are now.
type Lookup interface {
	// Tags of an instance, a target group (its ARN) or a file system.
	Tags(ctx context.Context, region, id string) (map[string]string, error)
	// VPC of a subnet, a security group or a network interface: its id.
	VPC(ctx context.Context, region, id string) (string, error)
	// Carrier is the instance that a network interface is attached to, if any.
	Carrier(ctx context.Context, region, networkInterface string) (string, error)
	// Mount is a mount target's file system and subnet, "" if the target is gone.
	Mount(ctx context.Context, region, mountTarget string) (fileSystem, subnet string, err error)
	// Role is the ARN of the role in an instance profile.
	Role(ctx context.Context, region, profile string) (string, error)
	// Customers reports whether a KMS key is a customer's. The policy of AWS's own lets
	// everybody in the account use it through its service.
	Customers(ctx context.Context, region, key string) (bool, error)
}

// asker collects the requests of one call.
type asker struct {
	ctx     context.Context
	look    Lookup
	account string
	call    proxy.Call
	all     []Request
	err     error
}

// Requests are what must be allowed for a call to be carried out.
func Requests(ctx context.Context, look Lookup, account string, c proxy.Call) ([]Request, error) {
	a := &asker{ctx: ctx, look: look, account: account, call: c}
	make, ok := makers[c.Service+":"+c.Action]
	switch {
	case ok:
		make(a)
	case c.Service == proxy.EC2 && !c.Mutating(), c.Service == proxy.ELB && !c.Mutating(), c.Service == proxy.Zonal && !c.Mutating():
		a.ask("*", nil) // EC2's and ELB's Describe actions know no resources
	default:
		return nil, fmt.Errorf("it is not known how %s is authorised: add it to test/emulator/access", c.Name())
	}
	return a.all, a.err
}

var makers = map[string]func(*asker){
	proxy.EC2 + ":DescribeInstanceAttribute":       func(a *asker) { a.onInstance(a.p("InstanceId"), nil) },
	proxy.EC2 + ":RunInstances":                    launch,
	proxy.EC2 + ":StopInstances":                   instances,
	proxy.EC2 + ":StartInstances":                  instances,
	proxy.EC2 + ":TerminateInstances":              instances,
	proxy.EC2 + ":ModifyInstanceAttribute":         func(a *asker) { a.onInstance(a.p("InstanceId"), nil) },
	proxy.EC2 + ":CreateTags":                      tags,
	proxy.EC2 + ":DeleteTags":                      tags,
	proxy.EC2 + ":ModifyNetworkInterfaceAttribute": swapGroups,
	proxy.EC2 + ":AssociateAddress":                moveAddress,
	// That both know the check as their resource is assumed: the Service Authorization
	// Reference at hand does not have them yet.
	proxy.EC2 + ":AssociateApplicationStatusCheck":    statusCheck,
	proxy.EC2 + ":DisassociateApplicationStatusCheck": statusCheck,
	proxy.ELB + ":RegisterTargets":                    targets,
	proxy.ELB + ":DeregisterTargets":                  targets,
	proxy.CloudWatch + ":DescribeAlarms":              func(a *asker) { a.ask(a.arn("cloudwatch", "alarm:*"), nil) },
	proxy.CloudWatch + ":PutMetricAlarm":              func(a *asker) { a.ask(a.arn("cloudwatch", "alarm:"+a.p("AlarmName")), nil) },
	proxy.DynamoDB + ":GetItem":                       item,
	proxy.DynamoDB + ":PutItem":                       item,
	proxy.DynamoDB + ":DeleteItem":                    item,
	proxy.DynamoDB + ":Query":                         item,
	proxy.SNS + ":Publish":                            func(a *asker) { a.ask(a.p("TopicArn"), nil) },
	proxy.Events + ":PutEvents":                       announce,
	proxy.Lambda + ":Invoke":                          invoke,
	proxy.EFS + ":DescribeMountTargets":               func(a *asker) { a.onFiles(a.p("FileSystemId")) },
	proxy.EFS + ":DescribeMountTargetSecurityGroups": func(a *asker) {
		a.onMount()
		a.other("ec2:DescribeNetworkInterfaceAttribute", "*", nil)
	},
	proxy.EFS + ":CreateMountTarget": createMount,
	proxy.EFS + ":DeleteMountTarget": deleteMount,
}

// moveAddress is authorised on the address, the interface and the instance that the
// interface belongs to (Service Authorization Reference, Amazon EC2).
func moveAddress(a *asker) {
	a.ask(a.ec2("elastic-ip/"+a.p("AllocationId")), nil)
	a.onInterface("ec2:AssociateAddress", a.p("NetworkInterfaceId"))
}

// announce: without EventBusName the account's default bus is meant.
func announce(a *asker) {
	a.ask(a.arn("events", "event-bus/default"), map[string][]string{
		"events:source": {a.p("Entries.1.Source")}, "events:detail-type": {a.p("Entries.1.DetailType")},
	})
}

func (a *asker) p(name string) string { return a.call.Params[name] }

// list is the values of a numbered parameter.
func (a *asker) list(format string) []string {
	var all []string
	for i := 1; a.p(fmt.Sprintf(format, i)) != ""; i++ {
		all = append(all, a.p(fmt.Sprintf(format, i)))
	}
	return all
}

func (a *asker) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, a.call.Region, a.account, resource)
}

func (a *asker) ec2(resource string) string { return a.arn("ec2", resource) }

// prefixes are IAM's names of services where they differ from the signature's.
var prefixes = map[string]string{proxy.CloudWatch: "cloudwatch"}

// ask is the call's own action.
func (a *asker) ask(resource string, context map[string][]string) {
	service := a.call.Service
	if p, ok := prefixes[service]; ok {
		service = p
	}
	a.other(service+":"+a.call.Action, resource, context)
}

func (a *asker) other(action, resource string, context map[string][]string) {
	a.all = append(a.all, Request{action, resource, context})
}

// tagged adds the tags of a resource to a context.
func (a *asker) tagged(id string, context map[string][]string) map[string][]string {
	if context == nil {
		context = map[string][]string{}
	}
	tags, err := a.look.Tags(a.ctx, a.call.Region, id)
	if err != nil {
		a.err = err
	}
	for k, v := range tags {
		context["aws:ResourceTag/"+k] = []string{v}
	}
	return context
}

func (a *asker) onInstance(id string, context map[string][]string) {
	a.ask(a.ec2("instance/"+id), a.tagged(id, context))
}

func (a *asker) inVPC(action, kind, id string) {
	vpc, err := a.look.VPC(a.ctx, a.call.Region, id)
	if err != nil {
		a.err = err
	}
	a.other(action, a.ec2(kind+"/"+id), map[string][]string{"ec2:Vpc": {a.ec2("vpc/" + vpc)}})
}

func instances(a *asker) {
	for _, id := range a.list("InstanceId.%d") {
		a.onInstance(id, nil)
	}
}

// tags: an own key is a value of aws:TagKeys, and of aws:RequestTag where it is given a value.
func tags(a *asker) {
	for _, id := range a.list("ResourceId.%d") {
		context := map[string][]string{}
		for i, key := range a.list("Tag.%d.Key") {
			context["aws:TagKeys"] = append(context["aws:TagKeys"], key)
			if value, ok := a.call.Params[fmt.Sprintf("Tag.%d.Value", i+1)]; ok {
				context["aws:RequestTag/"+key] = []string{value}
			}
		}
		a.onInstance(id, context)
	}
}

func statusCheck(a *asker) {
	id := a.p("ApplicationStatusCheckId")
	a.ask(a.ec2("application-status-check/"+id), a.tagged(id, nil))
}

func swapGroups(a *asker) {
	const action = "ec2:ModifyNetworkInterfaceAttribute"
	a.onInterface(action, a.p("NetworkInterfaceId"))
	for _, g := range a.list("SecurityGroupId.%d") {
		a.inVPC(action, "security-group", g)
	}
}

// onInterface: an attached interface is authorised with its instance.
func (a *asker) onInterface(action, id string) {
	a.inVPC(action, "network-interface", id)
	instance, err := a.look.Carrier(a.ctx, a.call.Region, id)
	if err != nil {
		a.err = err
	}
	if instance != "" {
		a.onInstance(instance, nil)
	}
}

func targets(a *asker) {
	a.ask(a.p("TargetGroupArn"), a.tagged(a.p("TargetGroupArn"), nil))
}

func item(a *asker) {
	keys := []string{a.p("Key.pk.S"), a.p("Item.pk.S"), a.p("ExpressionAttributeValues.:pk.S")}
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == "" })
	a.ask(a.arn("dynamodb", "table/"+a.p("TableName")), map[string][]string{"dynamodb:LeadingKeys": keys})
}

func invoke(a *asker) {
	name := strings.Split(a.p("Path"), "/")[3]
	a.other("lambda:InvokeFunction", a.arn("lambda", "function:"+name), nil)
}

func (a *asker) onFiles(id string) {
	a.ask(a.arn("elasticfilesystem", "file-system/"+id), a.tagged(id, nil))
}

// onMount asks for the file system of the mount target that the path names, and
// returns the target's subnet.
func (a *asker) onMount() string {
	fs, subnet, err := a.look.Mount(a.ctx, a.call.Region, strings.Split(a.p("Path"), "/")[3])
	if err != nil {
		a.err = err
	}
	if fs != "" {
		a.onFiles(fs)
	}
	return subnet
}

// deleteMount: the target's interface goes with it. The emulator shows none; it is
// in the target's subnet.
func deleteMount(a *asker) {
	subnet := a.onMount()
	if subnet == "" {
		return
	}
	vpc, err := a.look.VPC(a.ctx, a.call.Region, subnet)
	if err != nil {
		a.err = err
	}
	a.other("ec2:DeleteNetworkInterface", a.ec2("network-interface/eni-of-the-target"), map[string][]string{"ec2:Vpc": {a.ec2("vpc/" + vpc)}})
}

// createMount: EFS makes the interface with the caller's permissions
// (CreateMountTarget, Amazon EFS API reference).
func createMount(a *asker) {
	a.onFiles(a.p("FileSystemId"))
	a.other("ec2:DescribeSubnets", "*", nil)
	a.other("ec2:DescribeNetworkInterfaces", "*", nil)
	const action = "ec2:CreateNetworkInterface"
	a.other(action, a.ec2("network-interface/*"), nil)
	a.inVPC(action, "subnet", a.p("SubnetId"))
	for _, g := range a.list("SecurityGroups.%d") {
		a.inVPC(action, "security-group", g)
	}
}
