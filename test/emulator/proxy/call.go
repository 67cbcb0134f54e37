package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Service names, as they stand in a request's signature.
const (
	EC2        = "ec2"
	ELB        = "elasticloadbalancing"
	CloudWatch = "monitoring"
	DynamoDB   = "dynamodb"
	SNS        = "sns"
	Events     = "events"
	Lambda     = "lambda"
	EFS        = "elasticfilesystem"
	Zonal      = "arc-zonal-shift"
	// Answer is the pre-signed address that CloudFormation hands to a custom
	// resource: not an AWS API, but a call that can be lost like any other.
	Answer = "cloudformation-answer"
)

// Observer is the access key id of the harness itself. Its calls pass through the
// filled gaps, so that it sees what AWS would show, but are not logged, not
// counted, and struck by no fault.
const Observer = "AKIAOBSERVER"

// Call is one API call of the log.
type Call struct {
	Seq     int    // position in the log, from 1
	Caller  string // access key id of the caller: one per worker process
	Service string // as in the signature: "ec2", "elasticloadbalancing"
	Action  string // "RunInstances"
	Region  string
	Params  map[string]string // flattened: "Filter.1.Name", "Item.pk.S"
	Status  int               // HTTP status answered, 0 when no answer was given
	Code    string            // error code answered, if any
	Fault   string            // what the proxy did to the call, if anything
}

// Mutating reports whether the call changes anything.
func (c Call) Mutating() bool {
	for _, p := range []string{"Describe", "Get", "List", "Query", "Scan", "BatchGet", "Search"} {
		if strings.HasPrefix(c.Action, p) {
			return false
		}
	}
	return true
}

// Name is the call without its parameters: "ec2:RunInstances".
func (c Call) Name() string { return c.Service + ":" + c.Action }

// String is the call as a person wants to read it, with its key parameters.
func (c Call) String() string {
	text := fmt.Sprintf("%3d %s %s", c.Seq, c.Caller[max(0, len(c.Caller)-4):], c.Name())
	keys := make([]string, 0, len(c.Params))
	for k := range c.Params {
		if telling.MatchString(k) {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	for _, k := range keys {
		text += fmt.Sprintf(" %s=%.80s", k, c.Params[k])
	}
	if c.Code != "" {
		text += " -> " + c.Code
	}
	if c.Fault != "" {
		text += " [" + c.Fault + "]"
	}
	return text
}

// telling matches the parameters that tell one call from another of its kind.
var telling = regexp.MustCompile(`^(InstanceId(\.\d+)?|Resource(Id)?(\.\d+)?|SubnetId|NetworkInterfaceId|.*SecurityGroupId\.\d+|ClientToken|` +
	`TargetGroupArn|Targets\.member\.\d+\.Id|AlarmName|Attribute|Force|SkipOsShutdown|Key\.[a-z]+\.S|Item\.[ps]k\.S|Filter\.\d+\.(Name|Value\.1)|Subject|` +
	`FileSystemId|Path|status)$`)

// credential finds the caller, region and service in a signature, version 4.
var credential = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request`)

// Classify names a request. The body has been read already.
func Classify(r *http.Request, body []byte) (Call, error) {
	c := Call{Params: map[string]string{}}
	m := credential.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return c, fmt.Errorf("%s %s carries no signature: the proxy cannot tell which service is meant", r.Method, r.URL.Path)
	}
	c.Caller, c.Region, c.Service = m[1], m[2], m[3]
	target := r.Header.Get("X-Amz-Target")
	switch {
	case target != "":
		_, c.Action, _ = strings.Cut(target, ".")
		var doc any
		if err := json.Unmarshal(body, &doc); err != nil {
			return c, fmt.Errorf("%s %s: body is not JSON: %w", c.Service, target, err)
		}
		flatten("", doc, c.Params)
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return c, fmt.Errorf("%s: body is not a form: %w", c.Service, err)
		}
		c.Action = form.Get("Action")
		for k := range form {
			c.Params[k] = form.Get(k)
		}
	default:
		if err := classifyREST(&c, r, body); err != nil {
			return c, err
		}
	}
	if c.Action == "" {
		return c, fmt.Errorf("%s: request names no action", c.Service)
	}
	return c, nil
}

// restActions are the actions of REST protocols that the switcher calls, by service,
// method and path.
var restActions = []struct {
	service, method string
	path            *regexp.Regexp
	action          string
}{
	{Lambda, http.MethodPost, regexp.MustCompile(`/invocations$`), "Invoke"},
	{EFS, http.MethodGet, regexp.MustCompile(`^/2015-02-01/mount-targets/?$`), "DescribeMountTargets"},
	{EFS, http.MethodGet, regexp.MustCompile(`^/2015-02-01/mount-targets/[^/]+/security-groups$`), "DescribeMountTargetSecurityGroups"},
	{EFS, http.MethodPost, regexp.MustCompile(`^/2015-02-01/mount-targets/?$`), "CreateMountTarget"},
	{EFS, http.MethodDelete, regexp.MustCompile(`^/2015-02-01/mount-targets/[^/]+$`), "DeleteMountTarget"},
	{Zonal, http.MethodGet, regexp.MustCompile(`^/zonalshifts$`), "ListZonalShifts"},
	{Zonal, http.MethodGet, regexp.MustCompile(`^/autoshifts$`), "ListAutoshifts"},
	{Zonal, http.MethodGet, regexp.MustCompile(`^/managedresources/`), "GetManagedResource"},
}

// classifyREST names a request of a REST protocol. Its body, if it is JSON, and its
// query are parameters. One that is not listed keeps its method and path as a name.
func classifyREST(c *Call, r *http.Request, body []byte) error {
	c.Action = r.Method + " " + r.URL.Path
	c.Params["Path"] = r.URL.Path
	for k, v := range r.URL.Query() {
		c.Params[k] = strings.Join(v, ",")
	}
	for _, a := range restActions {
		if a.service != c.Service || a.method != r.Method || !a.path.MatchString(r.URL.Path) {
			continue
		}
		c.Action = a.action
		if a.service == EFS && len(body) > 0 {
			var doc any
			if err := json.Unmarshal(body, &doc); err != nil {
				return fmt.Errorf("%s %s: body is not JSON: %w", c.Service, c.Action, err)
			}
			flatten("", doc, c.Params)
		}
	}
	return nil
}

// flatten writes a JSON document as dotted keys; lists count from 1.
func flatten(prefix string, v any, into map[string]string) {
	join := func(k string) string {
		if prefix == "" {
			return k
		}
		return prefix + "." + k
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			flatten(join(k), e, into)
		}
	case []any:
		for i, e := range v {
			flatten(join(strconv.Itoa(i+1)), e, into)
		}
	case nil:
	default:
		into[prefix] = fmt.Sprint(v)
	}
}
