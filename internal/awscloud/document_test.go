package awscloud

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestDocumentsSurviveTheTable(t *testing.T) {
	for _, body := range []string{
		`{}`,
		`{"a":null,"b":true,"c":false,"d":"","e":[],"f":{}}`,
		`{"big":9007199254740993,"exact":0.1,"neg":-12345678901234567890123456789012345678}`,
		`{"deep":{"list":[1,"x",{"y":[null]}]},"html":"<a href=\"x\">&</a>","word":"日本"}`,
	} {
		a, err := document(json.RawMessage(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		got, err := undocument(a.(*types.AttributeValueMemberM))
		if err != nil || string(got) != body {
			t.Errorf("back came %s, %v, wanted %s", got, err, body)
		}
	}
}

func TestOnlyObjectsAreDocuments(t *testing.T) {
	for _, body := range []string{``, `null`, `[]`, `"x"`, `1`, `{`, `{} {}`} {
		if _, err := document(json.RawMessage(body)); err == nil {
			t.Errorf("document(%s) gave no error", body)
		}
	}
}

func TestForeignAttributeTypesAreRefused(t *testing.T) {
	_, err := undocument(&types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"a": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberSS{Value: []string{"x"}}}},
	}})
	if err == nil {
		t.Error("a string set was turned into JSON")
	}
}
