package recovery

import (
	"fmt"
	"math"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// place is where a construct stands, for error texts. It exists before the
// construct does, so that props are checked before anything is created.
type place string

func placeOf(scope constructs.Construct, id *string) place {
	if id == nil {
		panic("recovery: the construct's id is nil: give a string such as jsii.String(\"Node\")")
	}
	if path := *scope.Node().Path(); path != "" {
		return place(path + "/" + *id)
	}
	return place(*id)
}

// fail ends the synthesis. AWS CDK reports errors to Go as panics, so a caller
// has one way to see both.
func (p place) fail(format string, args ...any) {
	panic(fmt.Sprintf("%s: %s", p, fmt.Sprintf(format, args...)))
}

func (p place) failOn(err error) {
	if err != nil {
		p.fail("%v", err)
	}
}

// require fails for a prop that was left out. Interfaces are compared by the caller.
func (p place) require(given bool, prop, fix string) {
	if !given {
		p.fail("%s is missing: %s", prop, fix)
	}
}

// whole checks a number prop against whole-number bounds and returns it.
func (p place) whole(prop string, value *float64, def, low, high int) int {
	if value == nil {
		return def
	}
	if unresolved(value) {
		p.fail("%s is a token: it must be known at synthesis; give a number from %d to %d", prop, low, high)
	}
	if v := *value; v != math.Trunc(v) || v < float64(low) || v > float64(high) {
		p.fail("%s is %s: allowed are the whole numbers %d to %d; leave it out for %d",
			prop, strconv.FormatFloat(v, 'f', -1, 64), low, high, def)
	}
	return int(*value)
}

// oneOf checks a string prop against a list and returns it.
func (p place) oneOf(prop string, value *string, def string, allowed ...string) string {
	if value == nil {
		return def
	}
	if unresolved(value) {
		return *value
	}
	for _, a := range allowed {
		if *value == a {
			return a
		}
	}
	p.fail("%s is %q: allowed are %q; leave it out for %q", prop, *value, allowed, def)
	return ""
}

// tagKeyError says what is wrong with the key of a tag that a node carries.
func tagKeyError(key string) error {
	err := contract.Exposable(key)
	switch {
	case err != nil:
		return err
	case len(key) >= 4 && key[:4] == "aws:":
		return fmt.Errorf("tag key %q begins with aws:, which AWS reserves; rename the tag", key)
	case contract.IsControlTag(key):
		return fmt.Errorf("tag key %q is the switcher's own (%q): it is never inherited; rename the tag", key, contract.ControlTags)
	}
	return nil
}

// unresolved reports whether the value is a token, known only at deployment.
func unresolved(value any) bool { return *awscdk.Token_IsUnresolved(value) }

// or is the prop's value, or its default when it was left out.
func or[T any](value *T, def T) T {
	if value == nil {
		return def
	}
	return *value
}

// list is the prop's list without pointers, nil when it was left out.
func list(values *[]*string) []string {
	if values == nil {
		return nil
	}
	out := make([]string, 0, len(*values))
	for _, v := range *values {
		out = append(out, or(v, ""))
	}
	return out
}

// texts is the prop's list without pointers, nil when it was left out. A list that is
// one token has no entries to look at, and no number of them.
func (p place) texts(prop string, values *[]*string) []string {
	if values != nil && unresolved(values) {
		p.fail("%s is a list that is known only at deployment: its length must be known at synthesis; give its entries one by one, "+
			"for example by awscdk.Fn_Split with assumedLength", prop)
	}
	return list(values)
}

// seconds is a duration in whole seconds, or def when it was left out.
func (p place) seconds(prop string, d awscdk.Duration, def int) int {
	if d == nil {
		return def
	}
	if *d.IsUnresolved() {
		p.fail("%s is a token: it must be known at synthesis; give a duration such as awscdk.Duration_Seconds(jsii.Number(60))", prop)
	}
	return int(*d.ToSeconds(&awscdk.TimeConversionOptions{Integral: new(true)}))
}

// between is a duration prop in whole seconds, checked against bounds.
func (p place) between(prop string, d awscdk.Duration, def, low, high int) int {
	s := p.seconds(prop, d, def)
	if s < low || s > high {
		p.fail("%s is %d s: allowed are %d to %d s; leave it out for %d s", prop, s, low, high, def)
	}
	return s
}

func refuseDuplicates(at place, kind string, names []string) {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			at.fail("%s %q is named twice: name each once", kind, name)
		}
		seen[name] = true
	}
}

func secondsOrNil(d awscdk.Duration) *float64 {
	if d == nil {
		return nil
	}
	return d.ToSeconds(nil)
}

func minutesOrNil(d awscdk.Duration) *float64 {
	if d == nil {
		return nil
	}
	return d.ToMinutes(nil)
}

func number(n int) *float64 { return jsii.Number(float64(n)) }

// duration is a whole number of seconds as AWS CDK wants it.
func duration(s int) awscdk.Duration { return awscdk.Duration_Seconds(jsii.Number(float64(s))) }
