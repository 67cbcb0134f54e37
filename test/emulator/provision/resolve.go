package provision

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// noValue is what AWS::NoValue resolves to: the property is left out.
type noValue struct{}

var placeholder = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// resolver turns a template's values into plain ones.
type resolver struct {
	ctx   context.Context
	d     *Deployment
	stack *Deployed
}

func (r resolver) resolve(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for name, arg := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					out, err := r.function(name, arg)
					if err != nil {
						return nil, fmt.Errorf("%s %s: %w", name, text(arg), err)
					}
					return out, nil
				}
			}
		}
		out := make(map[string]any, len(v))
		for k, e := range v {
			x, err := r.resolve(e)
			if err != nil {
				return nil, err
			}
			if _, gone := x.(noValue); !gone {
				out[k] = x
			}
		}
		return out, nil
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			x, err := r.resolve(e)
			if err != nil {
				return nil, err
			}
			if _, gone := x.(noValue); !gone {
				out = append(out, x)
			}
		}
		return out, nil
	default:
		return v, nil
	}
}

func (r resolver) function(name string, arg any) (any, error) {
	switch name {
	case "Ref":
		return r.ref(fmt.Sprint(arg))
	case "Fn::If":
		return r.condition(arg)
	case "Fn::GetAtt":
		return r.attribute(arg)
	case "Fn::Sub":
		return r.sub(arg)
	}
	a, err := r.resolve(arg)
	if err != nil {
		return nil, err
	}
	list, _ := a.([]any)
	switch name {
	case "Fn::Join":
		return join(list)
	case "Fn::Select":
		return choose(list)
	case "Fn::Split":
		if len(list) != 2 {
			return nil, errors.New("wants a separator and a text")
		}
		var parts []any
		for _, p := range strings.Split(fmt.Sprint(list[1]), fmt.Sprint(list[0])) {
			parts = append(parts, p)
		}
		return parts, nil
	case "Fn::GetAZs":
		region := fmt.Sprint(a)
		if region == "" {
			region = r.stack.Region
		}
		return r.d.zones(r.ctx, region)
	case "Fn::Base64":
		return base64.StdEncoding.EncodeToString([]byte(fmt.Sprint(a))), nil
	case "Fn::ImportValue":
		if v, ok := r.d.exports[r.stack.Region+" "+fmt.Sprint(a)]; ok {
			return v, nil
		}
		return nil, fmt.Errorf("no stack deployed to %s so far exports this", r.stack.Region)
	case "Fn::FindInMap":
		return r.lookup(list)
	}
	return nil, errors.New("this intrinsic function is not known to the provisioner: add it to resolve.go")
}

func (r resolver) ref(id string) (any, error) {
	switch id {
	case "AWS::Region":
		return r.stack.Region, nil
	case "AWS::AccountId":
		return r.d.Account(), nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::StackName":
		return r.stack.Name, nil
	case "AWS::StackId":
		return r.stack.ID, nil
	case "AWS::NoValue":
		return noValue{}, nil
	}
	if v, ok := r.stack.parameters[id]; ok {
		return v, nil
	}
	if p, ok := r.stack.template.Parameters[id]; ok {
		if strings.HasPrefix(p.Type, "AWS::SSM::Parameter::Value<") {
			return r.d.parameter(r.ctx, r.stack.Region, fmt.Sprint(p.Default))
		}
		return p.Default, nil
	}
	if res, ok := r.stack.Resources[id]; ok {
		return res.Physical, nil
	}
	return nil, errors.New("neither a parameter nor a resource created so far")
}

func (r resolver) attribute(arg any) (any, error) {
	var id, name string
	switch a := arg.(type) {
	case []any:
		n, err := r.resolve(a[1])
		if err != nil {
			return nil, err
		}
		id, name = fmt.Sprint(a[0]), fmt.Sprint(n)
	case string:
		id, name, _ = strings.Cut(a, ".")
	}
	res, ok := r.stack.Resources[id]
	if !ok {
		return nil, errors.New("no such resource was created so far")
	}
	v, ok := res.Attributes[name]
	if !ok {
		return nil, fmt.Errorf("the provisioner keeps no attribute %q of %s: add it to the type's creator", name, res.Type)
	}
	return v, nil
}

