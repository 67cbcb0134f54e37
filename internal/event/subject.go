package event

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// instanceID matches an instance id that stands alone or ends an ARN. AWS writes both:
// AWS Health names entities by id or by ARN (aws-node-termination-handler, issue 1034),
// the Spot interruption warning lists arn:aws:ec2:<zone>:instance/<id> ("Spot Instance
// interruption notices", Amazon EC2 User Guide), and Systems Manager writes
// managed-instance/<id>.
var instanceID = regexp.MustCompile(`^(?:arn:aws[a-z-]*:[a-z0-9-]+:\S*[:/])?(i-[0-9a-f]{8,17})$`)

// mostSubject bounds the text that is searched for an instance id. AWS Health allows an
// entity of up to 1224 characters (AffectedEntity, AWS Health API reference).
const mostSubject = 1224

// instanceOf returns the instance id that the text is or, as an ARN, ends with. It
// returns "" if the text names no instance.
func instanceOf(text string) string {
	if len(text) > mostSubject {
		return ""
	}
	m := instanceID.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return ""
	}
	return m[1]
}

// instancesOf returns the instance ids in the texts, each once, in order. Texts that name
// something else are left out: one event may list instances, volumes and hosts.
func instancesOf(texts ...string) []string {
	var ids []string
	for _, t := range texts {
		if id := instanceOf(t); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// alarmOf returns the name in a CloudWatch alarm's ARN,
// arn:aws:cloudwatch:<Region>:<account>:alarm:<name>, or "". A name may hold colons.
func alarmOf(arn string) string {
	part := strings.SplitN(arn, ":", 7)
	if len(part) < 7 || part[0] != "arn" || part[2] != "cloudwatch" || part[5] != "alarm" {
		return ""
	}
	return part[6]
}

// texts is a JSON list of subjects. An element is a string, or an object of AWS Health's
// (AffectedEntity, AWS Health API reference), of which entityValue and entityArn count.
// Anything else in the list is left out, so that one odd element hides no instance.
type texts []string

// UnmarshalJSON never fails: a subject that cannot be read is a subject that is not named.
func (t *texts) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil {
		list = []json.RawMessage{b}
	}
	for _, element := range list {
		var text string
		var entity struct {
			Value string `json:"entityValue"`
			ARN   string `json:"entityArn"`
		}
		switch {
		case json.Unmarshal(element, &text) == nil:
			*t = append(*t, text)
		case json.Unmarshal(element, &entity) == nil:
			*t = append(*t, entity.Value, entity.ARN)
		}
	}
	return nil
}
