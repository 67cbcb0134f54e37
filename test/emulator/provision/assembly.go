package provision

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// Assembly is a synthesised app: its stacks in the order of deployment.
type Assembly struct {
	Dir    string
	Stacks []*Stack
}

// Stack is one template.
type Stack struct {
	Name     string
	Region   string // "" if the stack may go to any
	Template Template
	// Tags are the stack's own, which CloudFormation puts on every resource that can be
	// tagged. They stand in no template.
	Tags map[string]string
	// Parameters are values given at deployment, by name.
	Parameters map[string]string
	needs      []string
}

// Template is the part of a CloudFormation template that matters here.
type Template struct {
	Parameters map[string]struct {
		Type    string
		Default any
	}
	Mappings   map[string]map[string]map[string]any
	Conditions map[string]any
	Resources  map[string]Resource
	Outputs    map[string]struct {
		Value  any
		Export struct{ Name any }
	}
}

// Resource is a resource as it stands in a template.
type Resource struct {
	Type       string
	Properties map[string]any
	DependsOn  any
	Condition  string
	// DeletionPolicy Retain leaves the resource when its stack, or it, is deleted.
	DeletionPolicy string
}

// Load reads a cloud assembly (cdk.out).
func Load(dir string) (*Assembly, error) {
	var manifest struct {
		Artifacts map[string]struct {
			Type         string
			Environment  string
			Dependencies []string
			Properties   struct {
				TemplateFile string `json:"templateFile"`
				StackName    string `json:"stackName"`
				Tags         map[string]string
			}
		}
	}
	if err := readJSON(filepath.Join(dir, "manifest.json"), &manifest); err != nil {
		return nil, fmt.Errorf("read the cloud assembly: %w: run `make synth` first", err)
	}
	byID := map[string]*Stack{}
	for id, a := range manifest.Artifacts {
		if a.Type != "aws:cloudformation:stack" {
			continue
		}
		s := &Stack{Name: a.Properties.StackName, needs: a.Dependencies, Tags: a.Properties.Tags}
		if s.Name == "" {
			s.Name = id
		}
		if parts := strings.Split(a.Environment, "/"); parts[len(parts)-1] != "unknown-region" {
			s.Region = parts[len(parts)-1]
		}
		if err := readJSON(filepath.Join(dir, a.Properties.TemplateFile), &s.Template); err != nil {
			return nil, fmt.Errorf("read the template of stack %s: %w", s.Name, err)
		}
		byID[id] = s
	}
	if len(byID) == 0 {
		return nil, fmt.Errorf("the cloud assembly %s holds no stack", dir)
	}
	ids, err := sorted(byID, func(s *Stack) []string { return s.needs })
	if err != nil {
		return nil, fmt.Errorf("stacks of %s: %w", dir, err)
	}
	a := &Assembly{Dir: dir}
	for _, id := range ids {
		a.Stacks = append(a.Stacks, byID[id])
	}
	return a, nil
}

// Stack returns the stack of this name.
func (a *Assembly) Stack(name string) *Stack {
	i := slices.IndexFunc(a.Stacks, func(s *Stack) bool { return s.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("the assembly %s holds no stack %s", a.Dir, name))
	}
	return a.Stacks[i]
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // a port must not become 80.000000
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// sorted orders keys so that each comes after what it needs, and otherwise by
// name. What is needed but not among the keys is no concern here.
func sorted[T any](items map[string]T, needs func(T) []string) ([]string, error) {
	keys := make([]string, 0, len(items))
	for k := range items {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var order []string
	state := map[string]int{} // 1: being visited, 2: done
	var visit func(k string, path []string) error
	visit = func(k string, path []string) error {
		path = append(path, k)
		switch state[k] {
		case 1:
			return fmt.Errorf("circular dependency: %s", strings.Join(path, " -> "))
		case 2:
			return nil
		}
		state[k] = 1
		want := needs(items[k])
		sort.Strings(want)
		for _, n := range want {
			if _, ok := items[n]; ok {
				if err := visit(n, path); err != nil {
					return err
				}
			}
		}
		state[k] = 2
		order = append(order, k)
		return nil
	}
	for _, k := range keys {
		if err := visit(k, nil); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// references lists the logical ids that a value refers to.
func references(v any) []string {
	var found []string
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			if id, ok := v["Ref"].(string); ok {
				return []string{id}
			}
			switch a := v["Fn::GetAtt"].(type) {
			case []any:
				if id, ok := a[0].(string); ok {
					return []string{id}
				}
			case string:
				id, _, _ := strings.Cut(a, ".")
				return []string{id}
			}
			if sub, ok := v["Fn::Sub"]; ok {
				found = append(found, subReferences(sub)...)
			}
		}
		for _, e := range v {
			found = append(found, references(e)...)
		}
	case []any:
		for _, e := range v {
			found = append(found, references(e)...)
		}
	}
	return found
}

func subReferences(sub any) []string {
	text, ok := sub.(string)
	if list, isList := sub.([]any); isList {
		text, ok = list[0].(string)
	}
	if !ok {
		return nil
	}
	var found []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		id, _, _ := strings.Cut(m[1], ".")
		found = append(found, id)
	}
	return found
}

// needs are the logical ids that a resource depends on.
func (r Resource) needs() []string {
	found := references(r.Properties)
	switch d := r.DependsOn.(type) {
	case string:
		found = append(found, d)
	case []any:
		for _, e := range d {
			if id, ok := e.(string); ok {
				found = append(found, id)
			}
		}
	}
	return found
}
