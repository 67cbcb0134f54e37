package world

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/workload-recovery/workload-recovery/test/emulator/proxy"
	"github.com/workload-recovery/workload-recovery/test/emulator/runtimeapi"
)

// Enforcer has the emulator itself allow or refuse calls, under the role of each
// function. It knows actions only, neither resources nor conditions (package access
// does), but it is nobody of ours who decides.
type Enforcer struct {
	w       *World
	without map[string]bool // actions
	own     aws.Credentials // the harness's
	roles   map[*runtimeapi.Function]aws.Credentials
}

const (
	iamVersion = "2010-05-08"
	stsVersion = "2011-06-15"
	policyName = "as-synthesised"
)

// Enforce turns the emulator's access control on, for all its accounts: the emulator
// must be this world's own. Nothing may be deployed afterwards.
func (w *World) Enforce(ctx context.Context, emulator string) (*Enforcer, error) {
	e := &Enforcer{w: w, without: map[string]bool{}, roles: map[*runtimeapi.Function]aws.Credentials{}}
	if err := e.admit(ctx); err != nil {
		return nil, fmt.Errorf("the harness's own user: %w", err)
	}
	for _, f := range w.Functions() {
		if err := e.allow(ctx, f.ARN, f.Region); err != nil {
			return nil, fmt.Errorf("the role of %s: %w", f.Name, err)
		}
		role, err := w.roleOf(f.ARN)
		if err != nil {
			return nil, err
		}
		got, err := w.In(f.Region).Query(ctx, "sts", stsVersion, "AssumeRole", url.Values{
			"RoleArn": {fmt.Sprintf("arn:aws:iam::%s:role/%s", w.Account(), role)}, "RoleSessionName": {f.Name},
		})
		if err != nil {
			return nil, err
		}
		e.roles[f] = credentials(got)
	}
	w.Proxy.Sign = e.sign
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, emulator+"/moto-api/reset-auth", strings.NewReader("0"))
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the emulator does not turn its access control on: %s", answer.Status)
	}
	return e, nil
}

// Withdraw takes actions away from every function's role; Grant gives them back.
func (e *Enforcer) Withdraw(ctx context.Context, actions ...string) error {
	return e.set(ctx, true, actions)
}

// Grant gives them back.
func (e *Enforcer) Grant(ctx context.Context, actions ...string) error {
	return e.set(ctx, false, actions)
}

func (e *Enforcer) set(ctx context.Context, without bool, actions []string) error {
	for _, a := range actions {
		e.without[a] = without
	}
	for _, f := range e.w.Functions() {
		if err := e.allow(ctx, f.ARN, f.Region); err != nil {
			return err
		}
	}
	return nil
}

// admit makes a user who may do anything.
func (e *Enforcer) admit(ctx context.Context) error {
	region := e.w.Functions()[0].Region // IAM has none, but a signature has
	in := e.w.In(region)
	user := url.Values{"UserName": {"harness"}}
	if _, err := in.Query(ctx, "iam", iamVersion, "CreateUser", user); err != nil {
		return err
	}
	if err := e.put(ctx, region, "PutUserPolicy", "UserName", "harness", []string{"*"}); err != nil {
		return err
	}
	got, err := in.Query(ctx, "iam", iamVersion, "CreateAccessKey", url.Values{"UserName": {"harness"}})
	e.own = credentials(got)
	return err
}

func (e *Enforcer) put(ctx context.Context, region, call, key, name string, actions []string) error {
	doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"},
	}})
	if err != nil {
		return err
	}
	_, err = e.w.In(region).Query(ctx, "iam", iamVersion, call, url.Values{key: {name}, "PolicyName": {policyName}, "PolicyDocument": {string(doc)}})
	return err
}

// allow gives a function's role in the emulator the actions of its synthesised policies.
func (e *Enforcer) allow(ctx context.Context, function, region string) error {
	policy, err := e.w.PolicyOf(function)
	if err != nil {
		return err
	}
	var actions []string
	for _, a := range policy.Actions() {
		if e.without[a] {
			continue
		}
		actions = append(actions, a)
		// The emulator calls a service as signatures do.
		if name, ok := strings.CutPrefix(a, "cloudwatch:"); ok {
			actions = append(actions, proxy.CloudWatch+":"+name)
		}
	}
	role, err := e.w.roleOf(function)
	if err != nil {
		return err
	}
	return e.put(ctx, region, "PutRolePolicy", "RoleName", role, actions)
}

func credentials(got map[string]string) aws.Credentials {
	return aws.Credentials{AccessKeyID: got["AccessKeyId"], SecretAccessKey: got["SecretAccessKey"], SessionToken: got["SessionToken"]}
}

var scope = regexp.MustCompile(`Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request`)

// sign puts the caller's own credentials in the place of its name.
func (e *Enforcer) sign(caller string, r *http.Request, body []byte) error {
	m := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return fmt.Errorf("%s %s is not signed", r.Method, r.URL.Path)
	}
	keys, known := e.own, caller == proxy.Observer
	for f, role := range e.roles {
		if f.Owns(caller) {
			keys, known = role, true
		}
	}
	if !known {
		return fmt.Errorf("nobody has the access key id %s", caller)
	}
	r.Header.Del("Authorization")
	r.Header.Del("X-Amz-Security-Token")
	sum := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(r.Context(), keys, r, hex.EncodeToString(sum[:]), m[2], m[1], time.Now().UTC())
}
