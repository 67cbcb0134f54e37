package record

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Request is a custom-resource request that waits for its answer.
type Request struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"`
	URL        string    `json:"url"`
	Stack      string    `json:"stack"`
	Logical    string    `json:"logical"`
	PhysicalID string    `json:"physicalId"`
	At         time.Time `json:"at"`
	// Sent is when CloudFormation signed the request, in seconds since 1970; 0: unknown.
	Sent int64 `json:"sent,omitempty"`
}

// sending separates a request's id from its sending.
const sending = "#"

// Key returns what is the same for all deliveries of a request and for no other request.
// The id alone is not enough: CloudFormation sends a request again under its id, with
// another signature in its address, when a failed deployment is retried (aws-cdk, issue
// 35957). Lambda delivers the same address each time.
func (r Request) Key() string {
	_, signature, signed := strings.Cut(r.URL, "?")
	if !signed {
		return r.ID
	}
	sum := sha256.Sum256([]byte(signature))
	return r.ID + sending + hex.EncodeToString(sum[:8])
}

// IDOf returns the RequestId of a request's key.
func IDOf(key string) string {
	id, _, _ := strings.Cut(key, sending)
	return id
}

// Overtakes reports whether a request that was sent later has been accepted already.
func (n Node) Overtakes(r Request) bool { return r.Sent > 0 && r.Sent < n.Latest }

// HasRequest reports whether the deployment request was accepted before: it waits, or
// was answered. A request that CloudFormation sent again under its id was not, unless a
// later sending was accepted before it.
func (n Node) HasRequest(r Request) bool {
	if w := n.Request; w != nil && w.ID == r.ID && (w.Key() == r.Key() || n.Overtakes(r)) {
		return true
	}
	return slices.ContainsFunc(n.Answered, func(key string) bool {
		return key == r.Key() || IDOf(key) == r.ID && n.Overtakes(r)
	})
}
