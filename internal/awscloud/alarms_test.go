package awscloud

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"
)

// leftOut are the fields of PutMetricAlarm that a rewrite leaves out on purpose,
// with the reason.
var leftOut = map[string]string{
	"Tags": "ignored by PutMetricAlarm for an alarm that exists; the alarm keeps its tags",
}

// The SDK may grow a field. Then this fails until rewrite copies it, since a switch
// would otherwise wipe it off the user's alarm.
func TestRewriteCopiesEveryField(t *testing.T) {
	var alarm types.MetricAlarm
	fill(t, reflect.ValueOf(&alarm).Elem())
	alarm.EvaluationCriteria = &types.EvaluationCriteriaMemberPromQLCriteria{}
	alarm.EvaluationWindow = &types.EvaluationWindowMemberSlidingWindow{}
	from, to := reflect.ValueOf(alarm), reflect.ValueOf(*rewrite(&alarm))
	for i := range to.NumField() {
		field := to.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		if reason, ok := leftOut[field.Name]; ok {
			if !to.Field(i).IsZero() {
				t.Errorf("%s is copied, though it is listed as left out (%s)", field.Name, reason)
			}
			continue
		}
		source := from.FieldByName(field.Name)
		if !source.IsValid() {
			t.Errorf("PutMetricAlarm's %s has no counterpart in what DescribeAlarms answers: decide how it is kept, or list it in leftOut", field.Name)
			continue
		}
		if source.IsZero() {
			t.Fatalf("the test did not fill %s", field.Name)
		}
		if !reflect.DeepEqual(source.Interface(), to.Field(i).Interface()) {
			t.Errorf("%s is not copied: copy it in rewrite, or list it in leftOut", field.Name)
		}
	}
}

// fill gives every field of a structure a value; interfaces are left to the caller.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Interface:
	default:
		t.Fatalf("the test cannot fill a %s", v.Type())
	}
}

func dimensions(pairs ...string) []types.Dimension {
	var to []types.Dimension
	for i := 0; i < len(pairs); i += 2 {
		to = append(to, types.Dimension{Name: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	return to
}

func TestRepointChangesInstanceDimensionsOnly(t *testing.T) {
	d := dimensions("InstanceId", "i-old", "Disk", "i-old", "InstanceId", "i-older")
	repoint(d, "i-new")
	got := map[string]bool{}
	for _, x := range d {
		got[*x.Name+"="+*x.Value] = true
	}
	want := map[string]bool{"InstanceId=i-new": true, "Disk=i-old": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dimensions differ (-want +got):\n%s", diff)
	}
}

func TestWatchedFindsInstancesInMetricMath(t *testing.T) {
	metric := func(id string) types.MetricDataQuery {
		return types.MetricDataQuery{MetricStat: &types.MetricStat{Metric: &types.Metric{Dimensions: dimensions("InstanceId", id)}}}
	}
	got := watched(&types.MetricAlarm{Metrics: []types.MetricDataQuery{
		{Expression: aws.String("m1+m2")}, metric("i-1"), metric("i-2"), metric("i-1"),
	}})
	if diff := cmp.Diff([]string{"i-1", "i-2"}, got); diff != "" {
		t.Errorf("instances differ (-want +got):\n%s", diff)
	}
}
