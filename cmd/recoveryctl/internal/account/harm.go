package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// StopInstances powers instances off, with the operator's own credentials: a drill.
func (a *Account) StopInstances(ctx context.Context, ids []string) error {
	_, err := ec2.NewFromConfig(a.SDK).StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: ids})
	return Explain(err, "stop "+strings.Join(ids, ", "))
}

// SetAlarm puts an alarm into ALARM, with the operator's own credentials: a drill.
// CloudWatch puts it back when it next evaluates the metric.
func (a *Account) SetAlarm(ctx context.Context, name, reason string) error {
	client := cloudwatch.NewFromConfig(a.SDK, func(o *cloudwatch.Options) {
		if a.SDK.BaseEndpoint != nil { // emulators do not speak the client's default protocol
			o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
		}
	})
	_, err := client.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: &name, StateValue: types.StateValueAlarm, StateReason: aws.String(reason)})
	return Explain(err, fmt.Sprintf("set alarm %s to ALARM", name))
}