func (r resolver) sub(arg any) (any, error) {
	own := map[string]any{}
	if list, ok := arg.([]any); ok && len(list) == 2 {
		vars, err := r.resolve(list[1])
		if err != nil {
			return nil, err
		}
		own, _ = vars.(map[string]any)
		arg = list[0]
	}
	var failed error
	out := placeholder.ReplaceAllStringFunc(fmt.Sprint(arg), func(m string) string {
		name := m[2 : len(m)-1]
		v, ok := own[name]
		if !ok {
			var err error
			if strings.Contains(name, ".") {
				v, err = r.attribute(name)
			} else {
				v, err = r.ref(name)
			}
			if err != nil {
				failed = fmt.Errorf("%s: %w", m, err)
			}
		}
		return fmt.Sprint(v)
	})
	return strings.ReplaceAll(out, "${!", "${"), failed
}

func (r resolver) condition(arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 3 {
		return nil, errors.New("wants a condition and two values")
	}
	yes, err := r.holds(map[string]any{"Condition": list[0]})
	if err != nil {
		return nil, err
	}
	if yes {
		return r.resolve(list[1])
	}
	return r.resolve(list[2])
}

// holds evaluates a condition function.
func (r resolver) holds(v any) (bool, error) {
	m, _ := v.(map[string]any)
	for name, arg := range m {
		list, _ := arg.([]any)
		switch name {
		case "Condition":
			c, ok := r.stack.template.Conditions[fmt.Sprint(arg)]
			if !ok {
				return false, fmt.Errorf("condition %v is not defined", arg)
			}
			return r.holds(c)
		case "Fn::Equals":
			x, err := r.resolve(arg)
			if err != nil {
				return false, err
			}
			two, _ := x.([]any)
			return len(two) == 2 && fmt.Sprint(two[0]) == fmt.Sprint(two[1]), nil
		case "Fn::Not", "Fn::And", "Fn::Or":
			for _, e := range list {
				yes, err := r.holds(e)
				if err != nil {
					return false, err
				}
				if name == "Fn::Not" {
					return !yes, nil
				}
				if yes == (name == "Fn::Or") {
					return yes, nil
				}
			}
			return name == "Fn::And", nil
		}
	}
	return false, fmt.Errorf("condition %s is not known to the provisioner", text(v))
}

func (r resolver) lookup(list []any) (any, error) {
	if len(list) < 3 {
		return nil, errors.New("wants a map and two keys")
	}
	v, ok := r.stack.template.Mappings[fmt.Sprint(list[0])][fmt.Sprint(list[1])][fmt.Sprint(list[2])]
	if !ok {
		return nil, errors.New("no such entry")
	}
	return v, nil
}

func join(list []any) (any, error) {
	if len(list) != 2 {
		return nil, errors.New("wants a separator and a list")
	}
	items, ok := list[1].([]any)
	if !ok {
		return nil, errors.New("its second argument is not a list")
	}
	parts := make([]string, 0, len(items))
	for _, e := range items {
		parts = append(parts, fmt.Sprint(e))
	}
	return strings.Join(parts, fmt.Sprint(list[0])), nil
}

func choose(list []any) (any, error) {
	if len(list) != 2 {
		return nil, errors.New("wants an index and a list")
	}
	items, _ := list[1].([]any)
	i, err := strconv.Atoi(fmt.Sprint(list[0]))
	if err != nil || i < 0 || i >= len(items) {
		return nil, fmt.Errorf("index %v is not within the list of %d", list[0], len(items))
	}
	return items[i], nil
}

// text shows a template's value in an error.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
