package event

import (
	"encoding/json"
	"net/url"

	"github.com/workload-recovery/workload-recovery/internal/contract"
	"github.com/workload-recovery/workload-recovery/internal/record"
)

// Types of custom-resource requests.
const (
	Create = "Create"
	Update = "Update"
	Delete = "Delete"
)

func decodeRequest(payload []byte) Event {
	var r struct {
		RequestType        string
		RequestId          string //nolint:revive // CloudFormation's spelling
		ResponseURL        string
		StackId            string //nolint:revive // CloudFormation's spelling
		LogicalResourceId  string //nolint:revive // CloudFormation's spelling
		PhysicalResourceId string //nolint:revive // CloudFormation's spelling
		ResourceType       string
		ResourceProperties json.RawMessage
	}
	if err := json.Unmarshal(payload, &r); err != nil {
		return ignored("the custom-resource request cannot be read: " + err.Error())
	}
	if r.ResourceType != contract.NodeResourceType {
		return ignored("the custom resource's type is " + quote(r.ResourceType) + ", only " + contract.NodeResourceType + " is handled")
	}
	switch r.RequestType {
	case Create, Update, Delete:
	default:
		return ignored("the request type is " + quote(r.RequestType) + "; allowed are Create, Update and Delete")
	}
	u, err := url.Parse(r.ResponseURL)
	if err != nil || u.Host == "" {
		return ignored("the request has no address to answer to")
	}
	if r.RequestId == "" || len(r.RequestId) > 128 || r.StackId == "" || r.LogicalResourceId == "" {
		return ignored("the request lacks RequestId, StackId or LogicalResourceId")
	}
	request := record.Request{
		ID: r.RequestId, Type: r.RequestType, URL: r.ResponseURL,
		Stack: r.StackId, Logical: r.LogicalResourceId, PhysicalID: r.PhysicalResourceId,
		Sent: signedAt(u.Query()),
	}
	return Event{Kind: Request, ID: request.Key(), Request: &record.HintRequest{Request: request, Properties: r.ResourceProperties}}
}
