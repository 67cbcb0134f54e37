package inherit

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Unkept returns the settings of an SDK value that a replacement could not inherit, each
// with its value and the reason. A field that a pointer sets counts as set also when it
// is set to false, 0 or "".
func Unkept(s Source, of any) []string {
	var found []string
	walk(reflect.ValueOf(of), "", func(path, value string) {
		if f, known := Find(s, path); !known || f.refuses(value) {
			found = append(found, describe(path, value, f.Why))
		}
	})
	slices.Sort(found)
	return slices.Compact(found)
}

func describe(path, value, why string) string {
	if why == "" {
		why = "this version of the switcher does not know the setting"
	}
	return fmt.Sprintf("%s is %q (%s)", path, value, why)
}

// Paths returns the dotted names of all fields of a type.
func Paths(t reflect.Type) []string {
	var found []string
	var visit func(t reflect.Type, path string)
	visit = func(t reflect.Type, path string) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
			found = append(found, path)
			return
		}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				visit(f.Type, join(path, f.Name))
			}
		}
	}
	visit(t, "")
	return found
}

// walk calls visit for every field that is set.
func walk(v reflect.Value, path string, visit func(path, value string)) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if e := v.Elem(); e.Kind() != reflect.Struct {
			visit(path, fmt.Sprint(e.Interface()))
			return
		}
		walk(v.Elem(), path, visit)
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), path, visit)
		}
	case reflect.Struct:
		if t, is := v.Interface().(time.Time); is {
			visit(path, t.String())
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				walk(v.Field(i), join(path, f.Name), visit)
			}
		}
	default:
		if !v.IsZero() {
			visit(path, fmt.Sprint(v.Interface()))
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
