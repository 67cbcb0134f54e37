// Package input checks what a user gives a construct, before the construct makes anything.
//
// It walks the props by reflection, so that a new prop is checked without a line of its
// own: every number is finite, no list or map has a nil entry, every text follows its rule
// (rules.go), every key is a key and not an alias, and every resource is of the construct's
// own Region.
package input

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
)

// Clean returns a copy of the props in which an alias of KMS is replaced by its key, or an
// error that names the first prop that cannot be used. Nil props stay nil.
func Clean[P any](scope constructs.Construct, props *P) (*P, error) {
	if props == nil {
		return nil, nil
	}
	w := walker{scope: scope}
	// Numbers first: NaN and infinity cannot be sent to the process that holds the
	// constructs, and would end it.
	if err := w.visit(reflect.ValueOf(props).Elem(), "", numbers); err != nil {
		return nil, err
	}
	clean := copied(reflect.ValueOf(props)).Interface().(*P) // a copy has the type of the original
	return clean, w.visit(reflect.ValueOf(clean).Elem(), "", w.values)
}

// visit calls check for every value in a struct of ours, in the order of the fields.
func (w *walker) visit(s reflect.Value, path string, check func(field, reflect.Value) error) error {
	for i := range s.NumField() {
		name := s.Type().Field(i).Name
		f := field{path: path + name, rule: s.Type().Name() + "." + name}
		if err := w.value(s.Field(i), f, check); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) value(v reflect.Value, f field, check func(field, reflect.Value) error) error {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil(), v.Kind() == reflect.Interface && v.IsNil():
		return nil // left out
	case ours(v.Type()):
		return w.visit(v, f.path+".", check)
	case v.Kind() == reflect.Pointer && ours(v.Type().Elem()):
		return w.visit(v.Elem(), f.path+".", check)
	case v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Slice:
		for i := range v.Elem().Len() {
			entry := field{path: fmt.Sprintf("%s[%d]", f.path, i), rule: f.rule}
			if err := w.entry(v.Elem().Index(i), entry, check); err != nil {
				return err
			}
		}
		return nil
	case v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Map:
		keys := v.Elem().MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			entry := field{path: fmt.Sprintf("%s[%q]", f.path, key.String()), rule: f.rule}
			if err := w.entry(v.Elem().MapIndex(key), entry, check); err != nil {
				return err
			}
		}
		return nil
	}
	return check(f, v)
}

func (w *walker) entry(v reflect.Value, f field, check func(field, reflect.Value) error) error {
	if k := v.Kind(); (k == reflect.Pointer || k == reflect.Interface) && v.IsNil() {
		return fmt.Errorf("%s is nil: give a value, or take the entry out", f.path)
	}
	return w.value(v, f, check)
}

// numbers refuses NaN and infinity.
func numbers(f field, v reflect.Value) error {
	n, is := v.Interface().(*float64)
	if is && (math.IsNaN(*n) || math.IsInf(*n, 0)) {
		return fmt.Errorf("%s is %s: give a finite number; look for a division by zero where it is computed", f.path, strconv.FormatFloat(*n, 'f', -1, 64))
	}
	return nil
}

// values checks everything but numbers, and replaces aliases.
func (w *walker) values(f field, v reflect.Value) error {
	switch x := v.Interface().(type) {
	case *string:
		return w.text(f, *x)
	case awskms.IKey:
		if v.Type() != reflect.TypeFor[awskms.IKey]() {
			break // a resource with the methods of a key is none
		}
		key, err := keyOf(f.path, x)
		if err != nil {
			return err
		}
		if key != x {
			v.Set(reflect.ValueOf(key))
		}
		return w.near(f, v.Type(), key)
	}
	if v.Kind() == reflect.Interface {
		return w.near(f, v.Type(), v.Interface())
	}
	return nil
}

// alias is the part of awskms.IAlias that an IKey does not have.
type alias interface {
	AliasName() *string
	AliasTargetKey() awskms.IKey
}

// keyOf returns the key itself where an alias of a key is given. IAM's statements about a
// key must name the key: one that names the ARN of an alias grants nothing
// (https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html).
func keyOf(path string, key awskms.IKey) (found awskms.IKey, err error) {
	refused := func(name string) error {
		return fmt.Errorf("%s is the alias %s, of which the key is not known: IAM grants nothing on an alias; "+
			"give the key, by awskms.Key_FromKeyArn, or by awskms.Key_FromLookup with AliasName", path, name)
	}
	a, is := key.(alias)
	if !is {
		if arn := *key.KeyArn(); strings.Contains(arn, ":alias/") {
			return nil, refused(arn[strings.Index(arn, "alias/"):])
		}
		return key, nil
	}
	defer func() { // AWS CDK knows the key of an alias that this app makes, and panics for others
		if recover() != nil {
			found, err = nil, refused(*a.AliasName())
		}
	}()
	return keyOf(path, a.AliasTargetKey())
}

// copied returns a copy of a value and of all structs of ours in it.
func copied(v reflect.Value) reflect.Value {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil() && (ours(v.Type().Elem()) || v.Type().Elem().Kind() == reflect.Slice):
		to := reflect.New(v.Type().Elem())
		to.Elem().Set(copied(v.Elem()))
		return to
	case v.Kind() == reflect.Slice && !v.IsNil():
		to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			to.Index(i).Set(copied(v.Index(i)))
		}
		return to
	case ours(v.Type()):
		to := reflect.New(v.Type()).Elem()
		to.Set(v)
		for i := range v.NumField() {
			to.Field(i).Set(copied(v.Field(i)))
		}
		return to
	}
	return v
}
