// Package picture draws what CloudFormation is to deploy. It reads the templates that
// AWS CDK has synthesised, and knows no more than they say.
package picture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Assembly is what was synthesised.
type Assembly struct{ stacks []stack }

type stack struct {
	name, region string
	resources    map[string]resource
}

type resource struct {
	Type       string
	Properties map[string]any
}

// Read reads the stacks of a cloud assembly, AWS CDK's output folder.
func Read(dir string) (Assembly, error) {
	var manifest struct {
		Artifacts map[string]struct {
			Type        string
			Environment string
			Properties  struct{ TemplateFile, StackName string }
		}
	}
	if err := decode(filepath.Join(dir, "manifest.json"), &manifest); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Assembly{}, fmt.Errorf("%s holds no synthesised templates: run make synth, or name another folder with -in", dir)
		}
		return Assembly{}, err
	}
	var a Assembly
	for _, id := range slices.Sorted(maps.Keys(manifest.Artifacts)) {
		artifact := manifest.Artifacts[id]
		if artifact.Type != "aws:cloudformation:stack" {
			continue
		}
		var template struct{ Resources map[string]resource }
		if err := decode(filepath.Join(dir, artifact.Properties.TemplateFile), &template); err != nil {
			return Assembly{}, err
		}
		s := stack{name: id, resources: template.Resources}
		if n := artifact.Properties.StackName; n != "" {
			s.name = n
		}
		if s.region = artifact.Environment[strings.LastIndex(artifact.Environment, "/")+1:]; s.region == "unknown-region" {
			s.region = "of the credentials"
		}
		a.stacks = append(a.stacks, s)
	}
	if len(a.stacks) == 0 {
		return Assembly{}, fmt.Errorf("%s holds no stack: run make synth, or name another folder with -in", dir)
	}
	return a, nil
}

func decode(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what was synthesised: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s is no template of AWS CDK: %w", path, err)
	}
	return nil
}

// of lists the ids of a stack's resources of a kind, in order. Those of a construct have
// ids that begin with its own.
func (s stack) of(kind, construct string) []string {
	var ids []string
	for id, r := range s.resources {
		if r.Type == kind && strings.HasPrefix(id, construct) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// construct is the part of a logical id before the eight digits of its hash.
func construct(id string) string {
	if cut := len(id) - 8; cut > 0 && strings.Trim(id[cut:], "0123456789ABCDEF") == "" {
		return id[:cut]
	}
	return id
}

// refers says which stack and resource a reference names: one of its own stack, or an
// import from another, whose name holds the resource's.
func (a Assembly) refers(v any, from stack) (stack, string, bool) {
	ref, is := v.(map[string]any)
	if !is {
		return stack{}, "", false
	}
	if id, is := ref["Ref"].(string); is {
		_, known := from.resources[id]
		return from, id, known
	}
	if list, is := ref["Fn::GetAtt"].([]any); is && len(list) == 2 {
		id, _ := list[0].(string)
		_, known := from.resources[id]
		return from, id, known
	}
	export, _ := ref["Fn::ImportValue"].(string)
	owner, what, is := strings.Cut(export, ":")
	if !is {
		return stack{}, "", false
	}
	for _, s := range a.stacks {
		if s.name != owner {
			continue
		}
		best := ""
		for id := range s.resources {
			if strings.Contains(what, id) && len(id) > len(best) {
				best = id
			}
		}
		return s, best, best != ""
	}
	return stack{}, "", false
}

// text is a plain value, or its references between angle brackets.
func text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case map[string]any:
		if list, is := x["Fn::Join"].([]any); is && len(list) == 2 {
			separator, _ := list[0].(string)
			parts, _ := list[1].([]any)
			texts := make([]string, len(parts))
			for i, p := range parts {
				texts[i] = text(p)
			}
			return strings.Join(texts, separator)
		}
		if id, is := x["Ref"].(string); is {
			return "<" + id + ">"
		}
		return "<…>"
	default:
		return fmt.Sprint(x)
	}
}
