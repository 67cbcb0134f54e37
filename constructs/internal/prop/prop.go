// Package prop checks the values of props and names the construct and the prop in
// every error.
package prop

import (
	"fmt"
	"math"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/workload-recovery/workload-recovery/internal/contract"
)

// Place is where a construct stands, for error texts. It exists before the
// construct does, so that props are checked before anything is created.
type Place string

// Of is the place of the construct that is to be made.
func Of(scope constructs.Construct, id *string) Place {
	if id == nil {
		panic("recovery: the construct's id is nil: give a string such as jsii.String(\"Node\")")
	}
	if scope == nil {
		panic(fmt.Sprintf("recovery: the scope of construct %q is nil: give the Stack, or the construct, that it belongs to", *id))
	}
	if path := *scope.Node().Path(); path != "" {
		return Place(path + "/" + *id)
	}
	return Place(*id)
}

// Fail ends the synthesis. AWS CDK reports errors to Go as panics, so a caller
// has one way to see both.
func (p Place) Fail(format string, args ...any) {
	panic(fmt.Sprintf("%s: %s", p, fmt.Sprintf(format, args...)))
}

// FailOn ends the synthesis if there is an error.
func (p Place) FailOn(err error) {
	if err != nil {
		p.Fail("%v", err)
	}
}

// Require fails for a prop that was left out. Interfaces are compared by the caller.
func (p Place) Require(given bool, prop, fix string) {
	if !given {
		p.Fail("%s is missing: %s", prop, fix)
	}
}

// Whole checks a number prop against whole-number bounds and returns it.
func (p Place) Whole(prop string, value *float64, def, low, high int) int {
	if value == nil {
		return def
	}
	if Unresolved(value) {
		p.Fail("%s is a token: it must be known at synthesis; give a number from %d to %d", prop, low, high)
	}
	if v := *value; v != math.Trunc(v) || v < float64(low) || v > float64(high) {
		p.Fail("%s is %s: allowed are the whole numbers %d to %d; leave it out for %d",
			prop, strconv.FormatFloat(v, 'f', -1, 64), low, high, def)
	}
	return int(*value)
}

// OneOf checks a string prop against a list and returns it.
func (p Place) OneOf(prop string, value *string, def string, allowed ...string) string {
	if value == nil {
		return def
	}
	if Unresolved(value) {
		return *value
	}
	for _, a := range allowed {
		if *value == a {
			return a
		}
	}
	p.Fail("%s is %q: allowed are %q; leave it out for %q", prop, *value, allowed, def)
	return ""
}

// TagKeyError says what is wrong with the key of a tag that a node carries.
func TagKeyError(key string) error {
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

// Unresolved reports whether the value is a token, known only at deployment.
func Unresolved(value any) bool { return *awscdk.Token_IsUnresolved(value) }

// Or is the prop's value, or its default when it was left out.
func Or[T any](value *T, def T) T {
	if value == nil {
		return def
	}
	return *value
}

// List is the prop's list without pointers, nil when it was left out.
func List(values *[]*string) []string {
	if values == nil {
		return nil
	}
	out := make([]string, 0, len(*values))
	for _, v := range *values {
		out = append(out, Or(v, ""))
	}
	return out
}

// Texts is the prop's list without pointers, nil when it was left out. A list that is
// one token has no entries to look at, and no number of them.
func (p Place) Texts(prop string, values *[]*string) []string {
	if values != nil && Unresolved(values) {
		p.Fail("%s is a list that is known only at deployment: its length must be known at synthesis; give its entries one by one, "+
			"for example by awscdk.Fn_Split with assumedLength", prop)
	}
	return List(values)
}

// Seconds is a duration in whole seconds, or def when it was left out.
func (p Place) Seconds(prop string, d awscdk.Duration, def int) int {
	if d == nil {
		return def
	}
	if *d.IsUnresolved() {
		p.Fail("%s is a token: it must be known at synthesis; give a duration such as awscdk.Duration_Seconds(jsii.Number(60))", prop)
	}
	ms := *d.ToMilliseconds(nil)
	if math.Mod(ms, 1000) != 0 {
		p.Fail("%s is %s s: allowed are whole seconds; round it", prop, strconv.FormatFloat(ms/1000, 'f', -1, 64))
	}
	return int(ms / 1000)
}

// Between is a duration prop in whole seconds, checked against bounds.
func (p Place) Between(prop string, d awscdk.Duration, def, low, high int) int {
	s := p.Seconds(prop, d, def)
	if s < low || s > high {
		p.Fail("%s is %d s: allowed are %d to %d s; leave it out for %d s", prop, s, low, high, def)
	}
	return s
}

// RefuseDuplicates fails for a name that is in the list twice.
func RefuseDuplicates(at Place, kind string, names []string) {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			at.Fail("%s %q is named twice: name each once", kind, name)
		}
		seen[name] = true
	}
}

// Minutes is a duration prop in whole minutes, checked against bounds.
func (p Place) Minutes(prop string, d awscdk.Duration, def, low, high int) int {
	return p.units(prop, d, 60, "minutes", def, low, high)
}

// Days is a duration prop in whole days, checked against bounds.
func (p Place) Days(prop string, d awscdk.Duration, def, low, high int) int {
	return p.units(prop, d, 24*60*60, "days", def, low, high)
}

func (p Place) units(prop string, d awscdk.Duration, seconds int, unit string, def, low, high int) int {
	s := p.Seconds(prop, d, def*seconds)
	n, given := s/seconds, fmt.Sprintf("%d s", s)
	if s%seconds == 0 {
		given = fmt.Sprintf("%d %s", n, unit)
	}
	if s%seconds != 0 || n < low || n > high {
		p.Fail("%s is %s: allowed are %d to %d whole %s; leave it out for %d", prop, given, low, high, unit, def)
	}
	return n
}

// Number is an integer as AWS CDK takes it.
func Number(n int) *float64 { return jsii.Number(float64(n)) }

// Duration is a number of seconds as AWS CDK takes it.
func Duration(s int) awscdk.Duration { return awscdk.Duration_Seconds(jsii.Number(float64(s))) }

// Gibibytes is a required size prop in GiB. allowed is for the error of one that is missing;
// the caller checks the bounds.
func (p Place) Gibibytes(prop string, size awscdk.Size, allowed string) *float64 {
	if size == nil {
		p.Fail("%s is missing: give a size of %s such as awscdk.Size_Gibibytes(jsii.Number(20))", prop, allowed)
	}
	if *size.IsUnresolved() {
		p.Fail("%s is a token: it must be known at synthesis; give a size such as awscdk.Size_Gibibytes(jsii.Number(20))", prop)
	}
	return size.ToGibibytes(&awscdk.SizeConversionOptions{Rounding: awscdk.SizeRoundingBehavior_NONE})
}
