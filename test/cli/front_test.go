package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// front stands between recoveryctl and the emulator: it refuses calls, as IAM and
// throttling do, and answers what the emulator does not implement.
type front struct {
	*httptest.Server
	mu      sync.Mutex
	refused map[string]*refusal // by "service:Action"
	denied  map[string]bool     // actions that IAM's simulator denies the switcher
	vcpus   string              // quota of On-Demand instances
	twins   string              // what Lambda lists instead of what there is
}

type refusal struct {
	code   string
	status int
	times  int
}

func newFront(to string) *front {
	u, err := url.Parse(to)
	if err != nil {
		panic(err) // the proxy's own address
	}
	f := &front{refused: map[string]*refusal{}, denied: map[string]bool{}, vcpus: "64"}
	behind := httputil.NewSingleHostReverseProxy(u)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !f.answered(w, r, call(r, body), body) {
			behind.ServeHTTP(w, r)
		}
	}))
	return f
}

var serviceOf = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([^/]+)/`)

// call names a request: "sts:GetCallerIdentity".
func call(r *http.Request, body []byte) string {
	service := ""
	if m := serviceOf.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		service = m[1]
	}
	if _, action, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return service + ":" + action
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
		return service + ":" + form.Get("Action")
	}
	switch {
	case service == "lambda" && strings.HasSuffix(r.URL.Path, "/invocations"):
		return "lambda:Invoke"
	case service == "lambda" && strings.HasSuffix(r.URL.Path, "/configuration"):
		return "lambda:GetFunctionConfiguration"
	case service == "lambda":
		return "lambda:ListFunctions"
	}
	return service + ":" + r.Method + " " + r.URL.Path
}

func (f *front) answered(w http.ResponseWriter, r *http.Request, name string, body []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	no := f.refused[name]
	if no == nil || no.times == 0 {
		return f.filled(w, name, body)
	}
	no.times--
	if no.code == "swallowed" { // taken, and nothing comes of it
		w.WriteHeader(no.status)
		return true
	}
	message := "refused by the harness: " + name
	if r.Header.Get("X-Amz-Target") != "" || strings.HasPrefix(name, "lambda:") {
		w.Header().Set("X-Amzn-Errortype", no.code)
		w.WriteHeader(no.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": no.code, "message": message, "Message": message})
		return true
	}
	w.WriteHeader(no.status)
	if strings.HasPrefix(name, "ec2:") {
		fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", no.code, message)
	} else {
		fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", no.code, message)
	}
	return true
}

// filled answers what the emulator does not implement.
func (f *front) filled(w http.ResponseWriter, name string, body []byte) bool {
	switch name {
	case "iam:SimulatePrincipalPolicy":
		form, _ := url.ParseQuery(string(body))
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, decided(form, f.denied))
	case "lambda:ListFunctions":
		if f.twins == "" {
			return false
		}
		fmt.Fprint(w, f.twins)
	case "servicequotas:GetServiceQuota":
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprintf(w, `{"Quota":{"QuotaCode":"L-1216C47A","Value":%s}}`, f.vcpus)
	default:
		return false
	}
	return true
}

func (f *front) deny(action string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.denied[action] = true
}

func (f *front) list(functions string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.twins = functions
}

func (f *front) quota(vcpus string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.vcpus = vcpus
}

func (f *front) refuse(name, code string, status, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused[name] = &refusal{code, status, times}
}

func (f *front) allow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = map[string]*refusal{}
}
