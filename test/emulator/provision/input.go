package provision

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// input is what a creator works on: it takes properties out of left until none
// is left.
type input struct {
	resolver
	*Clients
	made *Created
	left map[string]any
}

// take removes a property and returns its text, "" if it is not given.
func (in *input) take(name string) string {
	v, ok := in.left[name]
	delete(in.left, name)
	if !ok {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	return text(v)
}

// into decodes properties into an SDK input; what does not fit is an error.
// CloudFormation's names are the API's in most types.
func into(from any, to any) error {
	b, err := json.Marshal(from)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(to); err != nil {
		return fmt.Errorf("properties %s do not fit %T: %w", b, to, err)
	}
	return nil
}

// rest decodes all properties left.
func (in *input) rest(to any) error {
	left := in.left
	in.left = nil
	return into(left, to)
}

// property decodes one property, if it is given.
func (in *input) property(name string, to any) error {
	v, ok := in.left[name]
	if !ok {
		return nil
	}
	delete(in.left, name)
	if err := into(v, to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// name is the physical name: as given, or made up as CloudFormation does.
func (in *input) name(property string, limit int) string {
	if n := in.take(property); n != "" {
		return n
	}
	suffix := "-" + digest(in.stack.ID+in.made.Logical, 8)
	prefix := in.stack.Name + "-" + in.made.Logical
	return prefix[:min(len(prefix), limit-len(suffix))] + suffix
}

func (in *input) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, in.stack.Region, in.d.Account(), resource)
}

func clone(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func digest(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:n]
}
