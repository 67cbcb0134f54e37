package awscloud

import "reflect"

// take returns what p points at and leaves nil behind.
func take[T any](p **T) (v T) {
	if *p != nil {
		v = **p
	}
	*p = nil
	return v
}

// take0 returns the value and leaves the zero value behind.
func take0[T any](p *T) T {
	var zero T
	v := *p
	*p = zero
	return v
}

// leftover names the exported fields of a struct that still say something.
func leftover(prefix string, of any) []string {
	var names []string
	v := reflect.ValueOf(of)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !empty(v.Field(i)) {
			names = append(names, prefix+f.Name)
		}
	}
	return names
}

// empty reports that a value says nothing: zero, or built only of such. EC2 answers
// a setting that nobody made with false or an empty structure at times.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || empty(v.Elem())
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !empty(v.Field(i)) {
				return false
			}
		}
		return true
	default:
		return v.IsZero()
	}
}
