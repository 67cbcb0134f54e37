package awscloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// document turns a JSON object into native attributes, so that a person can read
// and search a record in the console. Numbers keep their digits: they never pass
// through a float.
func document(body json.RawMessage) (types.AttributeValue, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, fmt.Errorf("the body is not JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body holds more than one JSON value: give one object")
	}
	if _, ok := v.(map[string]any); !ok {
		return nil, errors.New("the body is not a JSON object: give an object")
	}
	return attributeOf(v), nil
}

// attributeOf knows all that encoding/json decodes into an any.
func attributeOf(v any) types.AttributeValue {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]types.AttributeValue, len(v))
		for k, e := range v {
			m[k] = attributeOf(e)
		}
		return &types.AttributeValueMemberM{Value: m}
	case []any:
		l := make([]types.AttributeValue, 0, len(v))
		for _, e := range v {
			l = append(l, attributeOf(e))
		}
		return &types.AttributeValueMemberL{Value: l}
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case json.Number:
		return &types.AttributeValueMemberN{Value: v.String()}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	default:
		return &types.AttributeValueMemberNULL{Value: true}
	}
}

// undocument is document's inverse, up to white space, the order of keys and the
// way a number is written.
func undocument(m *types.AttributeValueMemberM) (json.RawMessage, error) {
	v, err := valueOf(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("the body cannot be written as JSON: %w", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

func valueOf(a types.AttributeValue) (any, error) {
	switch a := a.(type) {
	case *types.AttributeValueMemberM:
		m := make(map[string]any, len(a.Value))
		for k, e := range a.Value {
			v, err := valueOf(e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k, err)
			}
			m[k] = v
		}
		return m, nil
	case *types.AttributeValueMemberL:
		l := make([]any, 0, len(a.Value))
		for i, e := range a.Value {
			v, err := valueOf(e)
			if err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
			l = append(l, v)
		}
		return l, nil
	case *types.AttributeValueMemberS:
		return a.Value, nil
	case *types.AttributeValueMemberN:
		return json.Number(a.Value), nil
	case *types.AttributeValueMemberBOOL:
		return a.Value, nil
	case *types.AttributeValueMemberNULL:
		return nil, nil
	default:
		return nil, fmt.Errorf("an attribute of type %T, which JSON has not: somebody else wrote this item; remove the attribute", a)
	}
}
